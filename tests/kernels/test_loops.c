/* Elementwise kernels against libm in double, for every row, dtype, instruction set and way of striding. */
#include "kernels/kernels_test.h"

enum { COUNT = 77 }; /* whole vectors and a tail, whatever the vector */

/* What the rows mean, written again, in double. */
static double reference(const char *name, double x, double y)
{
#define IS(text) (strcmp(name, text) == 0)
    if (IS("neg"))
        return -x;
    if (IS("abs"))
        return fabs(x);
    if (IS("sign"))
        return x > 0 ? 1 : x < 0 ? -1 : 0;
    if (IS("square"))
        return x * x;
    if (IS("exp"))
        return exp(x);
    if (IS("expm1"))
        return expm1(x);
    if (IS("log"))
        return log(x);
    if (IS("log1p"))
        return log1p(x);
    if (IS("sqrt"))
        return sqrt(x);
    if (IS("rsqrt"))
        return 1 / sqrt(x);
    if (IS("reciprocal"))
        return 1 / x;
    if (IS("sin"))
        return sin(x);
    if (IS("cos"))
        return cos(x);
    if (IS("tanh"))
        return tanh(x);
    if (IS("sigmoid"))
        return 1 / (1 + exp(-x));
    if (IS("erf"))
        return erf(x);
    if (IS("floor"))
        return floor(x);
    if (IS("ceil"))
        return ceil(x);
    if (IS("round"))
        return rint(x);
    if (IS("relu"))
        return x < 0 ? 0 : x;
    if (IS("silu"))
        return x / (1 + exp(-x));
    if (IS("gelu"))
        return 0.5 * x * erfc(-x * 0.70710678118654752440);
    if (IS("add"))
        return x + y;
    if (IS("sub"))
        return x - y;
    if (IS("mul"))
        return x * y;
    if (IS("div"))
        return x / y;
    if (IS("remainder"))
        return fmod(x, y) != 0 && (fmod(x, y) < 0) != (y < 0) ? fmod(x, y) + y : fmod(x, y);
    if (IS("floor_divide"))
        return rint((x - reference("remainder", x, y)) / y);
    if (IS("pow"))
        return pow(x, y);
    if (IS("maximum"))
        return fmax(x, y);
    if (IS("minimum"))
        return fmin(x, y);
    if (IS("threshold_backward"))
        return y <= 0 ? 0 : x;
    if (IS("sigmoid_backward"))
        return x * y * (1 - y);
    if (IS("tanh_backward"))
        return x * (1 - y * y);
    if (IS("silu_backward"))
        return x / (1 + exp(-y)) * (1 + y / (1 + exp(y)));
    if (IS("gelu_backward"))
        return x * (0.5 * erfc(-y * 0.70710678118654752440) + y * exp(-0.5 * y * y) * 0.39894228040143267794);
    if (IS("leaky_relu"))
        return x > 0 ? x : 0.01 * x;
    if (IS("elu"))
        return x > 0 ? x : expm1(x);
    if (IS("celu"))
        return x > 0 ? x : expm1(x);
    if (IS("selu"))
        return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * expm1(x));
    if (IS("relu6"))
        return fmin(fmax(x, 0), 6);
    if (IS("prelu_kernel"))
        return x > 0 ? x : x * y;
    if (IS("softplus"))
        return log1p(exp(x));
    if (IS("hardtanh"))
        return fmax(-1, fmin(1, x));
    if (IS("threshold"))
        return x > 0 ? x : 0;
    if (IS("softshrink"))
        return x > 0.5 ? x - 0.5 : x < -0.5 ? x + 0.5 : 0;
    if (IS("hardshrink"))
        return fabs(x) > 0.5 ? x : 0;
    if (IS("hardsigmoid"))
        return fmax(0, fmin(6, x + 3)) / 6;
    if (IS("hardswish"))
        return x * fmax(0, fmin(6, x + 3)) / 6;
    if (IS("mish"))
        return x * tanh(log1p(exp(x)));
    if (IS("logsigmoid"))
        return -log1p(exp(-x));
    if (IS("leaky_relu_backward"))
        return y > 0 ? x : 0.01 * x;
    if (IS("elu_backward"))
        return y > 0 ? x : x * exp(y);
    if (IS("elu_result_backward"))
        return y > 0 ? x : x * (y + 1);
    if (IS("softplus_backward"))
        return x / (1 + exp(-y));
    if (IS("hardtanh_backward"))
        return fabs(y) < 1 ? x : 0;
    if (IS("shrink_backward"))
        return fabs(y) > 0.5 ? x : 0;
    if (IS("hardsigmoid_backward"))
        return fabs(y) < 3 ? x / 6 : 0;
    if (IS("hardswish_backward"))
        return y <= -3 ? 0 : y >= 3 ? x : x * (2 * y + 3) / 6;
    fail_msg("no reference for %s", name);
    return 0;
}

typedef struct Row {
    const char *name;
    size_t member; /* offset in the table */
    int inputs;
    double low, high;
    double numbers[3]; /* the row's defaults */
} Row;
#define PASTE_LIST(prefix, list) prefix##list
#define NUMBERS_OF(list)         PASTE_LIST(DEFAULT_OF_, list)
#define DEFAULT_OF_N0() \
    {                   \
        0               \
    }
#define DEFAULT_OF_N1(a, da) \
    {                        \
        da                   \
    }
#define DEFAULT_OF_N2(a, da, b, db) \
    {                               \
        da, db                      \
    }
#define DEFAULT_OF_N3(a, da, b, db, c, dc) \
    {                                      \
        da, db, dc                         \
    }

static const Row rows[] = {
#define UNARY(name, types, value, node, saves, gradient, low, high) \
    {#name, offsetof(wk_Kernels, name), 1, low, high, {0}},
#define BINARY(name, types, value, node, number_node, saves_x, saves_y, gx, gy, low, high) \
    {#name, offsetof(wk_Kernels, name), 2, low, high, {0}},
#define UNARY_WITH(name, numbers, types, value, node, saves, gradient, low, high) \
    {#name, offsetof(wk_Kernels, name), 1, low, high, NUMBERS_OF(numbers)},
#define GRADIENT(name, numbers, types, value, node, saves_x, saves_y, gx, gy, low, high) \
    {#name, offsetof(wk_Kernels, name), 2, low, high, NUMBERS_OF(numbers)},
#include "kernels/rows.def"
};

static wk_Loop loop_of(const wk_Kernels *k, size_t member, wk_dtype dtype)
{
    wk_Loop loop;
    memcpy(&loop, (const char *)k + member + (size_t)dtype * sizeof(wk_Loop), sizeof loop);
    return loop;
}

static void sample(void *array, wk_dtype dtype, int64_t n, const Row *row)
{
    test_fill(array, dtype, n, dtype != wk_float32 && dtype != wk_float64);
    for (int64_t i = 0; i < n; i++) {
        double v = test_uniform(row->low, row->high);
        if (dtype == wk_float32)
            ((float *)array)[i] = (float)v;
        else if (dtype == wk_float64)
            ((double *)array)[i] = v;
        else if (dtype == wk_int64) /* no zero: a divisor may stand here */
            ((int64_t *)array)[i] = (int64_t)(test_random() % 9) + 1 - (row->low < 0 ? 20 : 0);
        else if (dtype == wk_int32)
            ((int32_t *)array)[i] = (int32_t)(test_random() % 9) + 1 - (row->low < 0 ? 20 : 0);
        else if (dtype == wk_uint8)
            ((uint8_t *)array)[i] = (uint8_t)(test_random() % 3 + 1);
    }
}

/* Compares a loop's results with the reference for the given strides in elements. */
static void check_row(const wk_Kernels *k, const Row *row, wk_dtype dtype, int64_t s0, int64_t s1, int64_t s2)
{
    wk_Loop loop = loop_of(k, row->member, dtype);
    if (!loop)
        return;
    const int64_t size = (int64_t)test_bytes(dtype);
    char *x = test_array(COUNT * 3, dtype), *y = test_array(COUNT * 3, dtype),
         *out = test_array(COUNT * 3, dtype);
    sample(x, dtype, COUNT * 3, row);
    sample(y, dtype, COUNT * 3, row);
    assert_true(
        loop(COUNT, (char *[]){out, x, y}, (int64_t[]){s0 * size, s1 * size, s2 * size}, row->numbers));
    for (int64_t i = 0; i < COUNT; i++) {
        double a = test_get(x, dtype, i * s1), b = test_get(y, dtype, i * s2),
               want = reference(row->name, a, b);
        if (dtype == wk_uint8)
            want = (uint8_t)(int64_t)want;
        if (dtype == wk_bool)
            want = want != 0;
        if (dtype == wk_float32)
            want = (float)want;
        const double bound =
            dtype == wk_float32 || dtype == wk_float64 ? 8 * test_epsilon(dtype) * (fabs(want) + 0.05) : 0;
        ASSERT_NEAR(test_get(out, dtype, i * s0), want, bound, "%s %s dtype %d (%g, %g)", k->isa, row->name,
                    dtype, a, b);
    }
    free(x), free(y), free(out);
}

static void rows_match_libm(void **state)
{
    (void)state;
    FOR_EACH_ISA(k)
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
        for (wk_dtype dtype = wk_float32; dtype <= wk_bool; dtype++) {
            check_row(k, &rows[r], dtype, 1, 1, 1);
            check_row(k, &rows[r], dtype, 1, 1, 0);
            check_row(k, &rows[r], dtype, 1, 0, 1);
            check_row(k, &rows[r], dtype, 2, 3, 1);
            check_row(k, &rows[r], dtype, 1, 2, 0);
        }
}

/* All ways of striding, and working in place, give the same bits. */
static void strides_agree(void **state)
{
    (void)state;
    FOR_EACH_ISA(k)
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        wk_Loop loop = loop_of(k, rows[r].member, wk_float32);
        float x[COUNT], y[COUNT], wide[COUNT * 2], straight[COUNT], sparse[COUNT * 2];
        sample(x, wk_float32, COUNT, &rows[r]);
        sample(y, wk_float32, COUNT, &rows[r]);
        for (int i = 0; i < COUNT; i++)
            wide[2 * i] = x[i];
        loop(COUNT, (char *[]){(char *)straight, (char *)x, (char *)y}, (int64_t[]){4, 4, 4},
             rows[r].numbers);
        loop(COUNT, (char *[]){(char *)sparse, (char *)wide, (char *)y}, (int64_t[]){8, 8, 4},
             rows[r].numbers);
        loop(COUNT, (char *[]){(char *)x, (char *)x, (char *)y}, (int64_t[]){4, 4, 4}, rows[r].numbers);
        assert_memory_equal(x, straight, sizeof x);
        for (int i = 0; i < COUNT; i++)
            assert_true(sparse[2 * i] == straight[i]);
    }
}

typedef struct Edge {
    size_t member;
    double x, y, want;
} Edge;
#define AT(name) offsetof(wk_Kernels, name)

static const Edge edges[] = {
    {AT(exp), INFINITY, 0, INFINITY},
    {AT(exp), -INFINITY, 0, 0},
    {AT(exp), 1000, 0, INFINITY},
    {AT(exp), -1000, 0, 0},
    {AT(exp), 0, 0, 1},
    {AT(log), 0, 0, -INFINITY},
    {AT(log), -1, 0, NAN},
    {AT(log), INFINITY, 0, INFINITY},
    {AT(log), 1, 0, 0},
    {AT(log1p), -1, 0, -INFINITY},
    {AT(log1p), -2, 0, NAN},
    {AT(log1p), -0.0, 0, -0.0},
    {AT(expm1), -0.0, 0, -0.0},
    {AT(expm1), -INFINITY, 0, -1},
    {AT(sigmoid), 1000, 0, 1},
    {AT(sigmoid), -1000, 0, 0},
    {AT(silu), -1000, 0, -0.0},
    {AT(silu), -INFINITY, 0, NAN},
    {AT(silu), INFINITY, 0, INFINITY},
    {AT(gelu), INFINITY, 0, INFINITY},
    {AT(gelu), -INFINITY, 0, -0.0},
    {AT(gelu), -0.0, 0, -0.0},
    {AT(gelu), NAN, 0, NAN},
    {AT(gelu_backward), 1, INFINITY, 1},
    {AT(gelu_backward), 1, NAN, NAN},
    {AT(silu_backward), 1, 1000, 1},
    {AT(silu_backward), 1, NAN, NAN},
    {AT(tanh), INFINITY, 0, 1},
    {AT(tanh), -INFINITY, 0, -1},
    {AT(tanh), -0.0, 0, -0.0},
    {AT(erf), -INFINITY, 0, -1},
    {AT(erf), NAN, 0, NAN},
    {AT(relu), -0.0, 0, -0.0},
    {AT(relu), NAN, 0, NAN},
    {AT(relu), INFINITY, 0, INFINITY},
    {AT(sign), NAN, 0, 0},
    {AT(sqrt), -1, 0, NAN},
    {AT(rsqrt), 0, 0, INFINITY},
    {AT(reciprocal), -0.0, 0, -INFINITY},
    {AT(round), 2.5, 0, 2},
    {AT(round), -0.5, 0, -0.0},
    {AT(maximum), NAN, 1, NAN},
    {AT(maximum), 1, NAN, NAN},
    {AT(maximum), -0.0, 0, -0.0},
    {AT(minimum), NAN, 1, NAN},
    {AT(minimum), 1, NAN, NAN},
    {AT(div), 1, 0, INFINITY},
    {AT(div), 0, 0, NAN},
    {AT(floor_divide), 1, 0, INFINITY},
    {AT(floor_divide), 0, 0, NAN},
    {AT(floor_divide), INFINITY, 1, NAN},
    {AT(floor_divide), -1, INFINITY, -1},
    {AT(floor_divide), -0.0, 1, -0.0},
    {AT(floor_divide), -5.5, 2, -3},
    {AT(remainder), 1, 0, NAN},
    {AT(remainder), -1, INFINITY, INFINITY},
    {AT(remainder), 5.5, -2, -0.5},
    {AT(remainder), 4, -2, 0},
    {AT(remainder), -4, 2, -0.0},
    {AT(pow), 0, 0, 1},
    {AT(pow), -2, 0.5, NAN},
    {AT(threshold_backward), 1, NAN, 1},
    {AT(threshold_backward), NAN, 0, 0},
    {AT(threshold_backward), NAN, 1, NAN},
};

static void edges_are_pytorchs(void **state)
{
    (void)state;
    FOR_EACH_ISA(k)
    for (size_t e = 0; e < sizeof edges / sizeof *edges; e++) {
        double x[COUNT], y[COUNT], out[COUNT];
        float xf[COUNT], yf[COUNT], outf[COUNT];
        for (int i = 0; i < COUNT; i++)
            xf[i] = (float)(x[i] = edges[e].x), yf[i] = (float)(y[i] = edges[e].y);
        loop_of(k, edges[e].member, wk_float32)(COUNT, (char *[]){(char *)outf, (char *)xf, (char *)yf},
                                                (int64_t[]){4, 4, 4}, NULL);
        loop_of(k, edges[e].member, wk_float64)(COUNT, (char *[]){(char *)out, (char *)x, (char *)y},
                                                (int64_t[]){8, 8, 8}, NULL);
        for (int i = 0; i < COUNT; i++)
            if (!test_same(outf[i], edges[e].want) || !test_same(out[i], edges[e].want))
                fail_msg("%s edge %zu (%g, %g): float %g, double %g, wanted %g", k->isa, e, edges[e].x,
                         edges[e].y, (double)outf[i], out[i], edges[e].want);
    }
}

static void integers_wrap_and_refuse_zero(void **state)
{
    (void)state;
    FOR_EACH_ISA(k)
    {
        int32_t a[] = {INT32_MIN, INT32_MAX, -7, 7, 3, 0}, b[] = {-1, 1, 2, -2, -1, -1}, out[6];
        char *data[] = {(char *)out, (char *)a, (char *)b};
        const int64_t stride[] = {4, 4, 4};
        assert_true(k->floor_divide[wk_int32](6, data, stride, NULL));
        assert_memory_equal(out, ((int32_t[]){INT32_MIN, INT32_MAX, -4, -4, -3, 0}), sizeof out);
        assert_true(k->remainder[wk_int32](6, data, stride, NULL));
        assert_memory_equal(out, ((int32_t[]){0, 0, 1, -1, 0, 0}), sizeof out);
        k->add[wk_int32](6, data, stride, NULL);
        assert_memory_equal(out, ((int32_t[]){INT32_MAX, INT32_MIN, -5, 5, 2, -1}), sizeof out);
        k->mul[wk_int32](6, data, stride, NULL);
        assert_memory_equal(out, ((int32_t[]){INT32_MIN, INT32_MAX, -14, -14, -3, 0}), sizeof out);
        k->pow[wk_int32](6, data, stride, NULL);
        assert_memory_equal(out, ((int32_t[]){0, INT32_MAX, 49, 0, 0, 0}), sizeof out);
        k->neg[wk_int32](6, data, stride, NULL);
        assert_int_equal(out[0], INT32_MIN);
        k->abs[wk_int32](6, data, stride, NULL);
        assert_int_equal(out[0], INT32_MIN);
        b[3] = 0;
        assert_false(k->floor_divide[wk_int32](6, data, stride, NULL));
        assert_false(k->remainder[wk_int32](6, data, stride, NULL));
        assert_false(k->remainder[wk_int32](6, (char *[]){(char *)b, (char *)a, (char *)b}, stride, NULL));
    }
}

static void comparisons_give_bool(void **state)
{
    (void)state;
    FOR_EACH_ISA(k)
    {
        float x[COUNT], y[COUNT];
        uint8_t out[COUNT];
        for (int i = 0; i < COUNT; i++)
            x[i] = (float)(i % 3), y[i] = i % 5 == 4 ? NAN : 1;
        char *data[] = {(char *)out, (char *)x, (char *)y};
        const int64_t stride[] = {1, 4, 4};
        const size_t members[] = {AT(eq), AT(ne), AT(lt), AT(le), AT(gt), AT(ge)};
        for (int m = 0; m < 6; m++) {
            loop_of(k, members[m], wk_float32)(COUNT, data, stride, NULL);
            for (int i = 0; i < COUNT; i++) {
                const bool want[] = {x[i] == y[i], x[i] != y[i], x[i]<y[i], x[i] <= y[i], x[i]> y[i],
                                     x[i] >= y[i]};
                assert_int_equal(out[i], want[m]);
            }
        }
        uint8_t odd[] = {2, 0, 1}; /* any byte but 0 is true */
        k->eq[wk_bool](3, (char *[]){(char *)out, (char *)odd, (char *)(uint8_t[]){1, 1, 1}},
                       (int64_t[]){1, 1, 1}, NULL);
        assert_memory_equal(out, ((uint8_t[]){1, 0, 1}), 3);
        k->logical_not[wk_float32](3, (char *[]){(char *)out, (char *)(float[]){0, 2, NAN}},
                                   (int64_t[]){1, 4}, NULL);
        assert_memory_equal(out, ((uint8_t[]){1, 0, 0}), 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_match_libm),       cmocka_unit_test(strides_agree),
        cmocka_unit_test(edges_are_pytorchs),    cmocka_unit_test(integers_wrap_and_refuse_zero),
        cmocka_unit_test(comparisons_give_bool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
