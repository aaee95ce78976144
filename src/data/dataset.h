/* What a dataset is inside: a count of owners, a length, and a way to make batches. */
#ifndef WICK_DATA_DATASET_H
#define WICK_DATA_DATASET_H

#include "core/object.h"
#include "wick/data.h"

typedef struct wk_DatasetClass {
    const char *name;
    /* Makes the batch of these samples, in the innermost scope: fills tensors[0..*tensor_count). Called by several threads at once. */
    bool (*batch)(wk_Dataset *self, const int64_t *indices, int64_t count, wk_Tensor **tensors,
                  int *tensor_count);
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
