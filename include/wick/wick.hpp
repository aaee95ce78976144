/* The C++ face, C++17 and later: what the macros of the other headers are in C. <wick/wick.h> includes it.
 *
 * The names are the same. An option by name is an assignment to its name in namespace wk, behind the arguments by place:
 *
 *     wk_Module *conv = wk_Conv2d(1, 6, 5, wk::padding = 2);
 *     wk_Optimizer *opt = wk_SGD(wk_parameters(net), wk::lr = 0.05, wk::momentum = 0.9);
 *     wk_Tensor *m = wk_mean(x, wk_dims(0, 1), wk::keepdim = true);
 *     wk_Tensor *z = wk_zeros(2, 3, wk_int64);
 *     wk_Tensor *t = wk_tensor({1.f, 2.f, 3.f, 4.f}, 2, 2);
 *
 * An option that the function does not have, and an argument of another type, do not compile. Ownership and errors are
 * those of C: nothing throws.
 */
#ifndef WICK_WICK_HPP
#define WICK_WICK_HPP

#include "wick/functions.hpp"
#include "wick/modules.hpp"
#include "wick/options.hpp"

/* ---- any object ------------------------------------------------------------------------------------- */

#define WK_OVERLOADS(type, kind)      \
    inline void wk_free(type *object) \
    {                                 \
        wk_##kind##_free(object);     \
    }
WK_OVERLOADS(wk_Tensor, tensor)
WK_OVERLOADS(wk_Module, module)
WK_OVERLOADS(wk_Optimizer, optimizer)
WK_OVERLOADS(wk_LRScheduler, lr_scheduler)
WK_OVERLOADS(::wk_DataLoader, dataloader)
WK_OVERLOADS(wk_Dataset, dataset)
WK_OVERLOADS(wk_StateDict, state_dict)
WK_OVERLOADS(wk_Generator, generator)
#undef WK_OVERLOADS

#define WK_OVERLOADS(type, kind)             \
    inline bool wk_print(const type *object) \
    {                                        \
        return wk_##kind##_print(object);    \
    }                                        \
    inline char *wk_str(const type *object)  \
    {                                        \
        return wk_##kind##_str(object);      \
    }
WK_OVERLOADS(wk_Tensor, tensor)
WK_OVERLOADS(wk_Module, module)
WK_OVERLOADS(wk_Optimizer, optimizer)
#undef WK_OVERLOADS

inline bool wk_save(wk_Module *object, const char *path)
{
    return wk_module_save(object, path);
}
inline bool wk_save(const wk_StateDict *object, const char *path)
{
    return wk_state_dict_save(object, path);
}
inline bool wk_save(const wk_Tensor *object, const char *path)
{
    return wk_tensor_save(object, path);
}
inline bool wk_zero_grad(wk_Module *module)
{
    return wk_module_zero_grad(module, true);
}
inline bool wk_zero_grad(wk_Optimizer *optimizer)
{
    return wk_optimizer_zero_grad(optimizer, true);
}
inline bool wk_step(wk_Optimizer *optimizer)
{
    return wk_optimizer_step(optimizer);
}
inline bool wk_step(wk_LRScheduler *scheduler)
{
    return wk_lr_scheduler_step(scheduler);
}

#endif
