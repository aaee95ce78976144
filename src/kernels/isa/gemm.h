/* The matrix product inside a kernel: with scratch memory given by the caller. */
#ifndef WICK_KERNELS_GEMM_H
#define WICK_KERNELS_GEMM_H

#include "kernels/isa.h"

/* C = beta * C + alpha * A B + bias, as wk_Gemm, without a batch. row_bias has m values, each added to its whole row of C. */
#define WK_GEMM_TYPE(S, T)        \
    typedef struct Gemm_##S {     \
        int64_t m, n, k;          \
        const T *a;               \
        int64_t a_row, a_col;     \
        const T *b;               \
        int64_t b_row, b_col;     \
        T *c;                     \
        int64_t c_row, c_col;     \
        T alpha, beta;            \
        const T *bias, *row_bias; \
    } Gemm_##S;
WK_GEMM_TYPE(f32, float)
WK_GEMM_TYPE(f64, double)

/* Bytes of scratch, aligned to 64, that a product of these sizes needs. Calls from within a block of threads run serially. */
size_t WK_KERNEL(wk_gemm_scratch_f32)(int64_t m, int64_t n, int64_t k);
size_t WK_KERNEL(wk_gemm_scratch_f64)(int64_t m, int64_t n, int64_t k);
void WK_KERNEL(wk_gemm_run_f32)(const Gemm_f32 *gemm, void *scratch);
void WK_KERNEL(wk_gemm_run_f64)(const Gemm_f64 *gemm, void *scratch);

#endif
