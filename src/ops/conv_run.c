/* The choice of a convolution's kernel.
 *
 * Float convolutions of few channels over many samples run with the batch in the vector lanes, and leave
 * their result in that order: [c, h, w, n] in memory, an ordinary [n, c, h, w] tensor to the user.
 * Elementwise operations and pooling keep the order, so a network stays in it from its first convolution to
 * the view before its first linear layer. Windows of one element keep that order: to them it is a single
 * image of n times the columns. All else is contiguous.
 *
 * All these are dense: they take padding for zeros. What is mostly padding, and what would multiply padding with infinity or NaN, is
 * computed tap by tap, without it. */
#include "ops/conv_run.h"

#include <math.h>

#include "ops/lanes.h"
#include "ops/unpool.h"

static wk_LaneOrder lane_order(const wk_ConvShape *s, const wk_Tensor *t)
{
    return t->dtype == wk_float32 && t->numel ? wk_kernels->conv_lanes.order(s) : wk_lanes_none;
}

static wk_Tensor *new_image(bool last, wk_dtype dtype, int64_t n, int64_t c, int64_t h, int64_t w)
{
    return wk_new_in_order("conv2d", dtype, 4, (const int64_t[]){n, c, h, w}, last);
}

/* Whether a gradient is not written yet and lies as the lanes take it. */
static bool winners_in_order(wk_LaneOrder order, const wk_Tensor *grad, wk_Winners *winners)
{
    return order && (order == wk_lanes_batch) == wk_lies_batch_last(grad) && wk_winners_of(grad, winners);
}

/* An input of the lanes may lie with the batch last or be contiguous. */
static bool taken_batch_last(wk_LaneOrder order, const wk_Tensor *t)
{
    return order == wk_lanes_batch && wk_lies_batch_last(t);
}

/* Whether it is a convolution of single elements and the tensor has the batch last: then it is one of a
 * single image. */
static bool as_one_image(const wk_ConvShape *s, const wk_Tensor *t, wk_ConvShape *one)
{
    if (s->r != 1 || s->s != 1 || s->stride[0] != 1 || s->stride[1] != 1 || s->padding[0] || s->padding[1] ||
        t->dtype != wk_float32 || !wk_lies_batch_last(t))
        return false;
    *one = *s;
    one->n = 1;
    one->w = one->ow = s->w * s->n;
    return true;
}

static const void *data_or_null(const wk_Tensor *t)
{
    return t ? wk_tensor_data(t) : NULL;
}

/* ---- without the padding ------------------------------------------------------------------------------ */

enum {
    PADDING_MOST = 64
}; /* elements of windows for each that meets the input: dense ways are so much faster at least */

/* Pairs of an output and a window's element that meet the input along one direction, at most. */
static double pairs_that_meet(const wk_ConvShape *s, int dim)
{
    const double size = (double)(dim ? s->w : s->h), out = (double)(dim ? s->ow : s->oh),
                 kernel = (double)(dim ? s->s : s->r), of_output = ceil(size / (double)s->dilation[dim]),
                 of_tap = ceil(size / (double)s->stride[dim]);
    return fmin(out * fmin(kernel, of_output), kernel * fmin(out, of_tap));
}

static bool padded(const wk_ConvShape *s)
{
    return s->padding[0] > 0 || s->padding[1] > 0;
}

static bool mostly_padding(const wk_ConvShape *s)
{
    if (s->padding[0] <= 3 && s->padding[1] <= 3) /* at most 7 x 7 elements for one that meets */
        return false;
    return pairs_that_meet(s, 0) * pairs_that_meet(s, 1) * (double)PADDING_MOST <
           (double)s->oh * (double)s->r * ((double)s->ow * (double)s->s);
}

/* Of a result in which padding was multiplied with elements of a factor: whether it has made NaN of one. Looks at the result alone if that
 * is smaller and finite. */
static bool padding_spoils(const wk_Tensor *result, const void *numbers, const wk_Tensor *factor)
{
    bool (*all_finite)(int64_t, const void *) = wk_kernels->all_finite[result->dtype];
    return !(result->numel < factor->numel && all_finite(result->numel, numbers)) &&
           !all_finite(factor->numel, wk_tensor_data(factor));
}

static wk_Tensor *output_by_taps(const wk_ConvShape *s, wk_Tensor *input, wk_Tensor *weight, wk_Tensor *bias)
{
    wk_Tensor *x = wk_contiguous(input), *w = wk_contiguous(weight), *b = bias ? wk_contiguous(bias) : NULL;
    wk_Tensor *out =
        x && w && (b || !bias) ? new_image(false, (wk_dtype)x->dtype, s->n, s->k, s->oh, s->ow) : NULL;
    if (out && out->numel)
        wk_kernels->conv_taps[x->dtype](s, wk_tensor_data(x), wk_tensor_data(w), data_or_null(b),
                                        wk_tensor_data(out));
    return out;
}

static wk_Tensor *grad_input_by_taps(const wk_ConvShape *s, wk_Tensor *grad, wk_Tensor *weight)
{
    wk_settle(grad);
    wk_Tensor *g = wk_contiguous(grad), *w = wk_contiguous(weight);
    wk_Tensor *out = g && w ? new_image(false, (wk_dtype)g->dtype, s->n, s->c, s->h, s->w) : NULL;
    if (out && out->numel)
        wk_kernels->conv_taps_grad_input[g->dtype](s, wk_tensor_data(g), wk_tensor_data(w),
                                                   wk_tensor_data(out));
    return out;
}

static wk_Tensor *grad_weight_by_taps(const wk_ConvShape *s, wk_Tensor *grad, wk_Tensor *input)
{
    wk_settle(grad);
    wk_Tensor *g = wk_contiguous(grad), *x = wk_contiguous(input);
    wk_Tensor *out = g && x ? new_image(false, (wk_dtype)g->dtype, s->k, s->c / s->groups, s->r, s->s) : NULL;
    if (out && out->numel)
        wk_kernels->conv_taps_grad_weight[g->dtype](s, wk_tensor_data(g), wk_tensor_data(x),
                                                    wk_tensor_data(out));
    return out;
}

/* ---- densely ------------------------------------------------------------------------------------------ */

wk_Tensor *wk_conv_output(const wk_ConvShape *s, wk_Tensor *input, wk_Tensor *weight, wk_Tensor *bias)
{
    if (mostly_padding(s) || !wk_kernels->conv2d[input->dtype])
        return output_by_taps(s, input, weight, bias);
    wk_ConvShape image;
    const bool one = as_one_image(s, input, &image);
    const wk_LaneOrder lanes = lane_order(s, input);
    const bool last = one || taken_batch_last(lanes, input);
    wk_Tensor *x = wk_made_in_order(input, last), *w = wk_contiguous(weight),
              *b = bias ? wk_contiguous(bias) : NULL;
    if (!x || !w || (bias && !b))
        return NULL;
    const bool out_last = one || lanes == wk_lanes_batch;
    wk_Tensor *out = new_image(out_last, (wk_dtype)x->dtype, s->n, s->k, s->oh, s->ow);
    if (!out || !out->numel)
        return out;
    const void *from = wk_data_in_order(x, last);
    void *to = wk_data_in_order(out, out_last);
    bool done =
        lanes ? wk_kernels->conv_lanes.forward(s, from, last, wk_tensor_data(w), data_or_null(b), to)
              : wk_kernels->conv2d[x->dtype](one ? &image : s, from, wk_tensor_data(w), data_or_null(b), to);
    if (done && padded(s) && padding_spoils(out, to, w))
        return output_by_taps(s, input, w, b);
    return done ? out : NULL;
}

wk_Tensor *wk_conv_grad_input(const wk_ConvShape *s, wk_Tensor *grad, wk_Tensor *weight)
{
    if (mostly_padding(s))
        return grad_input_by_taps(s, grad, weight);
    wk_ConvShape image;
    const bool one = as_one_image(s, grad, &image);
    const wk_LaneOrder lanes = lane_order(s, grad);
    const bool last = one || lanes == wk_lanes_batch;
    wk_Tensor *w = wk_contiguous(weight);
    wk_Winners winners;
    if (w && winners_in_order(lanes, grad, &winners)) {
        wk_Tensor *out = new_image(last, wk_float32, s->n, s->c, s->h, s->w);
        const wk_LaneAnswer answer = out ? wk_kernels->conv_lanes.winners_input(
                                               s, &winners, wk_tensor_data(w), wk_data_in_order(out, last))
                                         : wk_lanes_failed;
        if (answer != wk_lanes_refused)
            return answer == wk_lanes_done ? out : NULL;
    }
    wk_settle(grad);
    wk_Tensor *g = wk_made_in_order(grad, last);
    if (!g || !w)
        return NULL;
    if (!lanes && !g->numel)
        return wk_zeros_shape(4, (const int64_t[]){s->n, s->c, s->h, s->w}, (wk_dtype)g->dtype);
    wk_Tensor *out = new_image(last, (wk_dtype)g->dtype, s->n, s->c, s->h, s->w);
    if (!out || !out->numel)
        return out;
    const void *from = wk_data_in_order(g, last);
    void *to = wk_data_in_order(out, last);
    bool done = lanes
                    ? wk_kernels->conv_lanes.grad_input(s, from, wk_tensor_data(w), to)
                    : wk_kernels->conv2d_grad_input[g->dtype](one ? &image : s, from, wk_tensor_data(w), to);
    if (done && lanes && padding_spoils(out, to, w)) /* they pad the gradient, whatever the input's padding */
        return grad_input_by_taps(s, g, w);
    return done ? out : NULL;
}

/* Of a gradient that lies as shape says: with the batch last, as a single image. */
static wk_Tensor *grad_bias_of(const wk_ConvShape *s, wk_Tensor *g, bool last)
{
    wk_Tensor *out = g ? wk_zeros_shape(1, &s->k, (wk_dtype)g->dtype) : NULL;
    if (!out || !g->numel)
        return out;
    return wk_kernels->conv2d_grad_bias[g->dtype](s, wk_data_in_order(g, last), wk_tensor_data(out)) ? out
                                                                                                     : NULL;
}

wk_Tensor *wk_conv_grad_bias(const wk_ConvShape *s, wk_Tensor *grad)
{
    return grad_bias_of(s, wk_contiguous(grad), false);
}

static wk_Tensor *lanes_grad_weight(const wk_ConvShape *s, wk_LaneOrder order, wk_Tensor *grad,
                                    wk_Tensor *input, wk_Tensor *out, wk_Tensor *bias)
{
    const bool last = taken_batch_last(order, input);
    wk_Tensor *x = wk_made_in_order(input, last);
    if (!x)
        return NULL;
    const float *from = wk_data_in_order(x, last);
    float *to = wk_tensor_data(out), *gb = bias ? wk_tensor_data(bias) : NULL;
    wk_Winners winners;
    if (winners_in_order(order, grad, &winners)) {
        const wk_LaneAnswer answer = wk_kernels->conv_lanes.winners_weight(s, &winners, from, last, to, gb);
        if (answer != wk_lanes_refused)
            return answer == wk_lanes_done ? out : NULL;
    }
    wk_settle(grad);
    const bool grad_last = order == wk_lanes_batch;
    wk_Tensor *g = wk_made_in_order(grad, grad_last);
    if (!g)
        return NULL;
    return wk_kernels->conv_lanes.grad_weight(s, wk_data_in_order(g, grad_last), from, last, to, gb) ? out
                                                                                                     : NULL;
}

static wk_Tensor *dense_grad_weight(const wk_ConvShape *s, wk_Tensor *grad, wk_Tensor *input,
                                    wk_Tensor **bias)
{
    wk_Tensor *out =
        wk_zeros_shape(4, (const int64_t[]){s->k, s->c / s->groups, s->r, s->s}, (wk_dtype)grad->dtype);
    if (!out)
        return NULL;
    wk_LaneOrder lanes = lane_order(s, grad);
    if (lanes && out->numel) {
        if (bias && !(*bias = wk_empty_shape(1, &s->k, (wk_dtype)grad->dtype)))
            return NULL;
        return lanes_grad_weight(s, lanes, grad, input, out, bias ? *bias : NULL);
    }
    wk_settle(grad);
    wk_ConvShape image;
    const bool one = as_one_image(s, input, &image);
    wk_Tensor *g = wk_made_in_order(grad, one), *x = wk_made_in_order(input, one);
    if (!g || !x || (bias && !(*bias = grad_bias_of(one ? &image : s, g, one))))
        return NULL;
    if (!g->numel || !out->numel)
        return out;
    return wk_kernels->conv2d_grad_weight[g->dtype](one ? &image : s, wk_data_in_order(g, one),
                                                    wk_data_in_order(x, one), wk_tensor_data(out))
               ? out
               : NULL;
}

wk_Tensor *wk_conv_grad_weight(const wk_ConvShape *s, wk_Tensor *grad, wk_Tensor *input, wk_Tensor **bias)
{
    if (mostly_padding(s)) {
        wk_settle(grad);
        return bias && !(*bias = wk_conv_grad_bias(s, grad)) ? NULL : grad_weight_by_taps(s, grad, input);
    }
    wk_Tensor *out = dense_grad_weight(s, grad, input, bias);
    /* The gradient would be the factor: it is many times as large, and may not be written. */
    const bool spoilt =
        out && padded(s) && !wk_kernels->all_finite[out->dtype](out->numel, wk_tensor_data(out));
    return spoilt ? grad_weight_by_taps(s, grad, input) : out;
}
