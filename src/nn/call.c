/* Calling a module: the frame that names it in messages, the scope that ends what it computed, and the guard
 * of training.
 *
 * The frame lies on the stack of the call, so that a message raised inside ends with " (in Net.conv1)". */
#include <stdio.h>
#include <string.h>

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

/* ---- what a module takes ---------------------------------------------------------------------------- */

/* Of the names in wk_Class.inputs. */
static bool optional_input(const char *name)
{
    return strchr(name, '?') != NULL;
}

static int count_inputs(const char *const *names)
{
    int count = 0;
    while (count < WK_MOST_INPUTS && names[count])
        count++;
    return count;
}

static bool raise_missing(const wk_Class *cls, const char *const *names, int given, int least)
{
    char list[256] = "";
    for (int i = given; i < least; i++) {
        size_t end = strlen(list);
        snprintf(list + end, sizeof list - end, "%s'%s'", i > given ? " and " : "", names[i]);
    }
    wk_raise(WK_ERROR_ARGUMENT, "%s.forward() missing %d required positional argument%s: %s", cls->name,
             least - given, least - given > 1 ? "s" : "", list);
    return false;
}

/* PyTorch's words where it counts as wick does; tensors of a tuple and keyword arguments it does not count. */
static bool raise_count(const wk_Class *cls, const char *const *names, int given)
{
    int most = count_inputs(names), least = most;
    while (least > 0 && optional_input(names[least - 1]))
        least--;
    if (least == most && given < least)
        return raise_missing(cls, names, given, least);
    if (least == most)
        wk_raise(WK_ERROR_ARGUMENT, "%s.forward() takes %d positional arguments but %d were given", cls->name,
                 most + 1, given + 1);
    else
        wk_raise(WK_ERROR_ARGUMENT, "%s: takes %d to %d tensors, got %d", cls->name, least, most, given);
    return false;
}

/* Whether what is no living tensor can be left there; raises otherwise. */
static bool input_absent(const wk_Class *cls, const char *input, const wk_Tensor *tensor)
{
    char name[64];
    if (!tensor && optional_input(input))
        return true;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(input, "?"), input);
    return wk_tensor_check(tensor, cls->name, name);
}

static bool any_inputs_allowed(const wk_Class *cls, wk_List in)
{
    if (in.count == 0)
        return wk_raise(WK_ERROR_ARGUMENT, "%s: takes at least one tensor", cls->name), false;
    for (int i = 0; i < in.count; i++)
        if (in.tensors[i] && !wk_tensor_check(in.tensors[i], cls->name, "input"))
            return false;
    return true;
}

static bool inputs_allowed(const wk_Class *cls, wk_List in)
{
    if (cls->forward && in.count == 1)
        return wk_tensor_check(in.tensors[0], cls->name, "input");
    if (!cls->forward && !cls->forward_all)
        return wk_raise(WK_ERROR_UNSUPPORTED, "Module [%s] is missing the required \"forward\" function",
                        cls->name),
               false;
    static const char *const input[WK_MOST_INPUTS] = {"input"};
    const char *const *names = cls->forward_all ? cls->inputs : input;
    if (!names[0])
        return any_inputs_allowed(cls, in);
    for (int i = 0; i < in.count; i++) {
        if (i == WK_MOST_INPUTS || !names[i])
            return raise_count(cls, names, in.count);
        if (!(in.tensors[i] && in.tensors[i]->object.magic == WK_ALIVE) &&
            !input_absent(cls, names[i], in.tensors[i]))
            return false;
    }
    return in.count == WK_MOST_INPUTS || !names[in.count] || optional_input(names[in.count]) ||
           raise_count(cls, names, in.count);
}

/* ---- calling ---------------------------------------------------------------------------------------- */

static void run_module(wk_Module *module, wk_List in, wk_Results *out)
{
    const wk_Class *cls = module->cls;
    if (cls->forward && in.count == 1) {
        out->tensors[0] = cls->forward(module, in.tensors[0]);
        out->count = 1;
        return;
    }
    wk_Tensor *padded[WK_MOST_INPUTS];
    if (in.count < WK_MOST_INPUTS) {
        for (int i = 0; i < WK_MOST_INPUTS; i++)
            padded[i] = i < in.count ? in.tensors[i] : NULL;
        in.tensors = padded;
    }
    const wk_Results all = cls->forward_all(module, in);
    out->count = all.count;
    for (int i = 0; i < all.count && i < WK_MOST_RESULTS; i++)
        out->tensors[i] = all.tensors[i];
}

static void *raise_no_result(const wk_Class *cls)
{
    return wk_raise_if_silent(WK_ERROR_STATE, "%s: forward returned NULL without an error", cls->name);
}

bool wk_results_whole(const wk_Class *cls, const wk_Results *out)
{
    if (out->count > WK_MOST_RESULTS)
        return wk_raise(WK_ERROR_STATE, "%s: forward returned %d results: 1 to %d are allowed", cls->name,
                        out->count, WK_MOST_RESULTS),
               false;
    if (out->count < 1)
        return raise_no_result(cls), false;
    for (int i = 0; i < out->count; i++) {
        if (!out->tensors[i])
            return i ? wk_raise_if_silent(WK_ERROR_STATE, "%s: result %d of forward is NULL without an error",
                                          cls->name, i)
                     : raise_no_result(cls),
                   false;
        if (!wk_tensor_check(out->tensors[i], cls->name, "the result of forward"))
            return false;
    }
    return true;
}

/* Leaves the first `most` results in the caller's scope. */
static bool forward_in_scope(wk_Module *module, wk_List in, int most, wk_Results *out)
{
    wk_Scope scope = wk_scope_begin();
    if (!scope.id)
        return false;
    run_module(module, in, out);
    bool whole = wk_results_whole(module->cls, out);
    if (__builtin_expect(whole && module->parts->hooks, 0))
        whole = wk_module_hooks_run(module, in, out);
    int kept = !whole ? 0 : out->count < most ? out->count : most;
    return wk_scope_end_keeping_list(scope, kept, out->tensors) && whole;
}

static bool call_framed(wk_Module *module, wk_List in, int most, wk_Results *out)
{
    const wk_Class *cls = module->cls;
    if (!wk_module_complete(module, cls->name) ||
        !wk_array_check(in.count, in.tensors, cls->name, "inputs") || !inputs_allowed(cls, in))
        return false;
    bool entered = false, training = module->training;
    if (training && !enter_training(module, &entered))
        return false;
    bool done = forward_in_scope(module, in, most, out);
    if (entered)
        leave_training(module);
    return done;
}

bool wk_call_into(wk_Module *module, wk_List in, int most, wk_Results *out)
{
    if (!wk_module_check(module, "call"))
        return false;
    const char *place = module->parts->place;
    const wk_Frame frame = {.outer = wk_frames, .name = wk_frames && place ? place : module->cls->name};
    wk_frames = &frame;
    bool done = call_framed(module, in, most, out);
    wk_frames = frame.outer;
    return done;
}

wk_Tensor *(wk_call)(wk_Module *module, wk_Tensor *x)
{
    return wk_call_list(module, (wk_List){1, &x});
}

wk_Tensor *wk_call_list(wk_Module *module, wk_List inputs)
{
    wk_Results out;
    return wk_call_into(module, inputs, 1, &out) ? out.tensors[0] : NULL;
}

wk_Results wk_call_all(wk_Module *module, wk_List inputs)
{
    wk_Results out;
    out.count = 0;
    const int count = wk_call_into(module, inputs, WK_MOST_RESULTS, &out) ? out.count : 0;
    for (int i = count; i < WK_MOST_RESULTS; i++)
        out.tensors[i] = NULL;
    out.count = count;
    return out;
}
