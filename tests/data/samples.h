/* Datasets for the tests of data: whole numbers, epochs of them, and a function whose samples can be wrong. */
#ifndef WICK_TESTS_SAMPLES_H
#define WICK_TESTS_SAMPLES_H

#include "io/temp.h"

#include <pthread.h>
#include <stdatomic.h>

#include "wick/data.h"

static inline wk_Dataset *numbers(int64_t n)
{
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *t = wk_tensor_new("test", wk_int64, 1, &n);
    for (int64_t i = 0; i < n; i++)
        wk_data(t, int64_t)[i] = i;
    wk_Dataset *dataset = wk_TensorDataset((wk_List){1, &t});
    wk_scope_end(scope);
    assert_non_null(dataset);
    return dataset;
}

/* Appends the numbers of an epoch; returns how many batches it had. */
static inline int64_t epoch(wk_DataLoader *loader, int64_t *out, int64_t *count)
{
    int64_t batches = 0;
    for (wk_Batch b; wk_next(loader, &b); batches++) {
        assert_int_equal(b.index, batches);
        assert_int_equal(b.size, wk_size(b.input, 0));
        assert_null(b.target);
        memcpy(out + *count, wk_data_ptr(b.input), (size_t)b.size * 8);
        *count += b.size;
    }
    assert_null(wk_error());
    return batches;
}

typedef struct Function {
    int64_t fails_at, odd_at;
    pthread_t caller;
    atomic_int elsewhere, released;
} Function;

static inline bool get_item(int64_t index, wk_Sample *sample, void *user)
{
    Function *f = user;
    if (!pthread_equal(pthread_self(), f->caller))
        atomic_fetch_add(&f->elsewhere, 1);
    if (index == f->fails_at)
        return false;
    int64_t size = index == f->odd_at ? 4 : 3;
    sample->input = wk_tensor_new("test", wk_float32, 1, &size);
    sample->target = wk_tensor_new("test", wk_int64, 0, NULL);
    for (int64_t i = 0; i < size; i++)
        wk_data(sample->input, float)[i] = (float)(index * 10 + i);
    *wk_data(sample->target, int64_t) = index;
    return true;
}

static inline uint64_t fnv(const void *data, size_t bytes)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < bytes; i++)
        h = (h ^ ((const unsigned char *)data)[i]) * UINT64_C(0x100000001b3);
    return h;
}

#endif
