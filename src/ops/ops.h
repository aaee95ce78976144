/* What operations share: loops over elements, numbers as tensors, and the fused gradients that are operations themselves. */
#ifndef WICK_OPS_H
#define WICK_OPS_H

#include "autograd/node.h"
#include "kernels/kernels.h"
#include "wick/functional.h"

/* Runs a loop over all elements of `out`, the operands (at most 3) broadcast to its shape. The dtypes are the loop's business.
 * False with WK_ERROR_DOMAIN raised when the loop met a zero divisor, or WK_ERROR_MEMORY when there is none for the elements of an operand
 * in row-major order (core/order.h). */
bool wk_map(const char *op, wk_Loop loop, wk_Tensor *out, int count, wk_Tensor *const *operands);

/* The same with the numbers of the loop's row. `how` is the count of operands; WK_SLOW_LOOP is added for a loop that is slower than memory:
 * to store its results past the caches would only add to that. */
enum { WK_SLOW_LOOP = 8 };
bool wk_map_row(const char *op, wk_Loop loop, const double *numbers, wk_Tensor *out, int how,
                wk_Tensor *const *operands);

/* A new tensor of a shape that lies in memory as the first operand of that shape does, so that a chain of operations stays in one order. */
wk_Tensor *wk_result_like(const char *op, wk_dtype dtype, const wk_Shape *shape, int count,
                          wk_Tensor *const *in);

/* A clone that is contiguous whatever the input's strides. */
wk_Tensor *wk_contiguous_copy(wk_Tensor *input);

/* A tensor of no dimensions that stands for a number: it does not decide the dtype of a result beyond its category. */
wk_Tensor *wk_number_tensor(wk_Number number);

/* Whether an element of the dtype can hold the number; raises PyTorch's message if not. */
bool wk_number_fits(const char *op, wk_Number number, wk_dtype dtype);

/* The integers that a dtype holds; of floats, none. */
typedef struct wk_Integers {
    int64_t least, most;
} wk_Integers;
extern const wk_Integers wk_integers_of[WK_DTYPES];

/* Writes the number to every element; a new tensor of no dimensions and that dtype. Both check that it fits. NULL passes on. */
wk_Tensor *wk_filled(const char *op, wk_Tensor *tensor, wk_Number number);
wk_Tensor *wk_number_as(const char *op, wk_Number number, wk_dtype dtype);

/* How losses end: false with an error for what is no reduction; the elements reduced. */
bool wk_reduction_known(const char *op, wk_Reduction reduction);
wk_Tensor *wk_reduced(wk_Tensor *loss, wk_Reduction reduction);

/* mul and div as PyTorch's own functions have them: MulBackward1, DivBackward1. */
wk_Tensor *wk_mul_scalar(wk_Tensor *input, double number);
wk_Tensor *wk_div_scalar(wk_Tensor *input, double number);

/* Other sizes of a result that nobody else has: no view, as far as writes in place are concerned. A dimension of size 1 left out. */
wk_Tensor *wk_unsafe_view(wk_Tensor *fresh, int ndim, const int64_t *dims);
wk_Tensor *wk_unsafe_squeeze(wk_Tensor *fresh, int dim);

/* The tensor as a plain [outer, n, inner] around a dimension: contiguous, with the three sizes. */
typedef struct wk_Split {
    int64_t outer, n, inner;
} wk_Split;
wk_Split wk_split_at(const wk_Tensor *tensor, int dim);

/* Raises "OP: not implemented for 'Bool'" in PyTorch's words; with the name that PyTorch gives its kernel, the whole of its message,
 * OP: "KERNEL" not implemented for 'Bool'. Both return NULL. */
wk_Tensor *wk_raise_dtype(const char *op, int dtype);
wk_Tensor *wk_raise_kernel(const char *op, const char *kernel, int dtype);

#endif
