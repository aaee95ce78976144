/* Numbers as arguments: whole ones reach integers exactly, the result's dtype is PyTorch's, and a dtype that cannot hold a number refuses
 * it in PyTorch's words. Every value and message here was taken from PyTorch 2.15. */
#include "support/check.h"

#define BIG 9007199254740993 /* 2^53 + 1, which no double has */

static void expect_whole(wk_Tensor *t, wk_dtype dtype, int count, const int64_t *values, int line)
{
    wk_Tensor *wide = t ? wk_contiguous(wk_to_dtype(t, wk_int64)) : NULL;
    bool same = wide && wk_dtype_of(t) == dtype && wk_numel(t) == count;
    for (int i = 0; same && i < count; i++)
        same = wk_data(wide, int64_t)[i] == values[i];
    if (same)
        return;
    char *text = t ? wk_tensor_str(t) : NULL;
    print_error("have %s of %s (%s)\n", text ? text : "NULL", t ? wk_dtype_name(wk_dtype_of(t)) : "no dtype",
                wk_error() ? wk_error() : "no error");
    wk_str_free(text);
    _fail(__FILE__, line);
}
#define EXPECT_WHOLE(t, dtype, ...)                                                   \
    expect_whole(t, dtype, (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), \
                 (int64_t[]){__VA_ARGS__}, __LINE__)
static wk_Tensor *filled(wk_dtype dtype, wk_Number value)
{
    return wk_fill_(wk_zeros(2, dtype), value);
}

/* ---- exact whole numbers ---------------------------------------------------------------------------- */

static void test_whole_numbers_are_exact(void **state)
{
    (void)state;
    wk_Tensor *x = wk_tensor(((long long[]){BIG, BIG - 1}), 2);
    EXPECT_WHOLE(filled(wk_int64, wk_number(BIG)), wk_int64, BIG, BIG);
    EXPECT_WHOLE(filled(wk_int64, wk_number(INT64_MIN)), wk_int64, INT64_MIN, INT64_MIN);
    EXPECT_WHOLE(wk_full(BIG, 1, wk_int64), wk_int64, BIG);
    EXPECT_WHOLE(wk_full_shape(WK_SHAPE(1, 2), INT64_MAX, wk_int64), wk_int64, INT64_MAX, INT64_MAX);
    EXPECT_WHOLE(wk_full_shape(2, (int64_t[]){1, 2}, -BIG, wk_int64), wk_int64, -BIG, -BIG);
    EXPECT_WHOLE(wk_full_shape(3, (int64_t[]){1, 2, 1}, 7u, wk_uint8), wk_uint8, 7, 7);
    EXPECT_WHOLE(wk_full_like(x, BIG), wk_int64, BIG, BIG);
    EXPECT_WHOLE(wk_scalar_dtype(BIG, wk_int64), wk_int64, BIG);
    EXPECT_WHOLE(wk_masked_fill(x, truth(0, 1), BIG + 2), wk_int64, BIG, BIG + 2);
    EXPECT_WHOLE(wk_clamp(x, BIG, INT64_MAX), wk_int64, BIG, BIG);
    EXPECT_WHOLE(wk_clamp(x, INT64_MIN, BIG - 1), wk_int64, BIG - 1, BIG - 1);
    EXPECT_WHOLE(wk_add(x, BIG), wk_int64, 2 * BIG, 2 * BIG - 1);
    EXPECT_WHOLE(wk_add_alpha(x, i64(1, 1), BIG), wk_int64, 2 * BIG, 2 * BIG - 1);
    EXPECT_WHOLE(wk_sub_alpha(x, i64(1, 1), BIG), wk_int64, 0, -1);
    EXPECT_WHOLE(wk_rsub(x, BIG), wk_int64, 0, 1);
    EXPECT_WHOLE(wk_scalar_pow(BIG, i64(1, 0)), wk_int64, BIG, 1);
    EXPECT_WHOLE(wk_eq(x, BIG), wk_bool, 1, 0);
    EXPECT_WHOLE(wk_ne(x, BIG - 1), wk_bool, 1, 0);
    EXPECT_WHOLE(wk_lt(x, BIG), wk_bool, 0, 1);
    EXPECT_WHOLE(wk_ge(x, BIG), wk_bool, 1, 0);
    assert_true(wk_item_int64(wk_index(x, 0)) == BIG);
    assert_true(wk_item_int64(wk_max(x)) == BIG);
    EXPECT_WHOLE(wk_zero_(wk_clone(x)), wk_int64, 0, 0);
}

/* An int64 goes to a float in one rounding, as PyTorch's does. */
static void test_whole_numbers_in_floats(void **state)
{
    (void)state;
    wk_Tensor *x = filled(wk_float32, wk_number(16777219));
    assert_true(wk_item(wk_index(x, 0)) == 16777220);
    EXPECT_TYPED(wk_full(3, 2), wk_float32, 3, 3);
    EXPECT_TYPED(wk_scalar(3), wk_float32, 3);
    EXPECT_TYPED(wk_clamp(f32(1, 5), 2, 4), wk_float32, 2, 4);
    EXPECT_TYPED(wk_fill_(wk_zeros(1), true), wk_float32, 1);
    EXPECT_TYPED(wk_fill_(wk_zeros(1), (size_t)7), wk_float32, 7);
    EXPECT_TYPED(wk_fill_(wk_zeros(1), UINT64_MAX), wk_float32, 0x1p64);
    EXPECT_TYPED(wk_sub(wk_full(INT64_MAX, 1, wk_int64), (uint64_t)INT64_MAX), wk_int64, 0);
    EXPECT_TYPED(wk_fill_(wk_zeros(1), 0.5L), wk_float32, 0.5);
    EXPECT_TYPED(wk_fill_(wk_zeros(1), 0.5f), wk_float32, 0.5);
}

/* ---- the dtype of the result ------------------------------------------------------------------------ */

static void test_alpha(void **state)
{
    (void)state;
    wk_Tensor *i = i64(1, 20), *u = u8(1, 200), *b = truth(1, 0), *f = f32(1, 2);
    EXPECT_TYPED(wk_add_alpha(i, i, 2), wk_int64, 3, 60);
    EXPECT_TYPED(wk_sub_alpha(i, i, 2), wk_int64, -1, -20);
    EXPECT_TYPED(wk_add_alpha(u, u, -1), wk_uint8, 0, 0);
    EXPECT_TYPED(wk_sub_alpha(u, u, 2), wk_uint8, 255, 56);
    EXPECT_TYPED(wk_add_alpha(u, i, 300), wk_int64, 301, 6200);
    EXPECT_TYPED(wk_add_alpha(b, b, 2), wk_bool, 1, 0);
    EXPECT_TYPED(wk_add_alpha(truth(0, 0), truth(1, 1), 0), wk_bool, 0, 0);
    EXPECT_TYPED(wk_add_alpha(b, i, 2), wk_int64, 3, 40);
    EXPECT_TYPED(wk_add_alpha(b, f, 0.5), wk_float32, 1.5, 1);
    EXPECT_TYPED(wk_add_alpha(i, f, 2), wk_float32, 3, 24);
    EXPECT_TYPED(wk_add_alpha(i, f, 2.5), wk_float32, 3.5, 25);
    EXPECT_TYPED(wk_add_alpha(f64(1, 1), f, 0.1), wk_float64, 1.1, 1.2); /* 0.1 as a double */
    EXPECT_TYPED(wk_add_alpha_(wk_clone(u), i, 300), wk_uint8, 45, 56);
    EXPECT_TYPED(wk_sub_alpha_(wk_clone(i), i, 3), wk_int64, -2, -40);
    EXPECT_TYPED(wk_add_alpha_(wk_clone(f), i, 2.5), wk_float32, 3.5, 52);
    EXPECT_TYPED(wk_rsub(i, 2), wk_int64, 1, -18);
    EXPECT_TYPED(wk_rsub(i, 2.5), wk_float32, 1.5, -17.5);
    EXPECT_TYPED(wk_rsub(u, 300), wk_uint8, 43, 100);
    EXPECT_TYPED(wk_rsub(f, 2), wk_float32, 1, 0);
}

static void test_alpha_refused(void **state)
{
    (void)state;
    ROW("A23");
    static const char text[] =
        "For integral input tensors, argument alpha must not be a floating point number.";
    wk_Tensor *i = i64(1, 20), *b = truth(1, 0), *f = f32(1, 2);
    EXPECT_ERROR(wk_add_alpha(i, i, 2.5), WK_ERROR_DTYPE, text);
    EXPECT_ERROR(wk_add_alpha(i, i, 1.0), WK_ERROR_DTYPE, text);
    EXPECT_ERROR(wk_sub_alpha(i, i, 2.0), WK_ERROR_DTYPE, text);
    EXPECT_ERROR(wk_add_alpha(b, b, 2.5), WK_ERROR_DTYPE, text);
    EXPECT_ERROR(wk_add_alpha_(i, i, 0.5), WK_ERROR_DTYPE, text);
    EXPECT_ERROR(wk_sub_alpha_(i, i, 0.5), WK_ERROR_DTYPE, text);
    EXPECT_ERROR(wk_add_alpha_(i, f, 2.5), WK_ERROR_DTYPE,
                 "result type Float can't be cast to the desired output type Long");
    EXPECT_ERROR(wk_sub_alpha(b, i, 2), WK_ERROR_DTYPE,
                 "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to "
                 "invert a mask, use the `~` or `logical_not()` operator instead.");
    EXPECT_ERROR(wk_sub_alpha(b, b, 1), WK_ERROR_DTYPE,
                 "with two bool tensors is not supported. Use the `^` or `logical_xor()` operator instead.");
    EXPECT_ERROR(wk_rsub(b, 2), WK_ERROR_DTYPE, "Subtraction, the `-` operator, with a bool tensor");
    EXPECT_ERROR(wk_add_alpha(f, f32(1, 2, 3), 2), WK_ERROR_SHAPE, "at non-singleton dimension 0");
    EXPECT_VALUES(i, 1, 20);
}

static void test_powers(void **state)
{
    (void)state;
    wk_Tensor *i = i64(1, 20), *u = u8(1, 200), *b = truth(1, 0);
    EXPECT_TYPED(wk_scalar_pow(2, i), wk_int64, 2, 1048576);
    EXPECT_TYPED(wk_scalar_pow(300, u), wk_uint8, 44, 0);
    EXPECT_TYPED(wk_scalar_pow(2, b), wk_int64, 2, 1);
    EXPECT_TYPED(wk_scalar_pow(2.5, b), wk_float32, 2.5, 1);
    EXPECT_TYPED(wk_scalar_pow(1.0, i), wk_float32, 1, 1);
    EXPECT_TYPED(wk_scalar_pow(2, i64(-1, 2)), wk_int64, 0, 4);
    EXPECT_TYPED(wk_scalar_pow(-1, i64(-3, 2)), wk_int64, -1, 1);
    EXPECT_TYPED(wk_scalar_pow(2, f32(1, 2)), wk_float32, 2, 4);
    EXPECT_TYPED(wk_pow(u, 2), wk_uint8, 1, 64);
    EXPECT_TYPED(wk_pow(b, 2), wk_int64, 1, 0);
    EXPECT_TYPED(wk_pow(b, 0.5), wk_float32, 1, 0);
    EXPECT_TYPED(wk_pow(u, i), wk_int64, 1, 1152921504606846976);
    EXPECT_TYPED(wk_pow(u, wk_scalar_dtype(300, wk_int64)), wk_uint8, 1, 0); /* a tensor may wrap */
    EXPECT_TYPED(wk_square(b), wk_int64, 1, 0);
    EXPECT_TYPED(wk_square(u), wk_uint8, 1, 64);
    EXPECT_ERROR(wk_pow(u, 300), WK_ERROR_OVERFLOW,
                 "pow: value cannot be converted to type uint8_t without overflow");
    EXPECT_ERROR(wk_pow_(wk_zeros(1, wk_int32), INT64_C(1) << 31), WK_ERROR_OVERFLOW,
                 "pow: value cannot be converted to type int without overflow");
    EXPECT_ERROR(wk_pow(b, -1), WK_ERROR_DOMAIN, "Integers to negative integer powers are not allowed.");
    EXPECT_ERROR(wk_pow(b, b), WK_ERROR_DTYPE, "\"pow\" not implemented for 'Bool'");
    EXPECT_ERROR(wk_square_(b), WK_ERROR_DTYPE,
                 "square_: result type Long can't be cast to the desired output type Bool");
}

static void test_clamp(void **state)
{
    (void)state;
    wk_Tensor *i = i64(1, 20), *u = u8(1, 200), *b = truth(1, 0);
    EXPECT_TYPED(wk_clamp(i, 2, 5), wk_int64, 2, 5);
    EXPECT_TYPED(wk_clamp(i, 2, 5.5), wk_float32, 2, 5.5);
    EXPECT_TYPED(wk_clamp(i, 1.5, 5), wk_float32, 1.5, 5);
    EXPECT_TYPED(wk_clamp(i, -INFINITY, 5), wk_float32, 1, 5);
    EXPECT_TYPED(wk_clamp(i, INT64_MIN, 5), wk_int64, 1, 5);
    EXPECT_TYPED(wk_clamp(u, 2, INT64_MAX), wk_uint8, 2, 200);
    EXPECT_TYPED(wk_clamp(u, -1, 100), wk_uint8, 1, 100);
    EXPECT_TYPED(wk_clamp(u, 0, 300), wk_uint8, 1, 200);
    EXPECT_TYPED(wk_clamp(wk_to_dtype(i, wk_int32), INT64_MIN, 5), wk_int32, 1, 5);
    EXPECT_TYPED(wk_clamp(b, 0, 1), wk_int64, 1, 0);
    EXPECT_TYPED(wk_clamp(b, 0.5, 2), wk_float32, 1, 0.5);
    EXPECT_TYPED(wk_clamp(i, NAN, 5), wk_float32, NAN, NAN);
    EXPECT_TYPED(wk_clamp(f32(1, 2), 1e300, NAN), wk_float32, NAN, NAN);
    EXPECT_ERROR(wk_clamp(u, 300, 400), WK_ERROR_OVERFLOW,
                 "Clamp min value 300 is outside the representable range of Byte");
    EXPECT_ERROR(wk_clamp(u, -5, -1), WK_ERROR_OVERFLOW,
                 "Clamp max value -1 is outside the representable range of Byte");
    EXPECT_ERROR(wk_clamp(wk_to_dtype(i, wk_int32), INT64_C(1) << 40, INT64_MAX), WK_ERROR_OVERFLOW,
                 "Clamp min value 1.09951e+12 is outside the representable range of Int");
    EXPECT_ERROR(wk_clamp(f32(1), 0, 1e300), WK_ERROR_OVERFLOW,
                 "clamp: value cannot be converted to type float without overflow");
    wk_Tensor *x = wk_requires_grad_(f32(1, 2, 3));
    EXPECT_TRUE(wk_backward(wk_sum(wk_clamp(x, 1, 2.5))));
    EXPECT_VALUES(wk_grad_of(x), 0, 1, 0);
}

/* ---- ranges ----------------------------------------------------------------------------------------- */

static void test_ranges(void **state)
{
    (void)state;
    EXPECT_TYPED(wk_arange(0, 3, 1), wk_int64, 0, 1, 2);
    EXPECT_TYPED(wk_arange(0.0, 3, 1), wk_float32, 0, 1, 2);
    EXPECT_TYPED(wk_arange(0, 3, 1.5), wk_float32, 0, 1.5);
    EXPECT_WHOLE(wk_arange(BIG, BIG + 3, 1), wk_int64, BIG, BIG + 1, BIG + 2);
    EXPECT_WHOLE(wk_arange(INT64_MAX - 2, INT64_MAX, 1), wk_int64, INT64_MAX - 2, INT64_MAX - 1);
    EXPECT_WHOLE(wk_arange(INT64_MIN, INT64_MIN + 2, 1), wk_int64, INT64_MIN, INT64_MIN + 1);
    EXPECT_WHOLE(wk_arange(INT64_MAX, INT64_MIN, INT64_MIN), wk_int64, INT64_MAX, -1);
    EXPECT_WHOLE(wk_arange(0, 3, INT64_MAX), wk_int64, 0);
    EXPECT_WHOLE(wk_arange_dtype(250, 260, 3, wk_uint8), wk_uint8, 250, 253, 0, 3);
    EXPECT_WHOLE(wk_arange_dtype(INT64_C(1) << 31, (INT64_C(1) << 31) + 2, 1, wk_int32), wk_int32, INT32_MIN,
                 INT32_MIN + 1);
    EXPECT_WHOLE(wk_arange_dtype(0.5, 5, 1.5, wk_int64), wk_int64, 0, 1, 2);
    EXPECT_WHOLE(wk_arange_dtype(-1.5, 2, 1, wk_int32), wk_int32, -1, 0, 1, 2);
    EXPECT_WHOLE(wk_arange_dtype(0, 2, 0.5, wk_uint8), wk_uint8, 0, 0, 0, 0);
    EXPECT_TYPED(wk_arange_dtype(0, 2, 1, wk_float64), wk_float64, 0, 1);
    EXPECT_ERROR(wk_arange_dtype(0, 2, 1, wk_bool), WK_ERROR_DTYPE,
                 "\"arange_cpu\" not implemented for 'Bool'");
    EXPECT_ERROR(wk_arange_dtype(0, 1e30, 1e29, wk_int64), WK_ERROR_OVERFLOW,
                 "arange: value cannot be converted to type int64_t without overflow");
    EXPECT_ERROR(wk_arange(0, 1, NAN), WK_ERROR_ARGUMENT, "step must be finite but got nan");
    EXPECT_ERROR(wk_arange(0, 1, 0), WK_ERROR_ARGUMENT, "step must be nonzero");
    EXPECT_ERROR(wk_arange(NAN, 1, 1), WK_ERROR_ARGUMENT, "unsupported range: nan -> 1");
    EXPECT_ERROR(wk_arange(0, 1, -1), WK_ERROR_ARGUMENT,
                 "upper bound and lower bound inconsistent with step sign");
    EXPECT_ERROR(wk_arange(INT64_MIN, INT64_MAX, 1), WK_ERROR_OVERFLOW, "invalid size, possible overflow?");
}

/* ---- numbers that a dtype cannot hold --------------------------------------------------------------- */

/* Which doubles and which integers each dtype takes. */
static void test_limits_of_dtypes(void **state)
{
    (void)state;
    EXPECT_WHOLE(filled(wk_uint8, wk_number(255)), wk_uint8, 255, 255);
    EXPECT_WHOLE(filled(wk_uint8, wk_number(-1)), wk_uint8, 255, 255);
    EXPECT_WHOLE(filled(wk_uint8, wk_number(-255)), wk_uint8, 1, 1);
    EXPECT_WHOLE(filled(wk_uint8, wk_number(255.9)), wk_uint8, 255, 255);
    EXPECT_WHOLE(filled(wk_int32, wk_number(2147483647.5)), wk_int32, INT32_MAX, INT32_MAX);
    EXPECT_WHOLE(filled(wk_int64, wk_number(-0x1p63)), wk_int64, INT64_MIN, INT64_MIN);
    EXPECT_WHOLE(filled(wk_bool, wk_number(5)), wk_bool, 1, 1);
    EXPECT_WHOLE(filled(wk_bool, wk_number(NAN)), wk_bool, 1, 1);
    EXPECT_VALUES(filled(wk_float32, wk_number(INFINITY)), INFINITY, INFINITY);
    EXPECT_VALUES(filled(wk_float32, wk_number(NAN)), NAN, NAN);
    static const struct {
        wk_dtype dtype;
        double number;
        const char *type;
    } beyond[] = {
        {wk_uint8, -1.0, "uint8_t"}, {wk_uint8, -0.5, "uint8_t"},         {wk_uint8, 256.0, "uint8_t"},
        {wk_uint8, NAN, "uint8_t"},  {wk_int32, 0x1p31, "int"},           {wk_int32, -2147483648.5, "int"},
        {wk_int32, INFINITY, "int"}, {wk_int64, 0x1p63, "int64_t"},       {wk_int64, NAN, "int64_t"},
        {wk_int64, 1e30, "int64_t"}, {wk_float32, 3.4028235e38, "float"}, {wk_float32, -1e300, "float"}};
    for (size_t i = 0; i < LENGTH(beyond); i++) {
        char text[80];
        snprintf(text, sizeof text, "fill_: value cannot be converted to type %s without overflow",
                 beyond[i].type);
        EXPECT_ERROR(filled(beyond[i].dtype, wk_number(beyond[i].number)), WK_ERROR_OVERFLOW, text);
    }
    EXPECT_ERROR(filled(wk_uint8, wk_number(256)), WK_ERROR_OVERFLOW, "type uint8_t without overflow");
    EXPECT_ERROR(filled(wk_uint8, wk_number(-256)), WK_ERROR_OVERFLOW, "type uint8_t without overflow");
    EXPECT_ERROR(filled(wk_int32, wk_number(INT64_C(1) << 31)), WK_ERROR_OVERFLOW, "type int without");
    EXPECT_ERROR(filled(wk_int64, wk_number(UINT64_MAX)), WK_ERROR_OVERFLOW, "type int64_t without overflow");
}

static void test_numbers_beyond_a_dtype(void **state)
{
    (void)state;
    ROW("A32");
    static const char byte[] = "value cannot be converted to type uint8_t without overflow";
    wk_Tensor *u = u8(1, 2), *f = f32(1, 2), *m = truth(1, 0);
    EXPECT_ERROR(wk_fill_(u, 300), WK_ERROR_OVERFLOW, byte);
    EXPECT_ERROR(wk_full(300, 2, wk_uint8), WK_ERROR_OVERFLOW, byte);
    EXPECT_ERROR(wk_full_like(u, 300), WK_ERROR_OVERFLOW, byte);
    EXPECT_ERROR(wk_scalar_dtype(300, wk_uint8), WK_ERROR_OVERFLOW, byte);
    EXPECT_ERROR(wk_masked_fill(u, m, 300), WK_ERROR_OVERFLOW, byte);
    EXPECT_ERROR(wk_add_alpha(u, u, 300), WK_ERROR_OVERFLOW, byte);
    EXPECT_ERROR(wk_sub_alpha_(u, u, 256), WK_ERROR_OVERFLOW, byte);
    EXPECT_ERROR(wk_scalar(1e300), WK_ERROR_OVERFLOW, "converted to type float without overflow");
    EXPECT_ERROR(wk_masked_fill(f, m, 1e300), WK_ERROR_OVERFLOW, "converted to type float without overflow");
    EXPECT_ERROR(wk_add_alpha(f, f, 1e39), WK_ERROR_OVERFLOW, "converted to type float without overflow");
    EXPECT_VALUES(u, 1, 2);
    /* the number of an operation wraps, as PyTorch's does */
    EXPECT_TYPED(wk_add(u, 300), wk_uint8, 45, 46);
    EXPECT_TYPED(wk_eq(u8(44, 1), 300), wk_bool, 1, 0);
    EXPECT_TYPED(wk_add(f, 1e300), wk_float32, INFINITY, INFINITY);
    EXPECT_ERROR(wk_floor_divide(u, 256), WK_ERROR_DOMAIN, "ZeroDivisionError");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_whole_numbers_are_exact),
        TENSOR_TEST(test_whole_numbers_in_floats),
        TENSOR_TEST(test_alpha),
        TENSOR_TEST(test_alpha_refused),
        TENSOR_TEST(test_powers),
        TENSOR_TEST(test_clamp),
        TENSOR_TEST(test_ranges),
        TENSOR_TEST(test_limits_of_dtypes),
        TENSOR_TEST(test_numbers_beyond_a_dtype),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
