/* Gradient of the input from one that max pooling would spread (conv_sparse_list.h): each winner adds its window of weights to an image.
 *
 *      image of a sample [y][x][c]:   window[r][s * c]  +=  g * weight of k [r][s * c]
 *
 * The weights of a channel stay in registers while its list passes, and the rows of the images under a list in the first cache, as many
 * samples as it holds. A task has samples of its own. Zero times infinity would be NaN, so weights that are not finite are
 * left to the dense way. */
#include "kernels/isa/conv_sparse.h"

#include "kernels/isa/conv_sparse_list.h"
#include "kernels/isa/conv_winograd.h"

#if WK_VECTOR_BYTES >= 32

enum { SPARSE_HELD = 24 << 10 }; /* bytes of rows that the first cache holds beside the lists */

typedef struct SparseInput {
    SparseSource from;
    float *image;  /* [n], images apart from.size */
    wk_v8 *weight; /* [k][r][vectors] */
    float *gx;
} SparseInput;

/* window[r][j] += value * own[r][j] over the list, for R rows of J vectors; both are constants where this is expanded. */
static inline __attribute__((always_inline)) void sparse_add_weights(const int R, const int J,
                                                                     const SparseSource *f,
                                                                     const SparseList *list, float *image,
                                                                     wk_v8 *own)
{
    const int64_t line = f->line;
    wk_v8 weight[5][5];
#pragma GCC unroll 5
    for (int r = 0; r < R; r++)
#pragma GCC unroll 5
        for (int j = 0; j < J; j++)
            weight[r][j] = own[r * f->vectors + j];
    for (int64_t i = 0; i < list->length; i++) {
        const wk_v8 value = list->value[i] - (wk_v8){0};
        float *window = image + list->place[i];
#pragma GCC unroll 5
        for (int r = 0; r < R; r++)
#pragma GCC unroll 5
            for (int j = 0; j < J; j++) {
                float *at = window + r * line + j * SPARSE_VECTOR;
                *(wk_v8_loose *)at = wk_v8_load(at) + value * weight[r][j];
            }
    }
}

SPARSE_FUNCTIONS(sparse_add_weights)

/* Channels of rows of a window side by side, zeros behind them. Returns whether all are finite. */
static bool sparse_pack_weight(const SparseInput *v, const float *w)
{
    const SparseSource *f = &v->from;
    const wk_ConvShape *s = f->s;
    const int64_t own = s->r * f->vectors * SPARSE_VECTOR, taps = s->r * s->s;
    const bool whole = sparse_taps_follow(f);
    float *to = (float *)v->weight;
    wk_v8 bad = {0};
    if (!whole)
        memset(to, 0, (size_t)(s->k * own) * sizeof *to);
    for (int64_t k = 0; k < s->k; k++, to += own, w += s->c * taps) {
        for (int64_t c = 0; c < s->c && whole; c += 8)
            bad += wk_turn8_rows(w + c * taps, taps, s->c - c, taps, to + c, f->pixel);
        for (int64_t i = 0; i < s->c * taps && !whole; i++) {
            to[sparse_place_of(f, i)] = w[i];
            bad[0] += w[i] * 0;
        }
    }
    for (int i = 0; i < SPARSE_VECTOR; i++)
        if (bad[i] != 0) /* NaN */
            return false;
    return true;
}

/* Up to 8 pixels, one of each of the samples or side by side, `step` apart, to 8 of their channels. */
static void sparse_put_channels(const float *pixels, int64_t step, int64_t count, float *to, int64_t channel,
                                int64_t channels)
{
    float turned[8 * 8];
    wk_turn8(pixels, step, count, turned, 8);
    for (int64_t c = 0; c < channels; c++, to += channel)
        if (count == 8)
            memcpy(to, turned + c * 8, 8 * sizeof *to);
        else
            memcpy(to, turned + c * 8, (size_t)count * sizeof *to);
}

/* Images of samples [n0, n0 + live) back to the order of the gradient. */
static void sparse_put_images(const SparseInput *v, int64_t n0, int64_t live)
{
    const SparseSource *f = &v->from;
    const wk_ConvShape *s = f->s;
    const int64_t plane = s->h * s->w;
    const float *image = v->image + n0 * f->size + s->padding[0] * f->line + s->padding[1] * f->pixel;
    for (int64_t c = 0; c < s->c; c += 8) {
        const int64_t channels = lanes_min(8, s->c - c);
        for (int64_t y = 0; y < s->h; y++)
            if (f->last)
                for (int64_t x = 0; x < s->w; x++)
                    for (int64_t n = 0; n < live; n += 8)
                        sparse_put_channels(image + n * f->size + y * f->line + x * f->pixel + c, f->size,
                                            lanes_min(8, live - n),
                                            v->gx + (c * plane + y * s->w + x) * s->n + n0 + n, plane * s->n,
                                            channels);
            else
                for (int64_t x = 0; x < s->w; x += 8)
                    sparse_put_channels(image + y * f->line + x * f->pixel + c, f->pixel,
                                        lanes_min(8, s->w - x),
                                        v->gx + (n0 * s->c + c) * plane + y * s->w + x, plane, channels);
    }
}

static void sparse_input_task(void *context, int64_t block)
{
    const SparseInput *v = context;
    const SparseSource *f = &v->from;
    const wk_ConvShape *s = f->s;
    const int64_t n0 = f->last ? block * f->lanes : block,
                  live = f->last ? lanes_min(f->lanes, s->n - n0) : 1;
    memset(v->image + n0 * f->size, 0, (size_t)(live * f->size) * sizeof *v->image);
    SparseList list;
    for (int64_t y = 0; y < f->gh; y += f->rows)
        for (int64_t x = 0; x < f->gw; x += f->columns) {
            const SparseSpot spot = sparse_spot(f, block, y, x);
            for (int64_t k = 0; k < s->k; k++) {
                sparse_list(f, &spot, k, &list);
                sparse_windows(f, sparse_add_weights_of, &list, v->image + spot.image,
                               v->weight + k * s->r * f->vectors);
            }
        }
    sparse_put_images(v, n0, live);
}

/* Compares cycles, as measured: of winners, which are stores above all, and of turning the images, with those of the other way and of
 * spreading the gradient before it. */
static bool sparse_input_pays(const SparseSource *f)
{
    const wk_ConvShape *s = f->s;
    const float winners = (float)(s->n * s->k * f->gh * f->gw),
                outputs = (float)(s->n * s->k * s->oh * s->ow),
                pixels = (float)(s->n * s->h * s->w * ((s->c + 7) / 8)),
                other = f->last ? (float)(WK_KERNEL(wk_winograd_input_cost)(s) * s->n) / 16
                                : outputs * (float)(s->r * s->s * s->c) / (16 * 0.85f);
    return winners * (2 + 1.25f * (float)(s->r * f->vectors)) + 10 * pixels < other + 0.4f * outputs;
}

wk_LaneAnswer WK_KERNEL(wk_sparse_grad_input)(const wk_ConvShape *s, const wk_Winners *winners, bool last,
                                              const float *w, float *gx)
{
    SparseInput v = {.from = WK_KERNEL(wk_sparse_winners)(s, winners, last, LANES), .gx = gx};
    const int64_t rows = (s->r + v.from.step_y - 1) * v.from.line * (int64_t)sizeof(float);
    if (last && LANES > 8 && rows * LANES > SPARSE_HELD)
        v.from = WK_KERNEL(wk_sparse_winners)(s, winners, last, 8);
    if (!sparse_fits(&v.from) || !sparse_input_pays(&v.from))
        return wk_lanes_refused;
    const size_t places = (size_t)v.from.count * sizeof *v.from.place,
                 weights = (size_t)(s->k * s->r * v.from.vectors) * sizeof *v.weight,
                 bytes = places + weights + (size_t)(s->n * v.from.size) * sizeof(float);
    char *memory = wk_alloc(bytes);
    if (!memory)
        return wk_lanes_failed;
    v.from.place = (wk_vi *)(void *)memory;
    WK_KERNEL(wk_sparse_places)(&v.from, (wk_vi *)(void *)memory);
    v.weight = (wk_v8 *)(void *)(memory + places);
    v.image = (float *)(void *)(memory + places + weights);
    const bool finite = sparse_pack_weight(&v, w);
    if (finite)
        wk_parallel_on(lanes_threads(s->k * s->oh * s->ow * s->n * s->c * s->r * s->s), v.from.blocks,
                       sparse_input_task, &v);
    wk_release(memory, bytes);
    return finite ? wk_lanes_done : wk_lanes_refused;
}

#else

wk_LaneAnswer WK_KERNEL(wk_sparse_grad_input)(const wk_ConvShape *s, const wk_Winners *winners, bool last,
                                              const float *w, float *gx)
{
    (void)s, (void)winners, (void)last, (void)w, (void)gx;
    return wk_lanes_refused;
}

#endif
