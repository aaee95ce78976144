/* The pool: every block runs once, from several callers, nested, after fork, and with no thread to be had. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka asks for the four above */
#include <cmocka.h>
#include <fenv.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/float_mode.h"
#include "core/threads.h"
#include "support/skip.h"
#include "wick/runtime.h"

#ifdef __SANITIZE_THREAD__
/* By default TSan ends a child that makes threads; it can follow this one. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "die_after_fork=0";
}
#endif

enum { BLOCKS = 1000 };

typedef struct Counts {
    atomic_int each[BLOCKS];
    int plain[BLOCKS]; /* written by the blocks without atomics: TSan sees whether the pool orders them */
    atomic_int inner;
    atomic_int threads_inside;
} Counts;

static void count_block(void *context, int64_t i)
{
    Counts *c = context;
    atomic_fetch_add(&c->each[i], 1);
    c->plain[i]++;
    if (wk_thread_count() != 1)
        atomic_fetch_add(&c->threads_inside, 1);
}

static void run_once(Counts *c, int times)
{
    for (int t = 0; t < times; t++)
        wk_parallel(BLOCKS, count_block, c);
    for (int i = 0; i < BLOCKS; i++)
        if (c->each[i] != times || c->plain[i] != times)
            abort();
    if (c->threads_inside)
        abort();
}

static void every_block_once(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 4; threads++) {
        assert_true(wk_set_num_threads(threads));
        assert_int_equal(wk_get_num_threads(), threads);
        assert_int_equal(wk_thread_count(), threads);
        Counts c = {0};
        run_once(&c, 200);
    }
    wk_parallel(0, count_block, NULL);
}

static void inner_block(void *context, int64_t i)
{
    (void)i;
    atomic_fetch_add(&((Counts *)context)->inner, 1);
}

static void outer_block(void *context, int64_t i)
{
    (void)i;
    wk_parallel(10, inner_block, context);
}

static void nested_runs_serially(void **state)
{
    (void)state;
    wk_set_num_threads(4);
    Counts c = {0};
    wk_parallel(50, outer_block, &c);
    assert_int_equal(c.inner, 500);
}

typedef struct Numbers {
    atomic_int most, outside;
    int by_thread[8]; /* without atomics: TSan sees whether two threads ever have one number */
    int allowed;
} Numbers;

static void number_block(void *context, int64_t i)
{
    (void)i;
    Numbers *n = context;
    const int number = wk_thread_number();
    if (number < 0 || number >= n->allowed)
        atomic_fetch_add(&n->outside, 1);
    else
        n->by_thread[number]++;
    int most = atomic_load(&n->most);
    while (number > most && !atomic_compare_exchange_weak(&n->most, &most, number))
        ;
}

static void inner_number(void *context, int64_t i)
{
    Numbers inside = {.allowed = 1};
    wk_parallel(5, number_block, &inside); /* a thread alone is number 0, whatever it is outside */
    if (inside.by_thread[0] != 5)
        atomic_fetch_add(&((Numbers *)context)->outside, 1);
    number_block(context, i);
}

static void threads_have_numbers_below_the_limit(void **state)
{
    (void)state;
    wk_set_num_threads(4);
    for (int most = 1; most <= 6; most++) {
        Numbers n = {.allowed = most < 4 ? most : 4};
        for (int turn = 0; turn < 50; turn++)
            wk_parallel_on(most, 100, turn % 2 ? number_block : inner_number, &n);
        int sum = 0;
        for (int i = 0; i < 8; i++)
            sum += n.by_thread[i];
        assert_int_equal(n.outside, 0);
        assert_int_equal(sum, 5000);
        assert_true(n.most < n.allowed);
    }
    assert_int_equal(wk_thread_number(), 0);
}

typedef struct Arithmetic {
    float small[BLOCKS], third[BLOCKS];
} Arithmetic;

static void arithmetic_block(void *context, int64_t i)
{
    volatile float subnormal = 1e-40f, one = 1, three = 3;
    ((Arithmetic *)context)->small[i] = subnormal * three;
    ((Arithmetic *)context)->third[i] = one / three;
}

static void expect_arithmetic(Arithmetic *a, float small, float third)
{
    for (int turn = 0; turn < 50; turn++) {
        wk_parallel(BLOCKS, arithmetic_block, a);
        for (int i = 0; i < BLOCKS; i++)
            if (a->small[i] != small || a->third[i] != third)
                fail_msg("turn %d, block %d: %g and %.9g", turn, i, (double)a->small[i], (double)a->third[i]);
    }
}

/* Every block rounds as the caller does and takes subnormal numbers as the caller takes them, although the pool's threads were made
 * before the caller chose. */
static void blocks_run_in_the_callers_mode(void **state)
{
    (void)state;
    static Arithmetic a;
    volatile float subnormal = 1e-40f, three = 3;
    const float small = subnormal * three;
    wk_set_num_threads(4);
    expect_arithmetic(&a, small, 0x1.555556p-2f);
    const wk_FloatMode mode = wk_float_mode();
    if (WK_FLOAT_FLUSH) {
        wk_set_float_mode(mode | WK_FLOAT_FLUSH);
        expect_arithmetic(&a, 0, 0x1.555556p-2f);
        wk_set_float_mode(mode);
    }
#ifdef FE_DOWNWARD
    assert_int_equal(fesetround(FE_DOWNWARD), 0);
    expect_arithmetic(&a, subnormal * three, 0x1.555554p-2f);
    assert_int_equal(fesetround(FE_TONEAREST), 0);
#endif
    expect_arithmetic(&a, small, 0x1.555556p-2f);
}

static void *caller(void *unused)
{
    Counts *c = calloc(1, sizeof *c);
    run_once(c, 100);
    free(c);
    return unused;
}

static void several_callers(void **state)
{
    (void)state;
    wk_set_num_threads(3);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, caller, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

/* ---- callers that are cancelled --------------------------------------------------------------------- */

typedef struct Meeting {
    atomic_int arrived; /* blocks that are running */
    atomic_bool go_on;
} Meeting;

/* The caller's block ends at once, so that it waits for the other one. */
static void wait_on_a_worker(void *context, int64_t i)
{
    Meeting *m = context;
    (void)i;
    if (wk_thread_number() == 0) {
        while (atomic_load(&m->arrived) == 0)
            sched_yield();
        return;
    }
    atomic_fetch_add(&m->arrived, 1);
    while (!atomic_load(&m->go_on))
        sched_yield();
}

static void *cancelled_caller(void *meeting)
{
    wk_parallel(2, wait_on_a_worker, meeting);
    pthread_testcancel();
    return NULL;
}

/* Each block waits for the other: both run only on two threads. */
static void meet(void *context, int64_t i)
{
    Meeting *m = context;
    (void)i;
    atomic_fetch_add(&m->arrived, 1);
    for (int turns = 0; atomic_load(&m->arrived) < 2 && turns < 2000; turns++)
        usleep(1000);
    if (atomic_load(&m->arrived) == 2)
        atomic_store(&m->go_on, true);
}

static void cancelled_callers_leave_the_pool(void **state)
{
    (void)state;
    wk_set_num_threads(2);
    for (int times = 0; times < 3; times++) {
        Meeting m = {0};
        pthread_t thread;
        void *result;
        assert_int_equal(pthread_create(&thread, NULL, cancelled_caller, &m), 0);
        while (atomic_load(&m.arrived) == 0)
            sched_yield();
        usleep(20000); /* the caller has gone from spinning to sleep */
        pthread_cancel(thread);
        usleep(20000);
        atomic_store(&m.go_on, true);
        pthread_join(thread, &result);
        assert_ptr_equal(result, PTHREAD_CANCELED);
        Meeting next = {0};
        wk_parallel(2, meet, &next);
        assert_true(atomic_load(&next.go_on));
    }
}

static void forked_child_works(void **state)
{
    (void)state;
    wk_set_num_threads(3);
    Counts c = {0};
    run_once(&c, 1);
    for (int generation = 0; generation < 3; generation++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            alarm(20);
            Counts *mine = calloc(1, sizeof *mine);
            run_once(mine, 20);
            free(mine);
            _exit(0);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        Counts again = {0};
        run_once(&again, 20);
    }
}

/* In a child whose address space is used up, pthread_create fails; the work is done all the same. */
static void goes_on_without_threads(void **state)
{
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    SKIP("sanitizers need address space themselves");
#endif
    pid_t pid = fork();
    if (pid == 0) {
        alarm(20);
        struct rlimit limit = {1 << 20, 1 << 20};
        setrlimit(RLIMIT_AS, &limit);
        wk_set_num_threads(8);
        static Counts c;
        run_once(&c, 3);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void counts_are_checked(void **state)
{
    (void)state;
    assert_false(wk_set_num_threads(0));
    assert_string_equal(wk_error(), "set_num_threads: expected 1 to 256 threads, but got 0");
    assert_int_equal(wk_error_kind(), WK_ERROR_ARGUMENT);
    wk_clear_error();
    assert_false(wk_set_num_threads(257));
    wk_clear_error();
    assert_true(wk_set_num_threads(256));
    assert_true(wk_set_num_threads(2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_block_once),
        cmocka_unit_test(nested_runs_serially),
        cmocka_unit_test(threads_have_numbers_below_the_limit),
        cmocka_unit_test(blocks_run_in_the_callers_mode),
        cmocka_unit_test(several_callers),
        cmocka_unit_test(cancelled_callers_leave_the_pool),
        cmocka_unit_test(forked_child_works),
        cmocka_unit_test(goes_on_without_threads),
        cmocka_unit_test(counts_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
