/* Windows of pooling and convolution: what they refuse, in PyTorch's words, and windows at the edge of what they take. */
#include "support/check.h"

static wk_Tensor *floats(int count)
{
    return wk_zeros(count);
}

static void convolution_refuses(void **state)
{
    (void)state;
    ROW("A13");
    wk_Tensor *x = wk_zeros(1, 3, 8, 8), *w = wk_zeros(4, 3, 3, 3);
    EXPECT_ERROR(wk_conv2d(x, w, .stride = WK_ZERO), WK_ERROR_ARGUMENT,
                 "non-positive stride is not supported");
    EXPECT_ERROR(wk_conv2d(x, w, .stride = -1), WK_ERROR_ARGUMENT, "non-positive stride is not supported");
    EXPECT_ERROR(wk_conv2d(x, w, .stride_hw = {1, -1}), WK_ERROR_ARGUMENT,
                 "non-positive stride is not supported: stride is -1");
    EXPECT_ERROR(wk_conv2d(x, w, .padding = -1), WK_ERROR_ARGUMENT, "negative padding is not supported");
    EXPECT_ERROR(wk_conv2d(x, w, .dilation = WK_ZERO), WK_ERROR_ARGUMENT,
                 "dilation should be greater than zero, but got [0, 0]");
    EXPECT_ERROR(wk_conv2d(x, w, .dilation_hw = {1, -2}), WK_ERROR_ARGUMENT,
                 "dilation should be greater than zero, but got [1, -2]");
    EXPECT_ERROR(wk_conv2d(x, w, .groups = WK_ZERO), WK_ERROR_ARGUMENT,
                 "non-positive groups is not supported");
    EXPECT_ERROR(wk_conv2d(x, w, .groups = -1, .padding = -1), WK_ERROR_ARGUMENT,
                 "conv2d: non-positive groups is not supported: groups is -1");
    EXPECT_ERROR(
        wk_conv2d(x, w, .groups = 5), WK_ERROR_SHAPE,
        "Given groups=5, expected weight to be at least 5 at dimension 0, but got weight of size [4, "
        "3, 3, 3] instead");
    EXPECT_ERROR(
        wk_conv2d(wk_zeros(1, 4, 8, 8), wk_zeros(3, 2, 3, 3), .groups = 2), WK_ERROR_SHAPE,
        "Given groups=2, expected weight to be divisible by 2 at dimension 0, but got weight of size "
        "[[3, 2, 3, 3]] instead");
    EXPECT_ERROR(wk_conv2d(wk_zeros(1, 2, 8, 8), w), WK_ERROR_SHAPE,
                 "Given groups=1, weight of size [4, 3, 3, 3], expected input[1, 2, 8, 8] to have 3 "
                 "channels, but got 2 channels instead");
    EXPECT_ERROR(wk_conv2d(wk_zeros(1, 3, 2, 2), w), WK_ERROR_SHAPE,
                 "Calculated padded input size per channel: (2 x 2). Kernel size: (3 x 3). Kernel size can't "
                 "be greater than actual input size");
    EXPECT_ERROR(
        wk_conv2d(x, w, .dilation = 4), WK_ERROR_SHAPE,
        "Calculated padded input size per channel: (8 x 8). Kernel size: (9 x 9). Kernel size can't be "
        "greater than actual input size");
    EXPECT_ERROR(wk_conv2d(x, wk_zeros(4, 3, 0, 3)), WK_ERROR_SHAPE,
                 "kernel size should be greater than zero, but got kernel_height: 0 kernel_width: 3");
    EXPECT_ERROR(wk_conv2d(x, wk_zeros(4, 3, 0, 3), .dilation = 2), WK_ERROR_SHAPE,
                 "kernel size should be greater than zero, but got [0, 3]");
    EXPECT_ERROR(wk_conv2d(wk_zeros(1, 3, 0, 8), w), WK_ERROR_SHAPE,
                 "Calculated padded input size per channel: (0 x 8). Kernel size: (3 x 3).");
    EXPECT_ERROR(wk_conv2d(wk_zeros(1, 3, 0, 8), w, .padding = 2), WK_ERROR_SHAPE,
                 "Only zero batch or zero channel inputs are supported, but got input shape: [1, 3, 0, 8]");
    EXPECT_ERROR(wk_conv2d(x, w, floats(3)), WK_ERROR_SHAPE,
                 "expected bias to be 1-dimensional with 4 elements, but got bias of size [3] instead");
    EXPECT_ERROR(wk_conv2d(floats(3), w), WK_ERROR_SHAPE,
                 "Expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of size: [3]");
    EXPECT_ERROR(wk_conv2d(x, floats(3)), WK_ERROR_SHAPE,
                 "weight should have at least three dimensions, but got weight of size [3]");
    EXPECT_ERROR(wk_conv2d(x, wk_zeros(4, 3, 3)), WK_ERROR_SHAPE, "got weight of size [4, 3, 3]");
}

static void convolution_refuses_dtypes(void **state)
{
    (void)state;
    ROW("A13");
    wk_Tensor *x = wk_zeros(1, 3, 8, 8), *w = wk_zeros(4, 3, 3, 3);
    EXPECT_ERROR(wk_conv2d(x, wk_to_dtype(w, wk_float64)), WK_ERROR_DTYPE,
                 "conv2d: expected scalar type Float but found Double");
    EXPECT_ERROR(wk_conv2d(wk_to_dtype(x, wk_int64), w), WK_ERROR_DTYPE,
                 "Input type (torch.LongTensor) and weight type (torch.FloatTensor) should be the same");
    EXPECT_ERROR(wk_conv2d(x, w, wk_zeros_shape(1, (const int64_t[]){4}, wk_float64)), WK_ERROR_DTYPE,
                 "Input type (float) and bias type (double) should be the same");
    EXPECT_ERROR(wk_conv2d(wk_to_dtype(x, wk_int64), w, floats(4)), WK_ERROR_DTYPE,
                 "Input type (long int) and bias type (float) should be the same");
    EXPECT_ERROR(wk_conv2d(wk_to_dtype(x, wk_bool), wk_to_dtype(w, wk_bool)), WK_ERROR_DTYPE,
                 "conv2d: not implemented for 'Bool'");
}

/* Sizes whose sums and products have no 63 bits. */
static void convolution_refuses_overflow(void **state)
{
    (void)state;
    ROW("A13");
    wk_Tensor *x = wk_zeros(1, 3, 8, 8), *w = wk_zeros(4, 3, 3, 3);
    const int64_t large = INT64_MAX;
    EXPECT_ERROR(wk_conv2d(x, w, .padding = large), WK_ERROR_OVERFLOW,
                 "conv2d: Given padding=9223372036854775807 at dimension 0 , expected padding to be at most "
                 "4611686018427387903");
    EXPECT_ERROR(wk_conv2d(x, w, .padding = large / 2), WK_ERROR_OVERFLOW,
                 "conv2d: size 8, kernel 3, stride 1, padding 4611686018427387903 and dilation 1 overflow");
    EXPECT_ERROR(wk_conv2d(x, w, .dilation = large), WK_ERROR_OVERFLOW, "overflow");
    EXPECT_ERROR(wk_conv2d(x, w, .dilation = large / 2), WK_ERROR_SHAPE,
                 "Kernel size: (9223372036854775807 x 9223372036854775807).");
    EXPECT_ERROR(wk_conv2d(x, w, .padding = large / 4), WK_ERROR_OVERFLOW, "overflow");
    EXPECT_ERROR(wk_conv2d(x, wk_zeros(0, large / 2 + 1, 1, 1), .groups = 2), WK_ERROR_SHAPE, "at least 2");
    EXPECT_ERROR(wk_conv2d(wk_zeros(0, 3, large, 8), w, .padding = 1), WK_ERROR_OVERFLOW, "overflow");
    EXPECT_SHAPE(wk_conv2d(wk_zeros(0, 3, large, 8), w), 0, 4, large - 2, 6);
    EXPECT_VALUES(wk_conv2d(wk_zeros(1, 0, 3, 4), wk_zeros(2, 0, 3, 3), f32(5, 6)), 5, 5, 6, 6);
    /* 2^32 outputs with windows of 2^25 elements: as views of one number. */
    EXPECT_ERROR(wk_conv2d(wk_expand(wk_zeros(1, 1, 1, 1), 1, 1, 1 << 20, 1 << 20),
                           wk_expand(wk_zeros(1, 1, 1, 1), 1, 1, 1 << 12, 1 << 12)),
                 WK_ERROR_OVERFLOW,
                 "the multiplications of an output of [1, 1, 1044481, 1044481] with windows of [1, 4096, "
                 "4096] overflow");
}

/* A stride that leaves one output, or few; of every way that a convolution goes. */
static void convolution_strides_far(void **state)
{
    (void)state;
    for (int64_t n = 1; n <= 32; n += 31)
        for (int i = 0; i < 2; i++) {
            const int64_t stride = i ? INT64_MAX : (int64_t)1 << 62;
            wk_Tensor *x = wk_requires_grad_(wk_ones(n, 1, 3, 3)),
                      *w = wk_requires_grad_(wk_ones(8, 1, 3, 3)),
                      *y = wk_conv2d(x, w, .stride = stride, .padding = 2);
            EXPECT_SHAPE(y, n, 8, 1, 1);
            EXPECT_VALUES(wk_index(y, 0, 7), 1);
            EXPECT_TRUE(wk_backward(wk_sum(y)));
            EXPECT_VALUES(wk_index(wk_grad_of(x), 0, 0), 8, 0, 0, 0, 0, 0, 0, 0, 0);
            EXPECT_VALUES(wk_index(wk_grad_of(w), 0, 0), 0, 0, 0, 0, 0, 0, 0, 0, (double)n);
        }
    /* The windows begin at -2^61, 0 and 2^61. */
    const int64_t far = (int64_t)1 << 61;
    EXPECT_VALUES(wk_conv2d(wk_view(f64(1, 2, 3), 1, 1, 3), wk_view(f64(7, 8), 1, 1, 1, 2),
                            .stride_hw = {1, far}, .padding_hw = {WK_ZERO, far}),
                  0, 23, 0);
}

static void pooling_refuses(void **state)
{
    (void)state;
    ROW("A14");
    wk_Tensor *x = wk_zeros(1, 1, 4, 4);
    EXPECT_ERROR(wk_max_pool2d(x, 0), WK_ERROR_ARGUMENT, "max_pool2d: stride should not be zero");
    EXPECT_ERROR(wk_max_pool2d(x, 0, .stride = 1), WK_ERROR_ARGUMENT,
                 "kernel size should be greater than zero, but got kH: 0 kW: 0");
    EXPECT_ERROR(wk_avg_pool2d(x, -1, .stride = 1), WK_ERROR_ARGUMENT,
                 "kernel size should be greater than zero, but got kH: -1 kW: -1");
    EXPECT_ERROR(wk_max_pool2d(x, 2, .stride = WK_ZERO), WK_ERROR_ARGUMENT,
                 "max_pool2d: stride should not be zero");
    EXPECT_ERROR(wk_avg_pool2d(x, 2, .stride_hw = {1, WK_ZERO}), WK_ERROR_ARGUMENT,
                 "avg_pool2d: stride should not be zero, but got dH: 1 dW: 0");
    EXPECT_ERROR(wk_avg_pool2d(x, 2, .stride = -1), WK_ERROR_ARGUMENT,
                 "avg_pool2d: stride should be greater than zero, but got dH: -1 dW: -1");
    EXPECT_ERROR(
        wk_avg_pool2d(x, 2, .padding = 2), WK_ERROR_ARGUMENT,
        "avg_pool2d: pad should be at most half of effective kernel size, but got pad=2, kernel_size=2 "
        "and dilation=1");
    EXPECT_ERROR(wk_avg_pool2d(x, 5), WK_ERROR_SHAPE,
                 "avg_pool2d: Given input size: (1x4x4). Calculated output size: (1x0x0). Output size is too "
                 "small");
    EXPECT_ERROR(wk_max_pool2d(x, 9), WK_ERROR_SHAPE, "Calculated output size: (1x0x0)");
    EXPECT_ERROR(wk_max_pool2d(x, 9, .stride = 2, .ceil_mode = true), WK_ERROR_SHAPE,
                 "Calculated output size: (1x-1x-1)");
    static const char some[] =
        "Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, ";
    EXPECT_ERROR(wk_max_pool2d(wk_zeros(1, 0, 4, 4), 2), WK_ERROR_SHAPE, some);
    EXPECT_ERROR(wk_avg_pool2d(wk_zeros(1, 1, 0, 4), 2), WK_ERROR_SHAPE, "but got:[1, 1, 0, 4]");
    EXPECT_ERROR(wk_max_pool2d(wk_zeros(0, 4, 4), 2), WK_ERROR_SHAPE, some);
    EXPECT_ERROR(wk_max_pool2d(floats(3), 2), WK_ERROR_SHAPE,
                 "non-empty 3D or 4D (batch mode) tensor expected for input, but got:[3]");
    EXPECT_ERROR(wk_avg_pool2d(floats(3), 2), WK_ERROR_SHAPE, "Expected 3D or 4D (batch mode) tensor");
    EXPECT_SHAPE(wk_max_pool2d(wk_zeros(0, 1, 4, 4), 2), 0, 1, 2, 2);
    EXPECT_ERROR(
        wk_max_pool2d(x, 2, .padding = 2), WK_ERROR_ARGUMENT,
        "pad should be at most half of effective kernel size, but got pad=2, kernel_size=2 and dilation=1");
    EXPECT_ERROR(wk_max_pool2d(x, .kernel_size_hw = {2, 1}, .stride = 1, .padding_hw = {2, WK_ZERO},
                               .dilation_hw = {3, 1}),
                 WK_ERROR_ARGUMENT,
                 "pad should be smaller than or equal to half of kernel size, but got padW = 0, padH = 2, kW "
                 "= 1, kH = 2");
    EXPECT_ERROR(wk_max_pool2d(x, 2, .padding = -1), WK_ERROR_ARGUMENT,
                 "pad must be non-negative, but got pad: -1");
    EXPECT_ERROR(wk_max_pool2d(x, 2, .dilation = -1), WK_ERROR_ARGUMENT,
                 "dilation should be greater than zero, but got dilationH: -1 dilationW: -1");
    EXPECT_ERROR(wk_max_pool2d(wk_zeros(1, 1, 1, 1), 4), WK_ERROR_SHAPE,
                 "Given input size: (1x1x1). Calculated output size: (1x0x0). Output size is too small");
    EXPECT_ERROR(wk_avg_pool2d(x, 2, .divisor_override = WK_ZERO), WK_ERROR_ARGUMENT,
                 "divisor must be not zero");
    EXPECT_ERROR(wk_max_pool2d(wk_zeros_shape(3, (const int64_t[]){1, 2, 2}, wk_bool), 1), WK_ERROR_DTYPE,
                 "max_pool2d: not implemented for 'Bool'");
    EXPECT_ERROR(wk_avg_pool2d(wk_zeros_shape(3, (const int64_t[]){1, 2, 2}, wk_int32), 1), WK_ERROR_DTYPE,
                 "avg_pool2d: not implemented for 'Int'");
}

/* As PyTorch keeps them, numbers of pooling are of 32 bits; products of them do not overflow. */
static void pooling_takes_numbers_of_32_bits(void **state)
{
    (void)state;
    ROW("A14");
    static const char no_int[] = "value cannot be converted to type int without overflow";
    wk_Tensor *x = wk_ones(1, 1, 3, 3);
    const int64_t large = INT32_MAX;
    const int64_t numbers[] = {large + 1, (int64_t)1 << 32, (int64_t)1 << 62, INT64_MAX, -large - 2};
    for (size_t i = 0; i < LENGTH(numbers); i++) {
        const int64_t n = numbers[i];
        EXPECT_ERROR(wk_avg_pool2d(x, n, .padding = n / 2), WK_ERROR_OVERFLOW, no_int);
        EXPECT_ERROR(wk_max_pool2d(x, n), WK_ERROR_OVERFLOW, no_int);
        EXPECT_ERROR(wk_max_pool2d(x, 1, .stride = n), WK_ERROR_OVERFLOW, no_int);
        EXPECT_ERROR(wk_max_pool2d(x, 2, .padding = n), WK_ERROR_OVERFLOW, no_int);
        EXPECT_ERROR(wk_max_pool2d(x, 2, .dilation_hw = {1, n}), WK_ERROR_OVERFLOW, no_int);
    }
    EXPECT_ERROR(wk_avg_pool2d(x, (int64_t)1 << 32), WK_ERROR_OVERFLOW, "avg_pool2d: kernel_size: value");
    EXPECT_ERROR(
        wk_max_pool2d(wk_zeros(0, 1, INT64_MAX, 1), 3, .padding = 1), WK_ERROR_OVERFLOW,
        "max_pool2d: size 9223372036854775807, kernel 3, stride 3, padding 1 and dilation 1 overflow");
    EXPECT_VALUES(wk_avg_pool2d(x, large, .padding = large / 2), 9 / ((double)large * (double)large));
    EXPECT_VALUES(wk_avg_pool2d(x, large, .padding = large / 2, .exclude_pad = true), 1);
    EXPECT_VALUES(wk_max_pool2d(x, .kernel_size_hw = {large, 1}, .padding_hw = {large / 2, 0}), 1, 1, 1);
    EXPECT_VALUES(wk_max_pool2d(x, 1, .stride = large), 1);
    EXPECT_SHAPE(wk_max_pool2d(x, 1, .dilation = large), 1, 1, 3, 3);
    EXPECT_ERROR(wk_max_pool2d(x, 2, .dilation = large, .padding = 1), WK_ERROR_SHAPE, "Output size is too");
    wk_requires_grad_(x);
    EXPECT_TRUE(wk_backward(wk_sum(wk_avg_pool2d(x, large, .padding = large / 2, .exclude_pad = true))));
    EXPECT_VALUES(wk_grad_of(x), 1. / 9, 1. / 9, 1. / 9, 1. / 9, 1. / 9, 1. / 9, 1. / 9, 1. / 9, 1. / 9);
}

/* Rounded up, a plane smaller than the window is one window. */
static void pooling_rounds_up(void **state)
{
    (void)state;
    wk_Tensor *x = wk_view(f32(1, 2, 3, 4), 1, 1, 2, 2), *one = wk_ones(1, 1, 1, 1);
    EXPECT_VALUES(wk_max_pool2d(x, 3, .stride = 2, .ceil_mode = true), 4);
    EXPECT_VALUES(wk_avg_pool2d(x, 3, .stride = 2, .ceil_mode = true), 2.5);
    EXPECT_VALUES(wk_max_pool2d(one, 2, .ceil_mode = true), 1);
    EXPECT_VALUES(wk_avg_pool2d(one, 2, .ceil_mode = true), 1);
    EXPECT_SHAPE(wk_max_pool2d(wk_ones(1, 1, 4, 1), 2, .ceil_mode = true), 1, 1, 2, 1);
    EXPECT_ERROR(wk_max_pool2d(one, 4, .stride = 1, .ceil_mode = true), WK_ERROR_SHAPE,
                 "Calculated output size: (1x-2x-2)");
    wk_requires_grad_(x);
    EXPECT_TRUE(wk_backward(wk_sum(wk_max_pool2d(x, 3, .stride = 2, .ceil_mode = true))));
    EXPECT_VALUES(wk_grad_of(x), 0, 0, 0, 1);
}

static void pooling_takes_integers(void **state)
{
    (void)state;
    const int64_t low = INT64_MIN, shape[3] = {1, 2, 2};
    static const double values[] = {1, 2, 3, 4};
    for (wk_dtype dtype = wk_uint8; dtype <= wk_int64; dtype++) {
        wk_Tensor *x = tensor_of(dtype, 3, shape, values);
        wk_ValuesIndices r =
            wk_max_pool2d_with_indices((wk_max_pool2d_options){.input = x, .kernel_size = 2});
        EXPECT_VALUES(r.values, 4);
        EXPECT_VALUES(r.indices, 3);
        assert_int_equal((int)wk_dtype_of(r.values), dtype);
        EXPECT_VALUES(wk_max_pool2d(x, 2), 4);
    }
    EXPECT_VALUES(wk_max_pool2d(wk_view(i32(-7, -3, -5, -9), 1, 2, 2), 2), -3);
    EXPECT_VALUES(wk_avg_pool2d(wk_view(i64(1, 2, 3, 5), 1, 2, 2), 2), 2); /* rounded towards zero */
    EXPECT_VALUES(wk_avg_pool2d(wk_view(i64(1, 2, 3, -9), 1, 2, 2), 2), 0);
    EXPECT_VALUES(wk_avg_pool2d(wk_view(i64(1, 2, 3, 5), 1, 2, 2), 2, .divisor_override = -3), -3);
    wk_Tensor *lowest = wk_from_blob((void *)&low, 3, (const int64_t[]){1, 1, 1}, wk_int64, NULL, NULL);
    EXPECT_VALUES(wk_avg_pool2d(lowest, 1, .divisor_override = -1), (double)low); /* wraps around */
    wk_Tensor *padded = wk_view(i64(1, 2, 3, 4), 1, 1, 4);
    EXPECT_VALUES(wk_max_pool2d(padded, 2, .stride = 1, .padding = 1, .dilation = 2), (double)low,
                  (double)low, (double)low, (double)low);
}

/* ---- windows of padding alone -------------------------------------------------------------------------- */

typedef struct Padded {
    wk_Tensor *x, *y, *index;
} Padded;

/* One row under windows of the rows -1 and 1: of padding alone. */
static Padded padding_alone(wk_dtype dtype, int64_t n, bool batch_last, bool indices)
{
    wk_Tensor *x = wk_to_dtype(wk_ones(2, 1, 4, n), dtype);
    x = wk_permute(x, 3, 0, 1, 2);
    x = wk_requires_grad_(wk_detach(batch_last ? x : wk_contiguous(x)));
    const wk_max_pool2d_options o = {.input = x, .kernel_size = 2, .stride = 1, .padding = 1, .dilation = 2};
    const wk_ValuesIndices r =
        indices ? wk_max_pool2d_with_indices(o) : (wk_ValuesIndices){.values = wk_max_pool2d_with(o)};
    return (Padded){x, r.values, r.indices};
}

static bool all_are(wk_Tensor *t, double value)
{
    return wk_item(wk_all(wk_eq(t, value))) == 1;
}

/* Their largest is -inf; they have no winner, and give no gradient. PyTorch's index lies behind the plane. */
static void padding_alone_has_no_winner(void **state)
{
    (void)state;
    for (int64_t n = 1; n <= 40; n++)
        for (int way = 0; way < 8; way++) {
            const bool indices = way & 1;
            Padded p = padding_alone(way & 2 ? wk_float64 : wk_float32, n, way & 4, indices);
            EXPECT_SHAPE(p.y, n, 2, 1, 4);
            assert_true(all_are(p.y, -INFINITY));
            assert_true(!indices || all_are(p.index, -1));
            EXPECT_TRUE(wk_backward(p.y, wk_full_like(p.y, 100)));
            assert_true(all_are(wk_grad_of(p.x), 0));
        }
}

static void padding_alone_has_no_second_gradient(void **state)
{
    (void)state;
    for (int way = 0; way < 8; way++) {
        Padded p = padding_alone(way & 2 ? wk_float64 : wk_float32, 17, way & 4, way & 1);
        wk_Tensor *g = wk_requires_grad_(wk_full_like(p.y, 100)),
                  *gx = wk_grad(p.y, p.x, .grad_output = g, .create_graph = true);
        assert_true(all_are(gx, 0));
        wk_Tensor *gg = wk_grad(gx, g, .grad_output = wk_full_like(p.x, INFINITY));
        assert_true(all_are(gg, 0));
    }
}

/* Some windows have elements: columns -1 and 3, 0 and 4, 1 and 5 of four. */
static void padding_alone_beside_others(void **state)
{
    (void)state;
    for (int way = 0; way < 2; way++) {
        wk_Tensor *x = wk_view(VECTOR_OF(way ? wk_float64 : wk_float32, 1, 2, 3, 4), 1, 1, 1, 4);
        wk_requires_grad_(x);
        wk_Tensor *y = wk_max_pool2d(x, .kernel_size_hw = {1, 2}, .stride = 1, .padding_hw = {WK_ZERO, 1},
                                     .dilation_hw = {1, 4}, .ceil_mode = true);
        EXPECT_VALUES(y, 4, 1);
        EXPECT_TRUE(wk_backward(y, wk_full_like(y, 3)));
        EXPECT_VALUES(wk_grad_of(x), 3, 0, 0, 3);
    }
}

/* Behind a convolution and a ReLU, where winners are never spread. */
static void padding_alone_behind_a_convolution(void **state)
{
    (void)state;
    for (int64_t n = 1; n <= 40; n += n < 4 ? 1 : 12) {
        wk_Tensor *x = wk_requires_grad_(wk_ones(n, 1, 3, 30)), *w = wk_requires_grad_(wk_ones(8, 1, 3, 3)),
                  *b = wk_requires_grad_(wk_ones(8));
        wk_Tensor *y = wk_max_pool2d(wk_relu(wk_conv2d(x, w, b)), .kernel_size_hw = {2, 1}, .stride = 1,
                                     .padding_hw = {1, WK_ZERO}, .dilation_hw = {2, 1});
        assert_true(all_are(y, -INFINITY));
        EXPECT_TRUE(wk_backward(y, wk_full_like(y, 1)));
        assert_true(all_are(wk_grad_of(x), 0) && all_are(wk_grad_of(w), 0) && all_are(wk_grad_of(b), 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(convolution_refuses),
        TENSOR_TEST(convolution_refuses_dtypes),
        TENSOR_TEST(convolution_refuses_overflow),
        TENSOR_TEST(convolution_strides_far),
        TENSOR_TEST(pooling_refuses),
        TENSOR_TEST(pooling_takes_numbers_of_32_bits),
        TENSOR_TEST(pooling_rounds_up),
        TENSOR_TEST(pooling_takes_integers),
        TENSOR_TEST(padding_alone_has_no_winner),
        TENSOR_TEST(padding_alone_has_no_second_gradient),
        TENSOR_TEST(padding_alone_beside_others),
        TENSOR_TEST(padding_alone_behind_a_convolution),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
