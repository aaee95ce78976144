/* The choice of a convolution's kernel.
 *
 * Float convolutions of few channels over many samples run with the batch in the vector lanes, and leave their result in that order:
 * [c, h, w, n] in memory, an ordinary [n, c, h, w] tensor to the user. Elementwise operations and pooling keep the order, so a network
 * stays in it from its first convolution to the view before its first linear layer. All else is contiguous. */
#include "ops/conv_run.h"

#include "ops/lanes.h"

static bool in_lanes(const wk_ConvShape *s, const wk_Tensor *t)
{
    return t->dtype == wk_float32 && t->numel && wk_kernels->conv_lanes.fits &&
           wk_kernels->conv_lanes.fits(s);
}

static const void *data_or_null(const wk_Tensor *t)
{
    return t ? wk_tensor_data(t) : NULL;
}

wk_Tensor *wk_conv_output(const wk_ConvShape *s, wk_Tensor *input, wk_Tensor *weight, wk_Tensor *bias)
{
    bool lanes = in_lanes(s, input), last = lanes && !input->contiguous && wk_is_batch_last(input);
    wk_Tensor *x = last ? input : wk_contiguous(input), *w = wk_contiguous(weight),
              *b = bias ? wk_contiguous(bias) : NULL;
    if (!x || !w || (bias && !b))
        return NULL;
    int64_t shape[4] = {s->n, s->k, s->oh, s->ow};
    wk_Tensor *out = lanes ? wk_new_batch_last("conv2d", s->n, s->k, s->oh, s->ow)
                           : wk_tensor_new("conv2d", (wk_dtype)x->dtype, 4, shape);
    if (!out || !out->numel)
        return out;
    bool done = lanes ? wk_kernels->conv_lanes.forward(s, wk_tensor_data(x), last, wk_tensor_data(w),
                                                       data_or_null(b), wk_tensor_data(out))
                      : wk_kernels->conv2d[x->dtype](s, wk_tensor_data(x), wk_tensor_data(w), data_or_null(b),
                                                     wk_tensor_data(out));
    return done ? out : NULL;
}

wk_Tensor *wk_conv_grad_input(const wk_ConvShape *s, wk_Tensor *grad, wk_Tensor *weight)
{
    bool lanes = in_lanes(s, grad);
    wk_Tensor *g = lanes ? wk_made_batch_last(grad) : wk_contiguous(grad), *w = wk_contiguous(weight);
    if (!g || !w)
        return NULL;
    if (lanes) {
        wk_Tensor *out = wk_new_batch_last("conv2d", s->n, s->c, s->h, s->w);
        return out && wk_kernels->conv_lanes.grad_input(s, wk_tensor_data(g), wk_tensor_data(w),
                                                        wk_tensor_data(out))
                   ? out
                   : NULL;
    }
    wk_Tensor *out = wk_zeros_shape(4, (const int64_t[]){s->n, s->c, s->h, s->w}, (wk_dtype)g->dtype);
    if (!out || !g->numel || !out->numel)
        return out;
    return wk_kernels->conv2d_grad_input[g->dtype](s, wk_tensor_data(g), wk_tensor_data(w),
                                                   wk_tensor_data(out))
               ? out
               : NULL;
}

wk_Tensor *wk_conv_grad_bias(const wk_ConvShape *s, wk_Tensor *grad)
{
    wk_Tensor *g = wk_contiguous(grad), *out = g ? wk_zeros_shape(1, &s->k, (wk_dtype)g->dtype) : NULL;
    if (!out || !g->numel)
        return out;
    return wk_kernels->conv2d_grad_bias[g->dtype](s, wk_tensor_data(g), wk_tensor_data(out)) ? out : NULL;
}

static wk_Tensor *lanes_grad_weight(const wk_ConvShape *s, wk_Tensor *grad, wk_Tensor *input, wk_Tensor *out,
                                    wk_Tensor *bias)
{
    bool last = !input->contiguous && wk_is_batch_last(input);
    wk_Tensor *g = wk_made_batch_last(grad), *x = last ? input : wk_contiguous(input);
    if (!g || !x)
        return NULL;
    float *gb = bias ? wk_tensor_data(bias) : NULL;
    return wk_kernels->conv_lanes.grad_weight(s, wk_tensor_data(g), wk_tensor_data(x), last,
                                              wk_tensor_data(out), gb)
               ? out
               : NULL;
}

wk_Tensor *wk_conv_grad_weight(const wk_ConvShape *s, wk_Tensor *grad, wk_Tensor *input, wk_Tensor **bias)
{
    wk_Tensor *out =
        wk_zeros_shape(4, (const int64_t[]){s->k, s->c / s->groups, s->r, s->s}, (wk_dtype)grad->dtype);
    if (!out)
        return NULL;
    if (in_lanes(s, grad) && out->numel) {
        if (bias && !(*bias = wk_empty_shape(1, &s->k, (wk_dtype)grad->dtype)))
            return NULL;
        return lanes_grad_weight(s, grad, input, out, bias ? *bias : NULL);
    }
    if (bias && !(*bias = wk_conv_grad_bias(s, grad)))
        return NULL;
    wk_Tensor *g = wk_contiguous(grad), *x = wk_contiguous(input);
    if (!g || !x)
        return NULL;
    if (!g->numel || !out->numel)
        return out;
    return wk_kernels->conv2d_grad_weight[g->dtype](s, wk_tensor_data(g), wk_tensor_data(x),
                                                    wk_tensor_data(out))
               ? out
               : NULL;
}
