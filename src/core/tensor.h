/* The tensor: a geometry over a storage. Nothing here knows gradients: `history` belongs to src/autograd. */
#ifndef WICK_CORE_TENSOR_H
#define WICK_CORE_TENSOR_H

#include "core/error.h"
#include "core/object.h"
#include "wick/tensor.h"

/* Bytes shared by a tensor and its views. The version counts in-place writes, so that a changed saved tensor is noticed. */
typedef struct wk_Storage {
    atomic_uint refs;
    atomic_uint version;
    size_t bytes;
    _Atomic(char *) data; /* row-major; NULL while only the block of a kernel has the elements (order.h) */
    void (*release)(void *data,
                    void *user); /* for borrowed memory; NULL: the data follow this header in one block */
    void *user;
    const char *writer;   /* the last recorded operation that wrote in place, for messages; or NULL */
    int64_t batch;        /* samples of a block that a kernel wrote batch last (order.h); 0: row-major */
    atomic_bool outdated; /* such a block: the row-major memory was written to since */
    atomic_bool counted;  /* among the bytes of an outermost scope */
} wk_Storage;

/* What follows the header in one block. */
enum { WK_STORAGE_HEADER = 64 };
_Static_assert(sizeof(wk_Storage) <= WK_STORAGE_HEADER, "the header lies in front of the elements");
static inline char *wk_storage_block(const wk_Storage *storage)
{
    return (char *)storage + WK_STORAGE_HEADER;
}

/* What autograd hangs on a tensor; it knows how to let go of itself. */
typedef struct wk_History {
    void (*release)(struct wk_History *history);
} wk_History;

/* Values that are not written yet, into memory that is there. Only gradients inside the backward engine have such (autograd/engine.c):
 * whoever did not ask for them finds them settled. */
typedef struct wk_Pending {
    void (*write)(const struct wk_Pending *pending, wk_Tensor *tensor);
    void (*release)(struct wk_Pending *pending);
} wk_Pending;

struct wk_Tensor {
    wk_Object object;
    uint8_t dtype;
    uint8_t ndim;
    bool contiguous;
    bool dense;      /* contiguous in some order of its dimensions */
    bool number;     /* a number made a tensor: it bends to the other operand's dtype */
    bool expendable; /* a gradient that nobody but the running node holds: it may be written over */
    uint32_t places; /* in modules, each of which owns a share */
    int64_t numel;
    int64_t offset; /* elements from the storage's start */
    wk_Storage *storage;
    wk_History *history;
    wk_Pending *pending; /* owned, or NULL */
    int64_t shape[WK_MAX_DIMS];
    int64_t stride[WK_MAX_DIMS]; /* elements */
};

/* A new tensor owned by the innermost scope, over new storage, values undefined. Raises on bad sizes and when memory is short. */
wk_Tensor *wk_tensor_new(const char *op, wk_dtype dtype, int ndim, const int64_t *dims);

/* The same for the shape of another tensor, whose strides it keeps when they are dense, and whose block's order when it is whole. */
wk_Tensor *wk_tensor_like(const char *op, wk_dtype dtype, const wk_Tensor *like);

/* The same in row-major memory always: only the strides are kept. */
wk_Tensor *wk_tensor_in_rows_like(const char *op, wk_dtype dtype, const wk_Tensor *like);

/* A new tensor over the storage of another, with the given geometry (not checked). */
wk_Tensor *wk_tensor_alias(const wk_Tensor *base, int ndim, const int64_t *dims, const int64_t *strides,
                           int64_t offset);

/* The same geometry over the same storage, without history. */
wk_Tensor *wk_tensor_shallow(const wk_Tensor *tensor);

/* Writes what is pending. */
void wk_settle(wk_Tensor *tensor);

/* Shares and ends of ownership; release accepts NULL. */
static inline wk_Tensor *wk_tensor_retain(wk_Tensor *tensor)
{
    if (tensor)
        wk_object_retain(&tensor->object);
    return tensor;
}
void wk_tensor_release(wk_Tensor *tensor);

/* Hands a share that the caller owns to the innermost scope. Returns the tensor; on failure releases it and returns NULL. */
wk_Tensor *wk_scope_adopt(wk_Tensor *tensor);

/* Hands a share to the scope outside the given one, as if it had been adopted before that began. On failure the share stays the
 * caller's. */
bool wk_scope_adopt_outside(wk_Scope scope, wk_Tensor *tensor);

/* Ends the scope, but moves `result` (may be NULL) into the scope outside it. */
bool wk_scope_end_keeping(wk_Scope scope, wk_Tensor *result);

/* The same for up to 32 of them. */
bool wk_scope_end_keeping_list(wk_Scope scope, int count, wk_Tensor *const *results);

/* How many shares of the tensor the scopes of this thread own. */
uint32_t wk_scope_shares(const wk_Tensor *tensor);

/* False with an error when the pointer is NULL or not a living tensor. */
bool wk_tensor_check(const wk_Tensor *tensor, const char *op, const char *name);

/* PyTorch's other name of a dtype, which its messages use: "Float", "Long". */
const char *wk_dtype_type(int dtype);
/* Its name in C++, which a few of PyTorch's messages use: "float", "long int". */
const char *wk_dtype_c_type(int dtype);

extern const uint8_t wk_dtype_bytes[WK_DTYPES];

/* For a storage whose row-major memory nobody asked for (order.h): a mistake, which debug builds stop at. */
void *wk_rows_unasked(const wk_Tensor *tensor);

/* The first element in row-major memory. Operations find it made by wk_apply; others ask for it (order.h). */
static inline void *wk_tensor_data(const wk_Tensor *tensor)
{
    char *data = atomic_load_explicit(&tensor->storage->data, memory_order_acquire);
    if (__builtin_expect(!data, 0))
        data = wk_rows_unasked(tensor);
    return data + (size_t)tensor->offset * wk_dtype_bytes[tensor->dtype];
}

static inline void wk_tensor_touch(wk_Tensor *tensor)
{
    atomic_fetch_add_explicit(&tensor->storage->version, 1, memory_order_relaxed);
}

/* A new tensor as its maker hands it out: at version 0, however often it was written to in the making. NULL passes on. */
static inline wk_Tensor *wk_tensor_as_new(wk_Tensor *tensor)
{
    if (tensor)
        atomic_store_explicit(&tensor->storage->version, 0, memory_order_relaxed);
    return tensor;
}

static inline uint32_t wk_tensor_version(const wk_Tensor *tensor)
{
    return atomic_load_explicit(&tensor->storage->version, memory_order_relaxed);
}

#endif
