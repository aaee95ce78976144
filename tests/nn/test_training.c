/* Training when things go wrong, and its promises: any allocation may fail, any number of threads may work, any process may fork. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/golden.h"

#if defined(__SANITIZE_THREAD__)
#define UNDER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_TSAN 1
#endif
#endif
#ifndef UNDER_TSAN
#define UNDER_TSAN 0
#endif
enum { STEPS = UNDER_TSAN ? 10 : 200 };

static wk_Module *LeNet_new(void)
{
    return wk_Sequential(wk_Conv2d(1, 6, 5), wk_ReLU(), wk_MaxPool2d(2), wk_Conv2d(6, 16, 5), wk_ReLU(),
                         wk_MaxPool2d(2), wk_Flatten(), wk_Linear(16 * 5 * 5, 120), wk_ReLU(),
                         wk_Linear(120, 84), wk_ReLU(), wk_Linear(84, 10));
}

static bool train_step(wk_Module *net, wk_Optimizer *opt, wk_Tensor *input, wk_Tensor *target)
{
    wk_Scope scope = wk_scope_begin();
    bool done = scope.id && wk_zero_grad(opt);
    wk_Tensor *loss = done ? wk_cross_entropy(wk_call(net, input), target) : NULL;
    done = loss && wk_backward(loss) && wk_step(opt);
    if (scope.id)
        wk_scope_end(scope);
    return done;
}

/* A net, an optimizer, and all parameters as one tensor after some steps on random data. */
typedef struct Run {
    wk_Module *net;
    wk_Optimizer *opt;
    wk_Tensor *input, *target;
} Run;

static Run run_begin(int optimizer, int64_t batch)
{
    wk_manual_seed(1);
    Run run = {.net = LeNet_new()};
    EXPECT_TRUE(run.net != NULL);
    wk_List params = wk_parameters(run.net);
    run.opt = optimizer == 0   ? wk_SGD(params, .lr = 0.01, .momentum = 0.9)
              : optimizer == 1 ? wk_Adam(params, .amsgrad = true)
                               : wk_RMSprop(params, .lr = 1e-3, .momentum = 0.5, .centered = true);
    EXPECT_TRUE(run.opt != NULL);
    run.input = wk_randn(batch, 1, 32, 32);
    run.target = wk_randint(0, 10, batch);
    return run;
}

static void run_end(Run run)
{
    wk_free(run.opt), wk_free(run.net);
}

static wk_Tensor *weights(wk_Module *net)
{
    wk_Tensor *flat[64];
    wk_List params = wk_parameters(net);
    for (int i = 0; i < params.count; i++)
        flat[i] = wk_reshape(wk_detach(params.tensors[i]), -1);
    return wk_cat((wk_List){params.count, flat}, 0);
}

/* ---- the n-th allocation fails ---------------------------------------------------------------------- */

typedef struct Failing {
    int seen, at; /* at < 0: none */
    bool from_then_on;
} Failing;

static bool may_allocate(size_t bytes, void *user)
{
    Failing *f = user;
    (void)bytes;
    int now = __atomic_fetch_add(&f->seen, 1, __ATOMIC_RELAXED);
    return f->at < 0 || (f->from_then_on ? now < f->at : now != f->at);
}

/* One step with its n-th allocation failing: an error, the weights as they were, nothing left over; then the same step succeeds
 * and gives the weights of an undisturbed one. Gradients are thrown away before the memory is counted: a failed step may have made some. */
static void fail_every_allocation(int optimizer, bool from_then_on)
{
    Run calm = run_begin(optimizer, 2);
    EXPECT_TRUE(train_step(calm.net, calm.opt, calm.input, calm.target));
    wk_Tensor *want = weights(calm.net);
    run_end(calm);

    int failures = 0;
    for (int n = 0;; n++) {
        wk_Scope scope = wk_scope_begin();
        Run run = run_begin(optimizer, 2);
        wk_Tensor *before = weights(run.net);
        Failing failing = {.at = n, .from_then_on = from_then_on};
        wk_clear_error();
        wk_set_memory_hook(may_allocate, &failing);
        bool done = train_step(run.net, run.opt, run.input, run.target);
        wk_set_memory_hook(NULL, NULL);
        if (!done) {
            failures++;
            assert_int_equal(wk_error_kind(), WK_ERROR_MEMORY);
            assert_non_null(strstr(wk_error(), "can't allocate memory"));
            wk_clear_error();
            assert_true(wk_equal(weights(run.net), before));
            EXPECT_TRUE(train_step(run.net, run.opt, run.input, run.target));
        }
        assert_true(wk_equal(weights(run.net), want));
        run_end(run);
        wk_scope_end(scope);
        if (done && failing.seen <= n)
            break;
    }
    assert_true(failures > 20);
}

static void test_failing_sgd(void **state)
{
    (void)state;
    fail_every_allocation(0, false);
    fail_every_allocation(0, true);
}

static void test_failing_adam(void **state)
{
    (void)state;
    fail_every_allocation(1, false);
}

static void test_failing_rmsprop(void **state)
{
    (void)state;
    fail_every_allocation(2, false);
}

/* Making, listing, printing, converting, saving state: with each allocation failing once, nothing is left over (the test's own check),
 * and nothing is half made. */
static bool build_and_use(void)
{
    wk_Module *net = LeNet_new();
    wk_Optimizer *opt = net ? wk_Adam(wk_parameters(net)) : NULL;
    char *text = opt ? wk_str(net) : NULL, *text2 = text ? wk_str(opt) : NULL;
    wk_StateDict *dict = text2 ? wk_state_dict(net) : NULL;
    wk_Module *criterion = dict ? wk_CrossEntropyLoss(.weight = wk_ones(10)) : NULL;
    bool done = criterion && wk_load_state_dict(net, dict) && wk_named_parameters(net).count == 10 &&
                wk_named_buffers(criterion).count == 1 &&
                wk_add_param_group(opt, wk_list(wk_requires_grad_(wk_ones(1)))) == 1 &&
                wk_module_to_dtype(net, wk_float64);
    wk_free(criterion), wk_free(dict), wk_free(opt), wk_free(net);
    wk_str_free(text), wk_str_free(text2);
    return done;
}

static void test_failing_construction(void **state)
{
    (void)state;
    int failures = 0;
    for (int n = 0;; n++) {
        wk_Scope scope = wk_scope_begin();
        size_t before = wk_memory_allocated();
        Failing failing = {.at = n};
        wk_clear_error();
        wk_set_memory_hook(may_allocate, &failing);
        bool done = build_and_use();
        wk_set_memory_hook(NULL, NULL);
        if (!done) {
            failures++;
            assert_int_equal(wk_error_kind(), WK_ERROR_MEMORY);
        }
        wk_scope_end(scope);
        assert_int_equal(wk_memory_allocated(), before);
        if (done && failing.seen <= n)
            break;
    }
    wk_clear_error();
    EXPECT_TRUE(build_and_use());
    assert_true(failures > 50);
}

/* ---- threads and processes -------------------------------------------------------------------------- */

static wk_Tensor *train_for(int steps, int64_t batch)
{
    wk_Scope scope = wk_scope_begin();
    Run run = run_begin(0, batch);
    for (int i = 0; i < steps; i++)
        EXPECT_TRUE(train_step(run.net, run.opt, run.input, run.target));
    wk_Tensor *result = wk_keep(weights(run.net));
    run_end(run);
    wk_scope_end(scope);
    return result;
}

/* 1 to 4 threads: after all steps the same weights to the bit. */
static void test_thread_counts(void **state)
{
    (void)state;
    int former = wk_get_num_threads();
    wk_set_num_threads(1);
    wk_Tensor *want = train_for(STEPS, 20);
    assert_true(isfinite(wk_item(wk_sum(want))));
    for (int threads = 2; threads <= 4; threads++) {
        wk_set_num_threads(threads);
        wk_Tensor *have = train_for(STEPS, 20);
        assert_true(wk_equal(have, want));
        wk_free(have);
    }
    wk_free(want);
    wk_set_num_threads(former);
}

static void test_fork(void **state)
{
    (void)state;
    if (UNDER_TSAN) /* it gives up in a child that starts threads */
        SKIP("ThreadSanitizer gives up in a child that starts threads");
    int former = wk_get_num_threads();
    wk_set_num_threads(2);
    wk_Tensor *want = train_for(3, 20); /* the pool is warm */
    pid_t child = fork();
    if (child == 0) {
        alarm(60);
        wk_Tensor *have = train_for(3, 20);
        _exit(wk_equal(have, want) ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    wk_Tensor *again = train_for(3, 20);
    assert_true(wk_equal(again, want));
    wk_free(want), wk_free(again);
    wk_set_num_threads(former);
}

static void *train_on_thread(void *unused)
{
    (void)unused;
    return train_for(5, 4);
}

/* Four threads, each with a model, an optimizer and random numbers of its own: as if alone. */
static void test_models_on_threads(void **state)
{
    (void)state;
    wk_Tensor *want = train_for(5, 4);
    pthread_t threads[4];
    for (size_t i = 0; i < LENGTH(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, train_on_thread, NULL), 0);
    for (size_t i = 0; i < LENGTH(threads); i++) {
        void *have;
        pthread_join(threads[i], &have);
        assert_true(wk_equal(have, want));
        wk_free((wk_Tensor *)have);
    }
    wk_free(want);
}

/* ---- one module on two threads ---------------------------------------------------------------------- */

typedef struct Meeting {
    pthread_barrier_t inside, done;
} Meeting;
static Meeting meeting;

static wk_Tensor *meeting_forward(wk_Module *self, wk_Tensor *x)
{
    (void)self;
    pthread_barrier_wait(&meeting.inside);
    pthread_barrier_wait(&meeting.done);
    return x;
}

static void *call_on_thread(void *module)
{
    wk_Scope scope = wk_scope_begin();
    bool done = wk_call((wk_Module *)module, wk_ones(1)) != NULL;
    wk_scope_end(scope);
    return done ? module : NULL;
}

/* Assertions notice a call in training from a second thread. */
static void test_two_threads_in_training(void **state)
{
    (void)state;
#ifdef NDEBUG
    (void)meeting_forward, (void)call_on_thread;
    SKIP("noticed by builds with assertions only");
#else
    ROW("A27");
    wk_Module *net = wk_module_named(sizeof(wk_Module), "Net", meeting_forward);
    pthread_barrier_init(&meeting.inside, NULL, 2);
    pthread_barrier_init(&meeting.done, NULL, 2);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, call_on_thread, net), 0);
    pthread_barrier_wait(&meeting.inside);
    EXPECT_ERROR(wk_call(net, wk_ones(1)), WK_ERROR_STATE,
                 "Net: called in training while another thread is in it");
    pthread_barrier_wait(&meeting.done);
    void *done;
    pthread_join(thread, &done);
    assert_ptr_equal(done, net);
    wk_free(net);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_failing_sgd),       TENSOR_TEST(test_failing_adam),
        TENSOR_TEST(test_failing_rmsprop),   TENSOR_TEST(test_failing_construction),
        TENSOR_TEST(test_thread_counts),     TENSOR_TEST(test_fork),
        TENSOR_TEST(test_models_on_threads), TENSOR_TEST(test_two_threads_in_training),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
