/* One module in evaluation, called by many threads at once, with and without recording: they share its parameters, and so the nodes at
 * which the way back ends. ThreadSanitizer runs this too. */
#include "support/check.h"

#include <pthread.h>
#include <stdatomic.h>

#include "wick/nn.h"
#include "wick/wick.h"

enum { THREADS = 4 };

typedef struct Shared {
    wk_Module *net;
    wk_Tensor *x;
    bool (*use)(const struct Shared *shared, const wk_Tensor *want);
    const wk_Tensor *want;
    int rounds;
    atomic_int failures, waiting;
} Shared;

/* The result and the graph behind it go at the end of each round, while other threads make theirs. */
static bool call_and_forget(const Shared *shared, const wk_Tensor *want)
{
    wk_Tensor *y = wk_call(shared->net, shared->x);
    return y && wk_requires_grad(y) && wk_allclose(y, (wk_Tensor *)want, 0, 0, true);
}

static bool call_without_recording(const Shared *shared, const wk_Tensor *want)
{
    wk_Tensor *y = NULL;
    wk_no_grad
    {
        y = wk_call(shared->net, shared->x);
    }
    return y && !wk_requires_grad(y) && wk_allclose(y, (wk_Tensor *)want, 0, 0, true);
}

/* The gradient of an input of the thread's own touches no parameter's. */
static bool differentiate_own_input(const Shared *shared, const wk_Tensor *want)
{
    wk_Tensor *x = wk_requires_grad_(wk_clone(shared->x));
    wk_Tensor *grad = wk_grad(wk_sum(wk_call(shared->net, x)), x);
    return grad && wk_allclose(grad, (wk_Tensor *)want, 0, 0, true);
}

static void *caller_main(void *user)
{
    Shared *shared = user;
    atomic_fetch_sub(&shared->waiting, 1);
    while (atomic_load(&shared->waiting) > 0) /* all begin with a module that nothing has recorded yet */
        ;
    for (int i = 0; i < shared->rounds; i++) {
        wk_Scope scope = wk_scope_begin();
        if (!shared->use(shared, shared->want))
            atomic_fetch_add(&shared->failures, 1);
        wk_scope_end(scope);
    }
    return NULL;
}

static wk_Module *small_net(void)
{
    wk_manual_seed(0);
    return wk_eval(wk_Sequential(wk_Conv2d(1, 4, 3), wk_BatchNorm2d(4), wk_ReLU(), wk_MaxPool2d(2),
                                 wk_Dropout(0.5), wk_Flatten(), wk_Linear(16, 8), wk_Tanh(),
                                 wk_Linear(8, 3)));
}

/* want comes from another module of the same seed: the shared one is fresh when the threads meet it. */
static void call_from_threads(bool (*use)(const Shared *, const wk_Tensor *), bool of_input)
{
    wk_Module *same = small_net();
    wk_Tensor *x = wk_arange(0, 72, 1), *input = wk_requires_grad_(wk_view(wk_div(x, 36.0), 2, 1, 6, 6));
    wk_Tensor *y = wk_call(same, input), *want = of_input ? wk_grad(wk_sum(y), input) : wk_detach(y);
    assert_non_null(want);
    Shared shared = {.net = small_net(), .x = wk_detach(input), .use = use, .want = want, .rounds = 200};
    atomic_store(&shared.waiting, THREADS);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, caller_main, &shared), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&shared.failures), 0);
    assert_true(wk_allclose(wk_call(shared.net, shared.x), wk_detach(y), 0, 0, true)); /* still whole */
    for (int i = 0; i < wk_parameters(shared.net).count; i++)
        assert_null(wk_grad_of(wk_parameters(shared.net).tensors[i]));
    wk_module_free(shared.net);
    wk_module_free(same);
}

static void test_calls_that_record(void **state)
{
    (void)state;
    call_from_threads(call_and_forget, false);
}

static void test_calls_without_recording(void **state)
{
    (void)state;
    call_from_threads(call_without_recording, false);
}

static void test_gradients_of_own_inputs(void **state)
{
    (void)state;
    call_from_threads(differentiate_own_input, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_calls_that_record),
        TENSOR_TEST(test_calls_without_recording),
        TENSOR_TEST(test_gradients_of_own_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
