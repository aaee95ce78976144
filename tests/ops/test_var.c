/* Variance, standard deviation and norms of vectors: against PyTorch (tests/golden/norm.safetensors), edge values, messages. */
#include "support/golden.h"

GOLDEN_CASE(var, wk_var(x))
GOLDEN_CASE(var_dim, wk_var(x, wk_dims(1)))
GOLDEN_CASE(var_dims, wk_var(x, wk_dims(0, 2), .correction = WK_ZERO, .keepdim = true))
GOLDEN_CASE(var_last, wk_var(x, wk_dims(-1), .correction = 2.5))
GOLDEN_CASE(std, wk_std(x))
GOLDEN_CASE(std_dim, wk_std(x, wk_dims(1)))
GOLDEN_CASE(std_dims, wk_std(x, wk_dims(0, 2), .correction = WK_ZERO, .keepdim = true))
GOLDEN_CASE(std_last, wk_std(x, wk_dims(-1), .correction = 2.5))

static double order;
GOLDEN_CASE(norm_all, wk_norm(x, order))
GOLDEN_CASE(norm_dim, wk_norm(x, order, wk_dims(0, 2), .keepdim = true))

static void test_var_std_norm(void **state)
{
    (void)state;
    expect_golden_case(norm_cases, "var", var);
    expect_golden_case(norm_cases, "var_dim", var_dim);
    expect_golden_case(norm_cases, "var_dims", var_dims);
    expect_golden_case(norm_cases, "var_last", var_last);
    expect_golden_case(norm_cases, "std", std);
    expect_golden_case(norm_cases, "std_dim", std_dim);
    expect_golden_case(norm_cases, "std_dims", std_dims);
    expect_golden_case(norm_cases, "std_last", std_last);
    static const struct {
        const char *text;
        double p;
    } orders[] = {{"0.5", 0.5}, {"1", 1},          {"1.5", 1.5},        {"2", 2},
                  {"3", 3},     {"inf", INFINITY}, {"-inf", -INFINITY}, {"-2", -2}};
    for (size_t i = 0; i < LENGTH(orders); i++) {
        char name[32];
        order = orders[i].p;
        snprintf(name, sizeof name, "norm_%s", orders[i].text);
        expect_golden_case(norm_cases, name, norm_all);
        snprintf(name, sizeof name, "norm_%s_dim", orders[i].text);
        expect_golden_case(norm_cases, name, norm_dim);
    }
}

static void test_node_names(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(wk_randn(4, 3));
    EXPECT_NODE(wk_var(x), "VarBackward0");
    EXPECT_NODE(wk_std(x, wk_dims(0)), "StdBackward0");
    EXPECT_NODE(wk_norm(x), "LinalgVectorNormBackward0");
}

/* The gradient of f(x) at x. */
#define EXPECT_GRADIENT(x, expression, ...)                         \
    do {                                                            \
        wk_Tensor *v = wk_requires_grad_(x);                        \
        EXPECT_VALUES(wk_grad(wk_sum(expression), v), __VA_ARGS__); \
    } while (0)

static void test_edges(void **state)
{
    (void)state;
    EXPECT_VALUES(wk_var(f32(1)), NAN);
    EXPECT_VALUES(wk_var(f32(1), WK_ALL, .correction = WK_ZERO), 0);
    EXPECT_VALUES(wk_var(wk_zeros(0)), NAN);
    EXPECT_VALUES(wk_var(wk_scalar(1)), NAN);
    EXPECT_VALUES(wk_var(f32(1, 2), WK_ALL, .correction = 3), INFINITY);
    EXPECT_VALUES(wk_var(f32(1, 2), WK_ALL, .correction = 0.5), 1.0 / 3);
    EXPECT_VALUES(wk_var(f32(1, 2), WK_ALL, .correction = -1), 0.5 / 3);
    EXPECT_VALUES(wk_var(wk_ones(2, 0), wk_dims(1)), NAN, NAN);
    EXPECT_SHAPE(wk_var(wk_ones(2, 0), wk_dims(0)), 0);
    EXPECT_VALUES(wk_var(f32(1, INFINITY)), NAN);
    EXPECT_VALUES(wk_var(f32(1e30, -1e30)), INFINITY);
    EXPECT_VALUES(wk_std(f64(1e200, -1e200, 1e200)), INFINITY);
    EXPECT_GRADIENT(f32(1, 1, 1, 1), wk_std(v), 0, 0, 0, 0);
    EXPECT_GRADIENT(f32(1), wk_std(v), NAN);
    EXPECT_GRADIENT(f32(1), wk_var(v), NAN);
    EXPECT_GRADIENT(f32(1), wk_var(v, WK_ALL, .correction = WK_ZERO), 0);
    EXPECT_GRADIENT(f32(0, 0), wk_norm(v), 0, 0);
    EXPECT_GRADIENT(f32(0, -2, 2, 1), wk_norm(v, 1), 0, -1, 1, 1);
    EXPECT_GRADIENT(f32(0, -2, 2, 1), wk_norm(v, INFINITY), 0, -0.5, 0.5, 0);
    EXPECT_GRADIENT(f32(0, -2, 2, 1), wk_norm(v, -1), 0, 0, 0, 0);
    EXPECT_VALUES(wk_norm(wk_zeros(0)), 0);
    EXPECT_VALUES(wk_norm(f32(0, 3, -4), WK_ZERO), 2);
    EXPECT_VALUES(wk_norm(wk_scalar(-3)), 3);
    EXPECT_VALUES(wk_norm(f32(NAN, 1), INFINITY), NAN);
    EXPECT_VALUES(wk_norm(f32(3, 4), NAN), NAN);
}

/* As many elements as the correction, or fewer. Over all dimensions the gradient is infinite, over named ones it follows the formula:
 * PyTorch's values. */
static void test_correction_beyond_the_elements(void **state)
{
    (void)state;
    const double inf = INFINITY;
    EXPECT_VALUES(wk_var(f32(1, 2), WK_ALL, .correction = 2), inf);
    EXPECT_VALUES(wk_var(f32(3, 3), WK_ALL, .correction = 2), NAN);
    EXPECT_VALUES(wk_var(f32(3), WK_ALL, .correction = 2.5), NAN);
    EXPECT_VALUES(wk_std(f32(1, 2), WK_ALL, .correction = 3), inf);
    static const double corrections[] = {0, 1, 2, 2.5, -1};
    for (size_t i = 0; i < LENGTH(corrections); i++) {
        double c = corrections[i] == 0 ? (double)WK_ZERO : corrections[i];
        EXPECT_VALUES(wk_var(wk_zeros(0), WK_ALL, .correction = c), NAN);
        EXPECT_VALUES(wk_std(wk_zeros(2, 0), wk_dims(1), .correction = c), NAN, NAN);
        EXPECT_SHAPE(wk_var(wk_zeros(0, 3), wk_dims(1), .correction = c), 0);
    }
    EXPECT_GRADIENT(f32(1, 2), wk_var(v, WK_ALL, .correction = 2), inf, inf);
    EXPECT_GRADIENT(f32(1, 2, 6), wk_var(v, WK_ALL, .correction = 5), inf, inf, inf);
    EXPECT_GRADIENT(f32(1, 2, 3), wk_var(v, WK_ALL, .correction = 3), inf, NAN, inf);
    EXPECT_GRADIENT(f32(3), wk_var(v, WK_ALL, .correction = 2), NAN);
    EXPECT_GRADIENT(f32(1, 2), wk_var(v, wk_dims(0), .correction = 2), -inf, inf);
    EXPECT_GRADIENT(f32(1, 2), wk_var(v, wk_dims(0), .correction = 3), 1, -1);
    EXPECT_GRADIENT(f32(1, 2), wk_var(v, wk_dims(0), .correction = 2.5), 2, -2);
    EXPECT_GRADIENT(f32(3, 3), wk_var(v, wk_dims(0), .correction = 2), NAN, NAN);
    EXPECT_GRADIENT(f32(3), wk_var(v, wk_dims(0), .correction = 3), 0);
    EXPECT_GRADIENT(wk_scalar(3), wk_var(v, wk_dims(0), .correction = 3), NAN);
    EXPECT_GRADIENT(f32(1, 2), wk_std(v, WK_ALL, .correction = 2), NAN, NAN);
    EXPECT_GRADIENT(f32(1, 2), wk_std(v, wk_dims(0), .correction = 3), 0, 0);
    EXPECT_GRADIENT(f32(3), wk_std(v, wk_dims(0), .correction = 2), NAN);
    EXPECT_GRADIENT(f32(1, inf), wk_var(v), -inf, NAN);
    EXPECT_GRADIENT(f32(1, NAN, 2), wk_var(v), NAN, NAN, NAN);
}

/* Squares of floats that vanish, of which the root would not. */
static void test_small_deviations(void **state)
{
    (void)state;
    assert_true(fabs(wk_item(wk_std(f32(0, 0, 1e-30))) / 5.7735026e-31 - 1) < 1e-6);
    assert_true(fabs(wk_item(wk_std(f32(1e-25, 3e-25))) / 1.41421356e-25 - 1) < 1e-6);
    wk_Tensor *columns = wk_std(wk_view(f32(1e-25, 0, 3e-25, 0), 2, 2), wk_dims(0));
    assert_true(fabs(wk_at(columns, 0) / 1.41421356e-25 - 1) < 1e-6 && wk_at(columns, 1) == 0);
    wk_Tensor *many = wk_mul(wk_view(wk_arange_dtype(0, 200000, 1, wk_float32), 1, -1), 1e-30);
    assert_true(fabs(wk_item(wk_std(many, wk_dims(1))) / 5.7735172e-26 - 1) < 1e-5);
}

static void test_gradients_of_norms(void **state)
{
    (void)state;
    const double inf = INFINITY;
    static const double orders[] = {INFINITY, -INFINITY, 0.5, -0.5, 1.5, 2, 2.5, -2, 4};
    for (size_t i = 0; i < LENGTH(orders); i++) {
        EXPECT_GRADIENT(f64(0, 0), wk_norm(v, orders[i]), 0, 0);
        EXPECT_GRADIENT(f64(2), wk_norm(v, orders[i]), 1);
        EXPECT_GRADIENT(f64(-2), wk_norm(v, orders[i]), -1);
        EXPECT_VALUES(wk_norm(f64(1e200), orders[i]), 1e200); /* whose powers overflow */
        assert_true(wk_at(wk_norm(wk_view(f64(-1e-200, 0), 2, 1), orders[i], wk_dims(1)), 0) == 1e-200);
    }
    EXPECT_VALUES(wk_norm(f64(1e200), WK_ZERO), 1);
    EXPECT_GRADIENT(f64(1, -1, 1), wk_norm(v, inf), 1.0 / 3, -1.0 / 3, 1.0 / 3);
    EXPECT_GRADIENT(f64(3, -1, 1), wk_norm(v, -inf), 0, -0.5, 0.5);
    EXPECT_GRADIENT(f64(NAN, NAN), wk_norm(v, inf), 0, 0); /* the NaN is the largest, and has no sign */
    EXPECT_GRADIENT(f64(NAN, 0.5), wk_norm(v, inf), 0, 0);
    EXPECT_GRADIENT(f64(NAN, 0.5), wk_norm(v, -inf), 0, 0);
    EXPECT_GRADIENT(f64(NAN, 1), wk_norm(v, 2), NAN, NAN);
    EXPECT_GRADIENT(f64(-inf, inf, 3), wk_norm(v, 2), NAN, NAN, 0);
    EXPECT_GRADIENT(f64(-inf, inf, 3), wk_norm(v, inf), -0.5, 0.5, 0);
    EXPECT_GRADIENT(f64(-inf, inf, 3), wk_norm(v, -1), 0, 0, 1);
    EXPECT_GRADIENT(f64(0, -2, 2, 1), wk_norm(v, 0.5), 0, -2.707106781186548, 2.707106781186548,
                    3.828427124746190);
    EXPECT_GRADIENT(f64(0, -2, 1), wk_norm(v, WK_ZERO), 0, 0, 0);
    /* second derivatives where an element is 0 */
    wk_Tensor *x = wk_requires_grad_(f64(0, 2));
    wk_Tensor *g = wk_grad(wk_norm(x, 3), x, .create_graph = true);
    EXPECT_VALUES(wk_grad(wk_sum(g), x), 0, 0);
    g = wk_grad(wk_norm(x, 2), x, .create_graph = true);
    EXPECT_VALUES(wk_grad(wk_sum(g), x), 0.5, 0);
}

static void test_messages(void **state)
{
    (void)state;
    wk_Tensor *x = wk_randn(2, 4), *whole = wk_to_dtype(x, wk_int64);
    EXPECT_ERROR(wk_var(whole), WK_ERROR_DTYPE, "std and var only support floating point and complex dtypes");
    EXPECT_ERROR(wk_std(x, wk_dims(2)), WK_ERROR_INDEX,
                 "Dimension out of range (expected to be in range of [-2, 1], but got 2)");
    EXPECT_ERROR(wk_var(x, wk_dims(0, 0)), WK_ERROR_INDEX,
                 "dim 0 appears multiple times in the list of dims");
    EXPECT_ERROR(wk_norm(whole), WK_ERROR_DTYPE,
                 "linalg.vector_norm: Expected a floating point or complex tensor as input. Got Long");
    EXPECT_ERROR(
        wk_norm(wk_zeros(0), INFINITY), WK_ERROR_SHAPE,
        "linalg.vector_norm cannot compute the inf norm on an empty tensor because the operation does not "
        "have an identity");
    EXPECT_ERROR(wk_norm(wk_zeros(2, 0), -1, wk_dims(1)), WK_ERROR_SHAPE,
                 "cannot compute the -1 norm on the dimension 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_var_std_norm),
        TENSOR_TEST(test_node_names),
        TENSOR_TEST(test_edges),
        TENSOR_TEST(test_correction_beyond_the_elements),
        TENSOR_TEST(test_small_deviations),
        TENSOR_TEST(test_gradients_of_norms),
        TENSOR_TEST(test_messages),
    };
    return cmocka_run_group_tests(tests, load_norm_cases, free_norm_cases);
}
