/* Optimizers: making them, their groups of parameters, zero_grad. */
#include "optim/optimizer.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "autograd/node.h"
#include "core/memory.h"
#include "core/text.h"

bool wk_optimizer_check(const wk_Optimizer *optimizer, const char *op)
{
    return wk_object_check(optimizer, op, "optimizer");
}

/* ---- options ---------------------------------------------------------------------------------------- */

/* "SGD: Invalid momentum value: -0.5". Returns false. */
static bool raise_hyper(const wk_OptimizerClass *cls, const char *invalid, double value)
{
    wk_Text text = {0};
    if (wk_text_repr(&text, value))
        wk_raise(WK_ERROR_ARGUMENT, "%s: %s: %s", cls->name, invalid, wk_text_str(&text));
    wk_text_free(&text);
    return false;
}

bool wk_optimizer_hypers_allowed(const wk_OptimizerClass *cls, const double *hyper)
{
    for (int i = 0; i < cls->hypers; i++) {
        const wk_Hyper *h = &cls->hyper[i];
        double v = hyper[i];
        bool allowed =
            !isnan(v) && (v >= 0 || h->range == WK_HYPER_ANY) && (v < 1 || h->range != WK_HYPER_BELOW_ONE);
        if (!allowed)
            return raise_hyper(cls, h->invalid ? h->invalid : h->name, v);
    }
    return !cls->check || cls->check(hyper);
}

/* ---- groups ----------------------------------------------------------------------------------------- */

static bool in_groups(const wk_Optimizer *optimizer, const wk_Tensor *param)
{
    for (int g = 0; g < optimizer->group_count; g++)
        for (int i = 0; i < optimizer->groups[g].count; i++)
            if (optimizer->groups[g].params[i].param == param)
                return true;
    return false;
}

/* An in-place write to memory that several elements share has no meaning. */
static bool overlaps_itself(const wk_Tensor *t)
{
    for (int i = 0; i < t->ndim; i++)
        if (t->stride[i] == 0 && t->shape[i] > 1)
            return true;
    return false;
}

static bool param_allowed(const wk_Optimizer *optimizer, wk_List params, int i)
{
    const char *op = optimizer->cls->name;
    wk_Tensor *t = params.tensors[i];
    if (!t)
        return wk_raise(WK_ERROR_ARGUMENT, "%s: optimizer can only optimize Tensors, but params[%d] is NULL",
                        op, i),
               false;
    if (!wk_tensor_check(t, op, "a parameter"))
        return false;
    if (!wk_is_leaf(t))
        return wk_raise(WK_ERROR_ARGUMENT, "%s: can't optimize a non-leaf Tensor: params[%d]", op, i), false;
    if (!wk_is_floating(t->dtype))
        return wk_raise(WK_ERROR_DTYPE, "%s: params[%d] has dtype %s, which can't be optimized", op, i,
                        wk_dtype_name((wk_dtype)t->dtype)),
               false;
    if (overlaps_itself(t))
        return wk_raise(WK_ERROR_ARGUMENT,
                        "%s: params[%d]: unsupported operation: more than one element of the written-to "
                        "tensor refers to a "
                        "single memory location. Please clone() the tensor before performing the operation.",
                        op, i),
               false;
    for (int k = 0; k < i; k++)
        if (params.tensors[k] == t)
            return wk_raise(WK_ERROR_ARGUMENT,
                            "%s: optimizer contains a parameter group with duplicate parameters: params[%d] "
                            "is params[%d]",
                            op, i, k),
                   false;
    if (in_groups(optimizer, t))
        return wk_raise(WK_ERROR_ARGUMENT,
                        "%s: some parameters appear in more than one parameter group: params[%d]", op, i),
               false;
    return true;
}

static bool params_allowed(const wk_Optimizer *optimizer, wk_List params)
{
    if (!wk_array_check(params.count, params.tensors, optimizer->cls->name, "params"))
        return false;
    if (!params.count)
        return wk_raise(WK_ERROR_ARGUMENT, "%s: optimizer got an empty parameter list", optimizer->cls->name),
               false;
    for (int i = 0; i < params.count; i++)
        if (!param_allowed(optimizer, params, i))
            return false;
    return true;
}

int wk_add_param_group(wk_Optimizer *optimizer, wk_List params)
{
    if (!wk_optimizer_check(optimizer, "add_param_group") || !params_allowed(optimizer, params))
        return -1;
    size_t group_bytes = sizeof *optimizer->groups, old = (size_t)optimizer->group_count * group_bytes;
    wk_ParamState *states = wk_zalloc((size_t)params.count * sizeof *states);
    void *groups = states ? wk_realloc(optimizer->groups, old, old + group_bytes) : NULL;
    if (!groups) {
        wk_release(states, (size_t)params.count * sizeof *states);
        return -1;
    }
    for (int i = 0; i < params.count; i++)
        states[i].param = wk_tensor_retain(params.tensors[i]);
    optimizer->groups = groups;
    wk_ParamGroup *group = &optimizer->groups[optimizer->group_count];
    *group = (wk_ParamGroup){.initial_lr = NAN, .count = params.count, .params = states};
    memcpy(group->hyper, optimizer->defaults, sizeof group->hyper);
    return optimizer->group_count++;
}

static double option_value(const wk_Hyper *h, const void *options, bool by_place)
{
    const char *at = (const char *)options + h->at;
    bool flag;
    double number;
    if (h->flag)
        return memcpy(&flag, at, sizeof flag), flag;
    return memcpy(&number, at, sizeof number), wk_double_or(number, by_place ? 0 : h->unset);
}

wk_Optimizer *wk_optimizer_make(const wk_OptimizerClass *cls, const void *options, wk_List params,
                                int by_place)
{
    double hyper[WK_HYPERS] = {0};
    for (int i = 0, place = 1; i < cls->hypers; i++) {
        place += !wk_hyper_is_second(&cls->hyper[i]);
        hyper[i] = option_value(&cls->hyper[i], options, by_place >= place);
    }
    if (!wk_optimizer_hypers_allowed(cls, hyper))
        return NULL;
    wk_Optimizer *optimizer = wk_zalloc(sizeof *optimizer);
    if (!optimizer)
        return NULL;
    wk_object_init(&optimizer->object);
    optimizer->cls = cls;
    memcpy(optimizer->defaults, hyper, sizeof hyper);
    if (wk_add_param_group(optimizer, params) < 0) {
        wk_optimizer_free(optimizer);
        return NULL;
    }
    return optimizer;
}

static void release_group(wk_ParamGroup *group)
{
    for (int i = 0; i < group->count; i++) {
        for (int s = 0; s < WK_SLOTS; s++)
            wk_tensor_release(group->params[i].slot[s]);
        wk_tensor_release(group->params[i].param);
    }
    wk_release(group->params, (size_t)group->count * sizeof *group->params);
}

void wk_optimizer_free(wk_Optimizer *optimizer)
{
    if (!optimizer || !wk_optimizer_check(optimizer, "free") || !wk_object_drop(&optimizer->object))
        return;
    for (int g = 0; g < optimizer->group_count; g++)
        release_group(&optimizer->groups[g]);
    wk_release(optimizer->groups, (size_t)optimizer->group_count * sizeof *optimizer->groups);
    wk_release_object(optimizer, sizeof *optimizer);
}

bool wk_optimizer_zero_grad(wk_Optimizer *optimizer, bool set_to_none)
{
    if (!wk_optimizer_check(optimizer, "zero_grad"))
        return false;
    for (int g = 0; g < optimizer->group_count; g++)
        for (int i = 0; i < optimizer->groups[g].count; i++) {
            wk_Tensor *param = optimizer->groups[g].params[i].param;
            if (!(set_to_none ? wk_set_grad(param, NULL) : wk_zero_gradient(param)))
                return false;
        }
    return true;
}
