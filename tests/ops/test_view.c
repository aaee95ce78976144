/* Views, parts, joins: PyTorch's messages, which dimension they name, and sizes and indices at the ends of int64. Gradients:
 * tests/ops/gradients. */
#include "support/check.h"

static const int64_t huge = (int64_t)1 << 40;

static void test_sizes(void **state)
{
    (void)state;
    ROW("A9");
    wk_Tensor *m = wk_zeros(2, 3), *none = wk_zeros(0, 3);
    static const struct {
        int64_t sizes[3];
        const char *text;
    } wrong[] = {
        {{4, 2, 1}, "shape '[4, 2, 1]' is invalid for input of size 6"},
        {{-1, -1, 1}, "only one dimension can be inferred"},
        {{-2, 3, 1}, "invalid shape dimension -2 at index 0 of shape [-2, 3, 1]"},
        {{3, -5, 2}, "invalid shape dimension -5 at index 1 of shape [3, -5, 2]"},
        {{2, 3, INT64_MIN}, "invalid shape dimension -9223372036854775808 at index 2 of shape"},
        {{0, -1, 1}, "shape '[0, -1, 1]' is invalid for input of size 6"},
        {{-1, 4, 1}, "shape '[-1, 4, 1]' is invalid for input of size 6"},
        {{(int64_t)1 << 40, (int64_t)1 << 40, 1},
         "shape '[1099511627776, 1099511627776, 1]' is invalid for input of size 6"},
        {{(int64_t)1 << 40, (int64_t)1 << 40, -1}, "is invalid for input of size 6"},
        {{INT64_MAX, 2, 3}, "shape '[9223372036854775807, 2, 3]' is invalid for input of size 6"},
    };
    for (size_t i = 0; i < LENGTH(wrong); i++) {
        EXPECT_ERROR(wk_view_shape(m, 3, wrong[i].sizes), WK_ERROR_SHAPE, wrong[i].text);
        EXPECT_ERROR(wk_reshape_shape(wk_t(m), 3, wrong[i].sizes), WK_ERROR_SHAPE, wrong[i].text);
    }
    EXPECT_ERROR(wk_view(none, 0, -1), WK_ERROR_SHAPE,
                 "cannot reshape tensor of 0 elements into shape [0, -1] because the unspecified dimension "
                 "size -1 can be any value and is ambiguous");
    EXPECT_ERROR(wk_view(none, 2), WK_ERROR_SHAPE, "shape '[2]' is invalid for input of size 0");
    EXPECT_SHAPE(wk_view(none, -1), 0);
    EXPECT_SHAPE(wk_view(none, huge, huge, 0), huge, huge, 0); /* nothing, whatever stands beside it */
    EXPECT_ERROR(wk_view(wk_t(m), 6), WK_ERROR_SHAPE,
                 "view size is not compatible with input tensor's size and stride (at least one dimension "
                 "spans across two contiguous subspaces). Use .reshape(...) instead.");
    EXPECT_ERROR(wk_flatten(m, 1, 0), WK_ERROR_ARGUMENT, "flatten: start_dim cannot come after end_dim");
}

static void test_expand_and_permute(void **state)
{
    (void)state;
    ROW("A11");
    wk_Tensor *m = wk_zeros(2, 3), *x = wk_zeros(6);
    EXPECT_ERROR(wk_expand(x, 3), WK_ERROR_SHAPE,
                 "expand: The expanded size of the tensor (3) must match the existing size (6) at "
                 "non-singleton dimension 0.  Target sizes: [3].  Tensor sizes: [6]");
    EXPECT_ERROR(wk_expand(m, 2, -2), WK_ERROR_SHAPE,
                 "The expanded size of the tensor (-2) must match the existing size (3) at non-singleton "
                 "dimension 1.  Target sizes: [2, -2].  Tensor sizes: [2, 3]");
    EXPECT_ERROR(wk_expand(wk_zeros(1), -2), WK_ERROR_SHAPE,
                 "The expanded size of the tensor (-2) must match the existing size (1)");
    EXPECT_ERROR(wk_expand(x, -1, 6), WK_ERROR_SHAPE, "isn't allowed in a leading, non-existing dimension 0");
    EXPECT_ERROR(wk_expand(x, INT64_MIN, 6), WK_ERROR_SHAPE, "in a leading, non-existing dimension 0");
    EXPECT_ERROR(wk_expand(m, 3), WK_ERROR_SHAPE,
                 "expand: the number of sizes provided (1) must be greater or equal to the number of "
                 "dimensions in the tensor (2)");
    EXPECT_ERROR(wk_expand(m, 1, 1, 1, 1, 1, 1, 1, 2, 3), WK_ERROR_SHAPE, "expand: rank 9, max 8");
    EXPECT_ERROR(wk_permute(m, 0, 0), WK_ERROR_INDEX, "permute: duplicate dims are not allowed. Got [0, 0]");
    EXPECT_ERROR(wk_permute(m, -1, 1), WK_ERROR_INDEX, "permute: duplicate dims are not allowed.");
    EXPECT_ERROR(wk_permute(m, 0, -3), WK_ERROR_INDEX,
                 "permute: Dimension out of range (expected to be in range of [-2, 1], but got -3)");
    EXPECT_ERROR(wk_permute(m, 0), WK_ERROR_SHAPE,
                 "permute: number of dimensions in the tensor input does not match the length of the desired "
                 "ordering of dimensions i.e. input.dim() = 2 is not equal to len(dims) = 1");
    EXPECT_ERROR(wk_t(wk_zeros(2, 2, 2)), WK_ERROR_SHAPE,
                 "t: expects a tensor with <= 2 dimensions, but self is 3D");
    /* of several dimensions that do not match the last one is named */
    EXPECT_ERROR(wk_add(wk_zeros(5, 1, 4), wk_zeros(4, 1, 5)), WK_ERROR_SHAPE,
                 "The size of tensor a (4) must match the size of tensor b (5) at non-singleton dimension 2");
}

static void test_indices(void **state)
{
    (void)state;
    ROW("A10");
    ROW("A12");
    wk_Tensor *m = wk_zeros(2, 3), *deep = wk_zeros(2, 3, 4);
    EXPECT_ERROR(wk_index(m, 0, 7), WK_ERROR_INDEX,
                 "index: index 7 is out of bounds for dimension 1 with size 3");
    EXPECT_ERROR(wk_index(m, 2, 0), WK_ERROR_INDEX, "index 2 is out of bounds for dimension 0 with size 2");
    EXPECT_ERROR(wk_index(m, -1, -4), WK_ERROR_INDEX,
                 "index -4 is out of bounds for dimension 1 with size 3");
    EXPECT_ERROR(wk_index(deep, 1, 2, INT64_MIN), WK_ERROR_INDEX,
                 "index -9223372036854775808 is out of bounds for dimension 2 with size 4");
    EXPECT_ERROR(wk_index(deep, 0, INT64_MAX), WK_ERROR_INDEX, "for dimension 1 with size 3");
    EXPECT_ERROR(wk_index(wk_scalar(1), 0), WK_ERROR_INDEX, "index: invalid index of a 0-dim tensor.");
    EXPECT_ERROR(wk_index(m, 0, 0, 0), WK_ERROR_INDEX, "too many indices for tensor of dimension 2");
    EXPECT_ERROR(wk_select(m, 0, 2), WK_ERROR_INDEX,
                 "select: index 2 out of range for tensor of size [2, 3] at dimension 0");
    EXPECT_ERROR(wk_select(m, -1, -4), WK_ERROR_INDEX,
                 "index -4 out of range for tensor of size [2, 3] at dimension 1");
    EXPECT_ERROR(wk_select(wk_zeros(0, 3), 0, 0), WK_ERROR_INDEX,
                 "index 0 out of range for tensor of size [0, 3] at dimension 0");
    EXPECT_ERROR(wk_select(wk_scalar(1), 0, 0), WK_ERROR_INDEX,
                 "select: cannot be applied to a 0-dim tensor.");
    EXPECT_ERROR(wk_slice(m, 0, 0, 2, 0), WK_ERROR_ARGUMENT, "slice: step must be positive, got 0");
    EXPECT_ERROR(wk_slice(wk_scalar(1), 0, 0, 1, 1), WK_ERROR_INDEX, "cannot be applied to a 0-dim tensor.");
    EXPECT_SHAPE(wk_slice(m, 1, INT64_MIN, INT64_MAX, INT64_MAX), 2, 1);
    EXPECT_SHAPE(wk_slice(m, 1, INT64_MAX, INT64_MIN, 1), 2, 0);
    EXPECT_ERROR(wk_narrow(m, 1, 2, 2), WK_ERROR_INDEX,
                 "narrow: start (2) + length (2) exceeds dimension size (3).");
    EXPECT_ERROR(wk_narrow(m, 1, -1, 2), WK_ERROR_INDEX,
                 "start (2) + length (2) exceeds dimension size (3).");
    EXPECT_ERROR(wk_narrow(m, 1, 0, INT64_MAX), WK_ERROR_INDEX, "exceeds dimension size (3).");
    static const int64_t starts[] = {-4, 4, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < LENGTH(starts); i++) {
        char text[120];
        snprintf(text, sizeof text,
                 "narrow: start out of range (expected to be in range of [-3, 3], but got %lld)",
                 (long long)starts[i]);
        EXPECT_ERROR(wk_narrow(m, 1, starts[i], 0), WK_ERROR_INDEX, text);
    }
    EXPECT_ERROR(wk_narrow(m, 5, 0, -1), WK_ERROR_ARGUMENT, "narrow: length must be non-negative.");
    EXPECT_ERROR(wk_narrow(wk_scalar(1), 0, 0, 1), WK_ERROR_INDEX, "cannot be applied to a 0-dim tensor.");
}

static wk_Tensor *strided(wk_Tensor *x, int64_t size, int64_t stride, int64_t offset)
{
    return wk_as_strided(x, 1, &size, &stride, offset);
}

static void test_as_strided(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(wk_zeros(2));
    EXPECT_ERROR(
        strided(x, 3, 1, 0), WK_ERROR_SHAPE,
        "as_strided: sizes [3], strides [1], storage offset 0, and itemsize 4 requiring a storage size "
        "of 12 are out of bounds for storage of size 8");
    EXPECT_ERROR(strided(x, 1, 1, 2), WK_ERROR_SHAPE, "requiring a storage size of 12 are out of bounds");
    EXPECT_ERROR(strided(x, 2, -1, 1), WK_ERROR_SHAPE,
                 "as_strided: Negative strides are not supported at the moment, got strides: [-1]");
    EXPECT_ERROR(strided(x, -3, 1, 0), WK_ERROR_SHAPE,
                 "as_strided: trying to create tensor with negative dimension -3: [-3]");
    EXPECT_ERROR(strided(x, 1, 1, -1), WK_ERROR_SHAPE, "as_strided: invalid storage offset -1");
    EXPECT_ERROR(strided(x, 2, INT64_MAX, 0), WK_ERROR_OVERFLOW,
                 "as_strided: Storage size calculation overflowed with sizes=[2] and "
                 "strides=[9223372036854775807]");
    EXPECT_ERROR(strided(x, 1, 1, INT64_MAX), WK_ERROR_OVERFLOW, "Storage size calculation overflowed");
    EXPECT_ERROR(strided(x, INT64_MAX, 1, 0), WK_ERROR_OVERFLOW, "Storage size calculation overflowed");
    EXPECT_ERROR(strided(x, 1 + INT64_MAX / 4, 1, 0), WK_ERROR_OVERFLOW, "Storage size calculation");
    /* a view of nothing lies anywhere */
    wk_Tensor *none = strided(x, 0, INT64_MAX, INT64_MAX);
    EXPECT_SHAPE(none, 0);
    EXPECT_VALUES(wk_grad(wk_sum(none), x), 0, 0);
}

static void test_joins(void **state)
{
    (void)state;
    wk_Tensor *m = wk_zeros(2, 3), *none = wk_requires_grad_(wk_zeros(0));
    EXPECT_ERROR(wk_cat(wk_list(wk_zeros(2), m), 0), WK_ERROR_SHAPE,
                 "cat: Tensors must have same number of dimensions: got 1 and 2");
    EXPECT_ERROR(
        wk_cat(wk_list(m, none, wk_zeros(2, 4)), 0), WK_ERROR_SHAPE,
        "Sizes of tensors must match except in dimension 0. Expected size 3 but got size 4 for tensor "
        "number 2 in the list.");
    EXPECT_ERROR(wk_cat(wk_list(wk_zeros(2), wk_scalar(1)), 0), WK_ERROR_SHAPE,
                 "zero-dimensional tensor (at position 1) cannot be concatenated");
    EXPECT_ERROR(wk_cat(((wk_List){0, NULL}), 0), WK_ERROR_ARGUMENT,
                 "cat: expected a non-empty list of Tensors");
    EXPECT_ERROR(wk_stack(((wk_List){0, NULL}), 0), WK_ERROR_ARGUMENT,
                 "stack: expects a non-empty TensorList");
    EXPECT_ERROR(wk_stack(wk_list(wk_zeros(2), wk_zeros(3)), 0), WK_ERROR_SHAPE,
                 "stack: expects each tensor to be equal size, but got [2] at entry 0 and [3] at entry 1");
    /* empty vectors join anything, along any dimension of it */
    wk_Tensor *joined = wk_cat(wk_list(none, m, none), 1), *nothing = wk_cat(wk_list(none, none), 5);
    EXPECT_SHAPE(joined, 2, 3);
    EXPECT_SHAPE(nothing, 0);
    EXPECT_SHAPE(wk_grad(wk_sum(joined), none), 0);
    EXPECT_SHAPE(wk_grad(wk_sum(nothing), none), 0);
}

static void test_dtypes_by_name(void **state)
{
    (void)state;
    ROW("A23");
    static const struct {
        wk_dtype dtype;
        const char *name;
    } dtypes[] = {{wk_int64, "Long"}, {wk_int32, "Int"}, {wk_uint8, "Byte"}, {wk_bool, "Bool"}};
    for (size_t i = 0; i < LENGTH(dtypes); i++) {
        wk_Tensor *x = wk_zeros_shape(WK_SHAPE(2), dtypes[i].dtype);
        char text[120];
        snprintf(text, sizeof text, "dropout: result type Float can't be cast to the desired output type %s",
                 dtypes[i].name);
        EXPECT_ERROR(wk_dropout(x, 0.5, true), WK_ERROR_DTYPE, text);
        snprintf(text, sizeof text,
                 "log_softmax: \"log_softmax_lastdim_kernel_impl\" not implemented for '%s'", dtypes[i].name);
        EXPECT_ERROR(wk_log_softmax(x, 0), WK_ERROR_DTYPE, text);
        EXPECT_SHAPE(wk_softmax(wk_zeros_shape(WK_SHAPE(0, 3), dtypes[i].dtype), 1), 0, 3); /* of nothing */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_sizes),   TENSOR_TEST(test_expand_and_permute),
        TENSOR_TEST(test_indices), TENSOR_TEST(test_as_strided),
        TENSOR_TEST(test_joins),   TENSOR_TEST(test_dtypes_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
