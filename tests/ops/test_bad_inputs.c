/* What operations refuse: each with a message in PyTorch's words that tells the operation, the shapes and the place; nothing is
 * written before. */
#include "support/check.h"

static wk_Tensor *floats(int count)
{
    return wk_zeros(count);
}

/* Every function and argument: tests/api */
static void test_null_is_passed_on(void **state)
{
    (void)state;
    ROW("A1");
    wk_Tensor *x = f32(1, 2), *none = NULL;
    EXPECT_ERROR(wk_matmul(none, x), WK_ERROR_ARGUMENT, "matmul: argument a is NULL");
    EXPECT_ERROR(wk_relu(wk_add(wk_view(x, 3), 1)),
                 WK_ERROR_SHAPE, /* the first message is the one that stays */
                 "view: shape '[3]' is invalid for input of size 2");
    EXPECT_ERROR(wk_sum_with((wk_reduce_options){.input = x, .dims = {-1, NULL}}), WK_ERROR_ARGUMENT,
                 "sum: argument dims has -1 items");
    EXPECT_ERROR(wk_cat(((wk_List){-1, NULL}), 0), WK_ERROR_ARGUMENT, "cat: argument tensors has -1 items");
}

static void test_creation(void **state)
{
    (void)state;
    ROW("A3");
    const int64_t huge = (int64_t)1 << 40, nine[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    EXPECT_ERROR(wk_zeros(-1), WK_ERROR_SHAPE,
                 "zeros: dim 0 is -1: trying to create tensor with negative dimension -1: [-1]");
    EXPECT_ERROR(wk_zeros(2, -1), WK_ERROR_SHAPE, "zeros: dim 1 is -1");
    ROW("A4");
    EXPECT_ERROR(wk_zeros(huge, huge), WK_ERROR_OVERFLOW, "Storage size calculation overflowed");
    ROW("A5");
    EXPECT_ERROR(wk_empty((int64_t)1 << 50), WK_ERROR_MEMORY,
                 "can't allocate memory: you tried to allocate 4503599627370496 bytes");
    EXPECT_ERROR(wk_empty((int64_t)1 << 61), WK_ERROR_OVERFLOW, "Storage size calculation overflowed");
    ROW("A6");
    EXPECT_ERROR(wk_zeros_shape(9, nine, wk_float32), WK_ERROR_SHAPE, "zeros: rank 9, max 8");
    EXPECT_ERROR(wk_zeros_shape(-1, nine, wk_float32), WK_ERROR_SHAPE, "zeros: rank -1, max 8");
    EXPECT_ERROR(wk_zeros_shape(1, nine, (wk_dtype)42), WK_ERROR_DTYPE, "zeros: there is no dtype 42");
    EXPECT_ERROR(wk_to_dtype(f32(1), (wk_dtype)42), WK_ERROR_DTYPE, "to: there is no dtype 42");
    EXPECT_ERROR(wk_arange(0, 1, 0), WK_ERROR_ARGUMENT, "step must be nonzero");
    EXPECT_ERROR(wk_arange(1, 0, 1), WK_ERROR_ARGUMENT,
                 "upper bound and lower bound inconsistent with step sign");
    EXPECT_ERROR(wk_arange(0, INFINITY, 1), WK_ERROR_ARGUMENT, "unsupported range: 0 -> inf");
    EXPECT_ERROR(wk_arange(0, 1e300, 1e-10), WK_ERROR_OVERFLOW, "arange: invalid size");
    EXPECT_ERROR(wk_linspace(0, 1, -1), WK_ERROR_ARGUMENT, "number of steps must be non-negative");
    EXPECT_ERROR(wk_eye(-1), WK_ERROR_ARGUMENT, "n must be greater or equal to 0");
    EXPECT_ERROR(wk_randperm(-1), WK_ERROR_ARGUMENT, "randperm: n must be non-negative, got -1");
    EXPECT_SHAPE(wk_zeros(0, huge, huge), 0, huge, huge); /* nothing is nothing, however wide */
    EXPECT_SHAPE(wk_relu(wk_zeros(huge, huge, 0)), huge, huge, 0);
    EXPECT_ERROR(wk_expand(wk_scalar(1), huge, huge), WK_ERROR_OVERFLOW, "the number of elements overflows");
    EXPECT_ERROR(wk_as_strided(wk_scalar(1), 2, (int64_t[]){huge, huge}, (int64_t[]){0, 0}, 0),
                 WK_ERROR_OVERFLOW, "the number of elements overflows");
}

static void test_shapes(void **state)
{
    (void)state;
    ROW("A7");
    wk_Tensor *x = wk_arange(0, 6, 1), *m = wk_zeros(2, 3);
    EXPECT_ERROR(wk_add(m, floats(2)), WK_ERROR_SHAPE,
                 "add: The size of tensor a (3) must match the size of tensor b (2) at non-singleton "
                 "dimension 1: [2, 3] and [2]");
    ROW("A8");
    EXPECT_ERROR(wk_matmul(m, wk_zeros(2, 3)), WK_ERROR_SHAPE,
                 "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)");
    EXPECT_ERROR(wk_matmul(wk_scalar(1), m), WK_ERROR_SHAPE,
                 "need to be at least 1D, but they are 0D and 2D");
    EXPECT_ERROR(wk_matmul(m, floats(2)), WK_ERROR_SHAPE, "size mismatch, got input (2), mat (2x3), vec (2)");
    EXPECT_ERROR(wk_matmul(m, wk_zeros_shape(2, (int64_t[]){3, 2}, wk_float64)), WK_ERROR_DTYPE,
                 "expected m1 and m2 to have the same dtype, but got: float != double");
    EXPECT_ERROR(wk_matmul(truth(1), truth(1)), WK_ERROR_DTYPE, "not implemented for 'Bool'");
    EXPECT_ERROR(wk_bmm(wk_zeros(2, 2, 3), wk_zeros(2, 2, 3)), WK_ERROR_SHAPE,
                 "Expected size for first two dimensions of batch2 tensor to be: [2, 3] but got: [2, 2].");
    EXPECT_ERROR(wk_linear(m, wk_zeros(4, 2), NULL), WK_ERROR_SHAPE,
                 "linear: mat1 and mat2 shapes cannot be multiplied (2x3 and 2x4)");
    EXPECT_ERROR(wk_addmm(floats(3), m, wk_zeros(3, 4)), WK_ERROR_SHAPE,
                 "Target sizes: [2, 4].  Tensor sizes: [3]");
    ROW("A9");
    EXPECT_ERROR(wk_view(x, 4, 2), WK_ERROR_SHAPE, "view: shape '[4, 2]' is invalid for input of size 6");
    EXPECT_ERROR(wk_reshape(x, 4, 2), WK_ERROR_SHAPE,
                 "reshape: shape '[4, 2]' is invalid for input of size 6");
    EXPECT_ERROR(wk_reshape(x, -1, -1), WK_ERROR_SHAPE,
                 "reshape: only one dimension can be inferred, got shape '[-1, -1]'");
    EXPECT_ERROR(wk_reshape(floats(0), 0, -1), WK_ERROR_SHAPE,
                 "reshape: cannot reshape tensor of 0 elements into shape [0, -1] because the unspecified "
                 "dimension size -1 can be any value and is ambiguous");
    EXPECT_ERROR(wk_view(wk_zeros(0, 3), 0, -1), WK_ERROR_SHAPE,
                 "cannot reshape tensor of 0 elements into shape [0, -1] because the unspecified dimension "
                 "size -1 can be any "
                 "value and is ambiguous");
    EXPECT_ERROR(wk_unsqueeze(wk_zeros(1, 1, 1, 1, 1, 1, 1, 1), 0), WK_ERROR_SHAPE,
                 "unsqueeze: rank 9, max 8");
    EXPECT_ERROR(wk_stack(wk_list(wk_zeros(1, 1, 1, 1, 1, 1, 1, 1)), 0), WK_ERROR_SHAPE,
                 "stack: rank 9, max 8");
    EXPECT_ERROR(wk_copy_(floats(2), floats(3)), WK_ERROR_SHAPE, "must match");
    EXPECT_ERROR(wk_copy_(floats(1), floats(3)), WK_ERROR_SHAPE,
                 "output with shape [1] doesn't match the broadcast shape [3]");
    EXPECT_ERROR(wk_add_(floats(3), wk_zeros(2, 3)), WK_ERROR_SHAPE,
                 "add_: output with shape [3] doesn't match the broadcast shape [2, 3]");
}

static void test_indices_and_dimensions(void **state)
{
    (void)state;
    ROW("A10");
    wk_Tensor *m = wk_zeros(2, 3);
    EXPECT_ERROR(isnan(wk_item(f32(1, 2))) ? 0 : 1, WK_ERROR_SHAPE,
                 "item: a Tensor with 2 elements cannot be converted to Scalar");
    EXPECT_ERROR(isnan(wk_item(floats(0))) ? 0 : 1, WK_ERROR_SHAPE,
                 "item: a Tensor with 0 elements cannot be converted to Scalar");
    EXPECT_ERROR(wk_item_int64(i64(1, 2)), WK_ERROR_SHAPE,
                 "item: a Tensor with 2 elements cannot be converted to Scalar");
    EXPECT_ERROR(isnan(wk_at(m, 2, 0)) ? 0 : 1, WK_ERROR_INDEX,
                 "index 2 is out of bounds for dimension 0 with size 2");
    EXPECT_ERROR(isnan(wk_at(m, 0)) ? 0 : 1, WK_ERROR_INDEX, "1 indices for tensor of dimension 2");
    ROW("A11");
    EXPECT_ERROR(wk_size(m, 2) == -1 ? 0 : 1, WK_ERROR_INDEX,
                 "expected to be in range of [-2, 1], but got 2");
    EXPECT_ERROR(wk_sum(m, wk_dims(2)), WK_ERROR_INDEX,
                 "Dimension out of range (expected to be in range of [-2, 1], but got 2)");
    EXPECT_ERROR(wk_sum(m, wk_dims(-3)), WK_ERROR_INDEX, "expected to be in range of [-2, 1], but got -3");
    EXPECT_ERROR(wk_sum(m, wk_dims(0, -2)), WK_ERROR_INDEX,
                 "dim 0 appears multiple times in the list of dims");
    EXPECT_ERROR(wk_amax(m, wk_dims(1, 1)), WK_ERROR_INDEX,
                 "amax: dim 1 appears multiple times in the list of dims");
    EXPECT_ERROR(wk_squeeze_dims(m, 1, (int64_t[]){2}), WK_ERROR_INDEX, "range of [-2, 1], but got 2");
    EXPECT_ERROR(wk_unsqueeze(m, 3), WK_ERROR_INDEX, "range of [-3, 2], but got 3"); /* one more place */
    EXPECT_ERROR(wk_unsqueeze(m, -4), WK_ERROR_INDEX, "range of [-3, 2], but got -4");
    EXPECT_ERROR(wk_stack(wk_list(m, m), 3), WK_ERROR_INDEX, "range of [-3, 2], but got 3");
    EXPECT_ERROR(wk_flatten(m, 0, 2), WK_ERROR_INDEX, "range of [-2, 1], but got 2");
    EXPECT_ERROR(wk_gather(m, 2, i64(0)), WK_ERROR_INDEX, "range of [-2, 1], but got 2");
    EXPECT_ERROR(wk_index_select(m, -3, i64(0)), WK_ERROR_INDEX, "range of [-2, 1], but got -3");
    EXPECT_ERROR(wk_argmax(m, wk_dims(2)), WK_ERROR_INDEX, "range of [-2, 1], but got 2");
    EXPECT_ERROR(wk_all(m, wk_dims(-3)), WK_ERROR_INDEX, "range of [-2, 1], but got -3");
    EXPECT_ERROR(wk_log_softmax(m, 2), WK_ERROR_INDEX, "range of [-2, 1], but got 2");
    EXPECT_ERROR(wk_softmax(wk_scalar(1), 1), WK_ERROR_INDEX, "range of [-1, 0], but got 1");
    EXPECT_ERROR(wk_transpose(m, 0, 2), WK_ERROR_INDEX, "expected to be in range of [-2, 1], but got 2");
    EXPECT_ERROR(wk_softmax(m, -3), WK_ERROR_INDEX, "expected to be in range of [-2, 1], but got -3");
    EXPECT_ERROR(wk_cat(wk_list(m, m), 2), WK_ERROR_INDEX, "expected to be in range of [-2, 1], but got 2");
    EXPECT_ERROR(wk_max_dim(m, 2, false).values, WK_ERROR_INDEX,
                 "expected to be in range of [-2, 1], but got 2");
    ROW("A12");
    EXPECT_ERROR(wk_gather(m, 0, wk_view(i64(0, 2), 1, 2)), WK_ERROR_INDEX,
                 "index 2 is out of bounds for dimension 0 with size 2");
    EXPECT_ERROR(wk_gather(m, 0, wk_view(i64(0, -1), 1, 2)), WK_ERROR_INDEX, "index -1 is out of bounds");
    EXPECT_ERROR(wk_index_select(m, 0, i64(0, -1)), WK_ERROR_INDEX,
                 "index -1 is out of bounds for dimension 0 with size 2 (at element 1 of index)");
    EXPECT_ERROR(wk_index_select(m, 0, i64(0, 2)), WK_ERROR_INDEX,
                 "index 2 is out of bounds for dimension 0 with size 2");
    EXPECT_ERROR(wk_index_select(m, 0, wk_view(i64(0, 1), 1, 2)), WK_ERROR_SHAPE,
                 "Index is supposed to be a vector");
    EXPECT_ERROR(wk_scatter_add(m, 1, wk_view(i64(0, 3), 1, 2), wk_ones(1, 2)), WK_ERROR_INDEX,
                 "index 3 is out of bounds");
    EXPECT_VALUES(m, 0, 0, 0, 0, 0, 0);
    EXPECT_ERROR(wk_argmax(floats(0)), WK_ERROR_SHAPE,
                 "Expected reduction dim to be specified for input.numel() == 0.");
    EXPECT_ERROR(wk_max(floats(0)), WK_ERROR_SHAPE,
                 "max: Expected reduction dim to be specified for input.numel() == 0.");
    EXPECT_ERROR(wk_max_dim(wk_zeros(0, 3), 0, false).values, WK_ERROR_SHAPE,
                 "Expected reduction dim 0 to have non-zero size.");
    EXPECT_ERROR(wk_argmax(m, wk_dims(0, 1)), WK_ERROR_ARGUMENT, "one dim at most");
}

static void test_dtypes(void **state)
{
    (void)state;
    ROW("A23");
    wk_Tensor *b = truth(1, 0);
    EXPECT_ERROR(wk_mean(i64(1, 2)), WK_ERROR_DTYPE,
                 "could not infer output dtype. Input dtype must be either a floating point or complex "
                 "dtype. Got: Long");
    EXPECT_ERROR(wk_softmax(i64(1, 2), 0), WK_ERROR_DTYPE, "not implemented for 'Long'");
    EXPECT_ERROR(wk_abs(b), WK_ERROR_DTYPE, "abs: \"abs_cpu\" not implemented for 'Bool'");
    EXPECT_ERROR(wk_neg(b), WK_ERROR_DTYPE, "Negation, the `-` operator, on a bool tensor is not supported.");
    EXPECT_ERROR(wk_sub(b, b), WK_ERROR_DTYPE,
                 "Subtraction, the `-` operator, with two bool tensors is not supported.");
    EXPECT_ERROR(wk_sub(f32(1), b), WK_ERROR_DTYPE,
                 "Subtraction, the `-` operator, with a bool tensor is not supported.");
    EXPECT_ERROR(wk_relu(b), WK_ERROR_DTYPE, "relu: Boolean inputs not supported for relu");
    EXPECT_ERROR(wk_where(f32(1), f32(1), f32(2)), WK_ERROR_DTYPE,
                 "expected condition to be a boolean tensor, but got a tensor with dtype Float");
    EXPECT_ERROR(wk_masked_fill(f32(1), i64(1), 0), WK_ERROR_DTYPE, "only supports boolean masks");
    EXPECT_ERROR(wk_uniform_(i64(1), 0, 1, NULL), WK_ERROR_DTYPE,
                 "\"check_uniform_bounds\" not implemented for 'Long'");
    wk_Tensor *m = wk_zeros(2, 2), *wide = wk_to_dtype(m, wk_float64);
    EXPECT_ERROR(wk_matmul(m, wide), WK_ERROR_DTYPE,
                 "matmul: expected m1 and m2 to have the same dtype, but got: float != double");
    EXPECT_ERROR(wk_linear(m, wide, NULL), WK_ERROR_DTYPE,
                 "to have the same dtype, but got: float != double");
    EXPECT_ERROR(wk_linear(m, m, f64(1, 2)), WK_ERROR_DTYPE,
                 "self and mat2 must have the same dtype, but got Double and Float");
    EXPECT_ERROR(wk_bmm(wk_unsqueeze(m, 0), wk_unsqueeze(wide, 0)), WK_ERROR_DTYPE,
                 "bmm: expected scalar type Float but found Double");
    EXPECT_ERROR(wk_add_(i64(1), 0.5), WK_ERROR_DTYPE,
                 "add_: result type Float can't be cast to the desired output type Long");
    EXPECT_ERROR(wk_sqrt_(i64(4)), WK_ERROR_DTYPE,
                 "sqrt_: result type Float can't be cast to the desired output type Long");
    EXPECT_ERROR(wk_scatter_add(floats(2), 0, i64(0), f64(1)), WK_ERROR_DTYPE,
                 "Expected self.dtype to be equal to src.dtype");
    EXPECT_ERROR(wk_pow(i64(1, 2), -1), WK_ERROR_DOMAIN,
                 "Integers to negative integer powers are not allowed.");
}

static void test_division_by_zero(void **state)
{
    (void)state;
    ROW("A15");
    EXPECT_ERROR(wk_floor_divide(i64(1, 2), i64(1, 0)), WK_ERROR_DOMAIN, "ZeroDivisionError");
    EXPECT_ERROR(wk_remainder(i32(1), 0), WK_ERROR_DOMAIN, "ZeroDivisionError");
    EXPECT_ERROR(wk_floor_divide(u8(1), 0), WK_ERROR_DOMAIN, "ZeroDivisionError");
}

static void test_probabilities(void **state)
{
    (void)state;
    ROW("A21");
    wk_Tensor *x = f32(1, 2);
    EXPECT_ERROR(wk_dropout(x, 1.5, true), WK_ERROR_ARGUMENT,
                 "dropout probability has to be between 0 and 1, but got 1.5");
    EXPECT_ERROR(wk_dropout(x, NAN, true), WK_ERROR_ARGUMENT,
                 "dropout probability has to be between 0 and 1, but got nan");
    EXPECT_ERROR(wk_dropout(x, -0.1, false), WK_ERROR_ARGUMENT,
                 "dropout probability has to be between 0 and 1, but got -0.1");
    EXPECT_ERROR(wk_dropout_(x, 2, true), WK_ERROR_ARGUMENT, "but got 2");
    EXPECT_ERROR(wk_bernoulli_(x, 1.5, NULL), WK_ERROR_ARGUMENT,
                 "bernoulli_ expects p to be in [0, 1], but got p=1.5");
    EXPECT_ERROR(wk_uniform_(x, 2, 1, NULL), WK_ERROR_ARGUMENT,
                 "uniform_ expects to return a [from, to) range, but found from=2 > to=1");
    EXPECT_ERROR(wk_normal_(x, 0, -1, NULL), WK_ERROR_ARGUMENT,
                 "normal expects std >= 0.0, but found std -1");
    EXPECT_VALUES(x, 1, 2);
}

static void test_overlapping_memory(void **state)
{
    (void)state;
    ROW("A24");
    wk_Tensor *x = wk_zeros(2, 1), *wide = wk_expand(x, 2, 3);
    static const char text[] =
        "more than one element of the written-to tensor refers to a single memory location. Please clone() "
        "the tensor before performing the operation.";
    EXPECT_ERROR(wk_add_(wide, 1), WK_ERROR_ARGUMENT, text);
    EXPECT_ERROR(wk_copy_(wide, wk_zeros(2, 3)), WK_ERROR_ARGUMENT, text);
    EXPECT_ERROR(wk_uniform_(wide, 0, 1, NULL), WK_ERROR_ARGUMENT, text);
    EXPECT_ERROR(wk_relu_(wide), WK_ERROR_ARGUMENT, text);
    EXPECT_VALUES(x, 0, 0);
    /* a source that overlaps what is written is read first */
    wk_Tensor *y = f32(1, 2, 3, 4);
    EXPECT_VALUES(wk_add_(wk_slice(y, 0, 1, 4, 1), wk_slice(y, 0, 0, 3, 1)), 3, 5, 7);
    /* memory with gaps is written to in its places, and nowhere else */
    y = wk_zeros(2, 2);
    EXPECT_TRUE(wk_add_(wk_select(y, 1, 0), 1) && wk_mul_(wk_t(y), 2));
    EXPECT_VALUES(y, 2, 0, 2, 0);
    y = f32(1, 2, 3, 4);
    EXPECT_VALUES(wk_copy_(wk_slice(y, 0, 1, 4, 1), wk_slice(y, 0, 0, 3, 1)), 1, 2, 3);
    y = wk_view(f32(1, 2, 3, 4), 2, 2);
    EXPECT_VALUES(wk_add_(y, wk_t(y)), 2, 5, 5, 8);
}

/* A program's policy hears of every failure; the message stays the first. */
static int heard;

static void hear(wk_ErrorKind kind, const char *message)
{
    assert_int_equal(kind, WK_ERROR_SHAPE);
    assert_non_null(strstr(message, "view: shape"));
    heard++;
}

static void test_handler(void **state)
{
    (void)state;
    heard = 0;
    wk_clear_error();
    wk_on_error(hear);
    assert_null(wk_relu(wk_view(f32(1, 2), 3)));
    wk_on_error(NULL);
    assert_int_equal(heard, 1);
    wk_clear_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_null_is_passed_on),
        TENSOR_TEST(test_creation),
        TENSOR_TEST(test_shapes),
        TENSOR_TEST(test_indices_and_dimensions),
        TENSOR_TEST(test_dtypes),
        TENSOR_TEST(test_division_by_zero),
        TENSOR_TEST(test_probabilities),
        TENSOR_TEST(test_overlapping_memory),
        TENSOR_TEST(test_handler),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
