/* Tensors that lie with the batch innermost: [n, c, h, w] to the user, [c, h, w, n] in memory. Some float kernels keep samples in the
 * lanes of a vector, and a network of small convolutions stays in that order (conv_run.c). */
#ifndef WICK_OPS_LANES_H
#define WICK_OPS_LANES_H

#include "ops/ops.h"

/* Whether a 4-d tensor lies so. */
bool wk_is_batch_last(const wk_Tensor *tensor);
wk_Tensor *wk_new_batch_last(const char *op, int64_t n, int64_t c, int64_t h, int64_t w);
/* The tensor itself, or a float copy that lies so. */
wk_Tensor *wk_made_batch_last(wk_Tensor *tensor);

#endif
