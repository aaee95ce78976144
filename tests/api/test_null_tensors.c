/* A1: every function of tensors and autograd, given NULL in each place that takes a pointer. */
#include "support/null.h"

#include "wick/runtime.h"

#include <sys/wait.h>
#include <unistd.h>

#define ONE  1, ((const int64_t[]){1})
#define NONE ((wk_Tensor *)NULL)

static const wk_dtype f = wk_float32;

/* ---- errors and the runtime ------------------------------------------------------------------------- */

static void test_errors(void **state)
{
    (void)state;
    TAKES_NO_POINTER(wk_error);
    TAKES_NO_POINTER(wk_error_kind);
    TAKES_NO_POINTER(wk_clear_error);
    IGNORES(wk_on_error(NULL));
    pid_t child = fork();
    if (child == 0) {
        close(2);
        wk_die(WK_ERROR_ARGUMENT, NULL);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    note_called("wk_die");
}

static void test_runtime(void **state)
{
    (void)state;
    uint8_t bytes[WK_RNG_STATE_BYTES];
    TAKES_NO_POINTER(wk_version);
    TAKES_NO_POINTER(wk_set_num_threads);
    TAKES_NO_POINTER(wk_get_num_threads);
    TAKES_NO_POINTER(wk_isa);
    IGNORES(wk_set_memory_hook(NULL, NULL));
    TAKES_NO_POINTER(wk_memory_allocated);
    TAKES_NO_POINTER(wk_max_memory_allocated);
    TAKES_NO_POINTER(wk_empty_cache);
    TAKES_NO_POINTER(wk_scope_begin);
    TAKES_NO_POINTER(wk_scope_end);
    TAKES_NO_POINTER(wk_Generator_new);
    IGNORES(wk_generator_free(NULL));
    TAKES_NO_POINTER(wk_manual_seed);
    IGNORES(wk_generator_manual_seed(NULL, 1));
    TAKES_NO_POINTER(wk_initial_seed);
    ALLOWS(wk_get_rng_state(NULL, bytes));
    ALLOWS(wk_set_rng_state(NULL, bytes));
    REFUSES(wk_get_rng_state(NULL, NULL), "get_rng_state: argument state is NULL");
    REFUSES(wk_set_rng_state(NULL, NULL), "set_rng_state: argument state is NULL");
}

/* ---- tensor.h --------------------------------------------------------------------------------------- */

static void test_creation(void **state)
{
    (void)state;
    float one[] = {1};
    ALLOWS(wk_empty_shape(0, NULL, f));
    REFUSES(wk_empty_shape(1, NULL, f), "empty: argument dims is NULL");
    REFUSES(wk_zeros_shape(1, NULL, f), "zeros: argument dims is NULL");
    REFUSES(wk_ones_shape(1, NULL, f), "ones: argument dims is NULL");
    REFUSES(wk_full_shape(1, NULL, 2, f), "full: argument dims is NULL");
    REFUSES(wk_rand_shape(1, NULL, f), "rand: argument dims is NULL");
    REFUSES(wk_randn_shape(1, NULL, f), "randn: argument dims is NULL");
    REFUSES(wk_randint_shape(0, 2, 1, NULL), "randint: argument dims is NULL");
    REFUSES(wk_empty_like(NULL), "empty_like: argument input is NULL");
    REFUSES(wk_zeros_like(NULL), "zeros_like: argument input is NULL");
    REFUSES(wk_ones_like(NULL), "ones_like: argument input is NULL");
    REFUSES(wk_full_like(NULL, 1), "full_like: argument input is NULL");
    REFUSES(wk_rand_like(NULL), "rand_like: argument input is NULL");
    REFUSES(wk_randn_like(NULL), "randn_like: argument input is NULL");
    TAKES_NO_POINTER(wk_randperm);
    TAKES_NO_POINTER(wk_arange);
    TAKES_NO_POINTER(wk_arange_dtype);
    TAKES_NO_POINTER(wk_linspace);
    TAKES_NO_POINTER(wk_eye);
    TAKES_NO_POINTER(wk_scalar);
    TAKES_NO_POINTER(wk_scalar_dtype);
    REFUSES(wk_tensor_copy(NULL, f, ONE), "tensor: argument data is NULL");
    REFUSES(wk_tensor_copy(one, f, 1, NULL), "tensor: argument dims is NULL");
    REFUSES(wk_from_blob(NULL, ONE, f, NULL, NULL), "from_blob: argument data is NULL");
    REFUSES(wk_from_blob(one, 1, NULL, f, NULL, NULL), "from_blob: argument dims is NULL");
    ALLOWS(wk_from_blob(one, ONE, f, NULL, NULL));
    TAKES_NO_POINTER(wk_set_default_dtype);
    TAKES_NO_POINTER(wk_get_default_dtype);
}

static void test_properties(void **state)
{
    (void)state;
    wk_Tensor *x = f32(1);
    REFUSES(wk_keep(NULL), "keep: argument tensor is NULL");
    IGNORES(wk_tensor_free(NULL));
    REFUSES(wk_ndim(NULL), "ndim: argument tensor is NULL");
    REFUSES(wk_size(NULL, 0), "size: argument tensor is NULL");
    REFUSES(wk_stride(NULL, 0), "stride: argument tensor is NULL");
    REFUSES(wk_numel(NULL), "numel: argument tensor is NULL");
    REFUSES(wk_shape(NULL), "shape: argument tensor is NULL");
    REFUSES(wk_dtype_of(NULL), "dtype: argument tensor is NULL");
    TAKES_NO_POINTER(wk_dtype_name);
    TAKES_NO_POINTER(wk_dtype_size);
    REFUSES(wk_is_contiguous(NULL), "is_contiguous: argument tensor is NULL");
    REFUSES(wk_data_ptr(NULL), "data_ptr: argument tensor is NULL");
    REFUSES(wk_item(NULL), "item: argument tensor is NULL");
    TELLS(assert_int_equal(wk_item_int64(NULL), 0), "item: argument tensor is NULL");
    note_called("wk_item_int64");
    REFUSES(wk_at_index(NULL, ONE), "at: argument tensor is NULL");
    REFUSES(wk_at_index(x, 1, NULL), "at: argument indices is NULL");
    REFUSES(wk_equal(NULL, x), "equal: argument a is NULL");
    REFUSES(wk_equal(x, NULL), "equal: argument b is NULL");
    REFUSES(wk_allclose(NULL, x, 0, 0, false), "allclose: argument a is NULL");
    REFUSES(wk_allclose(x, NULL, 0, 0, false), "allclose: argument b is NULL");
    REFUSES(wk_tensor_str(NULL), "str: argument tensor is NULL");
    REFUSES(wk_tensor_print(NULL), "str: argument tensor is NULL");
    IGNORES(wk_str_free(NULL));
}

static void test_copies_and_random_values(void **state)
{
    (void)state;
    wk_Tensor *x = f32(1);
    REFUSES(wk_to_dtype(NULL, f), "to: argument input is NULL");
    REFUSES(wk_clone(NULL), "clone: argument input is NULL");
    REFUSES(wk_contiguous(NULL), "contiguous: argument input is NULL");
    REFUSES(wk_copy_(NULL, x), "copy_: argument self is NULL");
    REFUSES(wk_copy_(x, NULL), "copy_: argument other is NULL");
    REFUSES(wk_fill_(NULL, 1), "fill_: argument self is NULL");
    REFUSES(wk_zero_(NULL), "zero_: argument self is NULL");
    REFUSES(wk_uniform_(NULL, 0, 1, NULL), "uniform_: argument self is NULL");
    REFUSES(wk_normal_(NULL, 0, 1, NULL), "normal_: argument self is NULL");
    REFUSES(wk_bernoulli_(NULL, 0.5, NULL), "bernoulli_: argument self is NULL");
    REFUSES(wk_random_(NULL, 0, 2, NULL), "random_: argument self is NULL");
    REFUSES(wk_bernoulli(NULL, NULL), "bernoulli: argument input is NULL");
    ALLOWS(wk_uniform_(x, 0, 1, NULL));
    ALLOWS(wk_normal_(x, 0, 1, NULL));
    ALLOWS(wk_bernoulli_(x, 0.5, NULL));
    ALLOWS(wk_bernoulli(x, NULL));
    ALLOWS(wk_random_(x, 0, 2, NULL));
}

/* The families of wk_add and wk_add_, of wk_exp and wk_exp_. */
#define BINARY_REFUSES(name)                                                \
    REFUSES(wk_##name##_tensor(NULL, x), #name ": argument input is NULL"); \
    REFUSES(wk_##name##_tensor(x, NULL), #name ": argument other is NULL"); \
    REFUSES(wk_##name##_double(NULL, 1), #name ": argument input is NULL"); \
    REFUSES(wk_##name##_int64(NULL, 1), #name ": argument input is NULL");  \
    note_called("wk_" #name "_tensor"), note_called("wk_" #name "_double"); \
    note_called("wk_" #name "_int64");
#define INPLACE_REFUSES(name)                                                 \
    BINARY_REFUSES(name)                                                      \
    REFUSES(wk_##name##__tensor(NULL, x), #name "_: argument self is NULL");  \
    REFUSES(wk_##name##__tensor(x, NULL), #name ": argument other is NULL");  \
    REFUSES(wk_##name##__double(NULL, 1), #name "_: argument self is NULL");  \
    REFUSES(wk_##name##__int64(NULL, 1), #name "_: argument self is NULL");   \
    note_called("wk_" #name "__tensor"), note_called("wk_" #name "__double"); \
    note_called("wk_" #name "__int64");
#define UNARY(name, ...)                                           \
    REFUSES(wk_##name(NULL), #name ": argument input is NULL");    \
    REFUSES(wk_##name##_(NULL), #name "_: argument self is NULL"); \
    note_called("wk_" #name), note_called("wk_" #name "_");

static void test_arithmetic(void **state)
{
    (void)state;
    wk_Tensor *x = f32(1);
    INPLACE_REFUSES(add)
    INPLACE_REFUSES(sub)
    INPLACE_REFUSES(mul)
    INPLACE_REFUSES(div)
    INPLACE_REFUSES(floor_divide)
    INPLACE_REFUSES(remainder)
    INPLACE_REFUSES(pow)
    BINARY_REFUSES(maximum)
    BINARY_REFUSES(minimum)
    BINARY_REFUSES(eq)
    BINARY_REFUSES(ne)
    BINARY_REFUSES(lt)
    BINARY_REFUSES(le)
    BINARY_REFUSES(gt)
    BINARY_REFUSES(ge)
#include "kernels/rows.def"
    REFUSES(wk_logical_not(NULL), "logical_not: argument input is NULL");
    REFUSES(wk_logical_not_(NULL), "logical_not_: argument self is NULL");
    REFUSES(wk_add_alpha(NULL, x, 1), "add: argument input is NULL");
    REFUSES(wk_add_alpha(x, NULL, 1), "add: argument other is NULL");
    REFUSES(wk_sub_alpha(NULL, x, 1), "sub: argument input is NULL");
    REFUSES(wk_sub_alpha(x, NULL, 1), "sub: argument other is NULL");
    REFUSES(wk_add_alpha_(NULL, x, 1), "add_: argument self is NULL");
    REFUSES(wk_add_alpha_(x, NULL, 1), "add: argument other is NULL");
    REFUSES(wk_sub_alpha_(NULL, x, 1), "sub_: argument self is NULL");
    REFUSES(wk_sub_alpha_(x, NULL, 1), "sub: argument other is NULL");
    REFUSES(wk_rsub(NULL, 1), "rsub: argument input is NULL");
    REFUSES(wk_scalar_pow(2, NULL), "pow: argument exponent is NULL");
    REFUSES(wk_where(NULL, x, x), "where: argument condition is NULL");
    REFUSES(wk_where(truth(1), NULL, x), "where: argument input is NULL");
    REFUSES(wk_where(truth(1), x, NULL), "where: argument other is NULL");
    REFUSES(wk_masked_fill(NULL, truth(1), 0), "masked_fill: argument input is NULL");
    REFUSES(wk_masked_fill(x, NULL, 0), "masked_fill: argument mask is NULL");
    REFUSES(wk_clamp(NULL, 0, 1), "clamp: argument input is NULL");
    REFUSES(wk_matmul(NULL, x), "matmul: argument a is NULL");
    REFUSES(wk_matmul(x, NULL), "matmul: argument b is NULL");
    REFUSES(wk_mm(NULL, x), "mm: argument input is NULL");
    REFUSES(wk_mm(wk_zeros(1, 1), NULL), "mm: argument mat2 is NULL");
    REFUSES(wk_bmm(NULL, x), "bmm: argument input is NULL");
    REFUSES(wk_bmm(wk_zeros(1, 1, 1), NULL), "bmm: argument mat2 is NULL");
    wk_Tensor *m = wk_zeros(1, 1);
    REFUSES(wk_addmm_with((wk_addmm_options){.input = NULL, .mat1 = m, .mat2 = m}),
            "addmm: argument input is NULL");
    REFUSES(wk_addmm_with((wk_addmm_options){.input = m, .mat1 = NULL, .mat2 = m}),
            "addmm: argument mat1 is NULL");
    REFUSES(wk_addmm_with((wk_addmm_options){.input = m, .mat1 = m, .mat2 = NULL}),
            "addmm: argument mat2 is NULL");
}

static void test_shapes_and_indices(void **state)
{
    (void)state;
    wk_Tensor *x = f32(1), *zero = i64(0);
    REFUSES(wk_view_shape(NULL, ONE), "view: argument input is NULL");
    REFUSES(wk_view_shape(x, 1, NULL), "view: argument dims is NULL");
    REFUSES(wk_reshape_shape(NULL, ONE), "reshape: argument input is NULL");
    REFUSES(wk_reshape_shape(x, 1, NULL), "reshape: argument dims is NULL");
    REFUSES(wk_flatten(NULL, 0, -1), "flatten: argument input is NULL");
    REFUSES(wk_transpose(NULL, 0, 0), "transpose: argument input is NULL");
    REFUSES(wk_t(NULL), "t: argument input is NULL");
    REFUSES(wk_permute_dims(NULL, 1, (int64_t[]){0}), "permute: argument input is NULL");
    REFUSES(wk_permute_dims(x, 1, NULL), "permute: argument dims is NULL");
    REFUSES(wk_squeeze_dims(NULL, 1, (int64_t[]){0}), "squeeze: argument input is NULL");
    REFUSES(wk_squeeze_dims(x, 1, NULL), "squeeze: argument dims is NULL");
    REFUSES(wk_squeeze(NULL), "squeeze: argument input is NULL");
    REFUSES(wk_unsqueeze(NULL, 0), "unsqueeze: argument input is NULL");
    REFUSES(wk_expand_shape(NULL, ONE), "expand: argument input is NULL");
    REFUSES(wk_expand_shape(x, 1, NULL), "expand: argument dims is NULL");
    REFUSES(wk_select(NULL, 0, 0), "select: argument input is NULL");
    REFUSES(wk_slice(NULL, 0, 0, 1, 1), "slice: argument input is NULL");
    REFUSES(wk_narrow(NULL, 0, 0, 1), "narrow: argument input is NULL");
    REFUSES(wk_index_ints(NULL, 1, (int64_t[]){0}), "index: argument input is NULL");
    REFUSES(wk_index_ints(x, 1, NULL), "index: argument indices is NULL");
    REFUSES(wk_as_strided(NULL, ONE, (int64_t[]){1}, 0), "as_strided: argument input is NULL");
    REFUSES(wk_as_strided(x, 1, NULL, (int64_t[]){1}, 0), "as_strided: argument dims is NULL");
    REFUSES(wk_as_strided(x, ONE, NULL, 0), "as_strided: argument strides is NULL");
    REFUSES(wk_as_strided_scatter(NULL, x, ONE, (int64_t[]){1}, 0),
            "as_strided_scatter: argument input is NULL");
    REFUSES(wk_as_strided_scatter(x, NULL, ONE, (int64_t[]){1}, 0),
            "as_strided_scatter: argument source is NULL");
    REFUSES(wk_as_strided_scatter(x, x, 1, NULL, (int64_t[]){1}, 0),
            "as_strided_scatter: argument dims is NULL");
    REFUSES(wk_as_strided_scatter(x, x, ONE, NULL, 0), "as_strided_scatter: argument strides is NULL");
    REFUSES(wk_index_select(NULL, 0, zero), "index_select: argument input is NULL");
    REFUSES(wk_index_select(x, 0, NULL), "index_select: argument index is NULL");
    REFUSES(wk_gather(NULL, 0, zero), "gather: argument input is NULL");
    REFUSES(wk_gather(x, 0, NULL), "gather: argument index is NULL");
    REFUSES(wk_scatter_add(NULL, 0, zero, x), "scatter_add: argument input is NULL");
    REFUSES(wk_scatter_add(x, 0, NULL, x), "scatter_add: argument index is NULL");
    REFUSES(wk_scatter_add(x, 0, zero, NULL), "scatter_add: argument src is NULL");
    REFUSES(wk_cat((wk_List){1, NULL}, 0), "cat: argument tensors is NULL");
    REFUSES(wk_cat(wk_list(x, NONE), 0), "cat: argument tensors is NULL");
    REFUSES(wk_stack((wk_List){1, NULL}, 0), "stack: argument tensors is NULL");
    REFUSES(wk_stack(wk_list(NONE, x), 0), "stack: argument tensors is NULL");
}

static void test_reductions(void **state)
{
    (void)state;
    REFUSES(wk_sum_with((wk_reduce_options){.input = NULL}), "sum: argument input is NULL");
    REFUSES(wk_mean_with((wk_reduce_options){.input = NULL}), "mean: argument input is NULL");
    REFUSES(wk_max(NULL), "max: argument input is NULL");
    REFUSES(wk_min(NULL), "min: argument input is NULL");
    REFUSES(wk_amax_with((wk_reduce_options){.input = NULL}), "amax: argument input is NULL");
    REFUSES(wk_amin_with((wk_reduce_options){.input = NULL}), "amin: argument input is NULL");
    REFUSES(wk_max_dim(NULL, 0, false).values, "max: argument input is NULL");
    REFUSES(wk_min_dim(NULL, 0, false).indices, "min: argument input is NULL");
    REFUSES(wk_argmax_with((wk_reduce_options){.input = NULL}), "argmax: argument input is NULL");
    REFUSES(wk_argmin_with((wk_reduce_options){.input = NULL}), "argmin: argument input is NULL");
    REFUSES(wk_all_with((wk_reduce_options){.input = NULL}), "all: argument input is NULL");
    REFUSES(wk_any_with((wk_reduce_options){.input = NULL}), "any: argument input is NULL");
    REFUSES(wk_sum_with((wk_reduce_options){.input = f32(1), .dims = {1, NULL}}),
            "sum: argument dims is NULL");
    REFUSES(wk_amax_with((wk_reduce_options){.input = f32(1), .dims = {1, NULL}}),
            "amax: argument dims is NULL");
    REFUSES(wk_argmax_with((wk_reduce_options){.input = f32(1), .dims = {1, NULL}}),
            "argmax: argument dims is NULL");
    REFUSES(wk_all_with((wk_reduce_options){.input = f32(1), .dims = {1, NULL}}),
            "all: argument dims is NULL");
}

/* ---- functional.h ----------------------------------------------------------------------------------- */

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
    REFUSES(wk_var_with((wk_var_options){.input = NULL}), "var: argument input is NULL");
    REFUSES(wk_std_with((wk_var_options){.input = NULL}), "std: argument input is NULL");
    REFUSES(wk_norm_with((wk_norm_options){.input = NULL}), "norm: argument input is NULL");
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
    expect_all_called(
        (const char *const[]){"error.h", "runtime.h", "tensor.h", "functional.h", "autograd.h", NULL});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_errors),
        TENSOR_TEST(test_runtime),
        TENSOR_TEST(test_creation),
        TENSOR_TEST(test_properties),
        TENSOR_TEST(test_copies_and_random_values),
        TENSOR_TEST(test_arithmetic),
        TENSOR_TEST(test_shapes_and_indices),
        TENSOR_TEST(test_reductions),
        TENSOR_TEST(test_layers),
        TENSOR_TEST(test_recording),
        TENSOR_TEST(test_backward),
        TENSOR_TEST(test_hooks_and_graph),
        TENSOR_TEST(test_own_functions),
        cmocka_unit_test(test_nothing_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
