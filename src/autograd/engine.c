/* The backward engine.
 *
 * One walk from the outputs counts how many gradients each node will get and, when only some inputs are asked for, which nodes lead to
 * them. Then nodes whose gradients are complete are run, the latest recorded first. Both walks keep their own stacks: the depth of the
 * graph does not matter. Gradients of several outputs of a node, and of a node reached several ways, are summed in the slot of the node. */
#include "autograd/engine.h"

#include <string.h>

#include "autograd/node.h"
#include "core/memory.h"

typedef struct Slot {
    wk_Node *node;
    int64_t waits;     /* gradients still to come */
    int64_t next_edge; /* of the walk */
    bool walked;
    bool leads;        /* to an input that is asked for: it must run */
    bool needed;       /* it leads to one, or is one */
    int capture;       /* 1 + index of the first input that is this node's output, 0 for none */
    wk_Tensor **grads; /* one per output of the node, owned; allocated when the first arrives */
} Slot;

typedef struct Task {
    Slot *slots;
    size_t count, capacity;
    size_t *table; /* open addressing: 1 + slot, 0 for free */
    size_t table_size;
    size_t *stack; /* of the walk; then the heap of ready slots */
    size_t stack_count, stack_capacity;
    bool only_inputs, retain_graph, create_graph, accumulate;
    int input_count;
    wk_Tensor *const *inputs;
    wk_Edge *input_edges;
    int *input_next;      /* chain of inputs with the same node: 1 + index */
    wk_Tensor **captured; /* owned */
} Task;

/* ---- the table of nodes ----------------------------------------------------------------------------- */

static size_t hash_of(const wk_Node *node)
{
    return (size_t)(((uintptr_t)node >> 6) * 0x9e3779b97f4a7c15u >> 20);
}

static bool grow_table(Task *t)
{
    size_t size = t->table_size ? t->table_size * 2 : 128;
    size_t *table = wk_zalloc(size * sizeof *table);
    if (!table)
        return false;
    for (size_t s = 0; s < t->count; s++) {
        size_t at = hash_of(t->slots[s].node) & (size - 1);
        while (table[at])
            at = (at + 1) & (size - 1);
        table[at] = s + 1;
    }
    wk_release(t->table, t->table_size * sizeof *table);
    t->table = table;
    t->table_size = size;
    return true;
}

/* The slot of a node, made if it is new; SIZE_MAX when memory is short. */
static size_t slot_of(Task *t, wk_Node *node, bool *fresh)
{
    if (t->count * 2 >= t->table_size && !grow_table(t))
        return SIZE_MAX;
    size_t at = hash_of(node) & (t->table_size - 1);
    for (; t->table[at]; at = (at + 1) & (t->table_size - 1))
        if (t->slots[t->table[at] - 1].node == node) {
            *fresh = false;
            return t->table[at] - 1;
        }
    if (t->count == t->capacity) {
        size_t wanted = t->capacity ? t->capacity * 2 : 64;
        Slot *grown = wk_realloc(t->slots, t->capacity * sizeof *grown, wanted * sizeof *grown);
        if (!grown)
            return SIZE_MAX;
        t->slots = grown;
        t->capacity = wanted;
    }
    t->slots[t->count] = (Slot){.node = wk_node_retain(node)};
    t->table[at] = ++t->count;
    *fresh = true;
    return t->count - 1;
}

static bool push(Task *t, size_t slot)
{
    if (t->stack_count == t->stack_capacity) {
        size_t wanted = t->stack_capacity ? t->stack_capacity * 2 : 64;
        size_t *grown = wk_realloc(t->stack, t->stack_capacity * sizeof *grown, wanted * sizeof *grown);
        if (!grown)
            return false;
        t->stack = grown;
        t->stack_capacity = wanted;
    }
    t->stack[t->stack_count++] = slot;
    return true;
}

/* ---- the first walk --------------------------------------------------------------------------------- */

/* Depth first; a slot is done when its last edge is, so `needed` of everything below it is known then. */
static bool walk_from(Task *t, size_t root)
{
    t->slots[root].walked = true;
    if (!push(t, root))
        return false;
    while (t->stack_count) {
        size_t at = t->stack[t->stack_count - 1];
        Slot *slot = &t->slots[at];
        if (slot->next_edge == slot->node->edge_count) {
            slot->leads = !t->only_inputs;
            for (int i = 0; i < slot->node->edge_count && !slot->leads; i++) {
                bool fresh;
                wk_Node *below = slot->node->edges[i].node;
                slot->leads = below && t->slots[slot_of(t, below, &fresh)].needed;
            }
            slot->needed = slot->leads || slot->capture;
            t->stack_count--;
            continue;
        }
        wk_Node *below = slot->node->edges[slot->next_edge++].node;
        if (!below)
            continue;
        bool fresh;
        size_t next = slot_of(t, below, &fresh);
        if (next == SIZE_MAX)
            return false;
        t->slots[next].waits++;
        if (t->slots[next].walked)
            continue;
        t->slots[next].walked = true;
        if (!push(t, next))
            return false;
    }
    return true;
}

/* ---- ready slots: a heap by sequence ---------------------------------------------------------------- */

static bool goes_first(const Task *t, size_t a, size_t b)
{
    return t->slots[t->stack[a]].node->sequence > t->slots[t->stack[b]].node->sequence;
}

static void heap_swap(Task *t, size_t a, size_t b)
{
    size_t s = t->stack[a];
    t->stack[a] = t->stack[b];
    t->stack[b] = s;
}

static bool heap_push(Task *t, size_t slot)
{
    if (!push(t, slot))
        return false;
    for (size_t i = t->stack_count - 1; i && goes_first(t, i, (i - 1) / 2); i = (i - 1) / 2)
        heap_swap(t, i, (i - 1) / 2);
    return true;
}

static size_t heap_pop(Task *t)
{
    size_t top = t->stack[0];
    t->stack[0] = t->stack[--t->stack_count];
    for (size_t i = 0;;) {
        size_t first = i, left = 2 * i + 1, right = left + 1;
        if (left < t->stack_count && goes_first(t, left, first))
            first = left;
        if (right < t->stack_count && goes_first(t, right, first))
            first = right;
        if (first == i)
            return top;
        heap_swap(t, i, first);
        i = first;
    }
}

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
static bool deliver(Task *t, size_t at, int output, wk_Tensor *grad)
{
    Slot *slot = &t->slots[at];
    size_t bytes = (size_t)slot->node->output_count * sizeof *slot->grads;
    if (!slot->grads && !(slot->grads = wk_zalloc(bytes)))
        return false;
    wk_Tensor **sum = &slot->grads[output];
    if (!*sum) {
        *sum = wk_tensor_retain(grad);
        return true;
    }
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

static bool keep_gradient(const wk_NodeHook *hook, wk_Tensor *grad)
{
    bool ours = atomic_load(&grad->object.refs) == 1;
    wk_Tensor *kept = ours || !wk_grad_disabled ? grad : wk_clone(grad);
    if (!kept)
        return false;
    wk_tensor_retain(kept);
    wk_tensor_release(hook->retained->grad);
    hook->retained->grad = kept;
    return true;
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
static bool run_hooks(Slot *slot)
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
        if (!hook->call && slot->grads[hook->output] && !keep_gradient(hook, slot->grads[hook->output]))
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
    if (wk_is_accumulate(node))
        return out[0] != NULL;
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
        bool fresh;
        size_t next = slot_of(t, edge.node, &fresh);
        if (out && out[i] && t->slots[next].needed) {
            wk_Tensor *grad = wk_reduce_gradient(out[i], &edge.node->meta[edge.output], node, i);
            if (!grad || !deliver(t, next, edge.output, grad))
                return false;
        }
        if (--t->slots[next].waits == 0 && t->slots[next].needed && !heap_push(t, next))
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

static bool run_node(Task *t, Slot *slot)
{
    wk_Node *node = slot->node;
    wk_Tensor *few[8] = {NULL}, **out = few;
    size_t bytes = (size_t)(node->edge_count + 1) * sizeof *out;
    if (node->edge_count >= 8 && !(out = wk_zalloc(bytes)))
        return false;
    bool done = (node->op->backward_all || fill_undefined(slot)) && wk_node_run(node, slot->grads, out);
    if (done && !t->retain_graph)
        wk_node_free_saved(node);
    done = done && pass_on(t, slot, out);
    if (out != few)
        wk_release(out, bytes);
    return done;
}

static void drop_grads(Slot *slot)
{
    for (int i = 0; slot->grads && i < slot->node->output_count; i++)
        wk_tensor_release(slot->grads[i]);
    wk_release(slot->grads, (size_t)slot->node->output_count * sizeof *slot->grads);
    slot->grads = NULL;
}

/* Runs one ready slot in a scope of its own. A slot that got no gradient at all passes none on. */
static bool step(Task *t, size_t at)
{
    wk_Scope scope = wk_scope_begin();
    if (!scope.id)
        return false;
    Slot slot = t->slots[at];
    bool done = !slot.grads || run_hooks(&slot);
    if (done && slot.grads && slot.capture)
        keep_captured(t, &slot);
    if (done && slot.leads)
        done = slot.grads ? run_node(t, &slot) : pass_on(t, &slot, NULL);
    drop_grads(&t->slots[at]);
    wk_scope_end(scope);
    return done;
}

static bool run_all(Task *t)
{
    while (t->stack_count)
        if (!step(t, heap_pop(t)))
            return false;
    return true;
}

/* ---- setting up ------------------------------------------------------------------------------------- */

static bool raise_shapes(int index, const wk_Tensor *grad, const wk_Tensor *output)
{
    return wk_raise(WK_ERROR_SHAPE,
                    "backward: Mismatch in shape: grad_output[%d] has a shape of torch.Size(%s) and "
                    "output[%d] has a shape of torch.Size(%s).",
                    index, WK_SHAPE_TEXT(grad), index, WK_SHAPE_TEXT(output)),
           false;
}

/* Checks an output and puts its gradient, ones for a scalar, where the walk begins. */
static bool add_root(Task *t, int index, wk_Tensor *output, wk_Tensor *grad)
{
    if (!wk_tensor_check(output, "backward", "tensor") ||
        (grad && !wk_tensor_check(grad, "backward", "gradient")))
        return false;
    if (!wk_requires_grad(output))
        return wk_raise(WK_ERROR_STATE,
                        "backward: element %d of tensors does not require grad and does not have a grad_fn",
                        index),
               false;
    if (!grad && output->numel != 1)
        return wk_raise(WK_ERROR_SHAPE,
                        "backward: grad can be implicitly created only for scalar outputs, got shape %s",
                        WK_SHAPE_TEXT(output)),
               false;
    if (grad && !wk_shape_same(grad, output))
        return raise_shapes(index, grad, output);
    if (!grad)
        grad = wk_ones_like(output);
    else if (grad->dtype != output->dtype)
        grad = wk_to_dtype(grad, (wk_dtype)output->dtype);
    wk_Edge edge;
    if (!grad || !wk_gradient_edge(output, &edge))
        return false;
    bool fresh;
    size_t at = slot_of(t, edge.node, &fresh);
    bool done = at != SIZE_MAX && deliver(t, at, edge.output, grad);
    wk_node_release(edge.node);
    return done;
}

static bool add_inputs(Task *t)
{
    for (int i = 0; i < t->input_count; i++) {
        wk_Tensor *input = t->inputs[i];
        if (!wk_tensor_check(input, "grad", "input"))
            return false;
        if (!wk_requires_grad(input))
            return wk_raise(WK_ERROR_STATE,
                            "grad: One of the differentiated Tensors does not require grad (input %d)", i),
                   false;
        if (!wk_gradient_edge(input, &t->input_edges[i]))
            return false;
        bool fresh;
        size_t at = slot_of(t, t->input_edges[i].node, &fresh);
        if (at == SIZE_MAX)
            return false;
        t->input_next[i] = t->slots[at].capture;
        t->slots[at].capture = i + 1;
    }
    return true;
}

static bool run_task(Task *t, wk_List outputs, wk_List grad_outputs)
{
    for (int i = 0; i < outputs.count; i++)
        if (!add_root(t, i, outputs.tensors[i], i < grad_outputs.count ? grad_outputs.tensors[i] : NULL))
            return false;
    size_t roots = t->count;
    if (!add_inputs(t))
        return false;
    for (size_t s = 0; s < roots; s++)
        if (!t->slots[s].walked && !walk_from(t, s))
            return false;
    for (size_t s = 0; s < roots; s++)
        if (t->slots[s].waits == 0 && t->slots[s].needed && !heap_push(t, s))
            return false;
    return run_all(t);
}

static bool begin_task(Task *t)
{
    size_t n = (size_t)t->input_count;
    t->input_edges = wk_zalloc(n * sizeof *t->input_edges);
    t->input_next = wk_zalloc(n * sizeof *t->input_next);
    t->captured = wk_zalloc(n * sizeof(wk_Tensor *));
    return t->input_edges && t->input_next && t->captured;
}

static void end_task(Task *t)
{
    size_t n = (size_t)t->input_count;
    for (size_t s = 0; s < t->count; s++) {
        drop_grads(&t->slots[s]);
        wk_node_release(t->slots[s].node);
    }
    for (size_t i = 0; i < n; i++) {
        if (t->input_edges)
            wk_node_release(t->input_edges[i].node);
        if (t->captured)
            wk_tensor_release(t->captured[i]);
    }
    wk_release(t->input_edges, n * sizeof *t->input_edges);
    wk_release(t->input_next, n * sizeof *t->input_next);
    wk_release(t->captured, n * sizeof(wk_Tensor *));
    wk_release(t->slots, t->capacity * sizeof *t->slots);
    wk_release(t->table, t->table_size * sizeof *t->table);
    wk_release(t->stack, t->stack_capacity * sizeof *t->stack);
}

/* Runs a task with recording on or off, in a scope of its own; finish handles the captured gradients. */
static bool execute(Task *t, wk_List outputs, wk_List grad_outputs, bool (*finish)(Task *t, void *context),
                    void *context)
{
    bool former = wk_set_grad_enabled(t->create_graph);
    wk_Scope scope = wk_scope_begin();
    bool done = scope.id && begin_task(t) && run_task(t, outputs, grad_outputs);
    if (scope.id)
        wk_scope_end(scope);
    done = done && finish(t, context);
    end_task(t);
    wk_set_grad_enabled(former);
    return done;
}

static bool add_to_grads(Task *t, void *context)
{
    (void)context;
    for (int i = 0; i < t->input_count; i++) {
        wk_Tensor *grad = t->captured[i], *have = wk_grad_of(t->inputs[i]);
        wk_Tensor *sum = !grad              ? have
                         : have             ? wk_add_tensor(have, grad)
                         : wk_grad_disabled ? wk_clone(grad)
                                            : grad;
        if (grad && (!sum || !wk_set_grad(t->inputs[i], sum)))
            return false;
    }
    return true;
}

bool wk_backward_with(wk_backward_options o)
{
    Task t = {.only_inputs = o.inputs.count > 0,
              .retain_graph = o.retain_graph || o.create_graph,
              .create_graph = o.create_graph,
              .input_count = o.inputs.count,
              .inputs = o.inputs.tensors};
    if (!wk_tensor_check(o.tensor, "backward", "tensor"))
        return false;
    return execute(&t, (wk_List){1, &o.tensor}, (wk_List){1, &o.gradient}, add_to_grads, NULL);
}

typedef struct GradResult {
    wk_Tensor **grads;
    bool allow_unused, materialize;
} GradResult;

static bool hand_out(Task *t, void *context)
{
    const GradResult *r = context;
    for (int i = 0; i < t->input_count; i++) {
        r->grads[i] = NULL;
        if (t->captured[i]) {
            r->grads[i] = wk_scope_adopt(wk_tensor_retain(t->captured[i]));
            if (!r->grads[i])
                return false;
        } else if (r->materialize) {
            if (!(r->grads[i] = wk_zeros_like(t->inputs[i])))
                return false;
        } else if (!r->allow_unused) {
            return wk_raise(WK_ERROR_STATE,
                            "grad: One of the differentiated Tensors appears to not have been used in the "
                            "graph (input %d). Set "
                            ".allow_unused = true if this is the desired behavior.",
                            i),
                   false;
        }
    }
    return true;
}

bool wk_grads_with(wk_Tensor **grads, wk_grad_options o)
{
    if (!grads)
        return wk_raise_null("grad", "grads"), false;
    if (o.outputs.count < 1 || o.inputs.count < 1)
        return wk_raise(WK_ERROR_ARGUMENT, "grad: outputs and inputs must each have a tensor, got %d and %d",
                        o.outputs.count, o.inputs.count),
               false;
    Task t = {.only_inputs = true,
              .retain_graph = o.retain_graph || o.create_graph,
              .create_graph = o.create_graph,
              .input_count = o.inputs.count,
              .inputs = o.inputs.tensors};
    GradResult result = {grads, o.allow_unused, o.materialize_grads};
    return execute(&t, o.outputs, o.grad_outputs, hand_out, &result);
}

wk_Tensor *wk_grad_with(wk_grad1_options o)
{
    wk_Tensor *grad = NULL;
    bool done = wk_grads_with(&grad, (wk_grad_options){.outputs = {1, &o.output},
                                                       .inputs = {1, &o.input},
                                                       .grad_outputs = {1, &o.grad_output},
                                                       .retain_graph = o.retain_graph,
                                                       .create_graph = o.create_graph});
    return done ? grad : NULL;
}
