/* The digits that need no file: the same for the same seed, for any number of threads, and not to be told apart by a ruler alone. */
#include "io/temp.h"

#include "core/random.h"
#include "wick/data.h"

static uint64_t hash_of(wk_Dataset *dataset, int64_t *counts)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    wk_DataLoader *loader = wk_DataLoader(dataset, .batch_size = 100);
    if (!loader)
        fail_msg("%s", wk_error());
    for (wk_Batch b; wk_next(loader, &b);) {
        for (int64_t i = 0; i < wk_numel(b.input); i++)
            h = (h ^ (uint64_t)(wk_data(b.input, float)[i] * 255 + 0.5f)) * UINT64_C(0x100000001b3);
        for (int64_t i = 0; i < b.size; i++) {
            h = (h ^ (uint64_t)wk_data(b.target, int64_t)[i]) * UINT64_C(0x100000001b3);
            counts[wk_data(b.target, int64_t)[i]]++;
        }
    }
    wk_dataloader_free(loader);
    return h;
}

static void the_pictures_are_these(void **state)
{
    (void)state;
    int64_t counts[10] = {0};
    uint64_t hash = hash_of(wk_Digits(1000), counts);
    if (hash != UINT64_C(6957808985797304162))
        fail_msg("the pictures changed: %llu", (unsigned long long)hash);
    for (int i = 0; i < 10; i++)
        assert_in_range(counts[i], 60, 140);
}

static void seeds_parts_and_threads(void **state)
{
    (void)state;
    int64_t counts[10];
    uint64_t hash = hash_of(wk_Digits(700), counts);
    int threads = wk_get_num_threads();
    for (int n = 1; n <= 4; n++) {
        assert_true(wk_set_num_threads(n));
        assert_true(hash_of(wk_Digits(700), counts) == hash);
    }
    assert_true(wk_set_num_threads(threads));
    assert_true(hash_of(wk_Digits(700, .seed = 1), counts) != hash);
    assert_true(hash_of(wk_Digits(700, .test = true), counts) != hash);
}

static void a_picture_does_not_depend_on_how_many_there_are(void **state)
{
    (void)state;
    wk_DataLoader *few = wk_DataLoader(wk_Digits(10)), *many = wk_DataLoader(wk_Digits(300));
    wk_Batch a, b;
    for (int i = 0; i < 10; i++) {
        assert_true(wk_next(few, &a));
        wk_Tensor *picture = wk_keep(a.input);
        assert_true(wk_next(many, &b));
        assert_memory_equal(wk_data_ptr(picture), wk_data_ptr(b.input), 784 * 4);
        wk_tensor_free(picture);
    }
    wk_dataloader_free(many);
    wk_dataloader_free(few);
}

static void sizes(void **state)
{
    (void)state;
    wk_Dataset *train = wk_Digits(0), *test = wk_Digits(0, .test = true);
    assert_int_equal(wk_dataset_len(train), 20000);
    assert_int_equal(wk_dataset_len(test), 4000);
    wk_dataset_free(train);
    wk_dataset_free(test);
    wk_DataLoader *loader = wk_DataLoader(wk_Digits(3, .resize = 32), .batch_size = 3);
    wk_Batch b;
    assert_true(wk_next(loader, &b));
    assert_int_equal(wk_size(b.input, 3), 32);
    wk_dataloader_free(loader);
    assert_null(wk_Digits(-1));
    assert_error(WK_ERROR_ARGUMENT, "Digits: count is -1, must be 0 to 10000000");
}

static void pytorchs_numbers_are_not_touched(void **state)
{
    (void)state;
    wk_manual_seed(5);
    uint32_t first = wk_random32(wk_generator(NULL));
    wk_manual_seed(5);
    wk_dataset_free(wk_Digits(100));
    assert_int_equal(wk_random32(wk_generator(NULL)), first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pictures_are_these),
        cmocka_unit_test(seeds_parts_and_threads),
        cmocka_unit_test(a_picture_does_not_depend_on_how_many_there_are),
        cmocka_unit_test(sizes),
        cmocka_unit_test(pytorchs_numbers_are_not_touched),
    };
    return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
