/* The gradients of a convolution from a gradient that is mostly zeros. */
#ifndef WICK_KERNELS_CONV_SPARSE_H
#define WICK_KERNELS_CONV_SPARSE_H

#include "kernels/isa/conv_lanes.h"

/* As wk_lanes_grad_weight; `g_last` and `x_last` say which of the two have the batch last. */
wk_LaneAnswer WK_KERNEL(wk_sparse_grad_weight)(const wk_ConvShape *s, const float *g, bool g_last,
                                               const float *x, bool x_last, float *gw, float *gb);

/* The same for a gradient that max pooling would spread. */
wk_LaneAnswer WK_KERNEL(wk_sparse_grad_winners)(const wk_ConvShape *s, const wk_Winners *winners, bool g_last,
                                                const float *x, bool x_last, float *gw, float *gb);

/* The gradient of the input, in the order in which winners lie. */
wk_LaneAnswer WK_KERNEL(wk_sparse_grad_input)(const wk_ConvShape *s, const wk_Winners *winners, bool last,
                                              const float *w, float *gx);

#endif
