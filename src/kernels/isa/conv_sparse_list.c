/* Gradients as lists: where they come from, and how they are cut (conv_sparse_list.h). */
#include "kernels/isa/conv_sparse_list.h"

#if WK_VECTOR_BYTES >= 32

static SparseSource sparse_source(const wk_ConvShape *s, bool last, int64_t gh, int64_t gw, int64_t lanes)
{
    SparseSource f = {.s = s, .last = last, .gh = gh, .gw = gw, .step_y = 1, .step_x = 1, .lanes = lanes};
    f.pixel = s->c == 1 ? 1 : s->c <= 4 ? 4 : (s->c + 7) & ~(int64_t)7;
    f.line = (s->w + 2 * s->padding[1]) * f.pixel;
    /* Room for the last vector, and an odd number of cache lines: images must not fall on each other. */
    f.size = (((s->h + 2 * s->padding[0]) * f.line + SPARSE_VECTOR + 15) & ~(int64_t)15) | 16;
    f.vectors = (s->s * f.pixel + SPARSE_VECTOR - 1) / SPARSE_VECTOR;
    f.blocks = last ? (s->n + lanes - 1) / lanes : s->n;
    f.step = last ? s->n : LANES;
    f.columns = last ? lanes_min(gw, SPARSE_LIST / LANES) : gw;
    f.rows = last ? 1 : lanes_min(lanes_max(SPARSE_LIST / 2 / gw, 1), gh);
    f.count = last ? f.columns : (f.rows * f.columns + LANES - 1) / LANES;
    return f;
}

SparseSource WK_KERNEL(wk_sparse_source)(const wk_ConvShape *s, const float *g, bool last, int64_t lanes)
{
    SparseSource f = sparse_source(s, last, s->oh, s->ow, lanes);
    f.g = g;
    return f;
}

SparseSource WK_KERNEL(wk_sparse_winners)(const wk_ConvShape *s, const wk_Winners *winners, bool last,
                                          int64_t lanes)
{
    const wk_PoolShape *pool = winners->shape;
    SparseSource f = sparse_source(s, last, pool->oh, pool->ow, lanes);
    f.g = winners->grad;
    f.which = winners->which;
    f.window = pool->kernel[0] * pool->kernel[1];
    f.step_y = pool->oh > 1 ? pool->stride[0] : 1, f.step_x = pool->ow > 1 ? pool->stride[1] : 1;
    f.corner = -pool->padding[0] * f.line - pool->padding[1] * f.pixel;
    for (int64_t i = 0; i < LANES; i++) {
        const int64_t y = i / pool->kernel[1] * pool->dilation[0],
                      x = i % pool->kernel[1] * pool->dilation[1];
        const bool wins =
            y < pool->h + pool->padding[0] && x < pool->w + pool->padding[1]; /* in any window */
        f.table[i] = wins ? (int32_t)(y * f.line + x * f.pixel) : 0;
        f.low[i] = WK_WINNER_FAR | (winners->positive ? WK_WINNER_LOW : 0);
    }
    return f;
}

void WK_KERNEL(wk_sparse_places)(const SparseSource *f, wk_vi *places)
{
    int32_t *place = (int32_t *)(void *)places;
    if (f->last)
        for (int64_t i = 0; i < f->count; i++)
            for (int64_t lane = 0; lane < LANES; lane++)
                *place++ = (int32_t)(lane * f->size + i * f->step_x * f->pixel);
    else
        for (int64_t y = 0, left = f->count * LANES; left > 0; y++)
            for (int64_t x = 0; x < f->columns && left > 0; x++, left--)
                *place++ = (int32_t)(y * f->step_y * f->line + x * f->step_x * f->pixel);
}

#endif
