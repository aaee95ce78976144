/* Products of Winograd's tiles: some output channels and some vectors of samples, with their sums in registers. */
#ifndef WICK_KERNELS_CONV_WINOGRAD_PRODUCT_H
#define WICK_KERNELS_CONV_WINOGRAD_PRODUCT_H

#include "kernels/isa/conv_lanes.h"

enum {
    WINO_SIDE = 7, /* taps of a window's side, at most */
    WINO_PARTS = WINO_SIDE / 2,
    WINO_LEAST = 6,                                /* output channels, for k tiles of three at least */
    WINO_CHANNELS = WK_VECTOR_BYTES == 64 ? 8 : 4, /* of a k tile, at most */
    WINO_VECTORS = WK_VECTOR_BYTES == 64 ? 4 : 3,
    WINO_SUMS = WK_VECTOR_BYTES == 64 ? 24 : 12, /* channels * vectors, at most */
};

/* Weights [c][channels of the k tile], and the inputs that they meet, [c][vectors]. */
typedef struct WinoTerm {
    const float *u, *v;
} WinoTerm;

/* What is added up: terms, over c channels. `vector` floats from a vector to the next, `channel` from an input channel to the next. */
typedef struct WinoSum {
    WinoTerm terms[WINO_PARTS * WINO_PARTS];
    int count;
    int64_t c, vector, channel;
} WinoSum;

/* to[channel][vector] = sum of u[c][channel] * v[c][vector] over terms and c. */
typedef void WinoProduct(const WinoSum *s, float *to);
/* For k tiles of 3 to WINO_CHANNELS channels and 1 to WINO_VECTORS vectors, WINO_SUMS together. */
WinoProduct *WK_KERNEL(wk_winograd_product)(int64_t channels, int64_t vectors);

#endif
