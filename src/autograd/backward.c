/* backward and grad: what they check, where the way back begins, and what becomes of the gradients that were asked for. */
#include "autograd/engine.h"
#include "autograd/task.h"
#include "core/memory.h"

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
    size_t at = wk_task_slot(t, edge.node);
    bool done = at != SIZE_MAX && wk_task_deliver(&t->slots[at], edge.output, grad);
    wk_node_release(edge.node);
    return done;
}

static bool add_inputs(Task *t)
{
    for (int i = 0; i < t->input_count; i++) {
        wk_Tensor *input = t->inputs[i];
        if (t->into_grads && !wk_retain_grad(input)) /* as PyTorch does; nothing for a leaf */
            return false;
        if (!wk_requires_grad(input))
            return wk_raise(WK_ERROR_STATE,
                            "grad: One of the differentiated Tensors does not require grad (input %d)", i),
                   false;
        if (!wk_gradient_edge(input, &t->input_edges[i]))
            return false;
        size_t at = wk_task_slot(t, t->input_edges[i].node);
        if (at == SIZE_MAX)
            return false;
        t->slots[at].asked = t->into_grads;
        if (t->into_grads)
            continue;
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
        if (!t->slots[s].walked && !wk_task_walk(t, s))
            return false;
    for (size_t s = 0; s < roots; s++)
        if (t->slots[s].waits == 0 && t->slots[s].needed && !wk_task_ready(t, s))
            return false;
    return wk_task_run(t);
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
        wk_task_drop_grads(&t->slots[s]);
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

/* Runs a task with recording on or off, in a scope of its own; finish, if any, handles the captured gradients. */
static bool execute(Task *t, wk_List outputs, wk_List grad_outputs, bool (*finish)(Task *t, void *context),
                    void *context)
{
    const uint8_t former = wk_grad_disabled;
    wk_grad_disabled = t->create_graph ? WK_GRAD_ON : WK_GRAD_INSIDE;
    static _Thread_local wk_Scope outermost;
    wk_Scope scope = wk_scope_begin(), outer = outermost;
    t->outermost = outermost = outer.id ? outer : scope;
    bool done = scope.id && begin_task(t) && run_task(t, outputs, grad_outputs);
    outermost = outer;
    if (scope.id)
        wk_scope_end(scope);
    done = done && (!finish || finish(t, context));
    end_task(t);
    wk_grad_disabled = former;
    return done;
}

static bool check_grad_list(wk_List list, const char *op, const char *name)
{
    bool fits = wk_array_check(list.count, list.tensors, op, name);
    for (int i = 0; fits && i < list.count; i++)
        fits = wk_tensor_check(list.tensors[i], op, name);
    return fits;
}

bool wk_backward_with(wk_backward_options o)
{
    Task t = {.only_inputs = o.inputs.count > 0,
              .into_grads = true,
              .retain_graph = o.retain_graph || o.create_graph,
              .create_graph = o.create_graph,
              .input_count = o.inputs.count,
              .inputs = o.inputs.tensors};
    if (!wk_tensor_check(o.tensor, "backward", "tensor") || !check_grad_list(o.inputs, "backward", "inputs"))
        return false;
    return execute(&t, (wk_List){1, &o.tensor}, (wk_List){1, &o.gradient}, NULL, NULL);
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
    if (!check_grad_list(o.outputs, "grad", "outputs") || !check_grad_list(o.inputs, "grad", "inputs") ||
        !wk_array_check(o.grad_outputs.count, o.grad_outputs.tensors, "grad", "grad_outputs"))
        return false;
    if (!o.outputs.count || !o.inputs.count)
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
