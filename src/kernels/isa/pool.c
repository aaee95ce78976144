/* Max and average pooling over planes, and their gradients.
 *
 * The gradients go plane by plane: windows may overlap, so a plane's sums are made by one thread in the order of the windows.
 * The average divides by the window's size, which where count_include_pad counts padding, but never what lies beyond it. */
#include "kernels/isa.h"

#include <math.h>
#include <string.h>

#include "core/threads.h"

enum { POOL_GRAIN = 1 << 14 /* input elements that are worth a thread's attention */ };

typedef struct PoolJob {
    const wk_PoolShape *s;
    const wk_AvgPool *how;
    const void *in;
    void *out;
    int64_t *indices;
    const int64_t *chosen;
    int64_t per_block;
    void (*plane)(const struct PoolJob *job, int64_t plane);
} PoolJob;

static void pool_block(void *context, int64_t index)
{
    const PoolJob *job = context;
    const int64_t end = (index + 1) * job->per_block;
    for (int64_t p = index * job->per_block; p < (end < job->s->planes ? end : job->s->planes); p++)
        job->plane(job, p);
}

static void pool_run(PoolJob job)
{
    const wk_PoolShape *s = job.s;
    const double window = fmin((double)s->kernel[0], (double)s->h) * fmin((double)s->kernel[1], (double)s->w),
                 work = (double)(s->h * s->w) + (double)(s->oh * s->ow) * window + 1;
    job.per_block = work >= (double)POOL_GRAIN ? 1 : (int64_t)((double)POOL_GRAIN / work);
    wk_parallel((s->planes + job.per_block - 1) / job.per_block, pool_block, &job);
}

/* A window of one dimension: positions begin, begin + step, ... below end; `size` counts padding too. */
typedef struct PoolWindow {
    int64_t begin, end, size;
} PoolWindow;

static inline PoolWindow pool_window(const wk_PoolShape *s, int dim, int64_t o, int64_t extent)
{
    const int64_t dilation = s->dilation[dim];
    int64_t begin = o * s->stride[dim] - s->padding[dim], end = begin + (s->kernel[dim] - 1) * dilation + 1;
    const int64_t padded = extent + s->padding[dim];
    PoolWindow w = {.size = (end < padded ? end : padded) - begin};
    if (begin < 0)
        begin += (-begin + dilation - 1) / dilation * dilation;
    w.begin = begin;
    w.end = end < extent ? end : extent;
    return w;
}

static inline bool pool_empty(PoolWindow v, PoolWindow h)
{
    return v.begin >= v.end || h.begin >= h.end;
}

#define POOL_MAX(S, T, LOWEST, HOW)                                                                         \
    HOW static void max_pool_plane_##S(const PoolJob *job, int64_t plane)                                   \
    {                                                                                                       \
        const wk_PoolShape *s = job->s;                                                                     \
        const T *x = (const T *)job->in + plane * s->h * s->w;                                              \
        const int64_t at = plane * s->oh * s->ow, di = s->dilation[0], dj = s->dilation[1];                 \
        for (int64_t o = 0; o < s->oh; o++) {                                                               \
            const PoolWindow v = pool_window(s, 0, o, s->h);                                                \
            for (int64_t p = 0; p < s->ow; p++) {                                                           \
                const PoolWindow h = pool_window(s, 1, p, s->w);                                            \
                int64_t best = pool_empty(v, h) ? -1 : v.begin * s->w + h.begin;                            \
                T most = LOWEST;                                                                            \
                for (int64_t i = v.begin; i < v.end; i += di)                                               \
                    for (int64_t j = h.begin; j < h.end; j += dj) {                                         \
                        const T value = x[i * s->w + j];                                                    \
                        const bool better = value > most || value != value;                                 \
                        best = better ? i * s->w + j : best;                                                \
                        most = better ? value : most;                                                       \
                    }                                                                                       \
                ((T *)job->out)[at + o * s->ow + p] = most;                                                 \
                job->indices[at + o * s->ow + p] = best;                                                    \
            }                                                                                               \
        }                                                                                                   \
    }                                                                                                       \
    static void max_pool2d_##S(const wk_PoolShape *s, const void *in, void *out, int64_t *indices)          \
    {                                                                                                       \
        pool_run((PoolJob){.s = s, .in = in, .out = out, .indices = indices, .plane = max_pool_plane_##S}); \
    }

/* SUM is the type of sums, DIVIDE(sum, divisor) their division. */
#define POOL_AVG(S, T, SUM, DIVIDE, HOW)                                                                \
    HOW static void avg_pool_plane_##S(const PoolJob *job, int64_t plane)                               \
    {                                                                                                   \
        const wk_PoolShape *s = job->s;                                                                 \
        const T *x = (const T *)job->in + plane * s->h * s->w;                                          \
        T *y = (T *)job->out + plane * s->oh * s->ow;                                                   \
        for (int64_t o = 0; o < s->oh; o++) {                                                           \
            const PoolWindow v = pool_window(s, 0, o, s->h);                                            \
            for (int64_t p = 0; p < s->ow; p++) {                                                       \
                const PoolWindow h = pool_window(s, 1, p, s->w);                                        \
                SUM sum = 0;                                                                            \
                for (int64_t i = v.begin; i < v.end; i++)                                               \
                    for (int64_t j = h.begin; j < h.end; j++)                                           \
                        sum += (SUM)x[i * s->w + j];                                                    \
                y[o * s->ow + p] = DIVIDE(sum, pool_divisor(job->how, v, h));                           \
            }                                                                                           \
        }                                                                                               \
    }                                                                                                   \
    static void avg_pool2d_##S(const wk_PoolShape *s, const wk_AvgPool *how, const void *in, void *out) \
    {                                                                                                   \
        pool_run((PoolJob){.s = s, .how = how, .in = in, .out = out, .plane = avg_pool_plane_##S});     \
    }

#define POOL_GRADIENTS(S, T)                                                                             \
    static void max_pool_grad_plane_##S(const PoolJob *job, int64_t plane)                               \
    {                                                                                                    \
        const wk_PoolShape *s = job->s;                                                                  \
        T *gx = (T *)job->out + plane * s->h * s->w;                                                     \
        const int64_t positions = s->oh * s->ow, at = plane * positions;                                 \
        memset(gx, 0, (size_t)(s->h * s->w) * sizeof(T));                                                \
        for (int64_t i = at; i < at + positions; i++)                                                    \
            if (job->chosen[i] >= 0)                                                                     \
                gx[job->chosen[i]] += ((const T *)job->in)[i];                                           \
    }                                                                                                    \
    static void avg_pool_grad_plane_##S(const PoolJob *job, int64_t plane)                               \
    {                                                                                                    \
        const wk_PoolShape *s = job->s;                                                                  \
        const T *gy = (const T *)job->in + plane * s->oh * s->ow;                                        \
        T *gx = (T *)job->out + plane * s->h * s->w;                                                     \
        memset(gx, 0, (size_t)(s->h * s->w) * sizeof(T));                                                \
        for (int64_t o = 0; o < s->oh; o++) {                                                            \
            const PoolWindow v = pool_window(s, 0, o, s->h);                                             \
            for (int64_t p = 0; p < s->ow; p++) {                                                        \
                const PoolWindow h = pool_window(s, 1, p, s->w);                                         \
                const T part = gy[o * s->ow + p] / (T)pool_divisor(job->how, v, h);                      \
                for (int64_t i = v.begin; i < v.end; i++)                                                \
                    for (int64_t j = h.begin; j < h.end; j++)                                            \
                        gx[i * s->w + j] += part;                                                        \
            }                                                                                            \
        }                                                                                                \
    }                                                                                                    \
    static void max_pool2d_backward_##S(const wk_PoolShape *s, const void *g, const int64_t *indices,    \
                                        void *gx)                                                        \
    {                                                                                                    \
        pool_run(                                                                                        \
            (PoolJob){.s = s, .in = g, .out = gx, .chosen = indices, .plane = max_pool_grad_plane_##S}); \
    }                                                                                                    \
    static void avg_pool2d_backward_##S(const wk_PoolShape *s, const wk_AvgPool *how, const void *g,     \
                                        void *gx)                                                        \
    {                                                                                                    \
        pool_run((PoolJob){.s = s, .how = how, .in = g, .out = gx, .plane = avg_pool_grad_plane_##S});   \
    }

static inline int64_t pool_divisor(const wk_AvgPool *how, PoolWindow v, PoolWindow h)
{
    if (how->divisor_override)
        return how->divisor_override;
    return how->count_include_pad ? v.size * h.size : (v.end - v.begin) * (h.end - h.begin);
}

/* Sums wrap around, and so does the lowest number divided by -1. */
static inline int64_t pool_divide_int64(uint64_t sum, int64_t divisor)
{
    return divisor == -1 ? (int64_t)(0 - sum) : (int64_t)sum / divisor;
}

#define POOL_SMALL                        __attribute__((cold)) /* compiled for size: pictures of integers are rare */
#define POOL_DIVIDE_FLOAT32(sum, divisor) ((sum) / (float)(divisor))
#define POOL_DIVIDE_FLOAT64(sum, divisor) ((sum) / (double)(divisor))
POOL_MAX(float32, float, -INFINITY, )
POOL_MAX(float64, double, -INFINITY, )
POOL_MAX(uint8, uint8_t, 0, POOL_SMALL)
POOL_MAX(int32, int32_t, INT32_MIN, POOL_SMALL)
POOL_MAX(int64, int64_t, INT64_MIN, POOL_SMALL)
POOL_AVG(float32, float, float, POOL_DIVIDE_FLOAT32, )
POOL_AVG(float64, double, double, POOL_DIVIDE_FLOAT64, )
POOL_AVG(int64, int64_t, uint64_t, pool_divide_int64, POOL_SMALL)
POOL_GRADIENTS(float32, float)
POOL_GRADIENTS(float64, double)

void WK_KERNEL(wk_install_pool)(wk_Kernels *table)
{
#define POOL_SET(S)                                               \
    table->max_pool2d[wk_##S] = max_pool2d_##S;                   \
    table->max_pool2d_backward[wk_##S] = max_pool2d_backward_##S; \
    table->avg_pool2d[wk_##S] = avg_pool2d_##S;                   \
    table->avg_pool2d_backward[wk_##S] = avg_pool2d_backward_##S;
    POOL_SET(float32)
    POOL_SET(float64)
    table->max_pool2d[wk_uint8] = max_pool2d_uint8;
    table->max_pool2d[wk_int32] = max_pool2d_int32;
    table->max_pool2d[wk_int64] = max_pool2d_int64;
    table->avg_pool2d[wk_int64] = avg_pool2d_int64;
}
