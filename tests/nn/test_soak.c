/* Long runs: nothing grows with the steps, and a warm step asks the system for no memory. */
#include "io/temp.h"

#include "support/check.h"
#include "wick/wick.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1, SOAK_STEPS = 120, SOAK_FILES = 10 };
#else
enum { SANITIZED = 0, SOAK_STEPS = 3000, SOAK_FILES = 100 };
#endif

static wk_Module *net_new(void)
{
    return wk_Sequential(wk_Conv2d(1, 6, 5), wk_BatchNorm2d(6), wk_ReLU(), wk_MaxPool2d(2),
                         wk_Conv2d(6, 16, 5), wk_Tanh(), wk_AvgPool2d(2), wk_Flatten(), wk_Dropout(0.1),
                         wk_Linear(16 * 5 * 5, 84), wk_GELU(), wk_Linear(84, 10));
}

static void step(wk_Module *net, wk_Optimizer *opt, const wk_Batch *b)
{
    wk_zero_grad(opt);
    EXPECT_TRUE(wk_backward(wk_cross_entropy(wk_call(net, b->input), b->target)));
    EXPECT_TRUE(wk_step(opt));
}

/* Epochs with and without workers, three optimizers, steps that fail: the bytes in use are the same at the end of each. */
static void test_training_does_not_grow(void **state)
{
    (void)state;
    wk_Module *net = net_new();
    wk_Dataset *digits = wk_Digits(60, .resize = 32);
    wk_List params = wk_parameters(net);
    wk_Optimizer *opts[] = {wk_SGD(params, .momentum = 0.9), wk_Adam(params, .amsgrad = true),
                            wk_RMSprop(params, .momentum = 0.5, .centered = true)};
    size_t live = 0, resident = 0;
    for (int epoch = 0, steps = 0; steps < SOAK_STEPS; epoch++) {
        wk_DataLoader *loader = wk_DataLoader(wk_dataset_keep(digits), .batch_size = 4, .shuffle = true,
                                              .num_workers = epoch % 3);
        for (wk_Batch b; wk_next(loader, &b); steps++) {
            step(net, opts[steps % 3], &b);
            EXPECT_ERROR(wk_call(net, wk_ones(1, 2, 32, 32)), WK_ERROR_SHAPE, "channels");
        }
        wk_dataloader_free(loader);
        wk_zero_grad(opts[0]);
        if (epoch == 6) { /* optimizers have their state; caches of workers' threads have come back */
            live = wk_memory_allocated();
            resident = resident_kilobytes();
        }
        if (epoch >= 6)
            assert_int_equal(wk_memory_allocated(), live);
    }
    if (!SANITIZED)
        assert_true(resident_kilobytes() < resident + 4096);
    for (size_t i = 0; i < LENGTH(opts); i++)
        wk_free(opts[i]);
    wk_dataset_free(digits);
    wk_free(net);
}

static void test_warm_step_asks_the_system_for_nothing(void **state)
{
    (void)state;
    if (SANITIZED)
        SKIP("under a sanitizer every block is the system's");
    wk_Module *net = net_new();
    wk_Optimizer *opt = wk_SGD(wk_parameters(net), .momentum = 0.9);
    wk_DataLoader *loader = wk_DataLoader(wk_Digits(640, .resize = 32), .batch_size = 64);
    uint64_t warm = 0;
    for (int epoch = 0; epoch < 3; epoch++)
        for (wk_Batch b; wk_next(loader, &b);) {
            step(net, opt, &b);
            if (epoch == 0)
                warm = wk_memory_stats().system_allocs;
            assert_int_equal(wk_memory_stats().system_allocs, warm);
        }
    assert_true(warm > 0);
    assert_true(wk_memory_stats().cached >
                1 << 20); /* it is the cache that serves them, large blocks among them */
    wk_empty_cache();
    wk_Batch b;
    assert_true(wk_next(loader, &b));
    step(net, opt, &b);
    assert_true(wk_memory_stats().system_allocs > warm);
    wk_dataloader_free(loader);
    wk_free(opt);
    wk_free(net);
}

/* Saving, loading and reading again and again. */
static void test_files_do_not_grow(void **state)
{
    (void)state;
    wk_Module *net = net_new();
    const char *path = temp_path("net.safetensors");
    size_t live = 0;
    for (int i = 0; i < SOAK_FILES; i++) {
        wk_Scope scope = wk_scope_begin();
        EXPECT_TRUE(wk_save(net, path));
        EXPECT_TRUE(wk_load(net, path));
        EXPECT_TRUE(wk_read_file(path, 0) != NULL);
        EXPECT_ERROR(wk_load_idx(path), WK_ERROR_CORRUPT, "magic");
        wk_scope_end(scope);
        if (i == 3)
            live = wk_memory_allocated();
        if (i >= 3)
            assert_int_equal(wk_memory_allocated(), live);
    }
    wk_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_training_does_not_grow),
        TENSOR_TEST(test_warm_step_asks_the_system_for_nothing),
        TENSOR_TEST(test_files_do_not_grow),
    };
    return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
