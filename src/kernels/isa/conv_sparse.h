/* The gradient of a convolution's weight from a gradient that is mostly zeros. */
#ifndef WICK_KERNELS_CONV_SPARSE_H
#define WICK_KERNELS_CONV_SPARSE_H

#include "kernels/isa/conv_lanes.h"

/* As wk_lanes_grad_weight; `g_last` and `x_last` say which of the two have the batch last. */
LaneAnswer WK_KERNEL(wk_sparse_grad_weight)(const wk_ConvShape *s, const float *g, bool g_last,
                                            const float *x, bool x_last, float *gw, float *gb);

#endif
