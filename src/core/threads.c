/* The pool of threads.
 *
 * Own rather than Debian's libpthreadpool: that one has no answer to fork (a child waits for ever for threads it does not have), makes a
 * second calling thread wait instead of letting it work alone, and its caller waits for every thread to check in, which on a busy
 * machine costs a time slice for each small operation. Here a caller takes back what no thread has begun.
 *
 * Each worker has a slot with one word of state. The caller writes WORK there (and wakes the worker if it sleeps); the worker answers with
 * RUNNING, and takes numbered blocks until none is left: those of its own share, then those of the others'. Only one caller at a time owns
 * the workers; others work through their blocks alone. A worker takes over the caller's floating-point mode, as results must not depend
 * on who runs a block. Memory order: the exchange to WORK publishes the job, `pending` reaching zero publishes the results. */
#define _GNU_SOURCE
#include "core/threads.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/error.h"
#include "core/float_mode.h"
#include "core/lifecycle.h"
#include "wick/runtime.h"

enum {
    MAX_THREADS = 256,
    SPINS =
        4000, /* some tens of microseconds: longer than the gap between two operations, shorter than anyone minds */
};

typedef enum SlotState {
    SLOT_IDLE,
    SLOT_WORK,
    SLOT_RUNNING,
    SLOT_ASLEEP,
    SLOT_QUIT,
} SlotState;

typedef struct WorkerSlot {
    _Alignas(64) atomic_int state;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
} WorkerSlot;

/* Blocks [next, end) that are left of a thread's share. */
typedef struct Share {
    _Alignas(64) _Atomic int64_t next;
    int64_t end;
} Share;

static struct {
    atomic_flag busy;  /* held by the caller that owns the workers */
    atomic_int wanted; /* threads to use, 0 until first asked */
    int workers;       /* that exist; changed by the owner alone */
    void (*block)(void *context, int64_t index);
    void *context;
    wk_FloatMode mode; /* of the caller */
    int sharers;
    Share shares[MAX_THREADS];       /* the caller's, and one of each slot */
    _Alignas(64) atomic_int pending; /* slots given out and not finished */
    pthread_mutex_t lock;
    pthread_cond_t done;
    WorkerSlot slots[MAX_THREADS - 1];
} wk_threads = {
    .busy = ATOMIC_FLAG_INIT, .lock = PTHREAD_MUTEX_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};

static pthread_once_t wk_threads_once = PTHREAD_ONCE_INIT;
static _Thread_local bool wk_inside_block;
static _Thread_local int wk_number;

static inline void spin_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void take_blocks(int number)
{
    for (int i = 0; i < wk_threads.sharers; i++) {
        Share *share = &wk_threads.shares[(number + i) % wk_threads.sharers];
        for (;;) {
            const int64_t block = atomic_fetch_add_explicit(&share->next, 1, memory_order_relaxed);
            if (block >= share->end)
                break;
            wk_threads.block(wk_threads.context, block);
        }
    }
}

static void slot_finished(void)
{
    if (atomic_fetch_sub_explicit(&wk_threads.pending, 1, memory_order_acq_rel) != 1)
        return;
    pthread_mutex_lock(&wk_threads.lock);
    pthread_cond_signal(&wk_threads.done);
    pthread_mutex_unlock(&wk_threads.lock);
}

/* Waits until the slot's state is neither idle nor asleep. */
static void slot_wait(WorkerSlot *slot)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load_explicit(&slot->state, memory_order_relaxed) != SLOT_IDLE)
            return;
        spin_pause();
    }
    int idle = SLOT_IDLE;
    pthread_mutex_lock(&slot->lock);
    if (atomic_compare_exchange_strong(&slot->state, &idle, SLOT_ASLEEP))
        while (atomic_load(&slot->state) == SLOT_ASLEEP)
            pthread_cond_wait(&slot->wake, &slot->lock);
    pthread_mutex_unlock(&slot->lock);
}

static void *worker_main(void *argument)
{
    WorkerSlot *slot = argument;
    wk_inside_block = true;
    wk_number = (int)(slot - wk_threads.slots) + 1;
    for (;;) {
        slot_wait(slot);
        int work = SLOT_WORK;
        if (atomic_compare_exchange_strong(&slot->state, &work, SLOT_RUNNING)) {
            wk_adopt_float_mode(wk_threads.mode);
            take_blocks(wk_number);
            atomic_store_explicit(&slot->state, SLOT_IDLE, memory_order_release);
            slot_finished();
        } else if (work == SLOT_QUIT) {
            return NULL;
        }
    }
}

static void slot_set(WorkerSlot *slot, SlotState state)
{
    if (atomic_exchange(&slot->state, (int)state) != SLOT_ASLEEP)
        return;
    pthread_mutex_lock(&slot->lock);
    pthread_cond_signal(&slot->wake);
    pthread_mutex_unlock(&slot->lock);
}

/* In the child of a fork there are no workers, whatever the parent's were doing. */
void wk_threads_forget(void)
{
    wk_threads.workers = 0;
    atomic_store(&wk_threads.pending, 0);
    wk_threads.lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    wk_threads.done = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    atomic_flag_clear(&wk_threads.busy);
}

static int default_threads(void)
{
    const char *text = getenv("WK_NUM_THREADS");
    char *end;
    long count = text ? strtol(text, &end, 10) : 0;
    if (!text || *end || count < 1) {
#ifdef __linux__
        cpu_set_t set;
        count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : sysconf(_SC_NPROCESSORS_ONLN);
#else
        count = sysconf(_SC_NPROCESSORS_ONLN);
#endif
    }
    return count < 1 ? 1 : count > MAX_THREADS ? MAX_THREADS : (int)count;
}

static void threads_start(void)
{
    int unset = 0;
    atomic_compare_exchange_strong(&wk_threads.wanted, &unset, default_threads());
    wk_lifecycle_begin();
}

/* Workers must not outlive the library's code (dlclose), nor be taken for leaks. */
void wk_threads_stop(void)
{
    if (atomic_flag_test_and_set_explicit(&wk_threads.busy, memory_order_acquire))
        return;
    for (int i = 0; i < wk_threads.workers; i++)
        slot_set(&wk_threads.slots[i], SLOT_QUIT);
    for (int i = 0; i < wk_threads.workers; i++)
        pthread_join(wk_threads.slots[i].thread, NULL);
    wk_threads.workers = 0;
    atomic_flag_clear_explicit(&wk_threads.busy, memory_order_release);
}

/* Makes workers until there are `count`, or as many as the system gives. Signals stay with the program's own threads. */
static int threads_grow(int count)
{
    if (wk_threads.workers >= count)
        return count;
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    while (wk_threads.workers < count) {
        WorkerSlot *slot = &wk_threads.slots[wk_threads.workers];
        atomic_init(&slot->state, SLOT_IDLE);
        slot->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
        slot->wake = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
        if (pthread_create(&slot->thread, NULL, worker_main, slot) != 0)
            break;
        wk_threads.workers++;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return wk_threads.workers < count ? wk_threads.workers : count;
}

static void threads_wait(void)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load_explicit(&wk_threads.pending, memory_order_acquire) == 0)
            return;
        spin_pause();
    }
    pthread_mutex_lock(&wk_threads.lock);
    while (atomic_load_explicit(&wk_threads.pending, memory_order_acquire) > 0)
        pthread_cond_wait(&wk_threads.done, &wk_threads.lock);
    pthread_mutex_unlock(&wk_threads.lock);
}

static void run_with_workers(int64_t blocks, int helpers)
{
    helpers = threads_grow(helpers);
    wk_threads.mode = wk_float_mode();
    wk_threads.sharers = helpers + 1;
    for (int i = 0; i <= helpers; i++) {
        atomic_store_explicit(&wk_threads.shares[i].next, blocks * i / (helpers + 1), memory_order_relaxed);
        wk_threads.shares[i].end = blocks * (i + 1) / (helpers + 1);
    }
    atomic_store_explicit(&wk_threads.pending, helpers, memory_order_relaxed);
    for (int i = 0; i < helpers; i++)
        slot_set(&wk_threads.slots[i], SLOT_WORK);
    wk_inside_block = true;
    take_blocks(0);
    wk_inside_block = false;
    for (int i = 0; i < helpers; i++) {
        int work = SLOT_WORK;
        if (atomic_compare_exchange_strong(&wk_threads.slots[i].state, &work, SLOT_IDLE))
            atomic_fetch_sub_explicit(&wk_threads.pending, 1, memory_order_acq_rel);
    }
    threads_wait();
}

int wk_thread_count(void)
{
    return wk_inside_block ? 1 : wk_get_num_threads();
}

int wk_thread_number(void)
{
    return wk_number;
}

void wk_parallel(int64_t blocks, void (*block)(void *context, int64_t index), void *context)
{
    wk_parallel_on(MAX_THREADS, blocks, block, context);
}

int wk_cancel_later(void)
{
    int former;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &former);
    return former;
}

void wk_cancel_as_before(int former)
{
    pthread_setcancelstate(former, &former);
}

/* False when another caller has the pool. A caller that was cancelled would keep it for ever, and its blocks would go on in memory
 * that is gone. */
static bool on_the_pool(int threads, int64_t blocks, void (*block)(void *context, int64_t index),
                        void *context)
{
    const int former = wk_cancel_later();
    const bool ours = !atomic_flag_test_and_set_explicit(&wk_threads.busy, memory_order_acquire);
    if (ours) {
        wk_threads.block = block;
        wk_threads.context = context;
        run_with_workers(blocks, (int)(blocks < threads ? blocks : threads) - 1);
        atomic_flag_clear_explicit(&wk_threads.busy, memory_order_release);
    }
    wk_cancel_as_before(former);
    return ours;
}

void wk_parallel_on(int most, int64_t blocks, void (*block)(void *context, int64_t index), void *context)
{
    int threads = most > 1 && blocks > 1 ? wk_thread_count() : 1;
    threads = threads < most ? threads : most;
    if (threads > 1 && on_the_pool(threads, blocks, block, context))
        return;
    const bool inside = wk_inside_block;
    const int number = wk_number;
    wk_inside_block = inside || blocks > 1;
    wk_number = 0;
    for (int64_t i = 0; i < blocks; i++)
        block(context, i);
    wk_inside_block = inside;
    wk_number = number;
}

bool wk_set_num_threads(int threads)
{
    if (threads < 1 || threads > MAX_THREADS)
        return wk_raise(WK_ERROR_ARGUMENT, "set_num_threads: expected 1 to %d threads, but got %d",
                        MAX_THREADS, threads),
               false;
    pthread_once(&wk_threads_once, threads_start);
    atomic_store(&wk_threads.wanted, threads);
    return true;
}

int wk_get_num_threads(void)
{
    pthread_once(&wk_threads_once, threads_start);
    return atomic_load_explicit(&wk_threads.wanted, memory_order_relaxed);
}
