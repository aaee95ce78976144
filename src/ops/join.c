/* cat and stack: tensors one after another along a dimension. The gradient is cut apart again at the same places. */
#include <string.h>

#include "core/checked.h"
#include "core/memory.h"
#include "ops/ops.h"

typedef struct JoinArgs {
    int dim;
} JoinArgs;

/* The part of `whole` that the i-th input filled begins at `at`. */
static wk_Tensor *place(wk_Tensor *whole, int dim, int64_t at, int64_t length)
{
    return wk_slice(whole, dim, at, at + length, 1);
}

static bool skipped(const wk_Tensor *t)
{
    return t->ndim == 1 && t->numel == 0; /* PyTorch lets an empty vector join anything */
}

static wk_Tensor *cat_forward(wk_Call *call)
{
    const JoinArgs *a = call->attributes;
    const wk_Tensor *like = NULL;
    int64_t total = 0, n = call->count;
    for (int i = 0; i < call->count; i++)
        if (!skipped(call->in[i])) {
            like = like ? like : call->in[i];
            if (!wk_checked_add(total, call->in[i]->shape[a->dim], &total))
                return wk_raise(WK_ERROR_OVERFLOW,
                                "cat: the sizes of dimension %d together do not fit in an int64", a->dim);
        }
    like = like ? like : call->in[0];
    int64_t shape[WK_MAX_DIMS];
    memcpy(shape, like->shape, sizeof shape);
    shape[a->dim] = total;
    wk_Tensor *out = wk_tensor_new("cat", (wk_dtype)like->dtype, like->ndim, shape);
    wk_Tensor *sizes = wk_tensor_new("cat", wk_int64, 1, &n);
    if (!out || !sizes)
        return NULL;
    call->extra[0] = sizes;
    int64_t *size = wk_tensor_data(sizes), at = 0;
    for (int i = 0; i < call->count; at += size[i++]) {
        size[i] = skipped(call->in[i]) ? 0 : call->in[i]->shape[a->dim];
        wk_Tensor *part = size[i] ? place(out, a->dim, at, size[i]) : out;
        if (!part || (size[i] && !wk_copy_(part, call->in[i])))
            return NULL;
    }
    return out;
}

static void cat_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    const JoinArgs *a = node->attributes;
    wk_Tensor *sizes = wk_saved_extra(node, 0);
    if (!sizes)
        return;
    const int64_t *size = wk_tensor_data(sizes);
    int64_t at = 0, none = 0;
    for (int i = 0; i < node->edge_count; at += size[i++])
        if (wk_node_needs(node, i)) {
            const wk_Edge *edge = &node->edges[i];
            bool empty_vector = size[i] == 0 && edge->node->meta[edge->output].shape.ndim == 1;
            out[i] = empty_vector ? wk_zeros_shape(1, &none, (wk_dtype)grad->dtype)
                                  : place(grad, a->dim, at, size[i]);
        }
}

WK_OP(cat_op) = {.name = "cat",
                 .node = "CatBackward0",
                 .inputs = {"tensors"},
                 .attributes = sizeof(JoinArgs),
                 .any_order = true,
                 .forward = cat_forward,
                 .backward = cat_backward};

/* Every size but that along dim must agree. */
static bool sizes_agree(const wk_Tensor *a, const wk_Tensor *b, int index, int dim)
{
    if (a->ndim != b->ndim)
        return wk_raise(WK_ERROR_SHAPE, "cat: Tensors must have same number of dimensions: got %d and %d",
                        a->ndim, b->ndim),
               false;
    for (int d = 0; d < a->ndim; d++)
        if (d != dim && a->shape[d] != b->shape[d])
            return wk_raise(WK_ERROR_SHAPE,
                            "cat: Sizes of tensors must match except in dimension %d. Expected size %lld but "
                            "got size %lld for tensor number %d "
                            "in the list.",
                            dim, (long long)a->shape[d], (long long)b->shape[d], index),
                   false;
    return true;
}

/* Checks the list and gives the dtype common to all. */
static bool check_list(const char *op, wk_List list, wk_dtype *dtype)
{
    if (!wk_array_check(list.count, list.tensors, op, "tensors"))
        return false;
    if (!list.count)
        return wk_raise(WK_ERROR_ARGUMENT,
                        strcmp(op, "stack") == 0 ? "%s: expects a non-empty TensorList"
                                                 : "%s: expected a non-empty list of Tensors",
                        op),
               false;
    for (int i = 0; i < list.count; i++)
        if (!wk_tensor_check(list.tensors[i], op, "tensors"))
            return false;
    wk_Tensor common = *list.tensors[0];
    for (int i = 1; i < list.count; i++)
        common.dtype = (uint8_t)wk_promote_types(&common, list.tensors[i]);
    *dtype = (wk_dtype)common.dtype;
    return true;
}

/* Runs an operation over the list, converted to one dtype. */
static wk_Tensor *join(const wk_Op *op, wk_List list, wk_dtype dtype, int dim)
{
    size_t bytes = (size_t)list.count * sizeof(wk_Tensor *);
    wk_Tensor **same = wk_alloc(bytes), *out = NULL;
    bool done = same != NULL;
    for (int i = 0; done && i < list.count; i++)
        done = (same[i] = wk_to_dtype(list.tensors[i], dtype)) != NULL;
    if (done)
        out = wk_apply(op, list.count, same, &(JoinArgs){dim});
    wk_release((void *)same, bytes);
    return out;
}

wk_Tensor *wk_cat(wk_List tensors, int64_t dim)
{
    wk_dtype dtype;
    if (!check_list("cat", tensors, &dtype))
        return NULL;
    const wk_Tensor *like = NULL;
    int d = 0;
    for (int i = 0; i < tensors.count; i++) {
        const wk_Tensor *t = tensors.tensors[i];
        if (t->ndim == 0)
            return wk_raise(WK_ERROR_SHAPE,
                            "cat: zero-dimensional tensor (at position %d) cannot be concatenated", i);
        if (skipped(t))
            continue;
        if (!like && (d = wk_shape_dim("cat", t->ndim, dim)) < 0)
            return NULL;
        like = like ? like : t;
        if (!sizes_agree(like, t, i, d))
            return NULL;
    }
    return join(&cat_op, tensors, dtype, d);
}

/* ---- stack ------------------------------------------------------------------------------------------ */

static wk_Tensor *stack_forward(wk_Call *call)
{
    const JoinArgs *a = call->attributes;
    const wk_Tensor *like = call->in[0];
    int64_t shape[WK_MAX_DIMS];
    for (int d = 0, from = 0; d <= like->ndim; d++)
        shape[d] = d == a->dim ? call->count : like->shape[from++];
    wk_Tensor *out = wk_tensor_new("stack", (wk_dtype)like->dtype, like->ndim + 1, shape);
    for (int i = 0; out && i < call->count; i++)
        if (!wk_copy_(wk_select(out, a->dim, i), call->in[i]))
            return NULL;
    return out;
}

static void stack_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    const JoinArgs *a = node->attributes;
    for (int i = 0; i < node->edge_count; i++)
        if (wk_node_needs(node, i))
            out[i] = wk_select(grad, a->dim, i);
}

WK_OP(stack_op) = {.name = "stack",
                   .node = "StackBackward0",
                   .inputs = {"tensors"},
                   .attributes = sizeof(JoinArgs),
                   .any_order = true,
                   .forward = stack_forward,
                   .backward = stack_backward};

wk_Tensor *wk_stack(wk_List tensors, int64_t dim)
{
    wk_dtype dtype;
    if (!check_list("stack", tensors, &dtype))
        return NULL;
    const wk_Tensor *first = tensors.tensors[0];
    if (first->ndim == WK_MAX_DIMS)
        return wk_raise(WK_ERROR_SHAPE, "stack: rank %d, max %d", first->ndim + 1, WK_MAX_DIMS);
    int d = wk_shape_dim("stack", first->ndim + 1, dim);
    if (d < 0)
        return NULL;
    for (int i = 1; i < tensors.count; i++)
        if (!wk_shape_same(first, tensors.tensors[i]))
            return wk_raise(
                WK_ERROR_SHAPE,
                "stack: expects each tensor to be equal size, but got %s at entry 0 and %s at entry %d",
                WK_SHAPE_TEXT(first), WK_SHAPE_TEXT(tensors.tensors[i]), i);
    return join(&stack_op, tensors, dtype, d);
}
