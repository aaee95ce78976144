/* The batch innermost: looking, making, converting. */
#include "ops/lanes.h"

static bool steps_batch_last(const wk_Tensor *t, const int64_t *stride)
{
    int64_t step = t->shape[0];
    bool last = stride[0] == 1 || t->shape[0] == 1;
    for (int i = t->ndim - 1; i > 0 && last; i--) {
        last = stride[i] == step || t->shape[i] == 1;
        step *= t->shape[i];
    }
    return last;
}

bool wk_lies_batch_last(const wk_Tensor *t)
{
    wk_Memory block;
    if (t->storage->batch)
        return wk_block_of(t, &block) && steps_batch_last(t, block.stride);
    return !t->contiguous && steps_batch_last(t, t->stride);
}

wk_Tensor *wk_new_in_order(const char *op, wk_dtype dtype, int ndim, const int64_t *dims, bool batch_last)
{
    return (batch_last ? wk_tensor_new_batch_last : wk_tensor_new)(op, dtype, ndim, dims);
}

wk_Tensor *wk_made_in_order(wk_Tensor *t, bool batch_last)
{
    if (!batch_last)
        return wk_contiguous(t);
    if (wk_lies_batch_last(t))
        return wk_with_current_block(t);
    wk_Tensor *copy = wk_tensor_new_batch_last("contiguous", (wk_dtype)t->dtype, t->ndim, t->shape);
    return copy && wk_copy_(copy, t) ? copy : NULL;
}

void *wk_data_in_order(const wk_Tensor *t, bool batch_last)
{
    wk_Memory block;
    return batch_last && wk_block_of(t, &block) ? block.data : wk_tensor_data(t);
}
