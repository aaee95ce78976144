/* Copies of images for conv_lanes.h: padded, and turned where the batch must lie last. */
#include "kernels/isa/conv_lanes.h"

typedef float PackFour __attribute__((vector_size(16)));
typedef float PackLoose __attribute__((vector_size(16), aligned(4), may_alias));

LanePack WK_KERNEL(wk_lanes_packing)(const LaneImage *m, bool rows, const int64_t pad[2], int64_t s,
                                     int64_t ow, bool skips)
{
    const bool whole = m->n <= LANES_WHOLE;
    LanePack p = {.pad = {pad[0], pad[1]}, .samples = rows ? 1 : whole ? m->n : LANES_BLOCK};
    p.blocks = (m->n + p.samples - 1) / p.samples;
    p.column = p.samples;
    p.reach = ow * p.column;
    const bool padded = (pad[0] || pad[1]) && !(skips && !rows && m->n >= LANES);
    p.copy = padded || p.reach < LANES || (!rows && !(m->batch_last && whole));
    p.line = (m->w + (p.copy ? 2 * pad[1] : 0)) * p.column;
    if (p.reach < LANES) /* its only vector reaches past it */
        p.line = lanes_max(p.line, LANES + (s - 1) * p.column);
    return p;
}

/* Rows of w floats, `step` apart, to columns of `column` floats: to[x * column + lane] = from[lane * step +
 * x]. */
static void pack_turned(const float *from, int64_t step, int64_t lanes, int64_t w, float *to, int64_t column)
{
    int64_t lane = 0;
    for (; lane + 4 <= lanes; lane += 4, from += 4 * step) {
        int64_t x = 0;
        for (int64_t i = 0; i < 4;
             i++) /* the row that follows: images are too far apart for the machine to guess */
            for (int64_t j = w; j < 2 * w; j += 16)
                __builtin_prefetch(from + i * step + j);
        for (; x + 4 <= w; x += 4) {
            const PackFour a = *(const PackLoose *)(from + x), b = *(const PackLoose *)(from + step + x),
                           c = *(const PackLoose *)(from + 2 * step + x),
                           d = *(const PackLoose *)(from + 3 * step + x);
            const PackFour ab = __builtin_shufflevector(a, b, 0, 4, 1, 5),
                           cd = __builtin_shufflevector(c, d, 0, 4, 1, 5),
                           ba = __builtin_shufflevector(a, b, 2, 6, 3, 7),
                           dc = __builtin_shufflevector(c, d, 2, 6, 3, 7);
            float *at = to + x * column + lane;
            *(PackLoose *)at = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
            *(PackLoose *)(at + column) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
            *(PackLoose *)(at + 2 * column) = __builtin_shufflevector(ba, dc, 0, 1, 4, 5);
            *(PackLoose *)(at + 3 * column) = __builtin_shufflevector(ba, dc, 2, 3, 6, 7);
        }
        for (; x < w; x++)
            for (int64_t i = 0; i < 4; i++)
                to[x * column + lane + i] = from[i * step + x];
    }
    for (; lane < lanes; lane++, from += step)
        for (int64_t x = 0; x < w; x++)
            to[x * column + lane] = from[x];
}

/* The w columns of a row that are no padding. */
static void pack_columns(const LaneImage *m, const LanePack *p, int64_t block, int64_t c, int64_t y,
                         float *to)
{
    const int64_t n0 = block * p->samples, live = lanes_min(p->samples, m->n - n0);
    if (m->batch_last) {
        const float *from = m->data + (c * m->h + y) * m->w * m->n + n0;
        if (live == m->n)
            memcpy(to, from, (size_t)(m->w * m->n) * sizeof *to);
        else
            for (int64_t x = 0; x < m->w; x++)
                memcpy(to + x * p->column, from + x * m->n, (size_t)live * sizeof *to);
        return;
    }
    const float *from = m->data + ((n0 * m->c + c) * m->h + y) * m->w;
    if (p->column == 1)
        memcpy(to, from, (size_t)m->w * sizeof *to);
    else
        pack_turned(from, m->c * m->h * m->w, live, m->w, to, p->column);
}

void WK_KERNEL(wk_lanes_pack)(const LaneImage *m, const LanePack *p, int64_t block, int64_t c, int64_t first,
                              int64_t rows, float *out)
{
    const int64_t before = p->pad[1] * p->column, middle = m->w * p->column;
    const bool part = m->n - block * p->samples < p->samples;
    for (int64_t y = first - p->pad[0]; y < first - p->pad[0] + rows; y++, out += p->line) {
        if (y < 0 || y >= m->h || part) /* the samples that a block lacks are zeros */
            memset(out, 0, (size_t)p->line * sizeof *out);
        if (y < 0 || y >= m->h)
            continue;
        memset(out, 0, (size_t)before * sizeof *out);
        pack_columns(m, p, block, c, y, out + before);
        memset(out + before + middle, 0, (size_t)(p->line - before - middle) * sizeof *out);
    }
}
