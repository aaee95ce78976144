/* Convolutions of 3 x 3 and larger windows with fewer multiplications. */
#ifndef WICK_KERNELS_CONV_WINOGRAD_H
#define WICK_KERNELS_CONV_WINOGRAD_H

#include "kernels/isa/conv_lanes.h"

enum { WINO_WEIGHT_LEAST = 16 }; /* channels that pay for the transforms of the gradient of the weight */

/* Whether outputs of oh x ow fill tiles, and samples vectors. */
static inline bool wino_fits(const wk_ConvShape *s, int64_t oh, int64_t ow)
{
    const int64_t tiles = (oh + 1) / 2 * ((ow + 1) / 2);
    return s->groups == 1 && s->n >= LANES && s->n <= LANES_WHOLE && tiles * 4 * 3 <= oh * ow * 4;
}

static inline bool wino_weight_pays(const wk_ConvShape *s)
{
    return s->r == 3 && s->s == 3 && s->c >= WINO_WEIGHT_LEAST && s->k >= WINO_WEIGHT_LEAST &&
           wino_fits(s, s->oh, s->ow);
}

/* As the members of wk_ConvLanes, in the order wk_lanes_batch. They refuse what they are not made for or not worth, and what gave an
 * element that is not finite. */
wk_LaneAnswer WK_KERNEL(wk_winograd)(const wk_ConvShape *s, const float *x, bool batch_last, const float *w,
                                     const float *bias, float *y);
wk_LaneAnswer WK_KERNEL(wk_winograd_grad_input)(const wk_ConvShape *s, const float *g, const float *w,
                                                float *gx);
wk_LaneAnswer WK_KERNEL(wk_winograd_grad_weight)(const wk_ConvShape *s, const float *g, const float *x,
                                                 bool batch_last, float *gw, float *gb);
/* Multiply-adds of a vector of samples that the gradient of the input takes, by tiles or densely, in the order wk_lanes_batch. */
int64_t WK_KERNEL(wk_winograd_input_cost)(const wk_ConvShape *s);

#endif
