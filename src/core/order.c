/* The order in which the elements of a storage lie (order.h).
 *
 * An offset or stride of o elements in row-major order is o / rest samples and o % rest elements of a sample of `rest`
 * elements: o % rest * batch + o / rest in the block. That holds for every element of a tensor when no sum of its steps
 * within a sample runs over into the next. */
#include "core/order.h"

#include <assert.h>
#include <string.h>

#include "core/memory.h"
#include "core/threads.h"

enum { TURN_RUN = 64, TURN_SAMPLES = 16, TURN_SERIAL = 1 << 15 };

static int64_t item_bytes(const wk_Tensor *t)
{
    return wk_dtype_bytes[t->dtype];
}

/* Elements of a sample. */
static int64_t rest_of(const wk_Tensor *t)
{
    return (int64_t)t->storage->bytes / item_bytes(t) / t->storage->batch;
}

/* ---- from one order to the other -------------------------------------------------------------------- */

typedef struct Turn {
    const char *from;
    char *to;
    int64_t lines, length; /* [lines, length] becomes [length, lines] */
    int64_t item;
} Turn;

#define TURN_PART(T)                                                       \
    do {                                                                   \
        const T *from = (const T *)(const void *)t->from + first * length; \
        T *to = (T *)(void *)t->to + first;                                \
        for (int64_t j = begin; j < end; j++)                              \
            for (int64_t i = 0; i < count; i++)                            \
                to[j * t->lines + i] = from[i * length + j];               \
    } while (0)

/* Lines of one block, in pieces whose cache lines stay until they are full. */
static void turn_block(void *context, int64_t block)
{
    const Turn *t = context;
    const int64_t first = block * TURN_RUN, left = t->lines - first,
                  count = left < TURN_RUN ? left : TURN_RUN, length = t->length;
    for (int64_t begin = 0, end; begin < length; begin = end) {
        end = length - begin < TURN_SAMPLES ? length : begin + TURN_SAMPLES;
        if (t->item == 4)
            TURN_PART(uint32_t);
        else if (t->item == 8)
            TURN_PART(uint64_t);
        else
            TURN_PART(uint8_t);
    }
}

static void turn(const char *from, char *to, int64_t lines, int64_t length, int64_t item)
{
    Turn t = {from, to, lines, length, item};
    wk_parallel_on(lines * length < TURN_SERIAL ? 1 : wk_thread_count(), (lines + TURN_RUN - 1) / TURN_RUN,
                   turn_block, &t);
}

/* ---- row-major memory ------------------------------------------------------------------------------- */

bool wk_rows_to_read(const wk_Tensor *tensor)
{
    wk_Storage *s = tensor->storage;
    if (wk_has_rows(tensor))
        return true;
    char *rows = wk_alloc(s->bytes), *none = NULL;
    if (!rows)
        return false;
    turn(wk_storage_block(s), rows, rest_of(tensor), s->batch, item_bytes(tensor));
    if (!atomic_compare_exchange_strong_explicit(&s->data, &none, rows, memory_order_acq_rel,
                                                 memory_order_acquire))
        wk_release(rows, s->bytes); /* another thread was faster */
    return true;
}

bool wk_rows_to_write(const wk_Tensor *tensor)
{
    if (!wk_rows_to_read(tensor))
        return false;
    if (tensor->storage->batch)
        atomic_store_explicit(&tensor->storage->outdated, true, memory_order_relaxed);
    return true;
}

void *wk_rows_unasked(const wk_Tensor *tensor)
{
    assert(false && "row-major memory was not asked for");
    return wk_rows_to_read(tensor) ? atomic_load_explicit(&tensor->storage->data, memory_order_acquire)
                                   : NULL;
}

/* ---- memory of either order ------------------------------------------------------------------------- */

static bool block_is_current(const wk_Storage *s)
{
    return s->batch && !atomic_load_explicit(&s->outdated, memory_order_relaxed);
}

/* The usual tensor over a block: all of it, samples first. */
static bool is_samples(const wk_Tensor *t)
{
    const wk_Storage *s = t->storage;
    return t->contiguous && t->numel * item_bytes(t) == (int64_t)s->bytes && t->shape[0] == s->batch;
}

bool wk_block_of(const wk_Tensor *t, wk_Memory *m)
{
    const wk_Storage *s = t->storage;
    if (!s->batch)
        return false;
    if (is_samples(t)) { /* without divisions */
        m->data = wk_storage_block(s);
        m->stride[0] = 1;
        for (int d = 1; d < t->ndim; d++)
            m->stride[d] = t->stride[d] * s->batch;
        return true;
    }
    const int64_t rest = rest_of(t);
    int64_t last = t->offset % rest; /* the farthest that an element lies in its sample */
    m->data = wk_storage_block(s) + (last * s->batch + t->offset / rest) * item_bytes(t);
    for (int d = 0; d < t->ndim; d++) {
        const int64_t within = t->stride[d] % rest;
        m->stride[d] = within * s->batch + t->stride[d] / rest;
        last += t->shape[d] > 1 ? (t->shape[d] - 1) * within : 0;
    }
    return last < rest || t->numel == 0;
}

static bool memory_of_rows(const wk_Tensor *t, wk_Memory *m)
{
    m->data = wk_tensor_data(t);
    memcpy(m->stride, t->stride, sizeof m->stride);
    return true;
}

bool wk_memory_to_read(const wk_Tensor *t, wk_Memory *m)
{
    if (block_is_current(t->storage) && wk_block_of(t, m))
        return true;
    return wk_rows_to_read(t) && memory_of_rows(t, m);
}

bool wk_memory_to_write(wk_Tensor *t, wk_Memory *m)
{
    if (!wk_has_rows(t) && wk_block_of(t, m))
        return true;
    return wk_rows_to_write(t) && memory_of_rows(t, m);
}

const void *wk_element_at(const wk_Tensor *t, int64_t place)
{
    const wk_Storage *s = t->storage;
    const char *data = atomic_load_explicit(&s->data, memory_order_acquire);
    if (!data) {
        const int64_t rest = rest_of(t);
        data = wk_storage_block(s);
        place = place % rest * s->batch + place / rest;
    }
    return data + place * item_bytes(t);
}

/* ---- blocks ----------------------------------------------------------------------------------------- */

bool wk_is_whole_block(const wk_Tensor *t)
{
    if (t->storage->batch && is_samples(t))
        return true;
    if (!t->storage->batch || !t->dense || t->numel * item_bytes(t) != (int64_t)t->storage->bytes)
        return false;
    for (int d = 0; d < t->ndim;
         d++) /* the steps over samples are one dimension, so all others stay within */
        if (t->shape[d] == t->storage->batch && t->stride[d] == rest_of(t))
            return true;
    return false;
}

wk_Tensor *wk_with_current_block(wk_Tensor *t)
{
    const wk_Storage *s = t->storage;
    wk_Memory unused;
    if (!s->batch || block_is_current(s) || !wk_block_of(t, &unused))
        return t;
    const int64_t sizes[] = {s->batch, rest_of(t)};
    wk_Tensor *whole = wk_tensor_new_batch_last("contiguous", (wk_dtype)t->dtype, 2, sizes);
    if (!whole)
        return NULL;
    turn(atomic_load_explicit(&s->data, memory_order_acquire), wk_storage_block(whole->storage), sizes[0],
         sizes[1], item_bytes(t));
    return wk_tensor_alias(whole, t->ndim, t->shape, t->stride, t->offset);
}
