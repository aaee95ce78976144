/* conv2d and its gradients.
 *
 *   Y = X * W + b:   gradient of X is G correlated back with W, of W is X correlated with G, of b the sum of G over all but channels
 *
 * Both gradients are operations themselves, bilinear as the convolution is; their gradients are convolutions and each other:
 *   A(G, W) = gradient of X:   V -> conv(V, W) for G,  B(G, V) for W
 *   B(G, X) = gradient of W:   V -> conv(X, V) for G,  A(G, V) for X */
#include <string.h>

#include "ops/conv_run.h"
#include "ops/window.h"

static const wk_Op conv_op, grad_input_op, grad_weight_op, grad_bias_op;

static wk_Tensor *conv_forward(wk_Call *call)
{
    return wk_conv_output(call->attributes, call->in[0], call->in[1], call->count > 2 ? call->in[2] : NULL);
}

static void conv_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    const wk_ConvShape *s = node->attributes;
    wk_Tensor *x = wk_node_needs(node, 1) ? wk_saved_input(node, 0) : NULL;
    const bool together = x && !wk_is_grad_enabled(); /* nothing is recorded: in one pass over the gradient */
    if (together)
        out[1] = wk_conv_grad_weight(s, grad, x, wk_node_needs(node, 2) ? &out[2] : NULL);
    else if (x)
        out[1] = WK_APPLY(&grad_weight_op, s, grad, x);
    if (wk_node_needs(node, 0))
        out[0] = WK_APPLY(&grad_input_op, s, grad, wk_saved_input(node, 1));
    if (wk_node_needs(node, 2) && !together) {
        wk_settle(grad);
        out[2] = WK_APPLY(&grad_bias_op, s, grad);
    }
}

WK_OP(conv_op) = {.name = "conv2d",
                  .node = "ConvolutionBackward0",
                  .inputs = {"input", "weight", "bias"},
                  .optional = 4,
                  .uses = {2, 1},
                  .attributes = sizeof(wk_ConvShape),
                  .takes_pending = true,
                  .any_order = true,
                  .forward = conv_forward,
                  .backward = conv_backward};

static wk_Tensor *grad_input_forward(wk_Call *call)
{
    return wk_conv_grad_input(call->attributes, call->in[0], call->in[1]);
}

static void grad_input_backward(wk_Node *node, wk_Tensor *v, wk_Tensor **out)
{
    const wk_ConvShape *s = node->attributes;
    if (wk_node_needs(node, 0))
        out[0] = wk_apply(&conv_op, 3, (wk_Tensor *[]){v, wk_saved_input(node, 1), NULL}, s);
    if (wk_node_needs(node, 1))
        out[1] = WK_APPLY(&grad_weight_op, s, wk_saved_input(node, 0), v);
}

WK_OP(grad_input_op) = {.name = "conv2d_grad_input",
                        .node = "ConvolutionBackwardBackward0",
                        .inputs = {"grad", "weight"},
                        .uses = {2, 1},
                        .attributes = sizeof(wk_ConvShape),
                        .any_order = true,
                        .forward = grad_input_forward,
                        .backward = grad_input_backward};

static wk_Tensor *grad_weight_forward(wk_Call *call)
{
    return wk_conv_grad_weight(call->attributes, call->in[0], call->in[1], NULL);
}

static void grad_weight_backward(wk_Node *node, wk_Tensor *v, wk_Tensor **out)
{
    const wk_ConvShape *s = node->attributes;
    if (wk_node_needs(node, 0))
        out[0] = wk_apply(&conv_op, 3, (wk_Tensor *[]){wk_saved_input(node, 1), v, NULL}, s);
    if (wk_node_needs(node, 1))
        out[1] = WK_APPLY(&grad_input_op, s, wk_saved_input(node, 0), v);
}

WK_OP(grad_weight_op) = {.name = "conv2d_grad_weight",
                         .node = "ConvolutionBackwardBackward0",
                         .inputs = {"grad", "input"},
                         .uses = {2, 1},
                         .attributes = sizeof(wk_ConvShape),
                         .any_order = true,
                         .forward = grad_weight_forward,
                         .backward = grad_weight_backward};

static wk_Tensor *grad_bias_forward(wk_Call *call)
{
    return wk_conv_grad_bias(call->attributes, call->in[0]);
}

static void grad_bias_backward(wk_Node *node, wk_Tensor *v, wk_Tensor **out)
{
    const wk_ConvShape *s = node->attributes;
    int64_t shape[4] = {s->n, s->k, s->oh, s->ow};
    out[0] = wk_expand_shape(wk_view(v, s->k, 1, 1), 4, shape);
}

WK_OP(grad_bias_op) = {.name = "conv2d_grad_bias",
                       .node = "ConvolutionBackwardBackward0",
                       .inputs = {"grad"},
                       .attributes = sizeof(wk_ConvShape),
                       .any_order = true,
                       .forward = grad_bias_forward,
                       .backward = grad_bias_backward};

/* ---- arguments -------------------------------------------------------------------------------------- */

static bool conv_numbers_fit(const wk_ConvShape *s)
{
    for (int i = 0; i < 2; i++) {
        if (s->stride[i] <= 0)
            return wk_raise(WK_ERROR_ARGUMENT, "conv2d: non-positive stride is not supported: stride is %lld",
                            (long long)s->stride[i]),
                   false;
        if (s->padding[i] < 0)
            return wk_raise(WK_ERROR_ARGUMENT, "conv2d: negative padding is not supported: padding is %lld",
                            (long long)s->padding[i]),
                   false;
        if (s->dilation[i] <= 0)
            return wk_raise(WK_ERROR_ARGUMENT,
                            "conv2d: dilation should be greater than zero: dilation is %lld",
                            (long long)s->dilation[i]),
                   false;
    }
    if (s->groups <= 0)
        return wk_raise(WK_ERROR_ARGUMENT, "conv2d: non-positive groups is not supported: groups is %lld",
                        (long long)s->groups),
               false;
    if (s->r < 1 || s->s < 1)
        return wk_raise(WK_ERROR_SHAPE,
                        "conv2d: kernel size should be greater than zero, but got kernel_height: %lld "
                        "kernel_width: %lld",
                        (long long)s->r, (long long)s->s),
               false;
    return true;
}

static bool conv_channels_fit(const wk_ConvShape *s, const wk_Tensor *x, const wk_Tensor *w,
                              const wk_Tensor *b)
{
    if (s->k % s->groups != 0 || s->k < s->groups)
        return wk_raise(WK_ERROR_SHAPE,
                        "conv2d: Given groups=%lld, expected weight to be at least %lld at dimension 0 and "
                        "divisible by groups, but got weight of "
                        "size %s instead",
                        (long long)s->groups, (long long)s->groups, WK_SHAPE_TEXT(w)),
               false;
    if (s->c != w->shape[1] * s->groups)
        return wk_raise(WK_ERROR_SHAPE,
                        "conv2d: Given groups=%lld, weight of size %s, expected input%s to have %lld "
                        "channels, but got %lld channels instead",
                        (long long)s->groups, WK_SHAPE_TEXT(w), WK_SHAPE_TEXT(x),
                        (long long)(w->shape[1] * s->groups), (long long)s->c),
               false;
    if (b && (b->ndim != 1 || b->shape[0] != s->k))
        return wk_raise(WK_ERROR_SHAPE,
                        "conv2d: Given weight of size %s, expected bias to be 1-dimensional with %lld "
                        "elements, but got bias of size %s instead",
                        WK_SHAPE_TEXT(w), (long long)s->k, WK_SHAPE_TEXT(b)),
               false;
    return true;
}

static bool conv_output(wk_ConvShape *s)
{
    const int64_t size[2] = {s->h, s->w}, kernel[2] = {s->r, s->s};
    int64_t out[2];
    for (int i = 0; i < 2; i++)
        if (!wk_window_output("conv2d", size[i], kernel[i], s->stride[i], s->padding[i], s->dilation[i],
                              false, &out[i]))
            return false;
    if (out[0] < 1 || out[1] < 1)
        return wk_raise(WK_ERROR_SHAPE,
                        "conv2d: Calculated padded input size per channel: (%lld x %lld). Kernel size: (%lld "
                        "x %lld). Kernel size can't be greater "
                        "than actual input size",
                        (long long)(s->h + 2 * s->padding[0]), (long long)(s->w + 2 * s->padding[1]),
                        (long long)(s->dilation[0] * (s->r - 1) + 1),
                        (long long)(s->dilation[1] * (s->s - 1) + 1)),
               false;
    s->oh = out[0];
    s->ow = out[1];
    return true;
}

wk_Tensor *wk_conv2d_with(wk_conv2d_options o)
{
    if (!wk_tensor_check(o.input, "conv2d", "input") || !wk_tensor_check(o.weight, "conv2d", "weight") ||
        (o.bias && !wk_tensor_check(o.bias, "conv2d", "bias")))
        return NULL;
    if ((o.input->ndim != 3 && o.input->ndim != 4) || o.weight->ndim != 4)
        return wk_raise(WK_ERROR_SHAPE,
                        "conv2d: Expected 3D (unbatched) or 4D (batched) input and 4D weight, but got input "
                        "of size: %s and weight of size %s",
                        WK_SHAPE_TEXT(o.input), WK_SHAPE_TEXT(o.weight));
    if (o.input->dtype != o.weight->dtype || (o.bias && o.bias->dtype != o.weight->dtype))
        return wk_raise(WK_ERROR_DTYPE, "conv2d: Input type (%s) and weight type (%s)%s%s should be the same",
                        wk_dtype_name((wk_dtype)o.input->dtype), wk_dtype_name((wk_dtype)o.weight->dtype),
                        o.bias ? " and bias type " : "",
                        o.bias ? wk_dtype_name((wk_dtype)o.bias->dtype) : "");
    if (!wk_kernels->conv2d[o.input->dtype])
        return wk_raise_dtype("conv2d", o.input->dtype);
    wk_Tensor *x = o.input->ndim == 4 ? o.input : wk_unsqueeze(o.input, 0);
    if (!x)
        return NULL;
    wk_ConvShape s = {.n = x->shape[0],
                      .c = x->shape[1],
                      .h = x->shape[2],
                      .w = x->shape[3],
                      .k = o.weight->shape[0],
                      .r = o.weight->shape[2],
                      .s = o.weight->shape[3],
                      .groups = o.groups ? o.groups : 1};
    wk_window_pair(o.stride, o.stride_hw, 1, s.stride);
    wk_window_pair(o.padding, o.padding_hw, 0, s.padding);
    wk_window_pair(o.dilation, o.dilation_hw, 1, s.dilation);
    if (o.groups == WK_ZERO)
        s.groups = 0;
    if (!conv_numbers_fit(&s) || !conv_channels_fit(&s, o.input, o.weight, o.bias) || !conv_output(&s))
        return NULL;
    wk_Tensor *out = wk_apply(&conv_op, 3, (wk_Tensor *[]){x, o.weight, o.bias}, &s);
    return o.input->ndim == 4 ? out : wk_squeeze_dims(out, 1, (const int64_t[]){0});
}
