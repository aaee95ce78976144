/* Hooks: order, changes of the list while it runs, wrong results, a backward within; gradients that are kept. */
#include "support/check.h"

typedef struct Log {
    char order[64];
    double last;
    wk_Tensor *tensor;
    uint64_t other;
} Log;

static void note(Log *log, char name, wk_Tensor *grad)
{
    size_t n = strlen(log->order);
    log->order[n] = name;
    log->last = wk_at(grad, 0);
}

static wk_Tensor *note_a(wk_Tensor *grad, void *user)
{
    note(user, 'a', grad);
    return NULL;
}

static wk_Tensor *double_b(wk_Tensor *grad, void *user)
{
    note(user, 'b', grad);
    return wk_mul(grad, 2);
}

static wk_Tensor *remove_other(wk_Tensor *grad, void *user)
{
    Log *log = user;
    note(log, 'r', grad);
    assert_true(wk_remove_hook(log->tensor, log->other));
    return NULL;
}

static wk_Tensor *add_another(wk_Tensor *grad, void *user)
{
    Log *log = user;
    note(log, '+', grad);
    assert_true(wk_register_hook(log->tensor, note_a, log));
    return NULL;
}

static wk_Tensor *of_wrong_shape(wk_Tensor *grad, void *user)
{
    (void)grad, (void)user;
    return f32(1, 2, 3);
}

static wk_Tensor *of_wrong_dtype(wk_Tensor *grad, void *user)
{
    (void)user;
    return wk_to_dtype(grad, wk_float64);
}

static void test_hooks_of_a_leaf(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f32(1, 2));
    Log log = {0};
    wk_register_hook(w, note_a, &log);
    uint64_t b = wk_register_hook(w, double_b, &log);
    wk_register_hook(w, note_a, &log);
    EXPECT_TRUE(wk_backward(wk_sum(wk_add(w, w)))); /* one call, with the complete gradient */
    assert_string_equal(log.order, "aba");
    assert_true(log.last == 4);
    EXPECT_VALUES(wk_grad_of(w), 4, 4);
    EXPECT_TRUE(wk_remove_hook(w, b));
    EXPECT_TRUE(wk_backward(wk_sum(w)));
    assert_string_equal(log.order, "abaaa");
    EXPECT_VALUES(wk_grad_of(w), 5, 5);
    EXPECT_VALUES(wk_grad(wk_sum(w), w), 1, 1);
    assert_string_equal(log.order, "abaaaaa");
}

static void test_hooks_of_a_result(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f32(1, 2)), *y = wk_mul(w, 3);
    Log log = {0};
    EXPECT_TRUE(wk_retain_grad(y));
    wk_register_hook(y, double_b, &log);
    wk_register_hook(y, note_a, &log);
    EXPECT_TRUE(wk_backward(wk_sum(wk_mul(y, y))));
    assert_string_equal(log.order, "ba");
    EXPECT_VALUES(wk_grad_of(y), 12, 24); /* the kept gradient is the one that the hooks made */
    EXPECT_VALUES(wk_grad_of(w), 36, 72);
}

static void test_hooks_that_change_the_hooks(void **state)
{
    (void)state;
    for (int leaf = 0; leaf < 2; leaf++) {
        wk_Tensor *w = wk_requires_grad_(f32(1, 2)), *y = wk_mul(w, 3);
        Log log = {.tensor = leaf ? w : y};
        wk_register_hook(log.tensor, remove_other, &log);
        log.other = wk_register_hook(log.tensor, note_a, &log);
        wk_register_hook(log.tensor, note_a, &log);
        wk_register_hook(log.tensor, add_another, &log);
        EXPECT_TRUE(wk_backward(wk_sum(y), .retain_graph = true));
        assert_string_equal(log.order, "ra+");
        log.other = wk_register_hook(log.tensor, note_a, &log);
        EXPECT_TRUE(wk_backward(wk_sum(y), .retain_graph = true));
        assert_string_equal(log.order, "ra+ra+a");
    }
}

static wk_Tensor *failing(wk_Tensor *grad, void *user)
{
    wk_Tensor *changed = wk_view(grad, 7);
    if (*(bool *)user)
        wk_clear_error();
    return changed;
}

static void test_hooks_with_wrong_results(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f32(1, 2)), *u = wk_requires_grad_(f32(1, 2));
    bool handles_it = false;
    wk_register_hook(u, failing, &handles_it);
    EXPECT_ERROR(wk_backward(wk_sum(u)), WK_ERROR_SHAPE, "shape '[7]' is invalid for input of size 2");
    handles_it = true;
    EXPECT_TRUE(wk_backward(wk_sum(u)));
    EXPECT_VALUES(wk_grad_of(u), 1, 1);
    uint64_t id = wk_register_hook(w, of_wrong_shape, NULL);
    EXPECT_ERROR(wk_backward(wk_sum(w)), WK_ERROR_SHAPE,
                 "hook: the gradient has shape [2], the hook's result [3]");
    wk_remove_hook(w, id);
    wk_register_hook(w, of_wrong_dtype, NULL);
    EXPECT_ERROR(wk_backward(wk_sum(w)), WK_ERROR_DTYPE,
                 "hook: the gradient is float32, the hook's result float64");
    assert_null(wk_grad_of(w));
}

static wk_Tensor *backward_within(wk_Tensor *grad, void *user)
{
    wk_Tensor *v = user;
    (void)grad;
    wk_enable_grad assert_true(wk_backward(wk_sum(wk_mul(v, v))));
    return NULL;
}

static void test_backward_within_a_hook(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f32(1, 2)), *v = wk_requires_grad_(f32(5)), *y = wk_exp(wk_mul(w, 0));
    wk_register_hook(y, backward_within, v);
    EXPECT_TRUE(wk_backward(wk_sum(wk_mul(y, 2))));
    EXPECT_VALUES(wk_grad_of(v), 10);
    EXPECT_VALUES(wk_grad_of(w), 0, 0);
}

static void test_retain_grad(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f32(1, 2)), *x = wk_mul(w, 1);
    EXPECT_TRUE(wk_retain_grad(x));
    EXPECT_TRUE(wk_retain_grad(x));
    EXPECT_TRUE(wk_retain_grad(w));     /* a leaf does anyway */
    EXPECT_TRUE(wk_mul_(x, 3) != NULL); /* what is kept is the gradient of the tensor as it is now */
    EXPECT_TRUE(wk_backward(wk_sum(x)));
    EXPECT_VALUES(wk_grad_of(x), 1, 1);
    EXPECT_VALUES(wk_grad_of(w), 3, 3);
    wk_Tensor *z = wk_mul(w, 1), *part = wk_slice(z, 0, 0, 1, 1);
    EXPECT_TRUE(wk_retain_grad(z));
    EXPECT_TRUE(wk_mul_(part, 5) != NULL);
    EXPECT_TRUE(wk_backward(wk_sum(wk_mul(z, 2))));
    EXPECT_VALUES(wk_grad_of(z), 2, 2);
    wk_Scope scope = wk_scope_begin(); /* a tensor that is gone keeps nothing */
    wk_Tensor *gone = wk_mul(w, 7);
    EXPECT_TRUE(wk_retain_grad(gone));
    wk_Tensor *sum = wk_keep(wk_sum(gone));
    wk_scope_end(scope);
    EXPECT_TRUE(wk_backward(sum));
    wk_tensor_free(sum);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_hooks_of_a_leaf),
        TENSOR_TEST(test_hooks_of_a_result),
        TENSOR_TEST(test_hooks_that_change_the_hooks),
        TENSOR_TEST(test_hooks_with_wrong_results),
        TENSOR_TEST(test_backward_within_a_hook),
        TENSOR_TEST(test_retain_grad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
