/* Autograd: the record of operations, and the way back through it. */
#ifndef WICK_AUTOGRAD_H
#define WICK_AUTOGRAD_H

#include "wick/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what is recorded ------------------------------------------------------------------------------- */

/* Whether operations record their gradient for this tensor; requires_grad_ sets it on a leaf and returns the tensor.
 *                                                               torch: Tensor.requires_grad, Tensor.requires_grad_ */
WK_API bool wk_requires_grad(const wk_Tensor *tensor);
WK_API wk_Tensor *wk_set_requires_grad_(wk_Tensor *tensor, bool requires_grad);
#define wk_requires_grad_(tensor) wk_set_requires_grad_(tensor, true)

/* Whether the tensor was made by the user rather than by a recorded operation.              torch: Tensor.is_leaf */
WK_API bool wk_is_leaf(const wk_Tensor *tensor);

/* The gradient that backward has accumulated, or NULL. It belongs to the tensor: the pointer holds until wk_set_grad or zero_grad
 * takes the gradient away, or the tensor goes. Where backward puts another in its place (create_graph, retain_grad), the former one
 * lives as long as a result of the caller's. wk_set_grad takes one of the tensor's shape and dtype, or NULL.    torch: Tensor.grad */
WK_API wk_Tensor *wk_grad_of(const wk_Tensor *tensor);
WK_API bool wk_set_grad(wk_Tensor *tensor, wk_Tensor *grad);

/* Asks a tensor that is no leaf to keep its gradient too; several backwards add up.         torch: Tensor.retain_grad */
WK_API bool wk_retain_grad(wk_Tensor *tensor);

/* The same values without history; detach_ takes the history away in place.                 torch: Tensor.detach */
WK_API wk_Tensor *wk_detach(wk_Tensor *input);
WK_API wk_Tensor *wk_detach_(wk_Tensor *self);

/* Records nothing inside the block:   wk_no_grad { wk_sub_(weight, step); }
 * The former mode comes back however the block is left. The block is a loop of one turn, so that break and continue in it leave the
 * block, not a loop around it: leave that one by a flag, a goto or a return.                                     torch: no_grad, enable_grad */
WK_API bool wk_is_grad_enabled(void);
WK_API bool wk_set_grad_enabled(bool enabled); /* returns the former mode */
typedef struct wk_GradMode {
    bool former, again;
} wk_GradMode;
WK_API wk_GradMode wk_grad_mode_begin(bool enabled);
WK_API void wk_grad_mode_end(wk_GradMode *mode);
#define WK_GRAD_MODE(enabled)                                                                           \
    for (wk_GradMode wk_mode_ __attribute__((cleanup(wk_grad_mode_end))) = wk_grad_mode_begin(enabled); \
         wk_mode_.again; wk_mode_.again = false)
#define wk_no_grad     WK_GRAD_MODE(false)
#define wk_enable_grad WK_GRAD_MODE(true)

/* How often the memory under the tensor was written in place.                               torch: Tensor._version */
WK_API int64_t wk_version_of(const wk_Tensor *tensor);

/* ---- backward --------------------------------------------------------------------------------------- */

/* Adds to the .grad of every leaf below `tensor`, or of `inputs` alone (which then retain their gradient). gradient may stay NULL for
 * a tensor of one element.
 *     wk_backward(loss)      wk_backward(y, weights, .retain_graph = true)
 * create_graph records the way back, so that gradients of gradients exist. A leaf then holds a gradient that holds the leaf: take it
 * away with wk_set_grad or zero_grad, or memory is lost.                                    torch: Tensor.backward */
typedef struct wk_backward_options {
    wk_Tensor *tensor, *gradient;
    bool retain_graph, create_graph;
    wk_List inputs;
} wk_backward_options;
WK_API bool wk_backward_with(wk_backward_options options);
#define wk_backward(...) wk_backward_with((wk_backward_options){.tensor = __VA_ARGS__})

/* Gradients of the outputs' (weighted) sum with respect to the inputs, leaving every .grad alone. grads gets inputs.count results;
 * an input that the outputs do not depend on is an error, or NULL with allow_unused, or zeros with materialize_grads.
 *                                                                                           torch: autograd.grad */
typedef struct wk_grad_options {
    wk_List outputs, inputs;
    wk_List grad_outputs; /* unset, or an entry NULL: ones for outputs of one element */
    bool retain_graph, create_graph, allow_unused, materialize_grads;
} wk_grad_options;
WK_API bool wk_grads_with(wk_Tensor **grads, wk_grad_options options);
#define wk_grads(grads, ...) wk_grads_with(grads, (wk_grad_options){.outputs = __VA_ARGS__})

/* The same for one output and one input: wk_grad(y, x, .create_graph = true). */
typedef struct wk_grad1_options {
    wk_Tensor *output, *input, *grad_output;
    bool retain_graph, create_graph;
} wk_grad1_options;
WK_API wk_Tensor *wk_grad_with(wk_grad1_options options);
#define wk_grad(y, ...) wk_grad_with((wk_grad1_options){.output = y, .input = __VA_ARGS__})

/* ---- hooks ------------------------------------------------------------------------------------------ */

/* Called with the gradient of the tensor once it is complete; a tensor returned takes its place, NULL leaves it.
 * Returns an id for wk_remove_hook, 0 on error.                                             torch: Tensor.register_hook */
typedef wk_Tensor *(*wk_Hook)(wk_Tensor *grad, void *user);
WK_API uint64_t wk_register_hook(wk_Tensor *tensor, wk_Hook hook, void *user);

/* The same; release(user), if given, is called once the hook is removed or can be called no more, also when this call fails. */
WK_API uint64_t wk_register_hook_owned(wk_Tensor *tensor, wk_Hook hook, void *user,
                                       void (*release)(void *user));
WK_API bool wk_remove_hook(wk_Tensor *tensor, uint64_t id);

/* ---- the graph -------------------------------------------------------------------------------------- */

/* A recorded operation. The pointer is valid as long as a tensor that it is history of.     torch: grad_fn, next_functions */
typedef struct wk_Node wk_Node;
WK_API wk_Node *wk_grad_fn(wk_Tensor *tensor);
WK_API const char *wk_node_name(const wk_Node *node); /* "AddmmBackward0" */
WK_API int wk_node_next_count(const wk_Node *node);
WK_API wk_Node *wk_node_next(const wk_Node *node, int index); /* NULL for an input that needs no gradient */
WK_API wk_Tensor *wk_node_variable(const wk_Node *node);      /* the leaf of an AccumulateGrad, else NULL */

/* The graph behind a tensor in Graphviz's language; give it back with wk_str_free. */
WK_API char *wk_graph_dot(wk_Tensor *tensor);

/* ---- functions of your own -------------------------------------------------------------------------- */

/* An operation with a backward of yours.                                                    torch: autograd.Function
 *
 *     static bool square_forward(wk_FunctionContext *ctx, wk_List in, wk_Tensor **out)
 *     {
 *         wk_save_for_backward(ctx, in);
 *         out[0] = wk_mul(in.tensors[0], in.tensors[0]);
 *         return out[0] != NULL;
 *     }
 *     static bool square_backward(wk_FunctionContext *ctx, wk_List grad, wk_Tensor **grad_in)
 *     {
 *         wk_Tensor *x = wk_saved_tensor(ctx, 0);
 *         grad_in[0] = wk_mul(grad.tensors[0], wk_mul(x, 2));
 *         return grad_in[0] != NULL;
 *     }
 *     static const wk_Function Square = {.name = "Square", .forward = square_forward, .backward = square_backward};
 *     y = wk_function_call(&Square, wk_list(x), NULL);
 *
 * forward runs without recording; backward is written in operations, so it has derivatives itself. A grad_in left NULL is no gradient.
 * Outputs that forward leaves integer, or marks non-differentiable, get none. */
typedef struct wk_FunctionContext wk_FunctionContext;
typedef struct wk_Function {
    const char *name;
    bool (*forward)(wk_FunctionContext *ctx, wk_List inputs, wk_Tensor **outputs);
    bool (*backward)(wk_FunctionContext *ctx, wk_List grad_outputs, wk_Tensor **grad_inputs);
    int outputs;                 /* unset is 1 */
    bool keep_undefined_grads;   /* hand NULL to backward for an output without gradient, not zeros */
    void (*release)(void *user); /* called once nothing needs `user` any more, also when the call fails */
} wk_Function;
WK_API bool wk_function_apply(const wk_Function *function, wk_List inputs, void *user, wk_Tensor **outputs);
WK_API wk_Tensor *wk_function_call(const wk_Function *function, wk_List inputs, void *user);

WK_API bool wk_save_for_backward(wk_FunctionContext *ctx,
                                 wk_List tensors); /* inputs, outputs or others; once */
WK_API wk_Tensor *wk_saved_tensor(wk_FunctionContext *ctx, int index);
WK_API bool wk_needs_input_grad(const wk_FunctionContext *ctx, int index);
WK_API bool wk_mark_non_differentiable(wk_FunctionContext *ctx, wk_Tensor *output);
WK_API void *wk_function_user(const wk_FunctionContext *ctx);

/* ---- checks ----------------------------------------------------------------------------------------- */

/* Compares the gradients of `function` with differences of its values, at float64 inputs that require gradients; gradgradcheck does so
 * for the gradients of its gradients. Unset eps is 1e-6, atol 1e-5, rtol 1e-3. False with a message that tells the worst entry.
 *                                                                          torch: autograd.gradcheck, gradgradcheck */
typedef struct wk_gradcheck_options {
    wk_Tensor *(*function)(wk_List inputs, void *user);
    wk_List inputs;
    void *user;
    double eps, atol, rtol;
    void (*release)(void *user); /* called when the check has ended, also when it fails */
} wk_gradcheck_options;
WK_API bool wk_gradcheck_with(wk_gradcheck_options options);
WK_API bool wk_gradgradcheck_with(wk_gradcheck_options options);
#define wk_gradcheck(f, ...) wk_gradcheck_with((wk_gradcheck_options){.function = f, .inputs = __VA_ARGS__})
#define wk_gradgradcheck(f, ...) \
    wk_gradgradcheck_with((wk_gradcheck_options){.function = f, .inputs = __VA_ARGS__})

#ifdef __cplusplus
}
#endif
#endif
