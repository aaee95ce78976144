/* Every function of functional.h and autograd.h, given NULL in each place that takes a pointer. */
#include "support/null.h"

#define NONE ((wk_Tensor *)NULL)

/* ---- functional.h ----------------------------------------------------------------------------------- */

/* The rows of elementwise operations: those of tensor.h once more. */
static void test_rows(void **state)
{
    (void)state;
#define UNARY(name, ...)                                           \
    REFUSES(wk_##name(NULL), #name ": argument input is NULL");    \
    REFUSES(wk_##name##_(NULL), #name "_: argument self is NULL"); \
    note_called("wk_" #name), note_called("wk_" #name "_");
#define UNARY_WITH(name, ...)                                                                          \
    REFUSES(wk_##name##_with((wk_##name##_options){.input = NULL}), #name ": argument input is NULL"); \
    note_called("wk_" #name "_with");
#define IN_PLACE(name, ...)                                                                             \
    REFUSES(wk_##name##__with((wk_##name##_options){.input = NULL}), #name "_: argument self is NULL"); \
    note_called("wk_" #name "__with");
#include "kernels/rows.def"
    wk_Tensor *x = f32(1);
    REFUSES(wk_softsign(NULL), "softsign: argument input is NULL");
    REFUSES(wk_tanhshrink(NULL), "tanhshrink: argument input is NULL");
    REFUSES(wk_softmin(NULL, 0), "softmin: argument input is NULL");
    REFUSES(wk_glu(NULL, 0), "glu: argument input is NULL");
    REFUSES(wk_prelu(NULL, x), "prelu: argument input is NULL");
    REFUSES(wk_prelu(x, NULL), "prelu: argument weight is NULL");
}

static void test_layers(void **state)
{
    (void)state;
    wk_Tensor *x = wk_zeros(1, 1, 2, 2), *one = f32(1);
    REFUSES(wk_linear(NULL, x, one), "linear: argument input is NULL");
    REFUSES(wk_linear(x, NULL, one), "linear: argument weight is NULL");
    ALLOWS(wk_linear(x, wk_zeros(3, 2), NULL));
    REFUSES(wk_conv2d_with((wk_conv2d_options){.input = NULL, .weight = x}),
            "conv2d: argument input is NULL");
    REFUSES(wk_conv2d_with((wk_conv2d_options){.input = x, .weight = NULL}),
            "conv2d: argument weight is NULL");
    ALLOWS(wk_conv2d_with((wk_conv2d_options){.input = x, .weight = x}));
    REFUSES(wk_max_pool2d_with((wk_max_pool2d_options){.input = NULL, .kernel_size = 2}),
            "max_pool2d: argument input is NULL");
    REFUSES(wk_max_pool2d_with_indices((wk_max_pool2d_options){.input = NULL, .kernel_size = 2}).values,
            "max_pool2d: argument input is NULL");
    REFUSES(wk_avg_pool2d_with((wk_avg_pool2d_options){.input = NULL, .kernel_size = 2}),
            "avg_pool2d: argument input is NULL");
    REFUSES(wk_adaptive_avg_pool2d_with((wk_adaptive_avg_pool2d_options){.input = NULL, .output_size = 1}),
            "adaptive_avg_pool2d: argument input is NULL");
    REFUSES(wk_softmax(NULL, 0), "softmax: argument input is NULL");
    REFUSES(wk_log_softmax(NULL, 0), "log_softmax: argument input is NULL");
    REFUSES(wk_dropout(NULL, 0.5, true), "dropout: argument input is NULL");
    REFUSES(wk_dropout_from(NULL, NULL, 0.5, true), "dropout: argument input is NULL");
    REFUSES(wk_dropout_from_(NULL, NULL, 0.5, true), "dropout_: argument self is NULL");
    REFUSES(wk_dropout_(NULL, 0.5, true), "dropout_: argument self is NULL");
    REFUSES(wk_batch_norm_with((wk_batch_norm_options){.input = NULL, .training = true}),
            "batch_norm: argument input is NULL");
    REFUSES(wk_batch_norm_with((wk_batch_norm_options){.input = x, .running_mean = one}),
            "batch_norm: running_var must be defined in evaluation mode");
    ALLOWS(wk_batch_norm_with((wk_batch_norm_options){.input = x, .training = true}));
    REFUSES(wk_layer_norm_with((wk_layer_norm_options){.input = NULL, .normalized_shape = wk_dims(2)}),
            "layer_norm: argument input is NULL");
    REFUSES(wk_layer_norm_with((wk_layer_norm_options){.input = x, .normalized_shape = {1, NULL}}),
            "layer_norm: argument normalized_shape is NULL");
    ALLOWS(wk_layer_norm_with((wk_layer_norm_options){.input = x, .normalized_shape = wk_dims(2)}));
    REFUSES(wk_group_norm_with((wk_group_norm_options){.input = NULL, .num_groups = 1}),
            "group_norm: argument input is NULL");
    ALLOWS(wk_group_norm_with((wk_group_norm_options){.input = x, .num_groups = 1}));
    REFUSES(wk_binary_cross_entropy_with((wk_binary_cross_entropy_options){.input = NULL, .target = x}),
            "binary_cross_entropy: argument input is NULL");
    REFUSES(wk_binary_cross_entropy_with((wk_binary_cross_entropy_options){.input = x, .target = NULL}),
            "binary_cross_entropy: argument target is NULL");
    REFUSES(wk_binary_cross_entropy_with_logits_with(
                (wk_binary_cross_entropy_with_logits_options){.input = NULL, .target = x}),
            "binary_cross_entropy_with_logits: argument input is NULL");
    REFUSES(wk_binary_cross_entropy_with_logits_with(
                (wk_binary_cross_entropy_with_logits_options){.input = x, .target = NULL}),
            "binary_cross_entropy_with_logits: argument target is NULL");
    ALLOWS(wk_binary_cross_entropy_with_logits_with(
        (wk_binary_cross_entropy_with_logits_options){.input = x, .target = x}));
    REFUSES(wk_mse_loss_with((wk_loss_options){.input = NULL, .target = x}),
            "mse_loss: argument input is NULL");
    REFUSES(wk_mse_loss_with((wk_loss_options){.input = x, .target = NULL}),
            "mse_loss: argument target is NULL");
    REFUSES(wk_l1_loss_with((wk_loss_options){.input = NULL, .target = x}),
            "l1_loss: argument input is NULL");
    REFUSES(wk_l1_loss_with((wk_loss_options){.input = x, .target = NULL}),
            "l1_loss: argument target is NULL");
    REFUSES(wk_nll_loss_with((wk_nll_loss_options){.input = NULL, .target = i64(0)}),
            "nll_loss: argument input is NULL");
    REFUSES(wk_nll_loss_with((wk_nll_loss_options){.input = wk_zeros(1, 2), .target = NULL}),
            "nll_loss: argument target is NULL");
    ALLOWS(wk_nll_loss_with((wk_nll_loss_options){.input = wk_zeros(1, 2), .target = i64(0)}));
    REFUSES(wk_cross_entropy_with((wk_nll_loss_options){.input = NULL, .target = i64(0)}),
            "cross_entropy: argument input is NULL");
    REFUSES(wk_cross_entropy_with((wk_nll_loss_options){.input = wk_zeros(1, 2), .target = NULL}),
            "cross_entropy: argument target is NULL");
}

/* ---- autograd.h ------------------------------------------------------------------------------------- */

static void test_recording(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f32(1));
    REFUSES(wk_requires_grad(NULL), "requires_grad: argument tensor is NULL");
    REFUSES(wk_set_requires_grad_(NULL, true), "requires_grad_: argument tensor is NULL");
    REFUSES(wk_is_leaf(NULL), "is_leaf: argument tensor is NULL");
    REFUSES(wk_grad_of(NULL), "grad: argument tensor is NULL");
    REFUSES(wk_set_grad(NULL, w), "set_grad: argument tensor is NULL");
    ALLOWS(wk_set_grad(w, NULL));
    REFUSES(wk_retain_grad(NULL), "retain_grad: argument tensor is NULL");
    REFUSES(wk_detach(NULL), "detach: argument input is NULL");
    REFUSES(wk_detach_(NULL), "detach_: argument self is NULL");
    TAKES_NO_POINTER(wk_is_grad_enabled);
    TAKES_NO_POINTER(wk_set_grad_enabled);
    TAKES_NO_POINTER(wk_grad_mode_begin);
    TELLS(wk_grad_mode_end(NULL), "grad_mode_end: argument mode is NULL");
    REFUSES(wk_version_of(NULL), "version: argument tensor is NULL");
}

static wk_Tensor *identity(wk_List inputs, void *user)
{
    (void)user;
    return inputs.tensors[0];
}

static void test_backward(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f64(1)), *y = wk_mul(w, 2), *grads[1];
    REFUSES(wk_backward_with((wk_backward_options){.tensor = NULL}), "backward: argument tensor is NULL");
    REFUSES(wk_backward_with((wk_backward_options){.tensor = y, .inputs = wk_list(NONE)}),
            "backward: argument inputs is NULL");
    REFUSES(wk_backward_with((wk_backward_options){.tensor = y, .inputs = {1, NULL}}),
            "backward: argument inputs is NULL");
    REFUSES(wk_grads_with(NULL, (wk_grad_options){.outputs = wk_list(y), .inputs = wk_list(w)}),
            "grad: argument grads is NULL");
    REFUSES(wk_grads_with(grads, (wk_grad_options){.outputs = wk_list(NONE), .inputs = wk_list(w)}),
            "grad: argument outputs is NULL");
    REFUSES(wk_grads_with(grads, (wk_grad_options){.outputs = wk_list(y), .inputs = wk_list(NONE)}),
            "grad: argument inputs is NULL");
    REFUSES(wk_grads_with(grads, (wk_grad_options){.outputs = {1, NULL}, .inputs = wk_list(w)}),
            "grad: argument outputs is NULL");
    REFUSES(wk_grads_with(grads, (wk_grad_options){.outputs = wk_list(y), .inputs = {1, NULL}}),
            "grad: argument inputs is NULL");
    REFUSES(
        wk_grads_with(
            grads, (wk_grad_options){.outputs = wk_list(y), .inputs = wk_list(w), .grad_outputs = {1, NULL}}),
        "grad: argument grad_outputs is NULL");
    REFUSES(wk_grad_with((wk_grad1_options){.output = NULL, .input = w}), "grad: argument outputs is NULL");
    REFUSES(wk_grad_with((wk_grad1_options){.output = y, .input = NULL}), "grad: argument inputs is NULL");
    ALLOWS(wk_grad_with((wk_grad1_options){.output = y, .input = w, .grad_output = NULL}));
    REFUSES(wk_gradcheck_with((wk_gradcheck_options){.function = NULL, .inputs = wk_list(w)}),
            "gradcheck: argument function is NULL");
    REFUSES(wk_gradcheck_with((wk_gradcheck_options){.function = identity, .inputs = wk_list(NONE)}),
            "gradcheck: argument input is NULL");
    REFUSES(wk_gradcheck_with((wk_gradcheck_options){.function = identity, .inputs = {1, NULL}}),
            "gradcheck: argument inputs is NULL");
    REFUSES(wk_gradgradcheck_with((wk_gradcheck_options){.function = NULL, .inputs = wk_list(w)}),
            "gradgradcheck: argument function is NULL");
    REFUSES(wk_gradgradcheck_with((wk_gradcheck_options){.function = identity, .inputs = wk_list(NONE)}),
            "gradgradcheck: argument input is NULL");
    REFUSES(wk_gradgradcheck_with((wk_gradcheck_options){.function = identity, .inputs = {1, NULL}}),
            "gradgradcheck: argument inputs is NULL");
}

static wk_Tensor *hook(wk_Tensor *grad, void *user)
{
    (void)user;
    return grad;
}

static void test_hooks_and_graph(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f32(1));
    REFUSES(wk_register_hook(NULL, hook, NULL), "register_hook: argument tensor is NULL");
    REFUSES(wk_register_hook(w, NULL, NULL), "register_hook: argument hook is NULL");
    REFUSES(wk_register_hook_owned(NULL, hook, NULL, NULL), "register_hook: argument tensor is NULL");
    REFUSES(wk_register_hook_owned(w, NULL, NULL, NULL), "register_hook: argument hook is NULL");
    REFUSES(wk_remove_hook(NULL, 1), "remove_hook: argument tensor is NULL");
    REFUSES(wk_grad_fn(NULL), "grad_fn: argument tensor is NULL");
    REFUSES(wk_node_name(NULL), "node_name: argument node is NULL");
    REFUSES(wk_node_next_count(NULL), "node_next_count: argument node is NULL");
    REFUSES(wk_node_next(NULL, 0), "node_next: argument node is NULL");
    REFUSES(wk_node_variable(NULL), "node_variable: argument node is NULL");
    REFUSES(wk_graph_dot(NULL), "graph_dot: argument tensor is NULL");
}

static bool forward(wk_FunctionContext *ctx, wk_List in, wk_Tensor **out)
{
    REFUSES(wk_save_for_backward(ctx, (wk_List){1, NULL}), "save_for_backward: argument tensors is NULL");
    REFUSES(wk_mark_non_differentiable(ctx, NULL), "mark_non_differentiable: argument output is NULL");
    ALLOWS(wk_save_for_backward(ctx, wk_list(NONE)));
    out[0] = wk_mul(in.tensors[0], 2);
    return true;
}

static bool backward(wk_FunctionContext *ctx, wk_List grad, wk_Tensor **grad_in)
{
    (void)ctx;
    grad_in[0] = wk_mul(grad.tensors[0], 2);
    return true;
}

static void test_own_functions(void **state)
{
    (void)state;
    wk_Tensor *x = f32(1), *out[1];
    static const wk_Function function = {.name = "Own", .forward = forward, .backward = backward},
                             no_forward = {.name = "Own", .backward = backward},
                             no_backward = {.name = "Own", .forward = forward},
                             no_name = {.forward = forward, .backward = backward};
    ALLOWS(wk_function_call(&function, wk_list(x), NULL));
    REFUSES(wk_function_call(NULL, wk_list(x), NULL), "function_apply: argument function is NULL");
    REFUSES(wk_function_call(&no_forward, wk_list(x), NULL), "Own: argument forward is NULL");
    REFUSES(wk_function_call(&no_backward, wk_list(x), NULL), "Own: argument backward is NULL");
    ALLOWS(wk_function_call(&no_name, wk_list(x), NULL));
    REFUSES(wk_function_call(&function, wk_list(NONE), NULL), "Own: argument input is NULL");
    REFUSES(wk_function_call(&function, (wk_List){1, NULL}, NULL), "Own: argument inputs is NULL");
    REFUSES(wk_function_apply(NULL, wk_list(x), NULL, out), "function_apply: argument function is NULL");
    REFUSES(wk_function_apply(&function, wk_list(x), NULL, NULL), "function_apply: argument outputs is NULL");
    REFUSES(wk_save_for_backward(NULL, wk_list(x)), "save_for_backward: argument ctx is NULL");
    REFUSES(wk_saved_tensor(NULL, 0), "saved_tensor: argument ctx is NULL");
    REFUSES(wk_needs_input_grad(NULL, 0), "needs_input_grad: argument ctx is NULL");
    REFUSES(wk_mark_non_differentiable(NULL, x), "mark_non_differentiable: argument ctx is NULL");
    REFUSES(wk_function_user(NULL), "function_user: argument ctx is NULL");
}

static void test_nothing_is_left_out(void **state)
{
    (void)state;
    ROW("A1");
    expect_all_called((const char *const[]){"functional.h", "autograd.h", NULL});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_rows),
        TENSOR_TEST(test_layers),
        TENSOR_TEST(test_recording),
        TENSOR_TEST(test_backward),
        TENSOR_TEST(test_hooks_and_graph),
        TENSOR_TEST(test_own_functions),
        cmocka_unit_test(test_nothing_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
