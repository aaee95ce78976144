/* Tensors: who owns them, what they tell of themselves, and borrowed memory. */
#include "support/check.h"

static void test_scopes_own_results(void **state)
{
    (void)state;
    size_t before = wk_memory_allocated();
    wk_Scope outer = wk_scope_begin();
    wk_Tensor *x = wk_zeros(100), *kept;
    wk_Scope inner = wk_scope_begin();
    kept = wk_keep(wk_add(x, 1));
    wk_add(kept, 1);
    EXPECT_TRUE(wk_scope_end(inner));
    EXPECT_VALUES(wk_sum(kept), 100);
    EXPECT_TRUE(wk_scope_end(outer));
    EXPECT_VALUES(wk_sum(kept), 100);
    wk_tensor_free(kept);
    wk_scope_begin(); /* left open: the next outer end mends it */
    wk_zeros(100);
    assert_true(wk_memory_allocated() > before);
    EXPECT_ERROR(wk_scope_end(inner), WK_ERROR_STATE, "this scope has already ended");
    EXPECT_ERROR(wk_scope_end((wk_Scope){0}), WK_ERROR_STATE, "this scope has already ended");
}

static void leave_open(int depth)
{
    wk_scope_begin();
    wk_zeros(10);
    if (depth)
        leave_open(depth - 1);
}

static void test_open_scopes_are_mended(void **state)
{
    (void)state;
    size_t before = wk_memory_allocated();
    for (int i = 0; i < 3; i++) {
        wk_Scope scope = wk_scope_begin();
        leave_open(20);
        EXPECT_TRUE(wk_scope_end(scope));
    }
    assert_int_equal(wk_memory_allocated(), before);
}

static void test_keep_asks_for_one_free_each(void **state)
{
    (void)state;
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *x = wk_keep(wk_keep(wk_full(3, 2)));
    wk_scope_end(scope);
    wk_tensor_free(x);
    EXPECT_VALUES(x, 3, 3);
    wk_tensor_free(x);
}

static int gone;

static void count_gone(void *data, void *user)
{
    assert_ptr_equal(data, user);
    gone++;
}

static void test_borrowed_memory(void **state)
{
    (void)state;
    float data[] = {1, 2, 3, 4, 5, 6};
    gone = 0;
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *x = wk_from_blob(data, 2, (int64_t[]){2, 3}, wk_float32, count_gone, data);
    wk_Tensor *row = wk_keep(wk_select(x, 0, 1));
    EXPECT_TRUE(wk_mul_(x, 2) != NULL);
    assert_true(data[5] == 12);
    EXPECT_ERROR(wk_as_strided(x, 1, (int64_t[]){7}, (int64_t[]){1}, 0), WK_ERROR_SHAPE,
                 "storage of 6 elements");
    wk_scope_end(scope);
    assert_int_equal(gone, 0); /* a view still shows it */
    EXPECT_VALUES(row, 8, 10, 12);
    wk_tensor_free(row);
    assert_int_equal(gone, 1);
}

static void test_what_a_tensor_tells(void **state)
{
    (void)state;
    wk_Tensor *x = wk_zeros(2, 3, 4);
    assert_int_equal(wk_ndim(x), 3);
    assert_int_equal(wk_numel(x), 24);
    assert_int_equal(wk_size(x, -1), 4);
    assert_int_equal(wk_stride(x, 0), 12);
    assert_int_equal(wk_shape(x)[1], 3);
    assert_string_equal(wk_dtype_name(wk_dtype_of(x)), "float32");
    assert_string_equal(wk_dtype_name((wk_dtype)99), "unknown");
    static const size_t sizes[] = {4, 4, 8, 8, 4, 1, 1};
    for (int dtype = 0; dtype < WK_DTYPES; dtype++)
        assert_int_equal(wk_dtype_size((wk_dtype)dtype), sizes[dtype]);
    wk_Tensor *big = wk_tensor(((int64_t[]){INT64_MAX, INT64_MIN}), 2);
    assert_int_equal(wk_item_int64(wk_select(big, 0, 0)), INT64_MAX);
    assert_int_equal(wk_item_int64(wk_select(big, 0, 1)), INT64_MIN);
    assert_int_equal(wk_item_int64(wk_scalar(-3.9)), -3);
    EXPECT_ERROR(wk_item_int64(wk_scalar(1e30)), WK_ERROR_DOMAIN, "1e+30 is no int64");
    assert_true(isnan(wk_item(wk_zeros(2))));
    wk_clear_error();
    assert_true(wk_at(wk_arange(0, 6, 1), -1) == 5);
    wk_Tensor *const of_each[] = {wk_tensor(((float[]){1}), 1),         wk_tensor(((double[]){1}), 1),
                                  wk_tensor(((long[]){1}), 1),          wk_tensor(((int[]){1}), 1),
                                  wk_tensor(((unsigned char[]){1}), 1), wk_tensor(((bool[]){1}), 1)};
    for (int i = 0; i < 6; i++)
        assert_int_equal(wk_dtype_of(of_each[i]), i + 1);
}

static void test_sequences(void **state)
{
    (void)state;
    EXPECT_VALUES(wk_arange(0, 5, 1), 0, 1, 2, 3, 4);
    assert_int_equal(wk_dtype_of(wk_arange(0, 5, 1)), wk_int64);
    EXPECT_VALUES(wk_arange(1, 2, 0.25), 1, 1.25, 1.5, 1.75);
    EXPECT_VALUES(wk_arange(5, 0, -2), 5, 3, 1);
    EXPECT_SHAPE(wk_arange(0, 0, 1), 0);
    EXPECT_VALUES(wk_linspace(0, 1, 5), 0, 0.25, 0.5, 0.75, 1);
    EXPECT_VALUES(wk_linspace(3, 9, 1), 3);
    EXPECT_VALUES(wk_eye(2), 1, 0, 0, 1);
    EXPECT_SHAPE(wk_eye(0), 0, 0);
    EXPECT_VALUES(wk_full(-2.5, 1, 2), -2.5, -2.5);
}

static void test_comparisons(void **state)
{
    (void)state;
    wk_Tensor *x = f32(1, NAN), *y = f32(1, 2);
    assert_true(wk_equal(y, wk_clone(y)));
    assert_false(wk_equal(x, x)); /* NaN differs */
    assert_false(wk_equal(y, f64(1, 2)));
    assert_false(wk_equal(y, f32(1, 2, 3)));
    assert_true(wk_equal(wk_zeros(0, 3), wk_zeros(0, 3)));
    assert_true(wk_allclose(y, f32(1, 2.00001), 1e-5, 1e-8, false));
    assert_false(wk_allclose(y, f32(1, 2.1), 1e-5, 1e-8, false));
    assert_false(wk_allclose(x, x, 1e-5, 1e-8, false));
    assert_true(wk_allclose(x, x, 1e-5, 1e-8, true));
    assert_true(wk_allclose(f32(INFINITY), f32(INFINITY), 0, 0, false));
    assert_false(wk_allclose(f32(INFINITY), f32(-INFINITY), 1, 1, false));
    assert_true(wk_allclose(i64(1, 2), i64(1, 2), 0, 0, false));
    EXPECT_ERROR(wk_allclose(y, f64(1, 2), 0, 0, false), WK_ERROR_DTYPE, "float32 did not match float64");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_scopes_own_results),
        TENSOR_TEST(test_open_scopes_are_mended),
        TENSOR_TEST(test_keep_asks_for_one_free_each),
        TENSOR_TEST(test_borrowed_memory),
        TENSOR_TEST(test_what_a_tensor_tells),
        TENSOR_TEST(test_sequences),
        TENSOR_TEST(test_comparisons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
