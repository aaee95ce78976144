/* The macros of the public headers: every spelling that compiles means what PyTorch means by it. What must not
 * compile is in refused.txt. */
#include "support/check.h"

#include "wick/wick.h"

/* ---- numbers ---------------------------------------------------------------------------------------- */

static void test_numbers_of_every_type(void **state)
{
    (void)state;
    wk_Tensor *x = f32(1, 3);
    EXPECT_VALUES(wk_mul(x, 0.5L), 0.5, 1.5);
    EXPECT_VALUES(wk_add(x, 0.25L), 1.25, 3.25);
    EXPECT_VALUES(wk_div(x, 0.5L), 2, 6);
    EXPECT_VALUES(wk_pow(x, 0.0L), 1, 1);
    EXPECT_VALUES(wk_mul(x, 0.5f), 0.5, 1.5);
    EXPECT_VALUES(wk_mul(x, 0.5), 0.5, 1.5);
    EXPECT_VALUES(wk_sub(x, (bool)true), 0, 2);
    EXPECT_VALUES(wk_add(x, (char)3), 4, 6);
    EXPECT_VALUES(wk_add(x, (signed char)-3), -2, 0);
    EXPECT_VALUES(wk_add(x, (unsigned char)200), 201, 203);
    EXPECT_VALUES(wk_add(x, (short)-300), -299, -297);
    EXPECT_VALUES(wk_add(x, (unsigned short)40000), 40001, 40003);
    EXPECT_VALUES(wk_add(x, -2), -1, 1);
    EXPECT_VALUES(wk_add(x, 4000000000u), 4000000001.0, 4000000003.0);
    EXPECT_VALUES(wk_add(x, -2L), -1, 1);
    EXPECT_VALUES(wk_add(x, -2LL), -1, 1);
    EXPECT_VALUES(wk_add(x, 2UL), 3, 5);
    EXPECT_VALUES(wk_add(x, (size_t)2), 3, 5);
    EXPECT_VALUES(wk_lt(x, 2ULL), 1, 0);
    EXPECT_VALUES(wk_mul(x, WK_ERROR_ARGUMENT), 1, 3); /* an enumerator */
    EXPECT_VALUES(wk_div_(wk_clone(x), 0.5L), 2, 6);
    EXPECT_VALUES(wk_sub_(wk_clone(x), 2UL), -1, 1);
}

static void test_constant_tensors(void **state)
{
    (void)state;
    wk_Tensor *x = f32(1, 3);
    const wk_Tensor *c = f32(10, 20);
    EXPECT_VALUES(wk_add(x, c), 11, 23);
    EXPECT_VALUES(wk_sub_(wk_clone(x), c), -9, -17);
    EXPECT_VALUES(wk_maximum(x, c), 10, 20);
    EXPECT_ERROR(wk_add(x, NULL), WK_ERROR_ARGUMENT, "add: argument other is NULL");
    char *text = wk_str(c);
    assert_string_equal(text, "tensor([10., 20.])");
    wk_str_free(text);
}

static void test_unsigned_above_int64(void **state)
{
    (void)state;
    ROW("A30");
    uint64_t most = UINT64_MAX, half = (uint64_t)INT64_MAX + 1;
    EXPECT_VALUES(wk_mul(f64(2), half), 18446744073709551616.0);
    EXPECT_VALUES(wk_add(f32(0), most), 18446744073709551616.0);
    EXPECT_VALUES(wk_lt(f32(0), most), 1);
    EXPECT_VALUES(wk_div(i64(0), most), 0);
    EXPECT_VALUES(wk_add(i64(1), (uint64_t)INT64_MAX - 1), 9223372036854775807.0);
    EXPECT_ERROR(wk_add(i64(1), half), WK_ERROR_OVERFLOW,
                 "add: value cannot be converted to type int64_t without overflow: 9223372036854775808");
    EXPECT_ERROR(wk_mul_(u8(1), most), WK_ERROR_OVERFLOW, "mul: value cannot be converted to type int64_t");
    EXPECT_ERROR(wk_eq(truth(1), most), WK_ERROR_OVERFLOW, "18446744073709551615");
    EXPECT_ERROR(wk_eq((wk_Tensor *)NULL, most), WK_ERROR_ARGUMENT, "eq: argument input is NULL");
}

/* ---- sizes ------------------------------------------------------------------------------------------ */

static void expect_dtype(wk_Tensor *x, wk_dtype dtype)
{
    assert_non_null(x);
    assert_int_equal(wk_dtype_of(x), dtype);
}

static void test_a_dtype_behind_the_sizes(void **state)
{
    (void)state;
    wk_dtype variable = wk_uint8;
    size_t n = 2;
    EXPECT_SHAPE(wk_zeros(n, 3, wk_int64), 2, 3);
    expect_dtype(wk_zeros(n, 3, wk_int64), wk_int64);
    EXPECT_SHAPE(wk_zeros(n, (unsigned char)3), 2, 3);
    expect_dtype(wk_zeros(n, 3), wk_float32);
    expect_dtype(wk_ones(2, variable), wk_uint8);
    EXPECT_VALUES(wk_ones(2, variable), 1, 1);
    expect_dtype(wk_empty(0, wk_bool), wk_bool);
    expect_dtype(wk_full(7, 2, wk_int32), wk_int32);
    EXPECT_VALUES(wk_full(7, 2, wk_int32), 7, 7);
    expect_dtype(wk_rand(2, wk_float64), wk_float64);
    expect_dtype(wk_randn(2, wk_float64), wk_float64);
    expect_dtype(wk_randint(0, 9, 2), wk_int64);
    expect_dtype(wk_randint(0, 9, 2, wk_uint8), wk_uint8);
    EXPECT_SHAPE(wk_randint(0, 9, 2, 3, wk_uint8), 2, 3);
    EXPECT_ERROR(wk_zeros(wk_int64, 2), WK_ERROR_SHAPE, "negative dimension"); /* not behind the sizes */
}

static void test_sizes_are_evaluated_once(void **state)
{
    (void)state;
    int64_t n = 1;
    EXPECT_SHAPE(wk_zeros(++n, 3, wk_int64), 2, 3);
    EXPECT_SHAPE(wk_view(wk_zeros(6), n++, -1), 2, 3);
    assert_int_equal(n, 3);
}

/* The numbers are PyTorch's. */
static void test_a_generator_behind_the_sizes(void **state)
{
    (void)state;
    wk_Generator *g = wk_Generator_new();
    wk_dtype dtypes[] = {wk_int64, wk_int32, wk_uint8, wk_float32};
    for (size_t i = 0; i < LENGTH(dtypes); i++) {
        wk_generator_manual_seed(g, 5);
        EXPECT_VALUES(wk_randint(0, 9, 6, dtypes[i], g), 8, 3, 7, 3, 8, 7);
    }
    wk_generator_manual_seed(g, 5);
    uint8_t before[WK_RNG_STATE_BYTES], after[WK_RNG_STATE_BYTES];
    wk_get_rng_state(NULL, before);
    EXPECT_VALUES(wk_rand(3, g), 0.8302518725395203, 0.12611091136932373, 0.9074696898460388);
    EXPECT_VALUES(wk_randn(3, g), -2.1659247875213623, -0.8483762741088867, 2.0342049598693848);
    EXPECT_VALUES(wk_randperm_from(g, 5), 0, 4, 1, 3, 2);
    EXPECT_VALUES(wk_rand(2, wk_float64, g), 0.6346208080294112, 0.20126923929272944);
    wk_get_rng_state(NULL, after); /* the default one has drawn nothing */
    assert_memory_equal(before, after, sizeof before);
    wk_free(g);
}

/* ---- dimensions ------------------------------------------------------------------------------------- */

static void test_dimensions_by_place(void **state)
{
    (void)state;
    wk_Tensor *x = wk_view(f32(1, 2, 3, 4, 5, 6), 2, 3);
    EXPECT_VALUES(wk_sum(x), 21);
    EXPECT_VALUES(wk_sum(x, 0), 5, 7, 9);
    EXPECT_VALUES(wk_sum(x, -1), 6, 15);
    EXPECT_VALUES(wk_sum(x, wk_dims(1)), 6, 15);
    EXPECT_VALUES(wk_sum(x, wk_dims(0, 1)), 21);
    EXPECT_SHAPE(wk_mean(x, 0, true), 1, 3);
    EXPECT_VALUES(wk_mean(x, 0, true), 2.5, 3.5, 4.5);
    EXPECT_SHAPE(wk_mean(x, wk_dims(0, 1), .keepdim = true), 1, 1);
    EXPECT_SHAPE(wk_sum(x, WK_ALL, .keepdim = true), 1, 1);
    expect_dtype(wk_sum(x, WK_ALL, .dtype = wk_float64), wk_float64);
    expect_dtype(wk_sum(x, .dtype = wk_float64), wk_float64);
    EXPECT_VALUES(wk_sum(x, .dtype = wk_float64), 21);
    EXPECT_VALUES(wk_sum(x, WK_ALL), 21);
    EXPECT_VALUES(wk_sum(x, .dims = wk_dims(0)), 5, 7, 9);
    EXPECT_SHAPE(wk_sum(x, .keepdim = true), 1, 1);
    const int axis = 0;
    EXPECT_VALUES(wk_sum(wk_sum(x, axis), axis), 21);
    wk_reduce_options first =
        wk_reduce_options_placed((wk_reduce_options){.input = x, .dims = {0, NULL}}, true);
    wk_reduce_options last =
        wk_reduce_options_placed((wk_reduce_options){.input = x, .dims = {1, NULL}}, true);
    EXPECT_VALUES(wk_sum_with(first), 5, 7, 9); /* the arguments of one function may be evaluated in turns */
    EXPECT_VALUES(wk_sum_with(last), 6, 15);
    EXPECT_ERROR(wk_sum(x, 7), WK_ERROR_INDEX, "expected to be in range of [-2, 1], but got 7");
    EXPECT_VALUES(wk_norm(x, 0), 6);
    EXPECT_VALUES(wk_norm(x, .p = 1), 21);
    EXPECT_VALUES(wk_norm(x, .dims = wk_dims(1)), 3.741657387, 8.774964387);
    EXPECT_VALUES(wk_amax(x, 0), 4, 5, 6);
    EXPECT_VALUES(wk_amin(x, 1), 1, 4);
    EXPECT_VALUES(wk_argmax(x, 0), 1, 1, 1);
    EXPECT_VALUES(wk_argmin(x, 1, true), 0, 0);
    EXPECT_VALUES(wk_all(x, 0), 1, 1, 1);
    EXPECT_VALUES(wk_any(x, 1), 1, 1);
    EXPECT_VALUES(wk_var(x, 0), 4.5, 4.5, 4.5);
    EXPECT_SHAPE(wk_var(x, 0, true), 1, 3);
    EXPECT_VALUES(wk_var(x, 0, .correction = WK_ZERO), 2.25, 2.25, 2.25);
    EXPECT_VALUES(wk_std(x, 1), 1, 1);
    EXPECT_ERROR(wk_sum(x, 2), WK_ERROR_INDEX, "expected to be in range of [-2, 1], but got 2");
}

static void test_norm_and_layer_norm_by_place(void **state)
{
    (void)state;
    wk_Tensor *x = wk_view(f32(3, 0, 4, 0), 2, 2);
    EXPECT_VALUES(wk_norm(x), 5);
    EXPECT_VALUES(wk_norm(x, 1), 7);
    EXPECT_VALUES(wk_norm(x, 0), 2);
    EXPECT_VALUES(wk_norm(x, 2, 0), 5, 0);
    EXPECT_SHAPE(wk_norm(x, 2, 0, true), 1, 2);
    EXPECT_SHAPE(wk_norm(x, INFINITY, wk_dims(0, 1), .keepdim = true), 1, 1);
    EXPECT_VALUES(wk_layer_norm(x, 2), 1, -1, 1, -1);
    EXPECT_VALUES(wk_layer_norm(x, 2, f32(1, 1), f32(1, 1)), 2, 0, 2, 0);
    EXPECT_SHAPE(wk_layer_norm(x, wk_dims(2, 2), .eps = 1), 2, 2);
    wk_Module *norm = wk_LayerNorm(2), *both = wk_LayerNorm(wk_dims(2, 2), .eps = 1);
    EXPECT_VALUES(wk_call(norm, x), 1, -1, 1, -1);
    assert_non_null(both);
    wk_free(norm), wk_free(both);
}

/* ---- options ---------------------------------------------------------------------------------------- */

static void expect_print(wk_Module *module, const char *want)
{
    char *text = wk_str(module);
    assert_non_null(text);
    assert_string_equal(text, want);
    wk_str_free(text);
    wk_free(module);
}

static void test_options_by_place(void **state)
{
    (void)state;
    const char *conv = "Conv2d(1, 6, kernel_size=(5, 5), stride=(2, 2), padding=(1, 1))";
    expect_print(wk_Conv2d(1, 6, 5, 2, 1), conv);
    expect_print(wk_Conv2d(1, 6, .kernel_size_hw = {5, 5}, .stride = 2, .padding_hw = {1, 1}), conv);
    expect_print(wk_Flatten(), "Flatten(start_dim=1, end_dim=-1)");
    expect_print(wk_Flatten(0), "Flatten(start_dim=0, end_dim=-1)");
    expect_print(wk_Flatten(0, 1), "Flatten(start_dim=0, end_dim=1)");
    expect_print(wk_Flatten(.end_dim = 2), "Flatten(start_dim=1, end_dim=2)");
    expect_print(wk_AdaptiveAvgPool2d(0), "AdaptiveAvgPool2d(output_size=0)");
    expect_print(wk_BatchNorm2d(3, 0, .1, .no_affine = true),
                 "BatchNorm2d(3, eps=0.0, momentum=0.1, affine=False, bias=False, track_running_stats=True)");
    expect_print(wk_GroupNorm(2, 4, 0), "GroupNorm(2, 4, eps=0.0, affine=True, bias=True)");
    expect_print(wk_LayerNorm(4, 0), "LayerNorm((4,), eps=0.0, elementwise_affine=True, bias=True)");
    expect_print(wk_Linear(0, 0), "Linear(in_features=0, out_features=0, bias=True)");
    wk_Tensor *w = wk_requires_grad_(f32(1));
    wk_Optimizer *sgd = wk_SGD(wk_list(w), 0), *adam = wk_Adam(wk_list(w), 0),
                 *rms = wk_RMSprop((wk_List){1, &w}), *unset = wk_SGD(wk_list(w), .momentum = 0.9);
    assert_true(wk_get_lr(sgd) == 0 && wk_get_lr(adam) == 0);
    assert_true(wk_get_lr(rms) == 0.01 && wk_get_lr(unset) == 0.001);
    wk_free(sgd), wk_free(adam), wk_free(rms), wk_free(unset);
    wk_Tensor *x = wk_ones(2, 2);
    EXPECT_VALUES(wk_xavier_uniform_(x, 0), 0, 0, 0, 0);
}

static void test_arguments_that_are_missing(void **state)
{
    (void)state;
    ROW("A40");
    EXPECT_ERROR(wk_Conv2d(1, 6), WK_ERROR_ARGUMENT, "Conv2d: missing argument 'kernel_size'");
    EXPECT_ERROR(wk_Conv2d(1, 6, .stride = 2), WK_ERROR_ARGUMENT, "Conv2d: missing argument 'kernel_size'");
    EXPECT_ERROR(wk_MaxPool2d(), WK_ERROR_ARGUMENT, "MaxPool2d: missing argument 'kernel_size'");
    EXPECT_ERROR(wk_AvgPool2d(.padding = 1), WK_ERROR_ARGUMENT, "AvgPool2d: missing argument 'kernel_size'");
    EXPECT_ERROR(wk_AdaptiveAvgPool2d(), WK_ERROR_ARGUMENT,
                 "AdaptiveAvgPool2d: missing argument 'output_size'");
    EXPECT_ERROR(wk_max_pool2d(wk_ones(1, 4, 4), .padding = 0), WK_ERROR_ARGUMENT,
                 "stride should not be zero");
    wk_Dataset *set = wk_TensorDataset(wk_list(f32(1)));
    EXPECT_ERROR(wk_DataLoader(set, 0), WK_ERROR_ARGUMENT, "batch_size");
}

/* PyTorch's bias=False as a third argument would be no_bias=false. */
static void test_arguments_that_wick_names_by_their_opposite(void **state)
{
    (void)state;
    ROW("A41");
    wk_Module *net = wk_Linear(1, 1);
    wk_StateDict *dict = wk_state_dict(net);
    EXPECT_ERROR(wk_Linear(10, 5, false), WK_ERROR_ARGUMENT,
                 "Linear: takes 2 positional arguments but 3 were given: no_bias by name");
    EXPECT_ERROR(wk_Conv2d(1, 1, 1, 1, 0, 1, 1, false), WK_ERROR_ARGUMENT, "Conv2d: takes 7 positional");
    EXPECT_ERROR(wk_AvgPool2d(2, 2, 0, false, true), WK_ERROR_ARGUMENT, "AvgPool2d: takes 4 positional");
    EXPECT_ERROR(wk_BatchNorm1d(3, 1e-5, 0.1, true), WK_ERROR_ARGUMENT, "BatchNorm1d: takes 3 positional");
    EXPECT_ERROR(wk_LayerNorm(3, 1e-5, true), WK_ERROR_ARGUMENT, "LayerNorm: takes 2 positional");
    EXPECT_ERROR(wk_GroupNorm(1, 3, 1e-5, true), WK_ERROR_ARGUMENT, "GroupNorm: takes 3 positional");
    EXPECT_ERROR(wk_MNIST("data", true), WK_ERROR_ARGUMENT, "MNIST: takes 1 positional");
    EXPECT_ERROR(wk_load_state_dict(net, dict, false), WK_ERROR_ARGUMENT,
                 "load_state_dict: takes 2 positional");
    EXPECT_ERROR(wk_kaiming_normal_(wk_ones(2, 2), 0, true), WK_ERROR_ARGUMENT,
                 "kaiming_normal_: takes 2 positional");
    wk_free(dict), wk_free(net);
}

static void test_places_in_a_text(void **state)
{
    (void)state;
    assert_int_equal(wk_by_place(""), 0);
    assert_int_equal(wk_by_place("x"), 1);
    assert_int_equal(wk_by_place("f(a, b), {1, 2}[0], \",\", ',', '\\'', .5, .stride = 2, 3"), 6);
    assert_int_equal(wk_by_place(".a = {1, 2}, .b = 3"), 0);
    assert_int_equal(wk_by_place("(wk_List){1, &w}, .lr = 0"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_numbers_of_every_type),
        TENSOR_TEST(test_constant_tensors),
        TENSOR_TEST(test_unsigned_above_int64),
        TENSOR_TEST(test_a_dtype_behind_the_sizes),
        TENSOR_TEST(test_sizes_are_evaluated_once),
        TENSOR_TEST(test_dimensions_by_place),
        TENSOR_TEST(test_a_generator_behind_the_sizes),
        TENSOR_TEST(test_norm_and_layer_norm_by_place),
        TENSOR_TEST(test_options_by_place),
        TENSOR_TEST(test_arguments_that_are_missing),
        TENSOR_TEST(test_arguments_that_wick_names_by_their_opposite),
        TENSOR_TEST(test_places_in_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
