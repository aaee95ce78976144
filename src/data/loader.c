/* The loader: an order of the samples, a batch for each step, and the scope that a step's results live in.
 *
 * The order is PyTorch's to the bit: each epoch draws a base seed (two words), then with .shuffle the seed of a generator of its own
 * that makes the permutation; with a generator given, both come from that, and so does a permutation that nobody uses. Who prepares a
 * batch makes no difference: a sample's random numbers are seeded by the base seed and its index, the floating-point mode is that in which
 * the epoch began, and what a worker raises is put down in the batch and raised again on the caller's thread. */
#include "data/loader.h"
#include "core/options.h"

#include <string.h>

#include "core/checked.h"
#include "core/error.h"
#include "core/memory.h"

enum { LOADER_WORKERS = 256, LOADER_PREFETCH = 1024 };

static const char loader_op[] = "DataLoader";

/* ---- one batch -------------------------------------------------------------------------------------- */

void wk_prepared_release(wk_Prepared *prepared)
{
    for (int i = 0; i < prepared->count; i++)
        wk_tensor_release(prepared->tensors[i]);
    prepared->count = 0;
}

static int64_t batch_size_of(const wk_DataLoader *loader, int64_t index)
{
    int64_t size = loader->options.batch_size, left = loader->options.dataset->length - index * size;
    return left < size ? left : size;
}

bool wk_prepare_batch(const wk_DataLoader *loader, int64_t index, wk_Prepared *prepared)
{
    wk_Dataset *dataset = loader->options.dataset;
    const wk_Samples samples = {.order = loader->indices,
                                .first = index * loader->options.batch_size,
                                .count = batch_size_of(loader, index),
                                .seed = loader->base_seed};
    wk_Tensor *tensors[WK_BATCH_TENSORS] = {0};
    int count = 0;
    prepared->error = WK_OK;
    prepared->count = 0;
    wk_Scope scope = wk_scope_begin();
    if (!scope.id)
        return false;
    const wk_FloatMode mode = wk_float_mode();
    wk_adopt_float_mode(loader->mode);
    bool ok = dataset->cls->batch(dataset, &samples, tensors, &count);
    wk_adopt_float_mode(mode);
    for (; ok && prepared->count < count; prepared->count++)
        prepared->tensors[prepared->count] = wk_tensor_retain(tensors[prepared->count]);
    return wk_scope_end(scope) && ok;
}

/* ---- an epoch --------------------------------------------------------------------------------------- */

static bool draw_order(wk_DataLoader *loader)
{
    int64_t seed, n = loader->options.dataset->length;
    wk_Generator *generator = wk_generator(loader->options.generator);
    if (!generator || !wk_fill_random_i64(generator, &seed, 1))
        return false;
    loader->base_seed = (uint64_t)seed;
    if (!loader->options.shuffle)
        return true;
    if (loader->options.generator)
        return wk_fill_randperm(generator, loader->indices, n);
    if (!wk_fill_random_i64(generator, &seed, 1))
        return false;
    wk_generator_manual_seed(loader->own, (uint64_t)seed);
    return wk_fill_randperm(loader->own, loader->indices, n);
}

/* PyTorch's RandomSampler, asked for one index too many, makes another permutation before it says that there is none. With a
 * generator that is given this shows in the next epoch's order. */
static void draw_end(wk_DataLoader *loader)
{
    if (loader->options.shuffle && loader->options.generator)
        wk_fill_randperm(loader->options.generator, loader->indices, loader->options.dataset->length);
}

static bool begin_epoch(wk_DataLoader *loader)
{
    if (!draw_order(loader))
        return false;
    loader->next = 0;
    loader->mode = wk_float_mode();
    loader->running = true;
    if (loader->options.num_workers == 0 || loader->batches == 0)
        return true;
    loader->running = wk_workers_start(loader, &loader->workers);
    return loader->running;
}

static void end_epoch(wk_DataLoader *loader)
{
    wk_workers_stop(loader->workers);
    loader->workers = NULL;
    loader->running = false;
}

/* ---- a step ----------------------------------------------------------------------------------------- */

/* Closes the step's scope, unless an outer one that ended has done so. The marker tells: its other owner is that scope. */
static bool end_step(wk_DataLoader *loader)
{
    wk_Tensor *marker = loader->marker;
    if (!marker)
        return true;
    bool open = atomic_load_explicit(&marker->object.refs, memory_order_acquire) > 1;
    loader->marker = NULL;
    wk_tensor_release(marker);
    return !open || wk_scope_end(loader->scope);
}

/* Opens the step's scope and hands it the batch, or drops both. */
static bool begin_step(wk_DataLoader *loader, const wk_Prepared *prepared)
{
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *marker = scope.id ? wk_tensor_new(loader_op, wk_uint8, 0, NULL) : NULL;
    bool ok = marker != NULL;
    for (int i = 0; i < prepared->count; i++)
        if (ok)
            ok = wk_scope_adopt(prepared->tensors[i]) != NULL;
        else
            wk_tensor_release(prepared->tensors[i]);
    if (ok) {
        loader->scope = scope;
        loader->marker = wk_tensor_retain(marker);
    } else if (scope.id) {
        wk_scope_end(scope);
    }
    return ok;
}

static bool check_loader(const wk_DataLoader *loader, const char *op)
{
    return wk_object_check(loader, op, "loader");
}

static bool next_batch(wk_DataLoader *loader, wk_Batch *batch)
{
    wk_Prepared prepared;
    int64_t index = loader->next++;
    if (loader->workers && wk_workers_elsewhere(loader->workers))
        return wk_raise(WK_ERROR_STATE,
                        "next: the workers of this epoch are threads of the process that this one was forked "
                        "from; the next call begins an epoch with workers of this process"),
               false;
    if (loader->workers)
        wk_workers_take(loader->workers, index, &prepared);
    else if (!wk_prepare_batch(loader, index, &prepared))
        return false;
    if (prepared.error)
        return wk_raise(prepared.error, "%s", prepared.message), false;
    if (!begin_step(loader, &prepared))
        return false;
    wk_Batch made = {.size = batch_size_of(loader, index), .index = index, .count = prepared.count};
    memcpy(made.tensors, prepared.tensors, (size_t)prepared.count * sizeof *made.tensors);
    made.input = made.tensors[0];
    made.target = prepared.count > 1 ? made.tensors[1] : NULL;
    *batch = made;
    return true;
}

bool wk_next(wk_DataLoader *loader, wk_Batch *batch)
{
    if (!check_loader(loader, "next"))
        return false;
    if (!batch)
        return wk_raise_null("next", "batch"), false;
    if (!end_step(loader) || (!loader->running && !begin_epoch(loader)))
        return false;
    bool more = loader->next < loader->batches;
    if (more && next_batch(loader, batch))
        return true;
    end_epoch(loader);
    if (!more)
        draw_end(loader);
    return false;
}

void wk_dataloader_reset(wk_DataLoader *loader)
{
    if (!check_loader(loader, "dataloader_reset"))
        return;
    end_step(loader);
    end_epoch(loader);
}

/* ---- making and ending ------------------------------------------------------------------------------ */

static bool check_loader_options(const wk_DataLoader_options *o)
{
    if (o->batch_size < 1)
        return wk_raise(WK_ERROR_ARGUMENT,
                        "%s: batch_size should be a positive integer value, but got batch_size=%lld",
                        loader_op, o->batch_size == WK_ZERO ? 0LL : (long long)o->batch_size),
               false;
    if (o->num_workers < 0)
        return wk_raise(WK_ERROR_ARGUMENT,
                        "%s: num_workers option should be non-negative, but got num_workers=%d", loader_op,
                        o->num_workers),
               false;
    if (o->num_workers > LOADER_WORKERS)
        return wk_raise(WK_ERROR_ARGUMENT, "%s: num_workers is %d, max %d", loader_op, o->num_workers,
                        LOADER_WORKERS),
               false;
    if (o->prefetch_factor < 1 || o->prefetch_factor > LOADER_PREFETCH)
        return wk_raise(WK_ERROR_ARGUMENT, "%s: prefetch_factor is %d, must be 1 to %d", loader_op,
                        o->prefetch_factor, LOADER_PREFETCH),
               false;
    if (o->shuffle && o->dataset->length == 0)
        return wk_raise(WK_ERROR_ARGUMENT,
                        "%s: num_samples should be a positive integer value, but got num_samples=0",
                        loader_op),
               false;
    return true;
}

/* Room for an order of all samples. Without shuffle none is kept: sample i comes at place i. */
static bool make_room_for_order(wk_DataLoader *loader)
{
    int64_t n = loader->options.dataset->length;
    size_t bytes;
    if (!wk_checked_mul(n, sizeof *loader->indices, &bytes))
        return wk_raise(WK_ERROR_OVERFLOW, "%s: Storage size calculation overflowed with sizes=[%lld]",
                        loader_op, (long long)n),
               false;
    loader->indices = wk_alloc(bytes);
    for (int64_t i = 0; loader->indices && i < n; i++)
        loader->indices[i] = i;
    return loader->indices != NULL;
}

/* What the loader needs besides its own block; on failure loader_release takes all of it back. */
static bool fill_loader(wk_DataLoader *loader)
{
    const wk_DataLoader_options *o = &loader->options;
    int64_t n = o->dataset->length;
    loader->batches = o->drop_last ? n / o->batch_size : wk_ceil_div(n, o->batch_size);
    if (!o->shuffle)
        return true;
    return make_room_for_order(loader) && (o->generator || (loader->own = wk_Generator_new()) != NULL);
}

static void loader_release(wk_DataLoader *loader)
{
    if (loader->indices)
        wk_release(loader->indices, (size_t)loader->options.dataset->length * sizeof *loader->indices);
    wk_dataset_free(loader->options.dataset);
    wk_generator_free(loader->options.generator);
    wk_generator_free(loader->own);
    wk_release_object(loader, sizeof *loader);
}

wk_DataLoader *wk_DataLoader_with(wk_DataLoader_options options)
{
    if (!wk_dataset_check(options.dataset, loader_op))
        return NULL;
    WK_PLACED(options, 2, batch_size);
    options.batch_size = options.batch_size ? options.batch_size : 1;
    options.prefetch_factor = options.prefetch_factor ? options.prefetch_factor : 2;
    bool ok = wk_by_place_at_most(loader_op, options.by_place, 3, "drop_last, num_workers, generator") &&
              check_loader_options(&options) && (!options.generator || wk_generator(options.generator));
    wk_DataLoader *loader = ok ? wk_zalloc(sizeof *loader) : NULL;
    if (!loader) {
        wk_dataset_free(options.dataset);
        return NULL;
    }
    wk_object_init(&loader->object);
    options.generator = wk_generator_retain(options.generator);
    loader->options = options;
    if (fill_loader(loader))
        return loader;
    loader_release(loader);
    return NULL;
}

int64_t wk_dataloader_len(const wk_DataLoader *loader)
{
    return check_loader(loader, "dataloader_len") ? loader->batches : -1;
}

void wk_dataloader_free(wk_DataLoader *loader)
{
    if (!loader || !check_loader(loader, "free"))
        return;
    end_step(loader);
    end_epoch(loader);
    loader->object.magic = WK_FREED;
    loader_release(loader);
}
