/* The loader: PyTorch's order, the steps, sizes, errors that arrive, and nothing left behind. */
#include "data/samples.h"

#include <dlfcn.h>
#include <sys/wait.h>

#include "core/float_mode.h"
#include "core/random.h"
#include "golden/data.h"
#include "wick/functional.h"

static void assert_default_generator_at(const int64_t *want)
{
    int64_t have[4];
    assert_true(wk_fill_randint_i64(NULL, have, 4, 0, 1000000));
    assert_memory_equal(have, want, sizeof have);
}

static void the_order_is_pytorchs(void **state)
{
    (void)state;
    int64_t out[64], n = 0;
    wk_manual_seed(0);
    wk_DataLoader *loader = wk_DataLoader(numbers(10), .batch_size = 4, .shuffle = true);
    assert_int_equal(wk_dataloader_len(loader), 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(epoch(loader, out, &n), 3);
    assert_int_equal(n, 30);
    assert_memory_equal(out, golden_shuffled, sizeof golden_shuffled);
    assert_default_generator_at(golden_after_shuffled);
    wk_dataloader_free(loader);
}

static void without_shuffle_one_number_is_drawn(void **state)
{
    (void)state;
    int64_t out[64], n = 0;
    wk_manual_seed(0);
    wk_DataLoader *loader = wk_DataLoader(numbers(10), .batch_size = 4);
    epoch(loader, out, &n);
    epoch(loader, out, &n);
    for (int i = 0; i < 20; i++)
        assert_int_equal(out[i], i % 10);
    assert_default_generator_at(golden_after_sequential);
    wk_dataloader_free(loader);
}

static void a_generator_gives_the_order(void **state)
{
    (void)state;
    int64_t out[64], n = 0;
    wk_manual_seed(0);
    wk_Generator *generator = wk_Generator_new();
    wk_generator_manual_seed(generator, 42);
    wk_DataLoader *loader = wk_DataLoader(numbers(10), .batch_size = 3, .shuffle = true, .drop_last = true,
                                          .generator = generator);
    wk_generator_free(generator); /* the loader has its own share */
    assert_int_equal(epoch(loader, out, &n), 3);
    assert_int_equal(epoch(loader, out, &n), 3);
    assert_int_equal(n, 18);
    assert_memory_equal(out, golden_generator, sizeof golden_generator);
    assert_default_generator_at(golden_after_generator);
    wk_dataloader_free(loader);
}

/* ---- steps ------------------------------------------------------------------------------------------ */

static void a_step_ends_with_the_next(void **state)
{
    (void)state;
    size_t memory = wk_memory_allocated();
    wk_DataLoader *loader = wk_DataLoader(numbers(6), .batch_size = 2);
    wk_Batch b;
    assert_true(wk_next(loader, &b));
    wk_Tensor *kept = wk_keep(b.input), *result = wk_tensor_new("test", wk_float32, 1, (int64_t[]){10});
    (void)wk_keep(result);
    assert_true(wk_next(loader, &b));
    assert_int_equal(kept->object.refs, 1); /* the step is over; what was kept is the keeper's alone */
    assert_int_equal(result->object.refs, 1);
    assert_int_equal(wk_data(kept, int64_t)[1], 1);
    assert_int_equal(wk_data(b.input, int64_t)[1], 3);
    wk_tensor_free(kept);
    wk_tensor_free(result);
    wk_dataloader_free(loader); /* in the middle of a step */
    assert_int_equal(wk_memory_allocated(), memory);
}

static void leaving_early_is_mended(void **state)
{
    (void)state;
    for (int workers = 0; workers < 3; workers++) {
        size_t memory = wk_memory_allocated();
        wk_DataLoader *loader = wk_DataLoader(numbers(100), .batch_size = 2, .num_workers = workers);
        wk_Batch b;
        for (int round = 0; round < 3; round++) {
            wk_Scope outer = wk_scope_begin();
            while (wk_next(loader, &b))
                if (b.index == round * 10 + 9)
                    break;
            assert_true(wk_scope_end(outer)); /* takes the step's scope with it */
        }
        assert_true(wk_next(loader, &b)); /* goes on where it was left */
        assert_int_equal(b.index, 30);
        wk_dataloader_reset(loader);
        assert_true(wk_next(loader, &b));
        assert_int_equal(b.index, 0);
        assert_null(wk_error());
        wk_dataloader_free(loader);
        assert_int_equal(wk_memory_allocated(), memory);
    }
}

static void two_loaders_may_be_nested(void **state)
{
    (void)state;
    wk_DataLoader *outer = wk_DataLoader(numbers(4), .batch_size = 2),
                  *inner = wk_DataLoader(numbers(6), .batch_size = 2);
    int steps = 0;
    for (wk_Batch a; wk_next(outer, &a);)
        for (wk_Batch b; wk_next(inner, &b);) {
            steps++;
            assert_int_equal(wk_data(a.input, int64_t)[0], 2 * a.index);
            assert_int_equal(wk_data(b.input, int64_t)[0], 2 * b.index);
        }
    assert_int_equal(steps, 6);
    assert_null(wk_error());
    wk_dataloader_free(outer);
    wk_dataloader_free(inner);
}

static void a_dataset_may_be_kept(void **state)
{
    (void)state;
    int64_t out[8], n = 0;
    wk_Dataset *dataset = numbers(3);
    wk_dataloader_free(wk_DataLoader(wk_dataset_keep(dataset)));
    assert_int_equal(wk_dataset_len(dataset), 3);
    wk_DataLoader *loader = wk_DataLoader(dataset);
    assert_int_equal(epoch(loader, out, &n), 3); /* batches of one */
    wk_dataloader_free(loader);
}

/* ---- what is refused -------------------------------------------------------------------------------- */

static void refused(wk_DataLoader_options options, const char *text)
{
    size_t memory = wk_memory_allocated();
    options.dataset = numbers(5);
    assert_null(wk_DataLoader_with(options)); /* and the dataset has gone with it */
    assert_error(WK_ERROR_ARGUMENT, text);
    assert_int_equal(wk_memory_allocated(), memory);
}

static void wrong_options(void **state)
{
    (void)state;
    ROW("A25");
    refused((wk_DataLoader_options){.batch_size = -1},
            "DataLoader: batch_size should be a positive integer value, but got batch_size=-1");
    refused((wk_DataLoader_options){.batch_size = WK_ZERO},
            "DataLoader: batch_size should be a positive integer value, but got batch_size=0");
    refused((wk_DataLoader_options){.num_workers = -1},
            "DataLoader: num_workers option should be non-negative, but got num_workers=-1");
    refused((wk_DataLoader_options){.num_workers = 1000000}, "DataLoader: num_workers is 1000000, max 256");
    refused((wk_DataLoader_options){.prefetch_factor = -2},
            "DataLoader: prefetch_factor is -2, must be 1 to 1024");
    assert_null(wk_DataLoader(NULL));
    assert_error(WK_ERROR_ARGUMENT, "DataLoader: argument dataset is NULL");
    wk_Batch b;
    assert_false(wk_next(NULL, &b));
    assert_error(WK_ERROR_ARGUMENT, "next: argument loader is NULL");
    assert_int_equal(wk_dataloader_len(NULL), -1);
    wk_clear_error();
    wk_dataloader_free(NULL);
}

static void epochs_without_a_batch(void **state)
{
    (void)state;
    ROW("A25");
    int64_t n = 0;
    for (int workers = 0; workers < 2; workers++) {
        wk_DataLoader *loader =
            wk_DataLoader(numbers(3), .batch_size = 4, .drop_last = true, .num_workers = workers);
        assert_int_equal(wk_dataloader_len(loader), 0);
        assert_int_equal(epoch(loader, NULL, &n), 0);
        assert_int_equal(epoch(loader, NULL, &n), 0);
        wk_dataloader_free(loader);
        loader = wk_DataLoader(numbers(0), .batch_size = 4, .num_workers = workers);
        assert_int_equal(epoch(loader, NULL, &n), 0);
        wk_dataloader_free(loader);
    }
    assert_null(wk_DataLoader(numbers(0), .shuffle = true));
    assert_error(WK_ERROR_ARGUMENT,
                 "DataLoader: num_samples should be a positive integer value, but got num_samples=0");
}

/* ---- sizes that do not fit --------------------------------------------------------------------------- */

/* A25: an order is kept only where there is one, and its bytes are counted without wrapping. */
static void more_samples_than_memory(void **state)
{
    (void)state;
    static const struct {
        int64_t length;
        wk_ErrorKind kind;
        const char *text;
    } shuffled[] = {
        {INT64_C(1) << 62, WK_ERROR_OVERFLOW,
         "DataLoader: Storage size calculation overflowed with sizes=[4611686018427387904]"},
        {INT64_MAX, WK_ERROR_OVERFLOW,
         "DataLoader: Storage size calculation overflowed with sizes=[9223372036854775807]"},
        {(INT64_C(1) << 61) + 1, WK_ERROR_OVERFLOW,
         "DataLoader: Storage size calculation overflowed with sizes=[2305843009213693953]"},
        {INT64_C(1) << 50, WK_ERROR_MEMORY,
         "can't allocate memory: you tried to allocate 9007199254740992 bytes"},
    };
    for (size_t i = 0; i < sizeof shuffled / sizeof *shuffled; i++) {
        const int64_t length = shuffled[i].length;
        Function f = {.fails_at = -1, .odd_at = -1, .caller = pthread_self()};
        size_t memory = wk_memory_allocated();
        assert_null(
            wk_DataLoader(wk_CallbackDataset(length, get_item, &f), .batch_size = 4, .shuffle = true));
        assert_error(shuffled[i].kind, shuffled[i].text);
        assert_int_equal(wk_memory_allocated(), memory);
        for (int workers = 0; workers < 3; workers += 2) {
            wk_DataLoader *loader = wk_DataLoader(wk_CallbackDataset(length, get_item, &f), .batch_size = 4,
                                                  .num_workers = workers);
            assert_int_equal(wk_dataloader_len(loader), length / 4 + (length % 4 != 0));
            wk_Batch b;
            for (int at = 0; at < 3; at++) {
                assert_true(wk_next(loader, &b));
                assert_int_equal(wk_data(b.target, int64_t)[3], at * 4 + 3);
            }
            wk_dataloader_free(loader);
        }
        assert_null(wk_error());
        assert_int_equal(wk_memory_allocated(), memory);
    }
}

/* A25: a batch of everything, which nothing can hold, and one larger than the dataset. */
static void batches_that_do_not_fit(void **state)
{
    (void)state;
    Function f = {.fails_at = -1, .odd_at = -1, .caller = pthread_self()};
    wk_Batch b;
    for (int workers = 0; workers < 2; workers++) {
        wk_DataLoader *loader = wk_DataLoader(wk_CallbackDataset(INT64_C(1) << 62, get_item, &f),
                                              .batch_size = INT64_C(1) << 62, .num_workers = workers);
        assert_int_equal(wk_dataloader_len(loader), 1);
        assert_false(wk_next(loader, &b));
        assert_error(WK_ERROR_OVERFLOW,
                     "Storage size calculation overflowed with sizes=[4611686018427387904, 3]");
        wk_dataloader_free(loader);
        loader = wk_DataLoader(numbers(5), .batch_size = INT64_MAX, .num_workers = workers);
        assert_int_equal(wk_dataloader_len(loader), 1);
        assert_true(wk_next(loader, &b));
        assert_int_equal(b.size, 5);
        wk_dataloader_free(loader);
        loader =
            wk_DataLoader(numbers(5), .batch_size = INT64_MAX, .num_workers = workers, .drop_last = true);
        assert_int_equal(wk_dataloader_len(loader), 0);
        wk_dataloader_free(loader);
    }
}

/* ---- memory ------------------------------------------------------------------------------------------ */

static bool an_epoch_of(int workers)
{
    wk_DataLoader *loader =
        wk_DataLoader(numbers(20), .batch_size = 3, .shuffle = true, .num_workers = workers);
    int batches = 0;
    if (!loader)
        return false;
    for (wk_Batch b; wk_next(loader, &b);)
        batches++;
    wk_dataloader_free(loader);
    return batches == 7;
}

static void memory_runs_out_at_each_allocation(void **state)
{
    (void)state;
    for (int workers = 0; workers < 3; workers += 2) {
        bool ok = false;
        assert_true(an_epoch_of(workers));
        for (long at = 0; !ok; at++) {
            wk_Dataset *dataset = numbers(20);
            size_t memory = wk_memory_allocated();
            TempFault fault = {.at = at};
            wk_set_memory_hook(temp_memory_hook, &fault);
            wk_DataLoader *loader = wk_DataLoader(wk_dataset_keep(dataset), .batch_size = 3, .shuffle = true,
                                                  .num_workers = workers);
            int batches = 0;
            for (wk_Batch b; loader && wk_next(loader, &b);)
                batches++;
            wk_dataloader_free(loader);
            wk_set_memory_hook(NULL, NULL);
            ok = !wk_error();
            assert_true(ok ? batches == 7 : wk_error_kind() == WK_ERROR_MEMORY);
            wk_clear_error();
            if (workers == 0)
                assert_int_equal(wk_memory_allocated(), memory);
            wk_dataset_free(dataset);
            assert_true(at < 1000);
        }
    }
}

static void loaders_come_and_go(void **state)
{
    (void)state;
    size_t memory = wk_memory_allocated();
    for (int round = 0; round < 300; round++) {
        wk_DataLoader *loader = wk_DataLoader(numbers(40), .batch_size = 1, .num_workers = 1 + round % 4,
                                              .prefetch_factor = 1 + round % 3);
        wk_Batch b;
        for (int i = 0; i < round % 9 && wk_next(loader, &b); i++)
            assert_int_equal(*wk_data(b.input, int64_t), i);
        wk_dataloader_free(loader);
    }
    assert_null(wk_error());
    assert_int_equal(wk_memory_allocated(), memory);
}

static void a_warm_epoch_needs_no_more_memory(void **state)
{
    (void)state;
    int64_t n = 0;
    static int64_t out[8192];
    wk_DataLoader *loader = wk_DataLoader(numbers(1000), .batch_size = 100, .shuffle = true);
    epoch(loader, out, &n);
    size_t most = wk_max_memory_allocated();
    for (int i = 0; i < 5; i++)
        epoch(loader, out, &n);
    assert_int_equal(wk_max_memory_allocated(), most);
    wk_dataloader_free(loader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_is_pytorchs),       cmocka_unit_test(without_shuffle_one_number_is_drawn),
        cmocka_unit_test(a_generator_gives_the_order), cmocka_unit_test(a_step_ends_with_the_next),
        cmocka_unit_test(leaving_early_is_mended),     cmocka_unit_test(two_loaders_may_be_nested),
        cmocka_unit_test(a_dataset_may_be_kept),       cmocka_unit_test(wrong_options),
        cmocka_unit_test(epochs_without_a_batch),      cmocka_unit_test(more_samples_than_memory),
        cmocka_unit_test(batches_that_do_not_fit),     cmocka_unit_test(memory_runs_out_at_each_allocation),
        cmocka_unit_test(loaders_come_and_go),         cmocka_unit_test(a_warm_epoch_needs_no_more_memory),
    };
    return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
