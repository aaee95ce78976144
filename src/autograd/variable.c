/* What hangs on a tensor: whether it requires a gradient, the gradient, the way back, its hooks.
 *
 * A view knows the tensor whose memory it shows. When that memory was written in place after the view was made, the view's history is
 * the base's new one, seen through the view's geometry: it is made again when it is asked for. */
#include <string.h>

#include "autograd/engine.h"
#include "autograd/node.h"
#include "core/memory.h"

_Thread_local uint8_t wk_grad_disabled;

static void drop_retained(wk_NodeHook **list, const wk_Variable *v)
{
    while (*list) {
        wk_NodeHook *hook = *list;
        if (!v || hook->retained == v) {
            *list = hook->next;
            wk_node_hook_free(hook);
        } else {
            list = &hook->next;
        }
    }
}

static void variable_release(wk_History *history)
{
    wk_Variable *v = (wk_Variable *)history;
    if (v->grad_fn && v->retains_grad)
        drop_retained(&v->grad_fn->hooks, v);
    drop_retained(&v->hooks, NULL);
    wk_node_release(v->grad_fn);
    wk_tensor_release(v->grad);
    wk_tensor_release(v->base);
    wk_Node *accumulate = atomic_load_explicit(&v->accumulate, memory_order_relaxed);
    if (accumulate)
        wk_release(accumulate, accumulate->bytes);
    wk_release(v, sizeof *v);
}

wk_Variable *wk_variable_make(wk_Tensor *tensor)
{
    if (tensor->history)
        return wk_variable(tensor);
    wk_Variable *v = wk_zalloc(sizeof *v);
    if (!v)
        return NULL;
    v->history.release = variable_release;
    tensor->history = &v->history;
    return v;
}

/* A tensor that keeps its gradient keeps that of its latest history. */
static void move_retained(wk_Variable *v, wk_Node *to, int output)
{
    wk_NodeHook **from = &v->grad_fn->hooks, **end = &to->hooks;
    while (*from && (*from)->retained != v)
        from = &(*from)->next;
    wk_NodeHook *hook = *from;
    if (!hook)
        return;
    *from = hook->next;
    while (*end)
        end = &(*end)->next;
    hook->next = NULL;
    hook->output = output;
    *end = hook;
}

bool wk_set_history(wk_Tensor *tensor, wk_Node *node, int output)
{
    wk_Variable *v = wk_variable_make(tensor);
    if (!v) {
        wk_node_release(node);
        return false;
    }
    if (v->grad_fn && v->retains_grad && node) {
        move_retained(v, node, output);
    } else if (v->grad_fn && v->retains_grad) {
        drop_retained(&v->grad_fn->hooks, v);
        v->retains_grad = false;
    }
    wk_node_release(v->grad_fn);
    if (node && atomic_load_explicit(&v->accumulate, memory_order_relaxed))
        wk_accumulate_part(v);
    v->grad_fn = node;
    v->output = output;
    v->requires_grad = false;
    v->view_version = wk_tensor_version(tensor);
    return true;
}

bool wk_link_view(wk_Tensor *view, wk_Tensor *of)
{
    wk_Variable *v = wk_variable_make(view);
    if (!v)
        return false;
    const wk_Variable *above = wk_variable(of);
    v->base = wk_tensor_retain(above && above->base ? above->base : of);
    v->view_version = wk_tensor_version(view);
    v->origin = wk_grad_disabled ? WK_FROM_NO_GRAD : WK_FROM_OPERATION;
    if (above && above->origin)
        v->origin = above->origin;
    return true;
}

bool wk_set_origin(wk_Tensor *tensor, wk_Origin origin)
{
    wk_Variable *v = wk_variable_make(tensor);
    if (v)
        v->origin = (uint8_t)origin;
    return v != NULL;
}

/* ---- properties ------------------------------------------------------------------------------------- */

static bool view_is_stale(const wk_Tensor *tensor, const wk_Variable *v)
{
    return v->base && v->view_version != wk_tensor_version(tensor) &&
           (v->grad_fn || wk_requires_grad(v->base));
}

bool wk_view_is_invalid(const wk_Tensor *tensor)
{
    const wk_Variable *v = wk_variable(tensor);
    return v && v->origin && view_is_stale(tensor, v);
}

bool wk_requires_grad(const wk_Tensor *tensor)
{
    if (!wk_tensor_check(tensor, "requires_grad", "tensor"))
        return false;
    const wk_Variable *v = wk_variable(tensor);
    return v && (v->requires_grad || v->grad_fn || view_is_stale(tensor, v));
}

bool wk_is_leaf(const wk_Tensor *tensor)
{
    if (!wk_tensor_check(tensor, "is_leaf", "tensor"))
        return false;
    const wk_Variable *v = wk_variable(tensor);
    return !v || (!v->grad_fn && !view_is_stale(tensor, v));
}

wk_Tensor *wk_set_requires_grad_(wk_Tensor *tensor, bool requires_grad)
{
    if (!wk_tensor_check(tensor, "requires_grad_", "tensor"))
        return NULL;
    if (!wk_is_leaf(tensor)) {
        if (requires_grad)
            return tensor;
        return wk_raise(
            WK_ERROR_STATE,
            "requires_grad_: you can only change requires_grad flags of leaf variables. If you want to use a "
            "computed variable in a subgraph that doesn't require differentiation use var_no_grad = "
            "detach(var).");
    }
    if (requires_grad && !wk_is_floating(tensor->dtype))
        return wk_raise(WK_ERROR_DTYPE,
                        "requires_grad_: only Tensors of floating point dtype can require gradients, got %s",
                        wk_dtype_name((wk_dtype)tensor->dtype));
    if (!requires_grad && !tensor->history)
        return tensor;
    wk_Variable *v = wk_variable_make(tensor);
    if (!v)
        return NULL;
    v->requires_grad = requires_grad;
    return tensor;
}

wk_Tensor *wk_grad_of(const wk_Tensor *tensor)
{
    if (!wk_tensor_check(tensor, "grad", "tensor"))
        return NULL;
    const wk_Variable *v = wk_variable(tensor);
    return v ? v->grad : NULL;
}

static bool gradient_fits(const wk_Tensor *tensor, const wk_Tensor *grad)
{
    if (grad == tensor)
        return wk_raise(WK_ERROR_ARGUMENT, "set_grad: can't assign Variable as its own grad"), false;
    if (grad->dtype != tensor->dtype)
        return wk_raise(WK_ERROR_DTYPE,
                        "set_grad: attempting to assign a gradient with dtype '%s' to a tensor with "
                        "grad_dtype '%s'. The gradient must match the tensor's dtype",
                        wk_dtype_c_type(grad->dtype), wk_dtype_type(tensor->dtype)),
               false;
    if (!wk_shape_same(grad, tensor))
        return wk_raise(WK_ERROR_SHAPE,
                        "set_grad: attempting to assign a gradient of size '%s' to a tensor of size '%s'. "
                        "Please ensure that the gradient and the tensor are the same size",
                        WK_SHAPE_TEXT(grad), WK_SHAPE_TEXT(tensor)),
               false;
    return true;
}

bool wk_set_grad(wk_Tensor *tensor, wk_Tensor *grad)
{
    if (!wk_tensor_check(tensor, "set_grad", "tensor") ||
        (grad && !wk_tensor_check(grad, "set_grad", "grad")))
        return false;
    if (grad && !gradient_fits(tensor, grad))
        return false;
    if (!grad && !tensor->history)
        return true;
    wk_Variable *v = wk_variable_make(tensor);
    if (!v)
        return false;
    wk_tensor_retain(grad);
    wk_tensor_release(v->grad);
    v->grad = grad;
    return true;
}

bool wk_zero_gradient(wk_Tensor *tensor)
{
    wk_Tensor *grad = wk_grad_of(tensor);
    if (!grad)
        return true;
    if (wk_grad_fn(grad) && !wk_detach_(grad))
        return false;
    bool former = wk_set_grad_enabled(false);
    bool done = wk_zero_(grad) != NULL;
    wk_set_grad_enabled(former);
    return done;
}

int64_t wk_version_of(const wk_Tensor *tensor)
{
    return wk_tensor_check(tensor, "version", "tensor") ? (int64_t)wk_tensor_version(tensor) : -1;
}

wk_Tensor *wk_detach(wk_Tensor *input)
{
    return wk_tensor_check(input, "detach", "input") ? wk_tensor_shallow(input) : NULL;
}

wk_Tensor *wk_detach_(wk_Tensor *self)
{
    if (!wk_tensor_check(self, "detach_", "self"))
        return NULL;
    wk_Variable *v = wk_variable(self);
    if (!v)
        return self;
    if (v->base)
        return wk_raise(WK_ERROR_STATE, "detach_: Can't detach views in-place. Use detach() instead");
    wk_set_history(self, NULL, 0);
    return self;
}

/* ---- modes ------------------------------------------------------------------------------------------ */

bool wk_is_grad_enabled(void)
{
    return !wk_grad_disabled;
}

bool wk_set_grad_enabled(bool enabled)
{
    bool former = !wk_grad_disabled;
    if (enabled || former) /* off inside an operation stays that */
        wk_grad_disabled = enabled ? WK_GRAD_ON : WK_GRAD_OFF;
    return former;
}

wk_GradMode wk_grad_mode_begin(bool enabled)
{
    return (wk_GradMode){.former = wk_set_grad_enabled(enabled), .again = true};
}

void wk_grad_mode_end(wk_GradMode *mode)
{
    if (mode)
        wk_set_grad_enabled(mode->former);
    else
        wk_raise_null("grad_mode_end", "mode");
}

/* ---- hooks ------------------------------------------------------------------------------------------ */

static uint64_t add_hook(wk_Tensor *tensor, wk_NodeHook hook)
{
    static atomic_uint_least64_t last_id;
    wk_Node *grad_fn = wk_grad_fn(tensor);
    if (!grad_fn && !wk_is_leaf(tensor)) /* a view's new history could not be made */
        return 0;
    wk_Variable *v = wk_variable_make(tensor);
    wk_NodeHook *added = v ? wk_alloc(sizeof *added) : NULL;
    if (!added)
        return 0;
    hook.id = atomic_fetch_add(&last_id, 1) + 1;
    hook.output = v->output;
    hook.next = NULL;
    *added = hook;
    wk_NodeHook **link = grad_fn ? &grad_fn->hooks : &v->hooks;
    while (*link && !(hook.call && !(*link)->call)) /* in order of registration, keeping gradients last */
        link = &(*link)->next;
    added->next = *link;
    *link = added;
    return hook.id;
}

static uint64_t register_hook(wk_Tensor *tensor, wk_NodeHook hook)
{
    if (!wk_tensor_check(tensor, "register_hook", "tensor"))
        return 0;
    if (!hook.call)
        return wk_raise_null("register_hook", "hook"), 0;
    if (!wk_requires_grad(tensor))
        return wk_raise(WK_ERROR_STATE,
                        "register_hook: cannot register a hook on a tensor that doesn't require gradient"),
               0;
    return add_hook(tensor, hook);
}

uint64_t wk_register_hook_owned(wk_Tensor *tensor, wk_Hook hook, void *user, void (*release)(void *user))
{
    uint64_t id = register_hook(tensor, (wk_NodeHook){.call = hook, .user = user, .release = release});
    if (!id && release)
        release(user);
    return id;
}

uint64_t wk_register_hook(wk_Tensor *tensor, wk_Hook hook, void *user)
{
    return wk_register_hook_owned(tensor, hook, user, NULL);
}

bool wk_remove_hook(wk_Tensor *tensor, uint64_t id)
{
    if (!wk_tensor_check(tensor, "remove_hook", "tensor"))
        return false;
    wk_Variable *v = wk_variable(tensor);
    wk_NodeHook **lists[2] = {v ? &v->hooks : NULL, v && v->grad_fn ? &v->grad_fn->hooks : NULL};
    for (int i = 0; i < 2; i++)
        for (wk_NodeHook **link = lists[i]; link && *link; link = &(*link)->next)
            if ((*link)->id == id) {
                wk_NodeHook *hook = *link;
                *link = hook->next;
                wk_node_hook_free(hook);
                return true;
            }
    return wk_raise(WK_ERROR_ARGUMENT, "remove_hook: this tensor has no hook %llu", (unsigned long long)id),
           false;
}

bool wk_retain_grad(wk_Tensor *tensor)
{
    if (!wk_tensor_check(tensor, "retain_grad", "tensor"))
        return false;
    if (!wk_requires_grad(tensor))
        return wk_raise(WK_ERROR_STATE,
                        "retain_grad: can't retain_grad on Tensor that has requires_grad=False"),
               false;
    wk_Variable *v = wk_variable(tensor);
    if (wk_is_leaf(tensor) || v->retains_grad)
        return true;
    if (!add_hook(tensor, (wk_NodeHook){.retained = v}))
        return false;
    v->retains_grad = true;
    return true;
}

/* ---- the way back ----------------------------------------------------------------------------------- */

wk_Node *wk_grad_fn(wk_Tensor *tensor)
{
    if (!wk_tensor_check(tensor, "grad_fn", "tensor"))
        return NULL;
    wk_Variable *v = wk_variable(tensor);
    if (!v)
        return NULL;
    if (view_is_stale(tensor, v) && !wk_refresh_view(tensor))
        return NULL;
    return v->grad_fn;
}

bool wk_gradient_edge(wk_Tensor *tensor, wk_Edge *edge)
{
    wk_Variable *v = wk_variable(tensor);
    *edge = (wk_Edge){NULL, 0};
    if (!v)
        return true;
    if (view_is_stale(tensor, v) && !wk_refresh_view(tensor))
        return false;
    if (v->grad_fn) {
        *edge = (wk_Edge){wk_node_retain(v->grad_fn), v->output};
    } else if (v->requires_grad) {
        edge->node = wk_accumulate_node(tensor);
        return edge->node != NULL;
    }
    return true;
}

const char *wk_node_name(const wk_Node *node)
{
    if (!node)
        return wk_raise_null("node_name", "node");
    return node->op->node;
}

int wk_node_next_count(const wk_Node *node)
{
    if (!node)
        return wk_raise_null("node_next_count", "node"), -1;
    return node->edge_count - __builtin_popcount(node->op->constant);
}

wk_Node *wk_node_next(const wk_Node *node, int index)
{
    if (!node)
        return wk_raise_null("node_next", "node");
    if (index < 0 || index >= wk_node_next_count(node))
        return wk_raise(WK_ERROR_INDEX, "node_next: index %d is out of range: %s has %d next functions",
                        index, wk_node_name(node), wk_node_next_count(node));
    int at = 0;
    for (int left = index;; at++)
        if (!(node->op->constant >> at & 1) && left-- == 0)
            break;
    return node->edges[at].node;
}
