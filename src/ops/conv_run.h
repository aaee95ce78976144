/* Convolutions computed: which kernel, and in which order the result lies in memory. No gradients are recorded here. */
#ifndef WICK_OPS_CONV_RUN_H
#define WICK_OPS_CONV_RUN_H

#include "ops/ops.h"

/* bias may be NULL. */
wk_Tensor *wk_conv_output(const wk_ConvShape *s, wk_Tensor *input, wk_Tensor *weight, wk_Tensor *bias);
wk_Tensor *wk_conv_grad_input(const wk_ConvShape *s, wk_Tensor *grad, wk_Tensor *weight);
/* With the gradient of the bias in *bias when that is asked for (not NULL). */
wk_Tensor *wk_conv_grad_weight(const wk_ConvShape *s, wk_Tensor *grad, wk_Tensor *input, wk_Tensor **bias);
wk_Tensor *wk_conv_grad_bias(const wk_ConvShape *s, wk_Tensor *grad);

#endif
