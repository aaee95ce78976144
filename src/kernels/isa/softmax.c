/* softmax and log_softmax over the middle of [outer, n, inner], and their backward steps, for float and double (softmax.inc).
 *
 *   y = exp(x - max) / sum            grad_in = y * (grad - sum(grad * y))
 *   y = x - max - log(sum)            grad_in = grad - exp(y) * sum(grad)
 *
 * For inner = 1 a task is a row, for inner > 1 a vector of neighbouring columns. Sums are kept in the dtype, lane by lane, for a thousand
 * elements (or 64 rows) at most, and these are added in double (or once more in the dtype). The maximum is a plain one, so NaN in a row
 * spreads by the sum, and a row of -inf gives -inf - -inf = NaN, as PyTorch has it. */
#include "kernels/isa.h"

#include <math.h>

#include "core/threads.h"
#include "kernels/isa/vector.h"
#include "kernels/math.h"

enum {
    SOFT_BLOCK = 1024,    /* neighbours that are added in the dtype */
    SOFT_ROWS = 64,       /* rows of columns that are */
    SOFT_GRAIN = 1 << 13, /* elements that are worth a thread's attention */
};

static inline int64_t soft_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

typedef struct SoftPlan {
    int64_t outer, n, inner;
    const void *in, *grad; /* in: x, or with a grad y */
    void *out;
    int64_t lanes; /* of a vector */
    bool logarithm;
    int64_t groups, tasks, per_block;
    void (*task)(const struct SoftPlan *p, int64_t at, int64_t columns);
} SoftPlan;

static void soft_block(void *context, int64_t index)
{
    const SoftPlan *p = context;
    const int64_t end = soft_min((index + 1) * p->per_block, p->tasks);
    for (int64_t i = index * p->per_block; i < end; i++) {
        const int64_t column = i % p->groups * p->lanes;
        p->task(p, i / p->groups * p->n * p->inner + column, soft_min(p->inner - column, p->lanes));
    }
}

static void soft_run(SoftPlan p)
{
    p.groups = (p.inner + p.lanes - 1) / p.lanes;
    p.tasks = p.outer * p.groups;
    const int64_t work = p.n * soft_min(p.inner, p.lanes) + 1;
    p.per_block = work >= SOFT_GRAIN ? 1 : SOFT_GRAIN / work;
    if (p.tasks > 0 && p.n > 0)
        wk_parallel((p.tasks + p.per_block - 1) / p.per_block, soft_block, &p);
}

#define T        float
#define V(name)  name##_f32
#define VT       wk_vf
#define VN       WK_VF
#define VF(name) wk_vf_##name
#include "kernels/isa/softmax.inc"
#undef T
#undef V
#undef VT
#undef VN
#undef VF

#define T        double
#define V(name)  name##_f64
#define VT       wk_vd
#define VN       WK_VD
#define VF(name) wk_vd_##name
#include "kernels/isa/softmax.inc"
#undef T
#undef V
#undef VT
#undef VN
#undef VF

void WK_KERNEL(wk_install_softmax)(wk_Kernels *table)
{
#define SOFTMAX_SET(dtype, S)                              \
    table->softmax[dtype] = softmax_##S;                   \
    table->log_softmax[dtype] = log_softmax_##S;           \
    table->softmax_backward[dtype] = softmax_backward_##S; \
    table->log_softmax_backward[dtype] = log_softmax_backward_##S;
    SOFTMAX_SET(wk_float32, f32)
    SOFTMAX_SET(wk_float64, f64)
}
