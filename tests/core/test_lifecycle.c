/* Ends of threads, forks, and the unloading of the library, as a host of plugins meets them. */
#define _GNU_SOURCE
#include "support/check.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/memory.h"
#include "wick/wick.h"

enum { ELEMENTS = 1 << 20 };

/* LeakSanitizer: what threads of an unloaded plugin leave behind cannot be found any more, and is expected. */
WK_API int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return 1;
}

typedef wk_Tensor *(*Ones)(int ndim, const int64_t *dims, wk_dtype dtype);

/* dlsym gives an object pointer; C has no conversion of that to a function. */
#define FIND(library, function) (*(void **)&(function) = dlsym(library, #function), assert_non_null(function))

static void *load(const char *variable)
{
    const char *path = getenv(variable);
    assert_non_null(path);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        fail_msg("%s", dlerror());
    return library;
}

static void run_on_thread(void *(*run)(void *), void *argument)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run, argument), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

/* ---- unloading --------------------------------------------------------------------------------------- */

static void *use_and_unload_library(void *unused)
{
    void *library = load("WICK_LIBRARY");
    Ones wk_ones_shape;
    wk_Tensor *(*wk_exp)(wk_Tensor *);
    FIND(library, wk_ones_shape);
    FIND(library, wk_exp);
    assert_non_null(wk_exp(wk_ones_shape(1, (int64_t[]){ELEMENTS}, wk_float32)));
    assert_int_equal(dlclose(library), 0);
    return unused;
}

/* The thread that unloads the library ends afterwards. */
static void test_thread_ends_after_dlclose(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        run_on_thread(use_and_unload_library, NULL);
}

static atomic_int samples_made;

static bool slow_sample(int64_t index, wk_Sample *sample, void *user)
{
    const Ones ones = *(Ones *)user;
    (void)index;
    usleep(1000);
    sample->input = ones(1, (int64_t[]){4}, wk_float32);
    atomic_fetch_add(&samples_made, 1);
    return sample->input != NULL;
}

/* A loader's workers are at work while the host unloads the library that they run. */
static void test_workers_go_on_after_dlclose(void **state)
{
    (void)state;
    void *library = load("WICK_LIBRARY");
    wk_Dataset *(*wk_CallbackDataset_with)(wk_CallbackDataset_options);
    wk_DataLoader *(*wk_DataLoader_with)(wk_DataLoader_options);
    bool (*wk_next)(wk_DataLoader *, wk_Batch *);
    void (*wk_dataloader_free)(wk_DataLoader *);
    static Ones wk_ones_shape;
    FIND(library, wk_CallbackDataset_with);
    FIND(library, wk_DataLoader_with);
    FIND(library, wk_next);
    FIND(library, wk_dataloader_free);
    FIND(library, wk_ones_shape);
    wk_Dataset *dataset = wk_CallbackDataset_with(
        (wk_CallbackDataset_options){.length = 1000, .get_item = slow_sample, .user = &wk_ones_shape});
    wk_DataLoader *loader = wk_DataLoader_with(
        (wk_DataLoader_options){.dataset = dataset, .batch_size = 8, .num_workers = 3, .prefetch_factor = 4});
    wk_Batch batch;
    assert_true(wk_next(loader, &batch));
    assert_int_equal(dlclose(library), 0);
    const int before = atomic_load(&samples_made);
    while (atomic_load(&samples_made) == before)
        usleep(100);
    library = load("WICK_LIBRARY"); /* the library is the same one, and so is its state */
    FIND(library, wk_dataloader_free);
    wk_dataloader_free(loader);
    assert_int_equal(dlclose(library), 0);
}

typedef struct Guest {
    pthread_barrier_t used, unloaded;
    bool (*plugin_run)(int64_t, bool);
} Guest;

static void *use_plugin_and_stay(void *argument)
{
    Guest *guest = argument;
    assert_true(guest->plugin_run(1000, false));
    pthread_barrier_wait(&guest->used);
    pthread_barrier_wait(&guest->unloaded);
    return NULL;
}

static void *use_and_unload_plugin(void *argument)
{
    Guest *guest = argument;
    void *plugin = load("WICK_TEST_PLUGIN");
    bool (*plugin_run)(int64_t, bool);
    FIND(plugin, plugin_run);
    guest->plugin_run = plugin_run;
    assert_true(plugin_run(ELEMENTS, false));
    pthread_t stays;
    assert_int_equal(pthread_create(&stays, NULL, use_plugin_and_stay, guest), 0);
    pthread_barrier_wait(&guest->used);
    assert_int_equal(dlclose(plugin), 0);
    pthread_barrier_wait(&guest->unloaded);
    assert_int_equal(pthread_join(stays, NULL), 0);
    return NULL;
}

/* A plugin with the static library in it is really unloaded: its pool's threads are gone by then, and two threads that have used it,
 * one of them another than the one that unloads it, end afterwards; fork runs none of its handlers. */
static void test_plugin_with_static_library(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        Guest guest;
        pthread_barrier_init(&guest.used, NULL, 2);
        pthread_barrier_init(&guest.unloaded, NULL, 2);
        run_on_thread(use_and_unload_plugin, &guest);
        pthread_barrier_destroy(&guest.used);
        pthread_barrier_destroy(&guest.unloaded);
        pid_t child = fork();
        if (child == 0)
            _exit(0);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
}

/* What it has kept for reuse goes with it: a host may load it again and again. */
static void test_plugin_leaves_no_memory(void **state)
{
    (void)state;
    size_t before = 0;
    for (int i = 0; i < 12; i++) {
        void *plugin = load("WICK_TEST_PLUGIN");
        bool (*plugin_run)(int64_t, bool);
        FIND(plugin, plugin_run);
        assert_true(plugin_run(4 << 20, true)); /* 16 MB and 16 MB */
        assert_int_equal(dlclose(plugin), 0);
        if (i == 3)
            before = resident_kilobytes();
    }
    assert_true(resident_kilobytes() < before + (64 << 10));
}

/* ---- fork -------------------------------------------------------------------------------------------- */

static atomic_bool stop_allocating;

static void *allocate_until_stopped(void *unused)
{
    while (!atomic_load(&stop_allocating)) {
        void *large = wk_alloc(100000), *small[300];
        for (size_t i = 0; i < LENGTH(small); i++)
            small[i] = wk_alloc(100);
        for (size_t i = 0; i < LENGTH(small); i++)
            wk_release_object(small[i], 100);
        wk_release(large, 100000);
    }
    return unused;
}

/* The allocator's locks are free in a child, whatever other threads of the parent are at. */
static void test_fork_while_others_allocate(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    SKIP("the sanitizer's own allocator is not made for it");
#endif
    pthread_t threads[2];
    atomic_store(&stop_allocating, false);
    for (size_t i = 0; i < LENGTH(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, allocate_until_stopped, NULL), 0);
    int failures = 0;
    for (int i = 0; i < 300 && !failures; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            alarm(10);
            void *large = wk_alloc(100000), *small = wk_alloc(100);
            wk_release(large, 100000);
            wk_release_object(small, 100);
            _exit(large && small ? 0 : 1);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        failures += status != 0;
    }
    atomic_store(&stop_allocating, true);
    for (size_t i = 0; i < LENGTH(threads); i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_thread_ends_after_dlclose),  cmocka_unit_test(test_workers_go_on_after_dlclose),
        cmocka_unit_test(test_plugin_with_static_library), cmocka_unit_test(test_plugin_leaves_no_memory),
        cmocka_unit_test(test_fork_while_others_allocate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
