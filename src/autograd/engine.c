/* The backward engine.
 *
 * One walk from the outputs counts how many gradients each node will get and, when only some inputs are asked for, which nodes lead to
 * them. Then nodes whose gradients are complete are run, the latest recorded first. Both walks keep their own stacks: the depth of the
 * graph does not matter (task.c). Gradients of several outputs of a node, and of a node reached several ways, are summed in the slot of the node. */
#include "autograd/engine.h"

#include <string.h>

#include "autograd/node.h"
#include "autograd/task.h"
#include "core/memory.h"
#include "wick/reduce.h"

/* ---- gradients on their way ------------------------------------------------------------------------- */

wk_Tensor *wk_reduce_gradient(wk_Tensor *grad, const wk_Meta *meta, const wk_Node *from, int index)
{
    const wk_Shape *want = &meta->shape;
    bool same =
        grad->ndim == want->ndim && memcmp(grad->shape, want->dims, grad->ndim * sizeof *grad->shape) == 0;
    if (!same) {
        int extra = grad->ndim - want->ndim;
        int64_t dims[WK_MAX_DIMS];
        int count = 0;
        bool fits = extra >= 0;
        for (int i = 0; fits && i < grad->ndim; i++) {
            int64_t w = i < extra ? 1 : want->dims[i - extra];
            if (w != grad->shape[i] || i < extra)
                dims[count++] = i;
            fits = w == grad->shape[i] || w == 1;
        }
        if (!fits)
            return wk_raise(WK_ERROR_SHAPE,
                            "Function %s returned an invalid gradient at index %d - got %s but expected "
                            "shape compatible with %s",
                            wk_node_name(from), index, WK_SHAPE_TEXT(grad),
                            wk_shape_text(want->ndim, want->dims).text);
        grad = wk_sum_with((wk_reduce_options){.input = grad, .dims = {count, dims}, .keepdim = true});
        if (grad && extra)
            grad = wk_view_shape(grad, want->ndim, want->dims);
        if (!grad)
            return NULL;
    }
    return grad->dtype == meta->dtype ? grad : wk_to_dtype(grad, meta->dtype);
}

/* Adds a gradient to what a node's output has so far. */
bool wk_task_deliver(Slot *slot, int output, wk_Tensor *grad)
{
    size_t bytes = (size_t)slot->node->output_count * sizeof *slot->grads;
    if (!slot->grads && !(slot->grads = wk_zalloc(bytes)))
        return false;
    wk_Tensor **sum = &slot->grads[output];
    if (!*sum) {
        *sum = wk_tensor_retain(grad);
        return true;
    }
    wk_settle(*sum);
    wk_settle(grad);
    wk_Tensor *total = wk_add_tensor(*sum, grad);
    if (!total)
        return false;
    wk_tensor_retain(total);
    wk_tensor_release(*sum);
    *sum = total;
    return true;
}

static wk_NodeHook *hooks_of(const Slot *slot)
{
    wk_Tensor *leaf = wk_is_accumulate(slot->node) ? wk_node_variable(slot->node) : NULL;
    return leaf ? wk_variable(leaf) ? wk_variable(leaf)->hooks : NULL : slot->node->hooks;
}

/* Lets a hook change a gradient. */
static bool call_hook(const wk_NodeHook *hook, wk_Tensor **grad)
{
    unsigned failures = wk_failures();
    wk_Tensor *changed = hook->call(*grad, hook->user);
    if (!changed)
        return !wk_failed_since(failures);
    if (!wk_tensor_check(changed, "hook", "result"))
        return false;
    if (!wk_shape_same(changed, *grad))
        return wk_raise(WK_ERROR_SHAPE, "hook: the gradient has shape %s, the hook's result %s",
                        WK_SHAPE_TEXT(*grad), WK_SHAPE_TEXT(changed)),
               false;
    if (changed->dtype != (*grad)->dtype)
        return wk_raise(WK_ERROR_DTYPE, "hook: the gradient is %s, the hook's result %s",
                        wk_dtype_name((wk_dtype)(*grad)->dtype), wk_dtype_name((wk_dtype)changed->dtype)),
               false;
    wk_tensor_retain(changed);
    wk_tensor_release(*grad);
    *grad = changed;
    return true;
}

/* Hooks see the complete gradient and may change it; then it is kept where it was asked for. A hook may add and remove hooks: so
 * the next one is looked for by its number, among those that were there at the start. */
static bool run_hooks(const Task *t, Slot *slot)
{
    uint64_t last = 0, done = 0;
    for (const wk_NodeHook *hook = hooks_of(slot); hook; hook = hook->next)
        last = hook->call && hook->id > last ? hook->id : last;
    while (done < last) {
        const wk_NodeHook *hook = hooks_of(slot);
        while (hook && (!hook->call || hook->id <= done))
            hook = hook->next;
        if (!hook || hook->id > last)
            break;
        done = hook->id;
        if (slot->grads[hook->output] && !call_hook(hook, &slot->grads[hook->output]))
            return false;
    }
    for (const wk_NodeHook *hook = hooks_of(slot); hook; hook = hook->next)
        if (!hook->call && slot->grads[hook->output] &&
            !wk_keep_gradient(t, hook->retained, slot->grads[hook->output]))
            return false;
    return true;
}

static void keep_captured(Task *t, const Slot *slot)
{
    for (int i = slot->capture; i; i = t->input_next[i - 1]) {
        wk_Tensor *grad = slot->grads[t->input_edges[i - 1].output];
        wk_tensor_retain(grad);
        wk_tensor_release(t->captured[i - 1]);
        t->captured[i - 1] = grad;
    }
}

bool wk_node_run(wk_Node *node, wk_Tensor *const *grads, wk_Tensor **out)
{
    if (node->op->backward_all)
        return node->op->backward_all(node, grads, out);
    node->op->backward(node, grads[0], out);
    for (int i = 0; i < node->edge_count; i++)
        if (wk_node_needs(node, i) && !out[i])
            return wk_raise_null(wk_node_name(node), "gradient"), false;
    return true;
}

/* Hands the gradients that a node made to the nodes before it; out is NULL when it got none itself. */
static bool pass_on(Task *t, const Slot *from, wk_Tensor **out)
{
    wk_Node *node = from->node;
    for (int i = 0; i < node->edge_count; i++) {
        wk_Edge edge = node->edges[i];
        if (!edge.node)
            continue;
        Slot *next = wk_task_find(t, edge.node);
        if (out && out[i] && next->needed) {
            wk_Tensor *grad = wk_reduce_gradient(out[i], &edge.node->meta[edge.output], node, i);
            if (!grad || !wk_task_deliver(next, edge.output, grad))
                return false;
        }
        if (--next->waits == 0 && next->needed && !wk_task_ready(t, (size_t)(next - t->slots)))
            return false;
    }
    return true;
}

static bool fill_undefined(Slot *slot)
{
    for (int i = 0; i < slot->node->output_count; i++) {
        const wk_Meta *meta = &slot->node->meta[i];
        if (slot->grads[i] || !wk_is_floating((int)meta->dtype))
            continue;
        slot->grads[i] = wk_tensor_retain(wk_zeros_shape(meta->shape.ndim, meta->shape.dims, meta->dtype));
        if (!slot->grads[i])
            return false;
    }
    return true;
}

static bool sole_owner(const wk_Tensor *t)
{
    return atomic_load(&t->object.refs) == 1 && atomic_load(&t->storage->refs) == 1 && t->dense;
}

static bool run_node(Task *t, Slot *slot)
{
    wk_Node *node = slot->node;
    wk_Tensor *few[8] = {NULL}, **out = few;
    size_t bytes = (size_t)(node->edge_count + 1) * sizeof *out;
    if (node->edge_count >= 8 && !(out = wk_zalloc(bytes)))
        return false;
    bool done = node->op->backward_all || fill_undefined(slot);
    if (done && !node->op->backward_all)
        slot->grads[0]->expendable = !t->create_graph && sole_owner(slot->grads[0]);
    done = done && wk_node_run(node, slot->grads, out);
    if (done && !t->retain_graph)
        wk_node_free_saved(node);
    done = done && pass_on(t, slot, out);
    if (out != few)
        wk_release(out, bytes);
    return done;
}

void wk_task_drop_grads(Slot *slot)
{
    for (int i = 0; slot->grads && i < slot->node->output_count; i++)
        wk_tensor_release(slot->grads[i]);
    wk_release(slot->grads, (size_t)slot->node->output_count * sizeof *slot->grads);
    slot->grads = NULL;
}

/* Gradients are written before anybody but an operation that asked for more sees them. */
static void settle_grads(const Slot *slot)
{
    if (slot->node->op->takes_pending && !slot->capture && !hooks_of(slot))
        return;
    for (int i = 0; i < slot->node->output_count; i++)
        if (slot->grads[i])
            wk_settle(slot->grads[i]);
}

/* Runs one ready slot in a scope of its own. A slot that got no gradient at all passes none on. */
static bool step(Task *t, size_t at)
{
    wk_Scope scope = wk_scope_begin();
    if (!scope.id)
        return false;
    Slot slot = t->slots[at];
    if (slot.grads)
        settle_grads(&slot);
    bool done = !slot.grads || run_hooks(t, &slot);
    if (done && slot.grads && slot.capture)
        keep_captured(t, &slot);
    if (done && slot.leads && !slot.grads)
        done = pass_on(t, &slot, NULL);
    else if (done && slot.leads)
        done = wk_is_accumulate(slot.node) ? wk_accumulate(t, slot.node->leaf, slot.grads[0])
                                           : run_node(t, &slot);
    wk_task_drop_grads(&t->slots[at]);
    wk_scope_end(scope);
    return done;
}

bool wk_task_run(Task *t)
{
    while (t->stack_count)
        if (!step(t, wk_task_next(t)))
            return false;
    return true;
}
