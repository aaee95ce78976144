/* What operations do with integers, bools and masks: dtypes, values and refusals are PyTorch 2.15's. */
#include "support/check.h"

/* ---- reductions ------------------------------------------------------------------------------------- */

static void test_sums(void **state)
{
    (void)state;
    wk_Tensor *i = i64(1, 20), *wide = i64(300, 2);
    EXPECT_TYPED(wk_sum(i), wk_int64, 21);
    EXPECT_TYPED(wk_sum(i, WK_ALL, .dtype = wk_int32), wk_int32, 21);
    EXPECT_TYPED(wk_sum(i, WK_ALL, .dtype = wk_uint8), wk_uint8, 21);
    EXPECT_TYPED(wk_sum(wide, WK_ALL, .dtype = wk_uint8), wk_uint8,
                 46); /* of elements that are bytes already */
    EXPECT_TYPED(wk_sum(u8(200, 100)), wk_int64, 300);
    EXPECT_TYPED(wk_sum(u8(200, 100), WK_ALL, .dtype = wk_uint8), wk_uint8, 44);
    EXPECT_TYPED(wk_sum(i32(2147483647, 5), WK_ALL, .dtype = wk_int32), wk_int32, -2147483644);
    EXPECT_TYPED(wk_sum(i64(1, -1), WK_ALL, .dtype = wk_bool), wk_bool, 1);
    EXPECT_TYPED(wk_sum(i64(0, 0), WK_ALL, .dtype = wk_bool), wk_bool, 0);
    EXPECT_TYPED(wk_sum(f32(0.6, 0.6), WK_ALL, .dtype = wk_int64), wk_int64, 0);
    EXPECT_TYPED(wk_sum(f32(0.6, 0.6), WK_ALL, .dtype = wk_bool), wk_bool, 1);
    EXPECT_TYPED(wk_sum(truth(1, 1), WK_ALL, .dtype = wk_uint8), wk_uint8, 2);
    EXPECT_TYPED(wk_sum(i, 0, .keepdim = true, .dtype = wk_int32), wk_int32, 21);
    EXPECT_TYPED(wk_sum(i, WK_ALL, .dtype = wk_float32), wk_float32, 21);
    EXPECT_TYPED(wk_mean(i, WK_ALL, .dtype = wk_float64), wk_float64, 10.5);
}

static void test_truths(void **state)
{
    (void)state;
    EXPECT_TYPED(wk_any(u8(0, 3)), wk_uint8, 1);
    EXPECT_TYPED(wk_all(u8(0, 3)), wk_uint8, 0);
    EXPECT_TYPED(wk_all(u8(2, 3), 0, true), wk_uint8, 1);
    EXPECT_TYPED(wk_any(wk_zeros(0, wk_uint8)), wk_uint8, 0);
    EXPECT_TYPED(wk_any(i64(0, 3)), wk_bool, 1);
    EXPECT_TYPED(wk_all(f32(0, 3)), wk_bool, 0);
}

/* ---- masks ------------------------------------------------------------------------------------------ */

static void test_masks(void **state)
{
    (void)state;
    EXPECT_TYPED(wk_where(u8(1, 0, 200), f32(1, 2, 3), f32(4, 5, 6)), wk_float32, 1, 5, 3);
    EXPECT_TYPED(wk_where(u8(1, 0), u8(1, 2), wk_scalar_dtype(300, wk_int64)), wk_uint8, 1, 44);
    EXPECT_TYPED(wk_where(truth(1, 0), wk_scalar(1.5), i64(1, 20)), wk_float32, 1.5, 20);
    EXPECT_TYPED(wk_masked_fill(i64(1, 20), truth(1, 0), 1.5), wk_int64, 1, 20);
    EXPECT_TYPED(wk_masked_fill(truth(0, 0), truth(1, 0), 2), wk_bool, 1, 0);
    wk_Tensor *x = wk_requires_grad_(f32(1, 2)), *y = wk_where(u8(0, 7), x, f32(3, 3));
    EXPECT_TRUE(wk_backward(wk_sum(y)));
    EXPECT_VALUES(wk_grad_of(x), 0, 1);
}

static void test_masks_refused(void **state)
{
    (void)state;
    ROW("A23");
    static const struct {
        wk_dtype dtype;
        const char *where, *masked_fill; /* the names that the two give a dtype; NULL: it is taken */
    } masks[] = {{wk_uint8, NULL, "unsigned char"},
                 {wk_int32, "Int", "int"},
                 {wk_int64, "Long", "long int"},
                 {wk_float32, "Float", "float"},
                 {wk_float64, "Double", "double"}};
    for (size_t i = 0; i < LENGTH(masks); i++) {
        wk_Tensor *mask = wk_ones(2, masks[i].dtype);
        char text[120];
        snprintf(text, sizeof text, "masked_fill_ only supports boolean masks, but got mask with dtype %s",
                 masks[i].masked_fill);
        EXPECT_ERROR(wk_masked_fill(f32(1, 2), mask, 1), WK_ERROR_DTYPE, text);
        snprintf(text, sizeof text,
                 "expected condition to be a boolean tensor, but got a tensor with dtype %s",
                 masks[i].where ? masks[i].where : "");
        if (masks[i].where)
            EXPECT_ERROR(wk_where(mask, f32(1, 2), f32(3, 4)), WK_ERROR_DTYPE, text);
    }
}

/* ---- one value for many elements -------------------------------------------------------------------- */

static void test_fill_of_expanded(void **state)
{
    (void)state;
    wk_Tensor *x = wk_zeros(2, 1), *row = wk_zeros(3);
    EXPECT_VALUES(wk_fill_(wk_expand(x, 2, 3), 1), 1, 1, 1, 1, 1, 1);
    EXPECT_VALUES(x, 1, 1);
    EXPECT_VALUES(wk_fill_(wk_slice(wk_expand(row, 2, 3), 1, 0, 2, 1), 4), 4, 4, 4, 4);
    EXPECT_VALUES(row, 4, 4, 0);
    EXPECT_VALUES(wk_zero_(wk_expand(x, 2, 3)), 0, 0, 0, 0, 0, 0);
    EXPECT_VALUES(wk_index(wk_fill_(wk_expand(wk_zeros(1), 300000), 2), -1), 2);
}

/* ---- matrix products -------------------------------------------------------------------------------- */

static wk_Tensor *scaled_product(wk_dtype dtype, wk_Tensor *input, double beta, double alpha)
{
    wk_Tensor *a = wk_view(wk_to_dtype(i64(1, 200), dtype), 2, 1);
    return wk_addmm(wk_to_dtype(input, dtype), a, wk_view(a, 1, 2), .beta = beta, .alpha = alpha);
}

static void test_integer_addmm(void **state)
{
    (void)state;
    wk_Tensor *row = i64(1, 20), *column = wk_view(i64(1, 20), 2, 1);
    EXPECT_TYPED(scaled_product(wk_int64, row, 1, 1), wk_int64, 2, 220, 201, 40020);
    EXPECT_TYPED(scaled_product(wk_int64, row, 3, 2), wk_int64, 5, 460, 403, 80060);
    EXPECT_TYPED(scaled_product(wk_int64, column, -3, 2), wk_int64, -1, 397, 340, 79940);
    EXPECT_TYPED(scaled_product(wk_int64, row, WK_ZERO, 2), wk_int64, 2, 400, 400, 80000);
    EXPECT_TYPED(scaled_product(wk_int64, row, 2, WK_ZERO), wk_int64, 2, 40, 2, 40);
    EXPECT_TYPED(scaled_product(wk_int64, row, -1.5, -2.7), wk_int64, -3, -420, -401, -80020); /* -1, -2 */
    EXPECT_TYPED(scaled_product(wk_int32, row, 3, 2), wk_int32, 5, 460, 403, 80060);
    EXPECT_TYPED(scaled_product(wk_uint8, row, 3, 2), wk_uint8, 5, 204, 147, 188);
    EXPECT_TYPED(scaled_product(wk_uint8, row, -1, 2), wk_uint8, 1, 124, 143, 108);
    EXPECT_ERROR(scaled_product(wk_uint8, row, 300, 1), WK_ERROR_OVERFLOW,
                 "addmm: value cannot be converted to type uint8_t without overflow");
    EXPECT_ERROR(scaled_product(wk_int32, row, 1, 1e30), WK_ERROR_OVERFLOW,
                 "addmm: value cannot be converted to type int without overflow");
    EXPECT_ERROR(scaled_product(wk_float32, row, 1e300, 1), WK_ERROR_OVERFLOW,
                 "addmm: value cannot be converted to type float without overflow");
    EXPECT_ERROR(scaled_product(wk_bool, row, 1, 1), WK_ERROR_DTYPE,
                 "addmm: \"addmm_impl_cpu_\" not implemented for 'Bool'");
}

/* Each product names the dtypes in its own way. */
static void test_products_of_mixed_dtypes(void **state)
{
    (void)state;
    ROW("A23");
    wk_Tensor *f = wk_zeros(2, 2), *d = wk_zeros(2, 2, wk_float64), *i = wk_zeros(2, 2, wk_int64);
    wk_Tensor *b = wk_zeros(2, 2, wk_bool), *v = wk_zeros(2), *w = wk_zeros(2, wk_float64);
    EXPECT_ERROR(wk_matmul(f, d), WK_ERROR_DTYPE,
                 "expected m1 and m2 to have the same dtype, but got: float != double");
    EXPECT_ERROR(wk_mm(b, i), WK_ERROR_DTYPE,
                 "expected m1 and m2 to have the same dtype, but got: bool != long int");
    EXPECT_ERROR(wk_matmul(v, w), WK_ERROR_DTYPE,
                 "dot : expected both vectors to have same dtype, but found Float and Double");
    EXPECT_ERROR(wk_matmul(f, w), WK_ERROR_DTYPE,
                 "addmv input tensors must have the same dtype, but got Double, Float, and Double");
    EXPECT_ERROR(wk_bmm(wk_unsqueeze(f, 0), wk_unsqueeze(d, 0)), WK_ERROR_DTYPE,
                 "bmm: expected scalar type Float but found Double");
    EXPECT_ERROR(wk_addmm(i, f, f), WK_ERROR_DTYPE,
                 "addmm: self and mat2 must have the same dtype, but got Long and Float");
    EXPECT_ERROR(wk_addmm(f, d, f), WK_ERROR_DTYPE,
                 "addmm: mat1 and mat2 must have the same dtype, but got Double and Float");
    EXPECT_ERROR(wk_linear(f, f, w), WK_ERROR_DTYPE,
                 "self and mat2 must have the same dtype, but got Double and Float");
    EXPECT_ERROR(wk_mm(b, b), WK_ERROR_DTYPE, "\"addmm_impl_cpu_\" not implemented for 'Bool'");
    EXPECT_ERROR(wk_matmul(b, truth(1, 0)), WK_ERROR_DTYPE, "\"addmv_impl_cpu\" not implemented for 'Bool'");
    EXPECT_ERROR(wk_matmul(truth(1, 0), truth(1, 0)), WK_ERROR_DTYPE, "\"dot\" not implemented for 'Bool'");
    EXPECT_ERROR(wk_bmm(wk_unsqueeze(b, 0), wk_unsqueeze(i, 0)), WK_ERROR_DTYPE,
                 "\"bmm\" not implemented for 'Bool'");
}

static void test_products_of_wrong_sizes(void **state)
{
    (void)state;
    ROW("A8");
    wk_Tensor *m = wk_zeros(2, 3), *v = wk_zeros(2);
    EXPECT_ERROR(wk_mm(v, m), WK_ERROR_SHAPE, "mm: self must be a matrix, got 1-D tensor");
    EXPECT_ERROR(wk_mm(m, v), WK_ERROR_SHAPE, "mm: mat2 must be a matrix, got 1-D tensor");
    EXPECT_ERROR(wk_addmm(v, v, m), WK_ERROR_SHAPE, "addmm: self must be a matrix, got 1-D tensor");
    EXPECT_ERROR(wk_bmm(m, m), WK_ERROR_SHAPE, "bmm: batch1 must be a 3D tensor");
    EXPECT_ERROR(wk_bmm(wk_zeros(1, 2, 3), m), WK_ERROR_SHAPE, "bmm: batch2 must be a 3D tensor");
    EXPECT_ERROR(wk_matmul(wk_zeros(3), v), WK_ERROR_SHAPE,
                 "inconsistent tensor size, expected tensor [3] and src [2] to have the same number of "
                 "elements, but got 3 and 2 elements respectively");
    EXPECT_ERROR(wk_matmul(m, v), WK_ERROR_SHAPE, "size mismatch, got input (2), mat (2x3), vec (2)");
    EXPECT_ERROR(wk_matmul(wk_zeros(2, 2, 3), v), WK_ERROR_SHAPE,
                 "size mismatch, got input (4), mat (4x3), vec (2)");
    EXPECT_ERROR(wk_matmul(wk_zeros(2, 2, 3), m), WK_ERROR_SHAPE,
                 "mat1 and mat2 shapes cannot be multiplied (4x3 and 2x3)");
    EXPECT_ERROR(wk_matmul(wk_zeros(2, 2, 3), wk_zeros(2, 2, 3)), WK_ERROR_SHAPE,
                 "Expected size for first two dimensions of batch2 tensor to be: [2, 3] but got: [2, 2].");
    EXPECT_ERROR(wk_matmul(wk_zeros(5, 2, 2, 3), wk_zeros(3, 3, 2)), WK_ERROR_SHAPE,
                 "The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 1");
    EXPECT_ERROR(wk_addmm(wk_zeros(3), wk_zeros(2, 1), wk_zeros(1, 2)), WK_ERROR_SHAPE,
                 "The expanded size of the tensor (2) must match the existing size (3) at non-singleton "
                 "dimension 1.  Target sizes: [2, 2].  Tensor sizes: [3]");
    EXPECT_ERROR(wk_linear(m, wk_zeros(4, 3), wk_zeros(5)), WK_ERROR_SHAPE,
                 "Target sizes: [2, 4].  Tensor sizes: [5]");
    EXPECT_ERROR(wk_linear(wk_scalar(1), m, NULL), WK_ERROR_SHAPE,
                 "both arguments to linear need to be at least 1D, but they are 0D and 2D");
    /* what PyTorch takes beside a weight [O, I] and a bias [O] */
    EXPECT_VALUES(wk_linear(wk_ones(2, 3), wk_ones(3), NULL), 3, 3);
    EXPECT_VALUES(wk_linear(wk_ones(3), wk_ones(3), wk_scalar(1)), 4);
    EXPECT_VALUES(wk_linear(wk_ones(1, 3), wk_ones(2, 3), wk_view(f32(1, 2), 1, 2)), 4, 5);
}

/* ---- refusals --------------------------------------------------------------------------------------- */

/* Functions of floats alone, and those that know no bool. */
static void test_dtypes_refused(void **state)
{
    (void)state;
    ROW("A23");
    wk_Tensor *i = i64(1, 2), *u = u8(1, 2), *b = truth(1, 0);
    EXPECT_ERROR(wk_silu(i), WK_ERROR_DTYPE, "\"silu_cpu\" not implemented for 'Long'");
    EXPECT_ERROR(wk_silu(b), WK_ERROR_DTYPE, "\"silu_cpu\" not implemented for 'Bool'");
    EXPECT_ERROR(wk_gelu(u), WK_ERROR_DTYPE, "\"GeluKernelImpl\" not implemented for 'Byte'");
    EXPECT_ERROR(wk_gelu_(i32(1)), WK_ERROR_DTYPE, "\"GeluKernelImpl\" not implemented for 'Int'");
    EXPECT_ERROR(wk_softmax(i, 0), WK_ERROR_DTYPE,
                 "\"softmax_lastdim_kernel_impl\" not implemented for 'Long'");
    EXPECT_ERROR(wk_softmax(wk_view(i, 2, 1), 0), WK_ERROR_DTYPE,
                 "\"softmax_kernel_impl\" not implemented for 'Long'");
    EXPECT_ERROR(wk_log_softmax(i, -1), WK_ERROR_DTYPE,
                 "\"log_softmax_lastdim_kernel_impl\" not implemented for 'Long'");
    EXPECT_ERROR(wk_abs(b), WK_ERROR_DTYPE, "\"abs_cpu\" not implemented for 'Bool'");
    EXPECT_ERROR(wk_floor(b), WK_ERROR_DTYPE, "\"floor_vml_cpu\" not implemented for 'Bool'");
    EXPECT_ERROR(wk_ceil(b), WK_ERROR_DTYPE, "\"ceil_vml_cpu\" not implemented for 'Bool'");
    EXPECT_ERROR(wk_round(b), WK_ERROR_DTYPE, "\"round_vml_cpu\" not implemented for 'Bool'");
    EXPECT_ERROR(wk_floor_divide(b, b), WK_ERROR_DTYPE, "\"div_floor_cpu\" not implemented for 'Bool'");
    EXPECT_ERROR(wk_remainder(b, b), WK_ERROR_DTYPE, "\"remainder_cpu\" not implemented for 'Bool'");
    EXPECT_ERROR(wk_relu(b), WK_ERROR_DTYPE, "Boolean inputs not supported for relu");
    EXPECT_ERROR(wk_argmax(b), WK_ERROR_DTYPE, "argmax: does not support bool input");
    EXPECT_ERROR(wk_argmin(b, 0), WK_ERROR_DTYPE, "argmin: does not support bool input");
    EXPECT_ERROR(wk_mean(i, WK_ALL, .dtype = wk_int32), WK_ERROR_DTYPE,
                 "could not infer output dtype. Optional dtype must be either a floating point or complex "
                 "dtype. Got: Int");
    EXPECT_ERROR(wk_var(i), WK_ERROR_DTYPE, "std and var only support floating point and complex dtypes");
    EXPECT_ERROR(wk_norm(i), WK_ERROR_DTYPE,
                 "linalg.vector_norm: Expected a floating point or complex tensor as input. Got Long");
    EXPECT_ERROR(wk_uniform_(i, 0, 1, NULL), WK_ERROR_DTYPE,
                 "\"check_uniform_bounds\" not implemented for 'Long'");
    EXPECT_ERROR(wk_normal_(i, 0, 1, NULL), WK_ERROR_DTYPE,
                 "\"normal_kernel_cpu\" not implemented for 'Long'");
    EXPECT_ERROR(wk_bernoulli(b, NULL), WK_ERROR_DTYPE,
                 "\"bernoulli_tensor_cpu_p_\" not implemented for 'Bool'");
    EXPECT_ERROR(wk_allclose(f32(1), f64(1), 0, 0, false), WK_ERROR_DTYPE, "Float did not match Double");
    EXPECT_ERROR(wk_exp_(u), WK_ERROR_DTYPE,
                 "exp_: result type Float can't be cast to the desired output type Byte");
    EXPECT_TYPED(wk_relu(i32(-5)), wk_int32, 0);
    EXPECT_TYPED(wk_tanh(b), wk_float32, 0.76159415595, 0);
}

/* The last dimension that does not fit is named, and where() compares the condition first. */
static void test_broadcasts_name_the_last_dimension(void **state)
{
    (void)state;
    ROW("A7");
    wk_Tensor *a = wk_zeros(5, 1, 4), *b = wk_zeros(4, 1, 5), *mask = wk_zeros(3, wk_bool);
    EXPECT_ERROR(wk_add(a, b), WK_ERROR_SHAPE,
                 "The size of tensor a (4) must match the size of tensor b (5) at non-singleton dimension 2");
    EXPECT_ERROR(wk_add_(wk_zeros(2, 3, 4), wk_zeros(2, 4)), WK_ERROR_SHAPE,
                 "The size of tensor a (3) must match the size of tensor b (2) at non-singleton dimension 1");
    EXPECT_ERROR(wk_where(truth(1, 0), a, b), WK_ERROR_SHAPE,
                 "The size of tensor a (2) must match the size of tensor b (4) at non-singleton dimension 2");
    EXPECT_ERROR(wk_where(truth(1), a, b), WK_ERROR_SHAPE,
                 "The size of tensor a (4) must match the size of tensor b (5) at non-singleton dimension 2");
    EXPECT_ERROR(wk_masked_fill(f32(1, 2), mask, 1), WK_ERROR_SHAPE,
                 "The size of tensor a (3) must match the size of tensor b (2) at non-singleton dimension 0");
    EXPECT_ERROR(wk_amax(wk_zeros(3, 0), -1), WK_ERROR_SHAPE,
                 "Expected reduction dim -1 to have non-zero size.");
    EXPECT_ERROR(wk_argmax(wk_zeros(3, 0), -1), WK_ERROR_SHAPE,
                 "Expected reduction dim 1 to have non-zero size.");
}

static void test_indices_name_their_dimension(void **state)
{
    (void)state;
    ROW("A12");
    wk_Tensor *x = wk_zeros(2, 3);
    EXPECT_ERROR(wk_index(x, 0, 7), WK_ERROR_INDEX, "index 7 is out of bounds for dimension 1 with size 3");
    EXPECT_ERROR(wk_index(x, 1, -4), WK_ERROR_INDEX, "index -4 is out of bounds for dimension 1 with size 3");
    EXPECT_ERROR(wk_index(x, 2, 7), WK_ERROR_INDEX, "index 2 is out of bounds for dimension 0 with size 2");
    EXPECT_SHAPE(wk_index(x, -2), 3);
}

/* ---- random integers -------------------------------------------------------------------------------- */

static void test_random_bounds(void **state)
{
    (void)state;
    ROW("A32");
    wk_Tensor *u = u8(7, 7), *i = i32(7, 7), *b = truth(1, 1);
    EXPECT_ERROR(wk_random_(u, 0, 257, NULL), WK_ERROR_ARGUMENT, "to - 1 is out of bounds for unsigned char");
    EXPECT_ERROR(wk_random_(u, -1, 3, NULL), WK_ERROR_ARGUMENT, "from is out of bounds for unsigned char");
    EXPECT_ERROR(wk_random_(i, 0, (INT64_C(1) << 31) + 1, NULL), WK_ERROR_ARGUMENT,
                 "to - 1 is out of bounds for int");
    EXPECT_ERROR(wk_random_(b, 0, 3, NULL), WK_ERROR_ARGUMENT, "to - 1 is out of bounds for bool");
    EXPECT_ERROR(wk_random_(b, 5, 3, NULL), WK_ERROR_ARGUMENT,
                 "random_ expects 'from' to be less than 'to', but got from=5 >= to=3");
    EXPECT_VALUES(u, 7, 7);
    EXPECT_TRUE(wk_random_(u, 0, 256, NULL) && wk_random_(b, 0, 2, NULL) &&
                wk_random_(i, INT32_MIN, INT64_C(1) << 31, NULL));
    /* beyond 2^24 a float rounds the bounds, and PyTorch takes the next numbers inside */
    wk_manual_seed(0);
    EXPECT_VALUES(wk_random_(wk_zeros(3), 0, INT64_C(1) << 31, NULL), 382722848, 1858664704, 710291712);
    wk_manual_seed(0);
    EXPECT_VALUES(wk_random_(wk_zeros(3), -33554433, 5, NULL), -25229048, -3889044, -15293358);
    wk_manual_seed(0);
    EXPECT_VALUES(wk_random_(wk_zeros(3, wk_float64), -(INT64_C(1) << 54) - 1, 7, NULL), -269738579814234,
                  -11638923954371200, -13876644806508622);
}

/* ---- comparisons of tensors ------------------------------------------------------------------------- */

static void test_equal_and_close(void **state)
{
    (void)state;
    const int64_t big = 9007199254740993;
    wk_Tensor *x = wk_full(big, 1, wk_int64), *y = wk_full(big - 1, 1, wk_int64);
    assert_true(wk_equal(f32(1, 2), f64(1, 2)));
    assert_true(wk_equal(truth(1, 0), i64(1, 0)));
    assert_false(wk_equal(i64(300), u8(44)));
    assert_false(wk_equal(x, y));
    assert_false(wk_allclose(x, y, 0, 0, false));
    assert_true(wk_allclose(x, y, 1e-5, 1e-8, false));
    assert_true(wk_allclose(u8(1), u8(2), 0, 1, false));
    EXPECT_ERROR(wk_allclose(x, x, -1, 0, false), WK_ERROR_ARGUMENT,
                 "rtol must be greater than or equal to zero, but got -1");
    EXPECT_ERROR(wk_allclose(x, x, 0, NAN, false), WK_ERROR_ARGUMENT,
                 "atol must be greater than or equal to zero, but got nan");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_sums),
        TENSOR_TEST(test_truths),
        TENSOR_TEST(test_masks),
        TENSOR_TEST(test_masks_refused),
        TENSOR_TEST(test_fill_of_expanded),
        TENSOR_TEST(test_integer_addmm),
        TENSOR_TEST(test_products_of_mixed_dtypes),
        TENSOR_TEST(test_products_of_wrong_sizes),
        TENSOR_TEST(test_dtypes_refused),
        TENSOR_TEST(test_broadcasts_name_the_last_dimension),
        TENSOR_TEST(test_indices_name_their_dimension),
        TENSOR_TEST(test_random_bounds),
        TENSOR_TEST(test_equal_and_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
