/* Matrix products: float and double by register tiles over panels (gemm.inc), integers plainly.
 *
 * The tile is as large as the vector registers hold: 28 of the 32 that AVX-512 and NEON have, 12 of AVX2's 16. Few rows take wider
 * tiles, so that enough sums are under way to hide the latency of a multiply-add. The scratch is asked for once by the caller of a
 * product, so that nothing can fail halfway. */
#include "kernels/isa/gemm.h"

#include <stdatomic.h>
#include <string.h>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "core/memory.h"
#include "core/threads.h"

/* clang-format off */
/* Tiles: rows, vectors, and whether the last vector is a full one or half. */
#if defined(__AVX512F__) || defined(__aarch64__)
#define GEMM_MR 14
#define GEMM_FULL_TILES(X)                                                                                   \
    X(1, 1, _full) X(2, 1, _full) X(3, 1, _full) X(4, 1, _full) X(5, 1, _full) X(6, 1, _full)                \
    X(7, 1, _full) X(8, 1, _full) X(9, 1, _full) X(10, 1, _full) X(11, 1, _full) X(12, 1, _full)             \
    X(13, 1, _full) X(14, 1, _full) X(1, 2, _full) X(2, 2, _full) X(3, 2, _full) X(4, 2, _full)              \
    X(5, 2, _full) X(6, 2, _full) X(7, 2, _full) X(8, 2, _full) X(9, 2, _full) X(10, 2, _full)               \
    X(11, 2, _full) X(12, 2, _full) X(13, 2, _full) X(14, 2, _full) X(1, 4, _full) X(2, 4, _full)            \
    X(3, 4, _full) X(4, 4, _full) X(5, 4, _full) X(6, 4, _full) X(1, 8, _full) X(2, 8, _full)                \
    X(3, 8, _full)
#define GEMM_MOST_ROWS {14, 14, 6, 3} /* of tiles of 1, 2, 4 and 8 vectors */
#else
#define GEMM_MR 6
#define GEMM_FULL_TILES(X)                                                                                   \
    X(1, 1, _full) X(2, 1, _full) X(3, 1, _full) X(4, 1, _full) X(5, 1, _full) X(6, 1, _full)                \
    X(1, 2, _full) X(2, 2, _full) X(3, 2, _full) X(4, 2, _full) X(5, 2, _full) X(6, 2, _full)                \
    X(1, 4, _full) X(2, 4, _full) X(1, 8, _full)
#define GEMM_MOST_ROWS {6, 6, 2, 1}
#endif
#if defined(__AVX512VL__)
#define GEMM_HALVES 1 /* narrow vectors cost half as much where wide ones are done in two turns, and never more */
#define GEMM_HALF_TILES(X)                                                                                   \
    X(1, 1, _half) X(2, 1, _half) X(3, 1, _half) X(4, 1, _half) X(5, 1, _half) X(6, 1, _half)                \
    X(7, 1, _half) X(8, 1, _half) X(9, 1, _half) X(10, 1, _half) X(11, 1, _half) X(12, 1, _half)             \
    X(13, 1, _half) X(14, 1, _half) X(1, 2, _half) X(2, 2, _half) X(3, 2, _half) X(4, 2, _half)              \
    X(5, 2, _half) X(6, 2, _half) X(7, 2, _half) X(8, 2, _half) X(9, 2, _half) X(10, 2, _half)               \
    X(11, 2, _half) X(12, 2, _half) X(13, 2, _half) X(14, 2, _half) X(1, 4, _half) X(2, 4, _half)            \
    X(3, 4, _half) X(4, 4, _half) X(5, 4, _half) X(6, 4, _half) X(1, 8, _half) X(2, 8, _half)                \
    X(3, 8, _half)
#endif
#if defined(__AVX512F__)
#define GEMM_MASKS_COST 0
#else
#define GEMM_MASKS_COST 1 /* a load of some lanes is slower than one of all */
#endif
#define GEMM_full    0
#define GEMM_half    1
#define GEMM_LOG(N)  ((N) == 1 ? 0 : (N) == 2 ? 1 : (N) == 4 ? 2 : 3)
#define GEMM_UNROLL  _Pragma("GCC unroll 32")
#define GEMM_KEEP(p) __asm__("" : "+r"(p)) /* one pointer a register, or gcc makes one offset of each row */
/* clang-format on */

enum {
    GEMM_SLAB = 1024, /* rows of A and columns of B that are packed at a time */
    GEMM_DEPTH = 512, /* and their depth in k */
    GEMM_AHEAD = 12,  /* rows of B that the tile of large products fetches ahead */
    GEMM_PANEL = 256, /* depth of a panel of B packed on the stack */
    GEMM_ROWS = 8,    /* panels of a task */
    GEMM_COLS = 8,
    GEMM_PACKS = 4,        /* panels packed in one block */
    GEMM_FLAT = 6,         /* rows, at most, that tiles of four vectors and more may have */
    GEMM_SERIAL = 1 << 18, /* multiplications below which threads do not pay: some 4 us */
    GEMM_WHOLE = 1 << 23,  /* multiplications of a product that are not one thread's task in a batch */
    GEMM_LARGE = 1 << 23,  /* multiplications from which packing pays, where no side is short */
    GEMM_LARGE_SIDE = 64,
};

static inline int64_t gemm_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The intrinsics of masked vectors. */
#if defined(__AVX512F__)
#define MASK_LOAD_f32(p, part)     _mm512_maskz_loadu_ps(part, p)
#define MASK_LOAD_f64(p, part)     _mm512_maskz_loadu_pd((__mmask8)(part), p)
#define MASK_STORE_f32(p, part, v) _mm512_mask_storeu_ps(p, part, (__m512)(v))
#define MASK_STORE_f64(p, part, v) _mm512_mask_storeu_pd(p, (__mmask8)(part), (__m512d)(v))
#define HALF_LOAD_f32(p, part)     _mm256_maskz_loadu_ps((__mmask8)(part), p)
#define HALF_STORE_f32(p, part, v) _mm256_mask_storeu_ps(p, (__mmask8)(part), (__m256)(v))
#define WIDEN_f32(v)               (VEC) _mm512_zextps256_ps512((__m256)(v))
#elif defined(__AVX2__)
#define MASK_LOAD_f32(p, part) _mm256_maskload_ps(p, part)
#define MASK_LOAD_f64(p, part) _mm256_maskload_pd(p, part)
#define MOVEMASK_f32(part)     _mm256_movemask_ps((__m256)(part))
#define MOVEMASK_f64(part)     _mm256_movemask_pd((__m256d)(part))
#endif
#define GEMM_MASK_LOAD(p, part)     V(MASK_LOAD)(p, part)
#define GEMM_MASK_STORE(p, part, v) V(MASK_STORE)(p, part, v)
#define GEMM_HALF_LOAD(p, part)     V(HALF_LOAD)(p, part)
#define GEMM_HALF_STORE(p, part, v) V(HALF_STORE)(p, part, v)
#define GEMM_WIDEN(v)               V(WIDEN)(v)
#define GEMM_MOVEMASK(part)         V(MOVEMASK)(part)

#define T                           float
#define BYTES                       4
#define Gemm                        Gemm_f32
#define V(name)                     name##_f32
#include "kernels/isa/gemm.inc"
#undef T
#undef BYTES
#undef Gemm
#undef V

/* Products of doubles are fewer than the code that their halves would be. */
#undef GEMM_HALVES
#define T       double
#define BYTES   8
#define Gemm    Gemm_f64
#define V(name) name##_f64
#include "kernels/isa/gemm.inc"
#undef T
#undef BYTES
#undef Gemm
#undef V

/* Integers wrap, so they are computed unsigned. alpha and beta are whole numbers. */
#define GEMM_INTEGER(S, I, U)                                                                 \
    static bool gemm_##S(const wk_Gemm *w)                                                    \
    {                                                                                         \
        const U alpha = (U)(int64_t)w->alpha, beta = (U)(int64_t)w->beta;                     \
        for (int64_t batch = 0; batch < (w->batch > 0 ? w->batch : 1); batch++)               \
            for (int64_t i = 0; i < w->m; i++)                                                \
                for (int64_t j = 0; j < w->n; j++) {                                          \
                    const I *a = (const I *)w->a.data + batch * w->a.batch + i * w->a.row;    \
                    const I *b = (const I *)w->b.data + batch * w->b.batch + j * w->b.col;    \
                    I *c = (I *)w->c.data + batch * w->c.batch + i * w->c.row + j * w->c.col; \
                    U sum = 0;                                                                \
                    for (int64_t p = 0; p < w->k; p++)                                        \
                        sum += (U)a[p * w->a.col] * (U)b[p * w->b.row];                       \
                    *c = (I)(alpha * sum + (beta ? beta * (U)*c : 0) +                        \
                             (w->bias ? (U)((const I *)w->bias)[j] : 0));                     \
                }                                                                             \
        return true;                                                                          \
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
