/* Gradients that are mostly zeros, as lists: what the two gradients of a convolution that read them so share.
 *
 * An image is [n][padded y][padded x][pixel], a pixel being its channels and zeros behind them; a window of it is r rows of some vectors
 * side by side. A list has what is not zero of one channel of the gradient, of some samples or rows, and the place of the window of
 * each, so that the rows under it stay in the first cache while the channels pass. Behind max pooling the gradient is one number a
 * window of the pooling, and the winner's byte says which output it belongs to. */
#ifndef WICK_KERNELS_CONV_SPARSE_LIST_H
#define WICK_KERNELS_CONV_SPARSE_LIST_H

#include "kernels/isa/conv_lanes.h"
#include "kernels/isa/turn.h"

#if WK_VECTOR_BYTES >= 32
#include <immintrin.h>

enum {
    SPARSE_LIST = 1024, /* positions of a list, at most: lists and rows share the first cache */
    SPARSE_VECTOR =
        8, /* floats: windows' rows are short, and 32 bytes cross no cache line if they are aligned */
    SPARSE_CHANNELS =
        32, /* the most that gain by it: with 64, Winograd's way is as fast on a quarter of the elements */
    SPARSE_IMAGE = 1 << 26, /* floats of an image, at most: places are 32 bits */
};

/* The gradient, the geometry of images, and how lists are cut. */
typedef struct SparseSource {
    const wk_ConvShape *s;
    const float *g;
    const uint8_t *which;               /* of winners, or NULL */
    bool last;                          /* has the batch last */
    int64_t gh, gw;                     /* elements of g, in a plane */
    int64_t step_y, step_x;             /* outputs from one to the next: more than 1 behind pooling */
    int64_t window;                     /* elements of a pooling window, at most LANES */
    wk_vi table, low;                   /* where they lie, from its first; the marks of what does not count */
    int64_t corner;                     /* where the first window begins */
    int64_t pixel, line, size, vectors; /* floats of an image; vectors of a window's row */
    int64_t lanes, blocks;              /* samples that lie in one list if the batch is last; lists of all */
    int64_t rows, columns, step, count; /* of a list: of g, and vectors of elements `step` apart */
    const wk_vi *place;                 /* [count] of the windows, counted from the list's first */
} SparseSource;

/* g [n, k, oh, ow], or what would spread to it; `last` tells whether that has the batch last. */
SparseSource WK_KERNEL(wk_sparse_source)(const wk_ConvShape *s, const float *g, bool last, int64_t lanes);
SparseSource WK_KERNEL(wk_sparse_winners)(const wk_ConvShape *s, const wk_Winners *winners, bool last,
                                          int64_t lanes);
/* Fills in from->count places. */
void WK_KERNEL(wk_sparse_places)(const SparseSource *from, wk_vi *places);

static inline bool sparse_fits(const SparseSource *f)
{
    return f->s->groups == 1 && f->s->c <= SPARSE_CHANNELS && (f->last || f->gw <= SPARSE_LIST) &&
           f->size <= SPARSE_IMAGE && f->window <= LANES;
}

/* Whether the taps of a window follow each other, each in whole vectors. */
static inline bool sparse_taps_follow(const SparseSource *f)
{
    return f->pixel % SPARSE_VECTOR == 0;
}

/* Where element i of a weight's [c][r][s] lies among the floats of a window. */
static inline int64_t sparse_place_of(const SparseSource *f, int64_t i)
{
    const int64_t taps = f->s->r * f->s->s, tap = i % taps;
    return tap / f->s->s * f->vectors * SPARSE_VECTOR + tap % f->s->s * f->pixel + i / taps;
}

/* ---- lists ----------------------------------------------------------------------------------------------- */

typedef struct SparseList {
    int64_t length;
    _Alignas(64) float value[SPARSE_LIST + LANES];
    int32_t place[SPARSE_LIST + LANES]; /* of the window */
} SparseList;

/* Of the first `live` lanes: loads them, zeros for the others; what winners say of a value's place and whether it counts; appends to the
 * list what is not zero, and returns its length. */
#if WK_VECTOR_BYTES == 64
static inline wk_vf sparse_load_live(const float *g, uint32_t live)
{
    return (wk_vf)_mm512_maskz_loadu_ps((__mmask16)live, g);
}

static inline wk_vf sparse_winners(const SparseSource *f, wk_vf value, const uint8_t *which, uint32_t live,
                                   wk_vi *place)
{
    const __m512i name = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8((__mmask16)live, which));
    *place += (wk_vi)_mm512_permutexvar_epi32(name, (__m512i)f->table);
    return (wk_vf)_mm512_maskz_mov_ps(_mm512_testn_epi32_mask(name, (__m512i)f->low), (__m512)value);
}

static inline int64_t sparse_append(SparseList *list, int64_t length, wk_vf value, wk_vi place)
{
    uint32_t bits = _mm512_cmp_ps_mask((__m512)value, _mm512_setzero_ps(), _CMP_NEQ_UQ);
    __asm__(
        ""
        : "+r"(
            bits)); /* gcc 12 may spill a mask as 16 bits and count 32 of them: not what is in a register */
    const __mmask16 kept = (__mmask16)bits;
    _mm512_storeu_ps(list->value + length, _mm512_maskz_compress_ps(kept, (__m512)value));
    _mm512_storeu_si512(list->place + length, _mm512_maskz_compress_epi32(kept, (__m512i)place));
    return length + __builtin_popcount(bits);
}
#else
static inline wk_vf sparse_load_live(const float *g, uint32_t live)
{
    if (live == (1u << LANES) - 1)
        return wk_vf_load(g);
    wk_vf value = {0};
    for (int i = 0; live >> i; i++)
        value[i] = g[i];
    return value;
}

static inline wk_vf sparse_winners(const SparseSource *f, wk_vf value, const uint8_t *which, uint32_t live,
                                   wk_vi *place)
{
    uint64_t bytes = 0;
    if (live == (1u << LANES) - 1)
        memcpy(&bytes, which, sizeof bytes);
    else
        for (int i = 0; live >> i; i++)
            bytes |= (uint64_t)which[i] << 8 * i;
    const __m256i name = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)bytes));
    *place += (wk_vi)_mm256_permutevar8x32_epi32((__m256i)f->table, name);
    const wk_vi counts = ((wk_vi)name & f->low) == 0;
    return (wk_vf)((wk_vi)value & counts);
}

/* The lanes that a mask of four keeps, in order. */
static const int32_t sparse_kept[16][4] = {{0},    {0},       {1},       {0, 1},      {2},    {0, 2},
                                           {1, 2}, {0, 1, 2}, {3},       {0, 3},      {1, 3}, {0, 1, 3},
                                           {2, 3}, {0, 2, 3}, {1, 2, 3}, {0, 1, 2, 3}};

static inline int64_t sparse_append_half(SparseList *list, int64_t length, __m128 value, __m128i place,
                                         uint32_t kept)
{
    const __m128i order = _mm_loadu_si128((const __m128i *)sparse_kept[kept]);
    _mm_storeu_ps(list->value + length, _mm_permutevar_ps(value, order));
    _mm_storeu_si128((__m128i *)(list->place + length),
                     _mm_castps_si128(_mm_permutevar_ps(_mm_castsi128_ps(place), order)));
    return length + __builtin_popcount(kept);
}

static inline int64_t sparse_append(SparseList *list, int64_t length, wk_vf value, wk_vi place)
{
    const uint32_t kept =
        (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps((__m256)value, _mm256_setzero_ps(), _CMP_NEQ_UQ));
    length = sparse_append_half(list, length, _mm256_castps256_ps128((__m256)value),
                                _mm256_castsi256_si128((__m256i)place), kept & 15);
    return sparse_append_half(list, length, _mm256_extractf128_ps((__m256)value, 1),
                              _mm256_extracti128_si256((__m256i)place, 1), kept >> 4);
}
#endif

/* Lists `count` vectors of elements from `at` on; `all` are the lanes that count, `last` those of the last. Returns the
 * sum of what was met. What lies `ahead` is needed next: too far away for the machine to guess. */
static inline __attribute__((always_inline)) wk_vf sparse_list_of(const SparseSource *f, bool winners,
                                                                  int64_t at, int64_t ahead, int64_t count,
                                                                  uint32_t all, uint32_t last,
                                                                  SparseList *list)
{
    const int64_t step = f->step;
    wk_vf sum = {0};
    int64_t length = 0;
    for (int64_t i = 0; i < count; i++, at += step) {
        const uint32_t live = i < count - 1 ? all : last;
        wk_vi place = f->place[i];
        __builtin_prefetch(f->g + at + ahead);
        wk_vf value = sparse_load_live(f->g + at, live);
        if (winners)
            value = sparse_winners(f, value, f->which + at, live, &place);
        sum += value;
        length = sparse_append(list, length, value, place);
    }
    list->length = length;
    return sum;
}

/* Elements [y0, ...) x [x0, ...) of a block of samples: where they lie in g and in images. */
typedef struct SparseSpot {
    int64_t sample, at,
        next; /* its first sample, its first element of channel 0, elements to the next channel */
    int64_t count, image;
    uint32_t all, last; /* lanes that count */
} SparseSpot;

static inline SparseSpot sparse_spot(const SparseSource *f, int64_t block, int64_t y0, int64_t x0)
{
    const wk_ConvShape *s = f->s;
    const int64_t rows = lanes_min(f->rows, f->gh - y0), columns = lanes_min(f->columns, f->gw - x0),
                  elements = f->gh * f->gw;
    SparseSpot spot = {.sample = f->last ? block * f->lanes : block};
    const int64_t live = f->last ? lanes_min(f->lanes, s->n - spot.sample) : LANES;
    spot.next = elements * (f->last ? s->n : 1);
    spot.at = f->last ? (y0 * f->gw + x0) * s->n + spot.sample : block * s->k * elements + y0 * f->gw;
    spot.count = f->last ? columns : (rows * columns + LANES - 1) / LANES;
    spot.image = spot.sample * f->size + f->corner + y0 * f->step_y * f->line + x0 * f->step_x * f->pixel;
    spot.all = (1u << live) - 1;
    spot.last = f->last ? spot.all : (1u << (rows * columns - (spot.count - 1) * LANES)) - 1;
    return spot;
}

/* Lists channel k. Returns the sum of what was met. The next channel is needed soon: too far away for the machine to guess. */
static inline wk_vf sparse_list(const SparseSource *f, const SparseSpot *spot, int64_t k, SparseList *list)
{
    const int64_t at = spot->at + k * spot->next, ahead = k + 1 < f->s->k ? spot->next : 0;
    return f->which ? sparse_list_of(f, true, at, ahead, spot->count, spot->all, spot->last, list)
                    : sparse_list_of(f, false, at, ahead, spot->count, spot->all, spot->last, list);
}

/* ---- windows ------------------------------------------------------------------------------------------- */

/* Does something with R rows of J vectors of each window of a list, and `own` vectors, rows of f->vectors. */
typedef void SparseWindows(const SparseSource *f, const SparseList *list, float *image, wk_v8 *own);

/* The sizes there are: those that fit into registers. */
#define SPARSE_SIZES_SMALL(X, name) \
    X(name, 1, 1)                   \
    X(name, 1, 2)                   \
    X(name, 1, 3) X(name, 1, 5) X(name, 3, 1) X(name, 3, 2) X(name, 3, 3) X(name, 5, 1) X(name, 5, 2)
#if WK_VECTOR_BYTES == 64
#define SPARSE_SIZES(X, name) SPARSE_SIZES_SMALL(X, name) X(name, 3, 5) X(name, 5, 3) X(name, 5, 5)
#else
#define SPARSE_SIZES(X, name) SPARSE_SIZES_SMALL(X, name)
#endif
#define SPARSE_FUNCTION(name, R, J)                                                                       \
    static void name##_##R##_##J(const SparseSource *f, const SparseList *list, float *image, wk_v8 *own) \
    {                                                                                                     \
        name(R, J, f, list, image, own);                                                                  \
    }
#define SPARSE_ENTRY(name, R, J) [R][J] = name##_##R##_##J,
/* name##_of[R][J] made of name(R, J, ...), where both are constants; NULL: there is none. */
#define SPARSE_FUNCTIONS(name)          \
    SPARSE_SIZES(SPARSE_FUNCTION, name) \
    static SparseWindows *const name##_of[6][6] = {SPARSE_SIZES(SPARSE_ENTRY, name)};

static inline void sparse_windows(const SparseSource *f, SparseWindows *const of[6][6],
                                  const SparseList *list, float *image, wk_v8 *own)
{
    int64_t rows, vectors;
    for (int64_t r = 0; r < f->s->r; r += rows) {
        rows = lanes_min(f->s->r - r, 5);
        rows -= rows % 2 == 0;
        for (int64_t j = 0; j < f->vectors; j += vectors) {
            vectors = lanes_min(f->vectors - j, 5);
            while (!of[rows][vectors])
                vectors--;
            of[rows][vectors](f, list, image + r * f->line + j * SPARSE_VECTOR, own + r * f->vectors + j);
        }
    }
}

#endif
#endif
