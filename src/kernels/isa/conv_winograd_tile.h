/* Tiles of Winograd's F(2x2, 3x3), which conv_winograd.c explains: where they lie, and their transforms. */
#ifndef WICK_KERNELS_CONV_WINOGRAD_TILE_H
#define WICK_KERNELS_CONV_WINOGRAD_TILE_H

#include "kernels/isa/conv_winograd.h"

enum {
    WINO_CACHE = 768 << 10, /* bytes that a block's inputs and products should take */
    WINO_FEW = 6,           /* columns of a block, at least */
    WINO_MANY = 12,         /* and at most */
    WINO_SHARE = 8,         /* channels that a task transforms */
};

/* Tiles of the outputs, and the blocks of samples of each. */
typedef struct WinoGrid {
    int64_t n, h, w, oh, ow; /* of samples, input and output */
    int64_t pad[2];
    int64_t across, vectors, columns;
} WinoGrid;

/* A tile's vector of samples: its first output, its first sample; `fresh` samples at its end are no other's. */
typedef struct WinoColumn {
    int64_t y, x, sample, fresh;
} WinoColumn;

static inline WinoGrid wino_grid(int64_t n, int64_t h, int64_t w, int64_t oh, int64_t ow,
                                 const int64_t pad[2])
{
    WinoGrid grid = {.n = n, .h = h, .w = w, .oh = oh, .ow = ow, .pad = {pad[0], pad[1]}};
    grid.across = (ow + 1) / 2;
    grid.vectors = (n + LANES - 1) / LANES;
    grid.columns = (oh + 1) / 2 * grid.across * grid.vectors;
    return grid;
}

static inline WinoColumn wino_column(const WinoGrid *grid, int64_t column)
{
    const int64_t tile = column / grid->vectors, first = column % grid->vectors * LANES;
    WinoColumn at = {.y = tile / grid->across * 2, .x = tile % grid->across * 2};
    at.sample = lanes_min(first, grid->n - LANES);
    at.fresh = LANES - (first - at.sample);
    return at;
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

/* The input under a tile; zeros where it is padding. */
static inline void wino_load_input(const WinoGrid *g, const float *plane, const WinoColumn *at, WinoTile d)
{
    const int64_t y = at->y - g->pad[0], x = at->x - g->pad[1], line = g->w * g->n;
    const float *from = plane + (y * g->w + x) * g->n + at->sample;
    const bool inside = y >= 0 && x >= 0 && y + 4 <= g->h && x + 4 <= g->w;
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++)
            d[i][j] = inside || (y + i >= 0 && y + i < g->h && x + j >= 0 && x + j < g->w)
                          ? wk_vf_load(from + i * line + j * g->n)
                          : (wk_vf){0};
}

/* Stores element (i, j) (4 i + j) * step floats on. */
static inline void wino_store(WinoTile d, float *to, int64_t step)
{
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++)
            wk_vf_store(to + (4 * i + j) * step, d[i][j]);
}

/* Columns [first, first + count) of one channel of the input, side by side at `to`. */
static inline void wino_inputs(const WinoGrid *grid, const float *plane, int64_t first, int64_t count,
                               float *to, int64_t step)
{
    for (int64_t j = 0; j < count; j++) {
        const WinoColumn at = wino_column(grid, first + j);
        WinoTile d;
        wino_load_input(grid, plane, &at, d);
        wino_of_input(d);
        wino_store(d, to + j * LANES, step);
    }
}

static inline size_t wino_round(size_t bytes)
{
    return (bytes + 63) & ~(size_t)63;
}

/* The image with the batch last: itself, or a copy of *bytes. NULL: no memory. */
const float *WK_KERNEL(wk_winograd_batch_last)(const LaneImage *image, float **copy, size_t *bytes);

#endif
