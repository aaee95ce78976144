/* adaptive_avg_pool2d: output (i, j) is the mean of rows [floor(i h / oh), ceil((i + 1) h / oh)) and
 * columns likewise. Windows may
 * overlap, so the gradient is added up; planes are shared among threads, never the sums of one. */
#include "kernels/isa.h"

#include <string.h>

#include "core/threads.h"

enum { ADAPTIVE_GRAIN = 1 << 14 /* elements that are worth a thread's attention */ };

typedef struct AdaptiveJob {
    const wk_PoolShape *s;
    const void *in;
    void *out;
    int64_t per_block;
    void (*plane)(const struct AdaptiveJob *job, int64_t plane);
} AdaptiveJob;

static void adaptive_block(void *context, int64_t index)
{
    const AdaptiveJob *job = context;
    const int64_t end = (index + 1) * job->per_block;
    for (int64_t i = index * job->per_block; i < (end < job->s->planes ? end : job->s->planes); i++)
        job->plane(job, i);
}

static void adaptive_run(AdaptiveJob job)
{
    const int64_t work = job.s->h * job.s->w + job.s->oh * job.s->ow;
    job.per_block = work >= ADAPTIVE_GRAIN ? 1 : ADAPTIVE_GRAIN / (work + 1) + 1;
    if (job.s->planes > 0)
        wk_parallel((job.s->planes + job.per_block - 1) / job.per_block, adaptive_block, &job);
}

/* i * size / count without overflow: size and count are lengths of memory, i < count. */
static inline int64_t adaptive_begin(int64_t i, int64_t size, int64_t count)
{
    return i * (size / count) + i * (size % count) / count;
}

static inline int64_t adaptive_end(int64_t i, int64_t size, int64_t count)
{
    return (i + 1) * (size / count) + ((i + 1) * (size % count) + count - 1) / count;
}

/* Runs BODY for each output (i, j) with its window [top, bottom) x [left, right). */
#define ADAPTIVE_WINDOWS(s, BODY)                                                                          \
    for (int64_t i = 0; i < (s)->oh; i++) {                                                                \
        const int64_t top = adaptive_begin(i, (s)->h, (s)->oh), bottom = adaptive_end(i, (s)->h, (s)->oh); \
        for (int64_t j = 0; j < (s)->ow; j++) {                                                            \
            const int64_t left = adaptive_begin(j, (s)->w, (s)->ow),                                       \
                          right = adaptive_end(j, (s)->w, (s)->ow);                                        \
            BODY                                                                                           \
        }                                                                                                  \
    }

#define ADAPTIVE_POOL(S, T)                                                                              \
    static void adaptive_plane_##S(const AdaptiveJob *job, int64_t plane)                                \
    {                                                                                                    \
        const wk_PoolShape *s = job->s;                                                                  \
        const T *in = (const T *)job->in + plane * s->h * s->w;                                          \
        T *out = (T *)job->out + plane * s->oh * s->ow;                                                  \
        ADAPTIVE_WINDOWS(s, {                                                                            \
            T sum = 0;                                                                                   \
            for (int64_t y = top; y < bottom; y++)                                                       \
                for (int64_t x = left; x < right; x++)                                                   \
                    sum += in[y * s->w + x];                                                             \
            out[i * s->ow + j] = sum / (T)((bottom - top) * (right - left));                             \
        })                                                                                               \
    }                                                                                                    \
    static void adaptive_plane_backward_##S(const AdaptiveJob *job, int64_t plane)                       \
    {                                                                                                    \
        const wk_PoolShape *s = job->s;                                                                  \
        const T *grad = (const T *)job->in + plane * s->oh * s->ow;                                      \
        T *out = (T *)job->out + plane * s->h * s->w;                                                    \
        memset(out, 0, (size_t)(s->h * s->w) * sizeof(T));                                               \
        ADAPTIVE_WINDOWS(s, {                                                                            \
            const T g = grad[i * s->ow + j] / (T)((bottom - top) * (right - left));                      \
            for (int64_t y = top; y < bottom; y++)                                                       \
                for (int64_t x = left; x < right; x++)                                                   \
                    out[y * s->w + x] += g;                                                              \
        })                                                                                               \
    }                                                                                                    \
    static void adaptive_avg_pool2d_##S(const wk_PoolShape *s, const void *in, void *out)                \
    {                                                                                                    \
        adaptive_run((AdaptiveJob){.s = s, .in = in, .out = out, .plane = adaptive_plane_##S});          \
    }                                                                                                    \
    static void adaptive_avg_pool2d_backward_##S(const wk_PoolShape *s, const void *grad, void *grad_in) \
    {                                                                                                    \
        adaptive_run(                                                                                    \
            (AdaptiveJob){.s = s, .in = grad, .out = grad_in, .plane = adaptive_plane_backward_##S});    \
    }
ADAPTIVE_POOL(float32, float)
ADAPTIVE_POOL(float64, double)

void WK_KERNEL(wk_install_adaptive_pool)(wk_Kernels *table)
{
    table->adaptive_avg_pool2d[wk_float32] = adaptive_avg_pool2d_float32;
    table->adaptive_avg_pool2d[wk_float64] = adaptive_avg_pool2d_float64;
    table->adaptive_avg_pool2d_backward[wk_float32] = adaptive_avg_pool2d_backward_float32;
    table->adaptive_avg_pool2d_backward[wk_float64] = adaptive_avg_pool2d_backward_float64;
}
