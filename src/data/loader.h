/* The loader's inside, and the threads that prepare its batches. */
#ifndef WICK_DATA_LOADER_H
#define WICK_DATA_LOADER_H

#include "core/float_mode.h"
#include "core/random.h"
#include "core/tensor.h"
#include "data/dataset.h"

/* A batch between the thread that made it and the step that uses it; it owns its tensors. */
typedef struct wk_Prepared {
    wk_ErrorKind error; /* WK_OK, or why there are none, from another thread */
    int count;
    wk_Tensor *tensors[WK_BATCH_TENSORS];
    const char *message; /* of the error; its worker's */
} wk_Prepared;

struct wk_DataLoader {
    wk_Object object;
    wk_DataLoader_options options; /* with the defaults filled in */
    int64_t batches;               /* of an epoch */
    int64_t next;                  /* batch of this epoch */
    bool running;                  /* inside an epoch */
    uint64_t base_seed;            /* of this epoch */
    wk_FloatMode mode;             /* of the caller when the epoch began */
    int64_t *indices;              /* the samples in this epoch's order; NULL without shuffle */
    wk_Generator *own;             /* shuffles when no generator was given */
    wk_Scope scope;                /* of the step */
    wk_Tensor *marker;             /* lives in that scope: shared for as long as the scope is open */
    struct wk_Workers *workers;    /* NULL: batches are made by the caller's thread */
};

/* Makes batch number `index` of this epoch, or fails with an error of this thread. Which thread it is makes no difference. */
bool wk_prepare_batch(const wk_DataLoader *loader, int64_t index, wk_Prepared *prepared);
void wk_prepared_release(wk_Prepared *prepared);

/* Starts the threads of an epoch. *workers stays NULL where the system has no threads to give: the caller's thread does their work
 * then. False when memory is short. */
bool wk_workers_start(const wk_DataLoader *loader, struct wk_Workers **workers);

/* Waits for batch number `index` and moves it to *prepared. Batches must be taken in order. */
void wk_workers_take(struct wk_Workers *workers, int64_t index, wk_Prepared *prepared);

/* Whether the threads belong to a process that this one was forked from: nothing will come of them here. */
bool wk_workers_elsewhere(const struct wk_Workers *workers);

/* Stops and joins the threads, whatever they are at after the batch in hand, and drops what they prepared. NULL is allowed. */
void wk_workers_stop(struct wk_Workers *workers);

#endif
