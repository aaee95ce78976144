/* Every operation on a tensor that a kernel left in an order of its own, on views of it and on the caller's permutations: the values are those of
 * rows, and the strides those that PyTorch gives. */
#include "io/temp.h"
#include "support/check.h"

#include <pthread.h>

#include "core/order.h"
#include "wick/wick.h"

static wk_Tensor *whole(int64_t n, int64_t c, int64_t h, int64_t w)
{
    return wk_to_dtype(wk_randint(-3, 4, n, c, h, w), wk_float32);
}

/* A convolution's result that lies with the batch last: from 4 samples on. */
static wk_Tensor *batch_last(int64_t n, int64_t c, int64_t h, int64_t w)
{
    wk_Tensor *y = wk_conv2d(whole(n, 2, h + 2, w + 2), whole(c, 2, 3, 3));
    assert_non_null(y);
    if (n >= 4)
        assert_false(wk_has_rows(y)); /* or the test shows nothing */
    return y;
}

/* ---- operations that know nothing of it ------------------------------------------------------------- */

static wk_Tensor *indices(wk_Tensor *y)
{
    return wk_zeros_shape(wk_ndim(y), wk_shape(y), wk_int64);
}
static wk_Tensor *two(void)
{
    const int64_t rows[] = {1, 0};
    return wk_tensor_copy(rows, wk_int64, 1, (int64_t[]){2});
}

/* The k-th of the operations on a tensor, which may be written to; NULL behind the last. */
static wk_Tensor *kth_operation(int k, wk_Tensor *y)
{
    wk_manual_seed(3);
    switch (k) {
    case 0:
        return wk_sum(y, wk_dims(1, 3));
    case 1:
        return wk_mean(y);
    case 2:
        return wk_amax(y, wk_dims(0));
    case 3:
        return wk_max_dim(y, 1, true).values;
    case 4:
        return wk_argmax(y);
    case 5:
        return wk_max(y);
    case 6:
        return wk_softmax(y, 1);
    case 7:
        return wk_log_softmax(y, 0);
    case 8:
        return wk_cat(wk_list(y, y), 2);
    case 9:
        return wk_stack(wk_list(y, y), 1);
    case 10:
        return wk_index_select(y, 1, two());
    case 11:
        return wk_gather(y, 1, indices(y));
    case 12:
        return wk_scatter_add(y, 0, indices(y), y);
    case 13:
        return wk_where(wk_gt(y, 0), y, wk_zeros_like(y));
    case 14:
        return wk_masked_fill(y, wk_lt(y, 0), 9);
    case 15:
        return wk_clamp(y, -1, 2);
    case 16:
        return wk_logical_not(y);
    case 17:
        return wk_layer_norm(y, wk_dims(wk_size(y, -1)));
    case 18:
        return wk_any(y, wk_dims(2));
    case 19:
        return wk_dropout(y, 0.5, true);
    case 20:
        return wk_bernoulli(wk_sigmoid(y), NULL);
    case 21:
        return wk_uniform_(y, 0, 1, NULL);
    case 22:
        return wk_normal_(y, 0, 1, NULL);
    case 23:
        return wk_dropout_(y, 0.25, true);
    case 24:
        return wk_copy_(y, wk_add(y, 1));
    case 25:
        return wk_zero_(y);
    case 26:
        return wk_add_(y, wk_mul(y, y));
    case 27:
        return wk_to_dtype(y, wk_int64);
    case 28:
        return wk_mul(y, wk_to_dtype(y, wk_float64));
    case 29:
        return wk_mse_loss(y, wk_ones_like(y));
    case 30:
        return wk_reshape(wk_flatten(y, 0, 1), -1);
    case 31:
        return wk_expand(wk_unsqueeze(y, 0), 2, -1, -1, -1, -1);
    case 32:
        return wk_matmul(y, wk_transpose(y, -2, -1));
    case 33:
        return wk_add(wk_to_dtype(wk_gt(y, 0), wk_int64), wk_add(indices(y), wk_gt(y, 0)));
    case 34:
        return wk_index(y, 1);
    case 35:
        return wk_linear(y, wk_ones(2, wk_size(y, -1)), NULL);
    case 36:
        return wk_add(wk_gt(y, 1), wk_to_dtype(y, wk_float64));
    case 37:
        return wk_sub_(wk_transpose(y, 0, 1), 3);
    case 38:
        return wk_rand_like(y);
    default:
        return NULL;
    }
}

/* Views of a tensor [8, 3, 4, 5], all of 4 dimensions. */
static wk_Tensor *kth_view(int k, wk_Tensor *y)
{
    switch (k) {
    case 0:
        return y;
    case 1:
        return wk_permute(y, 0, 2, 3, 1);
    case 2:
        return wk_permute(y, 1, 2, 3, 0);
    case 3:
        return wk_slice(y, 1, 1, 3, 1);
    case 4:
        return wk_slice(y, 0, 2, 7, 2);
    case 5:
        return wk_view(y, 4, 6, 4, 5);
    case 6:
        return wk_transpose(wk_view(y, 3, 8, 2, 10), 0, 2);
    case 7:
        return wk_as_strided(y, 4, (int64_t[]){2, 3, 2, 4}, (int64_t[]){100, 20, 5, 1}, 7);
    default:
        return NULL;
    }
}

static void every_operation_sees_the_same_values(void **state)
{
    (void)state;
    for (int v = 0; v < 8; v++)
        for (int k = 0; k < 39; k++)
            for (int looked_at = 0; looked_at < 2; looked_at++) {
                wk_Scope scope = wk_scope_begin();
                wk_Tensor *y = batch_last(8, 3, 4, 5), *rows = wk_clone(y);
                if (looked_at)
                    assert_non_null(wk_sum(y));
                wk_Tensor *got = kth_operation(k, kth_view(v, y)),
                          *want = kth_operation(k, kth_view(v, rows));
                if (!got || !want || !wk_equal(got, want) || !wk_equal(y, rows))
                    fail_msg("operation %d of view %d (%d): %s", k, v, looked_at, wk_error());
                for (int d = 0; d < wk_ndim(got); d++)
                    if (wk_stride(got, d) != wk_stride(want, d))
                        fail_msg("operation %d of view %d: stride %d", k, v, d);
                wk_scope_end(scope);
            }
}

/* ---- strides of the caller's ------------------------------------------------------------------------ */

static wk_Tensor *other; /* [4, 3, 6, 6], contiguous */

/* What PyTorch gives the strides of a dense operand, then what it makes contiguous. */
static wk_Tensor *kth_that_keeps(int k, wk_Tensor *a)
{
    switch (k) {
    case 0:
        return wk_relu(a);
    case 1:
        return wk_add(a, other);
    case 2:
        return wk_clone(a);
    case 3:
        return wk_to_dtype(a, wk_float64);
    case 4:
        return wk_zeros_like(a);
    case 5:
        return wk_ones_like(a);
    case 6:
        return wk_full_like(a, 2);
    case 7:
        return wk_rand_like(a);
    case 8:
        return wk_randn_like(a);
    case 9:
        return wk_empty_like(a);
    case 10:
        return wk_where(wk_gt(a, 0), a, other);
    case 11:
        return wk_clamp(a, 0, 1);
    case 12:
        return wk_logical_not(a);
    case 13:
        return wk_dropout(a, 0.5, true);
    case 14:
        return wk_eq(a, other);
    case 15:
        return wk_gelu(a);
    default:
        return NULL;
    }
}

static wk_Tensor *kth_contiguous(int k, wk_Tensor *a)
{
    switch (k) {
    case 0:
        return wk_add(other, a);
    case 1:
        return wk_masked_fill(a, wk_gt(a, 0), 0);
    case 2:
        return wk_sum(a, wk_dims(1));
    case 3:
        return wk_softmax(a, 1);
    case 4:
        return wk_layer_norm(a, wk_dims(6));
    case 5:
        return wk_matmul(a, wk_ones(6, 2));
    case 6:
        return wk_index_select(a, 0, two());
    case 7:
        return wk_gather(a, 1, indices(a));
    case 8:
        return wk_scatter_add(a, 1, indices(a), a);
    case 9:
        return wk_bernoulli(wk_sigmoid(a), NULL);
    case 10:
        return wk_contiguous(a);
    case 11:
        return wk_conv2d(a, wk_ones(2, 3, 3, 3));
    case 12:
        return wk_max_pool2d(a, 2);
    case 13:
        return wk_avg_pool2d(a, 2);
    case 14:
        return wk_batch_norm(a, NULL, NULL, .training = true);
    case 15:
        return wk_linear(a, wk_ones(2, 6), NULL);
    default:
        return NULL;
    }
}

static void strides_follow_from_those_of_operands(void **state)
{
    (void)state;
    static const int64_t orders[][4] = {{0, 1, 2, 3}, {1, 2, 3, 0}, {0, 1, 3, 2}, {0, 2, 3, 1}};
    other = whole(4, 3, 6, 6);
    for (int o = 0; o < 4; o++)
        for (int k = 0; k < 16; k++) {
            int64_t back[4];
            for (int i = 0; i < 4; i++)
                back[orders[o][i]] = i;
            wk_Tensor *a = wk_permute_dims(wk_contiguous(wk_permute_dims(other, 4, orders[o])), 4, back);
            wk_Tensor *keeps = kth_that_keeps(k, a), *rows = kth_contiguous(k, a);
            for (int d = 0; d < 4; d++)
                if (!keeps || wk_stride(keeps, d) != wk_stride(a, d))
                    fail_msg("order %d, operation %d: stride %d", o, k, d);
            const bool channels_last = o == 3 && k == 14; /* batch norm leaves that order */
            if (!rows || wk_is_contiguous(rows) == channels_last)
                fail_msg("order %d, operation %d is not contiguous", o, k);
            wk_Tensor *sliced = kth_that_keeps(k, wk_slice(wk_cat(wk_list(other, other), 3), 3, 0, 12, 2));
            if (!sliced || !wk_is_contiguous(sliced))
                fail_msg("operation %d of a slice is not contiguous", k);
        }
}

static void gradients_have_the_strides_of_their_leaves(void **state)
{
    (void)state;
    wk_Tensor *dense = wk_requires_grad_(wk_detach(wk_permute(wk_randn(3, 4, 5), 2, 0, 1)));
    wk_Tensor *gaps = wk_requires_grad_(wk_detach(wk_slice(wk_t(wk_randn(4, 6)), 0, 0, 6, 2)));
    EXPECT_TRUE(wk_backward(wk_add(wk_sum(wk_mul(dense, dense)), wk_sum(gaps))));
    EXPECT_TRUE(wk_equal(wk_grad_of(dense), wk_mul(wk_detach(dense), 2)));
    for (int d = 0; d < 3; d++)
        assert_int_equal(wk_stride(wk_grad_of(dense), d), wk_stride(dense, d));
    assert_true(wk_is_contiguous(wk_grad_of(gaps)));
    assert_int_equal(wk_version_of(wk_grad_of(dense)), 0);
    wk_Tensor *before = wk_clone(wk_detach(dense));
    wk_Optimizer *opt = wk_SGD(wk_list(dense), .lr = 0.25, .momentum = 0.5);
    EXPECT_TRUE(wk_step(opt));
    EXPECT_TRUE(wk_equal(wk_detach(dense), wk_mul(before, 0.5)));
    wk_free(opt);
}

/* ---- files, data sets and modules ------------------------------------------------------------------- */

static void results_go_into_files_and_data_sets(void **state)
{
    assert_int_equal(temp_setup(state), 0);
    wk_Tensor *rows = wk_clone(batch_last(8, 3, 4, 5));
    for (int k = 0; k < 4; k++) {
        wk_Tensor *y = wk_add(batch_last(8, 3, 4, 5), wk_zeros_like(rows)), *same = wk_clone(y);
        assert_false(wk_has_rows(y));
        if (k == 0) {
            EXPECT_TRUE(wk_save_safetensors(2, (wk_NamedTensor[]){{"y", y}, {"v", wk_view(y, 24, -1)}},
                                            temp_path("y.safetensors")));
            wk_StateDict *dict = wk_load_safetensors(temp_path("y.safetensors"));
            EXPECT_TRUE(dict && wk_equal(wk_state_dict_get(dict, "y"), same));
            EXPECT_TRUE(wk_equal(wk_state_dict_get(dict, "v"), wk_view(same, 24, -1)));
            wk_state_dict_free(dict);
        } else if (k == 1) {
            EXPECT_TRUE(wk_save_idx(y, temp_path("y.idx")));
            EXPECT_TRUE(wk_equal(wk_load_idx(temp_path("y.idx")), same));
        } else if (k == 2) {
            wk_DataLoader *loader = wk_DataLoader(wk_TensorDataset(wk_list(y)), .batch_size = 8);
            wk_Batch batch;
            EXPECT_TRUE(wk_next(loader, &batch) && wk_equal(batch.input, same));
            wk_free(loader);
        } else {
            wk_Module *norm = wk_BatchNorm2d(3);
            wk_StateDict *dict = wk_state_dict(norm);
            EXPECT_TRUE(wk_state_dict_set(dict, "weight", wk_select(wk_view(y, -1, 3), 0, 7)));
            EXPECT_TRUE(wk_load_state_dict(norm, dict));
            EXPECT_TRUE(
                wk_equal(wk_detach(wk_get_parameter(norm, "weight")), wk_select(wk_view(same, -1, 3), 0, 7)));
            wk_state_dict_free(dict);
            wk_free(norm);
        }
    }
    assert_int_equal(temp_teardown(state), 0);
}

static wk_Module *shared_net;
static wk_Tensor *shared_input;

static void *evaluate(void *want)
{
    wk_Scope scope = wk_scope_begin();
    bool same = true;
    wk_no_grad for (int i = 0; i < 10; i++)
    {
        wk_Tensor *y = wk_call(shared_net, shared_input);
        same = same && wk_data_ptr(shared_input) && wk_equal(y, want) &&
               wk_equal(wk_view(y, -1), wk_view(wk_clone(y), -1));
    }
    wk_scope_end(scope);
    return same ? want : NULL;
}

static void threads_evaluate_one_module(void **state)
{
    (void)state;
    shared_net = wk_Sequential(wk_Conv2d(3, 4, 3), wk_BatchNorm2d(4), wk_ReLU(), wk_MaxPool2d(2));
    shared_input = batch_last(16, 3, 8, 8);
    wk_eval(shared_net);
    wk_Tensor *want = NULL;
    wk_no_grad want = wk_call(shared_net, shared_input);
    assert_non_null(want);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, evaluate, want), 0);
    for (int i = 0; i < 4; i++) {
        void *result = NULL;
        pthread_join(threads[i], &result);
        assert_ptr_equal(result, want);
    }
    wk_free(shared_net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(every_operation_sees_the_same_values),
        TENSOR_TEST(strides_follow_from_those_of_operands),
        TENSOR_TEST(gradients_have_the_strides_of_their_leaves),
        TENSOR_TEST(results_go_into_files_and_data_sets),
        TENSOR_TEST(threads_evaluate_one_module),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
