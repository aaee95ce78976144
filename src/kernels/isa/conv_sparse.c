/* Gradient of the weight where most of the output's gradient is zero (conv_lanes.h).
 *
 * Behind max pooling three quarters of the gradient are zero, and each zero multiplies a whole window. So the
 * elements that are not are listed, channel by channel, with the place of their window, and each takes its
 * window once:
 *
 *      list of k:   (g, window) (g, window) ...            image as [n][y][x][c]:  a row of a window is s * c
 *      sums[k][r][s * c]  +=  g * window[r][s * c]         floats side by side, all its sums in registers
 *
 * In the lanes' orders a list of 16 samples or of some rows is short, and the input rows under it stay in the
 * first cache while the channels pass. A part of the samples is a task: the order of additions does not depend
 * on the number of threads. Zero times infinity would be NaN: an input that is not finite is left to the dense
 * loop, and so is a gradient that is not sparse enough, as a look at its middle rows tells. */
#include "kernels/isa/conv_sparse.h"

#include "kernels/isa/conv_winograd.h"

#if WK_VECTOR_BYTES >= 32
#include <immintrin.h>

enum {
    SPARSE_LIST = 1024, /* positions of a list, at most: lists and rows share the first cache */
    SPARSE_PARTS = 16,  /* of the samples, at most: each has its own sums */
    SPARSE_TASKS = 8,   /* that are enough for threads */
    SPARSE_VECTOR =
        8, /* floats: windows' rows are short, and 32 bytes cross no cache line if they are aligned */
    SPARSE_SUMS = WK_VECTOR_BYTES == 64 ? 25 : 10, /* that fit into registers */
    SPARSE_ROWS = 40 << 10, /* bytes of the input under a list that the first cache holds well enough */
    SPARSE_CHANNELS =
        32, /* the most that gain by it: with 64, Winograd's way is as fast on a quarter of the elements */
    SPARSE_IMAGE = 1 << 26, /* floats of an image, at most: places are 32 bits */
};

typedef float SparseVector __attribute__((vector_size(32)));
typedef float SparseLoose __attribute__((vector_size(32), aligned(4), may_alias));

typedef struct SparseGrad {
    const wk_ConvShape *s;
    const float *g, *x;
    bool g_last, x_last;    /* have the batch last */
    int64_t gh, gw;         /* elements of g, in a plane */
    int64_t step_y, step_x; /* outputs from one to the next: more than 1 behind pooling */
    const uint8_t *which;   /* of winners, or NULL */
    wk_vi table, low; /* where a window's elements lie, from its first; the mark of what does not count */
    int64_t corner;   /* where the first window begins */
    float *image;     /* the input as [n][padded y][padded x][pixel], images apart `size` */
    int64_t pixel, line, size;          /* floats */
    int64_t vectors;                    /* of a window's row */
    int64_t blocks, parts, shares;      /* of samples that lie in one list; tasks by samples and channels */
    int64_t rows, columns, step, count; /* of a list: of outputs, and vectors of positions `step` apart */
    wk_vi *place;                       /* [count] of the windows, counted from the list's first */
    SparseVector *sums;                 /* [part][k][r][vectors] */
    wk_vf *bias_sums;                   /* [part][k] */
    _Atomic bool finite;
} SparseGrad;

/* ---- the input ------------------------------------------------------------------------------------------ */

static inline SparseVector sparse_load(const float *p)
{
    return *(const SparseLoose *)p;
}

/* Turns 8 rows of 8 floats, `from_step` apart, of which `live` exist (the rest are zeros), to 8 columns of 8
 * floats `to_step` apart, which may be less than 8. Returns NaN somewhere if an element is not finite, else zeros. */
static inline SparseVector sparse_turn(const float *from, int64_t from_step, int64_t live, float *to,
                                       int64_t to_step)
{
    SparseVector a[8], b[8], bad = {0};
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        a[i] = i < live ? sparse_load(from + i * from_step) : (SparseVector){0};
        bad += a[i] * 0.0f;
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        b[2 * i] = __builtin_shufflevector(a[2 * i], a[2 * i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        b[2 * i + 1] = __builtin_shufflevector(a[2 * i], a[2 * i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
#pragma GCC unroll 2
    for (int i = 0; i < 8; i += 4)
#pragma GCC unroll 2
        for (int j = 0; j < 2; j++) {
            a[i + 2 * j] = __builtin_shufflevector(b[i + j], b[i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            a[i + 2 * j + 1] = __builtin_shufflevector(b[i + j], b[i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
#pragma GCC unroll 4
    for (int i = 0; i < 4;
         i++) /* in order: columns may be so near that each overwrites the end of the one before */
        *(SparseLoose *)(to + i * to_step) =
            __builtin_shufflevector(a[i], a[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
        *(SparseLoose *)(to + (i + 4) * to_step) =
            __builtin_shufflevector(a[i], a[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    return bad;
}

/* The same for fewer than 8 floats a row. */
static SparseVector sparse_turn_part(const float *from, int64_t from_step, int64_t live, int64_t floats,
                                     float *to, int64_t to_step)
{
    SparseVector bad = {0};
    for (int64_t j = 0; j < floats; j++)
        for (int64_t i = 0; i < 8; i++) {
            const float value = i < live ? from[i * from_step + j] : 0;
            bad[0] += value * 0.0f;
            to[j * to_step + i] = value;
        }
    return bad;
}

static SparseVector sparse_turn_rows(const float *from, int64_t from_step, int64_t live, int64_t floats,
                                     float *to, int64_t to_step)
{
    SparseVector bad = {0};
    int64_t j = 0;
    for (; j + 8 <= floats; j += 8)
        bad += sparse_turn(from + j, from_step, live, to + j * to_step, to_step);
    return bad + sparse_turn_part(from + j, from_step, live, floats - j, to + j * to_step, to_step);
}

static SparseVector sparse_copy(const float *from, int64_t floats, float *to)
{
    SparseVector bad = {0};
    int64_t i = 0;
    for (; i + 8 <= floats; i += 8) {
        const SparseVector v = sparse_load(from + i);
        *(SparseLoose *)(to + i) = v;
        bad += v * 0.0f;
    }
    for (; i < floats; i++)
        bad[0] += (to[i] = from[i]) * 0.0f;
    return bad;
}

/* Row y of the samples [n0, n0 + live), to where its first pixel lies. */
static SparseVector sparse_image_row(const SparseGrad *v, int64_t n0, int64_t live, int64_t y, float *to)
{
    const wk_ConvShape *s = v->s;
    const int64_t plane = s->h * s->w;
    SparseVector bad = {0};
    if (v->x_last && s->c == 1)
        for (int64_t x = 0; x < s->w; x += 8)
            bad += sparse_turn_rows(v->x + (y * s->w + x) * s->n + n0, s->n, s->w - x, live, to + x, v->size);
    else if (v->x_last)
        for (int64_t x = 0; x < s->w; x++)
            for (int64_t c = 0; c < s->c; c += 8)
                bad += sparse_turn_rows(v->x + (c * plane + y * s->w + x) * s->n + n0, plane * s->n, s->c - c,
                                        live, to + x * v->pixel + c, v->size);
    else
        for (int64_t n = 0; n < live; n++, to += v->size) {
            const float *from = v->x + (n0 + n) * s->c * plane + y * s->w;
            if (s->c == 1)
                bad += sparse_copy(from, s->w, to);
            else
                for (int64_t c = 0; c < s->c; c += 8)
                    bad += sparse_turn_rows(from + c * plane, plane, s->c - c, s->w, to + c, v->pixel);
        }
    return bad;
}

/* Images of one block of LANES samples. */
static void sparse_images(void *context, int64_t block)
{
    SparseGrad *v = context;
    const wk_ConvShape *s = v->s;
    const int64_t n0 = block * LANES, live = lanes_min(LANES, s->n - n0);
    float *to = v->image + n0 * v->size;
    if (s->padding[0] || s->padding[1])
        memset(to, 0, (size_t)(live * v->size) * sizeof *to);
    to += s->padding[0] * v->line + s->padding[1] * v->pixel;
    SparseVector bad = {0};
    for (int64_t y = 0; y < s->h; y++)
        bad += sparse_image_row(v, n0, live, y, to + y * v->line);
    for (int i = 0; i < SPARSE_VECTOR; i++)
        if (bad[i] != 0)
            atomic_store_explicit(&v->finite, false, memory_order_relaxed);
}

/* ---- the lists ------------------------------------------------------------------------------------------ */

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

static inline wk_vf sparse_winners(const SparseGrad *v, wk_vf value, const uint8_t *which, uint32_t live,
                                   wk_vi *place)
{
    const __m512i name = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8((__mmask16)live, which));
    *place += (wk_vi)_mm512_permutexvar_epi32(name, (__m512i)v->table);
    return (wk_vf)_mm512_maskz_mov_ps(_mm512_testn_epi32_mask(name, (__m512i)v->low), (__m512)value);
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

static inline wk_vf sparse_winners(const SparseGrad *v, wk_vf value, const uint8_t *which, uint32_t live,
                                   wk_vi *place)
{
    uint64_t bytes = 0;
    if (live == (1u << LANES) - 1)
        memcpy(&bytes, which, sizeof bytes);
    else
        for (int i = 0; live >> i; i++)
            bytes |= (uint64_t)which[i] << 8 * i;
    const __m256i name = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)bytes));
    *place += (wk_vi)_mm256_permutevar8x32_epi32((__m256i)v->table, name);
    const wk_vi counts = ((wk_vi)name & v->low) == 0;
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
static inline __attribute__((always_inline)) wk_vf sparse_list(const SparseGrad *v, bool winners, int64_t at,
                                                               int64_t ahead, int64_t count, uint32_t all,
                                                               uint32_t last, SparseList *list)
{
    const int64_t step = v->step;
    wk_vf sum = {0};
    int64_t length = 0;
    for (int64_t i = 0; i < count; i++, at += step) {
        const uint32_t live = i < count - 1 ? all : last;
        wk_vi place = v->place[i];
        __builtin_prefetch(v->g + at + ahead);
        wk_vf value = sparse_load_live(v->g + at, live);
        if (winners)
            value = sparse_winners(v, value, v->which + at, live, &place);
        sum += value;
        length = sparse_append(list, length, value, place);
    }
    list->length = length;
    return sum;
}

/* ---- the sums ------------------------------------------------------------------------------------------- */

/* sums[r][j] += value * window[r][j] over the list, for R rows of J vectors; both are constants where this is
 * expanded. */
static inline __attribute__((always_inline)) void sparse_windows(const int R, const int J,
                                                                 const SparseGrad *v, const SparseList *list,
                                                                 const float *image, SparseVector *sums)
{
    const int64_t line = v->line;
    SparseVector acc[5][5];
#pragma GCC unroll 5
    for (int r = 0; r < R; r++)
#pragma GCC unroll 5
        for (int j = 0; j < J; j++)
            acc[r][j] = (SparseVector){0};
    for (int64_t i = 0; i < list->length; i++) {
        const SparseVector value = list->value[i] - (SparseVector){0};
        const float *window = image + list->place[i];
#pragma GCC unroll 5
        for (int r = 0; r < R; r++)
#pragma GCC unroll 5
            for (int j = 0; j < J; j++)
                acc[r][j] += value * sparse_load(window + r * line + j * SPARSE_VECTOR);
    }
#pragma GCC unroll 5
    for (int r = 0; r < R; r++)
#pragma GCC unroll 5
        for (int j = 0; j < J; j++)
            sums[r * v->vectors + j] += acc[r][j];
}

#define SPARSE_FITS(R, J) ((R) * (J) <= SPARSE_SUMS)
#define SPARSE_WINDOWS(R, J)                                                                              \
    static void sparse_windows_##R##_##J(const SparseGrad *v, const SparseList *list, const float *image, \
                                         SparseVector *sums)                                              \
    {                                                                                                     \
        sparse_windows(R, SPARSE_FITS(R, J) ? J : 1, v, list, image, sums);                               \
    }
#define SPARSE_ROW(R) SPARSE_WINDOWS(R, 1) SPARSE_WINDOWS(R, 2) SPARSE_WINDOWS(R, 3) SPARSE_WINDOWS(R, 5)
SPARSE_ROW(1)
SPARSE_ROW(2)
SPARSE_ROW(3)
SPARSE_ROW(5)
typedef void (*SparseWindows)(const SparseGrad *v, const SparseList *list, const float *image,
                              SparseVector *sums);
#define SPARSE_NAMES(R)                                                                                \
    {                                                                                                  \
        sparse_windows_##R##_1, sparse_windows_##R##_2, sparse_windows_##R##_3, sparse_windows_##R##_5 \
    }
static const SparseWindows sparse_windows_of[4][4] = {SPARSE_NAMES(1), SPARSE_NAMES(2), SPARSE_NAMES(3),
                                                      SPARSE_NAMES(5)};
static const int sparse_sizes[4] = {1, 2, 3, 5};

/* The largest of the sizes that is at most n. */
static int sparse_size(int64_t n)
{
    return n >= 5 ? 3 : n >= 3 ? 2 : (int)n - 1;
}

static void sparse_channel(const SparseGrad *v, const SparseList *list, const float *image,
                           SparseVector *sums)
{
    const int64_t r_all = v->s->r;
    for (int64_t r = 0, r_size; r < r_all; r += sparse_sizes[r_size]) {
        r_size = sparse_size(r_all - r);
        for (int64_t j = 0, j_size; j < v->vectors; j += sparse_sizes[j_size]) {
            j_size = sparse_size(v->vectors - j);
            while (!SPARSE_FITS(sparse_sizes[r_size], sparse_sizes[j_size]))
                j_size--;
            sparse_windows_of[r_size][j_size](v, list, image + r * v->line + j * SPARSE_VECTOR,
                                              sums + r * v->vectors + j);
        }
    }
}

/* Outputs [y0, ...) x [x0, ...) of a block of samples for channels [k0, k1). */
static void sparse_outputs(const SparseGrad *v, int64_t block, int64_t y0, int64_t x0, int64_t k0, int64_t k1,
                           int64_t part, SparseList *list)
{
    const wk_ConvShape *s = v->s;
    const int64_t elements = v->gh * v->gw, rows = lanes_min(v->rows, v->gh - y0),
                  columns = lanes_min(v->columns, v->gw - x0), first = v->g_last ? block * LANES : block;
    const float *image =
        v->image + first * v->size + v->corner + y0 * v->step_y * v->line + x0 * v->step_x * v->pixel;
    const int64_t live = v->g_last ? lanes_min(LANES, s->n - first) : LANES,
                  count = v->g_last ? columns : (rows * columns + LANES - 1) / LANES,
                  rest = v->g_last ? live : rows * columns - (count - 1) * LANES;
    const int64_t next = elements * (v->g_last ? s->n : 1); /* channel */
    const uint32_t all = (1u << live) - 1, last = (1u << rest) - 1;
    for (int64_t k = k0; k < k1; k++) {
        const int64_t at = v->g_last ? (k * elements + y0 * v->gw + x0) * s->n + first
                                     : (block * s->k + k) * elements + y0 * v->gw,
                      ahead = k + 1 < k1 ? next : 0;
        v->bias_sums[part * s->k + k] += v->which ? sparse_list(v, true, at, ahead, count, all, last, list)
                                                  : sparse_list(v, false, at, ahead, count, all, last, list);
        sparse_channel(v, list, image, v->sums + (part * s->k + k) * s->r * v->vectors);
    }
}

static void sparse_task(void *context, int64_t task)
{
    const SparseGrad *v = context;
    const wk_ConvShape *s = v->s;
    const int64_t part = task / v->shares, share = task % v->shares, k0 = s->k * share / v->shares,
                  k1 = s->k * (share + 1) / v->shares, begin = v->blocks * part / v->parts,
                  end = v->blocks * (part + 1) / v->parts, own = s->r * v->vectors;
    memset(v->sums + (part * s->k + k0) * own, 0, (size_t)((k1 - k0) * own) * sizeof *v->sums);
    memset(v->bias_sums + part * s->k + k0, 0, (size_t)(k1 - k0) * sizeof *v->bias_sums);
    SparseList list;
    for (int64_t block = begin; block < end; block++)
        for (int64_t y = 0; y < v->gh; y += v->rows)
            for (int64_t x = 0; x < v->gw; x += v->columns)
                sparse_outputs(v, block, y, x, k0, k1, part, &list);
}

static void sparse_gather(const SparseGrad *v, float *gw, float *gb)
{
    const wk_ConvShape *s = v->s;
    const int64_t row = v->vectors * SPARSE_VECTOR, window = s->r * row;
    for (int64_t k = 0; k < s->k; k++)
        for (int64_t c = 0; c < s->c; c++)
            for (int64_t r = 0; r < s->r; r++)
                for (int64_t q = 0; q < s->s; q++, gw++) {
                    const float *sum = (const float *)v->sums + k * window + r * row + q * v->pixel + c;
                    *gw = 0;
                    for (int64_t p = 0; p < v->parts; p++)
                        *gw += sum[p * s->k * window];
                }
    for (int64_t k = 0; gb && k < s->k; k++) {
        wk_vf total = {0};
        for (int64_t p = 0; p < v->parts; p++)
            total += v->bias_sums[p * s->k + k];
        gb[k] = 0;
        for (int i = 0; i < LANES; i++)
            gb[k] += total[i];
    }
}

/* ---- whether and how ------------------------------------------------------------------------------------ */

/* How many of the middle row's elements are not zero, of those that were looked at. */
static float sparse_density(const SparseGrad *v)
{
    const wk_ConvShape *s = v->s;
    const int64_t row = v->gw * (v->g_last ? s->n : 1), look = lanes_min(row, 256);
    int64_t found = 0;
    for (int64_t k = 0; k < s->k; k++) {
        const float *g = v->g + (k * v->gh + v->gh / 2) * row;
        for (int64_t i = 0; i < look; i++)
            found += g[i] != 0;
    }
    return (float)found / (float)(s->k * look);
}

/* Compares cycles for one element of g, as measured: of a list entry (what is not zero) with what takes all outputs. Windows whose
 * rows do not stay in the first cache cost twice as much. Winners all count as entries. */
static bool sparse_pays(const SparseGrad *v)
{
    const wk_ConvShape *s = v->s;
    const int64_t under = (s->r + v->step_y - 1) * v->line * (v->g_last ? LANES : 1) * (int64_t)sizeof(float);
    const float vectors = (float)(s->r * v->vectors),
                entry = 2 + (under > SPARSE_ROWS ? vectors : vectors / 2),
                scan = WK_VECTOR_BYTES == 64 ? 0.5f : 1, dense = (float)(s->r * s->s * s->c) / (16 * 0.85f),
                other = v->g_last && wino_weight_pays(s) ? dense / 2 + 3 : dense;
    if (v->which)
        return entry + scan < other * (float)(s->oh * s->ow) / (float)(v->gh * v->gw);
    return other > entry / 8 && sparse_density(v) * entry + scan < other;
}

static void sparse_plan(SparseGrad *v)
{
    const wk_ConvShape *s = v->s;
    v->pixel = s->c == 1 ? 1 : s->c <= 4 ? 4 : (s->c + 7) & ~(int64_t)7;
    v->line = (s->w + 2 * s->padding[1]) * v->pixel;
    /* Room for the last vector, and an odd number of cache lines: images must not fall on each other. */
    v->size = (((s->h + 2 * s->padding[0]) * v->line + SPARSE_VECTOR + 15) & ~(int64_t)15) | 16;
    v->vectors = (s->s * v->pixel + SPARSE_VECTOR - 1) / SPARSE_VECTOR;
    v->blocks = v->g_last ? (s->n + LANES - 1) / LANES : s->n;
    v->parts = lanes_min(v->blocks, SPARSE_PARTS);
    v->shares = lanes_min(lanes_max(SPARSE_TASKS / v->parts, 1), s->k);
    v->step = v->g_last ? s->n : LANES;
    v->columns = v->g_last ? lanes_min(v->gw, SPARSE_LIST / LANES) : v->gw;
    v->rows = v->g_last ? 1 : lanes_min(lanes_max(SPARSE_LIST / 2 / v->gw, 1), v->gh);
    v->count = v->g_last ? v->columns : (v->rows * v->columns + LANES - 1) / LANES;
}

static void sparse_places(SparseGrad *v)
{
    int32_t *place = (int32_t *)(void *)v->place;
    if (v->g_last)
        for (int64_t i = 0; i < v->count; i++)
            for (int64_t lane = 0; lane < LANES; lane++)
                *place++ = (int32_t)(lane * v->size + i * v->step_x * v->pixel);
    else
        for (int64_t y = 0, left = v->count * LANES; left > 0; y++)
            for (int64_t x = 0; x < v->columns && left > 0; x++, left--)
                *place++ = (int32_t)(y * v->step_y * v->line + x * v->step_x * v->pixel);
}

static wk_LaneAnswer sparse_run(SparseGrad *v, float *gw, float *gb)
{
    const wk_ConvShape *s = v->s;
    if (v->size > SPARSE_IMAGE || !sparse_pays(v))
        return wk_lanes_refused;
    const size_t places = (size_t)v->count * sizeof *v->place,
                 biases = (size_t)(v->parts * s->k) * sizeof *v->bias_sums,
                 sums = (size_t)(v->parts * s->k * s->r * v->vectors) * sizeof *v->sums,
                 bytes = places + biases + sums + (size_t)(s->n * v->size) * sizeof(float);
    char *memory = wk_alloc(bytes);
    if (!memory)
        return wk_lanes_failed;
    v->place = (wk_vi *)(void *)memory;
    v->bias_sums = (wk_vf *)(void *)(memory + places);
    v->sums = (SparseVector *)(void *)(memory + places + biases);
    v->image = (float *)(void *)(memory + places + biases + sums);
    sparse_places(v);
    const int threads = lanes_threads(s->k * s->oh * s->ow * s->n * s->c * s->r * s->s);
    wk_parallel_on(threads, (s->n + LANES - 1) / LANES, sparse_images, v);
    const bool finite = atomic_load_explicit(&v->finite, memory_order_relaxed);
    if (finite) {
        wk_parallel_on(threads, v->parts * v->shares, sparse_task, v);
        sparse_gather(v, gw, gb);
    }
    wk_release(memory, bytes);
    return finite ? wk_lanes_done : wk_lanes_refused;
}

static bool sparse_fits(const wk_ConvShape *s, bool g_last, int64_t gw)
{
    return s->groups == 1 && s->c <= SPARSE_CHANNELS && (g_last || gw <= SPARSE_LIST);
}

wk_LaneAnswer WK_KERNEL(wk_sparse_grad_weight)(const wk_ConvShape *s, const float *g, bool g_last,
                                               const float *x, bool x_last, float *gw, float *gb)
{
    SparseGrad v = {.s = s,
                    .g = g,
                    .gh = s->oh,
                    .gw = s->ow,
                    .step_y = 1,
                    .step_x = 1,
                    .x = x,
                    .g_last = g_last,
                    .x_last = x_last,
                    .finite = true};
    if (!sparse_fits(s, g_last, v.gw))
        return wk_lanes_refused;
    sparse_plan(&v);
    return sparse_run(&v, gw, gb);
}

wk_LaneAnswer WK_KERNEL(wk_sparse_grad_winners)(const wk_ConvShape *s, const wk_Winners *winners, bool g_last,
                                                const float *x, bool x_last, float *gw, float *gb)
{
    const wk_PoolShape *pool = winners->shape;
    const int64_t window = pool->kernel[0] * pool->kernel[1];
    SparseGrad v = {.s = s,
                    .g = winners->grad,
                    .which = winners->which,
                    .gh = pool->oh,
                    .gw = pool->ow,
                    .step_y = pool->stride[0],
                    .step_x = pool->stride[1],
                    .x = x,
                    .g_last = g_last,
                    .x_last = x_last,
                    .finite = true};
    if (!sparse_fits(s, g_last, v.gw) || window > LANES)
        return wk_lanes_refused;
    sparse_plan(&v);
    v.corner = -pool->padding[0] * v.line - pool->padding[1] * v.pixel;
    for (int64_t i = 0; i < LANES; i++) {
        v.table[i] = (int32_t)(i / pool->kernel[1] * pool->dilation[0] * v.line +
                               i % pool->kernel[1] * pool->dilation[1] * v.pixel);
        v.low[i] = winners->positive ? WK_WINNER_LOW : 0;
    }
    return sparse_run(&v, gw, gb);
}

#else

wk_LaneAnswer WK_KERNEL(wk_sparse_grad_weight)(const wk_ConvShape *s, const float *g, bool g_last,
                                               const float *x, bool x_last, float *gw, float *gb)
{
    (void)s, (void)g, (void)g_last, (void)x, (void)x_last, (void)gw, (void)gb;
    return wk_lanes_refused;
}

wk_LaneAnswer WK_KERNEL(wk_sparse_grad_winners)(const wk_ConvShape *s, const wk_Winners *winners, bool g_last,
                                                const float *x, bool x_last, float *gw, float *gb)
{
    (void)s, (void)winners, (void)g_last, (void)x, (void)x_last, (void)gw, (void)gb;
    return wk_lanes_refused;
}

#endif
