/* Sums of products in registers (conv_winograd_product.h): for each input channel XT loads, KT broadcast weights, KT * XT FMAs. */
#include "kernels/isa/conv_winograd_product.h"

/* KT and XT are constants where this is expanded. */
static inline __attribute__((always_inline)) void wino_product(const int KT, const int XT, const WinoSum *s,
                                                               float *to)
{
    wk_vf sum[8][4] = {0};
    const int64_t vector = s->vector, channel = s->channel;
    for (int p = 0; p < s->count; p++) {
        const float *u = s->terms[p].u, *v = s->terms[p].v;
        for (int64_t c = s->c; c > 0; c--, u += KT, v += channel) {
            wk_vf in[4];
#pragma GCC unroll 4
            for (int j = 0; j < XT; j++)
                in[j] = wk_vf_load(v + j * vector);
#pragma GCC unroll 8
            for (int k = 0; k < KT; k++) {
                const wk_vf one = wk_vf_all(u[k]);
#pragma GCC unroll 4
                for (int j = 0; j < XT; j++)
                    sum[k][j] += one * in[j];
            }
        }
    }
#pragma GCC unroll 8
    for (int k = 0; k < KT; k++)
#pragma GCC unroll 4
        for (int j = 0; j < XT; j++)
            wk_vf_store(to + (k * XT + j) * LANES, sum[k][j]);
}

#define WINO_PRODUCT(KT, XT)                                          \
    static void wino_product_##KT##_##XT(const WinoSum *s, float *to) \
    {                                                                 \
        wino_product(KT, XT, s, to);                                  \
    }
#define WINO_PRODUCTS(KT) WINO_PRODUCT(KT, 1) WINO_PRODUCT(KT, 2) WINO_PRODUCT(KT, 3)
#define WINO_NAMES(KT)    NULL, wino_product_##KT##_1, wino_product_##KT##_2, wino_product_##KT##_3
WINO_PRODUCTS(3)
WINO_PRODUCTS(4)
#if WK_VECTOR_BYTES == 64
WINO_PRODUCTS(5)
WINO_PRODUCTS(6)
WINO_PRODUCTS(7)
WINO_PRODUCTS(8)
WINO_PRODUCT(3, 4)
WINO_PRODUCT(4, 4)
WINO_PRODUCT(5, 4)
WINO_PRODUCT(6, 4)
#endif
static WinoProduct *const wino_products[][5] = {
#if WK_VECTOR_BYTES == 64
    [3] = {WINO_NAMES(3), wino_product_3_4},
    [4] = {WINO_NAMES(4), wino_product_4_4},
    [5] = {WINO_NAMES(5), wino_product_5_4},
    [6] = {WINO_NAMES(6), wino_product_6_4},
    [7] = {WINO_NAMES(7)},
    [8] = {WINO_NAMES(8)},
#else
    [3] = {WINO_NAMES(3)},
    [4] = {WINO_NAMES(4)},
#endif
};

WinoProduct *WK_KERNEL(wk_winograd_product)(int64_t channels, int64_t vectors)
{
    return wino_products[channels][vectors];
}
