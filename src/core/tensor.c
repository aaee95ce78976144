/* The tensor and its storage: making, sharing, letting go, looking at.
 *
 * A storage is one block: a 64-byte header with the elements behind it. In debug builds the memory of a released tensor is used again only
 * after thousands of others, so that the magic word betrays a use after the end of the step. */
#include "core/tensor.h"

#include <math.h>
#include <string.h>

#include "core/checked.h"
#include "core/memory.h"
#include "core/order.h"
#include "core/shape.h"
#include "core/text.h"

const uint8_t wk_dtype_bytes[WK_DTYPES] = {
    [wk_float32] = 4, [wk_float64] = 8, [wk_int64] = 8, [wk_int32] = 4, [wk_uint8] = 1, [wk_bool] = 1};

static _Atomic wk_dtype wk_default = wk_float32;

/* ---- storage ---------------------------------------------------------------------------------------- */

/* Row-major; with a batch, only a block in a kernel's order. */
static wk_Storage *storage_new(size_t bytes, int64_t batch)
{
    wk_Storage *s = wk_alloc_headed(WK_STORAGE_HEADER, bytes);
    if (!s)
        return NULL;
    atomic_init(&s->refs, 1);
    atomic_init(&s->version, 0);
    s->bytes = bytes;
    atomic_init(&s->data, batch ? NULL : wk_storage_block(s));
    s->release = NULL;
    s->user = NULL;
    s->writer = NULL;
    s->batch = batch;
    atomic_init(&s->outdated, false);
    atomic_init(&s->counted, false);
    return s;
}

static void storage_release(wk_Storage *s)
{
    if (atomic_load_explicit(&s->refs, memory_order_acquire) != 1 &&
        atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
        return;
    char *data = atomic_load_explicit(&s->data, memory_order_relaxed);
    bool borrowed = !s->batch && data != wk_storage_block(s);
    if (borrowed && s->release)
        s->release(data, s->user);
    if (s->batch)
        wk_release(data, s->bytes);
    wk_release(s, WK_STORAGE_HEADER + (borrowed ? 0 : s->bytes));
}

/* ---- making ----------------------------------------------------------------------------------------- */

static wk_Tensor *tensor_over(wk_Storage *storage, wk_dtype dtype, int ndim, const int64_t *dims,
                              const int64_t *strides, int64_t offset)
{
    int64_t numel =
        wk_shape_numel(ndim, dims); /* repeated by strides of zero, few bytes can be many elements */
    if (numel < 0)
        return wk_raise(WK_ERROR_OVERFLOW, "the number of elements overflows with sizes=%s",
                        wk_shape_text(ndim, dims).text);
    wk_Tensor *t = wk_alloc(sizeof *t);
    if (!t)
        return NULL;
    wk_object_init(&t->object);
    t->dtype = (uint8_t)dtype;
    t->ndim = (uint8_t)ndim;
    t->number = false;
    t->expendable = false;
    t->places = 0;
    t->offset = offset;
    t->storage = storage;
    t->history = NULL;
    t->pending = NULL;
    t->numel = numel;
    for (int i = 0; i < ndim; i++) {
        t->shape[i] = dims[i];
        t->stride[i] = strides[i];
    }
    t->contiguous = wk_shape_contiguous(ndim, t->shape, t->stride);
    t->dense = t->contiguous || wk_shape_dense(ndim, t->shape, t->stride);
    return t;
}

/* Checks sizes and gives the number of elements, or -1. */
static int64_t checked_numel(const char *op, wk_dtype dtype, int ndim, const int64_t *dims)
{
    if (ndim < 0 || ndim > WK_MAX_DIMS) {
        wk_raise(WK_ERROR_SHAPE, "%s: rank %d, max %d", op, ndim, WK_MAX_DIMS);
        return -1;
    }
    if (ndim && !dims) {
        wk_raise_null(op, "dims");
        return -1;
    }
    if (dtype <= wk_default_dtype || dtype >= WK_DTYPES) {
        wk_raise(WK_ERROR_DTYPE, "%s: there is no dtype %d", op, (int)dtype);
        return -1;
    }
    for (int i = 0; i < ndim; i++)
        if (dims[i] < 0) {
            wk_raise(WK_ERROR_SHAPE,
                     "%s: dim %d is %lld: trying to create tensor with negative dimension %lld: %s", op, i,
                     (long long)dims[i], (long long)dims[i], wk_shape_text(ndim, dims).text);
            return -1;
        }
    int64_t numel = wk_shape_numel(ndim, dims), bytes;
    if (numel < 0 || !wk_checked_mul(numel, (int64_t)wk_dtype_bytes[dtype], &bytes)) {
        wk_raise(WK_ERROR_OVERFLOW, "%s: Storage size calculation overflowed with sizes=%s", op,
                 wk_shape_text(ndim, dims).text);
        return -1;
    }
    return numel;
}

static wk_Tensor *tensor_new(const char *op, wk_dtype dtype, int ndim, const int64_t *dims, int64_t batch)
{
    if (dtype == wk_default_dtype)
        dtype = wk_get_default_dtype();
    int64_t numel = checked_numel(op, dtype, ndim, dims);
    if (numel < 0)
        return NULL;
    wk_Storage *storage = storage_new((size_t)numel * wk_dtype_bytes[dtype], batch);
    if (!storage)
        return NULL;
    int64_t strides[WK_MAX_DIMS];
    wk_shape_strides(ndim, dims, strides);
    wk_Tensor *t = tensor_over(storage, dtype, ndim, dims, strides, 0);
    if (!t)
        storage_release(storage);
    return wk_scope_adopt(t);
}

wk_Tensor *wk_tensor_new(const char *op, wk_dtype dtype, int ndim, const int64_t *dims)
{
    return tensor_new(op, dtype, ndim, dims, 0);
}

wk_Tensor *wk_tensor_new_batch_last(const char *op, wk_dtype dtype, int ndim, const int64_t *dims)
{
    const int64_t rest = wk_shape_numel(ndim - 1, dims + 1);
    return tensor_new(op, dtype, ndim, dims, dims[0] > 1 && rest > 1 ? dims[0] : 0);
}

/* A new tensor takes the strides of a dense one. */
static wk_Tensor *with_strides(wk_Tensor *t, const wk_Tensor *like)
{
    if (!t || like->contiguous || !like->dense)
        return t;
    memcpy(t->stride, like->stride, sizeof t->stride);
    t->contiguous = false;
    return t;
}

wk_Tensor *wk_tensor_like(const char *op, wk_dtype dtype, const wk_Tensor *like)
{
    int64_t batch = like->storage->batch;
    batch = batch && wk_is_whole_block(like) ? batch : 0;
    return with_strides(tensor_new(op, dtype, like->ndim, like->shape, batch), like);
}

wk_Tensor *wk_tensor_in_rows_like(const char *op, wk_dtype dtype, const wk_Tensor *like)
{
    return with_strides(wk_tensor_new(op, dtype, like->ndim, like->shape), like);
}

wk_Tensor *wk_tensor_alias(const wk_Tensor *base, int ndim, const int64_t *dims, const int64_t *strides,
                           int64_t offset)
{
    wk_Tensor *t = tensor_over(base->storage, (wk_dtype)base->dtype, ndim, dims, strides, offset);
    if (!t)
        return NULL;
    t->number = base->number && ndim == 0;
    atomic_fetch_add_explicit(&base->storage->refs, 1, memory_order_relaxed);
    return wk_scope_adopt(t);
}

wk_Tensor *wk_tensor_shallow(const wk_Tensor *tensor)
{
    return wk_tensor_alias(tensor, tensor->ndim, tensor->shape, tensor->stride, tensor->offset);
}

wk_Tensor *wk_from_blob(void *data, int ndim, const int64_t *dims, wk_dtype dtype,
                        void (*release)(void *data, void *user), void *user)
{
    if (dtype == wk_default_dtype)
        dtype = wk_get_default_dtype();
    if (!data)
        return wk_raise_null("from_blob", "data");
    int64_t numel = checked_numel("from_blob", dtype, ndim, dims);
    if (numel < 0)
        return NULL;
    wk_Storage *s = storage_new(0, 0);
    if (!s)
        return NULL;
    atomic_init(&s->data, data);
    s->bytes = (size_t)numel * wk_dtype_bytes[dtype];
    int64_t strides[WK_MAX_DIMS];
    wk_shape_strides(ndim, dims, strides);
    wk_Tensor *t = wk_scope_adopt(tensor_over(s, dtype, ndim, dims, strides, 0));
    if (!t) {
        storage_release(s); /* the memory stays the caller's: its release was not yet set */
        return NULL;
    }
    s->release = release;
    s->user = user;
    return t;
}

/* ---- letting go ------------------------------------------------------------------------------------- */

void wk_tensor_release(wk_Tensor *t)
{
    if (!t || !wk_object_drop(&t->object))
        return;
    if (t->history)
        t->history->release(t->history);
    if (t->pending)
        t->pending->release(t->pending);
    storage_release(t->storage);
#ifndef NDEBUG
    memset(t->shape, 0x5a, sizeof t->shape);
#endif
    wk_release_object(t, sizeof *t);
}

void wk_settle(wk_Tensor *tensor)
{
    wk_Pending *pending = tensor->pending;
    if (!pending)
        return;
    tensor->pending = NULL;
    pending->write(pending, tensor);
    pending->release(pending);
}

bool wk_tensor_check(const wk_Tensor *tensor, const char *op, const char *name)
{
    if (__builtin_expect(!tensor, 0))
        return wk_raise_null(op, name), false;
    if (__builtin_expect(tensor->object.magic == WK_ALIVE, 1))
        return true;
    if (tensor->object.magic == WK_FREED)
        return wk_raise(WK_ERROR_STATE, "%s: %s is a tensor of a finished step: wk_keep it", op, name), false;
    return wk_raise(WK_ERROR_ARGUMENT, "%s: %s is not a tensor", op, name), false;
}

wk_Tensor *wk_keep(wk_Tensor *tensor)
{
    return wk_tensor_check(tensor, "keep", "tensor") ? wk_tensor_retain(tensor) : NULL;
}

void wk_tensor_free(wk_Tensor *tensor)
{
    if (tensor && wk_tensor_check(tensor, "free", "tensor"))
        wk_tensor_release(tensor);
}

/* ---- looking at ------------------------------------------------------------------------------------- */

bool wk_set_default_dtype(wk_dtype dtype)
{
    if (!wk_is_floating((int)dtype))
        return wk_raise(WK_ERROR_DTYPE,
                        "set_default_dtype: only floating-point types are supported as the default type"),
               false;
    atomic_store_explicit(&wk_default, dtype, memory_order_relaxed);
    return true;
}

wk_dtype wk_get_default_dtype(void)
{
    return atomic_load_explicit(&wk_default, memory_order_relaxed);
}

const char *wk_dtype_name(wk_dtype dtype)
{
    static const char *const names[WK_DTYPES] = {"default", "float32", "float64", "int64",
                                                 "int32",   "uint8",   "bool"};
    return (unsigned)dtype < WK_DTYPES ? names[dtype] : "unknown";
}

const char *wk_dtype_type(int dtype)
{
    static const char *const names[WK_DTYPES] = {
        [wk_float32] = "Float", [wk_float64] = "Double", [wk_int64] = "Long",
        [wk_int32] = "Int",     [wk_uint8] = "Byte",     [wk_bool] = "Bool"};
    return (unsigned)dtype < WK_DTYPES && names[dtype] ? names[dtype] : "unknown";
}

const char *wk_dtype_c_type(int dtype)
{
    static const char *const names[WK_DTYPES] = {
        [wk_float32] = "float", [wk_float64] = "double",      [wk_int64] = "long int",
        [wk_int32] = "int",     [wk_uint8] = "unsigned char", [wk_bool] = "bool"};
    return (unsigned)dtype < WK_DTYPES && names[dtype] ? names[dtype] : "unknown";
}

size_t wk_dtype_size(wk_dtype dtype)
{
    if (dtype == wk_default_dtype)
        dtype = wk_get_default_dtype();
    return (unsigned)dtype < WK_DTYPES ? wk_dtype_bytes[dtype] : 0;
}

int wk_ndim(const wk_Tensor *tensor)
{
    return wk_tensor_check(tensor, "ndim", "tensor") ? tensor->ndim : -1;
}

int64_t wk_numel(const wk_Tensor *tensor)
{
    return wk_tensor_check(tensor, "numel", "tensor") ? tensor->numel : -1;
}

int64_t wk_size(const wk_Tensor *tensor, int64_t dim)
{
    if (!wk_tensor_check(tensor, "size", "tensor"))
        return -1;
    int d = wk_shape_dim("size", tensor->ndim, dim);
    if (d >= 0 && tensor->ndim == 0)
        return wk_raise(WK_ERROR_INDEX, "size: dimension specified as %lld but tensor has no dimensions",
                        (long long)dim),
               -1;
    return d < 0 ? -1 : tensor->shape[d];
}

int64_t wk_storage_offset(const wk_Tensor *tensor)
{
    return wk_tensor_check(tensor, "storage_offset", "tensor") ? tensor->offset : -1;
}

int64_t wk_stride(const wk_Tensor *tensor, int64_t dim)
{
    if (!wk_tensor_check(tensor, "stride", "tensor"))
        return -1;
    int d = wk_shape_dim("stride", tensor->ndim, dim);
    if (d >= 0 && tensor->ndim == 0)
        return wk_raise(WK_ERROR_INDEX, "stride: dimension specified as %lld but tensor has no dimensions",
                        (long long)dim),
               -1;
    return d < 0 ? -1 : tensor->stride[d];
}

const int64_t *wk_shape(const wk_Tensor *tensor)
{
    return wk_tensor_check(tensor, "shape", "tensor") ? tensor->shape : NULL;
}

wk_dtype wk_dtype_of(const wk_Tensor *tensor)
{
    return wk_tensor_check(tensor, "dtype", "tensor") ? (wk_dtype)tensor->dtype : wk_default_dtype;
}

bool wk_is_contiguous(const wk_Tensor *tensor)
{
    return wk_tensor_check(tensor, "is_contiguous", "tensor") && tensor->contiguous;
}

void *wk_data_ptr(const wk_Tensor *tensor)
{
    return wk_tensor_check(tensor, "data_ptr", "tensor") && wk_rows_to_write(tensor) ? wk_tensor_data(tensor)
                                                                                     : NULL;
}

static double element_as_double(const wk_Tensor *t, int64_t at)
{
    const void *p = wk_element_at(t, t->offset + at);
    switch ((wk_dtype)t->dtype) {
    case wk_float32:
        return (double)*(const float *)p;
    case wk_float64:
        return *(const double *)p;
    case wk_int64:
        return (double)*(const int64_t *)p;
    case wk_int32:
        return *(const int32_t *)p;
    default:
        return *(const uint8_t *)p;
    }
}

static bool one_element(const wk_Tensor *tensor)
{
    if (!wk_tensor_check(tensor, "item", "tensor"))
        return false;
    if (tensor->numel != 1)
        return wk_raise(WK_ERROR_SHAPE, "item: a Tensor with %lld elements cannot be converted to Scalar",
                        (long long)tensor->numel),
               false;
    return true;
}

double wk_item(const wk_Tensor *tensor)
{
    return one_element(tensor) ? element_as_double(tensor, 0) : NAN;
}

int64_t wk_item_int64(const wk_Tensor *tensor)
{
    if (!one_element(tensor))
        return 0;
    if (tensor->dtype == wk_int64)
        return *(const int64_t *)wk_element_at(tensor, tensor->offset);
    double value = element_as_double(tensor, 0);
    if (!(value >= -0x1p63 && value < 0x1p63))
        return wk_raise(WK_ERROR_DOMAIN, "item: %s is no int64", WK_NUMBER(value)), 0;
    return (int64_t)value;
}

double wk_at_index(const wk_Tensor *tensor, int count, const int64_t *indices)
{
    if (!wk_tensor_check(tensor, "at", "tensor"))
        return NAN;
    if (count != tensor->ndim)
        return wk_raise(WK_ERROR_INDEX, "at: %d indices for tensor of dimension %d", count, tensor->ndim),
               NAN;
    if (!wk_array_check(count, indices, "at", "indices"))
        return NAN;
    int64_t at = 0;
    for (int i = 0; i < count; i++) {
        int64_t n = tensor->shape[i], k = indices[i] < 0 ? indices[i] + n : indices[i];
        if (k < 0 || k >= n)
            return wk_raise(WK_ERROR_INDEX, "at: index %lld is out of bounds for dimension %d with size %lld",
                            (long long)indices[i], i, (long long)n),
                   NAN;
        at += k * tensor->stride[i];
    }
    return element_as_double(tensor, at);
}
