/* AccumulateGrad: where the way back ends, at a leaf; and how a gradient gets into .grad.
 *
 * A leaf owns its node, made when an operation first records it; as long as the node has shares they hold one of the leaf. So threads that
 * record the same parameters only count: none of them can see the node go, and the one that makes it publishes it in one exchange.
 *
 * The first gradient becomes .grad itself when nobody else has it. Later ones are added in place to a leaf's, or into a new tensor when
 * the addition itself is recorded (create_graph), and for tensors that retain their gradient. */
#include "autograd/engine.h"
#include "autograd/node.h"
#include "autograd/task.h"
#include "core/memory.h"

WK_OP(accumulate_op) = {.name = "accumulate_grad", .node = "AccumulateGrad"};

bool wk_is_accumulate(const wk_Node *node)
{
    return node->of_leaf;
}

wk_Tensor *wk_node_variable(const wk_Node *node)
{
    if (!node)
        return wk_raise_null("node_variable", "node");
    return node->of_leaf ? node->leaf : NULL;
}

wk_Node *wk_accumulate_node(wk_Tensor *leaf)
{
    wk_Variable *v = wk_variable(leaf);
    wk_Node *node = atomic_load_explicit(&v->accumulate, memory_order_acquire);
    if (node)
        return wk_node_retain(node);
    wk_Node *made = wk_node_new(&accumulate_op, 0, 0, 1, NULL, 0);
    if (!made)
        return NULL;
    atomic_store_explicit(&made->object.refs, 0, memory_order_relaxed);
    made->of_leaf = true;
    made->leaf = leaf;
    made->sequence = UINT64_MAX;
    wk_node_set_meta(made, 0, leaf);
    if (atomic_compare_exchange_strong(&v->accumulate, &node, made))
        return wk_node_retain(made);
    wk_release(made, made->bytes); /* another thread was first */
    return wk_node_retain(node);
}

/* The last share of one that was parted from its leaf is the end of the node, else of the shares' hold on the leaf. */
void wk_accumulate_release(wk_Node *node)
{
    if (atomic_fetch_sub_explicit(&node->object.refs, 1, memory_order_acq_rel) != 1)
        return;
    if (node->leaf)
        wk_tensor_release(node->leaf);
    else
        wk_release(node, node->bytes);
}

void wk_accumulate_part(wk_Variable *v)
{
    wk_Node *node = atomic_exchange_explicit(&v->accumulate, NULL, memory_order_acq_rel);
    wk_Tensor *leaf = node->leaf;
    node->leaf = NULL;
    if (atomic_load_explicit(&node->object.refs, memory_order_acquire))
        wk_tensor_release(leaf);
    else
        wk_release(node, node->bytes);
}

void *wk_raise_moved_leaf(void)
{
    return wk_raise(WK_ERROR_STATE, "backward: leaf variable has been moved into the graph interior");
}

void wk_accumulate_retype(wk_Tensor *leaf)
{
    const wk_Variable *v = wk_variable(leaf);
    wk_Node *node = v ? atomic_load_explicit(&v->accumulate, memory_order_acquire) : NULL;
    if (node)
        wk_node_set_meta(node, 0, leaf);
}

/* ---- into .grad ------------------------------------------------------------------------------------- */

/* Whether a gradient has the strides that PyTorch gives it: those of a dense leaf, else contiguous ones. */
static bool lies_as_leaf(const wk_Tensor *grad, const wk_Tensor *leaf)
{
    if (leaf->contiguous || !leaf->dense)
        return grad->contiguous;
    bool same = true;
    for (int i = 0; same && i < leaf->ndim; i++)
        same = leaf->shape[i] == 1 || grad->stride[i] == leaf->stride[i];
    return same;
}

static bool only_ours(const wk_Tensor *grad)
{
    return atomic_load(&grad->object.refs) == 1 && atomic_load(&grad->storage->refs) == 1 && !grad->history;
}

static wk_Tensor *copy_for_leaf(wk_Tensor *grad, wk_Tensor *leaf)
{
    return lies_as_leaf(grad, leaf) ? wk_clone(grad) : wk_tensor_as_new(wk_copy_(wk_empty_like(leaf), grad));
}

/* The caller of backward may have a pointer to the former gradient: so that goes to the caller's scope. */
static bool replace_gradient(const Task *t, wk_Variable *v, wk_Tensor *grad)
{
    if (!grad || (v->grad && !wk_scope_adopt_outside(t->outermost, v->grad)))
        return false;
    v->grad = wk_tensor_retain(grad);
    return true;
}

bool wk_accumulate(const Task *t, wk_Tensor *leaf, wk_Tensor *grad)
{
    if (!leaf)
        return wk_raise_moved_leaf() != NULL;
    wk_Variable *v = wk_variable(leaf);
    if (!v->requires_grad) /* it was taken away after the forward */
        return true;
    if (v->grad && wk_grad_disabled)
        return wk_add__tensor(v->grad, grad) != NULL;
    if (v->grad)
        grad = wk_add_tensor(v->grad, grad);
    else if (!wk_grad_disabled)
        grad = wk_tensor_as_new(wk_copy_(wk_empty_like(leaf), grad));
    else if (!only_ours(grad) || !lies_as_leaf(grad, leaf))
        grad = copy_for_leaf(grad, leaf);
    return replace_gradient(t, v, grad);
}

bool wk_keep_gradient(const Task *t, wk_Variable *v, wk_Tensor *grad)
{
    if (v->grad)
        grad = wk_add_tensor(v->grad, grad);
    else if (!wk_grad_disabled || atomic_load(&grad->object.refs) != 1)
        grad = wk_clone(grad);
    return replace_gradient(t, v, grad);
}
