/* Parts of a tensor as views: select, slice, narrow, as_strided.
 *
 * The gradient of a part is the gradient written into zeros of the whole. For as_strided, whose elements may overlap, it is summed over
 * the positions in memory: each element of the gradient is added at the position it was read from. */
#include <string.h>

#include "autograd/node.h"
#include "core/checked.h"
#include "ops/ops.h"

typedef struct PartArgs {
    wk_Shape shape, before;
    int64_t stride[WK_MAX_DIMS];
    int64_t offset;
    int dim;
    int64_t start, end, step; /* of the part along dim */
} PartArgs;

static wk_Tensor *part_forward(wk_Call *call)
{
    const PartArgs *a = call->attributes;
    return wk_tensor_alias(call->in[0], a->shape.ndim, a->shape.dims, a->stride, a->offset);
}

static PartArgs part_args(const wk_Tensor *input, int dim)
{
    PartArgs a = {.shape = {.ndim = input->ndim},
                  .before = {.ndim = input->ndim},
                  .offset = input->offset,
                  .dim = dim,
                  .step = 1};
    memcpy(a.shape.dims, input->shape, sizeof a.shape.dims);
    memcpy(a.before.dims, input->shape, sizeof a.before.dims);
    memcpy(a.stride, input->stride, sizeof a.stride);
    return a;
}

/* zeros of the shape before, with grad written where the part was. */
static wk_Tensor *write_part(const PartArgs *a, wk_Tensor *grad)
{
    wk_Tensor *whole = wk_zeros_shape(a->before.ndim, a->before.dims, (wk_dtype)grad->dtype);
    if (!whole)
        return NULL;
    int64_t stride[WK_MAX_DIMS];
    memcpy(stride, whole->stride, sizeof stride);
    wk_multiply_size(&stride[a->dim], a->step);
    int64_t first = 0;
    wk_move_offset(&first, a->start, whole->stride[a->dim]);
    return wk_as_strided_scatter(whole, grad, a->before.ndim, grad->shape, stride, first);
}

static void slice_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    out[0] = write_part(node->attributes, grad);
}

static void select_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    const PartArgs *a = node->attributes;
    wk_Tensor *row = wk_unsqueeze(grad, a->dim);
    out[0] = row ? write_part(a, row) : NULL;
}

WK_OP(slice_op) = {.name = "slice",
                   .node = "SliceBackward0",
                   .inputs = {"input"},
                   .attributes = sizeof(PartArgs),
                   .view = true,
                   .forward = part_forward,
                   .backward = slice_backward};
WK_OP(select_op) = {.name = "select",
                    .node = "SelectBackward0",
                    .inputs = {"input"},
                    .attributes = sizeof(PartArgs),
                    .view = true,
                    .forward = part_forward,
                    .backward = select_backward};

/* The index from the front; -1 when it is out of range. */
static int64_t index_from_front(int64_t index, int64_t size)
{
    const int64_t at = index < 0 ? index + size : index;
    return at >= 0 && at < size ? at : -1;
}

static wk_Tensor *selected(wk_Tensor *input, int d, int64_t at)
{
    PartArgs a = part_args(input, d);
    a.start = at;
    wk_move_offset(&a.offset, at, input->stride[d]);
    a.shape.ndim--;
    for (int i = d; i < a.shape.ndim; i++) {
        a.shape.dims[i] = a.shape.dims[i + 1];
        a.stride[i] = a.stride[i + 1];
    }
    return WK_APPLY(&select_op, &a, input);
}

wk_Tensor *wk_select(wk_Tensor *input, int64_t dim, int64_t index)
{
    if (!wk_tensor_check(input, "select", "input"))
        return NULL;
    if (input->ndim == 0)
        return wk_raise(WK_ERROR_INDEX, "select: cannot be applied to a 0-dim tensor.");
    int d = wk_shape_dim("select", input->ndim, dim);
    if (d < 0)
        return NULL;
    const int64_t at = index_from_front(index, input->shape[d]);
    if (at < 0)
        return wk_raise(WK_ERROR_INDEX,
                        "select: index %lld out of range for tensor of size %s at dimension %d",
                        (long long)index, WK_SHAPE_TEXT(input), d);
    return selected(input, d, at);
}

static int64_t clamp_index(int64_t index, int64_t size)
{
    if (index < 0)
        index += size;
    return index < 0 ? 0 : index > size ? size : index;
}

wk_Tensor *wk_slice(wk_Tensor *input, int64_t dim, int64_t start, int64_t end, int64_t step)
{
    if (!wk_tensor_check(input, "slice", "input"))
        return NULL;
    if (input->ndim == 0)
        return wk_raise(WK_ERROR_INDEX, "slice: cannot be applied to a 0-dim tensor.");
    int d = wk_shape_dim("slice", input->ndim, dim);
    if (d < 0)
        return NULL;
    if (step <= 0)
        return wk_raise(WK_ERROR_ARGUMENT, "slice: step must be positive, got %lld", (long long)step);
    PartArgs a = part_args(input, d);
    a.start = clamp_index(start, input->shape[d]);
    a.end = clamp_index(end, input->shape[d]);
    if (a.end < a.start)
        a.end = a.start;
    a.step = step < input->shape[d] ? step
             : input->shape[d]      ? input->shape[d]
                                    : 1; /* a longer step reaches nothing more */
    a.shape.dims[d] = wk_ceil_div(a.end - a.start, a.step);
    wk_move_offset(&a.offset, a.start, input->stride[d]);
    wk_multiply_size(&a.stride[d], a.step);
    return WK_APPLY(&slice_op, &a, input);
}

wk_Tensor *wk_narrow(wk_Tensor *input, int64_t dim, int64_t start, int64_t length)
{
    if (!wk_tensor_check(input, "narrow", "input"))
        return NULL;
    if (input->ndim == 0)
        return wk_raise(WK_ERROR_INDEX, "narrow: cannot be applied to a 0-dim tensor.");
    if (length < 0)
        return wk_raise(WK_ERROR_ARGUMENT, "narrow: length must be non-negative. Got %lld",
                        (long long)length);
    int d = wk_shape_dim("narrow", input->ndim, dim);
    if (d < 0)
        return NULL;
    const int64_t size = input->shape[d], from = start < 0 ? start + size : start;
    if (start < -size || start > size)
        return wk_raise(WK_ERROR_INDEX,
                        "narrow: start out of range (expected to be in range of [%lld, %lld], but got %lld)",
                        -(long long)size, (long long)size, (long long)start);
    if (length > size - from)
        return wk_raise(WK_ERROR_INDEX, "narrow: start (%lld) + length (%lld) exceeds dimension size (%lld).",
                        (long long)from, (long long)length, (long long)size);
    return wk_slice(input, d, from, from + length, 1);
}

wk_Tensor *wk_index_ints(wk_Tensor *input, int count, const int64_t *indices)
{
    if (!wk_tensor_check(input, "index", "input"))
        return NULL;
    if (count == 1 && input->ndim == 0)
        return wk_raise(
            WK_ERROR_INDEX,
            "index: invalid index of a 0-dim tensor. Use wk_item(tensor) to convert a 0-dim tensor "
            "to a number");
    if (count > input->ndim)
        return wk_raise(WK_ERROR_INDEX, "index: too many indices for tensor of dimension %d: %d", input->ndim,
                        count);
    if (!wk_array_check(count, indices, "index", "indices"))
        return NULL;
    wk_Tensor *part = input;
    for (int i = 0; i < count && part; i++) {
        const int64_t at = index_from_front(indices[i], part->shape[0]);
        if (at < 0)
            return wk_raise(WK_ERROR_INDEX,
                            "index: index %lld is out of bounds for dimension %d with size %lld",
                            (long long)indices[i], i, (long long)part->shape[0]);
        part = selected(part, 0, at);
    }
    return part;
}

/* ---- as_strided ------------------------------------------------------------------------------------- */

/* Positions in memory, counted from `low`, of the elements of a geometry: an int64 vector. */
static wk_Tensor *positions_of(const wk_Shape *shape, const int64_t *stride, int64_t first)
{
    int64_t n = wk_shape_numel(shape->ndim, shape->dims);
    wk_Tensor *index = wk_empty_shape(1, &n, wk_int64);
    if (!index)
        return NULL;
    int64_t *p = wk_tensor_data(index);
    for (int64_t i = 0; i < n; i++) {
        int64_t at = first, rest = i;
        for (int d = shape->ndim - 1; d >= 0; d--) {
            at += rest % shape->dims[d] * stride[d];
            rest /= shape->dims[d];
        }
        p[i] = at;
    }
    return index;
}

typedef struct StridedArgs {
    wk_Shape shape, before;
    int64_t stride[WK_MAX_DIMS], before_stride[WK_MAX_DIMS];
    int64_t offset, before_offset;
} StridedArgs;

static int64_t extent_of(const wk_Shape *shape, const int64_t *stride)
{
    int64_t last = 0;
    if (wk_shape_numel(shape->ndim, shape->dims) == 0)
        return 0;
    for (int i = 0; i < shape->ndim; i++)
        last += (shape->dims[i] - 1) * stride[i];
    return last + 1;
}

/* Whether two elements may lie at one place: they do not where each stride steps over all of the smaller ones. */
static bool overlaps(const wk_Shape *shape, const int64_t *stride)
{
    if (wk_shape_numel(shape->ndim, shape->dims) == 0)
        return false;
    for (int i = 0; i < shape->ndim; i++) {
        int64_t reach = 0;
        for (int j = 0; j < shape->ndim; j++)
            if (j != i && (stride[j] < stride[i] || (stride[j] == stride[i] && j > i)))
                reach += (shape->dims[j] - 1) * stride[j];
        if (shape->dims[i] > 1 && stride[i] <= reach)
            return true;
    }
    return false;
}

static void as_strided_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    const StridedArgs *a = node->attributes;
    int64_t low = a->offset < a->before_offset ? a->offset : a->before_offset;
    int64_t end = a->offset + extent_of(&a->shape, a->stride),
            end2 = a->before_offset + extent_of(&a->before, a->before_stride);
    int64_t span = (end > end2 ? end : end2) - low;
    wk_Tensor *memory = wk_zeros_shape(1, &span, (wk_dtype)grad->dtype);
    wk_Tensor *read = positions_of(&a->shape, a->stride, a->offset - low);
    wk_Tensor *own = positions_of(&a->before, a->before_stride, a->before_offset - low);
    memory = wk_scatter_add(memory, 0, read, wk_reshape(grad, -1));
    if (overlaps(&a->before, a->before_stride)) { /* those that share a place share its gradient */
        wk_Tensor *one = wk_ones_shape(1, wk_shape(own), (wk_dtype)grad->dtype);
        wk_Tensor *shares = wk_scatter_add(wk_zeros_shape(1, &span, (wk_dtype)grad->dtype), 0, own, one);
        memory = wk_div_tensor(memory, wk_maximum_double(shares, 1));
    }
    out[0] = wk_reshape_shape(wk_index_select(memory, 0, own), a->before.ndim, a->before.dims);
}

static wk_Tensor *as_strided_forward(wk_Call *call)
{
    const StridedArgs *a = call->attributes;
    return wk_tensor_alias(call->in[0], a->shape.ndim, a->shape.dims, a->stride, a->offset);
}

WK_OP(as_strided_op) = {.name = "as_strided",
                        .node = "AsStridedBackward0",
                        .inputs = {"input"},
                        .attributes = sizeof(StridedArgs),
                        .view = true,
                        .forward = as_strided_forward,
                        .backward = as_strided_backward};

/* Checks that a geometry lies inside the storage of a tensor, and fills in the attributes. */
static bool strided_args(const char *op, const wk_Tensor *input, int ndim, const int64_t *dims,
                         const int64_t *strides, int64_t offset, StridedArgs *a)
{
    if (ndim < 0 || ndim > WK_MAX_DIMS)
        return wk_raise(WK_ERROR_SHAPE, "%s: rank %d, max %d", op, ndim, WK_MAX_DIMS), false;
    if (!wk_array_check(ndim, dims, op, "dims") || !wk_array_check(ndim, strides, op, "strides"))
        return false;
    const int64_t item = (int64_t)wk_dtype_size((wk_dtype)input->dtype);
    int64_t last = offset, step, bytes = 0;
    bool empty = false, fits = true;
    for (int i = 0; i < ndim; i++) {
        if (strides[i] < 0)
            return wk_raise(WK_ERROR_SHAPE,
                            "%s: Negative strides are not supported at the moment, got strides: %s", op,
                            wk_shape_text(ndim, strides).text),
                   false;
        if (dims[i] < 0)
            return wk_raise(WK_ERROR_SHAPE, "%s: trying to create tensor with negative dimension %lld: %s",
                            op, (long long)dims[i], wk_shape_text(ndim, dims).text),
                   false;
        empty |= dims[i] == 0;
        fits = fits && (dims[i] == 0 || (wk_checked_mul(dims[i] - 1, strides[i], &step) &&
                                         wk_checked_add(last, step, &last)));
    }
    if (offset < 0)
        return wk_raise(WK_ERROR_SHAPE, "%s: invalid storage offset %lld", op, (long long)offset), false;
    if (!empty && !(fits && wk_checked_add(last, 1, &step) && wk_checked_mul(step, item, &bytes)))
        return wk_raise(WK_ERROR_OVERFLOW,
                        "%s: Storage size calculation overflowed with sizes=%s and strides=%s", op,
                        wk_shape_text(ndim, dims).text, wk_shape_text(ndim, strides).text),
               false;
    if ((size_t)bytes > input->storage->bytes)
        return wk_raise(
                   WK_ERROR_SHAPE,
                   "%s: sizes %s, strides %s, storage offset %lld, and itemsize %lld requiring a storage "
                   "size of %lld are out of bounds for storage of size %zu",
                   op, wk_shape_text(ndim, dims).text, wk_shape_text(ndim, strides).text, (long long)offset,
                   (long long)item, (long long)bytes, input->storage->bytes),
               false;
    if (empty) /* it lies nowhere */
        offset = input->offset;
    *a = (StridedArgs){.shape = {.ndim = ndim},
                       .before = {.ndim = input->ndim},
                       .offset = offset,
                       .before_offset = input->offset};
    memcpy(a->before.dims, input->shape, sizeof a->before.dims);
    memcpy(a->before_stride, input->stride, sizeof a->before_stride);
    for (int i = 0; i < ndim; i++) {
        a->shape.dims[i] = dims[i];
        a->stride[i] = strides[i];
    }
    return true;
}

wk_Tensor *wk_as_strided(wk_Tensor *input, int ndim, const int64_t *dims, const int64_t *strides,
                         int64_t offset)
{
    StridedArgs a;
    if (!wk_tensor_check(input, "as_strided", "input") ||
        !strided_args("as_strided", input, ndim, dims, strides, offset, &a))
        return NULL;
    return WK_APPLY(&as_strided_op, &a, input);
}

/* as_strided_scatter: the gradient of input is the gradient with zeros at the part, that of source is the part of the gradient. */
static wk_Tensor *scatter_forward(wk_Call *call)
{
    const StridedArgs *a = call->attributes;
    wk_Tensor *out = wk_contiguous_copy(call->in[0]);
    wk_Tensor *part = out ? wk_as_strided(out, a->shape.ndim, a->shape.dims, a->stride, a->offset) : NULL;
    return part && wk_copy_(part, call->in[1]) ? out : NULL;
}

static void scatter_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    const StridedArgs *a = node->attributes;
    wk_Tensor *g = wk_contiguous(grad);
    if (!g)
        return;
    if (wk_node_needs(node, 0)) {
        wk_Tensor *zero = wk_zeros_shape(a->shape.ndim, a->shape.dims, (wk_dtype)g->dtype);
        out[0] =
            wk_as_strided_scatter(g, zero, a->shape.ndim, a->shape.dims, a->stride, g->offset + a->offset);
    }
    if (wk_node_needs(node, 1))
        out[1] = wk_as_strided(g, a->shape.ndim, a->shape.dims, a->stride, g->offset + a->offset);
}

WK_OP(scatter_op) = {.name = "as_strided_scatter",
                     .node = "AsStridedScatterBackward0",
                     .inputs = {"input", "source"},
                     .attributes = sizeof(StridedArgs),
                     .forward = scatter_forward,
                     .backward = scatter_backward};

wk_Tensor *wk_as_strided_scatter(wk_Tensor *input, wk_Tensor *source, int ndim, const int64_t *dims,
                                 const int64_t *strides, int64_t offset)
{
    StridedArgs a;
    input = input ? wk_contiguous(input) : wk_raise_null("as_strided_scatter", "input");
    if (!input || !wk_tensor_check(source, "as_strided_scatter", "source") ||
        !strided_args("as_strided_scatter", input, ndim, dims, strides, offset, &a))
        return NULL;
    a.offset -= input->offset; /* the copy that is written to begins at its storage */
    return WK_APPLY(&scatter_op, &a, input, source);
}
