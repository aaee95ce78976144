/* Forward and gradient of the input, with outputs in the lanes (conv_lanes.h).
 *
 *      input:   x x x . .        tile: KT output channels x XT vectors of outputs, all sums in registers
 *               x x x . .        for each c, r, s:   XT loads of x, KT broadcast weights, KT * XT FMAs
 *
 * The vectors of a tile follow each other in the row where samples fill the lanes, and lie below each other
 * where columns do. Weights that meet nothing but padding are left out. The gradient of the input is the same
 * loop over the padded gradient, with the weight turned by half a turn. */
#include "kernels/isa/conv_channels.h"
#include "kernels/isa/conv_sparse.h"
#include "kernels/isa/conv_winograd.h"
#include "kernels/isa/turn.h"

enum { LANES_FEW = 16 }; /* output channels that do not pay for a copy of the input */

typedef struct LaneConv {
    LaneImage in;
    LanePack pack;
    bool rows;
    int64_t groups, c, k; /* channels of a group, in and out */
    int64_t r, s, oh, ow;
    const float *weight; /* [group][k tile][c][r][s][k of the tile] */
    const float *bias;
    float *out;
    int64_t next;        /* floats from a vector of a tile to the next, in the input */
    int64_t channel;     /* floats from an output channel to the next */
    int64_t band, bands; /* output rows of a task */
    char *scratch;       /* of each thread */
    size_t bytes;
} LaneConv;

/* Where a tile reads: its first window begins at x[offset], which may be padding that was not copied. Weight
 * rows [r0, r1) and columns [s0, s1) meet the input. */
typedef struct LaneSource {
    const float *x;
    int64_t offset, plane, r0, r1, s0, s1;
} LaneSource;

/* Where it writes: channels v->channel apart, vectors at the places given. */
typedef struct LaneTarget {
    float *to;
    int64_t channel;
    int64_t at[8];
    int64_t live[8]; /* lanes */
    bool part;       /* not all lanes of all vectors */
} LaneTarget;

/* One tile: out[k][j] = bias[k] + sum of weight[k] * input[j] over c, r and s. KT and XT are constants where
 * this is expanded. */
static inline __attribute__((always_inline)) void lanes_tile(const int KT, const int XT, const LaneConv *v,
                                                             const LaneSource *from, const float *w,
                                                             const float *bias, const LaneTarget *target)
{
    wk_vf sum[8][8];
    const int64_t row_taps = v->s * KT, skip = (v->r - from->r1 + from->r0) * row_taps, next = v->next,
                  line = v->pack.line, column = v->pack.column, taps = from->s1 - from->s0,
                  row_skip = row_taps - taps * KT;
    w += from->r0 * row_taps + from->s0 * KT;
#pragma GCC unroll 8
    for (int k = 0; k < KT; k++)
#pragma GCC unroll 8
        for (int j = 0; j < XT; j++)
            sum[k][j] = wk_vf_all(bias[k]);
    const float *plane = from->x + (from->offset + from->r0 * line + from->s0 * column);
    for (int64_t c = 0; c < v->c; c++, plane += from->plane, w += skip) {
        const float *start = plane;
        for (int64_t r = from->r0; r < from->r1; r++, start += line, w += row_skip) {
            const float *row = start;
            for (int64_t s = 0; s < taps; s++, row += column, w += KT) {
                wk_vf in[8];
#pragma GCC unroll 8
                for (int j = 0; j < XT; j++)
                    in[j] = wk_vf_load(row + j * next);
#pragma GCC unroll 8
                for (int k = 0; k < KT; k++) {
                    const wk_vf one = wk_vf_all(w[k]);
#pragma GCC unroll 8
                    for (int j = 0; j < XT; j++)
                        sum[k][j] += one * in[j];
                }
            }
        }
    }
#pragma GCC unroll 8
    for (int k = 0; k < KT; k++)
#pragma GCC unroll 8
        for (int j = 0; j < XT; j++)
            wk_vf_store(target->to + k * target->channel + target->at[j], sum[k][j]);
}

/* Tiles of as many outputs as the registers hold beside the weights, and of two and one for what is left. */
#if WK_VECTOR_BYTES == 64
#define LANES_X(KT) ((KT) >= 7 ? 3 : (KT) == 6 ? 4 : (KT) >= 4 ? 5 : (KT) == 3 ? 6 : 8)
#else
#define LANES_X(KT) ((KT) == 4 ? 3 : (KT) == 3 ? 4 : (KT) == 2 ? 5 : 8)
#endif
#define LANES_TILE(KT)                                                                     \
    static void lanes_tile_##KT(const LaneConv *v, const LaneSource *from, const float *w, \
                                const float *bias, int width, const LaneTarget *target)    \
    {                                                                                      \
        if (width > 2)                                                                     \
            lanes_tile(KT, LANES_X(KT), v, from, w, bias, target);                         \
        else if (width == 2)                                                               \
            lanes_tile(KT, 2, v, from, w, bias, target);                                   \
        else                                                                               \
            lanes_tile(KT, 1, v, from, w, bias, target);                                   \
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
    void (*run)(const LaneConv *v, const LaneSource *from, const float *w, const float *bias, int width,
                const LaneTarget *target);
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

/* A band of output rows of one group of one block. */
typedef struct LaneBand {
    int64_t block, group, first, rows;
    const float *x; /* its first channel */
    int64_t start;  /* where in it the first output row's first window begins */
    int64_t plane;
    int64_t live; /* samples */
} LaneBand;

/* The channels [k, k + kt) of a tile. */
typedef struct LaneChannels {
    const LaneTile *tile;
    int64_t k, kt;
    const float *weight, *bias;
    float *out;
} LaneChannels;

static const float lanes_no_bias[8];

static LaneChannels lanes_channels(const LaneConv *v, const LaneBand *b, int64_t t)
{
    const int64_t k = lanes_k_first(v->k, t), kt = lanes_k_first(v->k, t + 1) - k, all = b->group * v->k + k;
    return (LaneChannels){.tile = &lanes_tiles[kt],
                          .k = k,
                          .kt = kt,
                          .weight = v->weight + all * v->c * v->r * v->s,
                          .bias = v->bias ? v->bias + all : lanes_no_bias,
                          .out = v->out + (v->rows ? b->block * v->groups * v->k + all : all) * v->channel +
                                 (v->rows ? 0 : b->block * v->pack.samples)};
}

/* Weights [first, end) that meet positions [0, size) for outputs [o, o + count). */
static inline void lanes_meet(int64_t o, int64_t count, int64_t pad, int64_t size, int64_t kernel,
                              int64_t *first, int64_t *end)
{
    *first = lanes_min(lanes_max(pad - (o + count - 1), 0), kernel);
    *end = lanes_max(lanes_min(kernel, size + pad - o), *first);
}

/* The width of the next tile, of `left` vectors. */
static int64_t lanes_width(const LaneTile *tile, int64_t left)
{
    return left >= tile->width ? tile->width : left >= 2 ? 2 : 1;
}

static void lanes_outputs(const LaneConv *v, const LaneChannels *ch, const LaneSource *from, int width,
                          const LaneTarget *target)
{
    if (!target->part) {
        ch->tile->run(v, from, ch->weight, ch->bias, width, target);
        return;
    }
    float out[8 * 8 * LANES];
    LaneTarget all = {.to = out, .channel = 8 * LANES};
    for (int j = 0; j < width; j++)
        all.at[j] = j * LANES;
    ch->tile->run(v, from, ch->weight, ch->bias, width, &all);
    for (int64_t k = 0; k < ch->kt; k++)
        for (int j = 0; j < width; j++)
            if (target->live[j] > 0)
                memcpy(target->to + k * target->channel + target->at[j], out + (k * 8 + j) * LANES,
                       (size_t)target->live[j] * sizeof(float));
}

/* Samples in the lanes: the outputs [begin, end) of one row, at least a vector or all there are. */
static void lanes_samples_part(const LaneConv *v, const LaneBand *b, const LaneChannels *ch, int64_t y,
                               int64_t begin, int64_t end)
{
    const int64_t n = v->in.n, column = v->pack.column, reach = v->pack.reach;
    LaneSource from = {.x = b->x, .plane = b->plane};
    lanes_meet(y, 1, v->pack.pad[0], v->in.h, v->r, &from.r0, &from.r1);
    LaneTarget target = {
        .to = ch->out + y * v->ow * n, .channel = v->channel, .part = reach < LANES || b->live < column};
    for (int64_t j = begin, width; j < end; j += width * LANES) {
        width = lanes_width(ch->tile, (end - j) / LANES);
        const int64_t at = width > 1 ? j : lanes_max(lanes_min(j, end - LANES), begin),
                      last = lanes_min(at + width * LANES, end) - 1;
        from.offset = b->start + (y - b->first) * v->pack.line + at;
        lanes_meet(at / column, last / column - at / column + 1, v->pack.pad[1], v->in.w, v->s, &from.s0,
                   &from.s1);
        for (int64_t i = 0, x = at / column, lane = at % column; i < width; i++) {
            target.at[i] = x * n + lane;
            target.live[i] = lanes_min(LANES, reach < LANES ? reach : b->live - lane);
            for (lane += LANES; lane >= column; lane -= column)
                x++;
        }
        lanes_outputs(v, ch, &from, (int)width, &target);
    }
}

/* One output row of a tile's channels. Where padding was not copied, each column that meets some is a part of
 * its own. */
static void lanes_samples_row(const LaneConv *v, const LaneBand *b, const LaneChannels *ch, int64_t y)
{
    const int64_t column = v->pack.column, pad = v->pack.copy ? 0 : v->pack.pad[1];
    const int64_t left = lanes_min(pad, v->ow),
                  right = pad ? lanes_max(lanes_min(v->ow, v->in.w + pad - v->s + 1), left) : v->ow;
    for (int64_t x = 0; x < left; x++)
        lanes_samples_part(v, b, ch, y, x * column, (x + 1) * column);
    lanes_samples_part(v, b, ch, y, left * column, right * column);
    for (int64_t x = right; x < v->ow; x++)
        lanes_samples_part(v, b, ch, y, x * column, (x + 1) * column);
}

/* Columns in the lanes: tiles of neighbouring rows. */
static void lanes_columns_of(const LaneConv *v, const LaneBand *b, const LaneChannels *ch)
{
    const int64_t end = b->first + b->rows;
    LaneTarget target = {.channel = v->channel, .part = v->ow < LANES};
    for (int j = 0; j < 8; j++) {
        target.at[j] = j * v->ow;
        target.live[j] = v->ow;
    }
    LaneSource from = {.x = b->x, .plane = b->plane};
    for (int64_t y = b->first, count; y < end; y += count) {
        count = lanes_width(ch->tile, end - y);
        lanes_meet(y, count, v->pack.pad[0], v->in.h, v->r, &from.r0, &from.r1);
        for (int64_t j = 0; j < v->ow; j += LANES) {
            const int64_t at = lanes_max(lanes_min(j, v->ow - LANES), 0);
            from.offset = b->start + (y - b->first) * v->pack.line + at;
            lanes_meet(at, LANES, v->pack.pad[1], v->in.w, v->s, &from.s0, &from.s1);
            target.to = ch->out + y * v->ow + at;
            lanes_outputs(v, ch, &from, (int)count, &target);
        }
    }
}

static void lanes_task(void *context, int64_t task)
{
    const LaneConv *v = context;
    float *scratch =
        v->scratch ? (float *)(void *)(v->scratch + (size_t)wk_thread_number() * v->bytes) : NULL;
    const int64_t part = task / v->bands;
    LaneBand b = {.block = part / v->groups, .group = part % v->groups, .first = task % v->bands * v->band};
    b.rows = lanes_min(v->band, v->oh - b.first);
    b.live = lanes_min(v->pack.samples, v->in.n - b.block * v->pack.samples);
    if (v->pack.copy) {
        const int64_t rows = b.rows + v->r - 1;
        b.plane = rows * v->pack.line;
        for (int64_t c = 0; c < v->c; c++)
            WK_KERNEL(wk_lanes_pack)
        (&v->in, &v->pack, b.block, b.group * v->c + c, b.first, rows, scratch + c * b.plane);
        b.x = scratch;
    } else {
        b.plane = v->in.h * v->pack.line;
        b.x = lanes_plane(&v->in, &v->pack, b.block, b.group * v->c);
        b.start = (b.first - v->pack.pad[0]) * v->pack.line - v->pack.pad[1] * v->pack.column;
    }
    const int64_t tiles = lanes_k_tiles(v->k);
    if (v->rows)
        for (int64_t t = 0; t < tiles; t++) {
            const LaneChannels ch = lanes_channels(v, &b, t);
            lanes_columns_of(v, &b, &ch);
        }
    else /* all channels of a row before the next, as they share the input */
        for (int64_t y = b.first; y < b.first + b.rows; y++)
            for (int64_t t = 0; t < tiles; t++) {
                const LaneChannels ch = lanes_channels(v, &b, t);
                lanes_samples_row(v, &b, &ch, y);
            }
}

/* Runs the loop over every block, group and band; v->weight is packed. */
static bool lanes_conv(LaneConv *v)
{
    const int64_t row = v->c * v->pack.line * (int64_t)sizeof(float),
                  work = v->k * v->c * v->r * v->s * v->oh * v->ow * v->in.n;
    v->next = v->rows ? v->pack.line : LANES;
    v->channel = v->oh * v->ow * (v->rows ? 1 : v->in.n);
    /* Bands share r - 1 rows if they are copied; some bands there must be for threads. */
    const int64_t height = v->rows ? lanes_tiles[lanes_k_first(v->k, 1)].width : 1; /* of a tile */
    v->band = v->pack.copy || v->rows ? lanes_max(LANES_BAND / row - (v->r - 1), 4) : 1;
    const int workers = lanes_threads(work);
    if (workers > 1 && v->pack.blocks * v->groups < 8)
        v->band = lanes_min(v->band, (v->oh + 3) / 4);
    v->band = lanes_min((v->band + height - 1) / height * height, v->oh);
    v->bands = (v->oh + v->band - 1) / v->band;
    const int64_t tasks = v->pack.blocks * v->groups * v->bands;
    const int threads = (int)lanes_min(workers, tasks);
    v->bytes = v->pack.copy ? ((size_t)(row * (v->band + v->r - 1)) + 63) & ~(size_t)63 : 0;
    const size_t total = v->bytes * (size_t)threads;
    if (total && !(v->scratch = wk_alloc(total)))
        return false;
    wk_parallel_on(threads, tasks, lanes_task, v);
    wk_release(v->scratch, total);
    return true;
}

/* The weights of a tile, [kt][taps], as [taps][kt]. */
static void lanes_pack_weight(const float *w, int64_t kt, int64_t taps, float *to)
{
#if WK_VECTOR_BYTES == 64
    if (kt == 8) {
        wk_turn8_rows(w, taps, 8, taps, to, 8);
        return;
    }
#endif
    for (int64_t i = 0; i < taps; i++)
        for (int64_t j = 0; j < kt; j++)
            *to++ = w[j * taps + i];
}

static bool lanes_forward(const wk_ConvShape *s, const float *x, bool batch_last, const float *w,
                          const float *bias, float *y)
{
    const bool rows = WK_KERNEL(wk_lanes_order)(s) == wk_lanes_rows;
    const wk_LaneAnswer answer = rows ? WK_KERNEL(wk_channels)(s, x, w, bias, y)
                                      : WK_KERNEL(wk_winograd)(s, x, batch_last, w, bias, y);
    if (answer != wk_lanes_refused)
        return answer == wk_lanes_done;
    const int64_t k = s->k / s->groups, c = s->c / s->groups, taps = c * s->r * s->s,
                  tiles = lanes_k_tiles(k);
    const size_t bytes = (size_t)(s->k * taps) * sizeof(float);
    float *packed = wk_alloc(bytes), *to = packed;
    if (!packed)
        return false;
    for (int64_t g = 0; g < s->groups; g++, w += k * taps)
        for (int64_t t = 0; t < tiles; t++) {
            const int64_t first = lanes_k_first(k, t), kt = lanes_k_first(k, t + 1) - first;
            lanes_pack_weight(w + first * taps, kt, taps, to);
            to += taps * kt;
        }
    LaneConv v = {.in = {x, batch_last, s->n, s->c, s->h, s->w},
                  .rows = rows,
                  .groups = s->groups,
                  .c = c,
                  .k = k,
                  .r = s->r,
                  .s = s->s,
                  .oh = s->oh,
                  .ow = s->ow,
                  .weight = packed,
                  .bias = bias,
                  .out = y};
    v.pack = WK_KERNEL(wk_lanes_packing)(&v.in, v.rows, s->padding, s->s, s->ow, v.k <= LANES_FEW);
    const bool done = lanes_conv(&v);
    wk_release(packed, bytes);
    return done;
}

/* The input's channels are the outputs here. */
static bool lanes_grad_input(const wk_ConvShape *s, const float *g, const float *w, float *gx)
{
    const bool rows = WK_KERNEL(wk_lanes_order)(s) == wk_lanes_rows;
    const wk_LaneAnswer answer = rows ? wk_lanes_refused : WK_KERNEL(wk_winograd_grad_input)(s, g, w, gx);
    if (answer != wk_lanes_refused)
        return answer == wk_lanes_done;
    const int64_t k = s->k / s->groups, c = s->c / s->groups, window = s->r * s->s, tiles = lanes_k_tiles(c);
    const size_t bytes = (size_t)(s->k * c * window) * sizeof(float);
    float *packed = wk_alloc(bytes), *to = packed;
    if (!packed)
        return false;
    for (int64_t group = 0; group < s->groups; group++, w += k * c * window)
        for (int64_t t = 0; t < tiles; t++)
            for (int64_t j = 0; j < k; j++)
                for (int64_t i = window - 1; i >= 0; i--)
                    for (int64_t l = lanes_k_first(c, t); l < lanes_k_first(c, t + 1); l++)
                        *to++ = w[(j * c + l) * window + i];
    const int64_t pad[2] = {s->r - 1 - s->padding[0], s->s - 1 - s->padding[1]};
    LaneConv v = {.in = {g, !rows, s->n, s->k, s->oh, s->ow},
                  .rows = rows,
                  .groups = s->groups,
                  .c = k,
                  .k = c,
                  .r = s->r,
                  .s = s->s,
                  .oh = s->h,
                  .ow = s->w,
                  .weight = packed,
                  .out = gx};
    v.pack = WK_KERNEL(wk_lanes_packing)(&v.in, rows, pad, s->s, s->w, v.k <= LANES_FEW);
    const bool done = lanes_conv(&v);
    wk_release(packed, bytes);
    return done;
}

/* Where it pays: windows that move by one, and a weight whose gradient may be kept four times over. */
wk_LaneOrder WK_KERNEL(wk_lanes_order)(const wk_ConvShape *s)
{
    if (s->stride[0] != 1 || s->stride[1] != 1 || s->dilation[0] != 1 || s->dilation[1] != 1 ||
        s->padding[0] >= s->r || s->padding[1] >= s->s || s->r * s->s == 1 ||
        s->k * (s->c / s->groups) * s->r * s->s > LANES_WEIGHTS)
        return wk_lanes_none;
    if (s->groups > 1)
        return wk_lanes_rows;
    if (s->n >= LANES_SAMPLES)
        return wk_lanes_batch;
    return s->ow * 2 > LANES ? wk_lanes_rows : wk_lanes_none;
}

static wk_LaneAnswer lanes_winners_weight(const wk_ConvShape *s, const wk_Winners *g, const float *x,
                                          bool batch_last, float *gw, float *gb)
{
    const bool last = WK_KERNEL(wk_lanes_order)(s) == wk_lanes_batch;
    return WK_KERNEL(wk_sparse_grad_winners)(s, g, last, x, batch_last, gw, gb);
}

static wk_LaneAnswer lanes_winners_input(const wk_ConvShape *s, const wk_Winners *g, const float *w,
                                         float *gx)
{
    const bool last = WK_KERNEL(wk_lanes_order)(s) == wk_lanes_batch;
    return WK_KERNEL(wk_sparse_grad_input)(s, g, last, w, gx);
}

void WK_KERNEL(wk_install_conv_lanes)(wk_Kernels *table)
{
    table->conv_lanes =
        (wk_ConvLanes){WK_KERNEL(wk_lanes_order),       lanes_forward,        lanes_grad_input,
                       WK_KERNEL(wk_lanes_grad_weight), lanes_winners_weight, lanes_winners_input};
}
