/* One step of an optimizer, in a single pass over the arrays.
 *
 * PyTorch runs each optimizer as a series of whole-tensor operations; the order of their roundings is kept: what it computes in one
 * operation with a multiplication and an addition is one fused operation here, as its vector code has it, and constants are doubles that
 * are rounded to the dtype once. addcmul(t, a, b, v) is fma(v * a, b, t); addcdiv(t, a, b, v) is t + v * a / b; lerp changes its form
 * at a weight of 0.5 so that it ends at its end. */
#include "kernels/isa.h"
#include "kernels/math.h"

#include "core/threads.h"

enum {
    OPTIM_BLOCK = 1 << 14, /* elements in one block for the threads */
    OPTIM_SERIAL =
        1 << 16, /* elements below which threads do not pay: fetching them from another core takes longer */
};

typedef struct OptimJob {
    int64_t n;
    const void *step;
    char *array[5];
    void (*sweep)(const struct OptimJob *job, int64_t begin, int64_t end);
} OptimJob;

static void optim_block(void *context, int64_t index)
{
    const OptimJob *job = context;
    const int64_t begin = index * OPTIM_BLOCK, end = begin + OPTIM_BLOCK;
    job->sweep(job, begin, end < job->n ? end : job->n);
}

static void optim_run(OptimJob job)
{
    wk_parallel_on(job.n < OPTIM_SERIAL ? 1 : wk_thread_count(), (job.n + OPTIM_BLOCK - 1) / OPTIM_BLOCK,
                   optim_block, &job);
}

#define OPTIM(S, T, FUSED)                                                                                   \
    static inline T lerp_##S(T a, T b, T weight)                                                             \
    {                                                                                                        \
        const T difference = b - a;                                                                          \
        return weight < (T)0.5 ? FUSED(weight, difference, a) : FUSED(-(1 - weight), difference, b);         \
    }                                                                                                        \
    static void sgd_sweep_##S(const OptimJob *job, int64_t begin, int64_t end)                               \
    {                                                                                                        \
        const wk_SgdStep *s = job->step;                                                                     \
        T *restrict param = (T *)job->array[0], *restrict buffer = (T *)job->array[2];                       \
        const T *restrict grad = (const T *)job->array[1];                                                   \
        const T sign = s->maximize ? -1 : 1, decay = (T)s->weight_decay, momentum = (T)s->momentum;          \
        const T fresh = (T)(1 - s->dampening), rate = (T)-s->lr;                                             \
        const bool decays = s->weight_decay != 0, first = s->first, nesterov = s->nesterov;                  \
        if (s->momentum == 0) {                                                                              \
            for (int64_t i = begin; i < end; i++) {                                                          \
                T g = sign * grad[i];                                                                        \
                g = decays ? FUSED(decay, param[i], g) : g;                                                  \
                param[i] = FUSED(rate, g, param[i]);                                                         \
            }                                                                                                \
            return;                                                                                          \
        }                                                                                                    \
        for (int64_t i = begin; i < end; i++) {                                                              \
            T g = sign * grad[i];                                                                            \
            g = decays ? FUSED(decay, param[i], g) : g;                                                      \
            const T b = first ? g : FUSED(fresh, g, buffer[i] * momentum);                                   \
            buffer[i] = b;                                                                                   \
            g = nesterov ? FUSED(momentum, b, g) : b;                                                        \
            param[i] = FUSED(rate, g, param[i]);                                                             \
        }                                                                                                    \
    }                                                                                                        \
    static void sgd_##S(int64_t n, const wk_SgdStep *step, void *param, const void *grad, void *buffer)      \
    {                                                                                                        \
        optim_run((OptimJob){n, step, {param, (char *)grad, buffer}, sgd_sweep_##S});                        \
    }                                                                                                        \
    static void adam_sweep_##S(const OptimJob *job, int64_t begin, int64_t end)                              \
    {                                                                                                        \
        const wk_AdamStep *s = job->step;                                                                    \
        T *restrict param = (T *)job->array[0], *restrict average = (T *)job->array[2];                      \
        T *restrict square = (T *)job->array[3], *restrict largest = (T *)job->array[4];                     \
        const T *restrict grad = (const T *)job->array[1];                                                   \
        const double correction1 = 1 - pow(s->beta1, (double)s->step),                                       \
                     correction2 = 1 - pow(s->beta2, (double)s->step);                                       \
        const T sign = s->maximize ? -1 : 1, decay = (T)s->weight_decay,                                     \
                kept = (T)(1 - s->lr * s->weight_decay);                                                     \
        const T weight1 = (T)(1 - s->beta1), beta2 = (T)s->beta2, weight2 = (T)(1 - s->beta2);               \
        const T root = (T)pow(correction2, 0.5), eps = (T)s->eps, rate = (T) - (s->lr / correction1);        \
        const bool decays = s->weight_decay != 0, decoupled = s->decoupled, amsgrad = s->amsgrad;            \
        for (int64_t i = begin; i < end; i++) {                                                              \
            T g = sign * grad[i], p = param[i];                                                              \
            p = decays && decoupled ? p * kept : p;                                                          \
            g = decays && !decoupled ? FUSED(decay, p, g) : g;                                               \
            const T m = lerp_##S(average[i], g, weight1), v = FUSED(weight2 * g, g, square[i] * beta2);      \
            average[i] = m;                                                                                  \
            square[i] = v;                                                                                   \
            T most = v;                                                                                      \
            if (amsgrad)                                                                                     \
                largest[i] = most = MAXIMUM(largest[i], v);                                                  \
            const T denominator = SQRT(most) / root + eps;                                                   \
            param[i] = p + rate * m / denominator;                                                           \
        }                                                                                                    \
    }                                                                                                        \
    static void adam_##S(int64_t n, const wk_AdamStep *step, void *param, const void *grad, void *average,   \
                         void *square, void *largest)                                                        \
    {                                                                                                        \
        optim_run((OptimJob){n, step, {param, (char *)grad, average, square, largest}, adam_sweep_##S});     \
    }                                                                                                        \
    static void adagrad_sweep_##S(const OptimJob *job, int64_t begin, int64_t end)                           \
    {                                                                                                        \
        const wk_AdagradStep *s = job->step;                                                                 \
        T *restrict param = (T *)job->array[0], *restrict sum = (T *)job->array[2];                          \
        const T *restrict grad = (const T *)job->array[1];                                                   \
        const T sign = s->maximize ? -1 : 1, decay = (T)s->weight_decay, eps = (T)s->eps, rate = (T)-s->lr;  \
        const bool decays = s->weight_decay != 0;                                                            \
        for (int64_t i = begin; i < end; i++) {                                                              \
            T g = sign * grad[i];                                                                            \
            g = decays ? FUSED(decay, param[i], g) : g;                                                      \
            sum[i] = FUSED(g, g, sum[i]);                                                                    \
            param[i] += rate * g / (SQRT(sum[i]) + eps);                                                     \
        }                                                                                                    \
    }                                                                                                        \
    static void adagrad_##S(int64_t n, const wk_AdagradStep *step, void *param, const void *grad, void *sum) \
    {                                                                                                        \
        optim_run((OptimJob){n, step, {param, (char *)grad, sum}, adagrad_sweep_##S});                       \
    }                                                                                                        \
    static void rmsprop_sweep_##S(const OptimJob *job, int64_t begin, int64_t end)                           \
    {                                                                                                        \
        const wk_RmspropStep *s = job->step;                                                                 \
        T *restrict param = (T *)job->array[0], *restrict square = (T *)job->array[2];                       \
        T *restrict mean = (T *)job->array[3], *restrict buffer = (T *)job->array[4];                        \
        const T *restrict grad = (const T *)job->array[1];                                                   \
        const T sign = s->maximize ? -1 : 1, decay = (T)s->weight_decay, alpha = (T)s->alpha;                \
        const T weight = (T)(1 - s->alpha), eps = (T)s->eps, rate = (T)-s->lr, momentum = (T)s->momentum;    \
        const bool decays = s->weight_decay != 0, centered = s->centered, moves = s->momentum > 0;           \
        for (int64_t i = begin; i < end; i++) {                                                              \
            T g = sign * grad[i];                                                                            \
            g = decays ? FUSED(decay, param[i], g) : g;                                                      \
            const T v = FUSED(weight * g, g, square[i] * alpha);                                             \
            square[i] = v;                                                                                   \
            T variance = v;                                                                                  \
            if (centered) {                                                                                  \
                const T m = lerp_##S(mean[i], g, weight);                                                    \
                mean[i] = m;                                                                                 \
                variance = FUSED(-m, m, v);                                                                  \
            }                                                                                                \
            const T average = SQRT(variance) + eps;                                                          \
            if (moves) {                                                                                     \
                const T b = buffer[i] * momentum + g / average;                                              \
                buffer[i] = b;                                                                               \
                param[i] = FUSED(rate, b, param[i]);                                                         \
            } else {                                                                                         \
                param[i] += rate * g / average;                                                              \
            }                                                                                                \
        }                                                                                                    \
    }                                                                                                        \
    static void rmsprop_##S(int64_t n, const wk_RmspropStep *step, void *param, const void *grad,            \
                            void *square, void *mean, void *buffer)                                          \
    {                                                                                                        \
        optim_run((OptimJob){n, step, {param, (char *)grad, square, mean, buffer}, rmsprop_sweep_##S});      \
    }
OPTIM(f32, float, WK_FMAF)
OPTIM(f64, double, WK_FMA)

void WK_KERNEL(wk_install_optim)(wk_Kernels *table)
{
#define OPTIM_SET(dtype, S)              \
    table->sgd[dtype] = sgd_##S;         \
    table->adam[dtype] = adam_##S;       \
    table->adagrad[dtype] = adagrad_##S; \
    table->rmsprop[dtype] = rmsprop_##S;
    OPTIM_SET(wk_float32, f32)
    OPTIM_SET(wk_float64, f64)
}
