/* AccumulateGrad: where the way back ends, at a leaf.
 *
 * The first gradient becomes .grad itself when nobody else has it; later ones are added in place, or into a new tensor when the
 * addition itself is recorded (create_graph). */
#include "autograd/engine.h"
#include "autograd/node.h"

typedef struct Accumulate {
    wk_Tensor *leaf; /* owned */
} Accumulate;

static bool only_ours(const wk_Tensor *grad)
{
    return atomic_load(&grad->object.refs) == 1 && atomic_load(&grad->storage->refs) == 1 &&
           grad->contiguous && !grad->history;
}

static bool accumulate_into(wk_Tensor *leaf, wk_Tensor *grad)
{
    wk_Variable *v = wk_variable_make(leaf);
    if (!v)
        return false;
    if (v->grad && wk_grad_disabled)
        return wk_add__tensor(v->grad, grad) != NULL;
    if (v->grad)
        grad = wk_add_tensor(v->grad, grad);
    else if (!only_ours(grad) && wk_grad_disabled)
        grad = wk_clone(grad);
    return grad && wk_set_grad(leaf, grad);
}

static void accumulate_backward(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    Accumulate *a = node->attributes;
    /* There is no next node: a success is told by handing the gradient itself on. */
    out[0] = accumulate_into(a->leaf, grad) ? grad : NULL;
}

static void accumulate_drop(wk_Node *node)
{
    Accumulate *a = node->attributes;
    wk_Variable *v = wk_variable(a->leaf);
    if (v && v->accumulate == node)
        v->accumulate = NULL;
    wk_tensor_release(a->leaf);
}

WK_OP(accumulate_op) = {.name = "accumulate_grad",
                        .node = "AccumulateGrad",
                        .attributes = sizeof(Accumulate),
                        .backward = accumulate_backward,
                        .drop = accumulate_drop};

bool wk_is_accumulate(const wk_Node *node)
{
    return node->op == &accumulate_op;
}

wk_Tensor *wk_node_variable(const wk_Node *node)
{
    if (!node)
        return wk_raise_null("node_variable", "node");
    return wk_is_accumulate(node) ? ((Accumulate *)node->attributes)->leaf : NULL;
}

wk_Node *wk_accumulate_node(wk_Tensor *leaf)
{
    wk_Variable *v = wk_variable(leaf);
    if (v->accumulate)
        return wk_node_retain(v->accumulate);
    Accumulate attributes = {leaf};
    wk_Node *node = wk_node_new(&accumulate_op, 0, 0, 1, &attributes, sizeof attributes);
    if (!node)
        return NULL;
    wk_tensor_retain(leaf);
    node->sequence = UINT64_MAX;
    wk_node_set_meta(node, 0, leaf);
    v->accumulate = node;
    return node;
}
