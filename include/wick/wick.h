/* wick: all of it.
 *
 * The names below work on any of wick's objects: they choose the function by the type of the argument. In C++,
 * from C++17 on, wick.hpp has them and the other macros as functions.
 */
#ifndef WICK_WICK_H
#define WICK_WICK_H

#include "wick/autograd.h"
#include "wick/data.h"
#include "wick/error.h"
#include "wick/functional.h"
#include "wick/io.h"
#include "wick/lr_scheduler.h"
#include "wick/module.h"
#include "wick/nn.h"
#include "wick/optim.h"
#include "wick/reduce.h"
#include "wick/runtime.h"
#include "wick/tensor.h"

#ifndef __cplusplus

/* clang-format off */

/* Gives back what is yours; NULL is allowed. What has been given back must not be used or given back again: builds with assertions notice
 * it and say so, others may not. */
#define wk_free(object)                     \
    _Generic((object),                      \
        wk_Tensor *: wk_tensor_free,        \
        wk_Module *: wk_module_free,        \
        wk_Optimizer *: wk_optimizer_free,  \
        wk_LRScheduler *: wk_lr_scheduler_free, \
        wk_DataLoader *: wk_dataloader_free,\
        wk_Dataset *: wk_dataset_free,      \
        wk_StateDict *: wk_state_dict_free, \
        wk_Generator *: wk_generator_free)(object)

/* Prints PyTorch's text and a newline to stdout. False with an error if that fails. */
#define wk_print(object)                          \
    _Generic((object),                            \
        wk_Tensor *: wk_tensor_print,             \
        const wk_Tensor *: wk_tensor_print,       \
        wk_Module *: wk_module_print,             \
        const wk_Module *: wk_module_print,       \
        wk_Optimizer *: wk_optimizer_print,       \
        const wk_Optimizer *: wk_optimizer_print)(object)

/* The same text as a string, which goes back with wk_str_free. */
#define wk_str(object)                          \
    _Generic((object),                          \
        wk_Tensor *: wk_tensor_str,             \
        const wk_Tensor *: wk_tensor_str,       \
        wk_Module *: wk_module_str,             \
        const wk_Module *: wk_module_str,       \
        wk_Optimizer *: wk_optimizer_str,       \
        const wk_Optimizer *: wk_optimizer_str)(object)

/* To a safetensors file: a module's state_dict, a dictionary, or a tensor under the name "tensor".           torch: torch.save
 * Back by wk_load(module, path), wk_load_safetensors(path), wk_load_tensor(path). */
#define wk_save(object, path)                     \
    _Generic((object),                            \
        wk_Module *: wk_module_save,              \
        wk_StateDict *: wk_state_dict_save,       \
        const wk_StateDict *: wk_state_dict_save, \
        wk_Tensor *: wk_tensor_save,              \
        const wk_Tensor *: wk_tensor_save)(object, path)

/* Gradients to NULL: of a module's parameters, or an optimizer's.                      torch: zero_grad() */
#define wk_zero_grad(object)                \
    _Generic((object),                      \
        wk_Module *: wk_module_zero_grad,   \
        wk_Optimizer *: wk_optimizer_zero_grad)(object, true)

/* One step of an optimizer, or of a scheduler.                                          torch: step() */
#define wk_step(object)                     \
    _Generic((object),                      \
        wk_Optimizer *: wk_optimizer_step,  \
        wk_LRScheduler *: wk_lr_scheduler_step)(object)

/* clang-format on */

#elif __cplusplus >= 201703L
#include "wick/wick.hpp"
#endif
#endif
