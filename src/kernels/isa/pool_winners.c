/* Max pooling that keeps winners, of [planes, h, w, n].
 *
 * With the batch last a window's elements are rows of n floats, compared lane by lane. With n = 1 the usual
 * windows, 2 x 2 side by side, are taken along whole rows. What is kept for the way back is one byte an
 * output: which position of the window won, and whether with more than zero. Windows that do not overlap write each input once; others add
 * into zeros. A task is a plane. */
#include <math.h>
#include <string.h>

#include "core/threads.h"
#include "kernels/isa/vector.h"

enum { POOL_LANES = WK_VF, POOL_SERIAL = 1 << 15 };

typedef uint8_t PoolBytes __attribute__((vector_size(WK_VECTOR_BYTES / 4)));
/* Where fewer are left. */
typedef float PoolFour __attribute__((vector_size(16)));
typedef int32_t PoolFourMask __attribute__((vector_size(16)));
typedef uint8_t PoolFourBytes __attribute__((vector_size(4)));

typedef struct PoolWinners {
    const wk_PoolShape *s;
    int64_t n;
    const float *in;
    float *out;
    uint8_t *which;
    const uint8_t *won;
    uint8_t mask; /* of won: what is compared with names */
    bool apart;   /* windows do not overlap and cover all */
} PoolWinners;

/* The positions of a window that lie inside the input. */
typedef struct LaneWindow {
    int64_t at[WK_WINNER_NAME]; /* floats from the first element's samples on */
    uint8_t name[WK_WINNER_NAME];
    int count;
} LaneWindow;

/* Empty where dilation takes all of them into padding. */
static void lane_window(const wk_PoolShape *s, int64_t n, int64_t oy, int64_t ox, LaneWindow *w)
{
    w->count = 0;
    for (int64_t r = 0; r < s->kernel[0]; r++) {
        const int64_t y = oy * s->stride[0] - s->padding[0] + r * s->dilation[0];
        for (int64_t q = 0; q < s->kernel[1] && y >= 0 && y < s->h; q++) {
            const int64_t x = ox * s->stride[1] - s->padding[1] + q * s->dilation[1];
            if (x < 0 || x >= s->w)
                continue;
            w->at[w->count] = (y * s->w + x) * n;
            w->name[w->count++] = (uint8_t)(r * s->kernel[1] + q);
        }
    }
}

/* `lanes` floats of one window from i on, in vectors of that size: VF of floats, VI of int32, VB of bytes. */
#define POOL_MAX_LANES(lanes, VF, VI, VB)                            \
    for (; i + (lanes) <= p->n; i += (lanes)) {                      \
        VF best, value;                                              \
        memcpy(&best, plane + w->at[0] + i, sizeof best);            \
        VI name = w->name[0] - (VI){0};                              \
        for (int k = 1; k < w->count; k++) {                         \
            memcpy(&value, plane + w->at[k] + i, sizeof value);      \
            const VI wins = (value > best) | (value != value);       \
            best = (VF)(((VI)value & wins) | ((VI)best & ~wins));    \
            name = ((w->name[k] - (VI){0}) & wins) | (name & ~wins); \
        }                                                            \
        name |= (best <= 0) & WK_WINNER_LOW;                         \
        const VB bytes = __builtin_convertvector(name, VB);          \
        memcpy(out + i, &best, sizeof best);                         \
        if (which)                                                   \
            memcpy(which + i, &bytes, sizeof bytes);                 \
    }

static bool reaches_inside(const wk_PoolShape *s, int64_t y, int64_t x)
{
    return y >= 0 && x >= 0 && y + (s->kernel[0] - 1) * s->dilation[0] < s->h &&
           x + (s->kernel[1] - 1) * s->dilation[1] < s->w;
}

/* A window that lies inside of the input, from its own first element on: the same for all such, if there are any. */
static void whole_window(const wk_PoolShape *s, int64_t n, LaneWindow *w)
{
    w->count = 0;
    if (!reaches_inside(s, 0, 0))
        return;
    for (int64_t r = 0; r < s->kernel[0]; r++)
        for (int64_t q = 0; q < s->kernel[1]; q++) {
            w->at[w->count] = (r * s->dilation[0] * s->w + q * s->dilation[1]) * n;
            w->name[w->count++] = (uint8_t)(r * s->kernel[1] + q);
        }
}

/* The window of an output, and what its places count from: the whole one if it lies inside, or *own, filled
 * in. */
static const LaneWindow *window_of(const wk_PoolShape *s, int64_t n, int64_t oy, int64_t ox,
                                   const LaneWindow *whole, LaneWindow *own, int64_t *from)
{
    const int64_t y = oy * s->stride[0] - s->padding[0], x = ox * s->stride[1] - s->padding[1];
    *from = (y * s->w + x) * n;
    if (reaches_inside(s, y, x))
        return whole;
    *from = 0;
    lane_window(s, n, oy, ox, own);
    return own;
}

static void pool_no_winner(int64_t n, float *out, uint8_t *which)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = -INFINITY;
    if (which)
        memset(which, WK_WINNER_NONE | WK_WINNER_LOW, (size_t)n);
}

static void pool_max_window(const PoolWinners *p, const LaneWindow *w, const float *plane, float *out,
                            uint8_t *which)
{
    if (w->count == 0) {
        pool_no_winner(p->n, out, which);
        return;
    }
    int64_t i = 0;
    POOL_MAX_LANES(POOL_LANES, wk_vf, wk_vi, PoolBytes)
    POOL_MAX_LANES(4, PoolFour, PoolFourMask, PoolFourBytes)
    for (; i < p->n; i++) {
        uint8_t name = w->name[0];
        out[i] = plane[w->at[0] + i];
        for (int k = 1; k < w->count; k++) {
            const float value = plane[w->at[k] + i];
            if (value > out[i] || value != value) {
                out[i] = value;
                name = w->name[k];
            }
        }
        if (which)
            which[i] = name | (out[i] <= 0 ? WK_WINNER_LOW : 0);
    }
}

/* 2 x 2 windows side by side, whose elements are pairs of a row. */
#if WK_VECTOR_BYTES == 64
#define POOL_EVEN  0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define POOL_ODD   1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#define POOL_FIRST 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define POOL_LAST  8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif WK_VECTOR_BYTES == 32
#define POOL_EVEN  0, 2, 4, 6, 8, 10, 12, 14
#define POOL_ODD   1, 3, 5, 7, 9, 11, 13, 15
#define POOL_FIRST 0, 8, 1, 9, 2, 10, 3, 11
#define POOL_LAST  4, 12, 5, 13, 6, 14, 7, 15
#else
#define POOL_EVEN  0, 2, 4, 6
#define POOL_ODD   1, 3, 5, 7
#define POOL_FIRST 0, 4, 1, 5
#define POOL_LAST  2, 6, 3, 7
#endif

static inline wk_vi pool_load_bytes(const uint8_t *from, int64_t count)
{
#if WK_VECTOR_BYTES == 64
    return (wk_vi)_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(wk_vf_mask(count), from));
#else
    PoolBytes bytes = {0};
    memcpy(&bytes, from, (size_t)count);
    return __builtin_convertvector(bytes, wk_vi);
#endif
}

static inline void pool_store_bytes(uint8_t *to, wk_vi v, int64_t count)
{
#if WK_VECTOR_BYTES == 64
    _mm512_mask_cvtepi32_storeu_epi8(to, wk_vf_mask(count), (__m512i)v);
#else
    const PoolBytes bytes = __builtin_convertvector(v, PoolBytes);
    memcpy(to, &bytes, (size_t)count);
#endif
}

/* The first and the second of `count` pairs. */
static inline void pool_load_pairs(const float *from, int64_t count, wk_vf *even, wk_vf *odd)
{
    const int64_t first = count * 2 < POOL_LANES ? count * 2 : POOL_LANES;
    const wk_vf a = wk_vf_load_part(from, first, 0), b = wk_vf_load_part(from + first, count * 2 - first, 0);
    *even = __builtin_shufflevector(a, b, POOL_EVEN);
    *odd = __builtin_shufflevector(a, b, POOL_ODD);
}

static inline void pool_store_pairs(float *to, wk_vf even, wk_vf odd, int64_t count)
{
    const int64_t first = count * 2 < POOL_LANES ? count * 2 : POOL_LANES;
    wk_vf_store_part(to, __builtin_shufflevector(even, odd, POOL_FIRST), first);
    wk_vf_store_part(to + first, __builtin_shufflevector(even, odd, POOL_LAST), count * 2 - first);
}

static inline void pool_better(wk_vf value, int32_t as, wk_vf *best, wk_vi *name)
{
    const wk_vi wins = (value > *best) | (value != value);
    *best = (wk_vf)(((wk_vi)value & wins) | ((wk_vi)*best & ~wins));
    *name = ((as - (wk_vi){0}) & wins) | (*name & ~wins);
}

/* A row of outputs from two rows of inputs. */
static void pool_pairs(const float *top, const float *low, int64_t ow, float *out, uint8_t *which)
{
    for (int64_t at = 0; at < ow; at += POOL_LANES) {
        const int64_t count = ow - at < POOL_LANES ? ow - at : POOL_LANES;
        wk_vf best, b, c, d;
        wk_vi name = {0};
        pool_load_pairs(top + 2 * at, count, &best, &b);
        pool_load_pairs(low + 2 * at, count, &c, &d);
        pool_better(b, 1, &best, &name);
        pool_better(c, 2, &best, &name);
        pool_better(d, 3, &best, &name);
        name |= (best <= 0) & WK_WINNER_LOW;
        wk_vf_store_part(out + at, best, count);
        if (which)
            pool_store_bytes(which + at, name, count);
    }
}

static void pool_back_pairs(const float *grad, const uint8_t *won, uint8_t mask, int64_t ow, float *top,
                            float *low)
{
    for (int64_t at = 0; at < ow; at += POOL_LANES) {
        const int64_t count = ow - at < POOL_LANES ? ow - at : POOL_LANES;
        const wk_vi g = (wk_vi)wk_vf_load_part(grad + at, count, 0),
                    name = pool_load_bytes(won + at, count) & mask;
        pool_store_pairs(top + 2 * at, (wk_vf)(g & (name == 0)), (wk_vf)(g & (name == 1)), count);
        pool_store_pairs(low + 2 * at, (wk_vf)(g & (name == 2)), (wk_vf)(g & (name == 3)), count);
    }
}

static bool pool_in_pairs(const PoolWinners *p)
{
    const wk_PoolShape *s = p->s;
    return p->n == 1 && p->apart && s->kernel[0] == 2 && s->kernel[1] == 2;
}

static void pool_max_plane(void *context, int64_t plane)
{
    const PoolWinners *p = context;
    const wk_PoolShape *s = p->s;
    int64_t at = plane * s->oh * s->ow * p->n;
    if (pool_in_pairs(p)) {
        const float *in = p->in + plane * s->h * s->w;
        for (int64_t oy = 0; oy < s->oh; oy++, at += s->ow, in += 2 * s->w)
            pool_pairs(in, in + s->w, s->ow, p->out + at, p->which ? p->which + at : NULL);
        return;
    }
    LaneWindow whole, own;
    whole_window(s, p->n, &whole);
    for (int64_t oy = 0; oy < s->oh; oy++)
        for (int64_t ox = 0; ox < s->ow; ox++, at += p->n) {
            int64_t from;
            const LaneWindow *w = window_of(s, p->n, oy, ox, &whole, &own, &from);
            pool_max_window(p, w, p->in + plane * s->h * s->w * p->n + from, p->out + at,
                            p->which ? p->which + at : NULL);
        }
}

/* Few samples, in vectors of four: loops along them would be all beginning and end. */
static void pool_back_few(const PoolWinners *p, const LaneWindow *w, const float *grad, const uint8_t *won,
                          float *plane)
{
    int64_t i = 0;
    for (; i + 4 <= p->n; i += 4) {
        PoolFour g, before;
        PoolFourBytes bytes;
        memcpy(&g, grad + i, sizeof g);
        memcpy(&bytes, won + i, sizeof bytes);
        const PoolFourMask name = __builtin_convertvector(bytes & p->mask, PoolFourMask);
        for (int k = 0; k < w->count; k++) {
            float *to = plane + w->at[k] + i;
            PoolFour share = (PoolFour)((PoolFourMask)g & (name == w->name[k]));
            if (!p->apart) {
                memcpy(&before, to, sizeof before);
                share += before;
            }
            memcpy(to, &share, sizeof share);
        }
    }
    for (; i < p->n; i++)
        for (int k = 0; k < w->count; k++) {
            float *to = plane + w->at[k] + i;
            const float share = (won[i] & p->mask) == w->name[k] ? grad[i] : 0;
            *to = p->apart ? share : *to + share;
        }
}

static void pool_back_window(const PoolWinners *p, const LaneWindow *w, const float *grad, const uint8_t *won,
                             float *plane)
{
    const uint8_t mask = p->mask;
    for (int k = 0; k < w->count; k++) {
        float *to = plane + w->at[k];
        const uint8_t name = w->name[k];
        if (p->apart) {
            WK_INDEPENDENT
            for (int64_t i = 0; i < p->n; i++)
                to[i] = (won[i] & mask) == name ? grad[i] : 0;
        } else {
            WK_INDEPENDENT
            for (int64_t i = 0; i < p->n; i++)
                to[i] += (won[i] & mask) == name ? grad[i] : 0;
        }
    }
}

static void pool_back_plane(void *context, int64_t plane)
{
    const PoolWinners *p = context;
    const wk_PoolShape *s = p->s;
    float *out = p->out + plane * s->h * s->w * p->n;
    int64_t at = plane * s->oh * s->ow * p->n;
    if (pool_in_pairs(p)) {
        for (int64_t oy = 0; oy < s->oh; oy++, at += s->ow, out += 2 * s->w)
            pool_back_pairs(p->in + at, p->won + at, p->mask, s->ow, out, out + s->w);
        return;
    }
    if (!p->apart)
        memset(out, 0, (size_t)(s->h * s->w * p->n) * sizeof *out);
    LaneWindow whole, own;
    whole_window(s, p->n, &whole);
    for (int64_t oy = 0; oy < s->oh; oy++)
        for (int64_t ox = 0; ox < s->ow; ox++, at += p->n) {
            int64_t from;
            const LaneWindow *w = window_of(s, p->n, oy, ox, &whole, &own, &from);
            (p->n < POOL_LANES ? pool_back_few : pool_back_window)(p, w, p->in + at, p->won + at, out + from);
        }
}

static void pool_planes(PoolWinners *p, void (*plane)(void *, int64_t))
{
    if (p->s->planes * p->s->h * p->s->w * p->n >= POOL_SERIAL) {
        wk_parallel(p->s->planes, plane, p);
        return;
    }
    for (int64_t i = 0; i < p->s->planes; i++)
        plane(p, i);
}

static bool pool_tiles(const wk_PoolShape *s, int i, int64_t size, int64_t out)
{
    return s->stride[i] == s->kernel[i] && s->dilation[i] == 1 && s->padding[i] == 0 &&
           out * s->kernel[i] == size;
}

static bool pool_apart(const wk_PoolShape *s)
{
    return pool_tiles(s, 0, s->h, s->oh) && pool_tiles(s, 1, s->w, s->ow);
}

static void pool_winners(const wk_PoolShape *shape, int64_t n, const float *input, float *output,
                         uint8_t *which)
{
    PoolWinners p = {
        .s = shape, .n = n, .in = input, .out = output, .which = which, .apart = pool_apart(shape)};
    pool_planes(&p, pool_max_plane);
}

static void pool_winners_backward(const wk_Winners *winners, int64_t n, float *grad_input)
{
    PoolWinners p = {.s = winners->shape,
                     .n = n,
                     .in = winners->grad,
                     .out = grad_input,
                     .won = winners->which,
                     .mask = winners->positive ? UINT8_MAX
                                               : WK_WINNER_NAME, /* with its mark a low winner has no name */
                     .apart = pool_apart(winners->shape)};
    pool_planes(&p, pool_back_plane);
}

void WK_KERNEL(wk_install_pool_winners)(wk_Kernels *table)
{
    table->max_pool_winners = pool_winners;
    table->max_pool_winners_backward = pool_winners_backward;
}
