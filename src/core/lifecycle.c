/* Ends of threads, forks, and the unloading of the library.
 *
 * One key of thread-specific data for all parts, so that their order is settled: a thread's tensors go before the cache that their
 * memory returns to.
 *
 * The shared library stays in memory after dlclose (it is linked with -z nodelete): threads that have used it may end later, workers of
 * a loader may be running, and glibc would call or run code that is no longer there. A plugin that holds the static library can be
 * unloaded, and so its last act is to delete the key; a thread that ends later then leaves its small cache behind. */
#include "core/lifecycle.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

static pthread_once_t wk_lifecycle_once = PTHREAD_ONCE_INIT;
static pthread_key_t wk_thread_key;
static atomic_bool wk_thread_key_valid;
static atomic_uint wk_fork_count;

static void thread_ended(void *unused)
{
    (void)unused;
    wk_scopes_thread_ended();
    wk_memory_thread_ended();
}

static void forked_child(void)
{
    wk_memory_after_fork();
    wk_threads_forget();
    atomic_fetch_add(&wk_fork_count, 1);
}

static void lifecycle_setup(void)
{
    atomic_store(&wk_thread_key_valid, pthread_key_create(&wk_thread_key, thread_ended) == 0);
    pthread_atfork(wk_memory_before_fork, wk_memory_after_fork, forked_child);
}

void wk_lifecycle_begin(void)
{
    pthread_once(&wk_lifecycle_once, lifecycle_setup);
}

void wk_thread_watch(void)
{
    wk_lifecycle_begin();
    if (atomic_load(&wk_thread_key_valid))
        pthread_setspecific(wk_thread_key,
                            &wk_thread_key); /* the destructor runs for values other than NULL */
}

unsigned wk_forks(void)
{
    return atomic_load(&wk_fork_count);
}

/* Runs at dlclose of a plugin that holds the static library, and at the end of the process, where other threads may still be at work:
 * nothing that belongs to them is touched. */
__attribute__((destructor)) static void library_unloaded(void)
{
    wk_threads_stop();
    if (atomic_exchange(&wk_thread_key_valid, false))
        pthread_key_delete(wk_thread_key);
    wk_memory_unloaded();
}
