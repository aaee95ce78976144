/* Gradients behind max pooling that are not written yet.
 *
 * Pooling's gradient is one number a window and the byte that names its winner; spread over the input it is mostly zeros. The operation
 * before it often is a ReLU, which looks at the winners alone, and before that a convolution, the gradient of whose weight needs no more
 * than a list of what is not zero. So the gradient stays as it is until somebody needs it spread (wk_settle). */
#ifndef WICK_OPS_UNPOOL_H
#define WICK_OPS_UNPOOL_H

#include "ops/ops.h"

/* Makes a new tensor that lies as pooling's input does a gradient of `grad` (as the output lies) at the winners `which`: n samples innermost
 * with the batch last, or 1. NULL: no memory. */
wk_Tensor *wk_unpooled(wk_Tensor *unwritten, const wk_PoolShape *shape, int64_t n, wk_Tensor *grad,
                       wk_Tensor *which, bool batch_last);

/* Whether a gradient is such, and what it is; valid until it is settled. */
bool wk_winners_of(const wk_Tensor *grad, wk_Winners *winners);

/* Makes only winners above zero count, as a ReLU before the pooling does. False if the gradient is no such. */
bool wk_keep_positive_winners(wk_Tensor *grad);

#endif
