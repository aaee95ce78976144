/* The caching allocator, seen from outside: it counts, reuses, gives back, aligns, asks its hook, and serves many threads. */
#include "support/check.h"

#include <pthread.h>
#include <stdatomic.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/tensor.h"

static const size_t sizes[] = {0,    1,    63,    64,    65,      4095,          4096,
                               4097, 5000, 65536, 65537, 1 << 20, (1 << 20) + 1, 3 << 20};

static void test_counts_and_aligns(void **state)
{
    (void)state;
    void *blocks[LENGTH(sizes)];
    size_t before = wk_memory_allocated(), total = 0;
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        blocks[i] = wk_alloc(sizes[i]);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 64, 0);
        memset(blocks[i], 0xa5, sizes[i]);
        total += sizes[i];
    }
    assert_true(wk_memory_allocated() - before >= total);
    assert_true(wk_memory_allocated() - before <= total + total / 4 + 64 * LENGTH(sizes));
    assert_true(wk_max_memory_allocated() >= wk_memory_allocated());
    for (size_t i = 0; i < LENGTH(sizes); i++)
        wk_release(blocks[i], sizes[i]);
    assert_int_equal(wk_memory_allocated(), before);
    wk_release(NULL, 10);
    wk_empty_cache();
    assert_int_equal(wk_memory_allocated(), before);
}

static void test_zeroed_and_grown(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        unsigned char *dirty = wk_alloc(sizes[i]);
        memset(dirty, 0xff, sizes[i]);
        wk_release(dirty, sizes[i]);
        unsigned char *block = wk_zalloc(sizes[i]);
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(block[j], 0);
        for (size_t j = 0; j < sizes[i]; j++)
            block[j] = (unsigned char)j;
        block = wk_realloc(block, sizes[i], 2 * sizes[i] + 10);
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(block[j], (unsigned char)j);
        wk_release(block, 2 * sizes[i] + 10);
    }
    char *text = wk_strdup("wick");
    assert_string_equal(text, "wick");
    wk_strfree(text);
    wk_strfree(NULL);
}

static void test_too_much(void **state)
{
    (void)state;
    EXPECT_ERROR(wk_alloc(SIZE_MAX), WK_ERROR_MEMORY, "you tried to allocate 18446744073709551615 bytes");
    EXPECT_ERROR(wk_alloc(SIZE_MAX / 2), WK_ERROR_MEMORY, "you tried to allocate");
    void *block = wk_alloc(100);
    EXPECT_ERROR(wk_realloc(block, 100, SIZE_MAX), WK_ERROR_MEMORY, "you tried to allocate");
    wk_release(block, 100); /* the old block is still there */
}

static bool refuse_large(size_t bytes, void *user)
{
    *(size_t *)user += 1;
    return bytes < 1000;
}

static void test_hook(void **state)
{
    (void)state;
    size_t asked = 0;
    wk_release(wk_alloc(2000), 2000);
    wk_set_memory_hook(refuse_large, &asked);
    void *small = wk_alloc(500);
    void *large = wk_alloc(2000); /* cached, but asked all the same */
    wk_set_memory_hook(NULL, NULL);
    assert_non_null(small);
    assert_null(large);
    assert_int_equal(wk_error_kind(), WK_ERROR_MEMORY);
    assert_int_equal(asked, 2);
    wk_clear_error();
    wk_release(small, 500);
}

/* Blocks made by one thread and released by another are found again, and the count comes back to where it was. */
enum { PASSED = 2000 };
static _Atomic(void *) passed[PASSED];

static void *produce(void *unused)
{
    (void)unused;
    for (int i = 0; i < PASSED; i++)
        atomic_store(&passed[i], wk_alloc((size_t)(i % 97) * 150));
    return NULL;
}

static void *consume(void *unused)
{
    (void)unused;
    for (int i = 0; i < PASSED; i++) {
        void *block;
        while (!(block = atomic_exchange(&passed[i], NULL)))
            sched_yield();
        wk_release(block, (size_t)(i % 97) * 150);
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    size_t before = wk_memory_allocated();
    for (int round = 0; round < 3; round++) {
        pthread_t threads[2];
        assert_int_equal(pthread_create(&threads[0], NULL, produce, NULL), 0);
        assert_int_equal(pthread_create(&threads[1], NULL, consume, NULL), 0);
        for (int i = 0; i < 2; i++)
            pthread_join(threads[i], NULL);
        assert_int_equal(wk_memory_allocated(), before);
    }
}

/* ---- what no scope holds ---------------------------------------------------------------------------- */

static int warnings;
static char warning[512];

static void note_warning(const char *message)
{
    warnings++;
    snprintf(warning, sizeof warning, "%s", message);
}

static void make_results(int count, int64_t bytes)
{
    for (int i = 0; i < count; i++)
        if (!wk_tensor_new("test", wk_uint8, 1, &bytes)) /* not touched: address space alone */
            abort();
}

static bool outermost(size_t tensors, size_t bytes)
{
    const wk_MemoryStats stats = wk_memory_stats();
    return stats.outermost_tensors == tensors && stats.outermost_bytes == bytes;
}

/* On a thread that has made nothing yet. NULL or what is wrong. */
static void *forget_the_scope(void *unused)
{
    (void)unused;
    if (!outermost(0, 0))
        return "a new thread has results";
    make_results(10, 1000);
    wk_Scope scope = wk_scope_begin();
    make_results(100, 1000);
    if (!outermost(10, 10000))
        return "the results of a scope are not apart";
    wk_Tensor *kept = wk_tensor_new("test", wk_uint8, 1, (int64_t[]){500});
    if (!wk_scope_end_keeping(scope, kept) || !outermost(11, 10500))
        return "what a scope has left does not count";
    if (!wk_view(kept, 5, 100) || !wk_view(kept, 50, 10) || !outermost(13, 10500))
        return "shared memory does not count once";
    make_results(100, 2 << 20);
    if (warnings)
        return "a warning below the bound";
    scope = wk_scope_begin();
    make_results(400, 2 << 20);
    wk_scope_end(scope);
    if (warnings)
        return "a warning of what a scope holds";
    wk_on_warning(NULL);
    make_results(60, 2 << 20);
    wk_on_warning(note_warning);
    if (warnings)
        return "a warning to nobody";
    make_results(32, 2 << 20);
    if (warnings != 1 || !outermost(205, 10500 + 192 * ((size_t)2 << 20)))
        return "no warning, or other numbers";
    make_results(100, 2 << 20);
    return warnings == 1 ? NULL : "a second warning";
}

static void test_forgotten_scope(void **state)
{
    (void)state;
    pthread_t thread;
    void *wrong;
    size_t before = wk_memory_allocated();
    wk_on_warning(note_warning);
    assert_int_equal(pthread_create(&thread, NULL, forget_the_scope, NULL), 0);
    pthread_join(thread, &wrong);
    wk_on_warning(NULL);
    if (wrong)
        fail_msg("%s", (char *)wrong);
    assert_non_null(strstr(warning, " results of this thread, of "));
    assert_non_null(strstr(warning,
                           "were made outside of any scope and stay until it ends: end them with each "
                           "step by wk_scope_begin and wk_scope_end, or by wk_next"));
    assert_int_equal(wk_memory_allocated(), before); /* they have ended with the thread */
}

static void test_stats(void **state)
{
    (void)state;
    wk_release(wk_alloc(3 << 20), 3 << 20);
    const wk_MemoryStats before = wk_memory_stats();
    assert_int_equal(before.allocated, wk_memory_allocated());
    assert_int_equal(before.max_allocated, wk_max_memory_allocated());
    void *block = wk_alloc(3 << 20), *other = wk_alloc(3 << 20);
    const wk_MemoryStats after = wk_memory_stats();
    assert_int_equal(after.allocated, before.allocated + (6 << 20));
#ifndef __SANITIZE_ADDRESS__
    assert_int_equal(after.system_allocs, before.system_allocs + 1); /* the first was kept */
    assert_int_equal(after.cached, before.cached - (3 << 20));
#endif
    wk_release(block, 3 << 20), wk_release(other, 3 << 20);
    wk_empty_cache();
    assert_int_equal(wk_memory_stats().cached, 0);
}

/* ---- errors ----------------------------------------------------------------------------------------- */

static void test_first_error_stays_until_read(void **state)
{
    (void)state;
    wk_clear_error();
    assert_null(wk_error());
    assert_null(wk_raise(WK_ERROR_SHAPE, "first %d", 1));
    wk_raise(WK_ERROR_INDEX, "second");
    assert_null(wk_raise_null("op", "x"));
    assert_int_equal(wk_error_kind(), WK_ERROR_SHAPE);
    assert_string_equal(wk_error(), "first 1");
    assert_string_equal(wk_error(), "first 1");
    wk_raise(WK_ERROR_INDEX, "third");
    assert_string_equal(wk_error(), "third");
    wk_raise_null("op", "x"); /* the last was read: this is a new one */
    assert_string_equal(wk_error(), "op: argument x is NULL");
    wk_clear_error();
    assert_int_equal(wk_error_kind(), WK_OK);
}

static const char *closest(const char *word)
{
    static const char *const known[] = {
        "Conv2d", "ConvTranspose2d", "Linear",  "ReLU", "epochs", "batch-size",
        "lr",     "kernel_size",     "padding", "data", "save"};
    const char *best = NULL;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        best = wk_closer_word(word, best, known[i]);
    return best ? best : "none";
}

static void test_misspelt_words(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"conv2d", "Conv2d"},
                                           {"CONV2D", "Conv2d"},
                                           {"Conv2", "Conv2d"},
                                           {"Covn2d", "Conv2d"},
                                           {"Linar", "Linear"},
                                           {"relu", "ReLU"},
                                           {"epoch", "epochs"},
                                           {"batch_size", "batch-size"},
                                           {"batchsize", "batch-size"},
                                           {"kernel", "kernel_size"},
                                           {"kernelsize", "kernel_size"},
                                           {"paddding", "padding"},
                                           {"Softmax", "none"},
                                           {"x", "none"},
                                           {"", "none"},
                                           {"bogus", "none"},
                                           {"lx", "lr"},
                                           {"Conv3d", "none"},
                                           {"Conv1d", "none"},
                                           {"ConvTranspose", "ConvTranspose2d"},
                                           {"dta", "data"},
                                           {"a_word_that_is_much_longer_than_any_that_is_known", "none"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        assert_string_equal(closest(pairs[i][0]), pairs[i][1]);
}

static void test_long_and_strange_text(void **state)
{
    (void)state;
    ROW("A28");
    char out[32], long_text[5000];
    assert_string_equal(wk_quote(out, sizeof out, "plain"), "plain");
    assert_string_equal(wk_quote(out, sizeof out, "\x1b[31m%n\n"), "\\x1b[31m%n\\x0a");
    static const char *const shown[][2] = {
        {"f\303\274r \316\261\346\227\245\360\237\230\200.png",
         "f\303\274r \316\261\346\227\245\360\237\230\200.png"}, /* UTF-8 */
        {"\302\205\177", "\\xc2\\x85\\x7f"},                   /* a control character beyond ASCII, and DEL */
        {"f\374r\303", "f\\xfcr\\xc3"},                        /* Latin-1, and a character without its end */
        {"\300\257\355\240\200", "\\xc0\\xaf\\xed\\xa0\\x80"}, /* too long a form; a surrogate */
    };
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        assert_string_equal(wk_quote(out, sizeof out, shown[i][0]), shown[i][1]);
    for (size_t size = 0; size < sizeof out; size++) { /* never past its end, nor a part of a character */
        memset(out, '#', sizeof out);
        wk_quote(out, size,
                 "\303\274\303\274\303\274\303\274\303\274\303\274\303\274\303\274\303\274\303\274\303\274"
                 "\303\274\303\274\303\274\303\274");
        assert_int_equal(out[size], '#');
        size_t whole = size ? strcspn(out, ".") : 0;
        assert_true(size == 0 || whole % 2 == 0);
    }
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = 0;
    assert_true(strlen(wk_quote(out, sizeof out, long_text)) < sizeof out);
    assert_non_null(strstr(out, "..."));
    wk_raise(WK_ERROR_ARGUMENT, "%s", long_text);
    assert_true(strlen(wk_error()) < 2048);
    wk_clear_error();
}

static void *other_thread(void *unused)
{
    (void)unused;
    return wk_error() ? "an error of another thread" : NULL;
}

static void test_errors_are_per_thread(void **state)
{
    (void)state;
    pthread_t thread;
    void *seen;
    wk_raise(WK_ERROR_STATE, "mine");
    assert_int_equal(pthread_create(&thread, NULL, other_thread, NULL), 0);
    pthread_join(thread, &seen);
    assert_null(seen);
    assert_string_equal(wk_error(), "mine");
    wk_clear_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_and_aligns),
        cmocka_unit_test(test_zeroed_and_grown),
        cmocka_unit_test(test_too_much),
        cmocka_unit_test(test_hook),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_forgotten_scope),
        cmocka_unit_test(test_stats),
        cmocka_unit_test(test_first_error_stays_until_read),
        cmocka_unit_test(test_misspelt_words),
        cmocka_unit_test(test_long_and_strange_text),
        cmocka_unit_test(test_errors_are_per_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
