/* batch_norm: each channel to mean 0 and variance 1, by the batch's own statistics or by running ones.
 * Gradient: norm_grad.c.
 *
 * The result lies in memory as the kernel's input does, so that a network in an order of its own stays in it.
 * The running statistics change last, when nothing can fail any more: a call that fails leaves them alone. */
#include "core/checked.h"
#include "core/options.h"
#include "core/text.h"
#include "ops/norm.h"

#include <string.h>

/* The only order of a caller's that PyTorch keeps. */
static bool channels_last(const wk_Tensor *x)
{
    static const int inner_first[] = {3, 2, 0};
    int64_t step = x->shape[1];
    bool last = x->ndim == 4 && x->stride[1] == 1;
    for (int i = 0; i < 3 && last; i++) {
        last = x->stride[inner_first[i]] == step;
        step *= x->shape[inner_first[i]];
    }
    return last;
}

wk_Tensor *wk_batch_norm_input(wk_Tensor *x)
{
    if (!x || !(x->contiguous || channels_last(x)))
        return wk_contiguous(x);
    if (wk_is_whole_block(x))
        return wk_with_current_block(x);
    return wk_rows_to_read(x) ? x : NULL;
}

wk_NormShape wk_batch_norm_layout(const wk_Tensor *x, double eps)
{
    wk_Memory block;
    const int64_t *stride = wk_is_whole_block(x) && wk_block_of(x, &block) ? block.stride : x->stride;
    const int64_t c = x->shape[1], inner = c > 1 ? stride[1] : x->numel;
    return (wk_NormShape){.n = x->numel / (c * inner), .c = c, .inner = inner, .groups = 1, .eps = eps};
}

static wk_Tensor *batch_norm_forward(wk_Call *call)
{
    const wk_NormArgs *a = call->attributes;
    wk_Tensor *x = wk_batch_norm_input(call->in[0]), *w = call->in[1], *b = call->in[2];
    if (!x || (w && !(w = wk_contiguous(w))) || (b && !(b = wk_contiguous(b))))
        return NULL;
    wk_Tensor *out = wk_tensor_like("batch_norm", (wk_dtype)x->dtype, x);
    if (out && out->numel) {
        const bool block = wk_is_whole_block(x);
        wk_NormShape s = wk_batch_norm_layout(x, a->shape.eps);
        wk_kernels->batch_norm[x->dtype](&s, a->training, wk_data_in_order(x, block), wk_data_or_null(w),
                                         wk_data_or_null(b), wk_data_in_order(out, block),
                                         wk_tensor_data(a->stats));
    }
    call->extra[0] = a->stats;
    return out;
}

WK_OP(batch_norm_op) = {.name = "batch_norm",
                        .node = "NativeBatchNormBackward0",
                        .inputs = {"input", "weight", "bias"},
                        .optional = 2 | 4,
                        .uses = {1 | 2 | 4, 1},
                        .attributes = sizeof(wk_NormArgs),
                        .any_order = true,
                        .forward = batch_norm_forward,
                        .backward = wk_norm_backward};

/* ---- arguments -------------------------------------------------------------------------------------- */

static bool batch_norm_tensor_fits(const char *name, const wk_Tensor *t, int64_t channels)
{
    if (t && !wk_tensor_check(t, "batch_norm", name))
        return false;
    if (t && t->numel != channels)
        return wk_raise(WK_ERROR_SHAPE, "batch_norm: %s should contain %lld elements not %lld", name,
                        (long long)channels, (long long)t->numel),
               false;
    return true;
}

static bool running_fits(const char *name, const wk_Tensor *t, bool training)
{
    if (!t && !training)
        return wk_raise(WK_ERROR_ARGUMENT, "batch_norm: %s must be defined in evaluation mode", name), false;
    if (t && wk_requires_grad(t))
        return wk_raise(WK_ERROR_ARGUMENT,
                        "batch_norm: The function 'native_batch_norm' is not differentiable with respect to "
                        "argument '%s'. This "
                        "input cannot have requires_grad True.",
                        name),
               false;
    return true;
}

static bool batch_norm_fits(const wk_batch_norm_options *o, const wk_NormShape *s)
{
    const wk_Tensor *x = o->input;
    if (o->training && s->n * s->inner == 1)
        return wk_raise(WK_ERROR_SHAPE,
                        "batch_norm: Expected more than 1 value per channel when training, got input size "
                        "torch.Size(%s)",
                        WK_SHAPE_TEXT(x)),
               false;
    if (o->training && !(s->eps > 0))
        return wk_raise(WK_ERROR_ARGUMENT,
                        "batch_norm: batch_norm eps must be positive during training, but got %s",
                        WK_NUMBER(s->eps)),
               false;
    wk_Tensor *others[] = {o->running_mean, o->running_var, o->weight, o->bias};
    return batch_norm_tensor_fits("running_mean", o->running_mean, s->c) &&
           batch_norm_tensor_fits("running_var", o->running_var, s->c) &&
           batch_norm_tensor_fits("weight", o->weight, s->c) &&
           batch_norm_tensor_fits("bias", o->bias, s->c) &&
           wk_norm_operands("batch_norm", "batch_norm", x, others, 4) &&
           running_fits("running_mean", o->running_mean, o->training) &&
           running_fits("running_var", o->running_var, o->training);
}

/* ---- statistics ------------------------------------------------------------------------------------- */

/* Copies all values of one tensor to another of as many elements. */
static void copy_values(wk_Tensor *from, wk_Tensor *to)
{
    wk_map("batch_norm", wk_kernels->cast[from->dtype][to->dtype], to, 1, &from);
}

/* [4, c]: the mean's two parts, rstd, variance; in evaluation the first and last are the running ones. */
static wk_Tensor *batch_statistics(const wk_batch_norm_options *o, int64_t channels)
{
    const int64_t rows[] = {4, channels};
    wk_Tensor *stats = wk_tensor_new("batch_norm", wk_float64, 2, rows);
    wk_Tensor *from[] = {o->running_mean, o->running_var};
    for (int i = 0; stats && !o->training && i < 2; i++) {
        wk_Tensor *flat = wk_reshape_shape(from[i], 1, &channels), *row = wk_select(stats, 0, 3 * i);
        if (!flat || !row || !wk_rows_to_read(flat))
            return NULL;
        copy_values(flat, row);
    }
    return stats;
}

/* A tensor as contiguous memory to write to: itself or a copy, which can then be written back. */
static bool running_memory(wk_Tensor *t, wk_Tensor **memory)
{
    *memory = t ? wk_contiguous(t) : NULL;
    return !t || (*memory && wk_rows_to_write(t));
}

static void write_back(wk_Tensor *memory, wk_Tensor *t)
{
    if (!t)
        return;
    if (memory != t)
        copy_values(memory, t);
    wk_tensor_touch(t);
}

/* weight and bias may have any shape of c elements. */
static wk_Tensor *as_vector(wk_Tensor *t, int64_t channels)
{
    return t && t->ndim != 1 ? wk_reshape_shape(t, 1, &channels) : t;
}

static wk_Tensor *batch_norm_applied(const wk_batch_norm_options *o, wk_NormArgs *a)
{
    wk_Tensor *mean, *var,
        *in[] = {o->input, as_vector(o->weight, a->shape.c), as_vector(o->bias, a->shape.c)};
    bool former = wk_set_grad_enabled(false);
    bool ready = (in[1] || !o->weight) && (in[2] || !o->bias) &&
                 (a->stats = batch_statistics(o, a->shape.c)) && running_memory(o->running_mean, &mean) &&
                 running_memory(o->running_var, &var);
    wk_set_grad_enabled(former);
    wk_Tensor *out = ready ? wk_apply(&batch_norm_op, 3, in, a) : NULL;
    if (!out || !o->training || !out->numel)
        return out;
    wk_kernels->batch_norm_running[out->dtype](
        a->shape.c, (double)a->shape.n * (double)a->shape.inner, wk_double_or(o->momentum, 0.1),
        wk_tensor_data(a->stats), mean ? wk_tensor_data(mean) : NULL, var ? wk_tensor_data(var) : NULL);
    write_back(mean, o->running_mean);
    write_back(var, o->running_var);
    return out;
}

wk_Tensor *wk_batch_norm_with(wk_batch_norm_options o)
{
    wk_Tensor *x = o.input;
    if (!wk_tensor_check(x, "batch_norm", "input"))
        return NULL;
    if (x->ndim < 2)
        return wk_raise(WK_ERROR_SHAPE, "batch_norm: expected at least 2D input (got %dD input)", x->ndim);
    wk_NormArgs a = {
        .batch = true, .training = o.training, .has_weight = o.weight, .weight = {1, {x->shape[1]}}};
    a.shape = (wk_NormShape){
        .n = x->shape[0], .c = x->shape[1], .inner = 1, .groups = 1, .eps = wk_double_or(o.eps, 1e-5)};
    for (int i = 2; i < x->ndim; i++)
        wk_multiply_size(&a.shape.inner, x->shape[i]);
    if (!batch_norm_fits(&o, &a.shape))
        return NULL;
    wk_Scope scope = wk_scope_begin();
    if (!scope.id)
        return NULL;
    wk_Tensor *out = batch_norm_applied(&o, &a);
    return wk_scope_end_keeping(scope, out) ? out : NULL;
}
