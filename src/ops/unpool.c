/* Gradients behind max pooling that are not written yet. */
#include "ops/unpool.h"

#include "core/memory.h"
#include "ops/lanes.h"

typedef struct Unpooled {
    wk_Pending pending;
    wk_PoolShape shape;
    int64_t n;
    wk_Tensor *grad, *which; /* shares */
    wk_Winners winners;      /* in their memory */
    bool batch_last;
} Unpooled;

static void unpooled_write(const wk_Pending *pending, wk_Tensor *tensor)
{
    const Unpooled *u = (const Unpooled *)pending;
    wk_kernels->max_pool_winners_backward(&u->winners, u->n, wk_data_in_order(tensor, u->batch_last));
}

static void unpooled_release(wk_Pending *pending)
{
    Unpooled *u = (Unpooled *)pending;
    wk_tensor_release(u->grad);
    wk_tensor_release(u->which);
    wk_release(u, sizeof *u);
}

static Unpooled *unpooled_of(const wk_Tensor *grad)
{
    return grad->pending && grad->pending->write == unpooled_write ? (Unpooled *)grad->pending : NULL;
}

wk_Tensor *wk_unpooled(wk_Tensor *unwritten, const wk_PoolShape *shape, int64_t n, wk_Tensor *grad,
                       wk_Tensor *which, bool batch_last)
{
    Unpooled *u = wk_alloc(sizeof *u);
    if (!u)
        return NULL;
    *u = (Unpooled){.pending = {unpooled_write, unpooled_release},
                    .shape = *shape,
                    .n = n,
                    .grad = wk_tensor_retain(grad),
                    .which = wk_tensor_retain(which),
                    .winners = {&u->shape, wk_data_in_order(grad, batch_last),
                                wk_data_in_order(which, batch_last), false},
                    .batch_last = batch_last};
    unwritten->pending = &u->pending;
    return unwritten;
}

bool wk_winners_of(const wk_Tensor *grad, wk_Winners *winners)
{
    const Unpooled *u = unpooled_of(grad);
    if (u)
        *winners = u->winners;
    return u != NULL;
}

bool wk_keep_positive_winners(wk_Tensor *grad)
{
    Unpooled *u = unpooled_of(grad);
    if (u)
        u->winners.positive = true;
    return u != NULL;
}
