/* Datasets: tensors that do not go together, and functions that make samples, on whatever thread; their errors arrive. */
#include "data/samples.h"

#include "core/random.h"
#include "wick/functional.h"

static void wrong_tensor_datasets(void **state)
{
    (void)state;
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *a = wk_tensor_new("test", wk_float32, 2, (int64_t[]){3, 2}),
              *b = wk_tensor_new("test", wk_float32, 1, (int64_t[]){4});
    wk_Tensor *c = wk_tensor_new("test", wk_float32, 0, NULL);
    assert_null(wk_TensorDataset(wk_list(a, b)));
    assert_error(WK_ERROR_SHAPE, "TensorDataset: Size mismatch between tensors: [3, 2] and [4] at 1");
    assert_null(wk_TensorDataset(wk_list(c)));
    assert_error(WK_ERROR_SHAPE, "TensorDataset: tensor 0 has no dimensions");
    assert_null(wk_TensorDataset(wk_list(a, NULL)));
    assert_error(WK_ERROR_ARGUMENT, "TensorDataset: argument tensor is NULL");
    assert_null(wk_TensorDataset((wk_List){0, NULL}));
    assert_error(WK_ERROR_ARGUMENT, "TensorDataset: 0 tensors, must be 1 to 8");
    wk_scope_end(scope);
}

/* ---- a function as dataset -------------------------------------------------------------------------- */

static void released(void *user)
{
    atomic_fetch_add(&((Function *)user)->released, 1);
}

static void a_function_makes_samples(void **state)
{
    (void)state;
    for (int workers = 0; workers < 3; workers++) {
        Function f = {.fails_at = -1, .odd_at = -1, .caller = pthread_self()};
        wk_DataLoader *loader = wk_DataLoader(wk_CallbackDataset(7, get_item, &f, released), .batch_size = 3,
                                              .num_workers = workers);
        int64_t at = 0;
        for (wk_Batch b; wk_next(loader, &b);) {
            assert_int_equal(wk_ndim(b.input), 2);
            assert_int_equal(wk_size(b.input, 1), 3);
            assert_int_equal(wk_ndim(b.target), 1);
            for (int64_t i = 0; i < b.size; i++, at++) {
                assert_int_equal(wk_data(b.target, int64_t)[i], at);
                assert_true(wk_data(b.input, float)[i * 3 + 2] == (float)(at * 10 + 2));
            }
        }
        assert_int_equal(at, 7);
        wk_dataloader_free(loader);
        assert_int_equal(f.elsewhere, workers ? 7 : 0);
        assert_int_equal(f.released, 1);
    }
}

static void errors_of_a_function_arrive(void **state)
{
    (void)state;
    ROW("A26");
    assert_null(wk_CallbackDataset(-1, get_item));
    assert_error(WK_ERROR_ARGUMENT, "CallbackDataset: length is -1");
    for (int workers = 0; workers < 3; workers++) {
        size_t memory = wk_memory_allocated();
        Function f = {.fails_at = 40, .odd_at = -1, .caller = pthread_self()};
        wk_DataLoader *loader =
            wk_DataLoader(wk_CallbackDataset(100, get_item, &f), .batch_size = 3, .num_workers = workers);
        wk_Batch b = {0};
        int batches = 0;
        while (wk_next(loader, &b))
            batches++;
        assert_int_equal(batches, 13);
        assert_int_equal(b.index, 12); /* what a failure would have written is untouched */
        assert_error(WK_ERROR_STATE, "DataLoader: get_item failed for sample 40");
        f.fails_at = -1;
        f.odd_at = 5;
        for (batches = 0; wk_next(loader, &b);)
            batches++;
        assert_int_equal(batches, 1);
        assert_error(WK_ERROR_SHAPE, "DataLoader: stack expects each tensor to be equal size, but got [3] at "
                                     "entry 0 and [4] at entry 2");
        f.odd_at = -1;
        for (batches = 0; wk_next(loader, &b);)
            batches++;
        assert_int_equal(batches, 34);
        assert_null(wk_error());
        wk_dataloader_free(loader);
        assert_int_equal(wk_memory_allocated(), memory);
    }
}

/* What each wrong sample is told as; sample 0 is right. */
typedef enum Wrong { WRONG_SHAPE, WRONG_RANK, WRONG_DTYPE, NO_TARGET, NO_INPUT, OWN_ERROR, WRONGS } Wrong;

static bool get_wrong_item(int64_t index, wk_Sample *sample, void *user)
{
    Wrong wrong = index == 0 ? WRONGS : *(Wrong *)user;
    if (wrong == OWN_ERROR)
        return wk_view(wk_zeros(2), 3) != NULL;
    if (wrong != NO_INPUT)
        sample->input = wrong == WRONG_DTYPE  ? wk_zeros_shape(WK_SHAPE(3), wk_float64)
                        : wrong == WRONG_RANK ? wk_zeros(3, 1)
                                              : wk_zeros(wrong == WRONG_SHAPE ? 4 : 3);
    if (wrong != NO_TARGET)
        sample->target = wk_scalar_dtype((double)index, wk_int64);
    return true;
}

static void wrong_samples_arrive(void **state)
{
    (void)state;
    ROW("A26");
    static const struct {
        wk_ErrorKind kind;
        const char *message;
    } want[WRONGS] = {
        [WRONG_SHAPE] = {WK_ERROR_SHAPE,
                         "DataLoader: stack expects each tensor to be equal size, but got [3] at "
                         "entry 0 and [4] at entry 1"},
        [WRONG_RANK] = {WK_ERROR_SHAPE,
                        "DataLoader: stack expects each tensor to be equal size, but got [3] at "
                        "entry 0 and [3, 1] at entry 1"},
        [WRONG_DTYPE] = {WK_ERROR_DTYPE, "DataLoader: sample 1 is float64, the first of its batch float32"},
        [NO_TARGET] = {WK_ERROR_STATE, "DataLoader: sample 1 has no target, unlike the first of its batch"},
        [NO_INPUT] = {WK_ERROR_ARGUMENT, "DataLoader: argument sample->input is NULL"},
        [OWN_ERROR] = {WK_ERROR_SHAPE, "view: shape '[3]' is invalid for input of size 2"},
    };
    for (int workers = 0; workers < 3; workers++)
        for (Wrong wrong = 0; wrong < WRONGS; wrong++) {
            size_t memory = wk_memory_allocated();
            wk_DataLoader *loader = wk_DataLoader(wk_CallbackDataset(9, get_wrong_item, &wrong),
                                                  .batch_size = 3, .num_workers = workers);
            wk_Batch b;
            assert_false(wk_next(loader, &b));
            assert_string_equal(wk_error(), want[wrong].message);
            assert_int_equal(wk_error_kind(), want[wrong].kind);
            wk_clear_error();
            wk_dataloader_free(loader);
            assert_int_equal(wk_memory_allocated(), memory); /* the threads are gone, and all they had */
        }
}

static bool random_item(int64_t index, wk_Sample *sample, void *user)
{
    (void)index, (void)user;
    sample->input = wk_tensor_new("test", wk_float32, 1, (int64_t[]){4});
    return wk_fill_rand_f32(NULL, wk_data(sample->input, float), 4);
}

static void random_samples_repeat_for_a_seed(void **state)
{
    (void)state;
    uint64_t first = 0;
    for (int round = 0; round < 3; round++) {
        uint64_t hash = 0;
        wk_manual_seed(3);
        wk_DataLoader *loader =
            wk_DataLoader(wk_CallbackDataset(50, random_item), .batch_size = 2, .num_workers = 3);
        for (wk_Batch b; wk_next(loader, &b);)
            hash = hash * 31 + fnv(wk_data_ptr(b.input), 32);
        wk_dataloader_free(loader);
        assert_true(round == 0 || hash == first);
        first = hash;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_tensor_datasets),
        cmocka_unit_test(a_function_makes_samples),
        cmocka_unit_test(errors_of_a_function_arrive),
        cmocka_unit_test(wrong_samples_arrive),
        cmocka_unit_test(random_samples_repeat_for_a_seed),
    };
    return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
