/* Autograd under strain: long chains on a small stack, cycles of ownership, other threads, fork, and memory that runs out. */
#include "support/check.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* ---- depth ------------------------------------------------------------------------------------------ */

enum { CHAIN = 100000 };

/* Backward, double backward and release of a chain; returns what is wrong, or NULL. */
static void *long_chain(void *unused)
{
    (void)unused;
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *w = wk_keep(wk_requires_grad_(f64(1))), *y = wk_keep(w);
    for (int i = 0; i < CHAIN; i++) {
        wk_Scope step = wk_scope_begin();
        wk_Tensor *next = wk_keep(wk_mul(y, 1.00001));
        wk_tensor_free(y);
        y = next;
        wk_scope_end(step);
    }
    bool done = wk_backward(y, .create_graph = true) && fabs(wk_item(wk_grad_of(w)) - exp(0.999995)) < 1e-4;
    wk_set_grad(w, NULL);
    wk_tensor_free(y);
    wk_tensor_free(w);
    wk_scope_end(scope);
    return done ? NULL : "the chain failed";
}

static void run_on_small_stack(void *(*run)(void *))
{
    pthread_attr_t attributes;
    pthread_t thread;
    void *wrong = "not run";
    pthread_attr_init(&attributes);
    assert_int_equal(pthread_attr_setstacksize(&attributes, SANITIZED ? 1 << 20 : 256 << 10), 0);
    assert_int_equal(pthread_create(&thread, &attributes, run, NULL), 0);
    pthread_join(thread, &wrong);
    pthread_attr_destroy(&attributes);
    if (wrong)
        fail_msg("%s", (char *)wrong);
}

static void test_long_chain_on_a_small_stack(void **state)
{
    (void)state;
    run_on_small_stack(long_chain);
}

/* In place through views: each step hangs a CopySlices and an AsStrided on the last. */
static void *long_chain_of_views(void *unused)
{
    (void)unused;
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *w = wk_requires_grad_(f64(1, 2)), *x = wk_mul(w, 1), *first = wk_select(x, 0, 0);
    for (int i = 0; i < CHAIN / 5; i++) {
        wk_Scope step = wk_scope_begin();
        wk_add_(first, 1);
        wk_scope_end(step);
    }
    bool done =
        wk_backward(wk_sum(wk_mul(x, x))) && wk_item(wk_select(wk_grad_of(w), 0, 0)) == 2 * (CHAIN / 5 + 1);
    wk_scope_end(scope);
    return done ? NULL : "the chain of views failed";
}

static void test_long_chain_of_views_on_a_small_stack(void **state)
{
    (void)state;
    run_on_small_stack(long_chain_of_views);
}

/* ---- ownership: the fixture fails when anything is left --------------------------------------------- */

static void test_no_cycles_of_ownership(void **state)
{
    (void)state;
    for (int backward = 0; backward < 2; backward++) {
        wk_Scope scope = wk_scope_begin();
        wk_Tensor *w = wk_requires_grad_(f64(1, 2)), *x = wk_mul(w, 2);
        wk_add_(x, wk_exp(x));                          /* saves its result */
        wk_add_(x, wk_mul(x, x));                       /* saves its input */
        wk_mul_(wk_slice(x, 0, 0, 1, 1), wk_detach(x)); /* a view */
        wk_Tensor *plain = f64(1, 2);
        wk_add_(plain, wk_mul(plain, w)); /* a tensor without history when it was saved */
        wk_Tensor *r = wk_sigmoid_(wk_mul(w, 2));
        if (backward)
            wk_backward(wk_sum(wk_add(plain, r)));
        wk_scope_end(scope);
    }
}

/* A leaf that becomes the result of an operation on what was made of it: the way back would lead to the tensor that holds it. */
static void test_leaves_that_become_results(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        wk_Scope scope = wk_scope_begin();
        wk_Tensor *w = wk_requires_grad_(f64(1, 2)), *plain = f64(3, 4);
        wk_Tensor *y = kind == 0 ? wk_mul(w, 2) : kind == 1 ? wk_exp(w) : wk_mul_(plain, w); /* saves w */
        if (kind == 3)
            EXPECT_TRUE(wk_detach_(w) == w);
        wk_set_requires_grad_(w, false);
        EXPECT_TRUE(wk_mul_(w, y) != NULL);
        EXPECT_ERROR(wk_backward(wk_sum(w)), WK_ERROR_STATE, "has been moved into the graph interior");
        wk_scope_end(scope);
    }
}

static void test_unfinished_graphs_are_released(void **state)
{
    (void)state;
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *w = wk_requires_grad_(f64(1, 2)), *y = wk_sum(wk_exp(wk_mul(w, w)));
    wk_backward(y, .retain_graph = true);
    wk_grad(wk_grad(y, w, .create_graph = true, .grad_output = wk_scalar_dtype(1, wk_float64)),
            w); /* fails: not a scalar */
    wk_clear_error();
    wk_scope_end(scope);
}

/* ---- threads ---------------------------------------------------------------------------------------- */

static wk_Tensor *train_small(void *user)
{
    int64_t seed = *(int64_t *)user;
    wk_manual_seed((uint64_t)seed);
    wk_Tensor *x = wk_randn(8, 4), *w = wk_requires_grad_(wk_randn(3, 4)),
              *b = wk_requires_grad_(wk_zeros(3));
    wk_Tensor *target = wk_randint(0, 3, 8);
    for (int step = 0; step < 20; step++) {
        wk_Tensor *loss = wk_cross_entropy(wk_linear(x, w, b), target);
        if (!wk_backward(loss))
            return NULL;
        wk_no_grad
        {
            wk_sub_(w, wk_mul(wk_grad_of(w), 0.1));
            wk_sub_(b, wk_mul(wk_grad_of(b), 0.1));
        }
        wk_set_grad(w, NULL), wk_set_grad(b, NULL);
    }
    return w;
}

typedef struct Worker {
    pthread_t thread;
    int64_t seed;
    double sum;
} Worker;

static void *worker_main(void *user)
{
    Worker *worker = user;
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *w = train_small(&worker->seed);
    worker->sum = w ? wk_item(wk_sum(w)) : NAN;
    wk_scope_end(scope);
    return NULL;
}

static void test_threads_with_their_own_graphs(void **state)
{
    (void)state;
    Worker workers[4];
    for (int i = 0; i < 4; i++) {
        workers[i].seed = i / 2; /* pairs do the same */
        assert_int_equal(pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(workers[i].thread, NULL);
    assert_true(workers[0].sum == workers[1].sum && workers[2].sum == workers[3].sum);
    assert_true(workers[0].sum != workers[2].sum && isfinite(workers[0].sum));
}

static void test_fork_after_use(void **state)
{
    (void)state;
    int64_t seed = 4;
    wk_Tensor *big = wk_requires_grad_(wk_randn(300, 300));
    EXPECT_TRUE(wk_backward(wk_sum(wk_matmul(big, big)))); /* the pool of threads is up */
    double want = wk_item(wk_sum(train_small(&seed)));
    wk_Tensor *loss = wk_sum(wk_mul(big, big));
    pid_t child = fork();
    if (child == 0) {
        bool same = wk_item(wk_sum(train_small(&seed))) == want;
        bool done = wk_backward(loss) && wk_backward(wk_sum(wk_matmul(big, big)));
        _exit(same && done ? 0 : 1);
    }
    assert_true(child > 0);
    int status = -1;
    alarm(30); /* a child that hangs ends this test */
    assert_int_equal(waitpid(child, &status, 0), child);
    alarm(0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* ---- memory that runs out --------------------------------------------------------------------------- */

static wk_Tensor *conv_net(void *user)
{
    (void)user;
    wk_manual_seed(1);
    wk_Tensor *x = wk_randn(2, 1, 8, 8), *w1 = wk_requires_grad_(wk_randn(2, 1, 3, 3));
    wk_Tensor *b1 = wk_requires_grad_(wk_randn(2)), *w2 = wk_requires_grad_(wk_randn(3, 18));
    wk_Tensor *b2 = wk_requires_grad_(wk_randn(3));
    wk_Tensor *h = wk_max_pool2d(wk_relu(wk_conv2d(x, w1, b1)), 2);
    h = wk_dropout(wk_flatten(h, 1, -1), 0.5, true);
    wk_Tensor *loss = wk_cross_entropy(wk_linear(h, w2, b2), i64(0, 2), .label_smoothing = 0.1);
    if (!wk_backward(loss))
        return NULL;
    wk_Tensor *grads[] = {wk_flatten(wk_grad_of(w1), 0, -1), wk_grad_of(b1),
                          wk_flatten(wk_grad_of(w2), 0, -1), wk_grad_of(b2), wk_view(loss, 1)};
    return wk_detach(wk_cat((wk_List){5, grads}, 0));
}

static wk_Tensor *write_in_place(void *user)
{
    (void)user;
    wk_Tensor *w = wk_requires_grad_(f64(1, 2, 3, 4, 5, 6)), *x = wk_view(wk_mul(w, 1), 2, 3);
    wk_Tensor *y = wk_mul_(wk_select(wk_t(x), 0, 1), 3);
    y = y ? wk_add_(x, wk_exp(x)) : NULL;
    y = y ? wk_copy_(wk_select(x, 0, 0), f64(7, 8, 9)) : NULL;
    y = y ? wk_sigmoid_(wk_slice(x, 1, 0, 2, 1)) : NULL;
    wk_Tensor *g = y ? wk_grad(wk_sum(wk_mul(x, x)), w, .create_graph = true) : NULL;
    return g ? wk_grad(wk_sum(g), w) : NULL;
}

static wk_Tensor *double_backward(void *user)
{
    (void)user;
    wk_Tensor *x = wk_requires_grad_(f64(1, 2)), *y = wk_sum(wk_softmax(wk_mul(x, wk_sin(x)), 0));
    wk_Tensor *first = wk_grad(wk_pow(y, 2), x, .create_graph = true);
    return wk_grad(wk_sum(wk_mul(first, x)), x);
}

static wk_Tensor *check_product(wk_List in, void *user)
{
    (void)user;
    return wk_matmul(wk_t(in.tensors[0]), in.tensors[1]);
}

static wk_Tensor *checked(void *user)
{
    (void)user;
    wk_Tensor *a = wk_requires_grad_(wk_view(f64(1, 2), 1, 2)), *b = wk_requires_grad_(wk_view(f64(3), 1, 1));
    a = wk_requires_grad_(wk_detach(a)), b = wk_requires_grad_(wk_detach(b));
    return wk_gradcheck(check_product, wk_list(a, b)) && wk_gradgradcheck(check_product, wk_list(a, b))
               ? f64(1)
               : NULL;
}

static wk_Tensor *printed(void *user)
{
    (void)user;
    wk_Tensor *x = wk_mul(wk_requires_grad_(f64(1, 2, 3, 4)), 2), *v = wk_slice(x, 0, 0, 2, 1);
    if (!wk_mul_(v, 3))
        return NULL;
    char *text = wk_tensor_str(v), *dot = text ? wk_graph_dot(x) : NULL;
    bool right =
        text && strcmp(text, "tensor([ 6., 12.], dtype=torch.float64, grad_fn=<AsStridedBackward0>)") == 0;
    if (text && !right)
        print_error("%s\n", text);
    if (text)
        wk_str_free(text);
    if (!dot)
        return NULL;
    wk_str_free(dot);
    assert_true(right);
    return f64(1);
}

/* Written into a view of a tensor that had no history so far. */
static wk_Tensor *write_into_view(void *user)
{
    (void)user;
    wk_Tensor *w = wk_requires_grad_(f64(1, 2)), *base = f64(3, 4, 5, 6);
    if (!wk_mul_(wk_narrow(base, 0, 1, 2), w))
        return NULL;
    assert_non_null(wk_grad_fn(base)); /* a write that succeeds is recorded */
    return wk_grad(wk_sum(base), w);
}

static wk_Tensor *leave_gradient(wk_Tensor *grad, void *user)
{
    (void)user;
    return wk_mul(grad, 2);
}

static wk_Tensor *hooked(void *user)
{
    (void)user;
    wk_Tensor *w = wk_requires_grad_(f64(1, 2)), *x = wk_mul(w, w);
    if (!wk_register_hook(w, leave_gradient, NULL) || !wk_register_hook(x, leave_gradient, NULL) ||
        !wk_retain_grad(x) || !wk_backward(wk_sum(x)) || !wk_backward(wk_sum(wk_mul(w, 3))))
        return NULL;
    return wk_detach(wk_cat(wk_list(wk_grad_of(w), wk_grad_of(x)), 0));
}

static bool cube_forward(wk_FunctionContext *ctx, wk_List in, wk_Tensor **out)
{
    wk_Tensor *x = in.tensors[0];
    out[0] = wk_mul(x, wk_mul(x, x));
    return out[0] && wk_save_for_backward(ctx, wk_list(x, out[0]));
}

static bool cube_backward(wk_FunctionContext *ctx, wk_List grad, wk_Tensor **grad_in)
{
    wk_Tensor *x = wk_saved_tensor(ctx, 0);
    grad_in[0] = wk_mul(grad.tensors[0], wk_div(wk_mul(wk_saved_tensor(ctx, 1), 3), x));
    return grad_in[0] != NULL;
}

static int users;

static void user_gone(void *user)
{
    (void)user;
    users--;
}

static const wk_Function Cube = {
    .name = "Cube", .forward = cube_forward, .backward = cube_backward, .release = user_gone};

static wk_Tensor *own_function(void *user)
{
    users++;
    wk_Tensor *x = wk_requires_grad_(f64(1, 2)); /* NULL, and what follows too, when there is no memory */
    wk_Tensor *y = wk_function_call(&Cube, wk_list(x), user);
    wk_Tensor *g = y ? wk_grad(wk_sum(y), x, .create_graph = true) : NULL;
    return g ? wk_grad(wk_sum(g), x) : NULL;
}

static wk_Tensor *views_and_indices(void *user)
{
    (void)user;
    wk_Tensor *w = wk_requires_grad_(f64(1, 2, 3, 4, 5, 6)), *x = wk_view(wk_mul(w, 2), 2, 3);
    wk_Tensor *a = wk_index_select(x, 1, i64(0, 2, 2)), *b = wk_permute(wk_unsqueeze(x, 0), 2, 1, 0);
    wk_Tensor *c = wk_max_dim(wk_reshape(b, -1, 2), 1, false).values;
    wk_Tensor *d = wk_as_strided(x, 2, (int64_t[]){3, 2}, (int64_t[]){1, 1}, 0);
    wk_Tensor *all = wk_add(wk_add(wk_sum(a), wk_sum(c)), wk_add(wk_mean(d), wk_amax(x)));
    return wk_grad(all, w);
}

static void test_failing_allocations(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        wk_Tensor *(*run)(void *);
    } cases[] = {
        {"conv net", conv_net},
        {"writes in place", write_in_place},
        {"write into a view", write_into_view},
        {"double backward", double_backward},
        {"gradcheck", checked},
        {"printing", printed},
        {"hooks", hooked},
        {"own function", own_function},
        {"views", views_and_indices},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        int count = expect_survives_failing_allocations(cases[i].run, NULL);
        print_message("%s: %d allocations\n", cases[i].name, count);
        assert_true(count > 10);
    }
    assert_int_equal(users, 0);
}

static bool fail_when_none_left(size_t bytes, void *user)
{
    int *left = user;
    (void)bytes;
    return (*left)-- > 0;
}

/* A write in place that fails has not written, and can be done again. */
static void test_failed_write_has_not_happened(void **state)
{
    (void)state;
    int count = 0;
    for (int n = 0; n < 200; n++) {
        wk_Scope scope = wk_scope_begin();
        wk_Tensor *w = wk_requires_grad_(f64(1, 2)), *x = wk_mul(w, 1), *v = wk_slice(x, 0, 0, 1, 1);
        int left = n;
        wk_set_memory_hook(fail_when_none_left, &left);
        wk_Tensor *done = wk_mul_(v, w ? wk_slice(w, 0, 1, 2, 1) : NULL);
        wk_set_memory_hook(NULL, NULL);
        if (!done) {
            count++;
            wk_clear_error();
            EXPECT_VALUES(x, 1, 2);
            EXPECT_TRUE(wk_mul_(v, wk_slice(w, 0, 1, 2, 1)) != NULL);
        }
        EXPECT_VALUES(x, 2, 2);
        EXPECT_TRUE(wk_backward(wk_sum(x)));
        EXPECT_VALUES(wk_grad_of(w), 2, 2);
        wk_scope_end(scope);
    }
    assert_true(count > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_no_cycles_of_ownership),
        TENSOR_TEST(test_leaves_that_become_results),
        TENSOR_TEST(test_unfinished_graphs_are_released),
        TENSOR_TEST(test_failing_allocations),
        TENSOR_TEST(test_failed_write_has_not_happened),
        cmocka_unit_test(test_long_chain_on_a_small_stack),
        cmocka_unit_test(test_long_chain_of_views_on_a_small_stack),
        cmocka_unit_test(test_threads_with_their_own_graphs),
        cmocka_unit_test(test_fork_after_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
