/* The order in which a kernel leaves its result cannot be seen: strides, views, pointers and random numbers are those of a contiguous result,
 * and reading it changes no bit of what follows. Whole numbers where float and double, whose convolutions lie in rows, must agree exactly. */
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

static void expect_contiguous(wk_Tensor *t, const char *what)
{
    assert_non_null(t);
    int64_t step = 1;
    for (int d = wk_ndim(t) - 1; d >= 0; step *= wk_size(t, d--))
        if (wk_stride(t, d) != step)
            fail_msg("%s: stride %d is %d", what, d, (int)wk_stride(t, d));
    assert_true(wk_is_contiguous(t));
    assert_ptr_equal(wk_contiguous(t), t);
    const float *data = wk_data(t, float);
    const wk_Tensor *flat = wk_reshape(wk_to_dtype(t, wk_float64), -1);
    for (int64_t i = 0; i < wk_numel(t); i++)
        if ((double)data[i] != wk_at(flat, i))
            fail_msg("%s: element %d", what, (int)i);
}
#define CONTIGUOUS(call) expect_contiguous(call, #call)

/* ---- views ------------------------------------------------------------------------------------------ */

static void every_view_of_a_convolution_works(void **state)
{
    (void)state;
    static const int64_t channels[] = {2, 3, 5, 16, 37, 300};
    for (int64_t n = 1; n <= 40; n++)
        for (size_t i = 0; i < LENGTH(channels); i++) {
            wk_Scope scope = wk_scope_begin();
            const int64_t c = channels[i];
            wk_Tensor *y = wk_conv2d(whole(n, 2, 5, 4), whole(c, 2, 3, 2)), *rows = wk_clone(y);
            wk_Tensor *views[] = {wk_view(y, -1), wk_view(y, n * c, 9), wk_view(y, c, n, 3, 3),
                                  wk_view(y, n, -1), wk_view(y, 3, -1)};
            wk_Tensor *want[] = {wk_view(rows, -1), wk_view(rows, n * c, 9), wk_view(rows, c, n, 3, 3),
                                 wk_view(rows, n, -1), wk_view(rows, 3, -1)};
            for (size_t k = 0; k < LENGTH(views); k++) {
                if (!views[k] || !wk_equal(views[k], want[k]))
                    fail_msg("n %d, c %d, view %d: %s", (int)n, (int)c, (int)k, wk_error());
                assert_true(wk_is_contiguous(views[k]));
                assert_ptr_equal(wk_data_ptr(views[k]), wk_data_ptr(y));
            }
            wk_scope_end(scope);
        }
}

static void strides_and_pointers_are_those_of_a_contiguous_result(void **state)
{
    (void)state;
    CONTIGUOUS(batch_last(9, 3, 6, 6));
    CONTIGUOUS(wk_relu(batch_last(9, 3, 6, 6)));
    CONTIGUOUS(wk_max_pool2d(batch_last(9, 3, 6, 6), 2));
    CONTIGUOUS(wk_avg_pool2d(batch_last(9, 3, 6, 6), 2));
    CONTIGUOUS(wk_add(batch_last(9, 3, 6, 6), batch_last(9, 3, 6, 6)));
    CONTIGUOUS(wk_add(batch_last(9, 3, 6, 6), whole(9, 3, 6, 6)));
    CONTIGUOUS(wk_add(whole(9, 3, 6, 6), batch_last(9, 3, 6, 6)));
    CONTIGUOUS(wk_batch_norm(batch_last(9, 3, 6, 6), NULL, NULL, .training = true));
    CONTIGUOUS(wk_dropout(batch_last(9, 3, 6, 6), 0.5, true));
    CONTIGUOUS(wk_conv2d(batch_last(9, 3, 6, 6), whole(2, 3, 1, 1)));
    CONTIGUOUS(wk_clone(batch_last(9, 3, 6, 6)));
    CONTIGUOUS(wk_detach(batch_last(9, 3, 6, 6)));
    CONTIGUOUS(wk_zeros_like(batch_last(9, 3, 6, 6)));
    CONTIGUOUS(wk_view(batch_last(9, 3, 6, 6), 9, -1));
    CONTIGUOUS(wk_select(batch_last(9, 3, 6, 6), 0, 4));

    wk_Tensor *y = batch_last(6, 3, 4, 5);
    wk_Tensor *part = wk_slice(wk_permute(y, 0, 2, 3, 1), 2, 1, 5, 2);
    const int64_t want[] = {60, 5, 2, 20};
    for (int d = 0; d < 4; d++)
        assert_int_equal(wk_stride(part, d), want[d]);
    assert_ptr_equal(wk_data(part, float), wk_data(y, float) + 1);
    wk_Tensor *all = wk_as_strided(y, 1, (int64_t[]){360}, (int64_t[]){1}, 0);
    EXPECT_TRUE(wk_equal(all, wk_view(wk_clone(y), -1)));
}

static void gradients_are_contiguous_too(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(whole(8, 2, 8, 8)), *w = wk_requires_grad_(whole(3, 2, 3, 3));
    wk_Tensor *y = wk_conv2d(x, w), *z = wk_max_pool2d(wk_relu(y), 2);
    EXPECT_TRUE(wk_retain_grad(y));
    EXPECT_TRUE(wk_retain_grad(z));
    EXPECT_TRUE(wk_backward(wk_sum(wk_mul(z, z))));
    CONTIGUOUS(wk_grad_of(x));
    CONTIGUOUS(wk_grad_of(w));
    CONTIGUOUS(wk_grad_of(y));
    CONTIGUOUS(wk_grad_of(z));
}

/* ---- writes ----------------------------------------------------------------------------------------- */

static void a_view_and_its_base_share_memory(void **state)
{
    (void)state;
    for (int looked_at = 0; looked_at < 3; looked_at++) {
        wk_Tensor *y = batch_last(7, 3, 4, 4), *rows = wk_clone(y), *v = wk_view(y, -1),
                  *w = wk_view(y, 7, -1);
        if (looked_at == 1)
            assert_non_null(wk_data_ptr(y));
        if (looked_at == 2)
            assert_non_null(wk_sum(v));
        EXPECT_TRUE(wk_mul_(v, 2));
        EXPECT_TRUE(wk_equal(y, wk_mul(rows, 2)));
        EXPECT_TRUE(wk_add_(y, 1));
        EXPECT_TRUE(wk_equal(v, wk_add(wk_mul(wk_view(rows, -1), 2), 1)));
        wk_data(y, float)[5] = 100;
        assert_true(wk_at(v, 5) == 100 && wk_at(w, 0, 5) == 100);
        EXPECT_TRUE(wk_fill_(wk_select(w, 1, 47), -7));
        assert_true(wk_data(v, float)[47] == -7 && wk_at(y, 6, 2, 3, 3) == -7);
        EXPECT_TRUE(wk_copy_(wk_slice(v, 0, 0, 48, 1), wk_zeros(48)));
        assert_true(wk_item(wk_sum(wk_select(y, 0, 0))) == 0);
    }
}

typedef wk_Tensor *(*Program)(wk_Tensor *y);
static wk_Tensor *times_three(wk_Tensor *y)
{
    return wk_mul_(wk_view(y, -1), 3) ? wk_square(y) : NULL;
}
static wk_Tensor *base_then_view(wk_Tensor *y)
{
    wk_Tensor *v = wk_view(y, wk_size(y, 0) * wk_size(y, 1), -1);
    return v && wk_relu_(y) ? wk_mul(v, v) : NULL;
}
static wk_Tensor *part_of_view(wk_Tensor *y)
{
    wk_Tensor *v = wk_view(y, -1), *part = wk_slice(v, 0, 3, 200, 7);
    return part && wk_mul_(part, 3) ? wk_add(y, wk_view_shape(v, wk_ndim(y), wk_shape(y))) : NULL;
}
static wk_Tensor *strided(wk_Tensor *y)
{
    wk_Tensor *part = wk_as_strided(y, 2, (int64_t[]){5, 4}, (int64_t[]){7, 2}, 11);
    return part && wk_mul_(part, 2) ? wk_square(y) : NULL;
}
static wk_Tensor *scattered(wk_Tensor *y)
{
    return wk_as_strided_scatter(y, wk_sum(y, wk_dims(1, 2, 3)), 1, (int64_t[]){wk_size(y, 0)},
                                 (int64_t[]){9}, 2);
}
static wk_Tensor *transposed(wk_Tensor *y)
{
    return wk_square(wk_reshape(wk_transpose(wk_view(y, wk_size(y, 0), -1), 0, 1), -1, 2));
}
static wk_Tensor *tokens(wk_Tensor *y)
{
    return wk_square(wk_transpose(wk_flatten(y, 2, -1), 1, 2));
}
static wk_Tensor *pooled(wk_Tensor *y)
{
    wk_Tensor *z = wk_max_pool2d(wk_relu(y), 2);
    return wk_mul_(wk_view(z, -1), 2) ? wk_square(z) : NULL;
}

/* Value and gradients of x and w. */
static bool run_program(Program program, wk_dtype dtype, int64_t n, wk_Tensor **r)
{
    wk_manual_seed(5);
    wk_Tensor *x = wk_requires_grad_(wk_to_dtype(whole(n, 2, 8, 7), dtype)),
              *w = wk_requires_grad_(wk_to_dtype(whole(4, 2, 3, 3), dtype));
    r[0] = program(wk_conv2d(x, w, .padding = 1));
    wk_Tensor *v = r[0] ? wk_to_dtype(wk_randint_shape(-2, 3, wk_ndim(r[0]), wk_shape(r[0])), dtype) : NULL;
    if (!v || !wk_backward(r[0], v))
        return false;
    r[1] = wk_grad_of(x), r[2] = wk_grad_of(w);
    return true;
}

static void writes_through_views_have_the_gradients_of_rows(void **state)
{
    (void)state;
    static const Program programs[] = {times_three, base_then_view, part_of_view, strided,
                                       scattered,   transposed,     tokens,       pooled};
    for (int64_t n = 2; n <= 18; n += 4)
        for (size_t i = 0; i < LENGTH(programs); i++) {
            wk_Tensor *got[3], *want[3];
            if (!run_program(programs[i], wk_float32, n, got) ||
                !run_program(programs[i], wk_float64, n, want))
                fail_msg("program %d, n %d: %s", (int)i, (int)n, wk_error());
            for (int k = 0; k < 3; k++)
                if (!wk_equal(wk_to_dtype(got[k], wk_float64), want[k]))
                    fail_msg("program %d, n %d: result %d differs", (int)i, (int)n, k);
            EXPECT_NODE(wk_reshape(wk_conv2d(wk_requires_grad_(whole(n, 2, 8, 7)), whole(4, 2, 3, 3)), -1),
                        "ViewBackward0");
        }
}

static void a_changed_saved_tensor_is_noticed_through_any_view(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(whole(8, 2, 6, 6));
    wk_Tensor *y = wk_conv2d(x, whole(3, 2, 3, 3)), *z = wk_mul(y, y);
    EXPECT_TRUE(wk_mul_(wk_view(y, -1), 2));
    EXPECT_ERROR(wk_backward(wk_sum(z)), WK_ERROR_STATE, "modified by an inplace operation");
}

/* ---- reading changes nothing ------------------------------------------------------------------------ */

static void do_not_look(wk_Tensor *t)
{
    (void)t;
}
static void look_at_pointer(wk_Tensor *t)
{
    assert_non_null(wk_data_ptr(t));
}
static void look_at_sum(wk_Tensor *t)
{
    assert_non_null(wk_sum(wk_detach(t)));
}
static void look_at_view(wk_Tensor *t)
{
    assert_non_null(wk_clone(wk_view(wk_detach(t), -1)));
}
static void look_at_text(wk_Tensor *t)
{
    char *text = wk_tensor_str(t);
    assert_non_null(text);
    wk_str_free(text);
}
static void (*const looks[])(wk_Tensor *t) = {do_not_look, look_at_pointer, look_at_sum, look_at_view,
                                              look_at_text};

enum { STAGES = 9, WEIGHTS = 6 };

/* A step of a small network with `look` at the stages of the mask. */
static wk_Tensor *step_of_network(int64_t n, unsigned mask, void (*look)(wk_Tensor *), wk_Tensor *const *w)
{
    wk_Tensor *t[STAGES];
    wk_manual_seed(11);
    t[0] = wk_requires_grad_(wk_randn(n, 3, 12, 12));
    t[1] = wk_conv2d(t[0], w[0], .padding = 1);
    t[2] = wk_batch_norm(t[1], NULL, NULL, w[1], w[2], .training = true);
    t[3] = wk_relu(t[2]);
    t[4] = wk_max_pool2d(t[3], 2);
    t[5] = wk_conv2d(t[4], w[3]);
    t[6] = wk_conv2d(wk_add(t[5], wk_sigmoid(t[5])), w[4]);
    t[7] = wk_view(t[6], n, -1);
    t[8] = wk_linear(t[7], w[5], NULL);
    for (int i = 0; i < STAGES; i++)
        if (mask >> i & 1)
            look(t[i]);
    /* again from the middle, as what was looked at is read again */
    wk_Tensor *loss = wk_mean(
        wk_square(wk_add(t[8], wk_sum(wk_linear(wk_view(wk_conv2d(t[5], w[4]), n, -1), w[5], NULL)))));
    if (!loss || !wk_backward(loss))
        return NULL;
    wk_Tensor *all = wk_cat(wk_list(wk_view(loss, 1), wk_view(wk_grad_of(t[0]), -1)), 0);
    for (int i = 0; i < WEIGHTS; i++) {
        all = wk_cat(wk_list(all, wk_reshape(wk_grad_of(w[i]), -1)), 0);
        wk_set_grad(w[i], NULL);
    }
    return all;
}

static void reading_results_changes_no_bit(void **state)
{
    (void)state;
    for (int64_t n = 3; n <= 35; n += 8) {
        wk_Scope scope = wk_scope_begin();
        wk_manual_seed(1);
        wk_Tensor *w[WEIGHTS] = {wk_randn(6, 3, 3, 3), wk_rand(6),           wk_randn(6),
                                 wk_randn(5, 6, 3, 3), wk_randn(7, 5, 1, 1), wk_randn(4, 7 * 16)};
        for (int i = 0; i < WEIGHTS; i++)
            wk_requires_grad_(w[i]);
        wk_Tensor *want = step_of_network(n, 0, do_not_look, w);
        assert_non_null(want);
        for (size_t k = 1; k < LENGTH(looks); k++)
            for (unsigned i = 0; i <= STAGES; i++) {
                const unsigned mask = i < STAGES ? 1u << i : (1u << STAGES) - 1;
                wk_Tensor *got = step_of_network(n, mask, looks[k], w);
                if (!got || memcmp(wk_data_ptr(got), wk_data_ptr(want), (size_t)wk_numel(want) * 4) != 0)
                    fail_msg("n %d, look %d at stage %d", (int)n, (int)k, (int)i);
            }
        wk_scope_end(scope);
    }
}

static void a_network_stays_in_its_order(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(wk_randn(64, 1, 32, 32)), *w1 = wk_requires_grad_(wk_randn(6, 1, 5, 5)),
              *w2 = wk_requires_grad_(wk_randn(16, 6, 5, 5)), *w3 = wk_requires_grad_(wk_randn(120, 400));
    wk_Tensor *a = wk_conv2d(x, w1), *b = wk_max_pool2d(wk_relu(a), 2), *c = wk_conv2d(b, w2),
              *d = wk_max_pool2d(wk_relu(c), 2), *e = wk_view(d, -1, 400), *f = wk_linear(e, w3, NULL);
    EXPECT_TRUE(wk_retain_grad(e));
    EXPECT_TRUE(wk_retain_grad(b));
    EXPECT_TRUE(wk_backward(wk_sum(wk_square(f))));
    wk_Tensor *const kept[] = {a, b, c, d, e, wk_grad_of(e), wk_grad_of(b)};
    for (size_t i = 0; i < LENGTH(kept); i++)
        if (wk_has_rows(kept[i]))
            fail_msg("tensor %d was copied to rows", (int)i);
}

/* ---- memory and threads ----------------------------------------------------------------------------- */

static wk_Tensor *shared;
static wk_Tensor *pointer_of_shared(void *user)
{
    (void)user;
    wk_Tensor *y = wk_conv2d(wk_ones(8, 2, 6, 6), wk_ones(3, 2, 3, 3));
    return y && wk_data_ptr(y) ? y : NULL;
}
static wk_Tensor *view_of_shared(void *user)
{
    (void)user;
    wk_Tensor *y = wk_conv2d(wk_ones(8, 2, 6, 6), wk_ones(3, 2, 3, 3));
    wk_Tensor *v = wk_view(y, -1);
    return v && wk_mul_(v, 2) ? wk_sum(y, wk_dims(0)) : NULL;
}
static wk_Tensor *written_pooled(void *user)
{
    (void)user;
    wk_Tensor *x = wk_requires_grad_(wk_ones(8, 2, 8, 8)), *w = wk_ones(3, 2, 3, 3);
    wk_Tensor *y = wk_conv2d(x, w), *z = wk_max_pool2d(wk_relu(y), 2);
    if (!z || !wk_data_ptr(y) || !wk_data_ptr(z))
        return NULL;
    wk_Tensor *bn = wk_batch_norm(z, NULL, NULL, .training = true),
              *out = wk_linear(wk_view(bn, 8, -1), wk_ones(2, 27), NULL);
    return out && wk_backward(wk_sum(out)) ? wk_clone(wk_grad_of(x)) : NULL;
}

/* Where memory is first needed late: for rows. */
static void a_failed_allocation_changes_nothing(void **state)
{
    (void)state;
    ROW("A5");
    assert_true(expect_survives_failing_allocations(pointer_of_shared, NULL) > 0);
    assert_true(expect_survives_failing_allocations(view_of_shared, NULL) > 0);
    assert_true(expect_survives_failing_allocations(written_pooled, NULL) > 0);
}

static bool refuse(size_t bytes, void *user)
{
    (void)user;
    return bytes < 1000;
}

static void it_is_whole_after_a_refusal(void **state)
{
    (void)state;
    wk_Tensor *y = batch_last(16, 3, 6, 6), *rows = wk_clone(y), *v = wk_view(y, -1);
    wk_set_memory_hook(refuse, NULL);
    EXPECT_ERROR(wk_data_ptr(y), WK_ERROR_MEMORY, "memory");
    EXPECT_ERROR(wk_contiguous(y), WK_ERROR_MEMORY, "memory");
    EXPECT_ERROR(wk_sum(y), WK_ERROR_MEMORY, "memory");
    EXPECT_ERROR(wk_mul_(v, 2), WK_ERROR_MEMORY, "memory");
    wk_set_memory_hook(NULL, NULL);
    EXPECT_TRUE(wk_equal(y, rows));
    assert_non_null(wk_data_ptr(y));
    EXPECT_TRUE(wk_equal(v, wk_view(rows, -1)));
}

typedef struct Visitor {
    bool same;
    int kind;
} Visitor;

static void *visit(void *context)
{
    Visitor *visitor = context;
    wk_Scope scope = wk_scope_begin();
    bool same = true;
    wk_no_grad
    {
        wk_Tensor *want = wk_relu(shared);
        if (visitor->kind == 0)
            same = wk_data_ptr(shared) != NULL;
        else if (visitor->kind == 1)
            same = wk_sum(wk_view(shared, -1)) != NULL;
        same = same && wk_equal(wk_relu(wk_view(shared, -1)), wk_view(want, -1)) &&
               wk_equal(wk_conv2d(shared, wk_ones(2, 3, 3, 3)), wk_conv2d(shared, wk_ones(2, 3, 3, 3)));
    }
    wk_scope_end(scope);
    visitor->same = same;
    return NULL;
}

static void threads_may_look_at_one_tensor(void **state)
{
    (void)state;
    for (int round = 0; round < 30; round++) {
        wk_Scope scope = wk_scope_begin();
        shared = batch_last(12, 3, 7, 7);
        pthread_t threads[4];
        Visitor visitors[4];
        for (int i = 0; i < 4; i++) {
            visitors[i] = (Visitor){false, i % 3};
            assert_int_equal(pthread_create(&threads[i], NULL, visit, &visitors[i]), 0);
        }
        for (int i = 0; i < 4; i++) {
            pthread_join(threads[i], NULL);
            assert_true(visitors[i].same);
        }
        wk_scope_end(scope);
    }
}

/* ---- kept beyond a step ----------------------------------------------------------------------------- */

static void parameters_and_buffers_may_be_results(void **state)
{
    (void)state;
    wk_Tensor *p = wk_requires_grad_(wk_detach(batch_last(8, 3, 4, 4))), *v = wk_view(wk_detach(p), -1);
    wk_Tensor *before = wk_clone(wk_detach(p));
    wk_Optimizer *opt = wk_SGD(wk_list(p), .lr = 1.0);
    EXPECT_TRUE(wk_backward(wk_sum(wk_max_pool2d(p, 2))) && wk_zero_grad(opt));
    EXPECT_TRUE(wk_backward(wk_sum(wk_mul(p, 2))));
    EXPECT_TRUE(wk_step(opt));
    EXPECT_TRUE(wk_equal(wk_detach(p), wk_sub(before, 2)));
    EXPECT_TRUE(wk_equal(v, wk_view(wk_sub(before, 2), -1)));
    wk_free(opt);

    wk_Tensor *mean = wk_select(wk_select(wk_select(batch_last(8, 3, 4, 4), 3, 0), 2, 0), 0, 1);
    wk_Tensor *var = wk_ones(3), *copy = wk_clone(mean), *x = whole(4, 3, 2, 2);
    wk_Tensor *y = wk_batch_norm(x, mean, var, .training = true),
              *z = wk_batch_norm(x, copy, wk_ones(3), .training = true);
    EXPECT_TRUE(wk_equal(y, z) && wk_equal(mean, copy));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(every_view_of_a_convolution_works),
        TENSOR_TEST(strides_and_pointers_are_those_of_a_contiguous_result),
        TENSOR_TEST(gradients_are_contiguous_too),
        TENSOR_TEST(a_view_and_its_base_share_memory),
        TENSOR_TEST(writes_through_views_have_the_gradients_of_rows),
        TENSOR_TEST(a_changed_saved_tensor_is_noticed_through_any_view),
        TENSOR_TEST(reading_results_changes_no_bit),
        TENSOR_TEST(a_network_stays_in_its_order),
        TENSOR_TEST(a_failed_allocation_changes_nothing),
        TENSOR_TEST(it_is_whole_after_a_refusal),
        TENSOR_TEST(threads_may_look_at_one_tensor),
        TENSOR_TEST(parameters_and_buffers_may_be_results),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
