/* Convolutions tap by tap: each element of the window adds its products with that part of the input that it meets.
 *
 *   y[o][p] += w[r][q] * x[o * stride + r * dilation - padding][...]     over the outputs of conv_span alone
 *
 * Padding is left out where the other ways multiply it, so that neither an infinite factor makes NaN of it, nor a window that is mostly
 * padding costs its size. Neither is usual, so this is small rather than fast: compiled once, with loops over rows for each dtype. A
 * task is a plane of the result, or the window of a pair of channels. */
#include "kernels/conv_span.h"
#include "kernels/isa.h"

#include <string.h>

#include "core/threads.h"

/* to[j * to_step] += one * from[j * from_step]. */
typedef void TapsAdd(int64_t count, const void *one, const void *from, int64_t from_step, void *to,
                     int64_t to_step);
/* The sum of a[j] * b[j * step]. */
typedef double TapsDot(int64_t count, const void *a, const void *b, int64_t step);

typedef struct TapsType {
    int64_t size; /* bytes of an element */
    TapsAdd *add;
    TapsDot *dot;                        /* of floats */
    void (*put)(double value, void *to); /* of floats */
} TapsType;

/* U: the type of products and sums, which for integers wrap around. */
#define TAPS_ADD(S, T, U)                                                                                   \
    static void taps_add_##S(int64_t count, const void *one, const void *from, int64_t from_step, void *to, \
                             int64_t to_step)                                                               \
    {                                                                                                       \
        const U factor = (U) * (const T *)one;                                                              \
        const T *x = from;                                                                                  \
        T *y = to;                                                                                          \
        for (int64_t j = 0; j < count; j++, x += from_step, y += to_step)                                   \
            *y = (T)((U)*y + factor * (U)*x);                                                               \
    }
#define TAPS_DOT(S, T)                                                                    \
    static double taps_dot_##S(int64_t count, const void *a, const void *b, int64_t step) \
    {                                                                                     \
        double sum = 0;                                                                   \
        for (int64_t j = 0; j < count; j++)                                               \
            sum += (double)((const T *)a)[j] * (double)((const T *)b)[j * step];          \
        return sum;                                                                       \
    }                                                                                     \
    static void taps_put_##S(double value, void *to)                                      \
    {                                                                                     \
        *(T *)to = (T)value;                                                              \
    }
TAPS_ADD(float32, float, float)
TAPS_ADD(float64, double, double)
TAPS_ADD(uint8, uint8_t, uint32_t)
TAPS_ADD(int32, int32_t, uint32_t)
TAPS_ADD(int64, int64_t, uint64_t)
TAPS_DOT(float32, float)
TAPS_DOT(float64, double)

typedef struct TapsJob {
    const wk_ConvShape *s;
    const TapsType *type;
    const char *x, *w, *bias, *gy;
    char *out;
    int64_t window, plane, out_plane; /* bytes of a pair's window, of a plane of the input, of the output */
} TapsJob;

/* One element of the window, and the outputs for which it meets the input. */
typedef struct TapsElement {
    int64_t at; /* bytes from the window's first */
    ConvSpan rows, columns;
} TapsElement;

/* Where the element meets the input for output row `o`, in bytes: of the output's plane, of the input's. */
static int64_t taps_output(const TapsJob *job, const TapsElement *e, int64_t o)
{
    return (o * job->s->ow + e->columns.begin) * job->type->size;
}

static int64_t taps_input(const TapsJob *job, const TapsElement *e, int64_t o)
{
    const wk_ConvShape *s = job->s;
    return ((e->rows.from + (o - e->rows.begin) * s->stride[0]) * s->w + e->columns.from) * job->type->size;
}

/* The next element from number *tap on that meets some input; false: there is none. */
static bool taps_next(const TapsJob *job, int64_t *tap, TapsElement *e)
{
    const wk_ConvShape *s = job->s;
    while (*tap < s->r * s->s) {
        const int64_t r = *tap / s->s, q = *tap % s->s;
        e->rows = conv_span(s, 0, r);
        if (e->rows.begin == e->rows.end) {
            *tap = (r + 1) * s->s;
            continue;
        }
        e->columns = conv_span(s, 1, q);
        e->at = (*tap)++ * job->type->size;
        if (e->columns.begin < e->columns.end)
            return true;
    }
    return false;
}

static void taps_forward_plane(void *context, int64_t plane)
{
    const TapsJob *job = context;
    const wk_ConvShape *s = job->s;
    const int64_t k = plane % s->k, cg = s->c / s->groups,
                  c0 = plane / s->k * s->c + k / (s->k / s->groups) * cg;
    const size_t size = (size_t)job->type->size;
    char *y = job->out + plane * job->out_plane;
    if (!job->bias)
        memset(y, 0, (size_t)job->out_plane);
    for (int64_t i = 0; i < job->out_plane && job->bias; i += job->type->size)
        memcpy(y + i, job->bias + k * job->type->size, size);
    for (int64_t c = 0; c < cg; c++) {
        const char *x = job->x + (c0 + c) * job->plane, *w = job->w + (k * cg + c) * job->window;
        TapsElement e;
        for (int64_t tap = 0; taps_next(job, &tap, &e);)
            for (int64_t o = e.rows.begin; o < e.rows.end; o++)
                job->type->add(e.columns.end - e.columns.begin, w + e.at, x + taps_input(job, &e, o),
                               s->stride[1], y + taps_output(job, &e, o), 1);
    }
}

static void taps_input_plane(void *context, int64_t plane)
{
    const TapsJob *job = context;
    const wk_ConvShape *s = job->s;
    const int64_t c = plane % s->c, cg = s->c / s->groups, kg = s->k / s->groups, k0 = c / cg * kg;
    char *gx = job->out + plane * job->plane;
    memset(gx, 0, (size_t)job->plane);
    for (int64_t k = k0; k < k0 + kg; k++) {
        const char *gy = job->gy + (plane / s->c * s->k + k) * job->out_plane,
                   *w = job->w + (k * cg + c % cg) * job->window;
        TapsElement e;
        for (int64_t tap = 0; taps_next(job, &tap, &e);)
            for (int64_t o = e.rows.begin; o < e.rows.end; o++)
                job->type->add(e.columns.end - e.columns.begin, w + e.at, gy + taps_output(job, &e, o), 1,
                               gx + taps_input(job, &e, o), s->stride[1]);
    }
}

static void taps_weight_window(void *context, int64_t window)
{
    const TapsJob *job = context;
    const wk_ConvShape *s = job->s;
    const int64_t cg = s->c / s->groups, k = window / cg, c = k / (s->k / s->groups) * cg + window % cg;
    char *gw = job->out + window * job->window;
    memset(gw, 0, (size_t)job->window);
    TapsElement e;
    for (int64_t tap = 0; taps_next(job, &tap, &e);) {
        double sum = 0;
        for (int64_t n = 0; n < s->n; n++) {
            const char *x = job->x + (n * s->c + c) * job->plane,
                       *gy = job->gy + (n * s->k + k) * job->out_plane;
            for (int64_t o = e.rows.begin; o < e.rows.end; o++)
                sum += job->type->dot(e.columns.end - e.columns.begin, gy + taps_output(job, &e, o),
                                      x + taps_input(job, &e, o), s->stride[1]);
        }
        job->type->put(sum, gw + e.at);
    }
}

static TapsJob taps_job(const wk_ConvShape *s, const TapsType *type, void *out)
{
    return (TapsJob){.s = s,
                     .type = type,
                     .out = out,
                     .window = s->r * s->s * type->size,
                     .plane = s->h * s->w * type->size,
                     .out_plane = s->oh * s->ow * type->size};
}

static void taps_forward(const wk_ConvShape *s, const TapsType *type, const void *x, const void *w,
                         const void *bias, void *y)
{
    TapsJob job = taps_job(s, type, y);
    job.x = x, job.w = w, job.bias = bias;
    wk_parallel(s->n * s->k, taps_forward_plane, &job);
}

static void taps_grad_input(const wk_ConvShape *s, const TapsType *type, const void *gy, const void *w,
                            void *gx)
{
    TapsJob job = taps_job(s, type, gx);
    job.gy = gy, job.w = w;
    wk_parallel(s->n * s->c, taps_input_plane, &job);
}

static void taps_grad_weight(const wk_ConvShape *s, const TapsType *type, const void *gy, const void *x,
                             void *gw)
{
    TapsJob job = taps_job(s, type, gw);
    job.gy = gy, job.x = x;
    wk_parallel(s->k * (s->c / s->groups), taps_weight_window, &job);
}

#define TAPS_FORWARD(S, T, ...)                                                                      \
    static const TapsType taps_##S = {sizeof(T), taps_add_##S, __VA_ARGS__};                         \
    static void conv_taps_##S(const wk_ConvShape *s, const void *x, const void *w, const void *bias, \
                              void *y)                                                               \
    {                                                                                                \
        taps_forward(s, &taps_##S, x, w, bias, y);                                                   \
    }
#define TAPS_GRADIENTS(S)                                                                                 \
    static void conv_taps_grad_input_##S(const wk_ConvShape *s, const void *gy, const void *w, void *gx)  \
    {                                                                                                     \
        taps_grad_input(s, &taps_##S, gy, w, gx);                                                         \
    }                                                                                                     \
    static void conv_taps_grad_weight_##S(const wk_ConvShape *s, const void *gy, const void *x, void *gw) \
    {                                                                                                     \
        taps_grad_weight(s, &taps_##S, gy, x, gw);                                                        \
    }
TAPS_FORWARD(float32, float, taps_dot_float32, taps_put_float32)
TAPS_FORWARD(float64, double, taps_dot_float64, taps_put_float64)
TAPS_FORWARD(uint8, uint8_t, NULL, NULL)
TAPS_FORWARD(int32, int32_t, NULL, NULL)
TAPS_FORWARD(int64, int64_t, NULL, NULL)
TAPS_GRADIENTS(float32)
TAPS_GRADIENTS(float64)

void wk_install_conv_taps(wk_Kernels *table)
{
#define TAPS_SET(S)                                                 \
    table->conv_taps[wk_##S] = conv_taps_##S;                       \
    table->conv_taps_grad_input[wk_##S] = conv_taps_grad_input_##S; \
    table->conv_taps_grad_weight[wk_##S] = conv_taps_grad_weight_##S;
    TAPS_SET(float32)
    TAPS_SET(float64)
    table->conv_taps[wk_uint8] = conv_taps_uint8;
    table->conv_taps[wk_int32] = conv_taps_int32;
    table->conv_taps[wk_int64] = conv_taps_int64;
}
