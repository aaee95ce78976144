/* Every function of errors, the runtime and tensors, given NULL in each place that takes a pointer. */
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
    IGNORES(wk_on_error_owned(NULL, NULL, NULL));
    IGNORES(wk_on_warning(NULL));
    pid_t child = fork();
    if (child == 0) {
        close(2);
        wk_die(WK_ERROR_ARGUMENT, NULL);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    note_called("wk_die");
    char out[8];
    REFUSES(wk_quote(NULL, 8, "x"), "quote: argument out is NULL");
    REFUSES(wk_quote(out, 8, NULL), "quote: argument text is NULL");
    REFUSES(wk_closer_word(NULL, NULL, "x"), "closer_word: argument word is NULL");
    REFUSES(wk_closer_word("x", NULL, NULL), "closer_word: argument known is NULL");
    ALLOWS(wk_closer_word("x", NULL, "x"));
}

static void test_runtime(void **state)
{
    (void)state;
    uint8_t bytes[WK_RNG_STATE_BYTES];
    TAKES_NO_POINTER(wk_version);
    ALLOWS(wk_by_place(NULL));
    TAKES_NO_POINTER(wk_set_num_threads);
    TAKES_NO_POINTER(wk_get_num_threads);
    TAKES_NO_POINTER(wk_isa);
    IGNORES(wk_set_memory_hook(NULL, NULL));
    IGNORES(wk_set_memory_hook_owned(NULL, NULL, NULL));
    TAKES_NO_POINTER(wk_memory_allocated);
    TAKES_NO_POINTER(wk_memory_stats);
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
    REFUSES(wk_rand_from(NULL, 1, NULL, f), "rand: argument dims is NULL");
    REFUSES(wk_randn_from(NULL, 1, NULL, f), "randn: argument dims is NULL");
    REFUSES(wk_randint_from(NULL, 0, 2, 1, NULL, f), "randint: argument dims is NULL");
    ALLOWS(wk_randperm_from(NULL, 2));
    REFUSES(wk_rand_like_from(NULL, NULL), "rand_like: argument input is NULL");
    REFUSES(wk_randn_like_from(NULL, NULL), "randn_like: argument input is NULL");
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
    REFUSES(wk_storage_offset(NULL), "storage_offset: argument tensor is NULL");
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
    REFUSES(wk_##name##_uint64(NULL, 1), #name ": argument input is NULL"); \
    note_called("wk_" #name "_tensor"), note_called("wk_" #name "_double"); \
    note_called("wk_" #name "_int64");                                      \
    note_called("wk_" #name "_uint64");
#define INPLACE_REFUSES(name)                                                 \
    BINARY_REFUSES(name)                                                      \
    REFUSES(wk_##name##__tensor(NULL, x), #name "_: argument self is NULL");  \
    REFUSES(wk_##name##__tensor(x, NULL), #name ": argument other is NULL");  \
    REFUSES(wk_##name##__double(NULL, 1), #name "_: argument self is NULL");  \
    REFUSES(wk_##name##__int64(NULL, 1), #name "_: argument self is NULL");   \
    REFUSES(wk_##name##__uint64(NULL, 1), #name "_: argument self is NULL");  \
    note_called("wk_" #name "__tensor"), note_called("wk_" #name "__double"); \
    note_called("wk_" #name "__int64");                                       \
    note_called("wk_" #name "__uint64");
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
    REFUSES(wk_aminmax_with((wk_reduce_options){.input = NULL}).min, "aminmax: argument input is NULL");
    REFUSES(wk_var_with((wk_var_options){.input = NULL}), "var: argument input is NULL");
    REFUSES(wk_std_with((wk_var_options){.input = NULL}), "std: argument input is NULL");
    REFUSES(wk_var_mean_with((wk_var_options){.input = NULL}).mean, "var_mean: argument input is NULL");
    REFUSES(wk_norm_with((wk_norm_options){.input = NULL}), "norm: argument input is NULL");
    REFUSES(wk_cumsum_with((wk_cumsum_options){.input = NULL}), "cumsum: argument input is NULL");
    REFUSES(wk_roll_dims(NULL, wk_dims(1), (wk_Dims){0, NULL}), "roll: argument input is NULL");
    REFUSES(wk_roll_dims(f32(1), (wk_Dims){1, NULL}, (wk_Dims){0, NULL}), "roll: argument shifts is NULL");
    REFUSES(wk_roll_dims(f32(1), wk_dims(1), (wk_Dims){1, NULL}), "roll: argument dims is NULL");
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

static void test_nothing_is_left_out(void **state)
{
    (void)state;
    ROW("A1");
    expect_all_called(
        (const char *const[]){"error.h", "arguments.h", "runtime.h", "tensor.h", "reduce.h", NULL});
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
        cmocka_unit_test(test_nothing_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
