/* Functions of the user's own: a node whose backward is a callback.
 *
 * The context outlives forward inside the node. What forward saves goes to the node's saved slots, by the same rules as for wick's own
 * operations: versions are checked, and an output is kept without its history. */
#include <stdio.h>
#include <string.h>

#include "autograd/engine.h"
#include "autograd/node.h"
#include "core/memory.h"

enum { MAX_OUTPUTS = 64, MAX_SAVED = 64 };

struct wk_FunctionContext {
    const wk_Function *function;
    wk_Op op; /* the node's operation, named after the function */
    char name[64];
    void *user;
    wk_Node *node; /* NULL while forward runs */
    /* While forward runs: */
    wk_List to_save, inputs;
    bool saved_once, tracked;
    uint64_t undifferentiable;
    wk_Tensor **outputs;
};

static bool function_backward(wk_Node *node, wk_Tensor *const *grads, wk_Tensor **out)
{
    wk_FunctionContext *ctx = *(wk_FunctionContext **)node->attributes;
    wk_Tensor *given[MAX_OUTPUTS];
    for (int i = 0; i < node->output_count; i++) {
        given[i] = grads[i];
        const wk_Meta *meta = &node->meta[i];
        if (!given[i] && !ctx->function->keep_undefined_grads)
            given[i] = wk_zeros_shape(meta->shape.ndim, meta->shape.dims, meta->dtype);
        if (!given[i] && !ctx->function->keep_undefined_grads)
            return false;
    }
    if (ctx->function->backward(ctx, (wk_List){node->output_count, given}, out))
        return true;
    wk_raise_if_silent(WK_ERROR_STATE, "%s: the function's backward failed", ctx->name);
    return false;
}

static void context_release(wk_FunctionContext *ctx)
{
    if (ctx->function->release)
        ctx->function->release(ctx->user);
    wk_release(ctx, sizeof *ctx);
}

static void function_drop(wk_Node *node)
{
    context_release(*(wk_FunctionContext **)node->attributes);
}

static wk_FunctionContext *context_new(const wk_Function *function, wk_List inputs, void *user,
                                       wk_Tensor **outputs)
{
    wk_FunctionContext *ctx = wk_zalloc(sizeof *ctx);
    if (!ctx)
        return NULL;
    *ctx = (wk_FunctionContext){.function = function, .user = user, .inputs = inputs, .outputs = outputs};
    snprintf(ctx->name, sizeof ctx->name, "%sBackward", function->name ? function->name : "Function");
    ctx->op = (wk_Op){.name = ctx->name,
                      .node = ctx->name,
                      .attributes = sizeof ctx,
                      .backward_all = function_backward,
                      .drop = function_drop};
    return ctx;
}

static int index_in(wk_List list, const wk_Tensor *tensor)
{
    for (int i = 0; tensor && i < list.count; i++)
        if (list.tensors[i] == tensor)
            return i;
    return -1;
}

/* The list of what forward saved; the node has its own shares. */
static void drop_list(wk_FunctionContext *ctx)
{
    for (int i = 0; i < ctx->to_save.count; i++)
        wk_tensor_release(ctx->to_save.tensors[i]);
    wk_release((void *)ctx->to_save.tensors, (size_t)ctx->to_save.count * sizeof *ctx->to_save.tensors);
    ctx->to_save = (wk_List){0, NULL};
}

/* Whether the i-th output gets the function's history. */
static bool differentiable(const wk_FunctionContext *ctx, int i)
{
    return ctx->tracked && wk_is_floating(ctx->outputs[i]->dtype) && !(ctx->undifferentiable >> i & 1);
}

/* Makes the node and hangs it on the outputs; takes over the context. */
static bool record_function(wk_FunctionContext *ctx, wk_List inputs, int outputs)
{
    wk_List saved = ctx->to_save;
    wk_Node *node = wk_node_new(&ctx->op, inputs.count, saved.count, outputs, &ctx, sizeof ctx);
    if (!node) {
        drop_list(ctx);
        context_release(ctx);
        return false;
    }
    ctx->node = node;
    bool done = true;
    for (int i = 0; done && i < inputs.count; i++)
        if (wk_is_floating(inputs.tensors[i]->dtype))
            done = wk_gradient_edge(inputs.tensors[i], &node->edges[i]);
    for (int i = 0; done && i < saved.count; i++) {
        int input = index_in(inputs, saved.tensors[i]);
        int output = index_in((wk_List){outputs, ctx->outputs}, saved.tensors[i]);
        if (output >= 0)
            done = wk_node_save_output(node, i, saved.tensors[i], output);
        else if (input >= 0)
            done = wk_node_save_input(node, i, saved.tensors[i], input);
        else
            wk_node_save(node, i, saved.tensors[i]);
    }
    for (int i = 0; done && i < outputs; i++) {
        wk_node_set_meta(node, i, ctx->outputs[i]);
        if (differentiable(ctx, i))
            done = wk_set_history(ctx->outputs[i], wk_node_retain(node), i);
    }
    drop_list(ctx);
    wk_node_release(node);
    return done;
}

static wk_Tensor *view_as_self(wk_Tensor *of)
{
    wk_Tensor *view = wk_tensor_shallow(of);
    return view && wk_link_view(view, of) ? view : NULL;
}

/* The tensor that carries the history of an output. An input that is returned as it is, and what has a history of its own, are shown
 * through a view; without a gradient to carry, what requires one is detached. */
static wk_Tensor *output_of(const wk_FunctionContext *ctx, wk_List inputs, int i)
{
    wk_Tensor *out = ctx->outputs[i];
    const bool is_input = index_in(inputs, out) >= 0, required = wk_requires_grad(out);
    if (!differentiable(ctx, i) && required)
        return wk_tensor_shallow(out);
    return is_input || required ? view_as_self(out) : out;
}

/* Later writes in place to an output that is a view would go past backward: they are refused. */
static bool separate_outputs(wk_FunctionContext *ctx, wk_List inputs, int outputs)
{
    wk_Tensor *made[MAX_OUTPUTS];
    int with_gradient = 0;
    for (int i = 0; i < outputs; i++) {
        if (!wk_tensor_check(ctx->outputs[i], ctx->name, "output") || !(made[i] = output_of(ctx, inputs, i)))
            return false;
        with_gradient += differentiable(ctx, i);
    }
    for (int i = 0; i < outputs; i++) {
        ctx->outputs[i] = made[i];
        if (made[i]->history && wk_variable(made[i])->base &&
            !wk_set_origin(made[i], with_gradient > 1 ? WK_FROM_SEVERAL : WK_FROM_FUNCTION))
            return false;
    }
    return true;
}

/* The checks before anything is done; *track tells whether a node is wanted. */
static bool inputs_fit(const wk_Function *function, wk_List inputs, int count, bool *track)
{
    const char *name = function->name ? function->name : "function_apply";
    if (!function->forward || !function->backward)
        return wk_raise_null(name, function->forward ? "backward" : "forward"), false;
    if (count < 1 || count > MAX_OUTPUTS)
        return wk_raise(WK_ERROR_ARGUMENT, "%s: %d outputs, from 1 to %d are possible", name, count,
                        MAX_OUTPUTS),
               false;
    if (!wk_array_check(inputs.count, inputs.tensors, name, "inputs"))
        return false;
    for (int i = 0; i < inputs.count; i++) {
        if (!wk_tensor_check(inputs.tensors[i], name, "input"))
            return false;
        *track |= !wk_grad_disabled && wk_tracks(inputs.tensors[i]);
    }
    return true;
}

static bool run_forward(wk_FunctionContext *ctx, wk_List inputs, int count)
{
    const uint8_t former = wk_grad_disabled;
    wk_grad_disabled = WK_GRAD_OFF; /* also inside an operation: views made here may be results */
    bool done = ctx->function->forward(ctx, inputs, ctx->outputs);
    wk_grad_disabled = former;
    if (!done)
        wk_raise_if_silent(WK_ERROR_STATE, "%s: the function's forward failed", ctx->name);
    return done && separate_outputs(ctx, inputs, count);
}

/* `user` is taken over whatever comes: it is released here, or with the node. */
bool wk_function_apply(const wk_Function *function, wk_List inputs, void *user, wk_Tensor **outputs)
{
    if (!function || !outputs)
        return wk_raise_null("function_apply", function ? "outputs" : "function"), false;
    int count = function->outputs ? function->outputs : 1;
    bool track = false;
    wk_FunctionContext *ctx =
        inputs_fit(function, inputs, count, &track) ? context_new(function, inputs, user, outputs) : NULL;
    if (!ctx) {
        if (function->release)
            function->release(user);
        return false;
    }
    memset(outputs, 0, (size_t)count * sizeof *outputs);
    ctx->tracked = track;
    bool done = run_forward(ctx, inputs, count);
    if (done && track) {
        done = record_function(ctx, inputs, count);
    } else {
        drop_list(ctx);
        context_release(ctx);
    }
    if (!done)
        memset(outputs, 0, (size_t)count * sizeof *outputs);
    return done;
}

wk_Tensor *wk_function_call(const wk_Function *function, wk_List inputs, void *user)
{
    if (function && function->outputs > 1)
        return wk_raise(WK_ERROR_ARGUMENT, "function_call: %s has %d outputs, use wk_function_apply",
                        function->name, function->outputs);
    wk_Tensor *output = NULL;
    return wk_function_apply(function, inputs, user, &output) ? output : NULL;
}

bool wk_save_for_backward(wk_FunctionContext *ctx, wk_List tensors)
{
    if (!ctx)
        return wk_raise_null("save_for_backward", "ctx"), false;
    if (ctx->saved_once || ctx->node)
        return wk_raise(WK_ERROR_STATE, "save_for_backward: call it once, in forward"), false;
    if (tensors.count < 0 || tensors.count > MAX_SAVED)
        return wk_raise(WK_ERROR_ARGUMENT, "save_for_backward: %d tensors, at most %d are possible",
                        tensors.count, MAX_SAVED),
               false;
    if (!wk_array_check(tensors.count, tensors.tensors, "save_for_backward", "tensors"))
        return false;
    wk_Tensor **copy = wk_alloc((size_t)tensors.count * sizeof *copy);
    if (!copy)
        return false;
    for (int i = 0; i < tensors.count; i++)
        copy[i] = wk_tensor_retain(tensors.tensors[i]);
    ctx->to_save = (wk_List){tensors.count, copy};
    ctx->saved_once = true;
    return true;
}

wk_Tensor *wk_saved_tensor(wk_FunctionContext *ctx, int index)
{
    if (!ctx)
        return wk_raise_null("saved_tensor", "ctx");
    int count = ctx->node ? ctx->node->saved_count : 0;
    if (index < 0 || index >= count)
        return wk_raise(WK_ERROR_INDEX, "saved_tensor: index %d is out of range: %d tensors were saved",
                        index, count);
    return wk_node_unpack(ctx->node, index);
}

bool wk_needs_input_grad(const wk_FunctionContext *ctx, int index)
{
    if (!ctx)
        return wk_raise_null("needs_input_grad", "ctx"), false;
    if (index < 0 || index >= (ctx->node ? ctx->node->edge_count : ctx->inputs.count))
        return false;
    return ctx->node ? wk_node_needs(ctx->node, index) : wk_requires_grad(ctx->inputs.tensors[index]);
}

bool wk_mark_non_differentiable(wk_FunctionContext *ctx, wk_Tensor *output)
{
    if (!ctx || !output)
        return wk_raise_null("mark_non_differentiable", ctx ? "output" : "ctx"), false;
    int count = ctx->function->outputs ? ctx->function->outputs : 1;
    for (int i = 0; i < count && !ctx->node; i++)
        if (ctx->outputs[i] == output) {
            ctx->undifferentiable |= 1ull << i;
            return true;
        }
    return wk_raise(WK_ERROR_ARGUMENT,
                    "mark_non_differentiable: the tensor is no output yet: set outputs[i] first"),
           false;
}

void *wk_function_user(const wk_FunctionContext *ctx)
{
    return ctx ? ctx->user : wk_raise_null("function_user", "ctx");
}
