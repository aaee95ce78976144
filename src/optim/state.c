/* The state of an optimizer as named tensors, and back: what PyTorch's nested dictionary holds, under the path of each value.
 *
 *   state.INDEX.NAME          of the parameter of that index, over all groups in order: "exp_avg", "step"
 *   param_groups.GROUP.NAME   an option: a number, a flag or the pair "betas"; "params": the indices of its parameters
 *
 * Loading checks all of it before anything changes. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "autograd/node.h"
#include "core/memory.h"
#include "ops/ops.h"
#include "optim/optimizer.h"

enum { STATE_NAME = 96 };

static bool put_entry(wk_StateDict *dict, wk_Tensor *value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static bool put_entry(wk_StateDict *dict, wk_Tensor *value, const char *format, ...)
{
    char name[STATE_NAME];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    return value && wk_state_dict_set(dict, name, value);
}

static bool put_option(wk_StateDict *dict, const wk_Hyper *h, const double *value, int group)
{
    if (wk_hyper_is_second(h))
        return true;
    if (strcmp(h->name, "beta1") == 0)
        return put_entry(dict, wk_tensor_copy(value, wk_float64, 1, (const int64_t[]){2}),
                         "param_groups.%d.betas", group);
    return put_entry(dict, wk_scalar_dtype(*value, h->flag ? wk_bool : wk_float64), "param_groups.%d.%s",
                     group, h->name);
}

/* float32 as PyTorch's, while that holds the count. */
static wk_Tensor *step_of(int64_t step)
{
    return wk_scalar_dtype((double)step, step <= 1 << 24 ? wk_float32 : wk_float64);
}

/* Slots that are not used come from a step that failed, and hold nothing. */
static bool put_state(wk_StateDict *dict, const wk_OptimizerClass *cls, const wk_ParamState *state,
                      int64_t index)
{
    if (!state->used)
        return true;
    if (cls->counts_steps && !put_entry(dict, step_of(state->step), "state.%lld.step", (long long)index))
        return false;
    for (int s = 0; s < WK_SLOTS; s++)
        if (state->slot[s] &&
            !put_entry(dict, state->slot[s], "state.%lld.%s", (long long)index, cls->slot_names[s]))
            return false;
    return true;
}

static bool put_group(wk_StateDict *dict, const wk_Optimizer *optimizer, int g, int64_t first)
{
    const wk_ParamGroup *group = &optimizer->groups[g];
    for (int i = 0; i < group->count; i++)
        if (!put_state(dict, optimizer->cls, &group->params[i], first + i))
            return false;
    for (int i = 0; i < optimizer->cls->hypers; i++)
        if (!put_option(dict, &optimizer->cls->hyper[i], &group->hyper[i], g))
            return false;
    if (!isnan(group->initial_lr) &&
        !put_entry(dict, wk_scalar_dtype(group->initial_lr, wk_float64), "param_groups.%d.initial_lr", g))
        return false;
    wk_Tensor *params = wk_arange_dtype(first, first + group->count, 1, wk_int64);
    return put_entry(dict, params, "param_groups.%d.params", g);
}

wk_StateDict *wk_optimizer_state_dict(const wk_Optimizer *optimizer)
{
    if (!wk_optimizer_check(optimizer, "state_dict"))
        return NULL;
    wk_StateDict *dict = wk_StateDict_new();
    wk_Scope scope = wk_scope_begin();
    bool done = dict && scope.id;
    int64_t first = 0;
    for (int g = 0; done && g < optimizer->group_count; g++) {
        done = put_group(dict, optimizer, g, first);
        first += optimizer->groups[g].count;
    }
    if (scope.id)
        wk_scope_end(scope);
    if (done)
        return dict;
    wk_state_dict_free(dict);
    return NULL;
}

/* ---- loading ---------------------------------------------------------------------------------------- */

typedef struct Loading {
    const wk_StateDict *dict;
    int found;             /* entries that were asked for and are there */
    wk_ParamState *states; /* the new ones, in order, their parameters left out */
    wk_ParamGroup *groups; /* the new options */
} Loading;

static wk_Tensor *find_entry(Loading *l, char name[STATE_NAME], const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static wk_Tensor *find_entry(Loading *l, char name[STATE_NAME], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, STATE_NAME, format, arguments);
    va_end(arguments);
    wk_Tensor *value = wk_state_dict_get(l->dict, name);
    l->found += value != NULL;
    return value;
}

static bool raise_value(const char *name, const wk_Tensor *value, const char *wanted)
{
    wk_raise(WK_ERROR_SHAPE, "load_state_dict: %s is %s %s, wanted %s", name,
             wk_dtype_name((wk_dtype)value->dtype), WK_SHAPE_TEXT(value), wanted);
    return false;
}

/* The numbers of an option; what is not there keeps its value. */
static bool load_numbers(Loading *l, int group, const char *option, int count, double *numbers)
{
    char name[STATE_NAME];
    wk_Tensor *value = find_entry(l, name, "param_groups.%d.%s", group, option);
    if (!value)
        return true;
    if (value->numel != count)
        return raise_value(name, value, count == 1 ? "one number" : "two numbers");
    wk_Tensor *doubles = wk_contiguous(wk_to_dtype(value, wk_float64));
    if (!doubles)
        return false;
    memcpy(numbers, wk_tensor_data(doubles), (size_t)count * sizeof *numbers);
    return true;
}

static bool load_options(Loading *l, const wk_Optimizer *optimizer, int g)
{
    const wk_OptimizerClass *cls = optimizer->cls;
    wk_ParamGroup *group = &l->groups[g];
    *group = optimizer->groups[g];
    for (int i = 0; i < cls->hypers; i++) {
        const bool pair = strcmp(cls->hyper[i].name, "beta1") == 0;
        if (!wk_hyper_is_second(&cls->hyper[i]) &&
            !load_numbers(l, g, pair ? "betas" : cls->hyper[i].name, pair ? 2 : 1, &group->hyper[i]))
            return false;
    }
    return load_numbers(l, g, "initial_lr", 1, &group->initial_lr) &&
           wk_optimizer_hypers_allowed(cls, group->hyper);
}

static bool load_param_state(Loading *l, const wk_OptimizerClass *cls, const wk_Tensor *param,
                             wk_ParamState *state, int64_t index)
{
    char name[STATE_NAME];
    wk_Tensor *step = cls->counts_steps ? find_entry(l, name, "state.%lld.step", (long long)index) : NULL;
    if (step && (step->numel != 1 || !(wk_item(step) >= 0 && wk_item(step) < 0x1p53)))
        return raise_value(name, step, "a count of steps");
    state->step = step ? (int64_t)wk_item(step) : 0;
    for (int s = 0; s < WK_SLOTS && cls->slot_names[s]; s++) {
        wk_Tensor *value = find_entry(l, name, "state.%lld.%s", (long long)index, cls->slot_names[s]);
        if (!value)
            continue;
        if (!wk_shape_same(value, param))
            return raise_value(name, value, WK_SHAPE_TEXT(param));
        if (!(state->slot[s] =
                  wk_tensor_retain(wk_contiguous_copy(wk_to_dtype(value, (wk_dtype)param->dtype)))))
            return false;
    }
    state->used = state->slot[0] != NULL;
    return true;
}

static bool load_group(Loading *l, const wk_Optimizer *optimizer, int g, wk_ParamState *states)
{
    const wk_ParamGroup *group = &optimizer->groups[g];
    char name[STATE_NAME];
    wk_Tensor *params = find_entry(l, name, "param_groups.%d.params", g);
    if (!params)
        return wk_raise(WK_ERROR_ARGUMENT,
                        "load_state_dict: loaded state dict has a different number of parameter groups: "
                        "no %s, but the optimizer has %d",
                        name, optimizer->group_count),
               false;
    if (params->numel != group->count)
        return wk_raise(WK_ERROR_ARGUMENT,
                        "load_state_dict: loaded state dict contains a parameter group that doesn't match "
                        "the size of "
                        "optimizer's group: group %d has %lld parameters, the optimizer's %d",
                        g, (long long)params->numel, group->count),
               false;
    wk_Tensor *indices = wk_contiguous(wk_to_dtype(params, wk_int64));
    if (!indices)
        return false;
    for (int i = 0; i < group->count; i++)
        if (!load_param_state(l, optimizer->cls, group->params[i].param, &states[i],
                              ((int64_t *)wk_tensor_data(indices))[i]))
            return false;
    return load_options(l, optimizer, g);
}

/* What nothing has asked for: the first of a further group, or a name that is none. */
static bool nothing_left(const Loading *l, const wk_Optimizer *optimizer)
{
    char name[STATE_NAME];
    snprintf(name, sizeof name, "param_groups.%d.params", optimizer->group_count);
    if (wk_state_dict_get(l->dict, name))
        return wk_raise(WK_ERROR_ARGUMENT,
                        "load_state_dict: loaded state dict has a different number of parameter groups: %s, "
                        "but the optimizer "
                        "has %d",
                        name, optimizer->group_count),
               false;
    if (l->found != l->dict->count)
        return wk_raise(WK_ERROR_ARGUMENT, "load_state_dict: %d of %d entries are no state of %s",
                        l->dict->count - l->found, l->dict->count, optimizer->cls->name),
               false;
    return true;
}

static void release_slots(wk_ParamState *state)
{
    for (int s = 0; s < WK_SLOTS; s++) {
        wk_tensor_release(state->slot[s]);
        state->slot[s] = NULL;
    }
}

/* Cannot fail. */
static void take_over(wk_Optimizer *optimizer, const Loading *l)
{
    const wk_ParamState *from = l->states;
    for (int g = 0; g < optimizer->group_count; g++) {
        wk_ParamGroup *group = &optimizer->groups[g];
        memcpy(group->hyper, l->groups[g].hyper, sizeof group->hyper);
        group->initial_lr = l->groups[g].initial_lr;
        for (int i = 0; i < group->count; i++, from++) {
            wk_ParamState *to = &group->params[i];
            wk_Tensor *param = to->param;
            release_slots(to);
            *to = *from;
            to->param = param;
        }
    }
}

bool wk_optimizer_load_state_dict(wk_Optimizer *optimizer, const wk_StateDict *dict)
{
    if (!wk_optimizer_check(optimizer, "load_state_dict"))
        return false;
    if (!dict)
        return wk_raise_null("load_state_dict", "dict"), false;
    size_t params = 0;
    for (int g = 0; g < optimizer->group_count; g++)
        params += (size_t)optimizer->groups[g].count;
    const size_t state_bytes = params * sizeof(wk_ParamState),
                 group_bytes = (size_t)optimizer->group_count * sizeof(wk_ParamGroup);
    Loading l = {.dict = dict, .states = wk_zalloc(state_bytes), .groups = wk_zalloc(group_bytes)};
    wk_Scope scope = wk_scope_begin();
    const bool former = wk_set_grad_enabled(false);
    bool done = l.states && l.groups && scope.id;
    wk_ParamState *states = l.states;
    for (int g = 0; done && g < optimizer->group_count; g++) {
        done = load_group(&l, optimizer, g, states);
        states += optimizer->groups[g].count;
    }
    done = done && nothing_left(&l, optimizer);
    if (done)
        take_over(optimizer, &l);
    for (size_t i = 0; l.states && !done && i < params; i++)
        release_slots(&l.states[i]);
    wk_set_grad_enabled(former);
    if (scope.id)
        wk_scope_end(scope);
    if (l.states)
        wk_release(l.states, state_bytes);
    if (l.groups)
        wk_release(l.groups, group_bytes);
    return done;
}
