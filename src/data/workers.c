/* Threads that prepare batches ahead.
 *
 * Worker w of k makes the batches w, w + k, w + 2k, ... of the epoch, as PyTorch hands them out. Each has prefetch_factor slots; a full
 * one is waited for, never dropped. Threads live for one epoch, as PyTorch's do by default, and leave signals to the others.
 *
 * In the child of a fork the threads do not exist, and the lock may be held for ever by one of them: there the workers are only dropped.
 * A batch that one of them had in hand then stays in the child's memory. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core/checked.h"
#include "core/error.h"
#include "core/lifecycle.h"
#include "core/memory.h"
#include "core/threads.h"
#include "data/loader.h"

typedef struct Worker {
    struct wk_Workers *all;
    pthread_t thread;
    int id;
    char message[WK_ERROR_TEXT]; /* of the error that it has ended with */
} Worker;

typedef struct wk_Workers {
    const wk_DataLoader *loader;
    pthread_mutex_t lock;
    pthread_cond_t filled, emptied;
    bool stop;
    unsigned forks; /* when the threads were started */
    int count, started, slots_each;
    Worker *workers;
    wk_Prepared *slots;
    bool *full;
} wk_Workers;

/* The slot of a batch: the ring of its worker. */
static size_t batch_slot(const wk_Workers *w, int64_t batch)
{
    return (size_t)(batch % w->count) * (size_t)w->slots_each + (size_t)(batch / w->count % w->slots_each);
}

/* The errors of this thread are seen by nobody: the caller's thread raises what is put down here. */
static void put_down_error(Worker *worker, wk_Prepared *prepared)
{
    const char *message = wk_error();
    prepared->error = message ? wk_error_kind() : WK_ERROR_STATE;
    prepared->message = worker->message;
    snprintf(worker->message, sizeof worker->message, "%s",
             message ? message : "DataLoader: the dataset failed");
}

static void *work(void *argument)
{
    Worker *self = argument;
    wk_Workers *w = self->all;
    wk_Prepared prepared;
    for (int64_t batch = self->id; batch < w->loader->batches; batch += w->count) {
        size_t slot = batch_slot(w, batch);
        pthread_mutex_lock(&w->lock);
        while (w->full[slot] && !w->stop)
            pthread_cond_wait(&w->emptied, &w->lock);
        bool stop = w->stop;
        pthread_mutex_unlock(&w->lock);
        if (stop)
            break;
        if (!wk_prepare_batch(w->loader, batch, &prepared))
            put_down_error(self, &prepared);
        pthread_mutex_lock(&w->lock);
        w->slots[slot] = prepared;
        w->full[slot] = true;
        pthread_cond_broadcast(&w->filled);
        pthread_mutex_unlock(&w->lock);
        if (prepared.error)
            break;
    }
    return NULL;
}

void wk_workers_take(wk_Workers *w, int64_t index, wk_Prepared *prepared)
{
    size_t slot = batch_slot(w, index);
    const int former = wk_cancel_later(); /* a wait that is cancelled would leave the lock held */
    pthread_mutex_lock(&w->lock);
    while (!w->full[slot])
        pthread_cond_wait(&w->filled, &w->lock);
    *prepared = w->slots[slot];
    w->full[slot] = false;
    pthread_cond_broadcast(&w->emptied);
    pthread_mutex_unlock(&w->lock);
    wk_cancel_as_before(former);
}

static size_t slot_count(const wk_Workers *w)
{
    return (size_t)w->count * (size_t)w->slots_each;
}

static void drop_batches(wk_Workers *w)
{
    for (size_t i = 0; w->full && i < slot_count(w); i++)
        if (w->full[i])
            wk_prepared_release(&w->slots[i]);
}

static void workers_release(wk_Workers *w)
{
    const size_t slots = slot_count(w);
    wk_release(w->full, slots * sizeof *w->full);
    wk_release(w->slots, slots * sizeof *w->slots);
    wk_release(w->workers, (size_t)w->count * sizeof *w->workers);
    wk_release(w, sizeof *w);
}

bool wk_workers_elsewhere(const wk_Workers *w)
{
    return w->forks != wk_forks();
}

void wk_workers_stop(wk_Workers *w)
{
    if (!w)
        return;
    if (wk_workers_elsewhere(w)) {
        if (pthread_mutex_trylock(&w->lock) == 0)
            drop_batches(w);
        workers_release(w); /* without ending the conditions: that would wait for those who wait */
        return;
    }
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_broadcast(&w->emptied);
    pthread_mutex_unlock(&w->lock);
    const int former = wk_cancel_later();
    for (int i = 0; i < w->started; i++)
        pthread_join(w->workers[i].thread, NULL);
    wk_cancel_as_before(former);
    drop_batches(w);
    pthread_cond_destroy(&w->filled);
    pthread_cond_destroy(&w->emptied);
    pthread_mutex_destroy(&w->lock);
    workers_release(w);
}

static wk_Workers *workers_new(const wk_DataLoader *loader)
{
    wk_Workers *w = wk_zalloc(sizeof *w);
    if (!w)
        return NULL;
    const int workers = loader->options.num_workers, prefetch = loader->options.prefetch_factor;
    w->loader = loader;
    w->count = workers < loader->batches ? workers : (int)loader->batches;
    const int64_t batches_each = wk_ceil_div(loader->batches, w->count);
    w->slots_each = prefetch < batches_each ? prefetch : (int)batches_each;
    wk_lifecycle_begin();
    w->forks = wk_forks();
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->filled, NULL);
    pthread_cond_init(&w->emptied, NULL);
    const size_t slots = slot_count(w);
    w->workers = wk_zalloc((size_t)w->count * sizeof *w->workers);
    w->slots = w->workers ? wk_alloc(slots * sizeof *w->slots) : NULL;
    w->full = w->slots ? wk_zalloc(slots * sizeof *w->full) : NULL;
    if (w->full)
        return w;
    workers_release(w);
    return NULL;
}

bool wk_workers_start(const wk_DataLoader *loader, wk_Workers **workers)
{
    wk_Workers *w = workers_new(loader);
    sigset_t all, before;
    *workers = NULL;
    if (!w)
        return false;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (; w->started < w->count; w->started++) {
        w->workers[w->started].all = w;
        w->workers[w->started].id = w->started;
        if (pthread_create(&w->workers[w->started].thread, NULL, work, &w->workers[w->started]) != 0)
            break;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (w->started == w->count)
        *workers = w;
    else
        wk_workers_stop(w);
    return true;
}
