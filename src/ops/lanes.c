/* The batch innermost: looking, making, converting. */
#include "ops/lanes.h"

bool wk_is_batch_last(const wk_Tensor *t)
{
    int64_t step = t->shape[0];
    bool last = t->stride[0] == 1 || t->shape[0] == 1;
    for (int i = 3; i > 0 && last; i--) {
        last = t->stride[i] == step || t->shape[i] == 1;
        step *= t->shape[i];
    }
    return last;
}

wk_Tensor *wk_new_batch_last(const char *op, int64_t n, int64_t c, int64_t h, int64_t w)
{
    return wk_tensor_in_order(op, wk_float32, 4, (const int64_t[]){n, c, h, w}, (const int[]){1, 2, 3, 0});
}

wk_Tensor *wk_made_batch_last(wk_Tensor *t)
{
    if (wk_is_batch_last(t))
        return t;
    wk_Tensor *copy = wk_new_batch_last("contiguous", t->shape[0], t->shape[1], t->shape[2], t->shape[3]);
    return copy && wk_copy_(copy, t) ? copy : NULL;
}
