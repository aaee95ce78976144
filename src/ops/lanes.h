/* Tensors that lie with the batch innermost: [c, h, w, n] in memory. Some float kernels keep samples in the lanes of a vector, and a
 * network of small convolutions stays in that order (conv_run.c). */
#ifndef WICK_OPS_LANES_H
#define WICK_OPS_LANES_H

#include "core/order.h"
#include "ops/ops.h"

/* Whether a tensor [n, ...] lies so: in a kernel's block, or by strides that a caller has made. It goes on doing so when row-major
 * memory is made. */
bool wk_lies_batch_last(const wk_Tensor *tensor);
/* The tensor itself if its memory is there with the batch last (or, if not asked for that, contiguous), or a copy that lies so. */
wk_Tensor *wk_made_in_order(wk_Tensor *tensor, bool batch_last);
/* A new tensor that will be written in such an order. */
wk_Tensor *wk_new_in_order(const char *op, wk_dtype dtype, int ndim, const int64_t *dims, bool batch_last);
/* The elements of a tensor that one of the two returned, for the same order. */
void *wk_data_in_order(const wk_Tensor *tensor, bool batch_last);

#endif
