/* What the normalisations share: their options, and their gradient in operations. */
#ifndef WICK_OPS_NORM_H
#define WICK_OPS_NORM_H

#include "ops/lanes.h"

/* One call: the input is a contiguous [n, groups, c/groups, inner], so that both gradients and statistics
 * are sums over dimensions. */
typedef struct wk_NormArgs {
    wk_NormShape shape;
    bool batch; /* statistics of a channel over n and inner; else of a group of channels */
    bool training, has_weight;
    wk_Shape weight;  /* of weight and bias */
    wk_Tensor *stats; /* of batch norm, for the forward alone; the node saves it */
} wk_NormArgs;

/* A tensor that batch norm takes as it lies: contiguous, with the channels last, or a kernel's block. Its memory is a contiguous
 * [n, c, inner] whatever the order, for the channels' stride is the number of elements inside of them. Copies all others. */
wk_Tensor *wk_batch_norm_input(wk_Tensor *x);
wk_NormShape wk_batch_norm_layout(const wk_Tensor *x, double eps);

/* The backward of all normalisations: by the fused kernel or, when the way back is recorded, in operations.
 * */
void wk_norm_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out);

/* False with an error unless the input is floating and the others, which may be NULL, are of its dtype. `kernel` is PyTorch's name of what
 * refuses other inputs. */
bool wk_norm_operands(const char *op, const char *kernel, const wk_Tensor *input, wk_Tensor *const *others,
                      int count);

static inline const void *wk_data_or_null(const wk_Tensor *t)
{
    return t ? wk_tensor_data(t) : NULL;
}

#endif
