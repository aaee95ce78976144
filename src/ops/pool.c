/* max_pool2d and avg_pool2d.
 *
 *   max: the gradient of a window goes to its first maximum, whose index was kept; that scatter's own gradient is a gather
 *   avg: the gradient is spread over the window; that is linear, and its own gradient an average again */
#include <string.h>

#include "ops/lanes.h"
#include "ops/unpool.h"
#include "ops/window.h"

typedef struct PoolArgs {
    wk_PoolShape shape;
    wk_AvgPool how;
    bool indices; /* are asked for */
    wk_Shape before, after;
} PoolArgs;

/* ---- max -------------------------------------------------------------------------------------------- */

/* Unless indices are asked for, a float window's winner is kept as one byte. */
static bool keeps_winners(const PoolArgs *a, const wk_Tensor *x)
{
    const int64_t *kernel = a->shape.kernel;
    return !a->indices && x->dtype == wk_float32 && kernel[0] <= WK_WINNER_NAME &&
           kernel[1] <= WK_WINNER_NAME && kernel[0] * kernel[1] <= WK_WINNER_NAME;
}

/* Both in the order in which the input lies: [planes, h, w, n] with the batch last, or [planes, h, w] and n = 1. */
static bool pooled_batch_last(const wk_Tensor *t)
{
    return t->ndim == 4 && wk_lies_batch_last(t);
}

static wk_PoolShape planes_of(const PoolArgs *a, bool batch_last, int64_t *n)
{
    wk_PoolShape s = a->shape;
    *n = batch_last ? a->before.dims[0] : 1;
    s.planes = batch_last ? a->before.dims[1] : s.planes;
    return s;
}

static wk_Tensor *new_pooled(const wk_Shape *shape, bool batch_last, wk_dtype dtype)
{
    return wk_new_in_order("max_pool2d", dtype, shape->ndim, shape->dims, batch_last);
}

static wk_Tensor *max_pool_winners(wk_Call *call)
{
    const PoolArgs *a = call->attributes;
    const bool last = pooled_batch_last(call->in[0]);
    int64_t n;
    const wk_PoolShape s = planes_of(a, last, &n);
    wk_Tensor *x = wk_made_in_order(call->in[0], last),
              *out = x ? new_pooled(&a->after, last, wk_float32) : NULL;
    wk_Tensor *which = out && call->recorded ? new_pooled(&a->after, last, wk_uint8) : NULL;
    if (!out || (call->recorded && !which))
        return NULL;
    if (out->numel)
        wk_kernels->max_pool_winners(&s, n, wk_data_in_order(x, last), wk_data_in_order(out, last),
                                     which ? wk_data_in_order(which, last) : NULL);
    call->extra[0] = which;
    return out;
}

/* Not written yet: it depends on the operation before whether it will be. What others hold may change until then. */
static wk_Tensor *max_unpool_winners(const PoolArgs *a, wk_Tensor *grad, wk_Tensor *which)
{
    const bool last = pooled_batch_last(which);
    int64_t n;
    const wk_PoolShape s = planes_of(a, last, &n);
    wk_Tensor *g = wk_made_in_order(grad, last), *out = g ? new_pooled(&a->before, last, wk_float32) : NULL;
    wk_Tensor *spread = out && out->numel ? wk_unpooled(out, &s, n, g, which, last) : out;
    if (spread && g == grad && !grad->expendable)
        wk_settle(spread);
    return spread;
}

/* The winners' bytes as indices in the plane. */
static wk_Tensor *indices_of(const PoolArgs *a, wk_Tensor *which)
{
    const wk_PoolShape *s = &a->shape;
    wk_Tensor *bytes = wk_contiguous(which);
    wk_Tensor *indices = bytes ? wk_empty_shape(a->after.ndim, a->after.dims, wk_int64) : NULL;
    if (!indices)
        return NULL;
    const uint8_t *name = wk_tensor_data(bytes);
    int64_t *index = wk_tensor_data(indices);
    for (int64_t i = 0; i < indices->numel; i++) {
        int64_t oy = i / s->ow % s->oh, ox = i % s->ow;
        int64_t at = name[i] & WK_WINNER_NAME;
        if (at == WK_WINNER_NONE) {
            index[i] = -1;
            continue;
        }
        int64_t y = oy * s->stride[0] - s->padding[0] + at / s->kernel[1] * s->dilation[0];
        int64_t x = ox * s->stride[1] - s->padding[1] + at % s->kernel[1] * s->dilation[1];
        index[i] = y * s->w + x;
    }
    return indices;
}

static wk_Tensor *max_pool_forward(wk_Call *call)
{
    const PoolArgs *a = call->attributes;
    if (keeps_winners(a, call->in[0]))
        return max_pool_winners(call);
    wk_Tensor *x = wk_contiguous(call->in[0]);
    wk_Tensor *out = x ? wk_tensor_new("max_pool2d", (wk_dtype)x->dtype, a->after.ndim, a->after.dims) : NULL;
    wk_Tensor *indices = out ? wk_tensor_new("max_pool2d", wk_int64, a->after.ndim, a->after.dims) : NULL;
    if (!indices)
        return NULL;
    if (out->numel)
        wk_kernels->max_pool2d[x->dtype](&a->shape, wk_tensor_data(x), wk_tensor_data(out),
                                         wk_tensor_data(indices));
    call->more[0] = call->extra[0] = indices;
    return out;
}

static wk_Tensor *max_unpool_forward(wk_Call *call)
{
    const PoolArgs *a = call->attributes;
    if (call->in[1]->dtype == wk_uint8) {
        wk_Tensor *spread = max_unpool_winners(a, call->in[0], call->in[1]);
        if (spread)
            wk_settle(spread);
        return spread;
    }
    wk_Tensor *g = wk_contiguous(call->in[0]), *indices = wk_contiguous(call->in[1]);
    wk_Tensor *out =
        g && indices ? wk_tensor_new("max_pool2d", (wk_dtype)g->dtype, a->before.ndim, a->before.dims) : NULL;
    if (out && out->numel)
        wk_kernels->max_pool2d_backward[g->dtype](&a->shape, wk_tensor_data(g), wk_tensor_data(indices),
                                                  wk_tensor_data(out));
    return out;
}

/* Planes as rows: [planes, h * w] gathered at [planes, oh * ow]; 0 where a window has no winner. */
static wk_Tensor *at_winners(const wk_PoolShape *s, wk_Tensor *planes, wk_Tensor *index)
{
    if (s->dilation[0] == 1 && s->dilation[1] == 1)
        return wk_gather(planes, 1, index);
    wk_Tensor *none = wk_lt(index, 0);
    return wk_masked_fill(wk_gather(planes, 1, wk_masked_fill(index, none, 0)), none, 0);
}

static void max_unpool_backward(wk_Node *node, wk_Tensor *v, wk_Tensor **out)
{
    const PoolArgs *a = node->attributes;
    const wk_PoolShape *s = &a->shape;
    wk_Tensor *index = wk_saved_input(node, 1);
    if (index && index->dtype == wk_uint8)
        index = indices_of(a, index);
    index = wk_reshape(index, s->planes, s->oh * s->ow);
    wk_Tensor *picked = at_winners(s, wk_reshape(v, s->planes, s->h * s->w), index);
    out[0] = wk_reshape_shape(picked, a->after.ndim, a->after.dims);
}

WK_OP(max_unpool_op) = {.name = "max_pool2d_backward",
                        .node = "MaxPool2DWithIndicesBackwardBackward0",
                        .inputs = {"grad", "indices"},
                        .uses = {0, 1},
                        .attributes = sizeof(PoolArgs),
                        .any_order = true,
                        .forward = max_unpool_forward,
                        .backward = max_unpool_backward};

static void max_pool_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    wk_Tensor *index = wk_saved_extra(node, 0);
    out[0] = index && index->dtype == wk_uint8 && !wk_is_grad_enabled()
                 ? max_unpool_winners(node->attributes, grad, index)
                 : WK_APPLY(&max_unpool_op, node->attributes, grad, index);
}

WK_OP(max_pool_op) = {.name = "max_pool2d",
                      .node = "MaxPool2DWithIndicesBackward0",
                      .inputs = {"input"},
                      .attributes = sizeof(PoolArgs),
                      .any_order = true,
                      .forward = max_pool_forward,
                      .backward = max_pool_backward};

/* ---- avg -------------------------------------------------------------------------------------------- */

static const wk_Op avg_pool_op;

static wk_Tensor *avg_pool_forward(wk_Call *call)
{
    const PoolArgs *a = call->attributes;
    wk_Tensor *x = wk_contiguous(call->in[0]);
    wk_Tensor *out = x ? wk_tensor_new("avg_pool2d", (wk_dtype)x->dtype, a->after.ndim, a->after.dims) : NULL;
    if (out && out->numel)
        wk_kernels->avg_pool2d[x->dtype](&a->shape, &a->how, wk_tensor_data(x), wk_tensor_data(out));
    return out;
}

static wk_Tensor *avg_spread_forward(wk_Call *call)
{
    const PoolArgs *a = call->attributes;
    wk_Tensor *g = wk_contiguous(call->in[0]);
    wk_Tensor *out =
        g ? wk_tensor_new("avg_pool2d", (wk_dtype)g->dtype, a->before.ndim, a->before.dims) : NULL;
    if (out && out->numel)
        wk_kernels->avg_pool2d_backward[g->dtype](&a->shape, &a->how, wk_tensor_data(g), wk_tensor_data(out));
    return out;
}

static void avg_spread_backward(wk_Node *node, wk_Tensor *v, wk_Tensor **out)
{
    out[0] = WK_APPLY(&avg_pool_op, node->attributes, v);
}

WK_OP(avg_spread_op) = {.name = "avg_pool2d_backward",
                        .node = "AvgPool2DBackwardBackward0",
                        .inputs = {"grad"},
                        .attributes = sizeof(PoolArgs),
                        .any_order = true,
                        .forward = avg_spread_forward,
                        .backward = avg_spread_backward};

static void avg_pool_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    out[0] = WK_APPLY(&avg_spread_op, node->attributes, grad);
}

WK_OP(avg_pool_op) = {.name = "avg_pool2d",
                      .node = "AvgPool2DBackward0",
                      .inputs = {"input"},
                      .attributes = sizeof(PoolArgs),
                      .any_order = true,
                      .forward = avg_pool_forward,
                      .backward = avg_pool_backward};

/* ---- arguments -------------------------------------------------------------------------------------- */

/* PyTorch keeps these numbers as int, so that none of the products below overflows. */
static bool pool_fits_int(const char *op, const char *what, const int64_t pair[2])
{
    for (int i = 0; i < 2; i++)
        if (pair[i] != (int32_t)pair[i])
            return wk_raise(WK_ERROR_OVERFLOW,
                            "%s: %s: value cannot be converted to type int without overflow: %lld", op, what,
                            (long long)pair[i]),
                   false;
    return true;
}

static bool pool_all_fit_int(const char *op, const wk_PoolShape *s)
{
    return pool_fits_int(op, "kernel_size", s->kernel) && pool_fits_int(op, "stride", s->stride) &&
           pool_fits_int(op, "padding", s->padding) && pool_fits_int(op, "dilation", s->dilation);
}

static bool pool_padding_fits(const char *op, const wk_PoolShape *s, int i)
{
    if (s->stride[i] == 0)
        return wk_raise(WK_ERROR_ARGUMENT, "%s: stride should not be zero, but got dH: %lld dW: %lld", op,
                        (long long)s->stride[0], (long long)s->stride[1]),
               false;
    if (s->padding[i] < 0)
        return wk_raise(WK_ERROR_ARGUMENT, "%s: pad must be non-negative, but got pad: %lld", op,
                        (long long)s->padding[i]),
               false;
    if (s->padding[i] > ((s->kernel[i] - 1) * s->dilation[i] + 1) / 2)
        return wk_raise(WK_ERROR_ARGUMENT,
                        "%s: pad should be at most half of effective kernel size, but got pad=%lld, "
                        "kernel_size=%lld and dilation=%lld",
                        op, (long long)s->padding[i], (long long)s->kernel[i], (long long)s->dilation[i]),
               false;
    return true;
}

static bool pool_pair_positive(const char *op, const char *what, const char *name, const int64_t pair[2])
{
    if (pair[0] > 0 && pair[1] > 0)
        return true;
    return wk_raise(WK_ERROR_ARGUMENT, "%s: %s should be greater than zero, but got %sH: %lld %sW: %lld", op,
                    what, name, (long long)pair[0], name, (long long)pair[1]),
           false;
}

/* Dilation makes a window larger, but padding is held against its number of elements too. */
static bool pool_half_fits(const char *op, const wk_PoolShape *s)
{
    if (s->padding[0] <= s->kernel[0] / 2 && s->padding[1] <= s->kernel[1] / 2)
        return true;
    return wk_raise(WK_ERROR_ARGUMENT,
                    "%s: pad should be smaller than or equal to half of kernel size, but got padW = %lld, "
                    "padH = %lld, kW = %lld, kH = %lld",
                    op, (long long)s->padding[1], (long long)s->padding[0], (long long)s->kernel[1],
                    (long long)s->kernel[0]),
           false;
}

static bool pool_input_fits(const char *op, const wk_Tensor *x)
{
    bool fits = x->ndim == 3 || x->ndim == 4;
    for (int i = x->ndim - 3; fits && i < x->ndim; i++)
        fits = x->shape[i] > 0;
    if (!fits)
        wk_raise(WK_ERROR_SHAPE,
                 "%s: Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, "
                 "but got:%s",
                 op, WK_SHAPE_TEXT(x));
    return fits;
}

static bool pool_output(const char *op, const int64_t size[3], bool ceil_mode, wk_PoolShape *s)
{
    int64_t out[2];
    for (int i = 0; i < 2; i++)
        if (!wk_window_output(op, size[1 + i], s->kernel[i], s->stride[i], s->padding[i], s->dilation[i],
                              ceil_mode, &out[i]))
            return false;
    if (out[0] < 1 || out[1] < 1)
        return wk_raise(WK_ERROR_SHAPE,
                        "%s: Given input size: (%lldx%lldx%lld). Calculated output size: (%lldx%lldx%lld). "
                        "Output size is too small",
                        op, (long long)size[0], (long long)size[1], (long long)size[2], (long long)size[0],
                        (long long)out[0], (long long)out[1]),
               false;
    s->h = size[1], s->w = size[2];
    s->oh = out[0], s->ow = out[1];
    return true;
}

/* Completes the arguments from the input's shape; s->kernel, stride, padding and dilation are set. Checks in PyTorch's order. */
static bool pool_args(const char *op, const wk_Tensor *x, bool ceil_mode, PoolArgs *a)
{
    wk_PoolShape *s = &a->shape;
    if (!pool_padding_fits(op, s, 0) || !pool_padding_fits(op, s, 1) ||
        !pool_pair_positive(op, "kernel size", "k", s->kernel) ||
        !pool_pair_positive(op, "stride", "d", s->stride) ||
        !pool_pair_positive(op, "dilation", "dilation", s->dilation) || !pool_input_fits(op, x) ||
        !pool_half_fits(op, s) || !pool_output(op, x->shape + x->ndim - 3, ceil_mode, s))
        return false;
    s->planes = wk_shape_numel(x->ndim - 2, x->shape);
    a->before.ndim = a->after.ndim = x->ndim;
    memcpy(a->before.dims, x->shape, sizeof a->before.dims);
    memcpy(a->after.dims, x->shape, sizeof a->after.dims);
    a->after.dims[x->ndim - 2] = s->oh;
    a->after.dims[x->ndim - 1] = s->ow;
    return true;
}

static wk_ValuesIndices max_pool(wk_max_pool2d_options o, bool indices)
{
    wk_ValuesIndices r = {0};
    PoolArgs a = {.indices = indices};
    if (!wk_tensor_check(o.input, "max_pool2d", "input"))
        return r;
    wk_window_pair(o.kernel_size, o.kernel_size_hw, 0, a.shape.kernel);
    wk_window_pair(o.stride, o.stride_hw, 0, a.shape.stride);
    if (!o.stride && !o.stride_hw[0] && !o.stride_hw[1])
        memcpy(a.shape.stride, a.shape.kernel, sizeof a.shape.stride);
    wk_window_pair(o.padding, o.padding_hw, 0, a.shape.padding);
    wk_window_pair(o.dilation, o.dilation_hw, 1, a.shape.dilation);
    if (!pool_all_fit_int("max_pool2d", &a.shape))
        return r;
    if (o.input->ndim != 3 && o.input->ndim != 4) {
        wk_raise(WK_ERROR_SHAPE,
                 "max_pool2d: non-empty 3D or 4D (batch mode) tensor expected for input, but got:%s",
                 WK_SHAPE_TEXT(o.input));
        return r;
    }
    if (!pool_args("max_pool2d", o.input, o.ceil_mode, &a))
        return r;
    if (!wk_kernels->max_pool2d[o.input->dtype])
        wk_raise_dtype("max_pool2d", o.input->dtype);
    else
        r.values = indices ? wk_apply_more(&max_pool_op, 1, &o.input, &a, 1, &r.indices)
                           : WK_APPLY(&max_pool_op, &a, o.input);
    return r;
}

wk_ValuesIndices wk_max_pool2d_with_indices(wk_max_pool2d_options options)
{
    return max_pool(options, true);
}

wk_Tensor *wk_max_pool2d_with(wk_max_pool2d_options options)
{
    return max_pool(options, false).values;
}

wk_Tensor *wk_avg_pool2d_with(wk_avg_pool2d_options o)
{
    PoolArgs a = {.how = {.count_include_pad = !o.exclude_pad, .divisor_override = o.divisor_override}};
    if (!wk_tensor_check(o.input, "avg_pool2d", "input"))
        return NULL;
    wk_window_pair(o.kernel_size, o.kernel_size_hw, 0, a.shape.kernel);
    wk_window_pair(o.stride, o.stride_hw, 0, a.shape.stride);
    if (!o.stride && !o.stride_hw[0] && !o.stride_hw[1])
        memcpy(a.shape.stride, a.shape.kernel, sizeof a.shape.stride);
    wk_window_pair(o.padding, o.padding_hw, 0, a.shape.padding);
    a.shape.dilation[0] = a.shape.dilation[1] = 1;
    if (!pool_all_fit_int("avg_pool2d", &a.shape))
        return NULL;
    if (o.divisor_override == WK_ZERO)
        return wk_raise(WK_ERROR_ARGUMENT, "avg_pool2d: divisor must be not zero");
    if (!pool_args("avg_pool2d", o.input, o.ceil_mode, &a))
        return NULL;
    if (!wk_kernels->avg_pool2d[o.input->dtype])
        return wk_raise_dtype("avg_pool2d", o.input->dtype);
    return WK_APPLY(&avg_pool_op, &a, o.input);
}
