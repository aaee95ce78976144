/* Sums along the middle of [outer, n, inner]. Each sum needs the previous one, so vector instructions gain nothing: compiled once. */
#include "core/threads.h"
#include "kernels/kernels.h"

typedef struct Scan {
    int64_t outer, n, inner, rows; /* of a task */
    bool reverse;
    const void *in;
    void *out;
} Scan;

#define SCAN(S, T, A)                                                                                        \
    static void scan_##S(void *context, int64_t task)                                                        \
    {                                                                                                        \
        const Scan *s = context;                                                                             \
        const int64_t end = (task + 1) * s->rows;                                                            \
        for (int64_t row = task * s->rows; row < s->outer && row < end; row++)                               \
            for (int64_t column = 0; column < s->inner; column++) {                                          \
                int64_t at = row * s->n * s->inner + column, step = s->inner;                                \
                if (s->reverse)                                                                              \
                    at += (s->n - 1) * step, step = -step;                                                   \
                A sum = 0;                                                                                   \
                for (int64_t i = 0; i < s->n; i++, at += step) {                                             \
                    sum += (A)((const T *)s->in)[at];                                                        \
                    ((T *)s->out)[at] = (T)sum;                                                              \
                }                                                                                            \
            }                                                                                                \
    }                                                                                                        \
    static void cumsum_##S(int64_t outer, int64_t n, int64_t inner, bool reverse, const void *in, void *out) \
    {                                                                                                        \
        const int64_t all = n * inner > 0 ? n * inner : 1;                                                   \
        Scan s = {outer, n, inner, all < 1 << 15 ? (1 << 15) / all : 1, reverse, in, out};                   \
        wk_parallel((outer + s.rows - 1) / s.rows, scan_##S, &s);                                            \
    }
SCAN(float32, float, double)
SCAN(float64, double, double)
SCAN(int64, int64_t, uint64_t)
SCAN(int32, int32_t, uint32_t)
SCAN(uint8, uint8_t, uint32_t)

void wk_install_scan(wk_Kernels *table)
{
    table->cumsum[wk_float32] = cumsum_float32;
    table->cumsum[wk_float64] = cumsum_float64;
    table->cumsum[wk_int64] = cumsum_int64;
    table->cumsum[wk_int32] = cumsum_int32;
    table->cumsum[wk_uint8] = cumsum_uint8;
}
