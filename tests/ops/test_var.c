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
        TENSOR_TEST(test_messages),
    };
    return cmocka_run_group_tests(tests, load_norm_cases, free_norm_cases);
}
