/* Gradient of the weight and the bias, with outputs in the lanes (conv_lanes.h).
 *
 *      sums[k][s] += g[k][pixel] * x[c][pixel + r, s]      KT x ST sums in registers, while the pixels of some rows go by
 *
 * A task is one tile of output channels and one weight row, over all blocks, rows and input channels: the order of additions does not
 * depend on the number of threads. The lanes of a sum are added up once, at the end, half against half. */
#include "kernels/isa/conv_lanes.h"

enum { LANES_S = 5 }; /* columns of a tile, at most */

typedef struct LaneGrad {
    const wk_ConvShape *s;
    LaneImage in, grad;
    LanePack in_pack, grad_pack;
    int64_t blocks, rows, vectors; /* packed input rows; vectors in a row of the packed gradient */
    float *x, *g;                  /* [block][c][rows], [block][k][oh] packed rows */
    LaneVector *sums, *bias_sums;  /* [k tile][r][c][k of the tile][s], [block][k] */
    int64_t chunk;                 /* output rows that one turn runs over */
} LaneGrad;

static void lanes_pack_input(void *context, int64_t task)
{
    const LaneGrad *v = context;
    lanes_pack_rows(&v->in, &v->in_pack, task / v->s->c, task % v->s->c, 0, v->rows,
                    v->x + task * v->rows * v->in_pack.line);
}

static void lanes_pack_grad(void *context, int64_t task)
{
    const LaneGrad *v = context;
    const int64_t plane = v->s->oh * v->grad_pack.line;
    float *to = v->g + task * plane;
    LaneVector sum[4] = {{0}};
    lanes_pack_rows(&v->grad, &v->grad_pack, task / v->s->k, task % v->s->k, 0, v->s->oh, to);
    for (int64_t i = 0; i < plane / LANES; i++)
        sum[i & 3] += lanes_load(to + i * LANES);
    v->bias_sums[task] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* KT and ST are constants where this is expanded. */
static inline __attribute__((always_inline)) void lanes_pixels(const int KT, const int ST, const LaneGrad *v,
                                                               const float *g, const float *x, int64_t rows,
                                                               LaneVector *sums, int64_t step)
{
    const int64_t line = v->grad_pack.line, plane = v->s->oh * line, column = v->in_pack.column;
    LaneVector acc[8][LANES_S];
#pragma GCC unroll 8
    for (int k = 0; k < KT; k++)
#pragma GCC unroll 8
        for (int j = 0; j < ST; j++)
            acc[k][j] = sums[k * step + j];
    for (int64_t y = 0; y < rows; y++, g += line, x += v->in_pack.line)
        for (int64_t i = 0; i < v->vectors * LANES; i += LANES) {
            LaneVector in[LANES_S];
#pragma GCC unroll 8
            for (int j = 0; j < ST; j++)
                in[j] = lanes_load(x + i + j * column);
#pragma GCC unroll 8
            for (int k = 0; k < KT; k++) {
                const LaneVector one = lanes_load(g + k * plane + i);
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

/* Five columns fit beside fewer channels. */
#define LANES_FIVE(KT) ((KT) <= (WK_VECTOR_BYTES == 64 ? 5 : 2))
#define LANES_PIXELS(KT)                                                                           \
    static void lanes_pixels_##KT(const LaneGrad *v, const float *g, const float *x, int64_t rows, \
                                  LaneVector *sums, int64_t step, int64_t st)                      \
    {                                                                                              \
        if (st == 5 && LANES_FIVE(KT))                                                             \
            lanes_pixels(KT, 5, v, g, x, rows, sums, step);                                        \
        else if (st >= 3)                                                                          \
            lanes_pixels(KT, 3, v, g, x, rows, sums, step);                                        \
        else if (st == 2)                                                                          \
            lanes_pixels(KT, 2, v, g, x, rows, sums, step);                                        \
        else                                                                                       \
            lanes_pixels(KT, 1, v, g, x, rows, sums, step);                                        \
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
typedef void (*LanePixels)(const LaneGrad *v, const float *g, const float *x, int64_t rows, LaneVector *sums,
                           int64_t step, int64_t st);
static const LanePixels lanes_pixels_of[] = {
    NULL,           lanes_pixels_1, lanes_pixels_2, lanes_pixels_3, lanes_pixels_4,
#if WK_VECTOR_BYTES == 64
    lanes_pixels_5, lanes_pixels_6, lanes_pixels_7, lanes_pixels_8,
#endif
};

/* How many weight columns a tile takes of `left`: what lanes_pixels has for kt channels. */
static int64_t lanes_s_step(int64_t kt, int64_t left)
{
    return left == 5 && LANES_FIVE(kt) ? 5 : lanes_min(left, 3);
}

static int64_t lanes_grad_tiles(const wk_ConvShape *s)
{
    const int64_t kt = s->s == 5 ? (WK_VECTOR_BYTES == 64 ? 5 : 2) : LANES_K;
    return (s->k + kt - 1) / kt;
}

static void lanes_grad_task(void *context, int64_t task)
{
    const LaneGrad *v = context;
    const wk_ConvShape *s = v->s;
    const int64_t tiles = lanes_grad_tiles(s), tile = task / s->r, r = task % s->r;
    const int64_t k = s->k * tile / tiles, kt = s->k * (tile + 1) / tiles - k;
    const int64_t in_plane = v->rows * v->in_pack.line, out_plane = s->oh * v->grad_pack.line;
    LaneVector *own = v->sums + (k * s->r + r * kt) * s->c * s->s; /* [c][k of the tile][s] */
    memset(own, 0, (size_t)(s->c * kt * s->s) * sizeof *own);
    for (int64_t b = 0; b < v->blocks; b++)
        for (int64_t y = 0; y < s->oh; y += v->chunk)
            for (int64_t c = 0; c < s->c; c++) {
                const float *g = v->g + (b * s->k + k) * out_plane + y * v->grad_pack.line;
                const float *x = v->x + (b * s->c + c) * in_plane + (y + r) * v->in_pack.line;
                for (int64_t q = 0, st; q < s->s; q += st) {
                    st = lanes_s_step(kt, s->s - q);
                    lanes_pixels_of[kt](v, g, x + q * v->in_pack.column, lanes_min(v->chunk, s->oh - y),
                                        own + c * kt * s->s + q, s->s, st);
                }
            }
}

/* Half against half, until one is left. */
static float lanes_total(const LaneVector *v)
{
    typedef float Four __attribute__((vector_size(16)));
    Four part[LANES / 4];
    memcpy(part, v, sizeof part);
    for (int half = LANES / 8; half; half /= 2)
        for (int i = 0; i < half; i++)
            part[i] += part[i + half];
    return (part[0][0] + part[0][2]) + (part[0][1] + part[0][3]);
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

bool WK_KERNEL(wk_lanes_grad_weight)(const wk_ConvShape *s, const float *g, const float *x, bool batch_last,
                                     float *gw, float *gb)
{
    const bool rows = WK_KERNEL(wk_lanes_order)(s) == wk_lanes_rows;
    const int64_t none[2] = {0, 0};
    LaneGrad v = {.s = s,
                  .in = {x, batch_last, s->n, s->c, s->h, s->w},
                  .grad = {g, !rows, s->n, s->k, s->oh, s->ow},
                  .blocks = lanes_blocks_of(rows, s->n),
                  .rows = s->h + 2 * s->padding[0]};
    v.vectors = rows ? (s->ow + LANES - 1) / LANES : s->ow;
    v.in_pack = lanes_packing(rows, s->w, s->padding, s->s, s->ow);
    v.grad_pack = (LanePack){
        .rows = rows, .pad = {none[0], none[1]}, .column = rows ? 1 : LANES, .line = v.vectors * LANES};
    v.chunk = (128 + v.vectors - 1) / v.vectors;
    const int64_t nx = v.blocks * s->c * v.rows * v.in_pack.line,
                  ng = v.blocks * s->k * s->oh * v.grad_pack.line;
    const int64_t nw = s->k * s->c * s->r * s->s, nb = v.blocks * s->k,
                  x_floats = (nx + 2 * LANES) / LANES * LANES;
    const size_t bytes = (size_t)(x_floats + ng + (nw + nb) * LANES) * sizeof(float);
    v.x = wk_alloc(bytes);
    if (!v.x)
        return false;
    v.g = v.x + x_floats;
    v.sums = (LaneVector *)(void *)(v.g + ng);
    v.bias_sums = v.sums + nw;
    const bool serial = nw * s->oh * s->ow * s->n < LANES_SERIAL;
    lanes_run(v.blocks * s->c, lanes_pack_input, &v, serial);
    lanes_run(v.blocks * s->k, lanes_pack_grad, &v, serial);
    lanes_run(lanes_grad_tiles(s) * s->r, lanes_grad_task, &v, serial);
    lanes_gather_sums(&v, gw, gb);
    wk_release(v.x, bytes);
    return true;
}
