/* Convolutions of 3 x 3 with fewer multiplications. */
#ifndef WICK_KERNELS_CONV_WINOGRAD_H
#define WICK_KERNELS_CONV_WINOGRAD_H

#include "kernels/isa/conv_lanes.h"

/* As the members of wk_ConvLanes, in the order wk_lanes_batch. They refuse what they are not made for or not worth, and what gave an
 * element that is not finite. */
LaneAnswer WK_KERNEL(wk_winograd)(const wk_ConvShape *s, const float *x, bool batch_last, const float *w,
                                  const float *bias, float *y);
LaneAnswer WK_KERNEL(wk_winograd_grad_input)(const wk_ConvShape *s, const float *g, const float *w,
                                             float *gx);
LaneAnswer WK_KERNEL(wk_winograd_grad_weight)(const wk_ConvShape *s, const float *g, const float *x,
                                              bool batch_last, float *gw, float *gb);

#endif
