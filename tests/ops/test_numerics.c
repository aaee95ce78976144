/* Values and gradients at the edges: zero, infinity, NaN, ties, bounds, nothing at all. They are PyTorch's, but where the comment says
 * otherwise. EDGE(f, inputs, values, gradients of their sum). */
#include "support/check.h"

typedef wk_Tensor *(*Unary)(wk_Tensor *x);

static void expect_edge(Unary f, wk_Tensor *x, int64_t count, const double *values, const double *gradient,
                        int line)
{
    wk_Tensor *leaf = wk_requires_grad_(x), *y = f(leaf);
    expect_values(y, count, values, __FILE__, line);
    EXPECT_TRUE(wk_backward(wk_sum(y)));
    expect_values(wk_grad_of(leaf), wk_numel(leaf), gradient, __FILE__, line);
}
#define UNPACK(...) \
    {               \
        __VA_ARGS__ \
    }
#define EDGE(f, in, out, gradient)                                                \
    do {                                                                          \
        const double out_[] = UNPACK out, gradient_[] = UNPACK gradient;          \
        expect_edge(f, f32 in, (int64_t)LENGTH(out_), out_, gradient_, __LINE__); \
        expect_edge(f, f64 in, (int64_t)LENGTH(out_), out_, gradient_, __LINE__); \
    } while (0)
#define INF INFINITY

static wk_Tensor *clamp_01(wk_Tensor *x)
{
    return wk_clamp(x, 0, 1);
}

static wk_Tensor *clamp_crossed(wk_Tensor *x)
{
    return wk_clamp(x, 3, 2);
}

static wk_Tensor *power_0(wk_Tensor *x)
{
    return wk_pow(x, 0);
}

static wk_Tensor *power_half(wk_Tensor *x)
{
    return wk_pow(x, 0.5);
}

static wk_Tensor *power_of_zero(wk_Tensor *y)
{
    return wk_scalar_pow(0, y);
}

static wk_Tensor *one_over(wk_Tensor *x)
{
    return wk_div(wk_ones_like(x), x);
}

static wk_Tensor *over_zero(wk_Tensor *x)
{
    return wk_div(x, wk_zeros_like(x));
}

static void test_functions_at_their_edges(void **state)
{
    (void)state;
    EDGE(wk_relu, (0, -0.0, NAN, INF), (0, -0.0, NAN, INF), (0, 0, 1, 1));
    EDGE(clamp_01, (0, 1, -1, 2, 0.5, NAN), (0, 1, 0, 1, 0.5, NAN), (0, 0, 0, 0, 1, 0));
    EDGE(wk_abs, (0, -0.0, -2), (0, 0, 2), (0, 0, -1));
    EDGE(wk_abs, (NAN, -INF), (NAN, INF), (0, -1));
    EDGE(wk_sqrt, (0, -1, 4, INF), (0, NAN, 2, INF), (INF, NAN, 0.25, 0));
    EDGE(wk_rsqrt, (0, -1, INF), (INF, NAN, 0), (-INF, NAN, 0));
    EDGE(wk_reciprocal, (0, -0.0, INF), (INF, -INF, 0), (-INF, -INF, 0));
    EDGE(wk_log1p, (-1, 0, -2), (-INF, 0, NAN), (INF, 1, -1));
    EDGE(wk_expm1, (-INF, 0, 1000), (-1, 0, INF), (0, 1, INF));
    EDGE(wk_erf, (-INF, 0, INF, NAN), (-1, 0, 1, NAN), (0, 1.12837916709551257390, 0, NAN));
    EDGE(wk_sin, (INF, 0), (NAN, 0), (NAN, 1));
    EDGE(wk_cos, (INF, 0), (NAN, 1), (NAN, 0));
    EDGE(wk_square, (-INF, 0), (INF, 0), (-INF, 0));
    EDGE(power_0, (0, 2), (1, 1), (0, 0));
    EDGE(power_half, (0, -2, INF), (0, NAN, INF), (INF, NAN, 0));
    EDGE(power_of_zero, (0, 1, -1), (1, 0, INF), (0, 0, -INF));
    EDGE(wk_log, (0, -1, INF), (-INF, NAN, INF), (INF, -1, 0));
    EDGE(over_zero, (1, -1, 0), (INF, -INF, NAN), (INF, INF, INF));
    EDGE(one_over, (0), (INF), (-INF));
    EDGE(wk_sigmoid, (-1000, 1000, -INF, INF, NAN), (0, 1, 0, 1, NAN), (0, 0, 0, 0, NAN));
    EDGE(wk_tanh, (-1000, 1000, INF, NAN), (-1, 1, 1, NAN), (0, 0, 0, NAN));
    EDGE(wk_sign, (0, -2, 3, NAN), (0, -1, 1, 0), (0, 0, 0, 0));
    EDGE(wk_floor, (-0.5, INF), (-1, INF), (0, 0));
    EDGE(wk_round, (0.5, 1.5, 2.5, -0.5), (0, 2, 2, -0.0), (0, 0, 0, 0));
    EDGE(wk_exp, (-INF, INF, 1000, -1000, NAN), (0, INF, INF, 0, NAN), (0, INF, INF, 0, NAN));
    assert_true(signbit(wk_at(wk_relu(f32(-0.0)), 0))); /* -0 stays -0 */
    EDGE(wk_silu, (-1000, 0, 1000), (-0.0, 0, 1000), (0, 0.5, 1));
    EXPECT_VALUES(wk_silu(f32(-INF, INF)), NAN, INF);
    assert_true(signbit(wk_at(wk_silu(f32(-1000)), 0)));
    EDGE(clamp_crossed, (0.5, 5, NAN), (2, 2, NAN), (0, 0, 0)); /* the upper bound wins */
    EXPECT_VALUES(wk_clamp(f32(0.5, 5), NAN, 2), NAN, NAN);
    EXPECT_VALUES(wk_clamp(f32(-5, 5), -INF, 2), -5, 2);
    assert_int_equal(wk_dtype_of(wk_clamp(wk_arange(0, 4, 1), 1, 2)), wk_int64);
    assert_int_equal(wk_dtype_of(wk_clamp(wk_arange(0, 4, 1), 0.5, INF)), wk_float32);
    /* PyTorch's gelu of an infinity depends on the dtype and the machine; wick's is the limit. */
    EDGE(wk_gelu, (-1000, 0, 1000, INF, -INF, NAN), (-0.0, 0, 1000, INF, 0, NAN), (0, 0.5, 1, 1, 0, NAN));
    EDGE(wk_silu, (1000, -1000, NAN), (1000, 0, NAN), (1, 0, NAN));
}

static void test_pairs_at_their_edges(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(f32(1, NAN, 2)), *y = wk_requires_grad_(f32(1, 1, NAN));
    wk_Tensor *m = wk_maximum(x, y);
    EXPECT_VALUES(m, 1, NAN, NAN);
    EXPECT_TRUE(wk_backward(wk_sum(m)));
    EXPECT_VALUES(wk_grad_of(x), 0.5, 1, 1);
    EXPECT_VALUES(wk_grad_of(y), 0.5, 1, 1);
    EXPECT_VALUES(wk_minimum(f32(1, NAN, 2), f32(1, 1, NAN)), 1, NAN, NAN);
    x = wk_requires_grad_(f32(0, 0, -2, -2)), y = wk_requires_grad_(f32(0, 2, 2, 0.5));
    wk_Tensor *p = wk_pow(x, y);
    EXPECT_VALUES(p, 1, 0, 4, NAN);
    EXPECT_TRUE(wk_backward(wk_sum(p)));
    EXPECT_VALUES(wk_grad_of(x), 0, 0, -4, NAN);
    EXPECT_VALUES(wk_grad_of(y), 0, 0, NAN, NAN);
    x = wk_requires_grad_(f32(1, -1, 0)), y = wk_requires_grad_(f32(0, 0, 0));
    EXPECT_TRUE(wk_backward(wk_sum(wk_div(x, y))));
    EXPECT_VALUES(wk_grad_of(y), -INF, INF, NAN);
    EXPECT_VALUES(wk_remainder(f32(5, -5, 5, -5), f32(3, 3, -3, -3)), 2, 1, -1, -2);
    EXPECT_VALUES(wk_remainder(f32(5, INF), f32(INF, 3)), 5, NAN);
    EXPECT_VALUES(wk_floor_divide(f32(5, -5, 0, 5), f32(3, 3, 0, 0)), 1, -2, NAN, INF);
    EXPECT_VALUES(wk_floor_divide(i64(-5, 5, 6), i64(3, -3, 3)), -2, -2, 2);
    EXPECT_VALUES(wk_remainder(i64(5, -5, -6), i64(-3, 3, 3)), -1, 1, 0);
    EXPECT_VALUES(wk_remainder(u8(5, 200), u8(3, 7)), 2, 4);
    EXPECT_VALUES(wk_div(i64(1, 0), i64(0, 0)), INF, NAN); /* true division */
}

static wk_Tensor *amax_all(wk_Tensor *x)
{
    return wk_amax(x);
}

static wk_Tensor *amin_all(wk_Tensor *x)
{
    return wk_amin(x);
}

static void test_extremes(void **state)
{
    (void)state;
    EDGE(wk_max, (1, 3, 3), (3), (0, 0.5, 0.5));
    EDGE(wk_min, (1, 1, 3), (1), (0.5, 0.5, 0));
    EDGE(amax_all, (1, 3, 3), (3), (0, 0.5, 0.5));
    EDGE(amin_all, (1, 1, 3), (1), (0.5, 0.5, 0));
    wk_Tensor *x = wk_requires_grad_(f32(3, 1, 3));
    wk_ValuesIndices along = wk_max_dim(x, 0, false);
    EXPECT_VALUES(along.indices, 0);
    EXPECT_TRUE(wk_backward(along.values));
    EXPECT_VALUES(wk_grad_of(x), 1, 0, 0);
    EXPECT_VALUES(wk_argmax(f32(1, 3, 3)), 1);
    EXPECT_VALUES(wk_argmax(f32(1, NAN, NAN)), 1);
    EXPECT_VALUES(wk_argmin(f32(3, 1, 1)), 1);
    EXPECT_VALUES(wk_argmin(f32(3, 1, NAN)), 2);
    EXPECT_VALUES(wk_argmax(f32(-INF, -INF)), 0);
    EXPECT_VALUES(wk_max(f32(1, NAN, 2)), NAN);
    EXPECT_VALUES(wk_min(f32(1, NAN, 2)), NAN);
    EXPECT_VALUES(wk_max_dim(f32(1, NAN, 3), 0, false).indices, 1);
    EXPECT_VALUES(wk_argmax(wk_view(i64(1, 5, 2, 7, 0, 7), 2, 3), wk_dims(1)), 1, 0);
    x = wk_requires_grad_(f32(1, NAN, 3));
    EXPECT_TRUE(wk_backward(wk_max_dim(x, 0, false).values));
    EXPECT_VALUES(wk_grad_of(x), 0, 1, 0);
}

/* PyTorch finds the NaNs of the whole maximum equal to it; so does wick, for amax too, where PyTorch's gradient is NaN everywhere. */
static void test_gradient_of_the_maximum_with_nan(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(f32(1, NAN, 3));
    EXPECT_TRUE(wk_backward(wk_max(x)));
    EXPECT_VALUES(wk_grad_of(x), 0, 1, 0);
    x = wk_requires_grad_(f32(1, NAN, 3));
    EXPECT_TRUE(wk_backward(wk_amax(x)));
    EXPECT_VALUES(wk_grad_of(x), 0, 1, 0);
}

static void test_sum_of_many(void **state)
{
    (void)state;
    /* the nearest float to ten million times 0.1f, which is 1000000.0149; PyTorch's sum is 999999.4375 */
    assert_true(wk_item(wk_sum(wk_full(0.1, 10000000))) == 1000000);
}

static void test_pooling(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(wk_full(3, 1, 1, 2, 2));
    EXPECT_TRUE(wk_backward(wk_sum(wk_max_pool2d(x, 2))));
    EXPECT_VALUES(wk_grad_of(x), 1, 0, 0, 0);
    wk_ValuesIndices r = wk_max_pool2d_with_indices(
        (wk_max_pool2d_options){.input = wk_view(f32(1, NAN, 2, 3), 1, 1, 2, 2), .kernel_size = 2});
    EXPECT_VALUES(r.values, NAN);
    EXPECT_VALUES(r.indices, 1);
    r = wk_max_pool2d_with_indices(
        (wk_max_pool2d_options){.input = wk_full(-INF, 1, 1, 2, 2), .kernel_size = 2});
    EXPECT_VALUES(r.values, -INF);
    EXPECT_VALUES(r.indices, 0);
    r = wk_max_pool2d_with_indices((wk_max_pool2d_options){
        .input = wk_full(-INF, 1, 1, 2, 2), .kernel_size = 2, .stride = 1, .padding = 1});
    EXPECT_VALUES(r.indices, 0, 0, 1, 0, 0, 1, 2, 2, 3);
    x = wk_requires_grad_(wk_ones(1, 1, 2, 2));
    wk_Tensor *y = wk_avg_pool2d(x, 2, .stride = 1, .padding = 1);
    EXPECT_VALUES(y, .25, .5, .25, .5, 1, .5, .25, .5, .25);
    EXPECT_TRUE(wk_backward(wk_sum(y)));
    EXPECT_VALUES(wk_grad_of(x), 1, 1, 1, 1);
    EXPECT_VALUES(wk_avg_pool2d(wk_detach(x), 2, .stride = 1, .padding = 1, .exclude_pad = true), 1, 1, 1, 1,
                  1, 1, 1, 1, 1);
}

static wk_Tensor *empty(wk_dtype dtype)
{
    return wk_zeros_shape(1, (int64_t[]){0}, dtype);
}

static void test_of_nothing(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(empty(wk_float32));
    EXPECT_VALUES(wk_sum(x), 0);
    EXPECT_VALUES(wk_mean(x), NAN);
    EXPECT_TRUE(wk_backward(wk_add(wk_sum(x), wk_mean(x))));
    EXPECT_SHAPE(wk_grad_of(x), 0);
    EXPECT_VALUES(wk_sum(wk_zeros(2, 0), wk_dims(1)), 0, 0);
    EXPECT_VALUES(wk_mean(wk_zeros(2, 0), wk_dims(1)), NAN, NAN);
    EXPECT_SHAPE(wk_sum(wk_zeros(2, 0), wk_dims(0)), 0);
    EXPECT_VALUES(wk_all(empty(wk_bool)), 1);
    EXPECT_VALUES(wk_any(empty(wk_bool)), 0);
    EXPECT_VALUES(wk_matmul(wk_zeros(2, 0), wk_zeros(0, 3)), 0, 0, 0, 0, 0, 0);
    EXPECT_VALUES(wk_addmm(f32(1, 2, 3), wk_zeros(1, 0), wk_zeros(0, 3)), 1, 2, 3);
    EXPECT_VALUES(wk_matmul(wk_zeros(0), wk_zeros(0)), 0);
    EXPECT_SHAPE(wk_linear(wk_zeros(0, 3), wk_zeros(4, 3), NULL), 0, 4);
    EXPECT_SHAPE(wk_conv2d(wk_zeros(0, 3, 8, 8), wk_zeros(4, 3, 3, 3)), 0, 4, 6, 6);
    EXPECT_SHAPE(wk_softmax(wk_zeros(0), 0), 0);
    EXPECT_SHAPE(wk_softmax(wk_zeros(2, 0), 0), 2, 0);
    EXPECT_SHAPE(wk_softmax(wk_zeros(2, 0), 1), 2, 0);
    EXPECT_SHAPE(wk_log_softmax(wk_zeros(2, 0), 1), 2, 0);
    EXPECT_VALUES(wk_softmax(wk_scalar(5), 0), 1);
    EXPECT_VALUES(wk_log_softmax(wk_scalar(5), -1), 0);
    EXPECT_VALUES(wk_mse_loss(x, empty(wk_float32)), NAN);
    EXPECT_VALUES(wk_l1_loss(x, empty(wk_float32)), NAN);
    EXPECT_VALUES(wk_mse_loss(x, empty(wk_float32), .reduction = wk_reduction_sum), 0);
    EXPECT_VALUES(wk_cross_entropy(wk_zeros(0, 3), empty(wk_int64)), NAN);
    EXPECT_VALUES(wk_nll_loss(wk_zeros(0, 3), empty(wk_int64), .reduction = wk_reduction_sum), 0);
    wk_Tensor *rows = wk_requires_grad_(wk_zeros(0, 3));
    EXPECT_TRUE(wk_backward(wk_cross_entropy(rows, empty(wk_int64))));
    EXPECT_SHAPE(wk_grad_of(rows), 0, 3);
    EXPECT_SHAPE(wk_add(empty(wk_float32), f32(1)), 0);
    EXPECT_SHAPE(wk_add(wk_zeros(0, 3), f32(1)), 0, 3);
    EXPECT_ERROR(
        wk_add(empty(wk_float32), f32(1, 2)), WK_ERROR_SHAPE,
        "add: The size of tensor a (0) must match the size of tensor b (2) at non-singleton dimension "
        "0: [0] and [2]");
    EXPECT_SHAPE(wk_cat(wk_list(empty(wk_float32), wk_zeros(2, 3)), 0), 2, 3);
    EXPECT_SHAPE(wk_max_dim(wk_zeros(0, 3), 1, false).values, 0);
    EXPECT_SHAPE(wk_amax(wk_zeros(0, 3), wk_dims(1)), 0);
}

static wk_Tensor *first_log_softmax(wk_Tensor *x)
{
    return wk_slice(wk_log_softmax(x, 0), 0, 0, 1, 1);
}

static wk_Tensor *softmax_0(wk_Tensor *x)
{
    return wk_softmax(x, 0);
}

static wk_Tensor *log_softmax_0(wk_Tensor *x)
{
    return wk_log_softmax(x, 0);
}

static void test_softmax_of_extremes(void **state)
{
    (void)state;
    EXPECT_VALUES(wk_log_softmax(f32(1e4, 0, -1e4), 0), 0, -1e4, -2e4);
    EDGE(log_softmax_0, (1e4, 0, -1e4), (0, -1e4, -2e4), (-2, 1, 1));
    EDGE(first_log_softmax, (1e4, 0, -1e4), (0), (0, 0, 0));
    EDGE(softmax_0, (1e4, 0), (1, 0), (0, 0));
    EDGE(softmax_0, (-INF, 0), (0, 1), (0, 0));
    EDGE(softmax_0, (-INF, -INF), (NAN, NAN), (NAN, NAN));
    EDGE(softmax_0, (INF, 0), (NAN, NAN), (NAN, NAN));
    EDGE(log_softmax_0, (-INF, 0), (-INF, 0), (1, -1));
    EDGE(log_softmax_0, (-INF, -INF), (NAN, NAN), (NAN, NAN));
}

static void expect_loss(wk_Tensor *x, wk_Tensor *loss, double value, int64_t count, const double *gradient,
                        int line)
{
    expect_values(loss, 1, &value, __FILE__, line);
    EXPECT_TRUE(wk_backward(loss));
    expect_values(wk_grad_of(x), count, gradient, __FILE__, line);
}
#define EXPECT_LOSS(x, loss, value, ...) \
    expect_loss(x, loss, value, VALUE_COUNT(__VA_ARGS__), (double[]){__VA_ARGS__}, __LINE__)

static wk_Tensor *logits(double a, double b, double c, double d)
{
    return wk_requires_grad_(wk_detach(wk_view(f32(a, b, c, d), 2, 2)));
}

static void test_cross_entropy_of_extremes(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(wk_detach(wk_view(f32(-1e4, 1e4), 1, 2)));
    EXPECT_LOSS(x, wk_cross_entropy(x, i64(0)), 20000, -1, 1);
    x = wk_requires_grad_(wk_detach(wk_view(f32(-INF, 0), 1, 2)));
    EXPECT_LOSS(x, wk_cross_entropy(x, i64(0)), INF, -1, 1);
    x = logits(1, 2, 3, 4);
    EXPECT_LOSS(x, wk_cross_entropy(x, i64(-100, -100)), NAN, 0, 0, 0, 0);
    EXPECT_VALUES(wk_cross_entropy(x, i64(-100, -100), .reduction = wk_reduction_sum), 0);
    EXPECT_VALUES(wk_cross_entropy(x, i64(-100, -100), .reduction = wk_reduction_none), 0, 0);
    x = logits(1, 2, 3, 4);
    EXPECT_LOSS(x, wk_cross_entropy(x, i64(-100, 1), f32(1, 2), .label_smoothing = 0.2), 0.3475985825061798,
                0, 0, 0.20549437, -0.20549433);
    x = wk_requires_grad_(f32(1, 5));
    EXPECT_LOSS(x, wk_l1_loss(x, f32(1, 2)), 1.5, 0, 0.5);
}

static void test_dropout_of_everything(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(f32(1, 2, 3)), *y = wk_dropout(x, 1, true);
    EXPECT_VALUES(y, 0, 0, 0);
    EXPECT_TRUE(wk_backward(wk_sum(y)));
    EXPECT_VALUES(wk_grad_of(x), 0, 0, 0);
    assert_ptr_equal(wk_dropout(x, 0, true), x);
    assert_ptr_equal(wk_dropout(x, 1, false), x);
}

static void test_integers(void **state)
{
    (void)state;
    EXPECT_VALUES(wk_add(i32(2147483647), 1), -2147483648.0);
    EXPECT_VALUES(wk_mul(i32(65536, -65536), 65536), 0, 0);
    EXPECT_VALUES(wk_add(u8(250, 5), u8(10, 1)), 4, 6);
    EXPECT_VALUES(wk_neg(u8(1, 0)), 255, 0);
    wk_Tensor *lowest = wk_tensor(((int64_t[]){INT64_MIN}), 1);
    ROW("A15");
    EXPECT_VALUES(wk_floor_divide(lowest, -1), -0x1p63); /* no trap */
    EXPECT_VALUES(wk_remainder(lowest, -1), 0);
    EXPECT_VALUES(wk_abs(lowest), -0x1p63);
    EXPECT_VALUES(wk_floor_divide(wk_tensor(((int32_t[]){INT32_MIN}), 1), -1), -0x1p31);
    ROW("A16");
    EXPECT_VALUES(wk_to_dtype(f32(-1, 300, NAN, 3.9), wk_uint8), 255, 44, 0, 3);
    /* Where PyTorch's conversion is undefined, wick's saturates. */
    EXPECT_VALUES(wk_to_dtype(f64(NAN, INF, 1e20, -1e20, -INF, -3.9), wk_int64), 0, 0x1p63, 0x1p63, -0x1p63,
                  -0x1p63, -3);
    EXPECT_VALUES(wk_to_dtype(f32(NAN, INF, -1e20, 3.7), wk_int32), 0, 2147483647, -2147483648.0, 3);
    EXPECT_VALUES(wk_to_dtype(f32(0, NAN, 0.5, -0.0), wk_bool), 0, 1, 1, 0);
    EXPECT_VALUES(wk_sum(u8(200, 200)), 400);
    assert_int_equal(wk_dtype_of(wk_sum(u8(1))), wk_int64);
    assert_int_equal(wk_dtype_of(wk_sum(truth(1, 1))), wk_int64);
    EXPECT_VALUES(wk_sum(truth(1, 1, 0)), 2);
    EXPECT_VALUES(wk_pow(i64(2, -3, 0), 3), 8, -27, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_functions_at_their_edges),
        TENSOR_TEST(test_pairs_at_their_edges),
        TENSOR_TEST(test_extremes),
        TENSOR_TEST(test_gradient_of_the_maximum_with_nan),
        TENSOR_TEST(test_sum_of_many),
        TENSOR_TEST(test_pooling),
        TENSOR_TEST(test_of_nothing),
        TENSOR_TEST(test_softmax_of_extremes),
        TENSOR_TEST(test_cross_entropy_of_extremes),
        TENSOR_TEST(test_dropout_of_everything),
        TENSOR_TEST(test_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
