/* Gradients behind max pooling that are not written yet. */
#include "ops/unpool.h"

#include "core/memory.h"

typedef struct Unpooled {
    wk_Pending pending;
    wk_PoolShape shape;
    int64_t n;
    wk_Tensor *grad, *which; /* shares */
    bool positive;
} Unpooled;

static wk_Winners winners_in(const Unpooled *u)
{
    return (wk_Winners){.shape = &u->shape,
                        .grad = wk_tensor_data(u->grad),
                        .which = wk_tensor_data(u->which),
                        .positive = u->positive};
}

static void unpooled_write(const wk_Pending *pending, wk_Tensor *tensor)
{
    const Unpooled *u = (const Unpooled *)pending;
    const wk_Winners winners = winners_in(u);
    wk_kernels->max_pool_winners_backward(&winners, u->n, wk_tensor_data(tensor));
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
                       wk_Tensor *which)
{
    Unpooled *u = wk_alloc(sizeof *u);
    if (!u)
        return NULL;
    *u = (Unpooled){.pending = {unpooled_write, unpooled_release},
                    .shape = *shape,
                    .n = n,
                    .grad = wk_tensor_retain(grad),
                    .which = wk_tensor_retain(which)};
    unwritten->pending = &u->pending;
    return unwritten;
}

bool wk_winners_of(const wk_Tensor *grad, wk_Winners *winners)
{
    const Unpooled *u = unpooled_of(grad);
    if (u)
        *winners = winners_in(u);
    return u != NULL;
}

bool wk_keep_positive_winners(wk_Tensor *grad)
{
    Unpooled *u = unpooled_of(grad);
    if (u)
        u->positive = true;
    return u != NULL;
}
