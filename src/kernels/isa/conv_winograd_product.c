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

#define WINO_THREE(X, KT) X(KT, 1) X(KT, 2) X(KT, 3)
#if WK_VECTOR_BYTES == 64
#define WINO_SIZES(X) \
    WINO_THREE(X, 3)  \
    WINO_THREE(X, 4)  \
    WINO_THREE(X, 5) WINO_THREE(X, 6) WINO_THREE(X, 7) WINO_THREE(X, 8) X(3, 4) X(4, 4) X(5, 4) X(6, 4)
#else
#define WINO_SIZES(X) WINO_THREE(X, 3) WINO_THREE(X, 4)
#endif
#define WINO_FUNCTION(KT, XT)                                         \
    static void wino_product_##KT##_##XT(const WinoSum *s, float *to) \
    {                                                                 \
        wino_product(KT, XT, s, to);                                  \
    }
#define WINO_ENTRY(KT, XT) [KT][XT] = wino_product_##KT##_##XT,
WINO_SIZES(WINO_FUNCTION)
static WinoProduct *const wino_products[WINO_CHANNELS + 1][WINO_VECTORS + 1] = {WINO_SIZES(WINO_ENTRY)};

WinoProduct *WK_KERNEL(wk_winograd_product)(int64_t channels, int64_t vectors)
{
    return wino_products[channels][vectors];
}
