/* Convolutions of few samples with output channels in the lanes (conv_lanes.h), for short rows: those of 10 would leave 6 of 16 lanes idle.
 *
 *      tile: two rows of XT outputs        for each c, r, s:   one vector of weights, 2 * XT FMAs with a broadcast input each
 *
 *      sums[position][channel]  +=  weight[c][r][s][channel] * in[c][y + r][x + s]
 *
 * The sums of a band of rows are turned to planes when it is done. An input that must be padded is copied before. */
#include "kernels/isa/conv_channels.h"

#include "kernels/isa/turn.h"

#if WK_VECTOR_BYTES >= 32

enum {
    CHANNELS_X = WK_VECTOR_BYTES == 64 ? 12 : 6, /* outputs of a row that a tile has, at most */
    CHANNELS_BAND = 16,                          /* rows of a task */
};

typedef struct ChannelConv {
    const wk_ConvShape *s;
    const float *x; /* [n][c][height][width], padded */
    int64_t height, width;
    float *weight, *bias; /* [k tile][tap][LANES], [k tile][LANES] */
    float *out;
    int64_t bands;
    float *scratch; /* of each thread: [position][LANES] */
    int64_t positions;
} ChannelConv;

/* Sums of 2 * XT outputs. XT is a constant where this is expanded; `low` is the second row, or the first once more. */
static inline __attribute__((always_inline)) void channels_tile(const int XT, const ChannelConv *v,
                                                                const float *top, const float *low,
                                                                const float *w, wk_vf bias, float *to_top,
                                                                float *to_low)
{
    const wk_ConvShape *s = v->s;
    const int64_t plane = v->height * v->width;
    wk_vf sum[2][CHANNELS_X];
#pragma GCC unroll 12
    for (int j = 0; j < XT; j++)
        sum[0][j] = sum[1][j] = bias;
    for (int64_t c = 0; c < s->c; c++, top += plane, low += plane)
        for (int64_t r = 0; r < s->r; r++) {
            const float *a = top + r * v->width, *b = low + r * v->width;
            for (int64_t q = 0; q < s->s; q++, w += LANES, a++, b++) {
                const wk_vf one = wk_vf_load(w);
#pragma GCC unroll 12
                for (int j = 0; j < XT; j++) {
                    sum[0][j] += one * wk_vf_all(a[j]);
                    sum[1][j] += one * wk_vf_all(b[j]);
                }
            }
        }
#pragma GCC unroll 12
    for (int j = 0; j < XT; j++) {
        wk_vf_store(to_low + j * LANES, sum[1][j]);
        wk_vf_store(to_top + j * LANES, sum[0][j]);
    }
}

typedef void ChannelTile(const ChannelConv *v, const float *top, const float *low, const float *w, wk_vf bias,
                         float *to_top, float *to_low);
#define CHANNEL_FUNCTION(XT)                                                                                 \
    static void channels_tile_##XT(const ChannelConv *v, const float *top, const float *low, const float *w, \
                                   wk_vf bias, float *to_top, float *to_low)                                 \
    {                                                                                                        \
        channels_tile(XT, v, top, low, w, bias, to_top, to_low);                                             \
    }
#define CHANNEL_ENTRY(XT) [(XT) / 2] = channels_tile_##XT,
#if WK_VECTOR_BYTES == 64
#define CHANNEL_SIZES(X) X(1) X(2) X(4) X(6) X(8) X(10) X(12)
#else
#define CHANNEL_SIZES(X) X(1) X(2) X(4) X(6)
#endif
CHANNEL_SIZES(CHANNEL_FUNCTION)

/* The tile for `left` outputs of a row, and how many it takes. */
static ChannelTile *channels_tile_of(int64_t left, int64_t *width)
{
    static ChannelTile *const tiles[CHANNELS_X / 2 + 1] = {CHANNEL_SIZES(CHANNEL_ENTRY)};
    const int64_t pairs = lanes_min(left, CHANNELS_X) / 2;
    *width = pairs ? 2 * pairs : 1;
    return tiles[pairs];
}

/* [position][LANES] of `channels` to planes: 8 positions at a time, the last of which end with them all. */
static void channels_turn(const float *sums, int64_t positions, int64_t channels, float *to, int64_t plane)
{
    for (int64_t k = 0; k < channels; k += 8)
        for (int64_t p = 0; p < positions; p += 8) {
            const int64_t at = lanes_max(lanes_min(p, positions - 8), 0), live = lanes_min(8, positions),
                          several = lanes_min(8, channels - k);
            float turned[8 * 8], *place = to + k * plane + at;
            if (live == 8 && several == 8) {
                wk_turn8(sums + at * LANES + k, LANES, 8, place, plane);
                continue;
            }
            wk_turn8(sums + at * LANES + k, LANES, live, turned, 8);
            for (int64_t i = 0; i < several; i++)
                memcpy(place + i * plane, turned + i * 8, (size_t)live * sizeof *place);
        }
}

static void channels_task(void *context, int64_t task)
{
    const ChannelConv *v = context;
    const wk_ConvShape *s = v->s;
    const int64_t n = task / v->bands, first = task % v->bands * CHANNELS_BAND,
                  rows = lanes_min(CHANNELS_BAND, s->oh - first), taps = s->c * s->r * s->s;
    const float *x = v->x + n * s->c * v->height * v->width;
    float *sums = v->scratch + wk_thread_number() * v->positions * LANES;
    for (int64_t k = 0; k < s->k; k += LANES) {
        const wk_vf bias = wk_vf_load(v->bias + k);
        for (int64_t y = 0; y < rows; y += 2) {
            const int64_t below = y + 1 < rows;
            for (int64_t at = 0, width; at < s->ow; at += width) {
                ChannelTile *tile = channels_tile_of(s->ow - at, &width);
                const float *top = x + (first + y) * v->width + at;
                float *to = sums + (y * s->ow + at) * LANES;
                tile(v, top, top + below * v->width, v->weight + k * taps, bias, to,
                     to + below * s->ow * LANES);
            }
        }
        channels_turn(sums, rows * s->ow, lanes_min(LANES, s->k - k),
                      v->out + (n * s->k + k) * s->oh * s->ow + first * s->ow, s->oh * s->ow);
    }
}

/* [k tile][tap][LANES], zeros behind the last channel, and the biases. */
static void channels_pack(const ChannelConv *v, const float *w, const float *bias)
{
    const wk_ConvShape *s = v->s;
    const int64_t taps = s->c * s->r * s->s;
    for (int64_t k = 0; k < s->k; k += LANES)
        for (int64_t i = 0; i < LANES; i += 8)
            wk_turn8_rows(w + (k + i) * taps, taps, s->k - k - i, taps, v->weight + k * taps + i, LANES);
    for (int64_t k = 0; bias && k < s->k; k++)
        v->bias[k] = bias[k];
}

static void channels_pad(const ChannelConv *v, const float *x, float *to)
{
    const wk_ConvShape *s = v->s;
    for (int64_t plane = 0; plane < s->n * s->c; plane++, to += v->height * v->width)
        for (int64_t y = 0; y < s->h; y++, x += s->w)
            memcpy(to + (y + s->padding[0]) * v->width + s->padding[1], x, (size_t)s->w * sizeof *to);
}

/* Compares multiply-adds of vectors. The sums must be turned: at three quarters both take as long. */
static bool channels_pay(const wk_ConvShape *s)
{
    const int64_t channels = (s->k + LANES - 1) / LANES * s->oh * s->ow,
                  columns = s->k * s->oh * ((s->ow + LANES - 1) / LANES);
    return s->groups == 1 && channels * 5 < columns * 4;
}

wk_LaneAnswer WK_KERNEL(wk_channels)(const wk_ConvShape *s, const float *x, const float *w, const float *bias,
                                     float *y)
{
    if (!channels_pay(s))
        return wk_lanes_refused;
    const bool padded = s->padding[0] || s->padding[1];
    ChannelConv v = {.s = s,
                     .x = x,
                     .height = s->h + 2 * s->padding[0],
                     .width = s->w + 2 * s->padding[1],
                     .out = y,
                     .bands = (s->oh + CHANNELS_BAND - 1) / CHANNELS_BAND,
                     .positions = lanes_min(CHANNELS_BAND, s->oh) * s->ow};
    const int64_t taps = s->c * s->r * s->s, k = (s->k + LANES - 1) / LANES * LANES, tasks = s->n * v.bands,
                  copy = padded ? s->n * s->c * v.height * v.width : 0;
    const int threads = (int)lanes_min(lanes_threads(s->n * s->oh * s->ow * s->k * taps), tasks);
    const size_t bytes = (size_t)(k * taps + k + threads * v.positions * LANES + copy) * sizeof(float);
    char *memory = wk_alloc(bytes);
    if (!memory)
        return wk_lanes_failed;
    v.weight = (float *)(void *)memory;
    v.bias = v.weight + k * taps;
    v.scratch = v.bias + k;
    memset(v.bias, 0, (size_t)k * sizeof(float));
    channels_pack(&v, w, bias);
    if (padded) {
        float *to = v.scratch + threads * v.positions * LANES;
        memset(to, 0, (size_t)copy * sizeof *to);
        channels_pad(&v, x, to);
        v.x = to;
    }
    wk_parallel_on(threads, tasks, channels_task, &v);
    wk_release(memory, bytes);
    return wk_lanes_done;
}

#else

wk_LaneAnswer WK_KERNEL(wk_channels)(const wk_ConvShape *s, const float *x, const float *w, const float *bias,
                                     float *y)
{
    (void)s, (void)x, (void)w, (void)bias, (void)y;
    return wk_lanes_refused;
}

#endif
