/* Shapes: pure arithmetic on sizes and strides, with PyTorch's wording when they do not fit. */
#include "core/shape.h"

#include <stdio.h>
#include <string.h>

#include "core/checked.h"

wk_ShapeText wk_shape_text(int ndim, const int64_t *dims)
{
    wk_ShapeText out = {"["};
    size_t used = 1;
    for (int i = 0; i < ndim && i < WK_MAX_DIMS; i++)
        used += (size_t)snprintf(out.text + used, sizeof out.text - used, i ? ", %lld" : "%lld",
                                 (long long)dims[i]);
    snprintf(out.text + used, sizeof out.text - used, "]");
    return out;
}

int64_t wk_shape_numel(int ndim, const int64_t *dims)
{
    int64_t n = 1;
    for (int i = 0; i < ndim; i++) /* a zero anywhere makes the product zero, whatever overflows beside it */
        if (dims[i] == 0)
            return 0;
    for (int i = 0; i < ndim; i++)
        if (!wk_checked_mul(n, dims[i], &n))
            return -1;
    return n;
}

void wk_shape_strides(int ndim, const int64_t *dims, int64_t *strides)
{
    int64_t step = 1;
    for (int i = ndim - 1; i >= 0; i--) {
        strides[i] = step;
        if (!wk_checked_mul(step, dims[i] > 1 ? dims[i] : 1, &step))
            step = 1; /* only where another size is zero: no stride is used */
    }
}

bool wk_shape_contiguous(int ndim, const int64_t *dims, const int64_t *strides)
{
    int64_t step = 1;
    for (int i = 0; i < ndim; i++)
        if (dims[i] == 0)
            return true;
    for (int i = ndim - 1; i >= 0; i--) {
        if (dims[i] != 1) {
            if (strides[i] != step)
                return false;
            step *= dims[i];
        }
    }
    return true;
}

bool wk_shape_dense(int ndim, const int64_t *dims, const int64_t *strides)
{
    unsigned left = 0;
    for (int i = 0; i < ndim; i++) {
        if (dims[i] == 0)
            return true;
        left |= dims[i] > 1 ? 1u << i : 0;
    }
    for (int64_t step = 1; left;) { /* the next dimension is the one whose stride is what lies below it */
        int next = -1;
        for (int i = 0; i < ndim && next < 0; i++)
            if ((left >> i & 1) && strides[i] == step)
                next = i;
        if (next < 0)
            return false;
        step *= dims[next];
        left &= ~(1u << next);
    }
    return true;
}

bool wk_shape_same(const wk_Tensor *a, const wk_Tensor *b)
{
    return a->ndim == b->ndim && memcmp(a->shape, b->shape, a->ndim * sizeof *a->shape) == 0;
}

int wk_shape_dim(const char *op, int ndim, int64_t dim)
{
    int n = ndim ? ndim : 1;
    if (dim < -n || dim >= n) {
        wk_raise(WK_ERROR_INDEX,
                 "%s: Dimension out of range (expected to be in range of [%d, %d], but got %lld)", op, -n,
                 n - 1, (long long)dim);
        return -1;
    }
    return (int)(dim < 0 ? dim + n : dim);
}

bool wk_shape_dim_mask(const char *op, int ndim, wk_Dims dims, unsigned *mask)
{
    *mask = 0;
    if (!wk_array_check(dims.count, dims.dims, op, "dims"))
        return false;
    for (int i = 0; i < dims.count; i++) {
        int d = wk_shape_dim(op, ndim, dims.dims[i]);
        if (d < 0)
            return false;
        if (*mask & (1u << d))
            return wk_raise(WK_ERROR_INDEX, "%s: dim %d appears multiple times in the list of dims", op, d),
                   false;
        *mask |= 1u << d;
    }
    if (dims.count == 0)
        *mask = (1u << ndim) - 1;
    return true;
}

/* The size of dimension i of `ndim` to which a tensor broadcasts. */
static int64_t size_in(const wk_Tensor *t, int ndim, int i)
{
    return i < ndim - t->ndim ? 1 : t->shape[i - (ndim - t->ndim)];
}

/* PyTorch names the last dimension that does not fit. Apart from the check, which small operations pass through. */
static __attribute__((noinline)) bool raise_broadcast(const char *op, const wk_Tensor *a, const wk_Tensor *b,
                                                      int ndim)
{
    int i = ndim - 1;
    while (i > 0 && (size_in(a, ndim, i) == size_in(b, ndim, i) || size_in(a, ndim, i) == 1 ||
                     size_in(b, ndim, i) == 1))
        i--;
    return wk_raise(WK_ERROR_SHAPE,
                    "%s: The size of tensor a (%lld) must match the size of tensor b (%lld) at non-singleton "
                    "dimension %d: %s and %s",
                    op, (long long)size_in(a, ndim, i), (long long)size_in(b, ndim, i), i, WK_SHAPE_TEXT(a),
                    WK_SHAPE_TEXT(b)),
           false;
}

bool wk_shape_broadcast(const char *op, const wk_Tensor *a, const wk_Tensor *b, wk_Shape *out)
{
    out->ndim = a->ndim > b->ndim ? a->ndim : b->ndim;
    for (int i = 0; i < out->ndim; i++) {
        int ia = i - (out->ndim - a->ndim), ib = i - (out->ndim - b->ndim);
        int64_t da = ia < 0 ? 1 : a->shape[ia], db = ib < 0 ? 1 : b->shape[ib];
        if (da != db && da != 1 && db != 1)
            return raise_broadcast(op, a, b, out->ndim);
        out->dims[i] = da == 1 ? db : da;
    }
    return true;
}

bool wk_shape_infer(const char *op, int64_t numel, int ndim, const int64_t *dims, wk_Shape *out)
{
    if (ndim < 0 || ndim > WK_MAX_DIMS)
        return wk_raise(WK_ERROR_SHAPE, "%s: rank %d, max %d", op, ndim, WK_MAX_DIMS), false;
    if (!wk_array_check(ndim, dims, op, "dims"))
        return false;
    int unknown = -1;
    int64_t known = 1;
    bool fits = true, none = false;
    out->ndim = ndim;
    for (int i = 0; i < ndim; i++) {
        out->dims[i] = dims[i];
        if (dims[i] == -1) {
            if (unknown >= 0)
                return wk_raise(WK_ERROR_SHAPE, "%s: only one dimension can be inferred, got shape '%s'", op,
                                wk_shape_text(ndim, dims).text),
                       false;
            unknown = i;
        } else if (dims[i] < 0) {
            return wk_raise(WK_ERROR_SHAPE, "%s: invalid shape dimension %lld at index %d of shape %s", op,
                            (long long)dims[i], i, wk_shape_text(ndim, dims).text),
                   false;
        } else {
            none |= dims[i] == 0;
            fits = fits && wk_checked_mul(known, dims[i], &known);
        }
    }
    if (none) { /* whatever overflows beside it */
        known = 0;
        fits = true;
    }
    if (unknown >= 0 && fits && (known || !numel)) {
        if (known == 0)
            return wk_raise(WK_ERROR_SHAPE,
                            "%s: cannot reshape tensor of %lld elements into shape %s because the "
                            "unspecified dimension size -1 "
                            "can be any value and is ambiguous",
                            op, (long long)numel, wk_shape_text(ndim, dims).text),
                   false;
        out->dims[unknown] = numel / known;
        known *= out->dims[unknown];
    }
    if (!fits || known != numel)
        return wk_raise(WK_ERROR_SHAPE, "%s: shape '%s' is invalid for input of size %lld", op,
                        wk_shape_text(ndim, dims).text, (long long)numel),
               false;
    return true;
}

/* Old dimensions that lie one after another in memory form a run; the new ones must each fit inside one run. */
bool wk_shape_view_strides(const wk_Tensor *input, const wk_Shape *shape, int64_t *strides)
{
    if (input->numel == 0 || input->contiguous) {
        wk_shape_strides(shape->ndim, shape->dims, strides);
        return true;
    }
    int to = shape->ndim - 1;
    int64_t run = 1, taken = 1;
    int64_t base = input->ndim ? input->stride[input->ndim - 1] : 1;
    for (int from = input->ndim - 1; from >= 0; from--) {
        run *= input->shape[from];
        bool ends = from == 0 || (input->shape[from - 1] != 1 && input->stride[from - 1] != run * base);
        if (!ends)
            continue;
        while (to >= 0 && (taken < run || shape->dims[to] == 1)) {
            strides[to] = taken * base;
            taken *= shape->dims[to--];
        }
        if (taken != run)
            return false;
        if (from > 0) {
            base = input->stride[from - 1];
            run = taken = 1;
        }
    }
    return to == -1;
}

/* Order of categories: bool < integers < floats. A number, or a tensor of no dimensions against one that has some, only lifts the
 * category: it gives its dtype when its category is higher, and numbers then stand for the default float. */
static int dtype_category(int dtype)
{
    return wk_is_floating(dtype) ? 2 : dtype == wk_bool ? 0 : 1;
}

static wk_dtype promote_dtypes(int a, int b)
{
    static const int rank[WK_DTYPES] = {
        [wk_bool] = 0, [wk_uint8] = 1, [wk_int32] = 2, [wk_int64] = 3, [wk_float32] = 4, [wk_float64] = 5};
    return (wk_dtype)(rank[a] > rank[b] ? a : b);
}

static int dtype_priority(const wk_Tensor *t)
{
    return t->number ? 0 : t->ndim == 0 ? 1 : 2;
}

wk_dtype wk_promote_types(const wk_Tensor *a, const wk_Tensor *b)
{
    int da = a->dtype, db = b->dtype;
    if (a->number && wk_is_floating(da))
        da = (int)wk_get_default_dtype();
    if (b->number && wk_is_floating(db))
        db = (int)wk_get_default_dtype();
    int pa = dtype_priority(a), pb = dtype_priority(b);
    if (pa > pb && dtype_category(da) >= dtype_category(db))
        return (wk_dtype)da;
    if (pb > pa && dtype_category(db) >= dtype_category(da))
        return (wk_dtype)db;
    return promote_dtypes(da, db);
}
