/* BatchNorm, LayerNorm, GroupNorm and AdaptiveAvgPool2d against PyTorch (tests/golden/norm.safetensors):
 * text, state, two batches of
 * training and one of evaluation, with their gradients; and what a failed call leaves alone. */
#include "support/golden.h"

/* ---- against PyTorch -------------------------------------------------------------------------------- */

/* The module's state has the keys of the file, and its values. */
static void expect_state(wk_Module *module, const char *name, int step)
{
    wk_StateDict *have = wk_state_dict(module);
    EXPECT_TRUE(have != NULL);
    for (int i = 0; i < have->count; i++) {
        const wk_NamedTensor *entry = &have->entries[i];
        expect_close(entry->tensor, golden(norm_cases, "%s.%d.%s", name, step, entry->name), 1e-5, 1e-6,
                     entry->name);
    }
    wk_state_dict_free(have);
}

static void load_first_state(wk_Module *module, const char *name)
{
    wk_StateDict *first = wk_StateDict_new(), *own = wk_state_dict(module);
    for (int i = 0; i < own->count; i++)
        EXPECT_TRUE(wk_state_dict_set(first, own->entries[i].name,
                                      golden(norm_cases, "%s.first_%s", name, own->entries[i].name)));
    EXPECT_TRUE(wk_load_state_dict(module, first));
    wk_state_dict_free(first);
    wk_state_dict_free(own);
}

static void expect_module(wk_Module *module, const char *name, int state_size)
{
    EXPECT_TRUE(module != NULL);
    char *text = wk_str(module);
    assert_string_equal(text, wk_state_dict_metadata(norm_cases, name));
    wk_str_free(text);
    load_first_state(module, name);
    wk_StateDict *own = wk_state_dict(module);
    assert_int_equal(own->count, state_size);
    wk_state_dict_free(own);
    for (int step = 0; step < 3; step++) {
        wk_train(module, step < 2);
        wk_zero_grad(module);
        wk_Tensor *x = wk_requires_grad_(wk_clone(golden(norm_cases, "%s.%d.x", name, step)));
        wk_Tensor *y = wk_call(module, x);
        expect_close(y, golden(norm_cases, "%s.%d.y", name, step), 1e-5, 1e-5, name);
        EXPECT_TRUE(wk_backward(y, golden(norm_cases, "%s.%d.g", name, step)));
        expect_close(wk_grad_of(x), golden(norm_cases, "%s.%d.grad_x", name, step), 1e-4, 1e-5, name);
        wk_NamedTensors parameters = wk_named_parameters(module);
        for (int i = 0; i < parameters.count; i++)
            expect_close(wk_grad_of(parameters.items[i].tensor),
                         golden(norm_cases, "%s.%d.grad_%s", name, step, parameters.items[i].name), 1e-4,
                         1e-5, name);
        expect_state(module, name, step);
    }
    wk_free(module);
}

static void test_batch_norm(void **state)
{
    (void)state;
    expect_module(wk_BatchNorm1d(3), "BatchNorm1d", 5);
    expect_module(wk_BatchNorm1d(3, .eps = 1e-3, .cumulative = true, .no_bias = true), "BatchNorm1d_all", 4);
    expect_module(wk_BatchNorm2d(4, .momentum = 0.5), "BatchNorm2d", 5);
    expect_module(wk_BatchNorm2d(4, .no_affine = true, .momentum = WK_ZERO), "BatchNorm2d_plain", 3);
    expect_module(wk_BatchNorm2d(4, .no_track_running_stats = true), "BatchNorm2d_untracked", 2);
    expect_module(wk_BatchNorm3d(2), "BatchNorm3d", 5);
}

static void test_layer_and_group_norm(void **state)
{
    (void)state;
    expect_module(wk_LayerNorm(wk_dims(6)), "LayerNorm", 2);
    expect_module(wk_LayerNorm(wk_dims(3, 6), .eps = 1e-6, .no_bias = true), "LayerNorm_all", 1);
    expect_module(wk_LayerNorm(wk_dims(6), .no_elementwise_affine = true), "LayerNorm_plain", 0);
    expect_module(wk_GroupNorm(2, 4), "GroupNorm", 2);
    expect_module(wk_GroupNorm(4, 4, .eps = 1e-3, .no_affine = true), "GroupNorm_plain", 0);
}

static void test_adaptive_avg_pool2d(void **state)
{
    (void)state;
    expect_module(wk_AdaptiveAvgPool2d(2), "AdaptiveAvgPool2d", 0);
    expect_module(wk_AdaptiveAvgPool2d(.output_size_hw = {1, WK_NONE}), "AdaptiveAvgPool2d_pair", 0);
}

static void test_first_values(void **state)
{
    (void)state;
    static const char *const names[] = {"weight", "bias", "running_mean", "running_var",
                                        "num_batches_tracked"};
    wk_Module *norm = wk_BatchNorm2d(2);
    wk_StateDict *dict = wk_state_dict(norm);
    assert_int_equal(dict->count, 5);
    for (int i = 0; i < 5; i++)
        assert_string_equal(dict->entries[i].name, names[i]);
    EXPECT_VALUES(wk_state_dict_get(dict, "weight"), 1, 1);
    EXPECT_VALUES(wk_state_dict_get(dict, "bias"), 0, 0);
    EXPECT_VALUES(wk_state_dict_get(dict, "running_mean"), 0, 0);
    EXPECT_VALUES(wk_state_dict_get(dict, "running_var"), 1, 1);
    assert_int_equal(wk_item_int64(wk_state_dict_get(dict, "num_batches_tracked")), 0);
    assert_int_equal(wk_dtype_of(wk_state_dict_get(dict, "num_batches_tracked")), wk_int64);
    assert_int_equal(wk_parameters(norm).count, 2);
    wk_state_dict_free(dict);
    wk_free(norm);
}

/* ---- messages, failures ----------------------------------------------------------------------------- */

static void test_messages(void **state)
{
    (void)state;
    ROW("A20");
    wk_Module *one = wk_BatchNorm1d(3), *two = wk_BatchNorm2d(3), *group = wk_GroupNorm(2, 4),
              *layer = wk_LayerNorm(wk_dims(4));
    EXPECT_ERROR(wk_call(one, wk_randn(2, 3, 4, 5)), WK_ERROR_SHAPE,
                 "expected 2D or 3D input (got 4D input) (in BatchNorm1d)");
    EXPECT_ERROR(wk_call(two, wk_randn(2, 3, 4)), WK_ERROR_SHAPE, "expected 4D input (got 3D input)");
    EXPECT_ERROR(wk_call(two, wk_randn(2, 4, 4, 4)), WK_ERROR_SHAPE,
                 "running_mean should contain 4 elements not 3");
    EXPECT_ERROR(wk_call(one, wk_randn(1, 3)), WK_ERROR_SHAPE,
                 "Expected more than 1 value per channel when training, got input size torch.Size([1, 3])");
    EXPECT_TRUE(wk_call(wk_eval(one), wk_randn(1, 3)));
    EXPECT_ERROR(wk_call(group, wk_randn(2, 6, 3)), WK_ERROR_SHAPE,
                 "but got weight of shape [4] and input of shape [2, 6, 3]");
    EXPECT_ERROR(wk_call(layer, wk_randn(2, 3)), WK_ERROR_SHAPE,
                 "Given normalized_shape=[4], expected input with shape [*, 4], but got input of size[2, 3]");
    EXPECT_ERROR(wk_GroupNorm(3, 4), WK_ERROR_ARGUMENT,
                 "num_channels (4) must be divisible by num_groups (3)");
    EXPECT_ERROR(wk_GroupNorm(0, 4), WK_ERROR_ARGUMENT, "Expected num groups to be greater than 0, got 0");
    EXPECT_ERROR(wk_BatchNorm1d(-3), WK_ERROR_SHAPE, "negative dimension -3");
    EXPECT_ERROR(wk_LayerNorm(wk_dims(-1)), WK_ERROR_SHAPE, "negative dimension -1");
    EXPECT_ERROR(wk_LayerNorm_with((wk_LayerNorm_options){.eps = 1}), WK_ERROR_SHAPE,
                 "normalized_shape has 0 dimensions");
    wk_free(one), wk_free(two), wk_free(group), wk_free(layer);
}

static void test_a_failed_call_counts_no_batch(void **state)
{
    (void)state;
    wk_Module *norm = wk_BatchNorm1d(3);
    EXPECT_ERROR(wk_call(norm, wk_randn(1, 3)), WK_ERROR_SHAPE, "Expected more than 1 value");
    wk_NamedTensors buffers = wk_named_buffers(norm);
    EXPECT_VALUES(buffers.items[0].tensor, 0, 0, 0);
    assert_int_equal(wk_item_int64(buffers.items[2].tensor), 0);
    EXPECT_TRUE(wk_call(norm, wk_randn(2, 3)));
    assert_int_equal(wk_item_int64(buffers.items[2].tensor), 1);
    wk_free(norm);
}

/* A step is several calls. What ran before the call that fails stays, as in PyTorch: the layer that failed has changed nothing. */
static void test_a_step_that_fails_behind_a_batch_norm(void **state)
{
    (void)state;
    wk_Module *net = wk_Sequential(wk_BatchNorm1d(2, .momentum = 1.0), wk_Linear(2, 3), wk_BatchNorm1d(4));
    wk_Tensor *x = wk_view(f32(1, 2, 3, 6), 2, 2);
    wk_NamedTensors buffers = wk_named_buffers(net);
    const int64_t version = wk_version_of(buffers.items[3].tensor);
    EXPECT_ERROR(wk_call(net, x), WK_ERROR_SHAPE, "running_mean should contain 3 elements not 4");
    assert_int_equal(wk_version_of(buffers.items[3].tensor), version);
    EXPECT_VALUES(buffers.items[0].tensor, 2, 4);
    EXPECT_VALUES(buffers.items[1].tensor, 2, 8);
    assert_int_equal(wk_item_int64(buffers.items[2].tensor), 1);
    EXPECT_VALUES(buffers.items[3].tensor, 0, 0, 0, 0);
    EXPECT_VALUES(buffers.items[4].tensor, 1, 1, 1, 1);
    assert_int_equal(wk_item_int64(buffers.items[5].tensor), 0);
    wk_free(net);
}

static bool fail_when_none_left(size_t bytes, void *user)
{
    int *left = user;
    (void)bytes;
    return (*left)-- > 0;
}

/* Whichever allocation fails, the statistics are those before or those after the call, and so is the count of batches. */
static void test_statistics_move_last(void **state)
{
    (void)state;
    int failures = 0;
    for (int n = 0; n < 100; n++) {
        wk_Scope scope = wk_scope_begin();
        wk_Module *norm = wk_BatchNorm1d(2, .momentum = 1.0);
        wk_Tensor *x = wk_view(f32(1, 2, 3, 6), 2, 2);
        int left = n;
        wk_set_memory_hook(fail_when_none_left, &left);
        wk_Tensor *y = wk_call(norm, x);
        wk_set_memory_hook(NULL, NULL);
        wk_NamedTensors buffers = wk_named_buffers(norm);
        if (y)
            EXPECT_VALUES(buffers.items[0].tensor, 2, 4);
        else
            EXPECT_VALUES(buffers.items[0].tensor, 0, 0);
        EXPECT_VALUES(buffers.items[1].tensor, y ? 2 : 1, y ? 8 : 1);
        assert_int_equal(wk_item_int64(buffers.items[2].tensor), y != NULL);
        failures += !y;
        wk_clear_error();
        wk_free(norm);
        wk_scope_end(scope);
    }
    assert_in_range(failures, 5, 90);
}

static void test_to_dtype(void **state)
{
    (void)state;
    wk_Module *norm = wk_BatchNorm1d(3);
    EXPECT_TRUE(wk_module_to_dtype(norm, wk_float64));
    wk_NamedTensors buffers = wk_named_buffers(norm);
    assert_int_equal(wk_dtype_of(buffers.items[1].tensor), wk_float64);
    assert_int_equal(wk_dtype_of(buffers.items[2].tensor), wk_int64);
    EXPECT_TRUE(wk_call(norm, wk_to_dtype(wk_randn(2, 3), wk_float64)));
    wk_free(norm);
}

/* A small residual net in training: all of it, every allocation failing once. */
static wk_Tensor *train_once(void *user)
{
    (void)user;
    wk_manual_seed(0);
    wk_Tensor *loss = NULL, *result = NULL;
    wk_Module *net =
        wk_Sequential(wk_Conv2d(1, 2, 3), wk_BatchNorm2d(2), wk_ReLU(), wk_GroupNorm(1, 2),
                      wk_AdaptiveAvgPool2d(1), wk_Flatten(), wk_LayerNorm(wk_dims(2)), wk_Linear(2, 1));
    if (net && (loss = wk_mean(wk_call(net, wk_randn(2, 1, 5, 5)))) && wk_backward(loss)) {
        wk_Tensor *weight = wk_get_parameter(net, "1.weight");
        wk_NamedTensors buffers = wk_named_buffers(net);
        if (weight && buffers.count)
            result =
                wk_cat(wk_list(wk_grad_of(weight), buffers.items[0].tensor, wk_view(wk_detach(loss), 1)), 0);
    }
    wk_module_free(net);
    return result;
}

static void test_failing_allocations(void **state)
{
    (void)state;
    assert_true(expect_survives_failing_allocations(train_once, NULL) > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_batch_norm),
        TENSOR_TEST(test_layer_and_group_norm),
        TENSOR_TEST(test_adaptive_avg_pool2d),
        TENSOR_TEST(test_first_values),
        TENSOR_TEST(test_messages),
        TENSOR_TEST(test_a_failed_call_counts_no_batch),
        TENSOR_TEST(test_a_step_that_fails_behind_a_batch_norm),
        TENSOR_TEST(test_statistics_move_last),
        TENSOR_TEST(test_to_dtype),
        TENSOR_TEST(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, load_norm_cases, free_norm_cases);
}
