/* What a dataset is inside: a count of owners, a length, and a way to make batches. */
#ifndef WICK_DATA_DATASET_H
#define WICK_DATA_DATASET_H

#include "core/object.h"
#include "wick/data.h"

/* The samples of a batch: `count` of an epoch's order, from place `first` on. */
typedef struct wk_Samples {
    const int64_t *order; /* the epoch's, or NULL where sample i comes at place i */
    int64_t first, count;
    uint64_t seed; /* of the epoch */
} wk_Samples;

static inline int64_t wk_sample_index(const wk_Samples *samples, int64_t i)
{
    return samples->order ? samples->order[samples->first + i] : samples->first + i;
}

typedef struct wk_DatasetClass {
    const char *name;
    /* Makes the batch of these samples, in the innermost scope: fills tensors[0..*tensor_count). Called by several threads at once. */
    bool (*batch)(wk_Dataset *self, const wk_Samples *samples, wk_Tensor **tensors, int *tensor_count);
    void (*release)(wk_Dataset *self); /* of what it holds, and of itself */
} wk_DatasetClass;

struct wk_Dataset {
    wk_Object object;
    const wk_DatasetClass *cls;
    int64_t length;
};

/* Sets up the head of a dataset that the caller has allocated. */
void wk_dataset_init(wk_Dataset *dataset, const wk_DatasetClass *cls, int64_t length);
bool wk_dataset_check(const wk_Dataset *dataset, const char *op);

#endif
