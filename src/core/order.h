/* The order in which the elements of a storage lie.
 *
 * Offsets and strides of tensors count elements of a row-major storage, as PyTorch's do, whatever a kernel did. A storage
 * that a kernel wrote with the batch innermost ("batch last") has `batch` samples: element i of sample n lies at
 * i * batch + n of its block. It has no row-major memory until somebody needs that: an operation that does not know the
 * order, a view that the block has no strides for, or a caller's pointer. The block stays as it is until the storage goes,
 * so other threads may go on reading it. Row-major memory, once made, is current; the block is until somebody writes. */
#ifndef WICK_CORE_ORDER_H
#define WICK_CORE_ORDER_H

#include "core/tensor.h"

/* Where elements lie, for what takes any strides. In elements. */
typedef struct wk_Memory {
    char *data;
    int64_t stride[WK_MAX_DIMS];
} wk_Memory;

/* Whether a tensor has row-major memory already. */
static inline bool wk_has_rows(const wk_Tensor *tensor)
{
    return atomic_load_explicit(&tensor->storage->data, memory_order_acquire) != NULL;
}

/* Makes row-major memory if there is none: wk_tensor_data may be read after it, or read and written. False with an error
 * when memory is short; nothing has changed then. */
bool wk_rows_to_read(const wk_Tensor *tensor);
bool wk_rows_to_write(const wk_Tensor *tensor);

/* The elements of a tensor in whichever order is current and at hand. Row-major memory is made where the block has no
 * strides for the tensor: false with an error when memory is short. */
bool wk_memory_to_read(const wk_Tensor *tensor, wk_Memory *memory);
bool wk_memory_to_write(wk_Tensor *tensor, wk_Memory *memory);

/* One element, by its place in row-major order from the storage's start. */
const void *wk_element_at(const wk_Tensor *tensor, int64_t place);

/* ---- for kernels that take the batch last ------------------------------------------------------------- */

/* A new tensor that a kernel will write with the first dimension innermost. Plain where that is the same order. */
wk_Tensor *wk_tensor_new_batch_last(const char *op, wk_dtype dtype, int ndim, const int64_t *dims);

/* Where the elements lie in the block, whether it is current or not. False for storages without one, and for tensors that
 * the block has no strides for. */
bool wk_block_of(const wk_Tensor *tensor, wk_Memory *memory);

/* Whether a tensor shows all of a block, each element once. */
bool wk_is_whole_block(const wk_Tensor *tensor);

/* The tensor itself or, where its block is not current, one of the same geometry over a new block. So a kernel sums in the
 * same order, and to the same bits, whether row-major memory was made before or not. NULL with an error. */
wk_Tensor *wk_with_current_block(wk_Tensor *tensor);

#endif
