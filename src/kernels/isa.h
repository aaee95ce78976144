/* For the sources in src/kernels/isa, which are compiled once for each instruction set: names, and the widest vectors there are. */
#ifndef WICK_KERNELS_ISA_H
#define WICK_KERNELS_ISA_H

#include "kernels/kernels.h"

/* WK_KERNEL(wk_install_reduce) is wk_install_reduce_avx2 when compiled for avx2, so that the sets live in one library. A build that
 * compiles these files once, for the compiler's own flags, leaves WK_ISA undefined. */
#ifdef WK_ISA
#define WK_KERNEL_PASTE(name, isa)  name##_##isa
#define WK_KERNEL_EXPAND(name, isa) WK_KERNEL_PASTE(name, isa)
#define WK_KERNEL(name)             WK_KERNEL_EXPAND(name, WK_ISA)
#else
#define WK_KERNEL_PASTE(name) name##_builtin
#define WK_KERNEL(name)       WK_KERNEL_PASTE(name) /* the name may be a macro */
#endif

#if defined(__AVX512F__)
#define WK_VECTOR_BYTES 64
#elif defined(__AVX__)
#define WK_VECTOR_BYTES 32
#else
#define WK_VECTOR_BYTES 16
#endif

/* a * b + c, fused where the machine can: the library's fma() would be a slow call elsewhere. Of floats the product is exact in double,
 * which gives the fused result but for a rare second rounding. */
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define WK_FMA(a, b, c)  __builtin_fma(a, b, c)
#define WK_FMAF(a, b, c) __builtin_fmaf(a, b, c)
#else
#define WK_FMA(a, b, c)  ((a) * (b) + (c))
#define WK_FMAF(a, b, c) ((float)((double)(a) * (double)(b) + (double)(c)))
#endif

/* Before a loop: its turns are independent, although the result may be one of the inputs, element for element. (clang warns of each
 * such loop that it then finds not worth vectors.) */
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed"
#define WK_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define WK_INDEPENDENT _Pragma("GCC ivdep")
#endif

/* The table's sum, for the other kernels. */
bool WK_KERNEL(wk_sum_f32)(int64_t outer, int64_t n, int64_t inner, const void *in, void *out);
bool WK_KERNEL(wk_sum_f64)(int64_t outer, int64_t n, int64_t inner, const void *in, void *out);

/* Each source fills in its members of the table. */
void WK_KERNEL(wk_install_loops)(wk_Kernels *table);
void WK_KERNEL(wk_install_casts)(wk_Kernels *table);
void WK_KERNEL(wk_install_reduce)(wk_Kernels *table);
void WK_KERNEL(wk_install_softmax)(wk_Kernels *table);
void WK_KERNEL(wk_install_gemm)(wk_Kernels *table);
void WK_KERNEL(wk_install_conv)(wk_Kernels *table);
void WK_KERNEL(wk_install_conv_lanes)(wk_Kernels *table);
void WK_KERNEL(wk_install_pool)(wk_Kernels *table);
void WK_KERNEL(wk_install_pool_winners)(wk_Kernels *table);
void WK_KERNEL(wk_install_optim)(wk_Kernels *table);
void WK_KERNEL(wk_install_norm)(wk_Kernels *table);
void WK_KERNEL(wk_install_adaptive_pool)(wk_Kernels *table);
void WK_KERNEL(wk_install)(wk_Kernels *table);

#endif
