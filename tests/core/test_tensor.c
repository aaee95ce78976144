/* Tensors: who owns them, what they tell of themselves, and borrowed memory. */
#include "support/check.h"
#include "wick/nn.h"

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

/* Both gradients are one tensor, so the scope of the call owns two shares of what it hands on: one of them ends. */
static wk_Tensor *gradient_twice(wk_Module *self, wk_Tensor *x)
{
    (void)self;
    wk_Tensor *grads[2];
    bool done = wk_grads(grads, {1, (wk_Tensor *[]){wk_sum(wk_mul(x, 3))}}, wk_list(x, x));
    assert_true(done && grads[0] == grads[1]);
    return grads[0];
}

static void test_a_result_that_a_scope_owns_twice(void **state)
{
    (void)state;
    wk_Module *module = wk_module_named(sizeof *module, "Twice", gradient_twice);
    wk_Tensor *x = wk_requires_grad_(f32(1, 2)), *kept = wk_sum(wk_mul(x, 3)); /* x has its node now */
    size_t before = wk_memory_allocated();
    wk_Scope scope = wk_scope_begin();
    kept = wk_keep(wk_call(module, x));
    EXPECT_VALUES(kept, 3, 3);
    wk_scope_end(scope);
    EXPECT_VALUES(kept, 3, 3); /* still whole, and ours alone */
    wk_tensor_free(kept);
    assert_int_equal(wk_memory_allocated(), before);
    wk_module_free(module);
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
                 "are out of bounds for storage of size 24");
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

/* What is new is at version 0, however often it was written to in the making. */
static void test_new_tensors_begin_at_version_0(void **state)
{
    (void)state;
    float data[4] = {1, 2, 3, 4};
    wk_Tensor *x = f32(0.25, 0.5), *m = wk_view(f32(1, 2, 3, 4), 2, 2), *index = i64(1, 0);
    wk_Generator *generator = wk_Generator_new();
    wk_ValuesIndices most = wk_max_dim(m, 1, false);
    wk_Tensor *made[] = {
        wk_empty(2),
        wk_zeros(2),
        wk_ones(2),
        wk_full(3, 2),
        wk_rand(2),
        wk_randn(2),
        wk_randn(20),
        wk_randint(0, 5, 2),
        wk_rand_from(generator, WK_SHAPE(2), wk_float64),
        wk_randn_from(generator, WK_SHAPE(2), wk_float64),
        wk_randint_from(generator, 0, 5, WK_SHAPE(2), wk_int32),
        wk_randperm_from(generator, 4),
        wk_empty_like(x),
        wk_zeros_like(x),
        wk_ones_like(x),
        wk_full_like(x, 2),
        wk_rand_like(x),
        wk_randn_like(x),
        wk_randperm(4),
        wk_arange(0, 4, 1),
        wk_arange_dtype(0, 4, 1, wk_float64),
        wk_linspace(0, 1, 3),
        wk_eye(3),
        wk_tensor(data, 4),
        wk_scalar(2),
        wk_scalar_dtype(2, wk_int64),
        wk_from_blob(data, WK_SHAPE(4), wk_float32, NULL, NULL),
        wk_bernoulli(x, NULL),
        wk_clone(x),
        wk_to_dtype(x, wk_float64),
        wk_contiguous(wk_t(m)),
        wk_reshape(wk_t(m), 4),
        wk_cat(wk_list(x, x), 0),
        wk_stack(wk_list(x, x), 0),
        wk_dropout(x, 0.5, true),
        wk_masked_fill(x, truth(1, 0), 2),
        wk_where(truth(1, 0), x, x),
        wk_index_select(m, 0, index),
        wk_gather(x, 0, index),
        wk_scatter_add(x, 0, index, x),
        wk_as_strided_scatter(x, wk_scalar(1), 0, NULL, NULL, 0),
        wk_mean(x),
        most.values,
        most.indices,
        wk_argmax(m),
        wk_softmax(m, 1),
        wk_matmul(m, m),
        wk_var(x),
        wk_var(m, wk_dims(1)),
    };
    for (size_t i = 0; i < LENGTH(made); i++)
        if (!made[i] || wk_version_of(made[i]) != 0)
            fail_msg("tensor %zu is at version %lld: %s", i, made[i] ? (long long)wk_version_of(made[i]) : -1,
                     wk_error() ? wk_error() : "");
    wk_Tensor *w = wk_requires_grad_(f32(1, 2));
    EXPECT_TRUE(wk_backward(wk_sum(wk_mul(wk_mul(w, w), w))));
    assert_int_equal(wk_version_of(wk_grad_of(w)), 0);
    wk_generator_free(generator);
}

static void test_comparisons(void **state)
{
    (void)state;
    wk_Tensor *x = f32(1, NAN), *y = f32(1, 2);
    assert_true(wk_equal(y, wk_clone(y)));
    assert_false(wk_equal(x, x)); /* NaN differs */
    assert_true(wk_equal(y, f64(1, 2)));
    assert_false(wk_equal(y, f64(1, 3)));
    assert_false(wk_equal(y, f32(1, 2, 3)));
    assert_true(wk_equal(wk_zeros(0, 3), wk_zeros(0, 3)));
    assert_true(wk_allclose(y, f32(1, 2.00001), 1e-5, 1e-8, false));
    assert_false(wk_allclose(y, f32(1, 2.1), 1e-5, 1e-8, false));
    assert_false(wk_allclose(x, x, 1e-5, 1e-8, false));
    assert_true(wk_allclose(x, x, 1e-5, 1e-8, true));
    assert_true(wk_allclose(f32(INFINITY), f32(INFINITY), 0, 0, false));
    assert_false(wk_allclose(f32(INFINITY), f32(-INFINITY), 1, 1, false));
    assert_true(wk_allclose(i64(1, 2), i64(1, 2), 0, 0, false));
    EXPECT_ERROR(wk_allclose(y, f64(1, 2), 0, 0, false), WK_ERROR_DTYPE, "Float did not match Double");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_scopes_own_results),
        TENSOR_TEST(test_open_scopes_are_mended),
        TENSOR_TEST(test_a_result_that_a_scope_owns_twice),
        TENSOR_TEST(test_keep_asks_for_one_free_each),
        TENSOR_TEST(test_borrowed_memory),
        TENSOR_TEST(test_what_a_tensor_tells),
        TENSOR_TEST(test_sequences),
        TENSOR_TEST(test_new_tensors_begin_at_version_0),
        TENSOR_TEST(test_comparisons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
