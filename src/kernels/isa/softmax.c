/* softmax and log_softmax over the middle of [outer, n, inner], and their backward steps.
 *
 *   y = exp(x - max) / sum            grad_in = y * (grad - sum(grad * y))
 *   y = x - max - log(sum)            grad_in = grad - exp(y) * sum(grad)
 *
 * Sums are kept in double. The maximum is a plain one, so NaN in a row spreads by the sum, and a row of -inf gives -inf - -inf = NaN, as PyTorch has it.
 * For inner > 1 the lanes of a turn are neighbouring columns; for inner = 1 LANES partial results of one row, added pairwise. */
#include "kernels/isa.h"

#include "core/threads.h"
#include "kernels/math.h"

enum {
    SOFT_LANES = 32,
    SOFT_GRAIN = 1 << 13, /* elements that are worth a thread's attention */
};

typedef struct SoftPlan {
    int64_t outer, n, inner, groups, tasks, per_block;
    const void *in, *grad;
    void *out;
} SoftPlan;

static void soft_run(SoftPlan p, void (*block)(void *, int64_t))
{
    p.groups = (p.inner + SOFT_LANES - 1) / SOFT_LANES;
    p.tasks = p.outer * p.groups;
    int64_t work = p.n * (p.inner < SOFT_LANES ? p.inner : SOFT_LANES) + 1;
    p.per_block = work >= SOFT_GRAIN ? 1 : SOFT_GRAIN / work;
    if (p.tasks > 0 && p.n > 0)
        wk_parallel((p.tasks + p.per_block - 1) / p.per_block, block, &p);
}

/* Runs BODY for each task of a block, with `at` the first element and `columns` the width. */
#define SOFT_BLOCK(name, S, CALL)                                                                    \
    static void name##_block_##S(void *context, int64_t index)                                       \
    {                                                                                                \
        const SoftPlan *p = context;                                                                 \
        int64_t end = (index + 1) * p->per_block;                                                    \
        for (int64_t i = index * p->per_block; i < (end < p->tasks ? end : p->tasks); i++) {         \
            const int64_t column = i % p->groups * SOFT_LANES,                                       \
                          at = i / p->groups * p->n * p->inner + column;                             \
            const int64_t left = p->inner - column, columns = left < SOFT_LANES ? left : SOFT_LANES; \
            CALL;                                                                                    \
        }                                                                                            \
    }

#define SOFT_FOLD(lanes, T, COMBINE)                     \
    for (int half = SOFT_LANES / 2; half > 0; half /= 2) \
        for (int c = 0; c < half; c++)                   \
            lanes[c] = COMBINE(lanes[c], lanes[c + half]);

#define SOFT_LARGER(a, b) ((a) > (b) ? (a) : (b))

#define SOFTMAX(S, T)                                                                                        \
    static T row_max_##S(const T *x, int64_t n)                                                              \
    {                                                                                                        \
        T lanes[SOFT_LANES];                                                                                 \
        for (int c = 0; c < SOFT_LANES; c++)                                                                 \
            lanes[c] = (T)-INFINITY;                                                                         \
        int64_t i = 0;                                                                                       \
        for (; i + SOFT_LANES <= n; i += SOFT_LANES)                                                         \
            for (int c = 0; c < SOFT_LANES; c++)                                                             \
                lanes[c] = SOFT_LARGER(x[i + c], lanes[c]);                                                  \
        for (; i < n; i++)                                                                                   \
            lanes[0] = SOFT_LARGER(x[i], lanes[0]);                                                          \
        SOFT_FOLD(lanes, T, SOFT_LARGER)                                                                     \
        return lanes[0];                                                                                     \
    }                                                                                                        \
    /* The sum of a[i] * b[i], or of a[i] when b is NULL. */                                                 \
    static double row_sum_##S(const T *a, const T *b, int64_t n)                                             \
    {                                                                                                        \
        double lanes[SOFT_LANES] = {0};                                                                      \
        int64_t i = 0;                                                                                       \
        if (b)                                                                                               \
            for (; i + SOFT_LANES <= n; i += SOFT_LANES)                                                     \
                for (int c = 0; c < SOFT_LANES; c++)                                                         \
                    lanes[c] += (double)a[i + c] * (double)b[i + c];                                         \
        else                                                                                                 \
            for (; i + SOFT_LANES <= n; i += SOFT_LANES)                                                     \
                for (int c = 0; c < SOFT_LANES; c++)                                                         \
                    lanes[c] += (double)a[i + c];                                                            \
        for (int c = 0; i + c < n; c++)                                                                      \
            lanes[c] += (double)a[i + c] * (b ? (double)b[i + c] : 1);                                       \
        SOFT_FOLD(lanes, T, ADD)                                                                             \
        return lanes[0];                                                                                     \
    }                                                                                                        \
    static double row_exp_sum_##S(const T *x, T most, int64_t n)                                             \
    {                                                                                                        \
        double lanes[SOFT_LANES] = {0};                                                                      \
        int64_t i = 0;                                                                                       \
        for (; i + SOFT_LANES <= n; i += SOFT_LANES)                                                         \
            for (int c = 0; c < SOFT_LANES; c++)                                                             \
                lanes[c] += (double)EXP(x[i + c] - most);                                                    \
        for (int c = 0; i + c < n; c++)                                                                      \
            lanes[c] += (double)EXP(x[i + c] - most);                                                        \
        SOFT_FOLD(lanes, T, ADD)                                                                             \
        return lanes[0];                                                                                     \
    }                                                                                                        \
    static void softmax_line_##S(const T *x, T *y, int64_t n, bool logarithm)                                \
    {                                                                                                        \
        const T most = row_max_##S(x, n);                                                                    \
        if (logarithm) {                                                                                     \
            const T log_sum = (T)log(row_exp_sum_##S(x, most, n));                                           \
            WK_INDEPENDENT                                                                                   \
            for (int64_t i = 0; i < n; i++)                                                                  \
                y[i] = x[i] - most - log_sum;                                                                \
            return;                                                                                          \
        }                                                                                                    \
        WK_INDEPENDENT                                                                                       \
        for (int64_t i = 0; i < n; i++)                                                                      \
            y[i] = EXP(x[i] - most);                                                                         \
        const T sum = (T)row_sum_##S(y, NULL, n);                                                            \
        WK_INDEPENDENT                                                                                       \
        for (int64_t i = 0; i < n; i++)                                                                      \
            y[i] /= sum;                                                                                     \
    }                                                                                                        \
    static void softmax_columns_##S(const T *x, T *y, int64_t n, int64_t stride, int64_t columns,            \
                                    bool logarithm)                                                          \
    {                                                                                                        \
        T most[SOFT_LANES], scale[SOFT_LANES];                                                               \
        double sum[SOFT_LANES] = {0};                                                                        \
        for (int64_t c = 0; c < columns; c++)                                                                \
            most[c] = (T)-INFINITY;                                                                          \
        for (int64_t i = 0; i < n; i++)                                                                      \
            for (int64_t c = 0; c < columns; c++)                                                            \
                most[c] = SOFT_LARGER(x[i * stride + c], most[c]);                                           \
        for (int64_t i = 0; i < n; i++)                                                                      \
            for (int64_t c = 0; c < columns; c++)                                                            \
                sum[c] += (double)EXP(x[i * stride + c] - most[c]);                                          \
        for (int64_t c = 0; c < columns; c++)                                                                \
            scale[c] = (T)(logarithm ? log(sum[c]) : sum[c]);                                                \
        for (int64_t i = 0; i < n; i++)                                                                      \
            for (int64_t c = 0; c < columns; c++) {                                                          \
                const T shifted = x[i * stride + c] - most[c];                                               \
                y[i * stride + c] = logarithm ? shifted - scale[c] : EXP(shifted) / scale[c];                \
            }                                                                                                \
    }                                                                                                        \
    static void softmax_grad_##S(const T *g, const T *y, T *gx, int64_t n, int64_t stride, int64_t columns,  \
                                 bool logarithm)                                                             \
    {                                                                                                        \
        double sum[SOFT_LANES] = {0};                                                                        \
        if (stride == 1)                                                                                     \
            sum[0] = row_sum_##S(g, logarithm ? NULL : y, n);                                                \
        else                                                                                                 \
            for (int64_t i = 0; i < n; i++)                                                                  \
                for (int64_t c = 0; c < columns; c++)                                                        \
                    sum[c] += (double)g[i * stride + c] * (logarithm ? 1 : (double)y[i * stride + c]);       \
        T dot[SOFT_LANES];                                                                                   \
        for (int64_t c = 0; c < columns; c++)                                                                \
            dot[c] = (T)sum[c];                                                                              \
        if (stride == 1 && logarithm) {                                                                      \
            WK_INDEPENDENT                                                                                   \
            for (int64_t i = 0; i < n; i++)                                                                  \
                gx[i] = g[i] - EXP(y[i]) * dot[0];                                                           \
        } else if (stride == 1) {                                                                            \
            WK_INDEPENDENT                                                                                   \
            for (int64_t i = 0; i < n; i++)                                                                  \
                gx[i] = y[i] * (g[i] - dot[0]);                                                              \
        } else {                                                                                             \
            for (int64_t i = 0; i < n; i++)                                                                  \
                for (int64_t c = 0; c < columns; c++) {                                                      \
                    const int64_t k = i * stride + c;                                                        \
                    gx[k] = logarithm ? g[k] - EXP(y[k]) * dot[c] : y[k] * (g[k] - dot[c]);                  \
                }                                                                                            \
        }                                                                                                    \
    }                                                                                                        \
    static inline void softmax_task_##S(const SoftPlan *p, int64_t at, int64_t columns, bool logarithm)      \
    {                                                                                                        \
        const T *x = (const T *)p->in + at;                                                                  \
        T *y = (T *)p->out + at;                                                                             \
        if (p->inner == 1)                                                                                   \
            softmax_line_##S(x, y, p->n, logarithm);                                                         \
        else                                                                                                 \
            softmax_columns_##S(x, y, p->n, p->inner, columns, logarithm);                                   \
    }                                                                                                        \
    static inline void softmax_grad_task_##S(const SoftPlan *p, int64_t at, int64_t columns, bool logarithm) \
    {                                                                                                        \
        softmax_grad_##S((const T *)p->grad + at, (const T *)p->in + at, (T *)p->out + at, p->n, p->inner,   \
                         columns, logarithm);                                                                \
    }                                                                                                        \
    SOFT_BLOCK(softmax, S, softmax_task_##S(p, at, columns, false))                                          \
    SOFT_BLOCK(log_softmax, S, softmax_task_##S(p, at, columns, true))                                       \
    SOFT_BLOCK(softmax_backward, S, softmax_grad_task_##S(p, at, columns, false))                            \
    SOFT_BLOCK(log_softmax_backward, S, softmax_grad_task_##S(p, at, columns, true))                         \
    static void softmax_##S(int64_t outer, int64_t n, int64_t inner, const void *in, void *out)              \
    {                                                                                                        \
        soft_run((SoftPlan){.outer = outer, .n = n, .inner = inner, .in = in, .out = out},                   \
                 softmax_block_##S);                                                                         \
    }                                                                                                        \
    static void log_softmax_##S(int64_t outer, int64_t n, int64_t inner, const void *in, void *out)          \
    {                                                                                                        \
        soft_run((SoftPlan){.outer = outer, .n = n, .inner = inner, .in = in, .out = out},                   \
                 log_softmax_block_##S);                                                                     \
    }                                                                                                        \
    static void softmax_backward_##S(int64_t outer, int64_t n, int64_t inner, const void *grad,              \
                                     const void *out, void *grad_in)                                         \
    {                                                                                                        \
        soft_run(                                                                                            \
            (SoftPlan){.outer = outer, .n = n, .inner = inner, .in = out, .grad = grad, .out = grad_in},     \
            softmax_backward_block_##S);                                                                     \
    }                                                                                                        \
    static void log_softmax_backward_##S(int64_t outer, int64_t n, int64_t inner, const void *grad,          \
                                         const void *out, void *grad_in)                                     \
    {                                                                                                        \
        soft_run(                                                                                            \
            (SoftPlan){.outer = outer, .n = n, .inner = inner, .in = out, .grad = grad, .out = grad_in},     \
            log_softmax_backward_block_##S);                                                                 \
    }
SOFTMAX(float32, float)
SOFTMAX(float64, double)

void WK_KERNEL(wk_install_softmax)(wk_Kernels *table)
{
#define SOFTMAX_SET(S)                                      \
    table->softmax[wk_##S] = softmax_##S;                   \
    table->log_softmax[wk_##S] = log_softmax_##S;           \
    table->softmax_backward[wk_##S] = softmax_backward_##S; \
    table->log_softmax_backward[wk_##S] = log_softmax_backward_##S;
    SOFTMAX_SET(float32)
    SOFTMAX_SET(float64)
}
