/* Calling a module: the frame that names it in messages, the scope that ends what it computed, and the guard
 * of training.
 *
 * The frame lies on the stack of the call, so that a message raised inside ends with " (in Net.conv1)". */
#include "nn/module.h"

#ifndef NDEBUG
/* In training a module belongs to one thread: the second word of its head holds which, while it is being
 * called. */
static bool enter_training(wk_Module *module, bool *entered)
{
    static _Thread_local char here;
    uint64_t free_word = 0, thread = (uint64_t)(uintptr_t)&here;
    *entered = __atomic_compare_exchange_n(&module->wk_head[1], &free_word, thread, false, __ATOMIC_ACQUIRE,
                                           __ATOMIC_RELAXED);
    if (*entered || free_word == thread)
        return true;
    return wk_raise(
               WK_ERROR_STATE,
               "%s: called in training while another thread is in it: each thread trains a module of its own",
               module->cls->name),
           false;
}

static void leave_training(wk_Module *module)
{
    __atomic_store_n(&module->wk_head[1], 0, __ATOMIC_RELEASE);
}
#else
static bool enter_training(wk_Module *module, bool *entered)
{
    *entered = false;
    return module != NULL;
}

static void leave_training(wk_Module *module)
{
    (void)module;
}
#endif

static wk_Tensor *raise_inputs(const wk_Class *cls, int inputs)
{
    if (inputs == 1 && cls->forward2)
        return wk_raise(WK_ERROR_ARGUMENT, "%s.forward() missing 1 required positional argument: 'target'",
                        cls->name);
    if (inputs == 2 && cls->forward)
        return wk_raise(WK_ERROR_ARGUMENT, "%s.forward() takes 2 positional arguments but 3 were given",
                        cls->name);
    return wk_raise(WK_ERROR_UNSUPPORTED, "Module [%s] is missing the required \"forward\" function",
                    cls->name);
}

static wk_Tensor *forward_in_scope(wk_Module *module, int inputs, wk_Tensor *x, wk_Tensor *y)
{
    const wk_Class *cls = module->cls;
    wk_Scope scope = wk_scope_begin();
    if (!scope.id)
        return NULL;
    wk_Tensor *result = inputs == 1 ? cls->forward(module, x) : cls->forward2(module, x, y);
    if (!result)
        wk_raise_if_silent(WK_ERROR_STATE, "%s: forward returned NULL without an error", cls->name);
    if (result && !wk_tensor_check(result, cls->name, "the result of forward"))
        result = NULL;
    return wk_scope_end_keeping(scope, result) ? result : NULL;
}

static wk_Tensor *call_framed(wk_Module *module, int inputs, wk_Tensor *x, wk_Tensor *y)
{
    const wk_Class *cls = module->cls;
    if (!wk_module_complete(module, cls->name))
        return NULL;
    if (!(inputs == 1 ? cls->forward != NULL : cls->forward2 != NULL))
        return raise_inputs(cls, inputs);
    if (!wk_tensor_check(x, cls->name, "input") || (inputs == 2 && !wk_tensor_check(y, cls->name, "target")))
        return NULL;
    bool entered = false, training = module->training;
    if (training && !enter_training(module, &entered))
        return NULL;
    wk_Tensor *result = forward_in_scope(module, inputs, x, y);
    if (entered)
        leave_training(module);
    return result;
}

static wk_Tensor *call_module(wk_Module *module, int inputs, wk_Tensor *x, wk_Tensor *y)
{
    if (!wk_module_check(module, "call"))
        return NULL;
    const char *place = module->parts->place;
    const wk_Frame frame = {.outer = wk_frames, .name = wk_frames && place ? place : module->cls->name};
    wk_frames = &frame;
    wk_Tensor *result = call_framed(module, inputs, x, y);
    wk_frames = frame.outer;
    return result;
}

wk_Tensor *(wk_call)(wk_Module *module, wk_Tensor *x)
{
    return call_module(module, 1, x, NULL);
}

wk_Tensor *wk_call2(wk_Module *module, wk_Tensor *x, wk_Tensor *y)
{
    return call_module(module, 2, x, y);
}
