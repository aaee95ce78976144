/* Forward and gradient of the input, with outputs in the lanes (conv_lanes.h).
 *
 *      packed input:   x x x . .        tile: KT output channels x XT neighbouring outputs, all sums in registers
 *                      x x x . .        for each c, r, s:   XT loads of x, KT broadcast weights, KT * XT FMAs
 *
 * Neighbours are columns when samples fill the lanes, and rows when columns do. The gradient of the input is the same loop over the
 * padded gradient, with the weight turned by half a turn. */
#include "kernels/isa/conv_lanes.h"

typedef struct LaneConv {
    LaneImage in;
    LanePack pack;
    int64_t k, r, s, oh, ow;
    const float *weight; /* [k tile][c][r][s][k of the tile] */
    const float *bias;
    float *out;
    int64_t next;        /* floats from one output of a tile to the next, in the packed input */
    int64_t band, bands; /* output rows of a task */
    char *scratch;       /* of each task */
    size_t bytes;
} LaneConv;

/* Where a tile reads: weight rows [r0, r1) are those that meet the input and not its padding. */
typedef struct LaneSource {
    const float *x;
    int64_t plane, r0, r1;
} LaneSource;

/* One tile: acc[k][j] = bias[k] + sum of weight[k] * input[j] over c, r and s. KT and XT are constants where this is expanded. */
static inline __attribute__((always_inline)) void lanes_tile(const int KT, const int XT, const LaneConv *v,
                                                             LaneSource from, const float *w,
                                                             const float *bias, LaneVector acc[8][8])
{
    LaneVector sum[8][8];
    const int64_t row_taps = v->s * KT, skip = (v->r - from.r1 + from.r0) * row_taps, next = v->next;
    w += from.r0 * row_taps;
#pragma GCC unroll 8
    for (int k = 0; k < KT; k++)
#pragma GCC unroll 8
        for (int j = 0; j < XT; j++)
            sum[k][j] = lanes_all(bias[k]);
    for (int64_t c = 0; c < v->in.c; c++, from.x += from.plane, w += skip)
        for (int64_t r = from.r0; r < from.r1; r++) {
            const float *row = from.x + r * v->pack.line;
            for (int64_t s = 0; s < v->s; s++, row += v->pack.column, w += KT) {
                LaneVector in[8];
#pragma GCC unroll 8
                for (int j = 0; j < XT; j++)
                    in[j] = lanes_load(row + j * next);
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

/* Tiles of as many outputs as the registers hold beside the weights, and single ones for what is left. */
#if WK_VECTOR_BYTES == 64
#define LANES_X(KT) ((KT) >= 7 ? 3 : (KT) == 6 ? 4 : (KT) >= 4 ? 5 : (KT) == 3 ? 6 : 8)
#else
#define LANES_X(KT) ((KT) == 4 ? 3 : (KT) == 3 ? 4 : (KT) == 2 ? 5 : 8)
#endif
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

typedef struct LaneTile {
    void (*run)(const LaneConv *v, LaneSource from, const float *w, const float *bias, bool wide,
                LaneVector acc[8][8]);
    int width;
} LaneTile;
static const LaneTile lanes_tiles[] = {
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

/* Writes `xt` vectors for each of kt channels: from `to`, floats from a channel and from a vector to the next; `live` lanes of each. */
static void lanes_store(LaneVector acc[8][8], int64_t kt, int64_t xt, float *to, int64_t channel,
                        int64_t vector, int64_t live)
{
    for (int64_t i = 0; i < kt; i++, to += channel) {
        for (int64_t j = 0; j < xt && live == LANES; j++)
            memcpy(to + j * vector, &acc[i][j], sizeof acc[i][j]);
        for (int64_t j = 0; j < xt && live < LANES; j++)
            memcpy(to + j * vector, &acc[i][j], (size_t)live * sizeof *to);
    }
}

/* A place in a band: the block, the first output row, and where the band is packed. */
typedef struct LaneBand {
    int64_t block, first, rows, plane;
    const float *packed;
} LaneBand;

/* The weight rows that meet the image for output rows [y, y + count). */
static LaneSource lanes_source(const LaneConv *v, const LaneBand *b, int64_t y, int64_t count, const float *x)
{
    const int64_t above = v->pack.pad[0] - (y + count - 1), below = v->in.h + v->pack.pad[0] - y;
    return (LaneSource){.x = x, .plane = b->plane, .r0 = above > 0 ? above : 0, .r1 = lanes_min(v->r, below)};
}

static const float lanes_no_bias[8];

/* Samples in the lanes: one output row, its tiles side by side. All channels are done before moving on, as they share the input. */
static void lanes_batch_row(const LaneConv *v, const LaneBand *b, int64_t y)
{
    const int64_t tiles = lanes_k_tiles(v->k), taps = v->in.c * v->r * v->s, n = v->in.n,
                  n0 = b->block * LANES;
    const int64_t plane = v->oh * v->ow * n, live = lanes_min(LANES, n - n0);
    const float *row = b->packed + (y - b->first) * v->pack.line;
    LaneVector acc[8][8];
    for (int64_t t = 0; t < tiles; t++) {
        const int64_t k = lanes_k_first(v->k, t), kt = lanes_k_first(v->k, t + 1) - k;
        const LaneTile *tile = &lanes_tiles[kt];
        for (int64_t x = 0, xt; x < v->ow; x += xt) {
            const bool wide = x + tile->width <= v->ow;
            xt = wide ? tile->width : 1;
            tile->run(v, lanes_source(v, b, y, 1, row + x * LANES), v->weight + k * taps,
                      v->bias ? v->bias + k : lanes_no_bias, wide, acc);
            lanes_store(acc, kt, xt, v->out + k * plane + (y * v->ow + x) * n + n0, plane, n, live);
        }
    }
}

/* Columns in the lanes: tiles of neighbouring rows. */
static void lanes_rows_of(const LaneConv *v, const LaneBand *b)
{
    const int64_t tiles = lanes_k_tiles(v->k), taps = v->in.c * v->r * v->s, plane = v->oh * v->ow,
                  end = b->first + b->rows;
    LaneVector acc[8][8];
    for (int64_t t = 0; t < tiles; t++) {
        const int64_t k = lanes_k_first(v->k, t), kt = lanes_k_first(v->k, t + 1) - k;
        const LaneTile *tile = &lanes_tiles[kt];
        const float *bias = v->bias ? v->bias + k : lanes_no_bias;
        for (int64_t y = b->first, yt; y < end; y += yt) {
            const bool wide = y + tile->width <= end;
            yt = wide ? tile->width : 1;
            for (int64_t x = 0; x < v->ow; x += LANES) {
                const float *at = b->packed + (y - b->first) * v->pack.line + x;
                tile->run(v, lanes_source(v, b, y, yt, at), v->weight + k * taps, bias, wide, acc);
                lanes_store(acc, kt, yt, v->out + (b->block * v->k + k) * plane + y * v->ow + x, plane, v->ow,
                            lanes_min(LANES, v->ow - x));
            }
        }
    }
}

/* A task: a band of output rows of one block. */
static void lanes_band(void *context, int64_t task)
{
    const LaneConv *v = context;
    LaneBand b = {.block = task / v->bands, .first = task % v->bands * v->band};
    b.rows = lanes_min(v->band, v->oh - b.first);
    const int64_t packed_rows = b.rows + v->r - 1;
    b.plane = packed_rows * v->pack.line;
    float *packed = (float *)(void *)(v->scratch + (size_t)task * v->bytes);
    for (int64_t c = 0; c < v->in.c; c++)
        lanes_pack_rows(&v->in, &v->pack, b.block, c, b.first, packed_rows, packed + c * b.plane);
    b.packed = packed;
    if (v->pack.rows)
        lanes_rows_of(v, &b);
    else
        for (int64_t y = b.first; y < b.first + b.rows; y++)
            lanes_batch_row(v, &b, y);
}

/* Runs the loop over every block and band; v->weight is packed. */
static bool lanes_conv(LaneConv *v)
{
    const int64_t row = v->in.c * v->pack.line * (int64_t)sizeof(float),
                  blocks = lanes_blocks_of(v->pack.rows, v->in.n);
    v->next = v->pack.rows ? v->pack.line : LANES;
    v->band = LANES_BAND / row - (v->r - 1);
    v->band = lanes_min(v->band < 4 ? 4 : v->band, v->oh);
    v->bands = (v->oh + v->band - 1) / v->band;
    /* The last vector of the last channel may reach past its rows. */
    v->bytes = ((size_t)(row * (v->band + v->r - 1)) + sizeof(LaneVector) + 63) & ~(size_t)63;
    const size_t total = v->bytes * (size_t)(blocks * v->bands);
    v->scratch = wk_alloc(total);
    if (!v->scratch)
        return false;
    lanes_run(blocks * v->bands, lanes_band, v,
              v->k * v->in.c * v->r * v->s * v->oh * v->ow * v->in.n < LANES_SERIAL);
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
                  .weight = packed,
                  .bias = bias,
                  .out = y};
    v.pack = lanes_packing(WK_KERNEL(wk_lanes_order)(s) == wk_lanes_rows, s->w, s->padding, s->s, s->ow);
    const bool done = lanes_conv(&v);
    wk_release(packed, bytes);
    return done;
}

/* The input's channels are the outputs here. */
static bool lanes_grad_input(const wk_ConvShape *s, const float *g, const float *w, float *gx)
{
    const bool rows = WK_KERNEL(wk_lanes_order)(s) == wk_lanes_rows;
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
    LaneConv v = {.in = {g, !rows, s->n, s->k, s->oh, s->ow},
                  .k = s->c,
                  .r = s->r,
                  .s = s->s,
                  .oh = s->h,
                  .ow = s->w,
                  .weight = packed,
                  .out = gx};
    v.pack = lanes_packing(rows, s->ow, pad, s->s, s->w);
    const bool done = lanes_conv(&v);
    wk_release(packed, bytes);
    return done;
}

/* Where it pays: windows that move by one, and a weight whose gradient may be kept LANES times over. */
wk_LaneOrder WK_KERNEL(wk_lanes_order)(const wk_ConvShape *s)
{
    if (s->groups != 1 || s->stride[0] != 1 || s->stride[1] != 1 || s->dilation[0] != 1 ||
        s->dilation[1] != 1 || s->padding[0] >= s->r || s->padding[1] >= s->s || s->r * s->s == 1 ||
        s->k * s->c * s->r * s->s > LANES_WEIGHTS)
        return wk_lanes_none;
    if (s->n * 2 > LANES)
        return wk_lanes_batch;
    return s->ow * 2 > LANES ? wk_lanes_rows : wk_lanes_none;
}

void WK_KERNEL(wk_install_conv_lanes)(wk_Kernels *table)
{
    table->conv_lanes = (wk_ConvLanes){WK_KERNEL(wk_lanes_order), lanes_forward, lanes_grad_input,
                                       WK_KERNEL(wk_lanes_grad_weight)};
}
