/* 2-D convolution and its three gradients, for float and double (conv.inc).
 *
 * Work is shared out by images, groups and bands of output rows. grad_weight adds up a fixed number of pieces of the batch, each in
 * its own memory, so the sum has one order whatever the number of threads. */
#include <string.h>

#include "core/memory.h"
#include "core/threads.h"
#include "kernels/conv_span.h"
#include "kernels/isa/gemm.h"

enum {
    CONV_COLUMNS = 1 << 16, /* elements of a band's columns: they stay in the second cache */
    CONV_SERIAL = 1 << 16,  /* multiplications below which threads do not pay */
    CONV_PIECES = 8,
    CONV_PARTIAL = 1 << 22, /* elements of all pieces' sums */
};

static inline int64_t conv_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline size_t conv_round_up(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

typedef struct ConvBands {
    int64_t rows, count; /* output rows in a band, bands in an image */
    bool direct;         /* windows are single pixels: the image is its own matrix of columns */
} ConvBands;

static ConvBands conv_bands(const wk_ConvShape *s)
{
    ConvBands b = {.rows = s->oh};
    b.direct = s->r == 1 && s->s == 1 && s->stride[0] == 1 && s->stride[1] == 1 && s->padding[0] == 0 &&
               s->padding[1] == 0 && s->oh == s->h && s->ow == s->w;
    const int64_t row =
        s->c / s->groups * s->r * s->s * s->ow; /* elements of the columns for one output row */
    if (row > 0 && s->oh * row > CONV_COLUMNS)
        b.rows = CONV_COLUMNS / row > 0 ? CONV_COLUMNS / row : 1;
    b.count = b.rows > 0 ? (s->oh + b.rows - 1) / b.rows : 0;
    return b;
}

static int64_t conv_pieces(int64_t images, int64_t size)
{
    const int64_t pieces = size > 0 ? conv_min(conv_min(images, CONV_PIECES), CONV_PARTIAL / size) : 1;
    return pieces > 1 ? pieces : 1;
}

#define T       float
#define Gemm    Gemm_f32
#define V(name) name##_f32
#include "kernels/isa/conv.inc"
#undef T
#undef Gemm
#undef V

#define T       double
#define Gemm    Gemm_f64
#define V(name) name##_f64
#include "kernels/isa/conv.inc"
#undef T
#undef Gemm
#undef V

/* All bits of the exponent are ones. Loops over integers become vectors, sums of floats would not. */
#define CONV_FINITE(S, U, EXPONENT)                           \
    static bool all_finite_##S(int64_t n, const void *in)     \
    {                                                         \
        U bad = 0;                                            \
        for (int64_t i = 0; i < n; i++) {                     \
            U bits;                                           \
            memcpy(&bits, (const U *)in + i, sizeof bits);    \
            bad |= (bits & (EXPONENT)) == (EXPONENT) ? 1 : 0; \
        }                                                     \
        return bad == 0;                                      \
    }
CONV_FINITE(f32, uint32_t, 0x7f800000u)
CONV_FINITE(f64, uint64_t, 0x7ff0000000000000u)

void WK_KERNEL(wk_install_conv)(wk_Kernels *table)
{
#define CONV_SET(dtype, S)                                     \
    table->conv2d[dtype] = conv2d_##S;                         \
    table->conv2d_grad_input[dtype] = conv2d_grad_input_##S;   \
    table->conv2d_grad_weight[dtype] = conv2d_grad_weight_##S; \
    table->conv2d_grad_bias[dtype] = conv2d_grad_bias_##S;
    table->all_finite[wk_float32] = all_finite_f32;
    table->all_finite[wk_float64] = all_finite_f64;
    CONV_SET(wk_float32, f32)
    CONV_SET(wk_float64, f64)
}
