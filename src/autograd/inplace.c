/* Writes in place and the graph.
 *
 * For a tensor of its own memory the new node simply becomes its history. For a view the memory belongs to a base: the base's history
 * becomes a CopySlices node, which runs the recorded node on the view's part of the gradient,
 *     g = gradient of base after;   slice = view of g;   gradient of base before = g with slice replaced by backward(slice)
 * and the view's history is the base's seen through the view's geometry. */
#include <string.h>

#include "autograd/engine.h"
#include "autograd/node.h"

typedef struct CopySlices {
    int ndim;
    int64_t shape[WK_MAX_DIMS], stride[WK_MAX_DIMS];
    int64_t offset; /* from the base's first element */
} CopySlices;

bool wk_inplace_check(wk_Tensor *self, const char *op)
{
    const wk_Variable *v = wk_variable(self);
    if (wk_grad_disabled || !v)
        return true;
    if (v->requires_grad && !v->grad_fn)
        return wk_raise(WK_ERROR_STATE,
                        "%s: a leaf Variable that requires grad is being used in an in-place operation.", op),
               false;
    const wk_Variable *b = v->base ? wk_variable(v->base) : NULL;
    if (b && b->requires_grad && !b->grad_fn)
        return wk_raise(
                   WK_ERROR_STATE,
                   "%s: a view of a leaf Variable that requires grad is being used in an in-place operation.",
                   op),
               false;
    return true;
}

static bool copy_slices_backward(wk_Node *node, wk_Tensor *const *grads, wk_Tensor **out)
{
    const CopySlices *a = node->attributes;
    wk_Tensor *g = wk_contiguous(grads[0]);
    wk_Tensor *slice = g ? wk_as_strided(g, a->ndim, a->shape, a->stride, g->offset + a->offset) : NULL;
    if (!slice || !wk_node_run(node->inner, &slice, out))
        return false;
    if (!wk_node_needs(node, 0))
        return true;
    wk_Tensor *before =
        out[0] ? wk_reduce_gradient(out[0], &node->inner->meta[0], node->inner, 0) : wk_zeros_like(slice);
    out[0] =
        before ? wk_as_strided_scatter(g, before, a->ndim, a->shape, a->stride, g->offset + a->offset) : NULL;
    return out[0] != NULL;
}

WK_OP(copy_slices_op) = {.name = "copy_slices",
                                     .node = "CopySlices",
                                     .attributes = sizeof(CopySlices),
                                     .backward_all = copy_slices_backward};

static wk_Node *copy_slices_node(wk_Tensor *base, wk_Tensor *view, wk_Node *inner)
{
    CopySlices a = {.ndim = view->ndim, .offset = view->offset - base->offset};
    memcpy(a.shape, view->shape, sizeof a.shape);
    memcpy(a.stride, view->stride, sizeof a.stride);
    wk_Node *node = wk_node_new(&copy_slices_op, inner->edge_count, 0, 1, &a, sizeof a);
    if (!node)
        return NULL;
    node->inner = wk_node_retain(inner);
    wk_node_set_meta(node, 0, base);
    if (!wk_gradient_edge(base, &node->edges[0])) {
        wk_node_release(node);
        return NULL;
    }
    for (int i = 1; i < inner->edge_count; i++)
        node->edges[i] = (wk_Edge){wk_node_retain(inner->edges[i].node), inner->edges[i].output};
    return node;
}

bool wk_refresh_view(wk_Tensor *view)
{
    bool former = wk_set_grad_enabled(true);
    wk_Tensor *base = wk_variable(view)->base;
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *same = wk_as_strided(base, view->ndim, view->shape, view->stride, view->offset);
    bool done = same && wk_set_history(view, wk_node_retain(wk_variable(same)->grad_fn), 0);
    if (scope.id)
        wk_scope_end(scope);
    wk_set_grad_enabled(former);
    return done;
}

bool wk_rebase_history(wk_Tensor *self, wk_Node *node)
{
    wk_Variable *v = wk_variable(self);
    if (!v || !v->base)
        return wk_set_history(self, node, 0);
    wk_Node *copy = copy_slices_node(v->base, self, node);
    wk_node_release(node);
    if (!copy || !wk_set_history(v->base, copy, 0))
        return false;
    return wk_refresh_view(self);
}
