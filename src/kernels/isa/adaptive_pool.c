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

/* Window i of `count` along a side of `size`: [i * size / count rounded down, (i + 1) * size / count rounded up), step by step, as the
 * products may overflow. */
typedef struct AdaptiveWindow {
    int64_t begin, end;
    int64_t next, rest; /* (i + 1) * size / count rounded down, and the remainder */
} AdaptiveWindow;

static inline AdaptiveWindow adaptive_after(AdaptiveWindow w, int64_t size, int64_t count)
{
    const int64_t rest = w.rest + size % count, carry = rest >= count;
    w.begin = w.next;
    w.next += size / count + carry;
    w.rest = rest - carry * count;
    w.end = w.next + (w.rest > 0);
    return w;
}

/* Runs BODY for each output (i, j) with its window v x h. */
#define ADAPTIVE_WINDOWS(s, BODY)                                       \
    AdaptiveWindow v = {0};                                             \
    for (int64_t i = 0; i < (s)->oh; i++) {                             \
        v = adaptive_after(v, (s)->h, (s)->oh);                         \
        AdaptiveWindow h = {0};                                         \
        for (int64_t j = 0; j < (s)->ow; j++) {                         \
            h = adaptive_after(h, (s)->w, (s)->ow);                     \
            const int64_t area = (v.end - v.begin) * (h.end - h.begin); \
            BODY                                                        \
        }                                                               \
    }

#define ADAPTIVE_POOL(S, T)                                                                              \
    static void adaptive_plane_##S(const AdaptiveJob *job, int64_t plane)                                \
    {                                                                                                    \
        const wk_PoolShape *s = job->s;                                                                  \
        const T *in = (const T *)job->in + plane * s->h * s->w;                                          \
        T *out = (T *)job->out + plane * s->oh * s->ow;                                                  \
        ADAPTIVE_WINDOWS(s, {                                                                            \
            T sum = 0;                                                                                   \
            for (int64_t y = v.begin; y < v.end; y++)                                                    \
                for (int64_t x = h.begin; x < h.end; x++)                                                \
                    sum += in[y * s->w + x];                                                             \
            out[i * s->ow + j] = sum / (T)area;                                                          \
        })                                                                                               \
    }                                                                                                    \
    static void adaptive_plane_backward_##S(const AdaptiveJob *job, int64_t plane)                       \
    {                                                                                                    \
        const wk_PoolShape *s = job->s;                                                                  \
        const T *grad = (const T *)job->in + plane * s->oh * s->ow;                                      \
        T *out = (T *)job->out + plane * s->h * s->w;                                                    \
        memset(out, 0, (size_t)(s->h * s->w) * sizeof(T));                                               \
        ADAPTIVE_WINDOWS(s, {                                                                            \
            const T g = grad[i * s->ow + j] / (T)area;                                                   \
            for (int64_t y = v.begin; y < v.end; y++)                                                    \
                for (int64_t x = h.begin; x < h.end; x++)                                                \
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
