/* Views: the same memory under another geometry.
 *
 * Each forward computes sizes, strides and offset; the backward is the inverse view of the gradient, or, where elements were left out
 * (select, slice), the gradient written into zeros. Nothing is copied but by reshape and contiguous, when they must. */
#include <assert.h>
#include <string.h>

#include "autograd/node.h"
#include "core/checked.h"
#include "ops/ops.h"

/* What the inverse needs to know: the shape before, and the arguments. */
typedef struct ViewArgs {
    wk_Shape shape, before;
    int64_t stride[WK_MAX_DIMS];
    int64_t offset;
} ViewArgs;

static wk_Tensor *view_forward(wk_Call *call)
{
    const ViewArgs *a = call->attributes;
    return wk_tensor_alias(call->in[0], a->shape.ndim, a->shape.dims, a->stride, a->offset);
}

static wk_Shape shape_of(const wk_Tensor *t)
{
    wk_Shape s = {.ndim = t->ndim};
    memcpy(s.dims, t->shape, sizeof s.dims);
    return s;
}

/* The geometry of the input itself, to be changed by the caller. */
static ViewArgs view_args(const wk_Tensor *input)
{
    ViewArgs a = {.shape = shape_of(input), .before = shape_of(input), .offset = input->offset};
    memcpy(a.stride, input->stride, sizeof a.stride);
    return a;
}

/* ---- view, reshape, flatten ------------------------------------------------------------------------- */

static void reshape_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    const ViewArgs *a = node->attributes;
    out[0] = wk_reshape_shape(grad, a->before.ndim, a->before.dims);
}

WK_OP(view_op) = {.name = "view",
                  .node = "ViewBackward0",
                  .inputs = {"input"},
                  .attributes = sizeof(ViewArgs),
                  .view = true,
                  .forward = view_forward,
                  .backward = reshape_backward};

/* reshape of what is not contiguous, but can be shown as wanted. */
WK_OP(reshape_alias_op) = {.name = "reshape",
                           .node = "ReshapeAliasBackward0",
                           .inputs = {"input"},
                           .attributes = sizeof(ViewArgs),
                           .view = true,
                           .forward = view_forward,
                           .backward = reshape_backward};

/* What becomes of a fresh result that nobody else has: no view, so that writes in place find its history with it. */
WK_OP(unsafe_view_op) = {.name = "reshape",
                         .node = "UnsafeViewBackward0",
                         .inputs = {"input"},
                         .attributes = sizeof(ViewArgs),
                         .any_order = true,
                         .forward = view_forward,
                         .backward = reshape_backward};
WK_OP(unsafe_squeeze_op) = {.name = "squeeze_",
                            .node = "SqueezeBackward4",
                            .inputs = {"input"},
                            .attributes = sizeof(ViewArgs),
                            .any_order = true,
                            .forward = view_forward,
                            .backward = reshape_backward};

/* Shows the input as `shape` under strides that wk_shape_view_strides found. */
static wk_Tensor *show_as(const wk_Op *op, wk_Tensor *input, const wk_Shape *shape, const int64_t *strides)
{
    ViewArgs a = view_args(input);
    a.shape = *shape;
    memcpy(a.stride, strides, sizeof a.stride);
    return WK_APPLY(op, &a, input);
}

wk_Tensor *wk_view_shape(wk_Tensor *input, int ndim, const int64_t *dims)
{
    wk_Shape shape;
    int64_t strides[WK_MAX_DIMS] = {0};
    if (!wk_tensor_check(input, "view", "input") || !wk_shape_infer("view", input->numel, ndim, dims, &shape))
        return NULL;
    if (!wk_shape_view_strides(input, &shape, strides))
        return wk_raise(WK_ERROR_SHAPE,
                        "view: view size is not compatible with input tensor's size and stride (at least one "
                        "dimension spans across two "
                        "contiguous subspaces). Use .reshape(...) instead. Input %s, wanted %s",
                        WK_SHAPE_TEXT(input), wk_shape_text(shape.ndim, shape.dims).text);
    return show_as(&view_op, input, &shape, strides);
}

wk_Tensor *wk_reshape_shape(wk_Tensor *input, int ndim, const int64_t *dims)
{
    wk_Shape shape;
    int64_t strides[WK_MAX_DIMS] = {0};
    if (!wk_tensor_check(input, "reshape", "input") ||
        !wk_shape_infer("reshape", input->numel, ndim, dims, &shape))
        return NULL;
    if (wk_shape_view_strides(input, &shape, strides))
        return show_as(input->contiguous ? &view_op : &reshape_alias_op, input, &shape, strides);
    return wk_unsafe_view(wk_contiguous_copy(input), shape.ndim, shape.dims);
}

wk_Tensor *wk_unsafe_view(wk_Tensor *fresh, int ndim, const int64_t *dims)
{
    wk_Shape shape;
    int64_t strides[WK_MAX_DIMS] = {0};
    if (!fresh || !wk_shape_infer("view", fresh->numel, ndim, dims, &shape))
        return NULL;
    assert(fresh->contiguous);
    wk_shape_strides(ndim, shape.dims, strides);
    return show_as(&unsafe_view_op, fresh, &shape, strides);
}

wk_Tensor *wk_flatten(wk_Tensor *input, int64_t start_dim, int64_t end_dim)
{
    if (!wk_tensor_check(input, "flatten", "input"))
        return NULL;
    int start = wk_shape_dim("flatten", input->ndim, start_dim),
        end = wk_shape_dim("flatten", input->ndim, end_dim);
    if (start < 0 || end < 0)
        return NULL;
    if (start > end)
        return wk_raise(WK_ERROR_ARGUMENT, "flatten: start_dim cannot come after end_dim: %d and %d", start,
                        end);
    if (input->ndim == 0)
        return wk_reshape(input, 1);
    if (start == end)
        return input;
    wk_Shape shape = {.ndim = input->ndim - (end - start)};
    memcpy(shape.dims, input->shape, (size_t)start * sizeof *shape.dims);
    shape.dims[start] = wk_shape_numel(end - start + 1, input->shape + start);
    memcpy(shape.dims + start + 1, input->shape + end + 1,
           (size_t)(input->ndim - end - 1) * sizeof *shape.dims);
    return wk_reshape_shape(input, shape.ndim, shape.dims);
}

/* ---- permute, transpose ----------------------------------------------------------------------------- */

typedef struct PermuteArgs {
    ViewArgs view;
    int64_t order[WK_MAX_DIMS];
} PermuteArgs;

static void permute_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    const PermuteArgs *a = node->attributes;
    int64_t inverse[WK_MAX_DIMS];
    for (int i = 0; i < a->view.shape.ndim; i++)
        inverse[a->order[i]] = i;
    out[0] = wk_permute_dims(grad, a->view.shape.ndim, inverse);
}

WK_OP(permute_op) = {.name = "permute",
                     .node = "PermuteBackward0",
                     .inputs = {"input"},
                     .attributes = sizeof(PermuteArgs),
                     .view = true,
                     .forward = view_forward,
                     .backward = permute_backward};
WK_OP(transpose_op) = {.name = "transpose",
                       .node = "TransposeBackward0",
                       .inputs = {"input"},
                       .attributes = sizeof(PermuteArgs),
                       .view = true,
                       .forward = view_forward,
                       .backward = permute_backward};
WK_OP(t_op) = {.name = "t",
               .node = "TBackward0",
               .inputs = {"input"},
               .attributes = sizeof(PermuteArgs),
               .view = true,
               .forward = view_forward,
               .backward = permute_backward};

static wk_Tensor *permuted(const wk_Op *op, wk_Tensor *input, const int64_t *order)
{
    PermuteArgs a = {.view = view_args(input)};
    for (int i = 0; i < input->ndim; i++) {
        a.order[i] = order[i];
        a.view.shape.dims[i] = input->shape[order[i]];
        a.view.stride[i] = input->stride[order[i]];
    }
    return WK_APPLY(op, &a, input);
}

wk_Tensor *wk_permute_dims(wk_Tensor *input, int count, const int64_t *dims)
{
    if (!wk_tensor_check(input, "permute", "input"))
        return NULL;
    if (count != input->ndim)
        return wk_raise(WK_ERROR_SHAPE,
                        "permute: number of dimensions in the tensor input does not match the length of the "
                        "desired ordering of "
                        "dimensions i.e. input.dim() = %d is not equal to len(dims) = %d",
                        input->ndim, count);
    unsigned seen = 0;
    int64_t order[WK_MAX_DIMS];
    if (!wk_array_check(count, dims, "permute", "dims"))
        return NULL;
    for (int i = 0; i < count; i++) {
        const int d = wk_shape_dim("permute", input->ndim, dims[i]);
        if (d < 0)
            return NULL;
        if (seen >> d & 1)
            return wk_raise(WK_ERROR_INDEX, "permute: duplicate dims are not allowed. Got %s",
                            wk_shape_text(count, dims).text);
        seen |= 1u << d;
        order[i] = d;
    }
    return permuted(&permute_op, input, order);
}

static wk_Tensor *exchanged(const wk_Op *op, wk_Tensor *input, int64_t dim0, int64_t dim1)
{
    int a = wk_shape_dim(op->name, input->ndim, dim0), b = wk_shape_dim(op->name, input->ndim, dim1);
    if (a < 0 || b < 0)
        return NULL;
    int64_t order[WK_MAX_DIMS] = {0, 1, 2, 3, 4, 5, 6, 7};
    if (input->ndim) {
        order[a] = b;
        order[b] = a;
    }
    return permuted(op, input, order);
}

wk_Tensor *wk_transpose(wk_Tensor *input, int64_t dim0, int64_t dim1)
{
    return wk_tensor_check(input, "transpose", "input") ? exchanged(&transpose_op, input, dim0, dim1) : NULL;
}

wk_Tensor *wk_t(wk_Tensor *input)
{
    if (!wk_tensor_check(input, "t", "input"))
        return NULL;
    if (input->ndim > 2)
        return wk_raise(WK_ERROR_SHAPE, "t: expects a tensor with <= 2 dimensions, but self is %dD",
                        input->ndim);
    return exchanged(&t_op, input, 0, input->ndim == 2 ? 1 : 0);
}

/* ---- squeeze, unsqueeze, expand --------------------------------------------------------------------- */

WK_OP(squeeze_op) = {.name = "squeeze",
                     .node = "SqueezeBackward0",
                     .inputs = {"input"},
                     .attributes = sizeof(ViewArgs),
                     .view = true,
                     .forward = view_forward,
                     .backward = reshape_backward};
WK_OP(squeeze_dim_op) = {.name = "squeeze",
                         .node = "SqueezeBackward1",
                         .inputs = {"input"},
                         .attributes = sizeof(ViewArgs),
                         .view = true,
                         .forward = view_forward,
                         .backward = reshape_backward};
WK_OP(squeeze_dims_op) = {.name = "squeeze",
                          .node = "SqueezeBackward2",
                          .inputs = {"input"},
                          .attributes = sizeof(ViewArgs),
                          .view = true,
                          .forward = view_forward,
                          .backward = reshape_backward};
WK_OP(unsqueeze_op) = {.name = "unsqueeze",
                       .node = "UnsqueezeBackward0",
                       .inputs = {"input"},
                       .attributes = sizeof(ViewArgs),
                       .view = true,
                       .forward = view_forward,
                       .backward = reshape_backward};

static wk_Tensor *squeezed(const wk_Op *op, wk_Tensor *input, unsigned mask)
{
    ViewArgs a = view_args(input);
    a.shape.ndim = 0;
    for (int i = 0; i < input->ndim; i++) {
        if ((mask >> i & 1) && input->shape[i] == 1)
            continue;
        a.shape.dims[a.shape.ndim] = input->shape[i];
        a.stride[a.shape.ndim++] = input->stride[i];
    }
    return WK_APPLY(op, &a, input);
}

wk_Tensor *wk_squeeze(wk_Tensor *input)
{
    return wk_tensor_check(input, "squeeze", "input") ? squeezed(&squeeze_op, input, ~0u) : NULL;
}

wk_Tensor *wk_squeeze_dims(wk_Tensor *input, int count, const int64_t *dims)
{
    unsigned mask = 0;
    if (!wk_tensor_check(input, "squeeze", "input"))
        return NULL;
    if (count && !wk_shape_dim_mask("squeeze", input->ndim, (wk_Dims){count, dims}, &mask))
        return NULL;
    return squeezed(count == 1 ? &squeeze_dim_op : &squeeze_dims_op, input, mask);
}

wk_Tensor *wk_unsafe_squeeze(wk_Tensor *fresh, int dim)
{
    return fresh ? squeezed(&unsafe_squeeze_op, fresh, 1u << dim) : NULL;
}

wk_Tensor *wk_unsqueeze(wk_Tensor *input, int64_t dim)
{
    if (!wk_tensor_check(input, "unsqueeze", "input"))
        return NULL;
    if (input->ndim == WK_MAX_DIMS)
        return wk_raise(WK_ERROR_SHAPE, "unsqueeze: rank %d, max %d", input->ndim + 1, WK_MAX_DIMS);
    int at = wk_shape_dim("unsqueeze", input->ndim + 1, dim);
    if (at < 0)
        return NULL;
    ViewArgs a = view_args(input);
    a.shape.ndim = input->ndim + 1;
    for (int i = input->ndim; i > at; i--) {
        a.shape.dims[i] = a.shape.dims[i - 1];
        a.stride[i] = a.stride[i - 1];
    }
    a.stride[at] = at < input->ndim ? input->stride[at] : 1;
    if (at < input->ndim)
        wk_multiply_size(&a.stride[at], input->shape[at]);
    a.shape.dims[at] = 1;
    return WK_APPLY(&unsqueeze_op, &a, input);
}

/* The engine sums a gradient to its input's shape: the gradient of an expansion is the gradient itself. */
static void expand_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    (void)node;
    out[0] = grad;
}

WK_OP(expand_op) = {.name = "expand",
                    .node = "ExpandBackward0",
                    .inputs = {"input"},
                    .attributes = sizeof(ViewArgs),
                    .view = true,
                    .forward = view_forward,
                    .backward = expand_backward};

wk_Tensor *wk_expand_shape(wk_Tensor *input, int ndim, const int64_t *dims)
{
    if (!wk_tensor_check(input, "expand", "input"))
        return NULL;
    if (ndim > WK_MAX_DIMS)
        return wk_raise(WK_ERROR_SHAPE, "expand: rank %d, max %d", ndim, WK_MAX_DIMS);
    if (ndim < input->ndim)
        return wk_raise(WK_ERROR_SHAPE,
                        "expand: the number of sizes provided (%d) must be greater or equal to the number of "
                        "dimensions in the tensor (%d)",
                        ndim, input->ndim);
    if (!wk_array_check(ndim, dims, "expand", "dims"))
        return NULL;
    ViewArgs a = view_args(input);
    a.shape.ndim = ndim;
    for (int i = ndim - 1; i >= 0; i--) {
        int from = i - (ndim - input->ndim);
        int64_t have = from < 0 ? 1 : input->shape[from], want = dims[i] == -1 && from >= 0 ? have : dims[i];
        if (want < 0 && from < 0)
            return wk_raise(WK_ERROR_SHAPE,
                            "expand: The expanded size of the tensor (%lld) isn't allowed in a leading, "
                            "non-existing dimension %d",
                            (long long)want, i);
        if (want != have && (have != 1 || want < 0))
            return wk_raise(WK_ERROR_SHAPE,
                            "expand: The expanded size of the tensor (%lld) must match the existing size "
                            "(%lld) at non-singleton dimension "
                            "%d.  Target sizes: %s.  Tensor sizes: %s",
                            (long long)want, (long long)have, i, wk_shape_text(ndim, dims).text,
                            WK_SHAPE_TEXT(input));
        a.shape.dims[i] = want;
        a.stride[i] = from < 0 || (have == 1 && want != 1) ? 0 : input->stride[from];
    }
    return WK_APPLY(&expand_op, &a, input);
}
