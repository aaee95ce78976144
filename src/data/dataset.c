/* Datasets: shares of them, the one over tensors and the one over a function.
 *
 * A batch is made whole by the dataset, not sample by sample: that is where there is something to gain, and collating samples of a
 * function is then one dataset's business and not the loader's. */
#include "data/dataset.h"

#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/random.h"
#include "core/shape.h"
#include "core/tensor.h"

void wk_dataset_init(wk_Dataset *dataset, const wk_DatasetClass *cls, int64_t length)
{
    wk_object_init(&dataset->object);
    dataset->cls = cls;
    dataset->length = length;
}

bool wk_dataset_check(const wk_Dataset *dataset, const char *op)
{
    return wk_object_check(dataset, op, "dataset");
}

int64_t wk_dataset_len(const wk_Dataset *dataset)
{
    return wk_dataset_check(dataset, "dataset_len") ? dataset->length : -1;
}

wk_Dataset *wk_dataset_keep(wk_Dataset *dataset)
{
    if (!wk_dataset_check(dataset, "dataset_keep"))
        return NULL;
    wk_object_retain(&dataset->object);
    return dataset;
}

void wk_dataset_free(wk_Dataset *dataset)
{
    if (dataset && wk_dataset_check(dataset, "free") && wk_object_drop(&dataset->object))
        dataset->cls->release(dataset);
}

/* ---- tensors ---------------------------------------------------------------------------------------- */

typedef struct TensorDataset {
    wk_Dataset base;
    int count;
    wk_Tensor *tensors[WK_BATCH_TENSORS];
} TensorDataset;

static void tensor_dataset_release(wk_Dataset *self)
{
    TensorDataset *d = (TensorDataset *)self;
    for (int i = 0; i < d->count; i++)
        wk_tensor_release(d->tensors[i]);
    wk_release_object(d, sizeof *d);
}

/* A new tensor [count, dims...], for a batch. */
static wk_Tensor *batch_tensor(const wk_Tensor *like, int64_t count, int ndim, const int64_t *dims)
{
    int64_t sizes[WK_MAX_DIMS];
    if (ndim + 1 > WK_MAX_DIMS)
        return wk_raise(WK_ERROR_SHAPE, "DataLoader: a batch of samples of rank %d, max %d", ndim,
                        WK_MAX_DIMS - 1);
    sizes[0] = count;
    for (int i = 0; i < ndim; i++)
        sizes[i + 1] = dims[i];
    return wk_tensor_new("DataLoader", (wk_dtype)like->dtype, ndim + 1, sizes);
}

/* Copies rows of `row` bytes. */
static void copy_rows(const wk_Samples *samples, size_t row, const char *data, char *out)
{
    if (row == 0)
        return;
    if (!samples->order) {
        memcpy(out, data + (size_t)samples->first * row, (size_t)samples->count * row);
        return;
    }
    for (int64_t i = 0; i < samples->count; i++)
        memcpy(out + (size_t)i * row, data + (size_t)wk_sample_index(samples, i) * row, row);
}

static bool tensor_dataset_batch(wk_Dataset *self, const wk_Samples *samples, wk_Tensor **tensors,
                                 int *tensor_count)
{
    TensorDataset *d = (TensorDataset *)self;
    for (int k = 0; k < d->count; k++) {
        const wk_Tensor *t = d->tensors[k];
        if (!(tensors[k] = batch_tensor(t, samples->count, t->ndim - 1, t->shape + 1)))
            return false;
        const size_t row = (size_t)(t->numel / self->length) * wk_dtype_size((wk_dtype)t->dtype);
        copy_rows(samples, row, wk_tensor_data(t), wk_tensor_data(tensors[k]));
    }
    *tensor_count = d->count;
    return true;
}

static const wk_DatasetClass tensor_dataset_class = {"TensorDataset", tensor_dataset_batch,
                                                     tensor_dataset_release};

wk_Dataset *wk_TensorDataset(wk_List tensors)
{
    if (tensors.count < 1 || tensors.count > WK_BATCH_TENSORS)
        return wk_raise(WK_ERROR_ARGUMENT, "TensorDataset: %d tensors, must be 1 to %d", tensors.count,
                        WK_BATCH_TENSORS);
    if (!wk_array_check(tensors.count, tensors.tensors, "TensorDataset", "tensors"))
        return NULL;
    for (int i = 0; i < tensors.count; i++) {
        const wk_Tensor *t = tensors.tensors[i];
        if (!wk_tensor_check(t, "TensorDataset", "tensor"))
            return NULL;
        if (t->ndim == 0)
            return wk_raise(WK_ERROR_SHAPE, "TensorDataset: tensor %d has no dimensions", i);
        if (t->shape[0] != tensors.tensors[0]->shape[0])
            return wk_raise(WK_ERROR_SHAPE, "TensorDataset: Size mismatch between tensors: %s and %s at %d",
                            WK_SHAPE_TEXT(tensors.tensors[0]), WK_SHAPE_TEXT(t), i);
    }
    TensorDataset *d = wk_zalloc(sizeof *d);
    if (!d)
        return NULL;
    wk_dataset_init(&d->base, &tensor_dataset_class, tensors.tensors[0]->shape[0]);
    for (; d->count < tensors.count; d->count++) {
        wk_Tensor *t = wk_contiguous(tensors.tensors[d->count]);
        if (!t) {
            tensor_dataset_release(&d->base);
            return NULL;
        }
        d->tensors[d->count] = wk_tensor_retain(t);
    }
    return &d->base;
}

/* ---- a function ------------------------------------------------------------------------------------- */

typedef struct CallbackDataset {
    wk_Dataset base;
    wk_CallbackDataset_options options;
} CallbackDataset;

static void callback_dataset_release(wk_Dataset *self)
{
    CallbackDataset *d = (CallbackDataset *)self;
    if (d->options.release)
        d->options.release(d->options.user);
    wk_release_object(d, sizeof *d);
}

/* Copies one sample's tensor into row `at` of its batch tensor, which the first sample makes. */
static bool collate(wk_Tensor **batch, wk_Tensor *t, int64_t at, int64_t count, int64_t index)
{
    if (at == 0 && !(*batch = batch_tensor(t, count, t->ndim, t->shape)))
        return false;
    const wk_Tensor *b = *batch;
    if (b->dtype != t->dtype)
        return wk_raise(WK_ERROR_DTYPE, "DataLoader: sample %lld is %s, the first of its batch %s",
                        (long long)index, wk_dtype_name((wk_dtype)t->dtype),
                        wk_dtype_name((wk_dtype)b->dtype)),
               false;
    bool same = t->ndim == b->ndim - 1;
    for (int i = 0; same && i < t->ndim; i++)
        same = t->shape[i] == b->shape[i + 1];
    if (!same)
        return wk_raise(WK_ERROR_SHAPE,
                        "DataLoader: stack expects each tensor to be equal size, but got %s at entry 0 and "
                        "%s at entry %lld",
                        wk_shape_text(b->ndim - 1, b->shape + 1).text, WK_SHAPE_TEXT(t), (long long)at),
               false;
    const wk_Tensor *row = wk_contiguous(t);
    size_t bytes = (size_t)t->numel * wk_dtype_size((wk_dtype)t->dtype);
    if (!row)
        return false;
    if (bytes)
        memcpy((char *)wk_tensor_data(b) + (size_t)at * bytes, wk_tensor_data(row), bytes);
    return true;
}

/* Calls the function. What it draws from the thread's default generator comes from one of the sample's own: neither other samples nor
 * the thread that makes it matter. */
static bool call_get_item(const CallbackDataset *d, int64_t index, uint64_t seed, wk_Sample *sample)
{
    wk_Generator own;
    wk_generator_seed_later(&own, seed + (uint64_t)index);
    wk_Generator *former = wk_generator_replace_default(&own);
    const bool made = d->options.get_item(index, sample, d->options.user);
    wk_generator_replace_default(former);
    return made;
}

static bool callback_sample(const CallbackDataset *d, const wk_Samples *samples, int64_t at,
                            wk_Tensor **tensors, int *tensor_count)
{
    const int64_t index = wk_sample_index(samples, at), count = samples->count;
    wk_Sample sample = {0};
    if (!call_get_item(d, index, samples->seed, &sample))
        return wk_raise(WK_ERROR_STATE, "DataLoader: get_item failed for sample %lld", (long long)index),
               false;
    if (!wk_tensor_check(sample.input, "DataLoader", "sample->input") ||
        (sample.target && !wk_tensor_check(sample.target, "DataLoader", "sample->target")))
        return false;
    int n = sample.target ? 2 : 1;
    if (at > 0 && n != *tensor_count)
        return wk_raise(WK_ERROR_STATE,
                        "DataLoader: sample %lld has %s target, unlike the first of its batch",
                        (long long)index, n == 2 ? "a" : "no"),
               false;
    *tensor_count = n;
    return collate(&tensors[0], sample.input, at, count, index) &&
           (n == 1 || collate(&tensors[1], sample.target, at, count, index));
}

static bool callback_dataset_batch(wk_Dataset *self, const wk_Samples *samples, wk_Tensor **tensors,
                                   int *tensor_count)
{
    for (int64_t i = 0; i < samples->count; i++)
        if (!callback_sample((CallbackDataset *)self, samples, i, tensors, tensor_count))
            return false;
    return true;
}

static const wk_DatasetClass callback_dataset_class = {"CallbackDataset", callback_dataset_batch,
                                                       callback_dataset_release};

wk_Dataset *wk_CallbackDataset_with(wk_CallbackDataset_options options)
{
    if (!options.get_item)
        return wk_raise_null("CallbackDataset", "get_item");
    if (options.length < 0)
        return wk_raise(WK_ERROR_ARGUMENT, "CallbackDataset: length is %lld", (long long)options.length);
    CallbackDataset *d = wk_zalloc(sizeof *d);
    if (!d)
        return NULL;
    wk_dataset_init(&d->base, &callback_dataset_class, options.length);
    d->options = options;
    return &d->base;
}
