/* Errors: which failure is kept, how long, and that each thread has its own. */
#include "support/check.h"

#include <pthread.h>

#include "wick/nn.h"

static const char zeros_failed[] = "zeros: dim 0 is -1", ones_failed[] = "ones: dim 0 is -2";

static void fail_zeros(void)
{
    assert_null(wk_zeros(-1));
}

static void fail_ones(void)
{
    assert_null(wk_ones(-2));
}

static void test_no_error(void **state)
{
    (void)state;
    assert_null(wk_error());
    assert_int_equal(wk_error_kind(), WK_OK);
    fail_zeros();
    wk_clear_error();
    assert_null(wk_error());
    assert_int_equal(wk_error_kind(), WK_OK);
}

/* An expression has one cause: neither the NULLs that follow it nor later failures hide it. */
static void test_the_first_failure_is_kept(void **state)
{
    (void)state;
    wk_Tensor *none = wk_zeros(-1);
    assert_null(wk_add(wk_mul(none, wk_ones(-2)), wk_matmul(f32(1, 2), wk_zeros(3, 3))));
    EXPECT_TRUE(wk_zeros(2) != NULL);
    assert_non_null(strstr(wk_error(), zeros_failed));
    wk_clear_error();
}

/* Looked at, it can be looked at again; the next failure takes its place. */
static void test_what_was_looked_at(void **state)
{
    (void)state;
    fail_zeros();
    for (int i = 0; i < 2; i++) {
        assert_non_null(strstr(wk_error(), zeros_failed));
        assert_int_equal(wk_error_kind(), WK_ERROR_SHAPE);
        EXPECT_TRUE(wk_zeros(2) != NULL); /* a success does not take it away */
    }
    fail_ones();
    fail_zeros();
    assert_non_null(strstr(wk_error(), ones_failed));
    assert_null(wk_relu(NULL)); /* this too is a failure of its own now */
    assert_string_equal(wk_error(), "relu: argument input is NULL");
    assert_int_equal(wk_error_kind(), WK_ERROR_ARGUMENT);
    wk_clear_error();
}

/* A program that asks for the kind alone, to try again with less, is not told the old one for ever. */
static void test_a_look_at_the_kind(void **state)
{
    (void)state;
    fail_zeros();
    assert_int_equal(wk_error_kind(), WK_ERROR_SHAPE);
    assert_null(wk_to_dtype(f32(1), (wk_dtype)99));
    assert_int_equal(wk_error_kind(), WK_ERROR_DTYPE);
    assert_non_null(strstr(wk_error(), "99"));
    wk_clear_error();
}

static int handled;

static void count_handled(wk_ErrorKind kind, const char *message)
{
    handled += kind == WK_ERROR_SHAPE && strstr(message, "dim 0 is -") != NULL;
}

/* The handler hears of each failure, also of those that are not kept. */
static void test_the_handler(void **state)
{
    (void)state;
    wk_on_error(count_handled);
    fail_zeros();
    fail_ones();
    wk_on_error(NULL);
    fail_zeros();
    assert_int_equal(handled, 2);
    assert_non_null(strstr(wk_error(), zeros_failed));
    wk_clear_error();
}

static void *other_thread(void *user)
{
    const char **message = user;
    *message = wk_error();
    wk_ones(-2);
    return (void *)(strstr(wk_error(), ones_failed) ? "kept" : "lost");
}

static void test_each_thread_has_its_own(void **state)
{
    (void)state;
    const char *seen = "";
    void *result = NULL;
    pthread_t thread;
    fail_zeros();
    assert_int_equal(pthread_create(&thread, NULL, other_thread, &seen), 0);
    pthread_join(thread, &result);
    assert_null(seen);
    assert_string_equal(result, "kept");
    assert_non_null(strstr(wk_error(), zeros_failed));
    wk_clear_error();
}

static wk_Tensor *nothing(wk_Module *self, wk_Tensor *x)
{
    (void)self, (void)x;
    return NULL;
}

/* A forward that fails without a message is told, and not taken for an older failure that was looked at. */
static void test_forward_without_an_error(void **state)
{
    (void)state;
    wk_Module *net = wk_module_named(sizeof *net, "Net", nothing);
    fail_zeros();
    assert_non_null(wk_error());
    assert_null(wk_call(net, f32(1)));
    assert_non_null(strstr(wk_error(), "Net: forward returned NULL without an error"));
    wk_clear_error();
    wk_module_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_no_error),
        TENSOR_TEST(test_the_first_failure_is_kept),
        TENSOR_TEST(test_what_was_looked_at),
        TENSOR_TEST(test_a_look_at_the_kind),
        TENSOR_TEST(test_the_handler),
        TENSOR_TEST(test_each_thread_has_its_own),
        TENSOR_TEST(test_forward_without_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
