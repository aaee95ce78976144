/* Elements by indices along a dimension: index_select, gather, scatter_add. Every index is checked before anything is written.
 *
 *   gather:       out[i][j] = in[index[i][j]][j]        its gradient scatters and adds
 *   index_select: whole rows, one index for all         likewise, with the index expanded
 *   scatter_add:  out = in; out[index[i][j]][j] += source[i][j]      its gradient gathers */
#include <string.h>

#include "ops/ops.h"

typedef struct GatherArgs {
    int dim;
    wk_Shape before, src; /* of the input; of scatter_add's source */
} GatherArgs;

/* Of a tensor of no dimensions it is 1. */
static int64_t size_at(const wk_Tensor *tensor, int dim)
{
    return dim < tensor->ndim ? tensor->shape[dim] : 1;
}

static bool indices_fit(const char *op, const wk_Tensor *index, int64_t size, int dim)
{
    const int64_t *p = wk_tensor_data(index);
    for (int64_t i = 0; i < index->numel; i++)
        if (p[i] < 0 || p[i] >= size)
            return wk_raise(WK_ERROR_INDEX,
                            "%s: index %lld is out of bounds for dimension %d with size %lld (at element "
                            "%lld of index)",
                            op, (long long)p[i], dim, (long long)size, (long long)i),
                   false;
    return true;
}

/* Visits each element of the index in order: `at` is the offset of the element of another tensor at the same place, leaving out `dim`.
 * A tensor of no dimensions stands for one of one element: it has no strides. */
typedef struct Walk {
    int ndim;
    const int64_t *shape;
    int64_t at, stride[WK_MAX_DIMS], counter[WK_MAX_DIMS];
} Walk;

static Walk walk_over(const wk_Tensor *index, const wk_Tensor *other, int dim)
{
    Walk w = {.ndim = index->ndim, .shape = index->shape};
    for (int d = 0; d < index->ndim && d < other->ndim; d++)
        w.stride[d] = d == dim ? 0 : other->stride[d];
    return w;
}

static void walk_next(Walk *w)
{
    for (int d = w->ndim - 1; d >= 0; d--) {
        w->at += w->stride[d];
        if (++w->counter[d] < w->shape[d])
            return;
        w->at -= w->stride[d] * w->shape[d];
        w->counter[d] = 0;
    }
}

/* ---- gather ----------------------------------------------------------------------------------------- */

static wk_Tensor *gather_forward(wk_Call *call)
{
    const GatherArgs *a = call->attributes;
    const wk_Tensor *in = call->in[0];
    wk_Tensor *index = wk_contiguous(call->in[1]);
    wk_Tensor *out = index ? wk_tensor_new("gather", (wk_dtype)in->dtype, index->ndim, index->shape) : NULL;
    if (!out || !indices_fit("gather", index, size_at(in, a->dim), a->dim))
        return NULL;
    size_t bytes = wk_dtype_size((wk_dtype)in->dtype);
    int64_t step = in->ndim ? in->stride[a->dim] : 0;
    const int64_t *p = wk_tensor_data(index);
    const char *from = wk_tensor_data(in);
    char *to = wk_tensor_data(out);
    Walk w = walk_over(index, in, a->dim);
    for (int64_t i = 0; i < out->numel; i++, walk_next(&w))
        memcpy(to + (size_t)i * bytes, from + (w.at + p[i] * step) * (int64_t)bytes, bytes);
    return out;
}

static wk_Tensor *zeros_before(const GatherArgs *a, const wk_Tensor *grad)
{
    return wk_zeros_shape(a->before.ndim, a->before.dims, (wk_dtype)grad->dtype);
}

static void gather_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    const GatherArgs *a = node->attributes;
    out[0] = wk_scatter_add(zeros_before(a, grad), a->dim, wk_saved_input(node, 1), grad);
}

WK_OP(gather_op) = {.name = "gather",
                    .node = "GatherBackward0",
                    .inputs = {"input", "index"},
                    .constant = 2,
                    .uses = {0, 1},
                    .attributes = sizeof(GatherArgs),
                    .forward = gather_forward,
                    .backward = gather_backward};

/* The index as int64, or NULL with an error. One of no elements may have any dtype. */
static wk_Tensor *whole_index(const char *op, wk_Tensor *index)
{
    if (index->numel && index->dtype != wk_int64 && index->dtype != wk_int32)
        return wk_raise(WK_ERROR_DTYPE, "%s: Expected dtype int32/int64 for index, got %s", op,
                        wk_dtype_type(index->dtype));
    return wk_to_dtype(index, wk_int64);
}

static bool same_rank(const char *op, const wk_Tensor *index, const wk_Tensor *other, const char *name)
{
    if ((index->ndim ? index->ndim : 1) == (other->ndim ? other->ndim : 1))
        return true;
    return wk_raise(WK_ERROR_SHAPE,
                    "%s: Index tensor must have the same number of dimensions as %s tensor, got %s and %s",
                    op, name, WK_SHAPE_TEXT(index), WK_SHAPE_TEXT(other)),
           false;
}

/* The first dimension but `dim` in which the index is larger than the other tensor; -1 if there is none. */
static int larger_in(const wk_Tensor *index, const wk_Tensor *other, int dim)
{
    for (int i = 0; i == 0 || i < index->ndim; i++)
        if (i != dim && size_at(index, i) > size_at(other, i))
            return i;
    return -1;
}

static bool gather_args(const char *op, const wk_Tensor *input, int64_t dim, GatherArgs *a)
{
    a->dim = wk_shape_dim(op, input->ndim, dim);
    a->before.ndim = input->ndim;
    memcpy(a->before.dims, input->shape, sizeof a->before.dims);
    return a->dim >= 0;
}

wk_Tensor *wk_gather(wk_Tensor *input, int64_t dim, wk_Tensor *index)
{
    GatherArgs a;
    if (!wk_tensor_check(input, "gather", "input") || !wk_tensor_check(index, "gather", "index") ||
        !gather_args("gather", input, dim, &a) || !(index = whole_index("gather", index)))
        return NULL;
    if (index->numel) { /* else there is nothing to fit */
        if (!same_rank("gather", index, input, "input"))
            return NULL;
        const int wrong = larger_in(index, input, a.dim);
        if (wrong >= 0)
            return wk_raise(WK_ERROR_SHAPE,
                            "gather: Size does not match at dimension %d expected index %s to be no larger "
                            "than self %s apart from dimension %d",
                            wrong, WK_SHAPE_TEXT(index), WK_SHAPE_TEXT(input), a.dim);
    }
    return WK_APPLY(&gather_op, &a, input, index);
}

/* ---- scatter_add ------------------------------------------------------------------------------------ */

#define SCATTER(type, sum_type)                                                 \
    for (int64_t i = 0; i < index->numel; i++, walk_next(&w), walk_next(&s)) {  \
        type *cell = (type *)to + w.at + p[i] * step;                           \
        *cell = (type)((sum_type)*cell + (sum_type)((const type *)from)[s.at]); \
    }

static wk_Tensor *scatter_add_forward(wk_Call *call)
{
    const GatherArgs *a = call->attributes;
    const wk_Tensor *source = call->in[2];
    wk_Tensor *index = wk_contiguous(call->in[1]), *out = wk_contiguous_copy(call->in[0]);
    if (!out || !index || !indices_fit("scatter_add", index, size_at(out, a->dim), a->dim))
        return NULL;
    int64_t step = out->ndim ? out->stride[a->dim] : 0;
    const int64_t *p = wk_tensor_data(index);
    const void *from = wk_tensor_data(source);
    void *to = wk_tensor_data(out);
    Walk w = walk_over(index, out, a->dim), s = walk_over(index, source, -1);
    switch ((wk_dtype)out->dtype) {
    case wk_float32:
        SCATTER(float, float)
        break;
    case wk_float64:
        SCATTER(double, double)
        break;
    case wk_int64:
        SCATTER(int64_t, uint64_t)
        break;
    case wk_int32:
        SCATTER(int32_t, uint32_t)
        break;
    case wk_uint8:
        SCATTER(uint8_t, unsigned)
        break;
    case wk_bool:
        SCATTER(bool, int)
        break;
    default:
        return wk_raise_dtype("scatter_add", out->dtype);
    }
    return out;
}

/* What the index does not reach of a larger source has no gradient. */
static wk_Tensor *source_gradient(const GatherArgs *a, wk_Tensor *reached)
{
    if (!reached || wk_shape_numel(a->src.ndim, a->src.dims) == reached->numel)
        return reached ? wk_reshape_shape(reached, a->src.ndim, a->src.dims) : NULL;
    wk_Tensor *whole = wk_zeros_shape(a->src.ndim, a->src.dims, (wk_dtype)reached->dtype);
    return whole ? wk_as_strided_scatter(whole, reached, reached->ndim, reached->shape, whole->stride, 0)
                 : NULL;
}

static void scatter_add_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    const GatherArgs *a = node->attributes;
    if (wk_node_needs(node, 0))
        out[0] = grad;
    if (wk_node_needs(node, 2))
        out[2] = source_gradient(a, wk_gather(grad, a->dim, wk_saved_input(node, 1)));
}

WK_OP(scatter_add_op) = {.name = "scatter_add",
                         .node = "ScatterAddBackward0",
                         .inputs = {"input", "index", "src"},
                         .constant = 2,
                         .uses = {0, 4},
                         .attributes = sizeof(GatherArgs),
                         .forward = scatter_add_forward,
                         .backward = scatter_add_backward};

static bool scatter_fits(const wk_Tensor *input, const wk_Tensor *index, const wk_Tensor *src, int dim)
{
    if (!index->numel)
        return true;
    if (!same_rank("scatter_add", index, input, "self") || !same_rank("scatter_add", index, src, "src"))
        return false;
    if (larger_in(index, input, dim) < 0 && larger_in(index, src, -1) < 0)
        return true;
    return wk_raise(WK_ERROR_SHAPE,
                    "scatter_add: Expected index %s to be no larger than self %s apart from dimension %d and "
                    "to be no larger size than src %s",
                    WK_SHAPE_TEXT(index), WK_SHAPE_TEXT(input), dim, WK_SHAPE_TEXT(src)),
           false;
}

wk_Tensor *wk_scatter_add(wk_Tensor *input, int64_t dim, wk_Tensor *index, wk_Tensor *src)
{
    GatherArgs a;
    if (!wk_tensor_check(input, "scatter_add", "input") || !wk_tensor_check(index, "scatter_add", "index") ||
        !wk_tensor_check(src, "scatter_add", "src") || !gather_args("scatter_add", input, dim, &a) ||
        !(index = whole_index("scatter_add", index)))
        return NULL;
    if (input->dtype != src->dtype)
        return wk_raise(WK_ERROR_DTYPE,
                        "scatter_add: Expected self.dtype to be equal to src.dtype, got %s and %s",
                        wk_dtype_type(input->dtype), wk_dtype_type(src->dtype));
    a.src.ndim = src->ndim;
    memcpy(a.src.dims, src->shape, sizeof a.src.dims);
    return scatter_fits(input, index, src, a.dim) ? WK_APPLY(&scatter_add_op, &a, input, index, src) : NULL;
}

/* ---- index_select ----------------------------------------------------------------------------------- */

static wk_Tensor *index_select_forward(wk_Call *call)
{
    const GatherArgs *a = call->attributes;
    wk_Tensor *in = wk_contiguous(call->in[0]), *index = wk_contiguous(call->in[1]);
    if (!in || !index || !indices_fit("index_select", index, size_at(in, a->dim), a->dim))
        return NULL;
    int64_t shape[WK_MAX_DIMS];
    memcpy(shape, in->shape, sizeof shape);
    shape[a->dim] = index->numel;
    wk_Tensor *out = wk_tensor_new("index_select", (wk_dtype)in->dtype, in->ndim, shape);
    if (!out)
        return NULL;
    wk_Split s = wk_split_at(in, in->ndim ? a->dim : 0);
    size_t row = (size_t)s.inner * wk_dtype_size((wk_dtype)in->dtype);
    const int64_t *p = wk_tensor_data(index);
    const char *from = wk_tensor_data(in);
    char *to = wk_tensor_data(out);
    for (int64_t o = 0; o < s.outer; o++)
        for (int64_t i = 0; i < index->numel; i++)
            memcpy(to + (size_t)(o * index->numel + i) * row, from + (size_t)(o * s.n + p[i]) * row, row);
    return out;
}

static void index_select_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    const GatherArgs *a = node->attributes;
    wk_Tensor *index = wk_saved_input(node, 1);
    int64_t ones[WK_MAX_DIMS] = {1, 1, 1, 1, 1, 1, 1, 1};
    if (!index)
        return;
    if (grad->ndim)
        ones[a->dim] = index->numel;
    index = wk_expand_shape(wk_view_shape(index, grad->ndim, ones), grad->ndim, grad->shape);
    out[0] = wk_scatter_add(zeros_before(a, grad), a->dim, index, grad);
}

WK_OP(index_select_op) = {.name = "index_select",
                          .node = "IndexSelectBackward0",
                          .inputs = {"input", "index"},
                          .constant = 2,
                          .uses = {0, 1},
                          .attributes = sizeof(GatherArgs),
                          .forward = index_select_forward,
                          .backward = index_select_backward};

wk_Tensor *wk_index_select(wk_Tensor *input, int64_t dim, wk_Tensor *index)
{
    GatherArgs a;
    if (!wk_tensor_check(input, "index_select", "input") ||
        !wk_tensor_check(index, "index_select", "index") || !gather_args("index_select", input, dim, &a))
        return NULL;
    if (index->ndim > 1)
        return wk_raise(WK_ERROR_SHAPE, "index_select: Index is supposed to be a vector, but got shape %s",
                        WK_SHAPE_TEXT(index));
    if (input->ndim == 0 && index->numel != 1)
        return wk_raise(WK_ERROR_SHAPE,
                        "index_select: Index to scalar can have only 1 value, got %lld value(s)",
                        (long long)index->numel);
    if (index->dtype != wk_int64 && index->dtype != wk_int32)
        return wk_raise(WK_ERROR_DTYPE, "index_select: Expected dtype int32 or int64 for index, got %s",
                        wk_dtype_type(index->dtype));
    index = wk_to_dtype(index, wk_int64);
    return index ? WK_APPLY(&index_select_op, &a, input, index) : NULL;
}
