/* Tiles of Winograd's F(2x2, 3x3), which conv_winograd.c explains: where they lie, and their transforms. */
#ifndef WICK_KERNELS_CONV_WINOGRAD_TILE_H
#define WICK_KERNELS_CONV_WINOGRAD_TILE_H

#include "kernels/isa/conv_winograd.h"

/* Tiles of the outputs, and the blocks of samples of each. */
typedef struct WinoGrid {
    int64_t n, h, w, oh, ow; /* of samples, input and output */
    int64_t pad[2];
    int64_t down, across, vectors, columns;
} WinoGrid;

static inline WinoGrid wino_grid(int64_t n, int64_t h, int64_t w, int64_t oh, int64_t ow,
                                 const int64_t pad[2])
{
    WinoGrid grid = {.n = n, .h = h, .w = w, .oh = oh, .ow = ow, .pad = {pad[0], pad[1]}};
    grid.down = (oh + 1) / 2, grid.across = (ow + 1) / 2;
    grid.vectors = (n + LANES - 1) / LANES;
    grid.columns = grid.down * grid.across * grid.vectors;
    return grid;
}

/* The first sample of a vector; the last vector ends with the samples, and begins in the one before. */
static inline int64_t wino_sample(const WinoGrid *grid, int64_t vector)
{
    return lanes_min(vector * LANES, grid->n - LANES);
}

/* ---- the transforms ------------------------------------------------------------------------------------- */

typedef wk_vf WinoTile[4][4];

/* d = B' d B. */
static inline __attribute__((always_inline)) void wino_of_input(WinoTile d)
{
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
        const wk_vf a = d[0][j], b = d[1][j], c = d[2][j], e = d[3][j];
        d[0][j] = a - c, d[1][j] = b + c, d[2][j] = c - b, d[3][j] = b - e;
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        const wk_vf a = d[i][0], b = d[i][1], c = d[i][2], e = d[i][3];
        d[i][0] = a - c, d[i][1] = b + c, d[i][2] = c - b, d[i][3] = b - e;
    }
}

/* d = A y A', of a gradient of 2 x 2 outputs. */
static inline __attribute__((always_inline)) void wino_of_grad(wk_vf y[2][2], WinoTile d)
{
#pragma GCC unroll 2
    for (int j = 0; j < 2; j++) {
        const wk_vf a = y[0][j], b = y[1][j];
        d[0][j] = a, d[1][j] = a + b, d[2][j] = a - b, d[3][j] = -b;
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        const wk_vf a = d[i][0], b = d[i][1];
        d[i][1] = a + b, d[i][2] = a - b, d[i][3] = -b;
    }
}

/* The 2 x 2 outputs A' m A of a tile; element (i, j) of m lies (4 i + j) * step floats on. */
static inline __attribute__((always_inline)) void wino_of_product(const float *m, int64_t step, wk_vf y[2][2])
{
    wk_vf rows[2][4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
        const wk_vf a = wk_vf_load(m + j * step), b = wk_vf_load(m + (4 + j) * step),
                    c = wk_vf_load(m + (8 + j) * step), d = wk_vf_load(m + (12 + j) * step);
        rows[0][j] = a + b + c, rows[1][j] = b - c - d;
    }
#pragma GCC unroll 2
    for (int i = 0; i < 2; i++) {
        y[i][0] = rows[i][0] + rows[i][1] + rows[i][2];
        y[i][1] = rows[i][1] - rows[i][2] - rows[i][3];
    }
}

/* The input under a tile: where in a plane it begins, and which of its elements are not padding. */
typedef struct WinoUnder {
    int64_t at;
    uint32_t inside;
} WinoUnder;

/* The low bits of a side of four that begins at `at` that lie in [0, size). */
static inline uint32_t wino_within(int64_t at, int64_t size)
{
    const int64_t first = lanes_min(lanes_max(-at, 0), 4), end = lanes_min(lanes_max(size - at, first), 4);
    return (1u << end) - (1u << first);
}

static inline WinoUnder wino_under(const WinoGrid *g, int64_t y, int64_t x)
{
    y -= g->pad[0], x -= g->pad[1];
    const uint32_t rows = wino_within(y, g->h);
    return (WinoUnder){(y * g->w + x) * g->n, wino_within(x, g->w) * ((rows & 1) | (rows & 2) << 3 |
                                                                      (rows & 4) << 6 | (rows & 8) << 9)};
}

static inline void wino_load_input(const WinoGrid *g, const WinoUnder *under, const float *plane, WinoTile d)
{
    const float *from = plane + under->at;
    const int64_t line = g->w * g->n, n = g->n;
    if (under->inside == 0xffff) {
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++, from += line) {
            d[i][0] = wk_vf_load(from), d[i][1] = wk_vf_load(from + n);
            d[i][2] = wk_vf_load(from + 2 * n), d[i][3] = wk_vf_load(from + 3 * n);
        }
        return;
    }
#pragma GCC unroll 16
    for (int e = 0; e < 16; e++)
        d[e / 4][e % 4] = under->inside >> e & 1 ? wk_vf_load(from + e / 4 * line + e % 4 * n) : (wk_vf){0};
}

/* Stores element (i, j) (4 i + j) * step floats on. */
static inline void wino_store(WinoTile d, float *to, int64_t step)
{
#pragma GCC unroll 16
    for (int e = 0; e < 16; e++)
        wk_vf_store(to + e * step, d[e / 4][e % 4]);
}

static inline size_t wino_round(size_t bytes)
{
    return (bytes + 63) & ~(size_t)63;
}

/* The image with the batch last: itself, or a copy of *bytes. NULL: no memory. */
const float *WK_KERNEL(wk_winograd_batch_last)(const LaneImage *image, float **copy, size_t *bytes);

#endif
