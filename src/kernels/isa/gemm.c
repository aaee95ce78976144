/* Matrix products: float and double by packed panels and register tiles (gemm.inc), integers plainly.
 *
 * The tile is as large as the vector registers hold: 28 of AVX-512's 32, 12 of AVX2's 16. The scratch is asked for once by the caller
 * of a product, so that nothing can fail halfway. */
#include "kernels/isa/gemm.h"

#include <stdatomic.h>
#include <string.h>

#include "core/memory.h"
#include "core/threads.h"

enum {
    GEMM_SLAB = 1024,     /* rows of A and columns of B that are packed at a time */
    GEMM_DEPTH = 256,     /* and their depth in k */
    GEMM_ROWS = 8,        /* panels of a task */
    GEMM_COLS = 8,
    GEMM_PACKS = 4,       /* panels packed in one block */
    GEMM_SERIAL = 1 << 16 /* multiplications below which threads do not pay */
};

static inline int64_t gemm_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void gemm_blocks(int64_t blocks, void (*block)(void *, int64_t), void *context, bool serial)
{
    if (!serial) {
        wk_parallel(blocks, block, context);
        return;
    }
    for (int64_t i = 0; i < blocks; i++)
        block(context, i);
}

#if WK_VECTOR_BYTES == 64
#define MR 14
#define NV 2
#elif WK_VECTOR_BYTES == 32
#define MR 6
#define NV 2
#elif defined(__aarch64__)
#define MR 8
#define NV 3
#else
#define MR 6
#define NV 2
#endif

#define T       float
#define Gemm    Gemm_f32
#define V(name) name##_f32
#include "kernels/isa/gemm.inc"
#undef T
#undef Gemm
#undef V

#define T       double
#define Gemm    Gemm_f64
#define V(name) name##_f64
#include "kernels/isa/gemm.inc"
#undef T
#undef Gemm
#undef V

/* Integers wrap, so they are computed unsigned. alpha and beta are whole numbers. */
#define GEMM_INTEGER(S, I, U)                                                                                \
    static bool gemm_##S(const wk_Gemm *w)                                                                   \
    {                                                                                                        \
        const U alpha = (U)(int64_t)w->alpha, beta = (U)(int64_t)w->beta;                                    \
        for (int64_t batch = 0; batch < (w->batch > 0 ? w->batch : 1); batch++)                              \
            for (int64_t i = 0; i < w->m; i++)                                                               \
                for (int64_t j = 0; j < w->n; j++) {                                                         \
                    const I *a = (const I *)w->a.data + batch * w->a.batch + i * w->a.row;                   \
                    const I *b = (const I *)w->b.data + batch * w->b.batch + j * w->b.col;                   \
                    I *c = (I *)w->c.data + batch * w->c.batch + i * w->c.row + j * w->c.col;                \
                    U sum = 0;                                                                               \
                    for (int64_t p = 0; p < w->k; p++)                                                       \
                        sum += (U)a[p * w->a.col] * (U)b[p * w->b.row];                                      \
                    *c = (I)(alpha * sum + (beta ? beta * (U)*c : 0) + (w->bias ? (U)((const I *)w->bias)[j] : 0)); \
                }                                                                                            \
        return true;                                                                                         \
    }
GEMM_INTEGER(i64, int64_t, uint64_t)
GEMM_INTEGER(i32, int32_t, uint32_t)
GEMM_INTEGER(u8, uint8_t, uint32_t)

void WK_KERNEL(wk_install_gemm)(wk_Kernels *table)
{
    table->gemm[wk_float32] = gemm_f32;
    table->gemm[wk_float64] = gemm_f64;
    table->gemm[wk_int64] = gemm_i64;
    table->gemm[wk_int32] = gemm_i32;
    table->gemm[wk_uint8] = gemm_u8;
}
