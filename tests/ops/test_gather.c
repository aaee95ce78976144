/* gather, scatter_add and index_select: tensors of no dimensions and of no elements, dtypes of indices, orders in memory, messages.
 * Gradients: tests/ops/gradients/gather.c. */
#include "support/check.h"

/* ---- every combination of small shapes -------------------------------------------------------------- */

enum { NO_DIMENSIONS = -1 };
static const int64_t lengths[] = {NO_DIMENSIONS, 0, 1, 3};

/* A tensor of no dimensions, or a vector; it counts up from `first`, modulo `modulus`. */
static wk_Tensor *counting(wk_dtype dtype, int64_t length, double first, double modulus)
{
    const int64_t n = length == NO_DIMENSIONS ? 1 : length;
    wk_Tensor *t = wk_remainder(wk_arange_dtype(first, first + (double)n, 1, wk_float64), modulus);
    t = wk_to_dtype(t, dtype);
    return length == NO_DIMENSIONS ? wk_reshape_shape(t, 0, NULL) : t;
}

static bool same_shape(wk_Tensor *a, wk_Tensor *b)
{
    return wk_ndim(a) == wk_ndim(b) && (wk_ndim(a) == 0 || wk_size(a, 0) == wk_size(b, 0));
}

static void expect_gather(wk_Tensor *x, wk_Tensor *index, const double *values, const int64_t *places)
{
    wk_Tensor *y = wk_gather(x, 0, index);
    EXPECT_TRUE(y && same_shape(y, index));
    y = wk_reshape(y, -1);
    for (int64_t i = 0; i < wk_numel(index); i++)
        assert_true(wk_at(y, i) == values[places[i]]);
    if (wk_numel(index) != 1 && wk_ndim(x) == 0)
        EXPECT_ERROR(wk_index_select(x, 0, index), WK_ERROR_SHAPE, "Index to scalar can have only 1 value");
    else {
        y = wk_index_select(x, 0, index);
        EXPECT_TRUE(y && wk_ndim(y) == wk_ndim(x) && wk_numel(y) == wk_numel(index));
        assert_true(wk_equal(wk_reshape(y, -1), wk_reshape(wk_gather(x, 0, index), -1)));
    }
}

static void expect_scatter(wk_Tensor *x, wk_Tensor *index, wk_Tensor *source, const double *values,
                           const int64_t *places)
{
    if (wk_numel(index) > wk_numel(source)) {
        EXPECT_ERROR(wk_scatter_add(x, 0, index, source), WK_ERROR_SHAPE,
                     "and to be no larger size than src");
        return;
    }
    double want[3] = {values[0], values[1], values[2]};
    for (int64_t i = 0; i < wk_numel(index); i++)
        want[places[i]] += wk_at(wk_reshape(source, -1), i);
    wk_Tensor *y = wk_scatter_add(x, 0, index, source);
    EXPECT_TRUE(y && same_shape(y, x));
    y = wk_reshape(y, -1);
    for (int64_t i = 0; i < wk_numel(x); i++)
        assert_true(wk_at(y, i) == want[i]);
}

static void test_tensors_of_no_dimensions(void **state)
{
    (void)state;
    static const wk_dtype dtypes[] = {wk_int64, wk_int32};
    for (size_t d = 0; d < LENGTH(dtypes); d++)
        for (size_t i = 0; i < LENGTH(lengths); i++)
            for (size_t k = 0; k < LENGTH(lengths); k++) {
                wk_Tensor *x = counting(wk_float64, lengths[i], 10, 100);
                const int64_t size = wk_numel(x);
                wk_Tensor *index = counting(dtypes[d], lengths[k], 1, size ? (double)size : 1);
                int64_t places[3] = {1 % (size ? size : 1), 2 % (size ? size : 1), 0};
                double values[3] = {10, 11, 12};
                if (size == 0 && wk_numel(index)) {
                    EXPECT_ERROR(wk_gather(x, 0, index), WK_ERROR_INDEX,
                                 "index 0 is out of bounds for dimension 0 with size 0");
                    continue;
                }
                expect_gather(x, index, values, places);
                for (size_t s = 0; s < LENGTH(lengths); s++)
                    expect_scatter(x, index, counting(wk_float64, lengths[s], 20, 100), values, places);
            }
}

/* ---- dtypes, orders in memory ----------------------------------------------------------------------- */

static void test_dtypes(void **state)
{
    (void)state;
    static const wk_dtype dtypes[] = {wk_float32, wk_float64, wk_int64, wk_int32, wk_uint8};
    for (size_t i = 0; i < LENGTH(dtypes); i++) {
        wk_Tensor *x = counting(dtypes[i], 3, 5, 100), *ones = wk_ones_like(x);
        EXPECT_VALUES(wk_gather(x, -1, i32(2, 2, 0, 1)), 7, 7, 5, 6);
        EXPECT_VALUES(wk_index_select(x, 0, i32(2, 0)), 7, 5);
        EXPECT_VALUES(wk_scatter_add(x, 0, i32(2, 2, 0), ones), 6, 6, 9);
        assert_int_equal(wk_dtype_of(wk_scatter_add(x, 0, i64(0), ones)), dtypes[i]);
    }
    EXPECT_VALUES(wk_scatter_add(truth(0, 1, 0), 0, i64(2, 1, 0), truth(1, 1, 0)), 0, 1, 1);
    EXPECT_VALUES(wk_scatter_add(u8(250), 0, i64(0, 0), u8(3, 4)), 1); /* wraps */
    wk_Tensor *x = wk_requires_grad_(f32(1, 2, 3));
    EXPECT_VALUES(wk_grad(wk_sum(wk_gather(x, 0, i32(2, 2))), x), 0, 0, 2);
    EXPECT_VALUES(wk_grad(wk_sum(wk_index_select(x, 0, i32(1))), x), 0, 1, 0);
    /* nothing to index by has any dtype and any shape */
    wk_Tensor *m = wk_zeros(2, 3);
    EXPECT_SHAPE(wk_gather(m, 0, wk_zeros(5, 0, 5)), 5, 0, 5);
    EXPECT_SHAPE(wk_gather(m, 0, wk_zeros(0)), 0);
    EXPECT_SHAPE(wk_scatter_add(m, 0, wk_zeros(0), wk_zeros(7)), 2, 3);
    EXPECT_SHAPE(wk_index_select(wk_zeros(0, 3), 0, wk_zeros_shape(WK_SHAPE(0), wk_int64)), 0, 3);
}

static void test_orders_in_memory(void **state)
{
    (void)state;
    wk_Tensor *x = wk_t(wk_view(wk_arange(0, 6, 1), 3, 2));       /* [[0, 2, 4], [1, 3, 5]] */
    wk_Tensor *index = wk_expand(wk_view(i64(1, 0), 2, 1), 2, 3); /* [[1, 1, 1], [0, 0, 0]] */
    wk_Tensor *apart =
        wk_slice(wk_view(i64(0, 9, 2, 9, 1, 9, 0, 9), 2, 4), 1, 0, 4, 2); /* [[0, 2], [1, 0]] */
    EXPECT_VALUES(wk_gather(x, 0, index), 1, 3, 5, 0, 2, 4);
    EXPECT_VALUES(wk_gather(x, 1, apart), 0, 4, 3, 1);
    EXPECT_VALUES(wk_index_select(x, 1, wk_select(apart, 1, 0)), 0, 2, 1, 3);
    EXPECT_VALUES(wk_index_select(wk_expand(wk_view(i64(7, 8), 2, 1), 2, 3), 0, i64(1)), 8, 8, 8);
    EXPECT_VALUES(wk_scatter_add(x, 1, apart, wk_t(wk_view(i64(10, 20, 30, 40), 2, 2))), 10, 2, 34, 41, 23,
                  5);
    EXPECT_VALUES(wk_scatter_add(wk_expand(i64(5), 3), 0, i64(2, 2), wk_expand(i64(1), 2)), 5, 5, 7);
}

/* The part of the source that the index does not reach gets no gradient. */
static void test_gradient_of_a_larger_source(void **state)
{
    (void)state;
    wk_Tensor *x = wk_zeros(2, 3), *source = wk_requires_grad_(wk_ones(2, 3));
    wk_Tensor *y = wk_scatter_add(x, 1, wk_view(i64(2, 0), 1, 2), source);
    EXPECT_VALUES(y, 1, 0, 1, 0, 0, 0);
    EXPECT_VALUES(wk_grad(wk_sum(wk_mul(y, wk_view(f32(1, 2, 3, 4, 5, 6), 2, 3))), source), 3, 1, 0, 0, 0, 0);
    wk_Tensor *vector = wk_requires_grad_(wk_ones(3)), *one = wk_requires_grad_(wk_ones(1));
    wk_Tensor *place = wk_zeros_shape(0, NULL, wk_int64);
    EXPECT_VALUES(wk_grad(wk_sum(wk_scatter_add(wk_zeros(2), 0, place, vector)), vector), 1, 0, 0);
    EXPECT_VALUES(wk_grad(wk_sum(wk_scatter_add(wk_scalar(0), 0, place, one)), one), 1);
    wk_Tensor *none = wk_zeros_shape(WK_SHAPE(0), wk_int64);
    EXPECT_VALUES(wk_grad(wk_sum(wk_scatter_add(wk_requires_grad_(wk_zeros(2)), 0, none, vector)), vector), 0,
                  0, 0);
}

/* ---- messages --------------------------------------------------------------------------------------- */

static void test_indices_out_of_range(void **state)
{
    (void)state;
    ROW("A12");
    wk_Tensor *x = wk_zeros(3), *before = wk_clone(x);
    static const double places[] = {3, -1, 0x1p62, -0x1p63, 0x1p32, -0x1p31};
    for (size_t i = 0; i < LENGTH(places); i++) {
        char text[100];
        snprintf(text, sizeof text,
                 "index %.0f is out of bounds for dimension 0 with size 3 (at element 1 of index)",
                 places[i]);
        wk_Tensor *index = i64(0, places[i]);
        EXPECT_ERROR(wk_gather(x, 0, index), WK_ERROR_INDEX, text);
        EXPECT_ERROR(wk_index_select(x, -1, index), WK_ERROR_INDEX, text);
        EXPECT_ERROR(wk_scatter_add(x, 0, index, wk_ones(2)), WK_ERROR_INDEX, text);
    }
    EXPECT_ERROR(wk_gather(x, 0, i32(-0x1p31)), WK_ERROR_INDEX, "index -2147483648 is out of bounds");
    EXPECT_ERROR(wk_gather(wk_scalar(1), 0, i64(1)), WK_ERROR_INDEX, "for dimension 0 with size 1");
    EXPECT_ERROR(wk_index_select(wk_zeros(0, 2), 0, i64(0)), WK_ERROR_INDEX, "for dimension 0 with size 0");
    static const int64_t dims[] = {1, -2, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < LENGTH(dims); i++) {
        EXPECT_ERROR(wk_gather(x, dims[i], i64(0)), WK_ERROR_INDEX, "expected to be in range of [-1, 0]");
        EXPECT_ERROR(wk_index_select(x, dims[i], i64(0)), WK_ERROR_INDEX, "in range of [-1, 0]");
        EXPECT_ERROR(wk_scatter_add(x, dims[i], i64(0), x), WK_ERROR_INDEX, "in range of [-1, 0]");
    }
    assert_true(wk_equal(x, before));
}

static void test_messages(void **state)
{
    (void)state;
    wk_Tensor *m = wk_zeros(2, 3), *wide = wk_zeros_shape(WK_SHAPE(1, 4), wk_int64), *high = wk_t(wide);
    EXPECT_ERROR(wk_gather(m, 0, i64(0)), WK_ERROR_SHAPE,
                 "gather: Index tensor must have the same number of dimensions as input tensor");
    EXPECT_ERROR(wk_gather(m, 0, wide), WK_ERROR_SHAPE,
                 "gather: Size does not match at dimension 1 expected index [1, 4] to be no larger than self "
                 "[2, 3] apart from dimension 0");
    EXPECT_ERROR(wk_gather(m, 1, high), WK_ERROR_SHAPE, "at dimension 0 expected index [4, 1]");
    EXPECT_ERROR(wk_gather(m, 0, f32(1)), WK_ERROR_DTYPE,
                 "gather: Expected dtype int32/int64 for index, got Float");
    EXPECT_ERROR(wk_scatter_add(m, 0, i64(0), m), WK_ERROR_SHAPE,
                 "scatter_add: Index tensor must have the same number of dimensions as self tensor");
    EXPECT_ERROR(wk_scatter_add(m, 0, wide, wk_zeros(4)), WK_ERROR_SHAPE,
                 "scatter_add: Index tensor must have the same number of dimensions as src tensor");
    EXPECT_ERROR(wk_scatter_add(m, 0, wide, wk_zeros(4, 4)), WK_ERROR_SHAPE,
                 "scatter_add: Expected index [1, 4] to be no larger than self [2, 3] apart from dimension 0 "
                 "and to be no larger size than src [4, 4]");
    EXPECT_ERROR(
        wk_scatter_add(wk_zeros(3), 0, i64(0, 1, 0), wk_scalar(1.5)), WK_ERROR_SHAPE,
        "scatter_add: Expected index [3] to be no larger than self [3] apart from dimension 0 and to "
        "be no larger size than src []");
    EXPECT_ERROR(wk_scatter_add(m, 0, u8(1), m), WK_ERROR_DTYPE,
                 "Expected dtype int32/int64 for index, got Byte");
    EXPECT_ERROR(wk_scatter_add(m, 0, i64(0), f64(1)), WK_ERROR_DTYPE,
                 "Expected self.dtype to be equal to src.dtype, got Float and Double");
    EXPECT_ERROR(wk_index_select(m, 0, wk_view(i64(0, 1), 1, 2)), WK_ERROR_SHAPE,
                 "Index is supposed to be a vector");
    EXPECT_ERROR(wk_index_select(wk_scalar(1), 0, i64(0, 0)), WK_ERROR_SHAPE,
                 "Index to scalar can have only 1 value, got 2 value(s)");
    EXPECT_ERROR(wk_index_select(m, 0, truth(1)), WK_ERROR_DTYPE,
                 "Expected dtype int32 or int64 for index, got Bool");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_tensors_of_no_dimensions), TENSOR_TEST(test_dtypes),
        TENSOR_TEST(test_orders_in_memory),         TENSOR_TEST(test_gradient_of_a_larger_source),
        TENSOR_TEST(test_indices_out_of_range),     TENSOR_TEST(test_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
