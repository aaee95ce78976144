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

#include "kernels/isa/conv_sparse_list.h"
#include "kernels/isa/conv_winograd.h"

#if WK_VECTOR_BYTES >= 32

enum {
    SPARSE_PARTS = 16,      /* of the samples, at most: each has its own sums */
    SPARSE_TASKS = 8,       /* that are enough for threads */
    SPARSE_ROWS = 40 << 10, /* bytes of the input under a list that the first cache holds well enough */
};

typedef struct SparseGrad {
    SparseSource from;
    const float *x;
    bool x_last;           /* has the batch last */
    float *image;          /* the input, images apart from.size */
    int64_t parts, shares; /* tasks by samples and channels */
    wk_v8 *sums;           /* [part][k][r][vectors] */
    wk_vf *bias_sums;      /* [part][k] */
    _Atomic bool finite;
} SparseGrad;

/* ---- the input ------------------------------------------------------------------------------------------ */

static wk_v8 sparse_copy(const float *from, int64_t floats, float *to)
{
    wk_v8 bad = {0};
    int64_t i = 0;
    for (; i + 8 <= floats; i += 8) {
        const wk_v8 v = wk_v8_load(from + i);
        *(wk_v8_loose *)(to + i) = v;
        bad += v * 0.0f;
    }
    for (; i < floats; i++)
        bad[0] += (to[i] = from[i]) * 0.0f;
    return bad;
}

/* Row y of the samples [n0, n0 + live), to where its first pixel lies. */
static wk_v8 sparse_image_row(const SparseGrad *v, int64_t n0, int64_t live, int64_t y, float *to)
{
    const wk_ConvShape *s = v->from.s;
    const int64_t plane = s->h * s->w;
    wk_v8 bad = {0};
    if (v->x_last && s->c == 1)
        for (int64_t x = 0; x < s->w; x += 8)
            bad +=
                wk_turn8_rows(v->x + (y * s->w + x) * s->n + n0, s->n, s->w - x, live, to + x, v->from.size);
    else if (v->x_last)
        for (int64_t x = 0; x < s->w; x++)
            for (int64_t c = 0; c < s->c; c += 8)
                bad += wk_turn8_rows(v->x + (c * plane + y * s->w + x) * s->n + n0, plane * s->n, s->c - c,
                                     live, to + x * v->from.pixel + c, v->from.size);
    else
        for (int64_t n = 0; n < live; n++, to += v->from.size) {
            const float *from = v->x + (n0 + n) * s->c * plane + y * s->w;
            if (s->c == 1)
                bad += sparse_copy(from, s->w, to);
            else
                for (int64_t c = 0; c < s->c; c += 8)
                    bad += wk_turn8_rows(from + c * plane, plane, s->c - c, s->w, to + c, v->from.pixel);
        }
    return bad;
}

/* Images of one block of LANES samples. */
static void sparse_images(void *context, int64_t block)
{
    SparseGrad *v = context;
    const wk_ConvShape *s = v->from.s;
    const int64_t n0 = block * LANES, live = lanes_min(LANES, s->n - n0);
    float *to = v->image + n0 * v->from.size;
    if (s->padding[0] || s->padding[1])
        memset(to, 0, (size_t)(live * v->from.size) * sizeof *to);
    to += s->padding[0] * v->from.line + s->padding[1] * v->from.pixel;
    wk_v8 bad = {0};
    for (int64_t y = 0; y < s->h; y++)
        bad += sparse_image_row(v, n0, live, y, to + y * v->from.line);
    for (int i = 0; i < SPARSE_VECTOR; i++)
        if (bad[i] != 0)
            atomic_store_explicit(&v->finite, false, memory_order_relaxed);
}

/* ---- the sums ------------------------------------------------------------------------------------------- */

/* sums[r][j] += value * window[r][j] over the list, for R rows of J vectors; both are constants where this is
 * expanded. */
static inline __attribute__((always_inline)) void sparse_add_windows(const int R, const int J,
                                                                     const SparseSource *f,
                                                                     const SparseList *list, float *image,
                                                                     wk_v8 *sums)
{
    const int64_t line = f->line;
    wk_v8 acc[5][5];
#pragma GCC unroll 5
    for (int r = 0; r < R; r++)
#pragma GCC unroll 5
        for (int j = 0; j < J; j++)
            acc[r][j] = (wk_v8){0};
    for (int64_t i = 0; i < list->length; i++) {
        const wk_v8 value = list->value[i] - (wk_v8){0};
        const float *window = image + list->place[i];
#pragma GCC unroll 5
        for (int r = 0; r < R; r++)
#pragma GCC unroll 5
            for (int j = 0; j < J; j++)
                acc[r][j] += value * wk_v8_load(window + r * line + j * SPARSE_VECTOR);
    }
#pragma GCC unroll 5
    for (int r = 0; r < R; r++)
#pragma GCC unroll 5
        for (int j = 0; j < J; j++)
            sums[r * f->vectors + j] += acc[r][j];
}

SPARSE_FUNCTIONS(sparse_add_windows)

/* A spot of a block of samples for channels [k0, k1). */
static void sparse_outputs(const SparseGrad *v, const SparseSpot *spot, int64_t k0, int64_t k1, int64_t part,
                           SparseList *list)
{
    const wk_ConvShape *s = v->from.s;
    for (int64_t k = k0; k < k1; k++) {
        v->bias_sums[part * s->k + k] += sparse_list(&v->from, spot, k, list);
        sparse_windows(&v->from, sparse_add_windows_of, list, v->image + spot->image,
                       v->sums + (part * s->k + k) * s->r * v->from.vectors);
    }
}

static void sparse_task(void *context, int64_t task)
{
    const SparseGrad *v = context;
    const wk_ConvShape *s = v->from.s;
    const int64_t part = task / v->shares, share = task % v->shares, k0 = s->k * share / v->shares,
                  k1 = s->k * (share + 1) / v->shares, begin = v->from.blocks * part / v->parts,
                  end = v->from.blocks * (part + 1) / v->parts, own = s->r * v->from.vectors;
    memset(v->sums + (part * s->k + k0) * own, 0, (size_t)((k1 - k0) * own) * sizeof *v->sums);
    memset(v->bias_sums + part * s->k + k0, 0, (size_t)(k1 - k0) * sizeof *v->bias_sums);
    SparseList list;
    for (int64_t block = begin; block < end; block++)
        for (int64_t y = 0; y < v->from.gh; y += v->from.rows)
            for (int64_t x = 0; x < v->from.gw; x += v->from.columns) {
                const SparseSpot spot = sparse_spot(&v->from, block, y, x);
                sparse_outputs(v, &spot, k0, k1, part, &list);
            }
}

/* Eight taps of the sums of a channel, as [c][tap], to where the weight has them. */
static void sparse_put_taps(const SparseGrad *v, const wk_v8 *sums, int64_t taps, float *gw)
{
    const wk_ConvShape *s = v->from.s;
    const int64_t all = s->r * s->s;
    for (int64_t c = 0; c < s->c; c += 8) {
        float turned[8 * 8];
        wk_turn8((const float *)sums + c, v->from.pixel, taps, turned, 8);
        for (int64_t i = 0; i < lanes_min(8, s->c - c); i++, gw += all)
            for (int64_t t = 0; t < taps; t++)
                gw[t] = turned[i * 8 + t];
    }
}

/* Adds the parts' sums up, and puts them in the order of the weight. */
static void sparse_gather(const SparseGrad *v, float *gw, float *gb)
{
    const wk_ConvShape *s = v->from.s;
    const int64_t own = s->r * v->from.vectors, taps = s->r * s->s;
    const bool whole = sparse_taps_follow(&v->from);
    for (int64_t p = 1; p < v->parts; p++)
        for (int64_t i = 0; i < s->k * own; i++)
            v->sums[i] += v->sums[p * s->k * own + i];
    for (int64_t k = 0; k < s->k; k++, gw += s->c * taps) {
        const wk_v8 *sums = v->sums + k * own;
        for (int64_t t = 0; t < taps && whole; t += 8)
            sparse_put_taps(v, sums + t * v->from.pixel / SPARSE_VECTOR, lanes_min(8, taps - t), gw + t);
        for (int64_t i = 0; i < s->c * taps && !whole; i++)
            gw[i] = ((const float *)sums)[sparse_place_of(&v->from, i)];
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
    const wk_ConvShape *s = v->from.s;
    const int64_t row = v->from.gw * (v->from.last ? s->n : 1), look = lanes_min(row, 256);
    int64_t found = 0;
    for (int64_t k = 0; k < s->k; k++) {
        const float *g = v->from.g + (k * v->from.gh + v->from.gh / 2) * row;
        for (int64_t i = 0; i < look; i++)
            found += g[i] != 0;
    }
    return (float)found / (float)(s->k * look);
}

/* Compares cycles for one element of g, as measured: of a list entry (what is not zero) with what takes all outputs. Windows whose
 * rows do not stay in the first cache cost twice as much. Winners all count as entries. */
static bool sparse_pays(const SparseGrad *v)
{
    const wk_ConvShape *s = v->from.s;
    const int64_t under =
        (s->r + v->from.step_y - 1) * v->from.line * (v->from.last ? LANES : 1) * (int64_t)sizeof(float);
    const float vectors = (float)(s->r * v->from.vectors),
                entry = 2 + (under > SPARSE_ROWS ? vectors : vectors / 2),
                scan = WK_VECTOR_BYTES == 64 ? 0.5f : 1, dense = (float)(s->r * s->s * s->c) / (16 * 0.85f),
                other = v->from.last && wino_weight_pays(s) ? dense / 2 + 3 : dense;
    if (v->from.which)
        return entry + scan < other * (float)(s->oh * s->ow) / (float)(v->from.gh * v->from.gw);
    return other > entry / 8 && sparse_density(v) * entry + scan < other;
}

static wk_LaneAnswer sparse_run(SparseGrad *v, float *gw, float *gb)
{
    const wk_ConvShape *s = v->from.s;
    if (!sparse_fits(&v->from) || !sparse_pays(v))
        return wk_lanes_refused;
    v->parts = lanes_min(v->from.blocks, SPARSE_PARTS);
    v->shares = lanes_min(lanes_max(SPARSE_TASKS / v->parts, 1), s->k);
    const size_t places = (size_t)v->from.count * sizeof *v->from.place,
                 biases = (size_t)(v->parts * s->k) * sizeof *v->bias_sums,
                 sums = (size_t)(v->parts * s->k * s->r * v->from.vectors) * sizeof *v->sums,
                 bytes = places + biases + sums + (size_t)(s->n * v->from.size) * sizeof(float);
    char *memory = wk_alloc(bytes);
    if (!memory)
        return wk_lanes_failed;
    v->from.place = (wk_vi *)(void *)memory;
    WK_KERNEL(wk_sparse_places)(&v->from, (wk_vi *)(void *)memory);
    v->bias_sums = (wk_vf *)(void *)(memory + places);
    v->sums = (wk_v8 *)(void *)(memory + places + biases);
    v->image = (float *)(void *)(memory + places + biases + sums);
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

wk_LaneAnswer WK_KERNEL(wk_sparse_grad_weight)(const wk_ConvShape *s, const float *g, bool g_last,
                                               const float *x, bool x_last, float *gw, float *gb)
{
    SparseGrad v = {
        .from = WK_KERNEL(wk_sparse_source)(s, g, g_last, LANES), .x = x, .x_last = x_last, .finite = true};
    return sparse_run(&v, gw, gb);
}

wk_LaneAnswer WK_KERNEL(wk_sparse_grad_winners)(const wk_ConvShape *s, const wk_Winners *winners, bool g_last,
                                                const float *x, bool x_last, float *gw, float *gb)
{
    SparseGrad v = {.from = WK_KERNEL(wk_sparse_winners)(s, winners, g_last, LANES),
                    .x = x,
                    .x_last = x_last,
                    .finite = true};
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
