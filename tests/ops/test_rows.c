/* Activations with numbers: against PyTorch (tests/golden/rows.safetensors), node names, edge values, dtypes, messages, options by place. */
#include "support/golden.h"

GOLDEN_FILE(row_cases, "rows.safetensors")

/* A case is checked in both dtypes, and the node has PyTorch's name. */
#define CASES(X)                                                    \
    X(leaky_relu, wk_leaky_relu(x))                                 \
    X(leaky_relu_slope, wk_leaky_relu(x, -0.3))                     \
    X(leaky_relu_inplace, wk_leaky_relu_(wk_mul(x, 1), 0.3))        \
    X(elu, wk_elu(x))                                               \
    X(elu_scaled, wk_elu(x, 0.7, .scale = 1.3, .input_scale = 0.4)) \
    X(elu_inplace, wk_elu_(wk_mul(x, 1), 0.7))                      \
    X(celu, wk_celu(x, 0.6))                                        \
    X(selu, wk_selu(x))                                             \
    X(softplus, wk_softplus(x))                                     \
    X(softplus_beta, wk_softplus(x, 2.5, 7))                        \
    X(hardtanh, wk_hardtanh(x))                                     \
    X(hardtanh_range, wk_hardtanh(x, -2.5, 3))                      \
    X(hardtanh_inplace, wk_hardtanh_(wk_mul(x, 1), -0.5, 0.9))      \
    X(relu6, wk_relu6(x))                                           \
    X(threshold, wk_threshold(x, 0.3, 20))                          \
    X(threshold_inplace, wk_threshold_(wk_mul(x, 1), -1, -5))       \
    X(softshrink, wk_softshrink(x))                                 \
    X(hardshrink, wk_hardshrink(x, 0.3))                            \
    X(hardsigmoid, wk_hardsigmoid(x))                               \
    X(hardswish, wk_hardswish(x))                                   \
    X(mish, wk_mish(x))                                             \
    X(logsigmoid, wk_logsigmoid(x))                                 \
    X(softsign, wk_softsign(x))                                     \
    X(tanhshrink, wk_tanhshrink(x))
#define DEFINE_CASE(name, expression) GOLDEN_CASE(case_##name, expression)
CASES(DEFINE_CASE)

static const struct {
    const char *name;
    GoldenCall call;
} cases[] = {
#define LIST_CASE(name, expression) {#name, case_##name},
    CASES(LIST_CASE)};

static void test_values_are_pytorchs(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char wide[64];
        snprintf(wide, sizeof wide, "%s_f64", cases[i].name);
        expect_golden_case(row_cases, cases[i].name, cases[i].call);
        expect_golden_case(row_cases, wide, cases[i].call);
        wk_Tensor *x = wk_requires_grad_(f32(0.4, -0.4)), *y = cases[i].call("", x, NULL, NULL);
        assert_string_equal(wk_node_name(wk_grad_fn(y)), wk_state_dict_metadata(row_cases, cases[i].name));
    }
}

static void test_edges(void **state)
{
    (void)state;
    EXPECT_VALUES(wk_leaky_relu(f32(-INFINITY, INFINITY, NAN, -0.0)), -INFINITY, INFINITY, NAN, -0.0);
    EXPECT_VALUES(wk_elu(f32(-INFINITY, INFINITY, NAN, -0.0)), -1, INFINITY, NAN, -0.0);
    EXPECT_VALUES(wk_celu(f32(-INFINITY, INFINITY, NAN), 2), -2, INFINITY, NAN);
    EXPECT_VALUES(wk_softplus(f32(-INFINITY, INFINITY, NAN, -1000, 1000)), 0, INFINITY, NAN, 0, 1000);
    EXPECT_VALUES(wk_hardtanh(f32(-INFINITY, INFINITY, NAN)), -1, 1, NAN);
    EXPECT_VALUES(wk_relu6(f32(-INFINITY, INFINITY, NAN)), 0, 6, NAN);
    EXPECT_VALUES(wk_threshold(f32(-INFINITY, INFINITY, NAN), 0, 7), 7, INFINITY, NAN);
    EXPECT_VALUES(wk_softshrink(f32(-INFINITY, INFINITY, NAN, 0.5)), -INFINITY, INFINITY, NAN, 0);
    EXPECT_VALUES(wk_hardshrink(f32(-INFINITY, INFINITY, NAN, -0.5)), -INFINITY, INFINITY, NAN, 0);
    EXPECT_VALUES(wk_hardsigmoid(f32(-INFINITY, INFINITY, NAN)), 0, 1, NAN);
    EXPECT_VALUES(wk_logsigmoid(f32(-INFINITY, INFINITY, NAN, -1000, 1000)), -INFINITY, 0, NAN, -1000, 0);
    EXPECT_VALUES(wk_mish(f32(INFINITY, NAN, 1000, -1000)), INFINITY, NAN, 1000, 0);
    assert_int_equal(wk_numel(wk_elu(wk_zeros(0, 3))), 0);
    EXPECT_VALUES(wk_leaky_relu(wk_permute(wk_view(f32(-1, 2, -3, 4), 2, 2), 1, 0), 0.5), -0.5, -1.5, 2, 4);
}

/* By place a 0 is 0; by name it is the default, and WK_ZERO is 0. */
static void test_numbers_that_are_zero(void **state)
{
    (void)state;
    EXPECT_VALUES(wk_leaky_relu(f64(-8), 0), -0.0);
    EXPECT_VALUES(wk_leaky_relu(f64(-8), .negative_slope = WK_ZERO), -0.0);
    EXPECT_VALUES(wk_leaky_relu(f64(-8), .negative_slope = 0), -0.08);
    EXPECT_VALUES(wk_hardtanh(f64(-8, 8), 0, 2), 0, 2);
    EXPECT_VALUES(wk_hardtanh(f64(-8, 8), .min_val = WK_ZERO), 0, 1);
    EXPECT_VALUES(wk_elu(f64(-8), 0), -0.0);
    EXPECT_VALUES(wk_softplus(f64(2), 1, 0), 2);
    EXPECT_VALUES(wk_softplus(f64(2), .threshold = WK_ZERO), 2);
}

static void test_integers(void **state)
{
    (void)state;
    EXPECT_VALUES(wk_hardtanh(i64(-5, 0, 5), -2.9, 3.9), -2, 0, 3);
    assert_int_equal(wk_dtype_of(wk_hardtanh(i64(-5, 0, 5))), wk_int64);
    EXPECT_VALUES(wk_relu6(i32(-5, 3, 50)), 0, 3, 6);
    EXPECT_VALUES(wk_threshold(i64(0, 1, 2, 3), 1.5, 20.7), 20, 20, 2, 3);
    EXPECT_ERROR(wk_threshold(u8(1), 1, 300), WK_ERROR_OVERFLOW,
                 "threshold: value cannot be converted to type uint8_t without overflow");
    EXPECT_ERROR(wk_hardtanh(u8(1)), WK_ERROR_ARGUMENT,
                 "hardtanh: cannot do hardtanh on an unsigned type with negative limits");
    EXPECT_ERROR(wk_leaky_relu(i64(1)), WK_ERROR_DTYPE, "\"leaky_relu_cpu\" not implemented for 'Long'");
    EXPECT_ERROR(wk_elu(i64(1)), WK_ERROR_DTYPE, "\"elu_cpu\" not implemented for 'Long'");
    EXPECT_ERROR(wk_celu(i64(1)), WK_ERROR_DTYPE, "\"elu_cpu\" not implemented for 'Long'");
    EXPECT_ERROR(wk_softplus(i64(1)), WK_ERROR_DTYPE, "\"softplus_cpu\" not implemented for 'Long'");
    EXPECT_ERROR(wk_mish(i64(1)), WK_ERROR_DTYPE, "\"mish_cpu\" not implemented for 'Long'");
    EXPECT_ERROR(wk_hardtanh(wk_gt(f32(1), 0)), WK_ERROR_DTYPE,
                 "hardtanh: Bool inputs not supported for hardtanh");
    EXPECT_ERROR(wk_relu6(wk_gt(f32(1), 0)), WK_ERROR_DTYPE, "relu6: Bool inputs not supported for hardtanh");
    EXPECT_ERROR(wk_threshold(wk_gt(f32(1), 0), 1, 2), WK_ERROR_DTYPE,
                 "\"threshold_cpu\" not implemented for 'Bool'");
}

static void test_mistakes(void **state)
{
    (void)state;
    EXPECT_ERROR(wk_hardtanh(f32(1), 2, -2), WK_ERROR_ARGUMENT,
                 "hardtanh: min_val cannot be greater than max_val");
    EXPECT_ERROR(wk_celu(f32(1), 0), WK_ERROR_DOMAIN, "celu: ZeroDivisionError: alpha cannot be 0 for CELU");
    wk_Tensor *x = wk_requires_grad_(f32(1, -1));
    EXPECT_ERROR(wk_leaky_relu_(x), WK_ERROR_STATE, "a leaf Variable that requires grad");
    wk_Tensor *y = wk_sum(wk_leaky_relu_(wk_mul(x, 1), -0.1));
    EXPECT_ERROR(
        wk_backward(y), WK_ERROR_STATE,
        "leaky_relu_: In-place leakyReLu backward calculation is triggered with a negative slope which is "
        "not supported.");
    EXPECT_ERROR(wk_backward(wk_sum(wk_elu_(wk_mul(x, 1), -0.1))), WK_ERROR_STATE,
                 "elu_: In-place elu backward calculation");
    /* The result that the gradient uses may not be written again. */
    wk_Tensor *z = wk_leaky_relu_(wk_mul(x, 1));
    wk_mul_(z, 2);
    EXPECT_ERROR(wk_backward(wk_sum(z)), WK_ERROR_STATE, "modified by an inplace operation");
}

static void test_prelu_and_glu(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(f64(-2, 1, -3, 4, -5, -6)), *weight = wk_requires_grad_(f64(0.5, 2));
    wk_Tensor *y = wk_prelu(wk_view(x, 1, 2, 3), weight);
    EXPECT_VALUES(y, -1, 1, -1.5, 4, -10, -12);
    assert_string_equal(wk_node_name(wk_grad_fn(y)), "PreluKernelBackward0");
    EXPECT_TRUE(wk_backward(wk_sum(y)));
    EXPECT_VALUES(wk_grad_of(x), 0.5, 1, 0.5, 1, 2, 2);
    EXPECT_VALUES(wk_grad_of(weight), -5, -11);
    EXPECT_VALUES(wk_prelu(f32(-2, 3), f32(0.5)), -1, 3);
    EXPECT_VALUES(wk_prelu(wk_scalar(-1.0), f32(0.5)), -0.5);
    EXPECT_ERROR(
        wk_prelu(wk_zeros(2, 3), f32(1, 2)), WK_ERROR_SHAPE,
        "prelu: Mismatch of parameter numbers and input channel size. Found parameter numbers = 2 and "
        "channel size = 3.");
    EXPECT_ERROR(wk_prelu(f32(1), f64(1)), WK_ERROR_DTYPE,
                 "prelu: Type promoting not supported. Got Float and Double");
    EXPECT_ERROR(wk_prelu(f32(1), wk_ones(1, 1)), WK_ERROR_SHAPE,
                 "prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = 2");
    EXPECT_ERROR(wk_prelu(wk_scalar(1.0), f32(1, 2)), WK_ERROR_SHAPE,
                 "prelu: Not allow zero-dim input tensor.");
    EXPECT_ERROR(wk_prelu(i64(1), i64(1)), WK_ERROR_DTYPE, "\"prelu_cpu\" not implemented for 'Long'");
    EXPECT_VALUES(wk_glu(f64(1, 2, 0, 0), -1), 0.5, 1);
    EXPECT_ERROR(wk_glu(f32(1, 2, 3), 0), WK_ERROR_SHAPE,
                 "glu: Halving dimension must be even, but dimension 0 is size 3");
    EXPECT_ERROR(wk_glu(wk_scalar(1.0), 0), WK_ERROR_SHAPE,
                 "glu: glu does not support scalars because halving size must be even");
    EXPECT_VALUES(wk_softmin(f64(0, 0), 0), 0.5, 0.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_values_are_pytorchs),
        TENSOR_TEST(test_edges),
        TENSOR_TEST(test_numbers_that_are_zero),
        TENSOR_TEST(test_integers),
        TENSOR_TEST(test_mistakes),
        TENSOR_TEST(test_prelu_and_glu),
    };
    return cmocka_run_group_tests(tests, load_row_cases, free_row_cases);
}
