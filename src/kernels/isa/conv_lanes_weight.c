/* Gradient of the weight and the bias, with outputs in the lanes (conv_lanes.h).
 *
 *      sums[k][s] += g[k][y][j] * x[c][y + r][j + s * column]      KT x ST sums in registers, while the
 * vectors of a chunk go by
 *
 * A task is one tile of output channels (and one weight row, if the tiles are few) over all blocks, rows and
 * input channels: the order of additions does not depend on the number of threads. A chunk is so small that
 * the gradient stays in the first cache while the input channels pass; it is copied first if they are many,
 * as its channels would fall on each other there. After each chunk the lanes are added up to four, half
 * against half, and those at the end. Of the vector that overlaps the one before, both factors are masked:
 * zero times infinity would be NaN. */
#include "kernels/isa/conv_sparse.h"
#include "kernels/isa/conv_winograd.h"

enum {
    LANES_S = 5,      /* columns of a tile, at most */
    LANES_CHUNK = 32, /* vectors of a channel, and a few more */
    LANES_MANY = 8,   /* input channels that pay for a copy of the gradient */
    LANES_TASKS = 8,  /* tiles that are enough for threads */
};

typedef float LaneSum __attribute__((vector_size(16)));

typedef struct LaneGrad {
    const wk_ConvShape *s;
    int64_t c, k; /* channels of a group */
    LaneImage in, grad;
    LanePack in_pack, grad_pack;
    int64_t in_rows;               /* packed */
    float *x, *g;                  /* [block][c][rows], [block][k][oh] packed rows, if they are copied */
    wk_vf *bias_sums;              /* [block][k] */
    LaneSum *sums;                 /* [group][k tile][r][c][k of the tile][s] */
    int64_t vectors, pieces, rows; /* whole vectors in a row; pieces of a row and rows of a chunk */
    bool masked;                   /* whether the last vector is not whole: */
    int64_t rest;                  /* where it begins */
    wk_vi mask;                    /* its lanes that count */
} LaneGrad;

static void lanes_pack_input(void *context, int64_t task)
{
    const LaneGrad *v = context;
    WK_KERNEL(wk_lanes_pack)
    (&v->in, &v->in_pack, task / v->s->c, task % v->s->c, 0, v->in_rows,
     v->x + task * v->in_rows * v->in_pack.line);
}

static void lanes_pack_grad(void *context, int64_t task)
{
    const LaneGrad *v = context;
    WK_KERNEL(wk_lanes_pack)
    (&v->grad, &v->grad_pack, task / v->s->k, task % v->s->k, 0, v->s->oh,
     v->g + task * v->s->oh * v->grad_pack.line);
}

static const float *lanes_grad_plane(const LaneGrad *v, int64_t block, int64_t k)
{
    return v->g ? v->g + (block * v->s->k + k) * v->s->oh * v->grad_pack.line
                : lanes_plane(&v->grad, &v->grad_pack, block, k);
}

static const float *lanes_input_plane(const LaneGrad *v, int64_t block, int64_t c)
{
    return v->x ? v->x + (block * v->s->c + c) * v->in_rows * v->in_pack.line
                : lanes_plane(&v->in, &v->in_pack, block, c);
}

static void lanes_sum_grad(void *context, int64_t task)
{
    const LaneGrad *v = context;
    const float *g = lanes_grad_plane(v, task / v->s->k, task % v->s->k);
    wk_vf sum[4] = {{0}};
    for (int64_t y = 0; y < v->s->oh; y++, g += v->grad_pack.line) {
        for (int64_t i = 0; i < v->vectors; i++)
            sum[i & 3] += wk_vf_load(g + i * LANES);
        if (v->masked)
            sum[0] += lanes_masked(g + v->rest, v->mask);
    }
    v->bias_sums[task] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* Half against half, until four are left. */
static inline __attribute__((always_inline)) LaneSum lanes_four(wk_vf v)
{
#if WK_VECTOR_BYTES == 64
    typedef float Half __attribute__((vector_size(32)));
    const Half low = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7),
               high = __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
    const Half half = low + high;
#elif WK_VECTOR_BYTES == 32
    const wk_vf half = v;
#endif
#if WK_VECTOR_BYTES > 16
    return __builtin_shufflevector(half, half, 0, 1, 2, 3) + __builtin_shufflevector(half, half, 4, 5, 6, 7);
#else
    return v;
#endif
}

static float lanes_total(LaneSum v)
{
    return (v[0] + v[2]) + (v[1] + v[3]);
}

/* A part of some rows: `length` floats of whole vectors, and the masked one if the part ends the row. */
typedef struct LaneChunk {
    const float *g, *x;
    int64_t plane, line; /* of g */
    int64_t rows, length;
    int64_t rest; /* where the masked vector begins, or -1 */
    float *copy;  /* memory for one of g, or NULL */
} LaneChunk;

/* KT and ST are constants where this is expanded. */
static inline __attribute__((always_inline)) void
lanes_pixels(const int KT, const int ST, const LaneGrad *v, const LaneChunk *h, LaneSum *sums, int64_t step)
{
    const int64_t plane = h->plane, column = v->in_pack.column, grad_line = h->line, line = v->in_pack.line,
                  length = h->length, rest = h->rest;
    const float *g = h->g, *x = h->x;
    wk_vf acc[8][LANES_S];
#pragma GCC unroll 8
    for (int k = 0; k < KT; k++)
#pragma GCC unroll 8
        for (int j = 0; j < ST; j++)
            acc[k][j] = (wk_vf){0};
    for (int64_t y = 0; y < h->rows; y++, g += grad_line, x += line) {
        for (int64_t i = 0; i < length; i += LANES) {
            wk_vf in[LANES_S];
#pragma GCC unroll 8
            for (int j = 0; j < ST; j++)
                in[j] = wk_vf_load(x + i + j * column);
#pragma GCC unroll 8
            for (int k = 0; k < KT; k++) {
                const wk_vf one = lanes_held(wk_vf_load(g + k * plane + i));
#pragma GCC unroll 8
                for (int j = 0; j < ST; j++)
                    acc[k][j] += one * in[j];
            }
        }
        if (rest < 0)
            continue;
        const wk_vi mask = v->mask;
        wk_vf in[LANES_S];
#pragma GCC unroll 8
        for (int j = 0; j < ST; j++)
            in[j] = lanes_masked(x + rest + j * column, mask);
#pragma GCC unroll 8
        for (int k = 0; k < KT; k++) {
            const wk_vf one = lanes_masked(g + k * plane + rest, mask);
#pragma GCC unroll 8
            for (int j = 0; j < ST; j++)
                acc[k][j] += one * in[j];
        }
    }
#pragma GCC unroll 8
    for (int k = 0; k < KT; k++)
#pragma GCC unroll 8
        for (int j = 0; j < ST; j++)
            sums[k * step + j] += lanes_four(acc[k][j]);
}

/* Five columns fit beside fewer channels. */
#define LANES_FIVE(KT) ((KT) <= (WK_VECTOR_BYTES == 64 ? 5 : 2))
#define LANES_PIXELS(KT)                                                                              \
    static void lanes_pixels_##KT(const LaneGrad *v, const LaneChunk *h, LaneSum *sums, int64_t step, \
                                  int64_t st)                                                         \
    {                                                                                                 \
        if (st == 5 && LANES_FIVE(KT))                                                                \
            lanes_pixels(KT, 5, v, h, sums, step);                                                    \
        else if (st >= 3)                                                                             \
            lanes_pixels(KT, 3, v, h, sums, step);                                                    \
        else if (st == 2)                                                                             \
            lanes_pixels(KT, 2, v, h, sums, step);                                                    \
        else                                                                                          \
            lanes_pixels(KT, 1, v, h, sums, step);                                                    \
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
typedef void (*LanePixels)(const LaneGrad *v, const LaneChunk *h, LaneSum *sums, int64_t step, int64_t st);
static const LanePixels lanes_pixels_of[] = {
    NULL,           lanes_pixels_1, lanes_pixels_2, lanes_pixels_3, lanes_pixels_4,
#if WK_VECTOR_BYTES == 64
    lanes_pixels_5, lanes_pixels_6, lanes_pixels_7, lanes_pixels_8,
#endif
};

/* How many weight columns a tile takes of `left`: what lanes_pixels has for kt channels. */
static int64_t lanes_s_step(int64_t kt, int64_t left)
{
    return left == 5 && LANES_FIVE(kt) ? 5 : left == 4 ? 2 : lanes_min(left, 3);
}

/* Tiles of a group's output channels. */
static int64_t lanes_grad_tiles(const LaneGrad *v)
{
    const int64_t kt = v->s->s == 5 ? (WK_VECTOR_BYTES == 64 ? 5 : 2) : LANES_K;
    return (v->k + kt - 1) / kt;
}

/* The gradient of a chunk for kt channels, side by side. */
static void lanes_copy_chunk(LaneChunk *h, int64_t kt)
{
    const int64_t length = h->rest < 0 ? h->length : h->rest + LANES;
    float *to = h->copy;
    for (int64_t k = 0; k < kt; k++)
        for (int64_t y = 0; y < h->rows; y++, to += length)
            memcpy(to, h->g + k * h->plane + y * h->line, (size_t)length * sizeof *to);
    h->g = h->copy;
    h->line = length;
    h->plane = length * h->rows;
}

/* What a task works on: rows [r0, r1) of the weight, kt output channels; `own` is the sums of these rows,
 * [r][c][kt][s]. */
typedef struct LaneShare {
    int64_t group, k, kt, r0, r1;
    LaneSum *own;
} LaneShare;

/* One chunk of one block: all of the share's weight rows and input channels. */
static void lanes_grad_chunk(const LaneGrad *v, const LaneShare *t, LaneChunk h, const float *x)
{
    const wk_ConvShape *s = v->s;
    const int64_t plane = (v->x ? v->in_rows : s->h) * v->in_pack.line, column = v->in_pack.column,
                  ahead = h.rows == 1
                              ? h.length + s->s * column
                              : 0; /* to prefetch: planes are too far apart for the machine to guess */
    LaneSum *own = t->own;
    if (h.copy)
        lanes_copy_chunk(&h, t->kt);
    for (int64_t r = t->r0; r < t->r1; r++)
        for (int64_t c = 0; c < v->c; c++, own += t->kt * s->s) {
            const float *row = x + c * plane + r * v->in_pack.line;
            for (int64_t i = 0; i < ahead && c + 1 < v->c; i += 16)
                __builtin_prefetch(row + plane + i);
            for (int64_t q = 0, st; q < s->s; q += st) {
                st = lanes_s_step(t->kt, s->s - q);
                h.x = row + q * column;
                lanes_pixels_of[t->kt](v, &h, own + q, s->s, st);
            }
        }
}

static bool lanes_rows_apart(const LaneGrad *v)
{
    return v->s->groups * lanes_grad_tiles(v) < LANES_TASKS;
}

static LaneShare lanes_share(const LaneGrad *v, int64_t task)
{
    const wk_ConvShape *s = v->s;
    const int64_t rows = lanes_rows_apart(v) ? s->r : 1, tiles = lanes_grad_tiles(v), part = task / rows,
                  tile = part % tiles;
    LaneShare t = {.group = part / tiles, .k = v->k * tile / tiles};
    t.kt = v->k * (tile + 1) / tiles - t.k;
    t.r0 = rows > 1 ? task % rows : 0;
    t.r1 = rows > 1 ? t.r0 + 1 : s->r;
    t.own = v->sums + ((t.group * v->k + t.k) * s->r + t.r0 * t.kt) * v->c * s->s;
    return t;
}

static void lanes_grad_task(void *context, int64_t task)
{
    const LaneGrad *v = context;
    const wk_ConvShape *s = v->s;
    const LaneShare t = lanes_share(v, task);
    memset(t.own, 0, (size_t)((t.r1 - t.r0) * v->c * t.kt * s->s) * sizeof *t.own);
    float copy[8 * (LANES_CHUNK * 5 / 4 + 1) * LANES];
    LaneChunk h = {.plane = s->oh * v->grad_pack.line,
                   .line = v->grad_pack.line,
                   .copy = v->c >= LANES_MANY && v->vectors ? copy : NULL};
    for (int64_t b = 0; b < v->in_pack.blocks; b++) {
        const float *g = lanes_grad_plane(v, b, t.group * v->k + t.k),
                    *x = lanes_input_plane(v, b, t.group * v->c);
        for (int64_t y = 0; y < s->oh; y += v->rows)
            for (int64_t p = 0; p < v->pieces; p++) {
                const int64_t begin = v->vectors * p / v->pieces * LANES,
                              end = v->vectors * (p + 1) / v->pieces * LANES;
                h.g = g + y * v->grad_pack.line + begin;
                h.rows = lanes_min(v->rows, s->oh - y);
                h.length = end - begin;
                h.rest = v->masked && p == v->pieces - 1 ? v->rest - begin : -1;
                lanes_grad_chunk(v, &t, h, x + y * v->in_pack.line + begin);
            }
    }
}

static void lanes_gather_sums(const LaneGrad *v, float *gw, float *gb)
{
    const wk_ConvShape *s = v->s;
    const int64_t tiles = lanes_grad_tiles(v);
    const LaneSum *sum = v->sums;
    for (int64_t group = 0; group < s->groups; group++, gw += v->k * v->c * s->r * s->s)
        for (int64_t t = 0; t < tiles; t++)
            for (int64_t r = 0; r < s->r; r++)
                for (int64_t c = 0; c < v->c; c++)
                    for (int64_t k = v->k * t / tiles; k < v->k * (t + 1) / tiles; k++)
                        for (int64_t q = 0; q < s->s; q++, sum++)
                            gw[((k * v->c + c) * s->r + r) * s->s + q] = lanes_total(*sum);
    for (int64_t k = 0; gb && k < s->k; k++) {
        wk_vf total = {0};
        for (int64_t b = 0; b < v->in_pack.blocks; b++)
            total += v->bias_sums[b * s->k + k];
        gb[k] = lanes_total(lanes_four(total));
    }
}

/* How the rows are cut, and what of the last vector counts. */
static void lanes_plan(LaneGrad *v)
{
    const int64_t reach = v->grad_pack.reach, rest = reach % LANES;
    v->vectors = reach / LANES;
    v->masked = rest > 0;
    v->rest = lanes_max(reach - LANES, 0);
    for (int64_t i = 0; i < LANES && rest; i++)
        v->mask[i] = -(reach < LANES ? i < rest : i >= LANES - rest);
    v->pieces = v->vectors > LANES_CHUNK * 5 / 4 ? (v->vectors + LANES_CHUNK - 1) / LANES_CHUNK : 1;
    v->rows = v->pieces > 1 ? 1 : lanes_max(LANES_CHUNK * 5 / 4 / (v->vectors + v->masked), 1);
}

bool WK_KERNEL(wk_lanes_grad_weight)(const wk_ConvShape *s, const float *g, const float *x, bool batch_last,
                                     float *gw, float *gb)
{
    const bool order_rows = WK_KERNEL(wk_lanes_order)(s) == wk_lanes_rows;
    wk_LaneAnswer answer = WK_KERNEL(wk_sparse_grad_weight)(s, g, !order_rows, x, batch_last, gw, gb);
    if (answer == wk_lanes_refused && !order_rows)
        answer = WK_KERNEL(wk_winograd_grad_weight)(s, g, x, batch_last, gw, gb);
    if (answer != wk_lanes_refused)
        return answer == wk_lanes_done;
    LaneGrad v = {.s = s,
                  .c = s->c / s->groups,
                  .k = s->k / s->groups,
                  .in = {x, batch_last, s->n, s->c, s->h, s->w},
                  .grad = {g, !order_rows, s->n, s->k, s->oh, s->ow},
                  .in_rows = s->h + 2 * s->padding[0]};
    v.in_pack = WK_KERNEL(wk_lanes_packing)(&v.in, order_rows, s->padding, s->s, s->ow, false);
    v.grad_pack = WK_KERNEL(wk_lanes_packing)(&v.grad, order_rows, (const int64_t[]){0, 0}, 1, s->ow, false);
    lanes_plan(&v);
    const int64_t blocks = v.in_pack.blocks, nw = s->k * v.c * s->r * s->s, nb = gb ? blocks * s->k : 0;
    const int64_t nx = v.in_pack.copy ? blocks * s->c * v.in_rows * v.in_pack.line : 0,
                  ng = v.grad_pack.copy ? blocks * s->k * s->oh * v.grad_pack.line : 0;
    const size_t bytes = (size_t)(nb * LANES + nw * 4 + nx + ng) * sizeof(float);
    v.bias_sums = wk_alloc(bytes);
    if (!v.bias_sums)
        return false;
    v.sums = (LaneSum *)(void *)(v.bias_sums + nb);
    float *packed = (float *)(void *)(v.sums + nw);
    v.x = nx ? packed : NULL;
    v.g = ng ? packed + nx : NULL;
    const int threads = lanes_threads(nw * s->oh * s->ow * s->n);
    if (nx)
        wk_parallel_on(threads, blocks * s->c, lanes_pack_input, &v);
    if (ng)
        wk_parallel_on(threads, blocks * s->k, lanes_pack_grad, &v);
    if (gb)
        wk_parallel_on(threads, nb, lanes_sum_grad, &v);
    wk_parallel_on(threads, s->groups * lanes_grad_tiles(&v) * (lanes_rows_apart(&v) ? s->r : 1),
                   lanes_grad_task, &v);
    lanes_gather_sums(&v, gw, gb);
    wk_release(v.bias_sums, bytes);
    return true;
}
