/* Convolution with the batch in the vector lanes, for float.
 *
 * A network's first layers have too few channels to fill a vector, and copying windows out (im2col) moves each input r * s times. Here a
 * vector holds one element of `LANES` samples, and a convolution is a dense loop of fused multiply-adds:
 *
 *      packed input  [c][h + 2p][w + 2p][lane]          tile: KT output channels x XT neighbouring outputs, all in registers
 *                        x x x . .                      for each c, r, s:   XT loads of x, KT broadcast weights, KT * XT FMAs
 *                        x x x . .   x weight[k][c][r][s]
 *
 * The gradient of the input is the same loop over the padded gradient with the weight turned around. The gradient of the weight keeps
 * KT x S sums in registers while it runs over the pixels; its lanes are added up once, at the end, in a fixed order.
 * Tensors lie as [c, h, w, n]: the batch innermost. An input may also lie as [n, c, h, w] (then packing transposes it). */
#include <string.h>

#include "core/memory.h"
#include "core/threads.h"
#include "kernels/isa.h"

enum {
    LANES = WK_VECTOR_BYTES / 4,
    LANES_K = WK_VECTOR_BYTES == 64 ? 8 : 4, /* output channels of a tile */
    LANES_S = 5,                             /* weight columns of a tile of the weight's gradient */
    LANES_BAND = 1 << 18,   /* bytes of packed input that a task works on, if that is more than a few rows */
    LANES_SERIAL = 1 << 17, /* multiplications below which threads do not pay */
    LANES_WEIGHTS = 1 << 16 /* largest weight: its gradient is kept LANES times over */
};

typedef float LaneVector __attribute__((vector_size(WK_VECTOR_BYTES)));

static inline int64_t lanes_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline LaneVector lanes_all(float value)
{
    return value - (LaneVector){0};
}

/* ---- packing ---------------------------------------------------------------------------------------- */

/* A tensor of [n, c, h, w] elements in either order. */
typedef struct LaneImage {
    const float *data;
    bool batch_last;
    int64_t n, c, h, w;
} LaneImage;

/* Rows [first, first + rows) of channel c, with `pad` columns and rows of zeros around the image, for the samples of block b. */
static void lanes_pack_rows(const LaneImage *m, int64_t b, int64_t c, int64_t first, int64_t rows,
                            const int64_t pad[2], LaneVector *out)
{
    const int64_t n0 = b * LANES, live = lanes_min(LANES, m->n - n0), width = m->w + 2 * pad[1];
    for (int64_t y = first - pad[0]; y < first - pad[0] + rows; y++, out += width) {
        if (y < 0 || y >= m->h) {
            memset(out, 0, (size_t)width * sizeof *out);
            continue;
        }
        memset(out, 0, (size_t)pad[1] * sizeof *out);
        memset(out + pad[1] + m->w, 0, (size_t)pad[1] * sizeof *out);
        float *to = (float *)(out + pad[1]);
        if (live < LANES)
            memset(to, 0, (size_t)m->w * sizeof *out);
        if (m->batch_last) {
            const float *from = m->data + (c * m->h + y) * m->w * m->n + n0;
            for (int64_t x = 0; x < m->w && live == LANES; x++)
                memcpy(to + x * LANES, from + x * m->n, sizeof *out);
            for (int64_t x = 0; x < m->w && live < LANES; x++)
                memcpy(to + x * LANES, from + x * m->n, (size_t)live * sizeof *to);
            continue;
        }
        for (int64_t lane = 0; lane < live; lane++) {
            const float *from = m->data + (((n0 + lane) * m->c + c) * m->h + y) * m->w;
            for (int64_t x = 0; x < m->w; x++)
                to[x * LANES + lane] = from[x];
        }
    }
}

/* ---- forward and gradient of the input -------------------------------------------------------------- */

typedef struct LaneConv {
    LaneImage in;
    int64_t k, r, s, oh, ow;
    int64_t pad[2], width; /* of a packed row */
    const float *weight;   /* [k tile][c][r][s][k of the tile] */
    const float *bias;
    float *out; /* [k, oh, ow, n] */
    int64_t band, bands;
    char *scratch; /* of each task */
    size_t bytes;
} LaneConv;

/* Where a tile reads: weight rows [r0, r1) are those that meet the input and not its padding. */
typedef struct LaneSource {
    const LaneVector *x;
    int64_t plane, r0, r1;
} LaneSource;

/* One tile: acc[k][x] = bias[k] + sum of weight[k] * input[x] over c, r and s. KT and XT are constants where this is expanded. */
static inline __attribute__((always_inline)) void lanes_tile(const int KT, const int XT, const LaneConv *v,
                                                             LaneSource from, const float *w,
                                                             const float *bias, LaneVector acc[8][8])
{
    LaneVector sum[8][8];
    const int64_t row_taps = v->s * KT, skip = (v->r - from.r1 + from.r0) * row_taps;
    w += from.r0 * row_taps;
#pragma GCC unroll 8
    for (int k = 0; k < KT; k++)
#pragma GCC unroll 8
        for (int j = 0; j < XT; j++)
            sum[k][j] = lanes_all(bias[k]);
    for (int64_t c = 0; c < v->in.c; c++, from.x += from.plane, w += skip)
        for (int64_t r = from.r0; r < from.r1; r++) {
            const LaneVector *row = from.x + r * v->width;
            for (int64_t s = 0; s < v->s; s++, row++, w += KT) {
                LaneVector in[8];
#pragma GCC unroll 8
                for (int j = 0; j < XT; j++)
                    in[j] = row[j];
#pragma GCC unroll 8
                for (int k = 0; k < KT; k++) {
                    const LaneVector one = lanes_all(w[k]);
#pragma GCC unroll 8
                    for (int j = 0; j < XT; j++)
                        sum[k][j] += one * in[j];
                }
            }
        }
#pragma GCC unroll 8
    for (int k = 0; k < KT; k++)
#pragma GCC unroll 8
        for (int j = 0; j < XT; j++)
            acc[k][j] = sum[k][j];
}

/* Tiles as wide as the registers allow beside KT weights' worth of sums, and single outputs for what is left of a row. */
#define LANES_X(KT)                            \
    (WK_VECTOR_BYTES == 64 ? ((KT) >= 7   ? 3  \
                              : (KT) == 6 ? 4  \
                              : (KT) >= 4 ? 5  \
                              : (KT) == 3 ? 6  \
                                          : 8) \
                           : ((KT) == 4   ? 3  \
                              : (KT) == 3 ? 4  \
                              : (KT) == 2 ? 5  \
                                          : 8))
#define LANES_TILE(KT)                                                                                 \
    static void lanes_tile_##KT(const LaneConv *v, LaneSource from, const float *w, const float *bias, \
                                bool wide, LaneVector acc[8][8])                                       \
    {                                                                                                  \
        if (wide)                                                                                      \
            lanes_tile(KT, LANES_X(KT), v, from, w, bias, acc);                                        \
        else                                                                                           \
            lanes_tile(KT, 1, v, from, w, bias, acc);                                                  \
    }
LANES_TILE(1)
LANES_TILE(2)
LANES_TILE(3)
LANES_TILE(4)
#if WK_VECTOR_BYTES == 64
LANES_TILE(5)
LANES_TILE(6)
LANES_TILE(7)
LANES_TILE(8)
#endif

typedef void (*LaneTile)(const LaneConv *v, LaneSource from, const float *w, const float *bias, bool wide,
                         LaneVector acc[8][8]);
typedef struct LaneTileOf {
    LaneTile run;
    int width;
} LaneTileOf;
static const LaneTileOf lanes_tiles[] = {
    {NULL, 0},
    {lanes_tile_1, LANES_X(1)},
    {lanes_tile_2, LANES_X(2)},
    {lanes_tile_3, LANES_X(3)},
    {lanes_tile_4, LANES_X(4)},
#if WK_VECTOR_BYTES == 64
    {lanes_tile_5, LANES_X(5)},
    {lanes_tile_6, LANES_X(6)},
    {lanes_tile_7, LANES_X(7)},
    {lanes_tile_8, LANES_X(8)},
#endif
};

/* Tiles of nearly equal size are better than full ones and a rest: 10 channels are two tiles of 5. */
static int64_t lanes_k_tiles(int64_t k)
{
    return (k + LANES_K - 1) / LANES_K;
}
static int64_t lanes_k_first(int64_t k, int64_t tile)
{
    return k * tile / lanes_k_tiles(k);
}

static void lanes_store(const LaneConv *v, LaneVector acc[8][8], int64_t k, int64_t kt, int64_t y, int64_t x,
                        int64_t xt, int64_t n0)
{
    const int64_t n = v->in.n, live = lanes_min(LANES, n - n0);
    for (int64_t i = 0; i < kt; i++) {
        float *to = v->out + (((k + i) * v->oh + y) * v->ow + x) * n + n0;
        for (int64_t j = 0; j < xt && live == LANES; j++)
            memcpy(to + j * n, &acc[i][j], sizeof acc[i][j]);
        for (int64_t j = 0; j < xt && live < LANES; j++)
            memcpy(to + j * n, &acc[i][j], (size_t)live * sizeof *to);
    }
}

/* One output row of one block of samples: neighbouring outputs share their inputs, so all channels are done before moving on. */
static void lanes_row(const LaneConv *v, const LaneVector *packed, int64_t plane, int64_t y, int64_t n0)
{
    static const float zeros[8];
    const int64_t tiles = lanes_k_tiles(v->k), taps = v->in.c * v->r * v->s;
    const int64_t above = v->pad[0] - y, below = v->in.h + v->pad[0] - y;
    LaneSource from = {.plane = plane, .r0 = above > 0 ? above : 0, .r1 = lanes_min(v->r, below)};
    LaneVector acc[8][8];
    for (int64_t t = 0; t < tiles; t++) {
        const int64_t k = lanes_k_first(v->k, t), kt = lanes_k_first(v->k, t + 1) - k;
        const LaneTileOf *tile = &lanes_tiles[kt];
        const float *w = v->weight + k * taps, *bias = v->bias ? v->bias + k : zeros;
        for (int64_t x = 0; x < v->ow;) {
            const bool wide = x + tile->width <= v->ow;
            from.x = packed + x;
            tile->run(v, from, w, bias, wide, acc);
            lanes_store(v, acc, k, kt, y, x, wide ? tile->width : 1, n0);
            x += wide ? tile->width : 1;
        }
    }
}

/* A task: a band of output rows of one block of samples. */
static void lanes_band(void *context, int64_t task)
{
    const LaneConv *v = context;
    const int64_t block = task / v->bands, first = task % v->bands * v->band,
                  rows = lanes_min(v->band, v->oh - first);
    const int64_t packed_rows = rows + v->r - 1, plane = packed_rows * v->width;
    LaneVector *packed = (LaneVector *)(void *)(v->scratch + (size_t)task * v->bytes);
    for (int64_t c = 0; c < v->in.c; c++)
        lanes_pack_rows(&v->in, block, c, first, packed_rows, v->pad, packed + c * plane);
    for (int64_t y = 0; y < rows; y++)
        lanes_row(v, packed + y * v->width, plane, first + y, block * LANES);
}

static void lanes_blocks(int64_t blocks, void (*block)(void *, int64_t), void *context, bool serial)
{
    if (!serial) {
        wk_parallel(blocks, block, context);
        return;
    }
    for (int64_t i = 0; i < blocks; i++)
        block(context, i);
}

/* Runs the loop over every block and band; v->weight is packed. */
static bool lanes_conv(LaneConv *v)
{
    const int64_t row = v->in.c * v->width * (int64_t)sizeof(LaneVector),
                  blocks = (v->in.n + LANES - 1) / LANES;
    v->band = LANES_BAND / row - (v->r - 1);
    v->band = lanes_min(v->band < 4 ? 4 : v->band, v->oh);
    v->bands = (v->oh + v->band - 1) / v->band;
    v->bytes = (size_t)(row * (v->band + v->r - 1));
    const size_t total = v->bytes * (size_t)(blocks * v->bands);
    v->scratch = wk_alloc(total);
    if (!v->scratch)
        return false;
    const bool serial = v->k * v->in.c * v->r * v->s * v->oh * v->ow * v->in.n < LANES_SERIAL;
    lanes_blocks(blocks * v->bands, lanes_band, v, serial);
    wk_release(v->scratch, total);
    return true;
}

static bool lanes_forward(const wk_ConvShape *s, const float *x, bool batch_last, const float *w,
                          const float *bias, float *y)
{
    const int64_t taps = s->c * s->r * s->s, tiles = lanes_k_tiles(s->k);
    const size_t bytes = (size_t)(s->k * taps) * sizeof(float);
    float *packed = wk_alloc(bytes), *to = packed;
    if (!packed)
        return false;
    for (int64_t t = 0; t < tiles; t++)
        for (int64_t i = 0; i < taps; i++)
            for (int64_t k = lanes_k_first(s->k, t); k < lanes_k_first(s->k, t + 1); k++)
                *to++ = w[k * taps + i];
    LaneConv v = {.in = {x, batch_last, s->n, s->c, s->h, s->w},
                  .k = s->k,
                  .r = s->r,
                  .s = s->s,
                  .oh = s->oh,
                  .ow = s->ow,
                  .pad = {s->padding[0], s->padding[1]},
                  .width = s->w + 2 * s->padding[1],
                  .weight = packed,
                  .bias = bias,
                  .out = y};
    const bool done = lanes_conv(&v);
    wk_release(packed, bytes);
    return done;
}

/* The input's channels are the outputs here, and the weight is turned by half a turn. */
static bool lanes_grad_input(const wk_ConvShape *s, const float *g, const float *w, float *gx)
{
    const int64_t window = s->r * s->s, tiles = lanes_k_tiles(s->c);
    const size_t bytes = (size_t)(s->k * s->c * window) * sizeof(float);
    float *packed = wk_alloc(bytes), *to = packed;
    if (!packed)
        return false;
    for (int64_t t = 0; t < tiles; t++)
        for (int64_t k = 0; k < s->k; k++)
            for (int64_t i = window - 1; i >= 0; i--)
                for (int64_t c = lanes_k_first(s->c, t); c < lanes_k_first(s->c, t + 1); c++)
                    *to++ = w[(k * s->c + c) * window + i];
    const int64_t pad[2] = {s->r - 1 - s->padding[0], s->s - 1 - s->padding[1]};
    LaneConv v = {.in = {g, true, s->n, s->k, s->oh, s->ow},
                  .k = s->c,
                  .r = s->r,
                  .s = s->s,
                  .oh = s->h,
                  .ow = s->w,
                  .pad = {pad[0], pad[1]},
                  .width = s->ow + 2 * pad[1],
                  .weight = packed,
                  .out = gx};
    const bool done = lanes_conv(&v);
    wk_release(packed, bytes);
    return done;
}

/* ---- gradient of the weight and the bias ------------------------------------------------------------ */

typedef struct LaneGrad {
    const wk_ConvShape *s;
    LaneImage in, grad;
    int64_t blocks, width, rows;  /* of samples; of a packed input row; packed input rows */
    LaneVector *x, *g;            /* [block][c][rows][width], [block][k][oh][ow] */
    LaneVector *sums, *bias_sums; /* [k tile][r][c][k of the tile][s], [block][k] */
    int64_t chunk;                /* output rows that one turn runs over */
} LaneGrad;

static void lanes_pack_input(void *context, int64_t task)
{
    const LaneGrad *v = context;
    const int64_t plane = v->rows * v->width;
    lanes_pack_rows(&v->in, task / v->s->c, task % v->s->c, 0, v->rows, v->s->padding, v->x + task * plane);
}

static void lanes_pack_grad(void *context, int64_t task)
{
    const LaneGrad *v = context;
    const int64_t none[2] = {0, 0}, plane = v->s->oh * v->s->ow;
    LaneVector *to = v->g + task * plane, sum[4] = {{0}};
    lanes_pack_rows(&v->grad, task / v->s->k, task % v->s->k, 0, v->s->oh, none, to);
    for (int64_t i = 0; i < plane; i++)
        sum[i & 3] += to[i];
    v->bias_sums[task] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* sums[k][s] += g[k] * x[s] over the pixels of some rows. KT and ST are constants where this is expanded. */
static inline __attribute__((always_inline)) void lanes_pixels(const int KT, const int ST, const LaneGrad *v,
                                                               const LaneVector *g, const LaneVector *x,
                                                               int64_t rows, LaneVector *sums, int64_t step)
{
    const int64_t plane = v->s->oh * v->s->ow, ow = v->s->ow;
    LaneVector acc[8][LANES_S];
#pragma GCC unroll 8
    for (int k = 0; k < KT; k++)
#pragma GCC unroll 8
        for (int j = 0; j < ST; j++)
            acc[k][j] = sums[k * step + j];
    for (int64_t y = 0; y < rows; y++, g += ow, x += v->width)
        for (int64_t i = 0; i < ow; i++) {
            LaneVector in[LANES_S];
#pragma GCC unroll 8
            for (int j = 0; j < ST; j++)
                in[j] = x[i + j];
#pragma GCC unroll 8
            for (int k = 0; k < KT; k++) {
                const LaneVector one = g[k * plane + i];
#pragma GCC unroll 8
                for (int j = 0; j < ST; j++)
                    acc[k][j] += one * in[j];
            }
        }
#pragma GCC unroll 8
    for (int k = 0; k < KT; k++)
#pragma GCC unroll 8
        for (int j = 0; j < ST; j++)
            sums[k * step + j] = acc[k][j];
}

#define LANES_PIXELS(KT)                                                                                     \
    static void lanes_pixels_##KT(const LaneGrad *v, const LaneVector *g, const LaneVector *x, int64_t rows, \
                                  LaneVector *sums, int64_t step, int64_t st)                                \
    {                                                                                                        \
        if (st == 5 && KT * 5 <= (WK_VECTOR_BYTES == 64 ? 25 : 10))                                          \
            lanes_pixels(KT, 5, v, g, x, rows, sums, step);                                                  \
        else if (st >= 3)                                                                                    \
            lanes_pixels(KT, 3, v, g, x, rows, sums, step);                                                  \
        else if (st == 2)                                                                                    \
            lanes_pixels(KT, 2, v, g, x, rows, sums, step);                                                  \
        else                                                                                                 \
            lanes_pixels(KT, 1, v, g, x, rows, sums, step);                                                  \
    }
LANES_PIXELS(1)
LANES_PIXELS(2)
LANES_PIXELS(3)
LANES_PIXELS(4)
#if WK_VECTOR_BYTES == 64
LANES_PIXELS(5)
LANES_PIXELS(6)
LANES_PIXELS(7)
LANES_PIXELS(8)
#endif
typedef void (*LanePixels)(const LaneGrad *v, const LaneVector *g, const LaneVector *x, int64_t rows,
                           LaneVector *sums, int64_t step, int64_t st);
static const LanePixels lanes_pixels_of[] = {
    NULL,           lanes_pixels_1, lanes_pixels_2, lanes_pixels_3, lanes_pixels_4,
#if WK_VECTOR_BYTES == 64
    lanes_pixels_5, lanes_pixels_6, lanes_pixels_7, lanes_pixels_8,
#endif
};

/* How many weight columns a tile takes of `left`: what lanes_pixels has for kt channels. */
static int64_t lanes_s_step(int64_t kt, int64_t left)
{
    if (left == 5 && kt * 5 <= (WK_VECTOR_BYTES == 64 ? 25 : 10))
        return 5;
    return left >= 3 ? 3 : left;
}

/* Channels of the weight gradient's tile: with five columns fewer of them fit. */
static int64_t lanes_grad_k(const wk_ConvShape *s)
{
    return s->s == 5 ? (WK_VECTOR_BYTES == 64 ? 5 : 2) : LANES_K;
}
static int64_t lanes_grad_tiles(const wk_ConvShape *s)
{
    return (s->k + lanes_grad_k(s) - 1) / lanes_grad_k(s);
}

/* A task: one tile of output channels and one weight row, over all samples, rows and input channels. */
static void lanes_grad_task(void *context, int64_t task)
{
    const LaneGrad *v = context;
    const wk_ConvShape *s = v->s;
    const int64_t tiles = lanes_grad_tiles(s), tile = task / s->r, r = task % s->r;
    const int64_t k = s->k * tile / tiles, kt = s->k * (tile + 1) / tiles - k;
    const int64_t in_plane = v->rows * v->width, out_plane = s->oh * s->ow;
    LaneVector *own = v->sums + (k * s->r + r * kt) * s->c * s->s; /* [c][k of the tile][s] */
    memset(own, 0, (size_t)(s->c * kt * s->s) * sizeof *own);
    for (int64_t b = 0; b < v->blocks; b++)
        for (int64_t y = 0; y < s->oh; y += v->chunk)
            for (int64_t c = 0; c < s->c; c++) {
                const LaneVector *g = v->g + (b * s->k + k) * out_plane + y * s->ow;
                const LaneVector *x = v->x + (b * s->c + c) * in_plane + (y + r) * v->width;
                for (int64_t q = 0; q < s->s;) {
                    const int64_t st = lanes_s_step(kt, s->s - q);
                    lanes_pixels_of[kt](v, g, x + q, lanes_min(v->chunk, s->oh - y), own + c * kt * s->s + q,
                                        s->s, st);
                    q += st;
                }
            }
}

static float lanes_total(const LaneVector *v)
{
    float part[LANES];
    memcpy(part, v, sizeof part);
    for (int half = LANES / 2; half; half /= 2)
        for (int i = 0; i < half; i++)
            part[i] += part[i + half];
    return part[0];
}

static void lanes_gather_sums(const LaneGrad *v, float *gw, float *gb)
{
    const wk_ConvShape *s = v->s;
    const int64_t tiles = lanes_grad_tiles(s);
    const LaneVector *sum = v->sums;
    for (int64_t t = 0; t < tiles; t++)
        for (int64_t r = 0; r < s->r; r++)
            for (int64_t c = 0; c < s->c; c++)
                for (int64_t k = s->k * t / tiles; k < s->k * (t + 1) / tiles; k++)
                    for (int64_t q = 0; q < s->s; q++, sum++)
                        gw[((k * s->c + c) * s->r + r) * s->s + q] = lanes_total(sum);
    for (int64_t k = 0; gb && k < s->k; k++) {
        LaneVector total = {0};
        for (int64_t b = 0; b < v->blocks; b++)
            total += v->bias_sums[b * s->k + k];
        gb[k] = lanes_total(&total);
    }
}

static bool lanes_grad_weight(const wk_ConvShape *s, const float *g, const float *x, bool batch_last,
                              float *gw, float *gb)
{
    LaneGrad v = {.s = s,
                  .in = {x, batch_last, s->n, s->c, s->h, s->w},
                  .grad = {g, true, s->n, s->k, s->oh, s->ow},
                  .blocks = (s->n + LANES - 1) / LANES,
                  .width = s->w + 2 * s->padding[1],
                  .rows = s->h + 2 * s->padding[0]};
    v.chunk = (128 + s->ow - 1) / s->ow;
    const int64_t nx = v.blocks * s->c * v.rows * v.width, ng = v.blocks * s->k * s->oh * s->ow,
                  nw = s->k * s->c * s->r * s->s;
    const size_t bytes = (size_t)(nx + ng + nw + v.blocks * s->k) * sizeof(LaneVector);
    v.x = wk_alloc(bytes);
    if (!v.x)
        return false;
    v.g = v.x + nx;
    v.sums = v.g + ng;
    v.bias_sums = v.sums + nw;
    const bool serial = nw * s->oh * s->ow * s->n < LANES_SERIAL;
    lanes_blocks(v.blocks * s->c, lanes_pack_input, &v, serial);
    lanes_blocks(v.blocks * s->k, lanes_pack_grad, &v, serial);
    lanes_blocks(lanes_grad_tiles(s) * s->r, lanes_grad_task, &v, serial);
    lanes_gather_sums(&v, gw, gb);
    wk_release(v.x, bytes);
    return true;
}

/* Where it pays: enough samples for the lanes, and a weight whose gradient may be kept LANES times over. */
static bool lanes_fits(const wk_ConvShape *s)
{
    return s->groups == 1 && s->stride[0] == 1 && s->stride[1] == 1 && s->dilation[0] == 1 &&
           s->dilation[1] == 1 && s->n * 2 > LANES && s->padding[0] < s->r && s->padding[1] < s->s &&
           s->k * s->c * s->r * s->s <= LANES_WEIGHTS;
}

void WK_KERNEL(wk_install_conv_lanes)(wk_Kernels *table)
{
    table->conv_lanes = (wk_ConvLanes){lanes_fits, lanes_forward, lanes_grad_input, lanes_grad_weight};
}
