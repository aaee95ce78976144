/* Workers: the same batches, random numbers, roundings and messages for any number of them, with too few threads, and after a fork. */
#include "data/samples.h"

#include <dlfcn.h>
#include <sys/wait.h>

#include "core/float_mode.h"
#include "core/random.h"
#include "golden/data.h"

static void workers_change_nothing(void **state)
{
    (void)state;
    static int64_t out[120000];
    for (int workers = 0; workers <= 4; workers += workers < 2 ? 1 : 2) {
        int64_t n = 0;
        wk_manual_seed(7);
        wk_DataLoader *loader =
            wk_DataLoader(numbers(60000), .batch_size = 64, .shuffle = true, .num_workers = workers);
        assert_int_equal(epoch(loader, out, &n), 938);
        assert_int_equal(epoch(loader, out, &n), 938);
        assert_int_equal(n, 120000);
        assert_true(fnv(out, sizeof out) == golden_60000);
        wk_dataloader_free(loader);
    }
}

/* ---- samples that draw random numbers --------------------------------------------------------------- */

enum { DRAWN = 5, AUGMENTED = 90 };

/* The index, uniform and normal numbers (of which the generator keeps every second for later), and a seed of its own in some. */
static bool augmented(int64_t index, wk_Sample *sample, void *user)
{
    (void)user;
    if (index % 7 == 3)
        wk_manual_seed((uint64_t)index);
    double numbers[DRAWN] = {(double)index};
    if (!wk_fill_rand_f64(NULL, numbers + 1, 1) || !wk_fill_normal_f64(NULL, numbers + 2, 3, 0, 1))
        return false;
    sample->input = wk_tensor_new("test", wk_float64, 1, (int64_t[]){DRAWN});
    memcpy(wk_data_ptr(sample->input), numbers, sizeof numbers);
    return true;
}

/* The rows of an epoch, by sample; *seed is that of the epoch, the first number that it draws. */
static void augmented_epoch(wk_DataLoader *loader, double rows[AUGMENTED][DRAWN])
{
    for (wk_Batch b; wk_next(loader, &b);)
        for (int64_t i = 0; i < b.size; i++) {
            const double *row = wk_data(b.input, double) + i * DRAWN;
            memcpy(rows[(int)row[0]], row, sizeof *rows);
        }
    assert_null(wk_error());
}

static void random_numbers_do_not_depend_on_workers(void **state)
{
    (void)state;
    double want[2][AUGMENTED][DRAWN], rows[AUGMENTED][DRAWN];
    uint8_t rng[2][WK_RNG_STATE_BYTES];
    for (int workers = 0; workers <= 4; workers++)
        for (int64_t batch_size = 1; batch_size <= 31; batch_size += 15) {
            wk_manual_seed(5);
            wk_DataLoader *loader = wk_DataLoader(wk_CallbackDataset(AUGMENTED, augmented),
                                                  .batch_size = batch_size, .num_workers = workers);
            for (int e = 0; e < 2; e++) {
                augmented_epoch(loader, workers == 0 && batch_size == 1 ? want[e] : rows);
                if (workers || batch_size > 1)
                    assert_memory_equal(rows, want[e], sizeof rows);
            }
            wk_dataloader_free(loader);
            assert_true(wk_get_rng_state(NULL, rng[workers || batch_size > 1]));
            assert_memory_equal(rng[workers || batch_size > 1], rng[0], sizeof rng[0]);
        }
    /* Each sample has numbers of its own, and others in the next epoch, but for those that seed themselves. */
    for (int i = 0; i < AUGMENTED; i++) {
        for (int k = 0; k < i; k++)
            assert_true(want[0][i][1] != want[0][k][1]);
        assert_int_equal(want[0][i][1] == want[1][i][1], i % 7 == 3);
    }
}

/* What data.h says: the seed is that of the epoch + index. And the caller's generator gives the epochs' seeds alone. */
static void a_samples_generator_is_seeded_by_epoch_and_index(void **state)
{
    (void)state;
    double rows[AUGMENTED][DRAWN], numbers[4];
    int64_t seed[3];
    wk_manual_seed(5);
    assert_true(wk_fill_random_i64(NULL, seed, 3));
    wk_manual_seed(5);
    wk_DataLoader *loader = wk_DataLoader(wk_CallbackDataset(AUGMENTED, augmented), .num_workers = 2);
    for (int e = 0; e < 2; e++) {
        augmented_epoch(loader, rows);
        wk_Generator *generator = wk_Generator_new();
        wk_generator_manual_seed(generator, (uint64_t)seed[e] + 50);
        assert_true(wk_fill_rand_f64(generator, numbers, 1) &&
                    wk_fill_normal_f64(generator, numbers + 1, 3, 0, 1));
        assert_memory_equal(rows[50] + 1, numbers, sizeof numbers);
        wk_generator_free(generator);
    }
    wk_dataloader_free(loader);
    int64_t next;
    assert_true(wk_fill_random_i64(NULL, &next, 1));
    assert_true(next == seed[2]);
}

static bool rounded(int64_t index, wk_Sample *sample, void *user)
{
    (void)index, (void)user;
    volatile float subnormal = 1e-40f, three = 3;
    sample->input = wk_tensor_new("test", wk_float32, 0, NULL);
    *wk_data(sample->input, float) = subnormal * three;
    return true;
}

/* All of an epoch is made in the floating-point mode that the caller had when it began, although workers are ahead of the caller. */
static void an_epoch_has_one_floating_point_mode(void **state)
{
    (void)state;
    const wk_FloatMode mode = wk_float_mode();
    if (!WK_FLOAT_FLUSH)
        SKIP("this machine has one floating-point mode");
    for (int workers = 0; workers < 3; workers++) {
        wk_DataLoader *loader =
            wk_DataLoader(wk_CallbackDataset(40, rounded), .batch_size = 2, .num_workers = workers);
        for (int flush = 0; flush < 2; flush++) {
            int zeros = 0;
            wk_set_float_mode(flush ? mode | WK_FLOAT_FLUSH : mode);
            for (wk_Batch b; wk_next(loader, &b);) {
                wk_set_float_mode(flush ? mode : mode | WK_FLOAT_FLUSH);
                for (int i = 0; i < 2; i++)
                    zeros += ((uint32_t *)wk_data_ptr(b.input))[i] == 0;
            }
            wk_set_float_mode(mode);
            assert_int_equal(zeros, flush ? 40 : 0);
        }
        wk_dataloader_free(loader);
    }
}

/* ---- failure ---------------------------------------------------------------------------------------- */

static bool fails_at_length(int64_t index, wk_Sample *sample, void *user)
{
    char name[1500];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = 0;
    (void)index, (void)user;
    sample->input = wk_raise(WK_ERROR_CORRUPT, "%s: not a picture", name);
    return sample->input != NULL;
}

/* A26: what a worker's message says is not cut either. */
static void messages_do_not_depend_on_workers(void **state)
{
    (void)state;
    char text[2][2048];
    for (int workers = 0; workers < 2; workers++) {
        wk_DataLoader *loader = wk_DataLoader(wk_CallbackDataset(3, fails_at_length), .num_workers = workers);
        wk_Batch b;
        assert_false(wk_next(loader, &b));
        snprintf(text[workers], sizeof text[0], "%s", wk_error());
        assert_error(WK_ERROR_CORRUPT, "x: not a picture");
        wk_dataloader_free(loader);
    }
    assert_string_equal(text[0], text[1]);
}

/* No more slots than batches, whatever prefetch_factor is. */
static void workers_take_memory_for_their_batches(void **state)
{
    (void)state;
    size_t most = wk_max_memory_allocated();
    wk_DataLoader *loader =
        wk_DataLoader(numbers(300), .batch_size = 1, .num_workers = 256, .prefetch_factor = 1024);
    wk_Batch b;
    assert_true(wk_next(loader, &b));
    wk_dataloader_free(loader);
    assert_true(wk_max_memory_allocated() < most + (4 << 20));
}

/* A pthread_create of the test's own that fails when told to; sanitizers need the real one. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(__clang__)
static atomic_int threads_to_have = INT32_MAX;

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument)
{
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    return atomic_fetch_sub(&threads_to_have, 1) > 0 ? real(thread, attributes, run, argument) : EAGAIN;
}

static void threads_that_cannot_be_had(void **state)
{
    (void)state;
    for (int have = 0; have < 3; have++) {
        Function f = {.fails_at = -1, .odd_at = -1, .caller = pthread_self()};
        wk_DataLoader *loader =
            wk_DataLoader(wk_CallbackDataset(90, get_item, &f), .batch_size = 3, .num_workers = 3);
        int64_t at = 0;
        atomic_store(&threads_to_have, have);
        for (wk_Batch b; wk_next(loader, &b); at += b.size)
            assert_int_equal(wk_data(b.target, int64_t)[0], at);
        atomic_store(&threads_to_have, INT32_MAX);
        assert_null(wk_error());
        assert_int_equal(at, 90);
        wk_dataloader_free(loader);
    }
}
#else
static void threads_that_cannot_be_had(void **state)
{
    (void)state;
    SKIP("sanitizers need the real pthread_create");
}
#endif

/* ---- fork -------------------------------------------------------------------------------------------- */

enum { NEXT, NEXT_TWICE, RESET, FREE, CHILD_CASES };

/* In the child: what is asked for returns, with the error where one is due. */
static bool goes_well_in_child(wk_DataLoader *loader, int what)
{
    wk_Batch b;
    int64_t at = 0;
    if (what == FREE) {
        wk_dataloader_free(loader);
        return !wk_error();
    }
    if (what == RESET) {
        wk_dataloader_reset(loader);
    } else if (wk_next(loader, &b) || wk_error_kind() != WK_ERROR_STATE ||
               !strstr(wk_error(), "next: the workers of this epoch are threads of the process that this one "
                                   "was forked from")) {
        return false;
    }
    wk_clear_error();
#ifdef __SANITIZE_THREAD__
    return true; /* it does not follow the threads of a child that was forked with several */
#endif
    if (what == NEXT)
        return true;
    for (; wk_next(loader, &b); at += b.size) /* an epoch with workers of the child's own */
        if (wk_data(b.input, int64_t)[0] != at)
            return false;
    wk_dataloader_free(loader);
    return at == 500 && !wk_error();
}

/* The workers of an epoch are not in a child of fork: there the epoch is over, with an error. In the parent it goes on. */
static void an_epoch_does_not_cross_fork(void **state)
{
    (void)state;
    ROW("A33");
    for (int round = 0; round < 5 * CHILD_CASES; round++) {
        size_t memory = wk_memory_allocated();
        wk_DataLoader *loader = wk_DataLoader(numbers(500), .batch_size = 4, .num_workers = 3);
        wk_Batch b;
        for (int i = 0; i <= round; i++)
            assert_true(wk_next(loader, &b));
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            alarm(20);
            _exit(goes_well_in_child(loader, round % CHILD_CASES) ? 0 : 1);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        if (status != 0)
            fail_msg("case %d in a child: status 0x%x", round % CHILD_CASES, (unsigned)status);
        assert_true(wk_next(loader, &b));
        assert_int_equal(b.index, round + 1);
        assert_int_equal(wk_data(b.input, int64_t)[0], 4 * (round + 1));
        wk_dataloader_free(loader);
        assert_int_equal(wk_memory_allocated(), memory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_change_nothing),
        cmocka_unit_test(random_numbers_do_not_depend_on_workers),
        cmocka_unit_test(a_samples_generator_is_seeded_by_epoch_and_index),
        cmocka_unit_test(an_epoch_has_one_floating_point_mode),
        cmocka_unit_test(messages_do_not_depend_on_workers),
        cmocka_unit_test(workers_take_memory_for_their_batches),
        cmocka_unit_test(threads_that_cannot_be_had),
        cmocka_unit_test(an_epoch_does_not_cross_fork),
    };
    return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
