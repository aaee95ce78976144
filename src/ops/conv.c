/* conv2d and its gradients.
 *
 *   Y = X * W + b:   gradient of X is G correlated back with W, of W is X correlated with G, of b the sum of G over all but channels
 *
 * Both gradients are operations themselves, bilinear as the convolution is; their gradients are convolutions and each other:
 *   A(G, W) = gradient of X:   V -> conv(V, W) for G,  B(G, V) for W
 *   B(G, X) = gradient of W:   V -> conv(X, V) for G,  A(G, V) for X */
#include <string.h>

#include "core/checked.h"
#include "core/options.h"
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

static bool conv_ranks_fit(const wk_Tensor *x, const wk_Tensor *w, const wk_Tensor *b)
{
    if (b && b->dtype != x->dtype)
        return wk_raise(WK_ERROR_DTYPE, "conv2d: Input type (%s) and bias type (%s) should be the same",
                        wk_dtype_c_type(x->dtype), wk_dtype_c_type(b->dtype)),
               false;
    if (x->ndim != 3 && x->ndim != 4)
        return wk_raise(WK_ERROR_SHAPE,
                        "conv2d: Expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of "
                        "size: %s",
                        WK_SHAPE_TEXT(x)),
               false;
    if (w->ndim < 3)
        return wk_raise(WK_ERROR_SHAPE,
                        "conv2d: weight should have at least three dimensions, but got weight of size %s",
                        WK_SHAPE_TEXT(w)),
               false;
    if (w->ndim != 4)
        return wk_raise(WK_ERROR_SHAPE,
                        "conv2d: expected weight to have 4 dimensions, but got weight of size %s",
                        WK_SHAPE_TEXT(w)),
               false;
    return true;
}

static bool conv_raise_dilation(const wk_ConvShape *s)
{
    return wk_raise(WK_ERROR_ARGUMENT, "conv2d: dilation should be greater than zero, but got [%lld, %lld]",
                    (long long)s->dilation[0], (long long)s->dilation[1]),
           false;
}

static bool conv_numbers_fit(const wk_ConvShape *s)
{
    if (s->groups <= 0)
        return wk_raise(WK_ERROR_ARGUMENT, "conv2d: non-positive groups is not supported: groups is %lld",
                        (long long)s->groups),
               false;
    for (int i = 0; i < 2; i++)
        if (s->padding[i] < 0)
            return wk_raise(WK_ERROR_ARGUMENT, "conv2d: negative padding is not supported: padding is %lld",
                            (long long)s->padding[i]),
                   false;
    for (int i = 0; i < 2; i++)
        if (s->stride[i] <= 0)
            return wk_raise(WK_ERROR_ARGUMENT, "conv2d: non-positive stride is not supported: stride is %lld",
                            (long long)s->stride[i]),
                   false;
    return !(s->dilation[0] < 0 || s->dilation[1] < 0) || conv_raise_dilation(s);
}

static bool conv_channels_fit(const wk_ConvShape *s, const wk_Tensor *x, const wk_Tensor *w,
                              const wk_Tensor *b)
{
    int64_t channels;
    if (s->k < s->groups)
        return wk_raise(WK_ERROR_SHAPE,
                        "conv2d: Given groups=%lld, expected weight to be at least %lld at dimension 0, but "
                        "got weight of size %s instead",
                        (long long)s->groups, (long long)s->groups, WK_SHAPE_TEXT(w)),
               false;
    if (s->k % s->groups != 0)
        return wk_raise(WK_ERROR_SHAPE,
                        "conv2d: Given groups=%lld, expected weight to be divisible by %lld at dimension 0, "
                        "but got weight of size [%s] instead",
                        (long long)s->groups, (long long)s->groups, WK_SHAPE_TEXT(w)),
               false;
    if (!wk_checked_mul(w->shape[1], s->groups, &channels))
        return wk_raise(WK_ERROR_OVERFLOW, "conv2d: groups=%lld and weight of size %s overflow",
                        (long long)s->groups, WK_SHAPE_TEXT(w)),
               false;
    if (s->c != channels)
        return wk_raise(WK_ERROR_SHAPE,
                        "conv2d: Given groups=%lld, weight of size %s, expected input%s to have %lld "
                        "channels, but got %lld channels instead",
                        (long long)s->groups, WK_SHAPE_TEXT(w), WK_SHAPE_TEXT(x), (long long)channels,
                        (long long)s->c),
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
    for (int i = 0; i < 2; i++) {
        if (s->padding[i] > INT64_MAX / 2)
            return wk_raise(WK_ERROR_OVERFLOW,
                            "conv2d: Given padding=%lld at dimension %d , expected padding to be at most "
                            "%lld",
                            (long long)s->padding[i], i, (long long)(INT64_MAX / 2)),
                   false;
        if (!wk_window_output("conv2d", size[i], kernel[i], s->stride[i], s->padding[i], s->dilation[i],
                              false, &out[i]))
            return false;
    }
    if (out[0] < 1 || out[1] < 1)
        return wk_raise(WK_ERROR_SHAPE,
                        "conv2d: Calculated padded input size per channel: (%lld x %lld). Kernel size: (%lld "
                        "x %lld). Kernel size can't be greater than actual input size",
                        (long long)(s->h + 2 * s->padding[0]), (long long)(s->w + 2 * s->padding[1]),
                        (long long)(s->dilation[0] * (s->r - 1) + 1),
                        (long long)(s->dilation[1] * (s->s - 1) + 1)),
               false;
    s->oh = out[0];
    s->ow = out[1];
    return true;
}

/* Copies with padding, columns of windows and their bytes are no more than some times the multiplications: none of these overflows. */
static bool conv_work_fits(const wk_ConvShape *s)
{
    const int64_t sides[] = {s->n, s->k, s->oh, s->ow, s->c / s->groups, s->r, s->s};
    const int64_t work = wk_shape_numel(sizeof sides / sizeof *sides, sides);
    if (work >= 0 && work < (int64_t)1 << 56)
        return true;
    return wk_raise(WK_ERROR_OVERFLOW,
                    "conv2d: the multiplications of an output of [%lld, %lld, %lld, %lld] with windows of "
                    "[%lld, %lld, %lld] "
                    "overflow",
                    (long long)s->n, (long long)s->k, (long long)s->oh, (long long)s->ow,
                    (long long)(s->c / s->groups), (long long)s->r, (long long)s->s),
           false;
}

static bool conv_elements_fit(const wk_ConvShape *s, const wk_Tensor *x, const wk_Tensor *w)
{
    if (s->n && s->c && (s->h == 0 || s->w == 0))
        return wk_raise(WK_ERROR_SHAPE,
                        "conv2d: Only zero batch or zero channel inputs are supported, but got input shape: "
                        "%s",
                        WK_SHAPE_TEXT(x)),
               false;
    if (s->r < 1 || s->s < 1)
        return wk_raise(WK_ERROR_SHAPE,
                        s->dilation[0] == 1 && s->dilation[1] == 1
                            ? "conv2d: kernel size should be greater than zero, but got kernel_height: %lld "
                              "kernel_width: %lld"
                            : "conv2d: kernel size should be greater than zero, but got [%lld, %lld]",
                        (long long)s->r, (long long)s->s),
               false;
    if (s->dilation[0] == 0 || s->dilation[1] == 0)
        return conv_raise_dilation(s);
    if (!wk_kernels->conv_taps[x->dtype])
        return wk_raise_dtype("conv2d", x->dtype), false;
    if (x->dtype != w->dtype)
        return wk_raise(
                   WK_ERROR_DTYPE,
                   "conv2d: expected scalar type %s but found %s: Input type (torch.%sTensor) and weight "
                   "type (torch.%sTensor) should be the same",
                   wk_dtype_type(x->dtype), wk_dtype_type(w->dtype), wk_dtype_type(x->dtype),
                   wk_dtype_type(w->dtype)),
               false;
    return true;
}

/* Checks in PyTorch's order. */
static bool conv_fits(wk_ConvShape *s, const wk_Tensor *x, const wk_Tensor *w, const wk_Tensor *b)
{
    return conv_numbers_fit(s) && conv_channels_fit(s, x, w, b) && conv_output(s) &&
           conv_elements_fit(s, x, w) && conv_work_fits(s);
}

wk_Tensor *wk_conv2d_with(wk_conv2d_options o)
{
    if (!wk_tensor_check(o.input, "conv2d", "input") || !wk_tensor_check(o.weight, "conv2d", "weight") ||
        (o.bias && !wk_tensor_check(o.bias, "conv2d", "bias")) || !conv_ranks_fit(o.input, o.weight, o.bias))
        return NULL;
    const int batched = o.input->ndim == 4;
    const int64_t *image = o.input->shape + batched;
    wk_ConvShape s = {.n = batched ? o.input->shape[0] : 1,
                      .c = image[0],
                      .h = image[1],
                      .w = image[2],
                      .k = o.weight->shape[0],
                      .r = o.weight->shape[2],
                      .s = o.weight->shape[3],
                      .groups = wk_int_or(o.groups, 1)};
    wk_window_pair(o.stride, o.stride_hw, 1, s.stride);
    wk_window_pair(o.padding, o.padding_hw, 0, s.padding);
    wk_window_pair(o.dilation, o.dilation_hw, 1, s.dilation);
    if (!conv_fits(&s, o.input, o.weight, o.bias))
        return NULL;
    wk_Tensor *x = batched ? o.input : wk_unsqueeze(o.input, 0);
    wk_Tensor *out = x ? wk_apply(&conv_op, 3, (wk_Tensor *[]){x, o.weight, o.bias}, &s) : NULL;
    return batched ? out : wk_squeeze_dims(out, 1, (const int64_t[]){0});
}
