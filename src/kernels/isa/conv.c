/* 2-D convolution and its three gradients, for float and double (conv.inc).
 *
 * Work is shared out by images, groups and bands of output rows. grad_weight adds up a fixed number of pieces of the batch, each in
 * its own memory, so the sum has one order whatever the number of threads. */
#include <stdatomic.h>
#include <string.h>

#include "core/memory.h"
#include "core/threads.h"
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

/* The output columns whose window position q lies inside of the input: [begin, end). */
typedef struct ConvSpan {
    int64_t begin, end;
} ConvSpan;

static ConvSpan conv_span(const wk_ConvShape *s, int64_t q)
{
    const int64_t first = s->padding[1] - q * s->dilation[1], last = s->w - 1 + first; /* of j * stride */
    ConvSpan span = {first > 0 ? (first + s->stride[1] - 1) / s->stride[1] : 0,
                     last < 0 ? 0 : last / s->stride[1] + 1};
    span.end = conv_min(span.end, s->ow);
    span.begin = conv_min(span.begin, span.end);
    return span;
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

void WK_KERNEL(wk_install_conv)(wk_Kernels *table)
{
#define CONV_SET(dtype, S)                                     \
    table->conv2d[dtype] = conv2d_##S;                         \
    table->conv2d_grad_input[dtype] = conv2d_grad_input_##S;   \
    table->conv2d_grad_weight[dtype] = conv2d_grad_weight_##S; \
    table->conv2d_grad_bias[dtype] = conv2d_grad_bias_##S;
    CONV_SET(wk_float32, f32)
    CONV_SET(wk_float64, f64)
}
