/* Normalisation and variance, for float and double (norm.inc).
 *
 *   y = (x - mean) rstd w + b;  with A = sum(g w), B = sum(g w (x - mean)) over the N elements that share a
 *   mean:
 *   grad_x = rstd (g w - A / N - (x - mean) rstd^2 B / N)      grad_w = sum(g (x - mean) rstd)      grad_b
 *   = sum(g)
 *
 * Statistics: blocks small enough for the first cache are read twice, for their sum and for the deviations
 * from it, whose own sum
 * mends the rounding of the first; blocks are joined in double (Chan). So one pass over memory is as good
 * as two. The mean is kept as two numbers, for one would be off by half a spacing of floats at the mean. A block whose floats overflow is done again in double. Threads share rows or channels,
 * never the sum of one. */
#include "kernels/isa.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/threads.h"

enum {
    NORM_BLOCK = 4096,    /* elements of a line that are summed in the dtype */
    NORM_ROWS = 64,       /* rows of columns that are */
    NORM_COLUMNS = 64,    /* at most, side by side */
    NORM_GRAIN = 1 << 14, /* elements that are worth a thread's attention */
    NORM_PIECES = 16,     /* of a long line, in var */
};

#define NORM_TINY 0x1p-100 /* means of squares of floats below it are inexact */

static inline int64_t norm_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Of `count` elements: their mean, and the sum of squared deviations from it. Where the elements are doubles themselves (`wide`), the
 * mean is the sum of two. */
typedef struct NormMoments {
    double count, mean, m2, rest;
} NormMoments;

/* The mean becomes mean + more. */
static inline void norm_add(NormMoments *m, double more, bool wide)
{
    const double mean = m->mean + more, used = mean - m->mean;
    if (wide)
        m->rest += (m->mean - (mean - used)) + (more - used);
    m->mean = mean;
}

/* From the sums of the deviations from a number near the mean, and of their squares. */
static inline NormMoments norm_moments(double n, double near, double first, double second, bool wide)
{
    const double off = first / n;
    NormMoments m = {n, near, second - first * off, 0};
    norm_add(&m, off, wide);
    return m;
}

static inline void norm_join(NormMoments *into, const NormMoments *more, bool wide)
{
    const double total = into->count + more->count, share = more->count / total;
    const double apart = more->mean - into->mean + (wide ? more->rest - into->rest : 0);
    if (into->count == 0) {
        into->mean = more->mean;
        into->m2 = more->m2;
        if (wide)
            into->rest = more->rest;
    } else {
        into->m2 += more->m2 + apart * apart * (into->count * share);
        if (isfinite(apart))
            norm_add(into, apart * share, wide);
        else { /* infinite means, or finite ones too far apart for their difference */
            into->mean = into->mean * (into->count / total) + more->mean * share;
            into->rest = 0;
        }
    }
    into->count = total;
}

static inline double norm_variance(const NormMoments *m, double divisor)
{
    const double m2 = m->m2 < 0 ? 0 : m->m2;
    return m2 / divisor;
}

static inline double norm_rstd(double variance, double eps)
{
    return 1 / sqrt(variance + eps);
}

/* What the threads work on: one task is a row, or some channels. */
typedef struct NormJob {
    wk_NormShape s;
    bool training;
    const void *x, *g, *weight, *bias;
    void *out; /* y or grad_x */
    double *stats;
    void *grad_w, *grad_b; /* [c] in batch norm; rows to be added up in group norm */
    int64_t channels;      /* of a task in batch norm */
    int64_t tasks, per_block;
    void (*task)(const struct NormJob *job, int64_t task);
} NormJob;

static void norm_job_block(void *context, int64_t index)
{
    const NormJob *job = context;
    const int64_t end = norm_min((index + 1) * job->per_block, job->tasks);
    for (int64_t i = index * job->per_block; i < end; i++)
        job->task(job, i);
}

/* `work` elements in a task. */
static void norm_run(NormJob *job, int64_t work)
{
    job->per_block = work >= NORM_GRAIN ? 1 : NORM_GRAIN / (work + 1) + 1;
    if (job->tasks > 0)
        wk_parallel((job->tasks + job->per_block - 1) / job->per_block, norm_job_block, job);
}

typedef struct NormVarJob {
    int64_t outer, n, inner, groups, pieces, piece, per_block, tasks;
    double divisor;
    bool root;
    const void *in;
    void *out;
    NormMoments *partial; /* [outer, pieces, inner] when there are several pieces */
} NormVarJob;

#define T       float
#define WIDE    false
#define V(name) name##_f32
#define SUM     WK_KERNEL(wk_sum_f32)
#include "kernels/isa/norm.inc"
#undef T
#undef WIDE
#undef V
#undef SUM

#define T       double
#define WIDE    true
#define V(name) name##_f64
#define SUM     WK_KERNEL(wk_sum_f64)
#include "kernels/isa/norm.inc"
#undef T
#undef WIDE
#undef V
#undef SUM

void WK_KERNEL(wk_install_norm)(wk_Kernels *table)
{
#define NORM_SET(dtype, S)                                       \
    table->batch_norm[dtype] = batch_norm_##S;                   \
    table->batch_norm_backward[dtype] = batch_norm_backward_##S; \
    table->batch_norm_running[dtype] = batch_norm_running_##S;   \
    table->group_norm[dtype] = group_norm_##S;                   \
    table->group_norm_backward[dtype] = group_norm_backward_##S; \
    table->var[dtype] = var_##S;
    NORM_SET(wk_float32, f32)
    NORM_SET(wk_float64, f64)
}
