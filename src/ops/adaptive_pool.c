/* adaptive_avg_pool2d: means of as many windows as the output is to have, whatever the size of the input.
 *
 *   The gradient is spread evenly over each window; that is linear, and its own gradient the mean again.
 *
 * One window over the whole plane is mean over the last two dimensions, in the graph too, as PyTorch has
 * it. */
#include "core/checked.h"
#include "ops/ops.h"
#include "ops/window.h"

#include <string.h>

typedef struct AdaptiveArgs {
    wk_PoolShape shape; /* its sizes */
    wk_Shape before, after;
} AdaptiveArgs;

static const wk_Op adaptive_op;

static wk_Tensor *adaptive_forward(wk_Call *call)
{
    const AdaptiveArgs *a = call->attributes;
    wk_Tensor *x = wk_contiguous(call->in[0]);
    wk_Tensor *out =
        x ? wk_tensor_new("adaptive_avg_pool2d", (wk_dtype)x->dtype, a->after.ndim, a->after.dims) : NULL;
    if (out && out->numel)
        wk_kernels->adaptive_avg_pool2d[x->dtype](&a->shape, wk_tensor_data(x), wk_tensor_data(out));
    return out;
}

static wk_Tensor *adaptive_spread_forward(wk_Call *call)
{
    const AdaptiveArgs *a = call->attributes;
    wk_Tensor *g = wk_contiguous(call->in[0]);
    wk_Tensor *out =
        g ? wk_tensor_new("adaptive_avg_pool2d", (wk_dtype)g->dtype, a->before.ndim, a->before.dims) : NULL;
    if (out && out->numel)
        wk_kernels->adaptive_avg_pool2d_backward[g->dtype](&a->shape, wk_tensor_data(g), wk_tensor_data(out));
    return out;
}

static void adaptive_spread_backward(wk_Node *node, wk_Tensor *v, wk_Tensor **out)
{
    out[0] = WK_APPLY(&adaptive_op, node->attributes, v);
}

WK_OP(adaptive_spread_op) = {.name = "adaptive_avg_pool2d_backward",
                             .node = "AdaptiveAvgPool2DBackwardBackward0",
                             .inputs = {"grad"},
                             .attributes = sizeof(AdaptiveArgs),
                             .forward = adaptive_spread_forward,
                             .backward = adaptive_spread_backward};

static void adaptive_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    out[0] = WK_APPLY(&adaptive_spread_op, node->attributes, grad);
}

WK_OP(adaptive_op) = {.name = "adaptive_avg_pool2d",
                      .node = "AdaptiveAvgPool2DBackward0",
                      .inputs = {"input"},
                      .attributes = sizeof(AdaptiveArgs),
                      .forward = adaptive_forward,
                      .backward = adaptive_backward};

/* ---- arguments -------------------------------------------------------------------------------------- */

static bool adaptive_input_fits(const wk_Tensor *x, const int64_t out[2])
{
    if (out[0] < 0 || out[1] < 0)
        return wk_raise(WK_ERROR_ARGUMENT,
                        "adaptive_avg_pool2d: elements of output_size must be greater than or equal to 0 but "
                        "received {%lld, %lld}",
                        (long long)out[0], (long long)out[1]),
               false;
    if (out[0] == 1 && out[1] == 1)
        return true; /* mean takes others too */
    if (x->ndim != 3 && x->ndim != 4)
        return wk_raise(WK_ERROR_SHAPE, "adaptive_avg_pool2d: Expected 3D or 4D tensor, but got %s",
                        WK_SHAPE_TEXT(x)),
               false;
    for (int i = 2; i >= 1; i--)
        if (x->shape[x->ndim - i] == 0)
            return wk_raise(WK_ERROR_SHAPE,
                            "adaptive_avg_pool2d: Expected input to have non-zero size for non-batch "
                            "dimensions, but input has sizes "
                            "%s with dimension %d being empty",
                            WK_SHAPE_TEXT(x), x->ndim - i),
                   false;
    if (!wk_is_floating(x->dtype))
        return wk_raise_dtype("adaptive_avg_pool2d", x->dtype), false;
    return true;
}

wk_Tensor *wk_adaptive_avg_pool2d_with(wk_adaptive_avg_pool2d_options o)
{
    wk_Tensor *x = o.input;
    if (!wk_tensor_check(x, "adaptive_avg_pool2d", "input"))
        return NULL;
    int64_t out[2];
    if (!o.output_size && !o.output_size_hw[0] && !o.output_size_hw[1])
        return wk_raise(WK_ERROR_ARGUMENT, "adaptive_avg_pool2d: output_size is not set (0 is WK_ZERO)");
    wk_window_pair(o.output_size, o.output_size_hw, 0, out);
    for (int i = 0; i < 2; i++)
        if (out[i] == WK_NONE)
            out[i] = x->ndim >= 2 ? x->shape[x->ndim - 2 + i] : 0;
    if (!adaptive_input_fits(x, out))
        return NULL;
    if (out[0] == 1 && out[1] == 1)
        return wk_mean(x, wk_dims(-2, -1), .keepdim = true);
    AdaptiveArgs a = {.before.ndim = x->ndim, .after.ndim = x->ndim};
    memcpy(a.before.dims, x->shape, sizeof a.before.dims);
    memcpy(a.after.dims, x->shape, sizeof a.after.dims);
    for (int i = 0; i < 2; i++)
        a.after.dims[x->ndim - 2 + i] = out[i];
    a.shape = (wk_PoolShape){
        .planes = 1, .h = x->shape[x->ndim - 2], .w = x->shape[x->ndim - 1], .oh = out[0], .ow = out[1]};
    for (int i = 0; i < x->ndim - 2; i++)
        wk_multiply_size(&a.shape.planes, x->shape[i]);
    return WK_APPLY(&adaptive_op, &a, x);
}
