/* Convolutions of few samples with output channels in the lanes. */
#ifndef WICK_KERNELS_CONV_CHANNELS_H
#define WICK_KERNELS_CONV_CHANNELS_H

#include "kernels/isa/conv_lanes.h"

/* As the member of wk_ConvLanes, in the order wk_lanes_rows. It refuses what neighbouring columns in the lanes are better for. */
wk_LaneAnswer WK_KERNEL(wk_channels)(const wk_ConvShape *s, const float *x, const float *w, const float *bias,
                                     float *y);

#endif
