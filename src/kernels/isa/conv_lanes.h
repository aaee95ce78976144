/* Convolution without im2col, for float: what the forward and the gradients share.
 *
 * A network's first layers have too few channels to fill a vector, and copying windows out moves each input r * s times. Here a vector
 * holds LANES outputs at once, and a convolution is a dense loop of fused multiply-adds over a packed, zero-padded input. The lanes are
 *
 *   samples   (LANE_BATCH)  many samples: tensors lie as [c, h, w, n], the packed input as [c][h'][w'][lane]
 *   columns   (LANE_ROWS)   few samples: tensors lie as [n, c, h, w], the packed input as [c][h'][w' + LANES], read at every column
 *
 * Both are one loop with different steps between neighbours; a block is LANES samples or one sample. */
#ifndef WICK_KERNELS_CONV_LANES_H
#define WICK_KERNELS_CONV_LANES_H

#include <string.h>

#include "core/memory.h"
#include "core/threads.h"
#include "kernels/isa.h"

enum {
    LANES = WK_VECTOR_BYTES / 4,
    LANES_K = WK_VECTOR_BYTES == 64 ? 8 : 4, /* channels of a tile */
    LANES_BAND = 1 << 18,   /* bytes of packed input that a task works on, if that is more than a few rows */
    LANES_SERIAL = 1 << 19, /* multiplications below which threads do not pay */
    LANES_WEIGHTS = 1 << 16 /* largest weight: its gradient is kept LANES times over */
};

typedef float LaneVector __attribute__((vector_size(WK_VECTOR_BYTES)));
/* The same anywhere in memory. */
typedef float LaneLoose __attribute__((vector_size(WK_VECTOR_BYTES), aligned(4), may_alias));

static inline int64_t lanes_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline LaneVector lanes_all(float value)
{
    return value - (LaneVector){0};
}

static inline LaneVector lanes_load(const float *p)
{
    return *(const LaneLoose *)p;
}

/* A tensor of [n, c, h, w] elements, in memory so or with the batch last. */
typedef struct LaneImage {
    const float *data;
    bool batch_last;
    int64_t n, c, h, w;
} LaneImage;

/* How an image is packed: floats from a column, a row and a channel to the next. */
typedef struct LanePack {
    bool rows; /* LANE_ROWS */
    int64_t pad[2];
    int64_t column, line;
} LanePack;

/* The packing for windows of s columns and `ow` outputs a row. In rows, vectors reach past the last output. */
static inline LanePack lanes_packing(bool rows, int64_t w, const int64_t pad[2], int64_t s, int64_t ow)
{
    LanePack p = {.rows = rows, .pad = {pad[0], pad[1]}, .column = rows ? 1 : LANES};
    const int64_t width = w + 2 * pad[1], reach = (ow + LANES - 1) / LANES * LANES + s;
    p.line = rows ? (lanes_min(width, reach) == width ? reach : width) : width * LANES;
    return p;
}

static inline int64_t lanes_blocks_of(bool rows, int64_t n)
{
    return rows ? n : (n + LANES - 1) / LANES;
}

/* Rows [first, first + rows) of channel c of a block, counted in the padded image. */
static inline void lanes_pack_rows(const LaneImage *m, const LanePack *p, int64_t block, int64_t c,
                                   int64_t first, int64_t rows, float *out)
{
    const int64_t n0 = p->rows ? block : block * LANES, live = p->rows ? 1 : lanes_min(LANES, m->n - n0);
    const int64_t before = p->pad[1] * p->column, middle = m->w * p->column;
    for (int64_t y = first - p->pad[0]; y < first - p->pad[0] + rows; y++, out += p->line) {
        if (y < 0 || y >= m->h) {
            memset(out, 0, (size_t)p->line * sizeof *out);
            continue;
        }
        memset(out, 0, (size_t)before * sizeof *out);
        memset(out + before + middle, 0, (size_t)(p->line - before - middle) * sizeof *out);
        float *to = out + before;
        if (!p->rows && live < LANES)
            memset(to, 0, (size_t)middle * sizeof *to);
        if (m->batch_last) {
            const float *from = m->data + (c * m->h + y) * m->w * m->n + n0;
            for (int64_t x = 0; x < m->w && live == LANES; x++)
                memcpy(to + x * LANES, from + x * m->n, sizeof(LaneVector));
            for (int64_t x = 0; x < m->w && live < LANES; x++)
                memcpy(to + x * p->column, from + x * m->n, (size_t)live * sizeof *to);
            continue;
        }
        for (int64_t lane = 0; lane < live; lane++) {
            const float *from = m->data + (((n0 + lane) * m->c + c) * m->h + y) * m->w;
            for (int64_t x = 0; x < m->w; x++)
                to[x * p->column + lane] = from[x];
        }
    }
}

static inline void lanes_run(int64_t blocks, void (*block)(void *, int64_t), void *context, bool serial)
{
    if (!serial) {
        wk_parallel(blocks, block, context);
        return;
    }
    for (int64_t i = 0; i < blocks; i++)
        block(context, i);
}

bool WK_KERNEL(wk_lanes_grad_weight)(const wk_ConvShape *s, const float *g, const float *x, bool batch_last,
                                     float *gw, float *gb);
wk_LaneOrder WK_KERNEL(wk_lanes_order)(const wk_ConvShape *s);

#endif
