/* The door into the graph.
 *
 * The node is made before the forward runs and completed after it: so a write in place that cannot be recorded for want of memory
 * has not happened. The forward runs in a scope of its own, without recording: its temporaries go when it is done. */
#include <string.h>

#include "autograd/node.h"
#include "core/memory.h"
#include "core/order.h"

/* Inputs are made row-major for an operation that does not know of other orders: input 0 to be written to if in place. */
static bool check_inputs(const wk_Op *op, int count, wk_Tensor *const *in, bool inplace)
{
    const bool any_order = op->view || op->any_order;
    for (int i = 0; i < count; i++) {
        int named = i < WK_OP_INPUTS && op->inputs[i] ? i : 0;
        if (!in[i] && i < WK_OP_INPUTS && (op->optional & (1u << i)))
            continue;
        if (!wk_tensor_check(in[i], op->name, op->inputs[named]))
            return false;
        if (!any_order && in[i]->storage->batch &&
            !(inplace && i == 0 ? wk_rows_to_write : wk_rows_to_read)(in[i]))
            return false;
    }
    return true;
}

static bool any_tracked(int count, wk_Tensor *const *in)
{
    if (wk_grad_disabled)
        return false;
    for (int i = 0; i < count; i++)
        if (in[i] && in[i]->history && wk_tracks(in[i]))
            return true;
    return false;
}

/* The inputs whose gradient is wanted, one bit each, and their edges. */
static bool connect(wk_Node *node, int count, wk_Tensor *const *in, unsigned *wanted)
{
    *wanted = 0;
    for (int i = 0; i < count; i++) {
        if (!in[i] || !wk_is_floating(in[i]->dtype) || !in[i]->history)
            continue;
        if (!wk_gradient_edge(in[i], &node->edges[i]))
            return false;
        if (node->edges[i].node)
            *wanted |= i < 31 ? 1u << i : 1u << 31;
    }
    return true;
}

/* Slots of saved tensors: the inputs named by the op, then the output, then the extras, then, where the op uses them, further results. */
enum { SAVED_SLOTS = WK_OP_INPUTS + 1 + WK_EXTRAS };

static int results_of(const wk_Op *op)
{
    return op->differentiable ? op->differentiable : 1;
}

/* A copy of what is about to be overwritten. */
static wk_Tensor *copy_before_write(wk_Tensor *self)
{
    bool former = wk_set_grad_enabled(false);
    wk_Tensor *copy = wk_clone(self);
    wk_set_grad_enabled(former);
    return copy;
}

static bool save_inputs(wk_Node *node, int count, wk_Tensor *const *in, unsigned wanted, bool inplace)
{
    for (int i = 0; i < count && i < WK_OP_INPUTS; i++) {
        if (!in[i] || !(node->op->uses[i] & wanted))
            continue;
        wk_Tensor *value = inplace && i == 0 ? copy_before_write(in[0]) : in[i];
        if (!value || !wk_node_save_input(node, i, value, i))
            return false;
    }
    return true;
}

/* In place, the result was saved before: nothing here allocates then. */
static bool save_results(wk_Node *node, wk_Call *call, wk_Tensor *out, unsigned wanted)
{
    wk_node_set_meta(node, 0, out);
    if ((node->op->uses_output & wanted) && !call->inplace &&
        !wk_node_save_output(node, WK_OP_INPUTS, out, 0))
        return false;
    node->saved[WK_OP_INPUTS].version = wk_tensor_version(out);
    for (int i = 0; i < WK_EXTRAS; i++)
        if (call->extra[i])
            wk_node_save(node, WK_OP_INPUTS + 1 + i, call->extra[i]);
    for (int i = 1; i < results_of(node->op); i++) {
        wk_node_set_meta(node, i, call->more[i - 1]);
        if ((node->op->uses_more >> (i - 1) & 1) &&
            !wk_node_save_output(node, SAVED_SLOTS + i - 1, call->more[i - 1], i))
            return false;
    }
    if (node->op->attributes && call->attributes)
        memcpy(node->attributes, call->attributes, node->op->attributes);
    return true;
}

/* The results beyond the first become outputs of the node. */
static bool record_more(wk_Node *node, const wk_Call *call)
{
    for (int i = 1; i < results_of(node->op); i++)
        if (!wk_set_history(call->more[i - 1], wk_node_retain(node), i))
            return false;
    return true;
}

/* `through` is for a write in place into a view. */
static wk_Node *prepare(const wk_Op *op, wk_Call *call, unsigned *wanted, wk_Node **through)
{
    const int results = results_of(op);
    wk_Node *node = wk_node_new(op, call->count, SAVED_SLOTS + results - 1, results, call->attributes,
                                call->attributes ? op->attributes : 0);
    if (!node)
        return NULL;
    bool ok = connect(node, call->count, call->in, wanted) &&
              save_inputs(node, call->count, call->in, *wanted, call->inplace);
    if (ok && call->inplace && (op->uses_output & *wanted))
        ok = wk_node_save_output(node, WK_OP_INPUTS, call->inplace, 0);
    if (ok && call->inplace)
        ok = wk_rebase_prepare(call->inplace, node, through);
    if (!ok) {
        wk_node_release(node);
        return NULL;
    }
    return node;
}

/* Overlapping elements cannot be written to one by one. */
static bool writable(const wk_Tensor *self, const char *op)
{
    for (int i = 0; i < self->ndim; i++)
        if (self->stride[i] == 0 && self->shape[i] > 1)
            return wk_raise(WK_ERROR_ARGUMENT,
                            "%s: unsupported operation: more than one element of the written-to tensor "
                            "refers to a single memory "
                            "location. Please clone() the tensor before performing the operation.",
                            op),
                   false;
    return true;
}

static bool record(wk_Node *node, wk_Call *call, wk_Tensor *out, unsigned wanted, wk_Node *through)
{
    if (!save_results(node, call, out, wanted) || !record_more(node, call) ||
        (call->op->view && !wk_link_view(out, call->in[0]))) {
        wk_node_release(node);
        return false;
    }
    if (!call->inplace)
        return wk_set_history(out, node, 0);
    wk_rebase_commit(out, node, through);
    return true;
}

/* Whether a result shows an input's memory. */
static bool shares_memory(const wk_Tensor *out, const wk_Call *call)
{
    for (int i = 0; i < call->count; i++)
        if (call->in[i] && call->in[i]->storage == out->storage)
            return true;
    return false;
}

static wk_Tensor *run(wk_Call *call)
{
    const wk_Op *op = call->op;
    unsigned wanted = 0;
    wk_Node *node = NULL, *through = NULL;
    const uint8_t mode = wk_grad_disabled;
    const bool tracked = (op->backward || op->backward_all) && any_tracked(call->count, call->in);
    if (call->inplace && !(wk_inplace_check(call->inplace, op->name, tracked) &&
                           (op->fills || writable(call->inplace, op->name))))
        return NULL;
    if (tracked && !(node = prepare(op, call, &wanted, &through)))
        return NULL;

    call->recorded = node != NULL;
    wk_grad_disabled = WK_GRAD_INSIDE;
    wk_Tensor *out = op->forward(call);
    wk_grad_disabled = mode;

    if (!out) {
        wk_node_release(through);
        wk_node_release(node);
        return NULL;
    }
    if (call->inplace)
        wk_tensor_touch(out);
    else if (wk_tensor_version(out) && !shares_memory(out, call))
        wk_tensor_as_new(out);
    if (node && wk_is_floating(out->dtype))
        return record(node, call, out, wanted, through) ? out : NULL;
    wk_node_release(through);
    wk_node_release(node);
    const bool linked = op->view && mode != WK_GRAD_INSIDE;
    return linked && !wk_link_view(out, call->in[0]) ? NULL : out;
}

static wk_Tensor *apply(const wk_Op *op, int count, wk_Tensor *const *in, const void *attributes,
                        bool inplace, int more_count, wk_Tensor **more)
{
    union {
        char bytes[384];
        long double align;
    } copy;
    if (!check_inputs(op, count, in, inplace))
        return NULL;
    if (attributes)
        memcpy(copy.bytes, attributes, op->attributes);
    wk_Call call = {.op = op,
                    .count = count,
                    .in = in,
                    .attributes = attributes ? copy.bytes : NULL,
                    .inplace = inplace ? in[0] : NULL};
    wk_Scope scope = wk_scope_begin();
    if (!scope.id)
        return NULL;
    wk_Tensor *out = run(&call);
    for (int i = 0; i < more_count; i++)
        more[i] = out ? wk_tensor_retain(call.more[i]) : NULL;
    wk_scope_end_keeping(scope, out);
    for (int i = 0; i < more_count; i++) {
        more[i] = wk_scope_adopt(wk_tensor_as_new(more[i]));
        out = more[i] ? out : NULL;
    }
    return out;
}

wk_Tensor *wk_apply(const wk_Op *op, int count, wk_Tensor *const *in, const void *attributes)
{
    return apply(op, count, in, attributes, false, 0, NULL);
}

wk_Tensor *wk_apply_more(const wk_Op *op, int count, wk_Tensor *const *in, const void *attributes,
                         int more_count, wk_Tensor **more)
{
    return apply(op, count, in, attributes, false, more_count, more);
}

wk_Tensor *wk_apply_inplace(const wk_Op *op, int count, wk_Tensor *const *in, const void *attributes)
{
    if (!in[0]) /* the operation is the one that gives a result: add, not add_ */
        return wk_raise_if_silent(WK_ERROR_ARGUMENT, "%s%s: argument self is NULL", op->name,
                                  op->name[strlen(op->name) - 1] == '_' ? "" : "_");
    return apply(op, count, in, attributes, true, 0, NULL);
}

wk_Tensor *wk_saved_input(wk_Node *node, int input)
{
    return wk_node_unpack(node, input);
}

wk_Tensor *wk_saved_output(wk_Node *node)
{
    return wk_node_unpack(node, WK_OP_INPUTS);
}

wk_Tensor *wk_saved_more(wk_Node *node, int index)
{
    return wk_node_unpack(node, SAVED_SLOTS + index);
}

wk_Tensor *wk_saved_extra(wk_Node *node, int index)
{
    return wk_node_unpack(node, WK_OP_INPUTS + 1 + index);
}

bool wk_node_needs(const wk_Node *node, int input)
{
    return node->edges[input].node != NULL;
}
