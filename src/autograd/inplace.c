/* Writes in place and the graph.
 *
 * For a tensor of its own memory the new node simply becomes its history. For a view the memory belongs to a base: the base's history
 * becomes a CopySlices node, which runs the recorded node on the view's part of the gradient,
 *     g = gradient of base after;   slice = view of g;   gradient of base before = g with slice replaced by backward(slice)
 * and the view's history is the base's seen through the view's geometry. */
#include <stdio.h>
#include <string.h>

#include "autograd/engine.h"
#include "autograd/node.h"

typedef struct CopySlices {
    wk_Shape view, base;
    int64_t view_stride[WK_MAX_DIMS], base_stride[WK_MAX_DIMS];
    int64_t offset; /* of the view, from the base's first element */
    int64_t extent; /* of the base in memory */
    bool base_contiguous;
} CopySlices;

/* Why a write to what has this origin is refused, in PyTorch's words. */
static const char *const reasons[] = {
    [WK_FROM_NO_GRAD] = " Given that this use case is ambiguous and error-prone, it is forbidden. You can "
                        "clarify your code by moving both the view and the inplace either both inside the "
                        "no_grad block (if you don't want the inplace to be tracked) or both outside (if "
                        "you want the inplace to be tracked).",
    [WK_FROM_FUNCTION] = " This view was created inside a custom Function (or because an input was returned "
                         "as-is) and the autograd logic to handle view+inplace would override the custom "
                         "backward associated with the custom Function, leading to incorrect gradients. "
                         "This behavior is forbidden. You can fix this by cloning the output of the custom "
                         "Function.",
    [WK_FROM_SEVERAL] = " This view is the output of a function that returns multiple views. Such functions "
                        "do not allow the output views to be modified inplace. You should replace the "
                        "inplace operation by an out-of-place one.",
};

/* `what` is modified: the view itself, or the memory that it shows. */
static bool origin_allows(const wk_Variable *v, const char *op, const char *what)
{
    if (!v->origin)
        return true;
    if (v->origin == WK_FROM_SAVED)
        return wk_raise(WK_ERROR_STATE,
                        "%s: a tensor that was saved for backward is being modified inplace, and what it was "
                        "saved from would not know. You can fix this by cloning it.",
                        op),
               false;
    char view[160];
    if (v->grad_fn)
        snprintf(view, sizeof view, "Output %d of %.*s is a view%s", v->output,
                 wk_node_word(wk_node_name(v->grad_fn)), wk_node_name(v->grad_fn),
                 v->origin == WK_FROM_NO_GRAD ? " of a view which was created in no_grad mode" : "");
    else
        snprintf(view, sizeof view, "A view was created in no_grad mode");
    const bool unrecorded = v->origin == WK_FROM_NO_GRAD || !v->grad_fn;
    return wk_raise(WK_ERROR_STATE, "%s%s%s and %s modified inplace%s.%s", op, *op ? ": " : "", view, what,
                    unrecorded ? " with grad mode enabled" : "", reasons[v->origin]),
           false;
}

bool wk_inplace_check(wk_Tensor *self, const char *op, bool tracked)
{
    const wk_Variable *v = wk_variable(self);
    if (wk_grad_disabled || !v)
        return true;
    const bool of_required = v->base && wk_requires_grad(v->base);
    if (!tracked && !of_required)
        return true;
    if (!origin_allows(v, op, "is being"))
        return false;
    if (v->base && (of_required || wk_requires_grad(self)) && wk_is_leaf(v->base))
        return wk_raise(
                   WK_ERROR_STATE,
                   "%s: a view of a leaf Variable that requires grad is being used in an in-place operation.",
                   op),
               false;
    if (v->requires_grad && wk_is_leaf(self))
        return wk_raise(WK_ERROR_STATE,
                        "%s: a leaf Variable that requires grad is being used in an in-place operation.", op),
               false;
    return true;
}

/* The gradient of the base as it lies in the base's memory: what is not contiguous goes into zeros first. */
static wk_Tensor *as_in_memory(const CopySlices *a, wk_Tensor *grad)
{
    if (a->base_contiguous)
        return wk_contiguous(grad);
    wk_Tensor *memory = wk_zeros_shape(1, &a->extent, (wk_dtype)grad->dtype);
    return wk_as_strided_scatter(memory, grad, a->base.ndim, a->base.dims, a->base_stride, 0);
}

static bool copy_slices_backward(wk_Node *node, wk_Tensor *const *grads, wk_Tensor **out)
{
    const CopySlices *a = node->attributes;
    wk_Tensor *g = as_in_memory(a, grads[0]);
    wk_Tensor *slice =
        g ? wk_as_strided(g, a->view.ndim, a->view.dims, a->view_stride, g->offset + a->offset) : NULL;
    if (!slice || !wk_node_run(node->inner, &slice, out))
        return false;
    if (!wk_node_needs(node, 0))
        return true;
    wk_Tensor *before =
        out[0] ? wk_reduce_gradient(out[0], &node->inner->meta[0], node->inner, 0) : wk_zeros_like(slice);
    g = before ? wk_as_strided_scatter(g, before, a->view.ndim, a->view.dims, a->view_stride,
                                       g->offset + a->offset)
               : NULL;
    if (g && !a->base_contiguous)
        g = wk_as_strided(g, a->base.ndim, a->base.dims, a->base_stride, g->offset);
    out[0] = g;
    return g != NULL;
}

WK_OP(copy_slices_op) = {.name = "copy_slices",
                         .node = "CopySlices",
                         .attributes = sizeof(CopySlices),
                         .backward_all = copy_slices_backward};

static int64_t extent_in_memory(const wk_Tensor *t)
{
    int64_t last = 0;
    for (int i = 0; t->numel && i < t->ndim; i++)
        last += (t->shape[i] - 1) * t->stride[i];
    return last + 1;
}

static CopySlices slices_of(const wk_Tensor *base, const wk_Tensor *view)
{
    CopySlices a = {.view = {.ndim = view->ndim},
                    .base = {.ndim = base->ndim},
                    .offset = view->offset - base->offset,
                    .extent = extent_in_memory(base),
                    .base_contiguous = base->contiguous};
    memcpy(a.view.dims, view->shape, sizeof a.view.dims);
    memcpy(a.view_stride, view->stride, sizeof a.view_stride);
    memcpy(a.base.dims, base->shape, sizeof a.base.dims);
    memcpy(a.base_stride, base->stride, sizeof a.base_stride);
    return a;
}

static wk_Node *copy_slices_node(wk_Tensor *base, wk_Tensor *view, wk_Node *inner)
{
    CopySlices a = slices_of(base, view);
    wk_Node *node = wk_node_new(&copy_slices_op, inner->edge_count, 0, 1, &a, sizeof a);
    if (!node)
        return NULL;
    node->inner = wk_node_retain(inner);
    inner->outer = node;
    wk_node_set_meta(node, 0, base);
    if (!wk_gradient_edge(base, &node->edges[0])) {
        wk_node_release(node);
        return NULL;
    }
    for (int i = 1; i < inner->edge_count; i++)
        node->edges[i] = (wk_Edge){wk_node_retain(inner->edges[i].node), inner->edges[i].output};
    return node;
}

wk_Tensor *wk_written_view(const wk_Node *outer, const wk_Tensor *saved)
{
    const CopySlices *a = outer->attributes;
    int64_t first = saved->offset - a->offset;
    wk_Tensor *base = wk_tensor_alias(saved, a->base.ndim, a->base.dims, a->base_stride, first);
    if (!base || !wk_set_history(base, wk_node_retain((wk_Node *)outer), 0))
        return NULL;
    wk_Tensor *view = wk_as_strided(base, a->view.ndim, a->view.dims, a->view_stride, saved->offset);
    return view && wk_set_origin(view, WK_FROM_SAVED) ? view : NULL;
}

bool wk_refresh_view(wk_Tensor *view)
{
    if (!origin_allows(wk_variable(view), "", "its base or another view of its base has been"))
        return false;
    bool former = wk_set_grad_enabled(true);
    wk_Tensor *base = wk_variable(view)->base;
    wk_Scope scope = wk_scope_begin();
    const bool lost = !wk_requires_grad(base); /* its history: the view keeps a node that leads nowhere */
    wk_Tensor *of = lost && scope.id ? wk_tensor_shallow(base) : base;
    of = lost && of ? wk_requires_grad_(of) : of;
    wk_Tensor *same =
        scope.id && of ? wk_as_strided(of, view->ndim, view->shape, view->stride, view->offset) : NULL;
    wk_Node *node = same ? wk_variable(same)->grad_fn : NULL;
    if (lost && node) {
        wk_node_release(node->edges[0].node);
        node->edges[0] = (wk_Edge){NULL, 0};
    }
    bool done = node && wk_set_history(view, wk_node_retain(node), 0);
    if (scope.id)
        wk_scope_end(scope);
    wk_set_grad_enabled(former);
    return done;
}

bool wk_rebase_prepare(wk_Tensor *self, wk_Node *node, wk_Node **through)
{
    wk_Variable *v = wk_variable_make(self);
    if (!v || !v->base)
        return v != NULL;
    if (!wk_variable_make(v->base))
        return false;
    *through = copy_slices_node(v->base, self, node);
    return *through != NULL;
}

/* The view itself is not told: its memory has a new version now, and so it asks its base when its history is wanted. */
void wk_rebase_commit(wk_Tensor *self, wk_Node *node, wk_Node *through)
{
    if (!through) {
        wk_set_history(self, node, 0);
        self->storage->writer = wk_node_name(node);
        return;
    }
    wk_set_history(wk_variable(self)->base, through, 0);
    self->storage->writer = wk_node_name(through);
    wk_node_release(node);
}
