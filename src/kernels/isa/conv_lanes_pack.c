/* Copies of images for conv_lanes.h: padded, and turned where the batch must lie last. */
#include "kernels/isa/conv_lanes.h"
#include "kernels/isa/turn.h"

enum { PACK_SAMPLES = 16 };

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
#if WK_VECTOR_BYTES >= 32
    for (; lane + 8 <= lanes; lane += 8, from += 8 * step) {
        int64_t x = 0;
        for (; x + 8 <= w; x += 8)
            wk_turn8(from + x, step, 8, to + x * column + lane, column);
        for (; x < w; x++)
            for (int64_t i = 0; i < 8; i++)
                to[x * column + lane + i] = from[i * step + x];
    }
#endif
    for (; lane + 4 <= lanes; lane += 4, from += 4 * step) {
        int64_t x = 0;
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

/* The w columns of row y that are no padding, of an image that needs no turning. */
static void pack_columns(const LaneImage *m, const LanePack *p, int64_t block, int64_t c, int64_t y,
                         float *to)
{
    const int64_t n0 = block * p->samples, live = lanes_min(p->samples, m->n - n0);
    const float *from = m->batch_last ? m->data + (c * m->h + y) * m->w * m->n + n0
                                      : m->data + ((n0 * m->c + c) * m->h + y) * m->w;
    if (!m->batch_last || live == m->n)
        memcpy(to, from, (size_t)(m->w * p->column) * sizeof *to);
    else
        for (int64_t x = 0; x < m->w; x++)
            memcpy(to + x * p->column, from + x * m->n, (size_t)live * sizeof *to);
}

/* Rows [y0, y1) of images that follow each other, turned: a cache line of samples at a time, so that few images are read at once. */
static void pack_images(const LaneImage *m, const LanePack *p, int64_t block, int64_t c, int64_t y0,
                        int64_t y1, float *to)
{
    const int64_t n0 = block * p->samples, live = lanes_min(p->samples, m->n - n0), step = m->c * m->h * m->w;
    for (int64_t n = 0; n < live; n += PACK_SAMPLES) {
        const float *from = m->data + ((n0 + n) * m->c + c) * m->h * m->w + y0 * m->w;
        float *row = to + n;
        for (int64_t y = y0; y < y1; y++, from += m->w, row += p->line)
            pack_turned(from, step, lanes_min(PACK_SAMPLES, live - n), m->w, row, p->column);
    }
}

void WK_KERNEL(wk_lanes_pack)(const LaneImage *m, const LanePack *p, int64_t block, int64_t c, int64_t first,
                              int64_t rows, float *out)
{
    const int64_t before = p->pad[1] * p->column, middle = m->w * p->column, begin = first - p->pad[0],
                  y0 = lanes_max(begin, 0), y1 = lanes_min(begin + rows, m->h);
    const bool part = m->n - block * p->samples < p->samples, turned = !m->batch_last && p->column > 1;
    float *to = out;
    for (int64_t y = begin; y < begin + rows; y++, to += p->line) {
        const bool inside = y >= 0 && y < m->h;
        if (!inside || part) /* the samples that a block lacks are zeros */
            memset(to, 0, (size_t)p->line * sizeof *to);
        if (!inside)
            continue;
        memset(to, 0, (size_t)before * sizeof *to);
        memset(to + before + middle, 0, (size_t)(p->line - before - middle) * sizeof *to);
        if (!turned)
            pack_columns(m, p, block, c, y, to + before);
    }
    if (turned && y0 < y1)
        pack_images(m, p, block, c, y0, y1, out + (y0 - begin) * p->line + before);
}
