#define _GNU_SOURCE
/* state_dict and load_state_dict: all that does not fit in one message, and then nothing changed; files of them. */
#include <unistd.h>

#include "nn/net.h"
#include "support/golden.h"

static void test_load_mismatch(void **state)
{
    (void)state;
    ROW("A22");
    wk_Module *net = Net_new();
    wk_StateDict *dict = wk_StateDict_new();
    wk_state_dict_set(dict, "fc1.weight", wk_ones(2, 3));
    wk_state_dict_set(dict, "scale", wk_ones(2));
    wk_state_dict_set(dict, "fc2.weight", wk_ones(2, 4));
    wk_state_dict_set(dict, "x\033", wk_ones(1));
    wk_Tensor *before = wk_clone(wk_detach(wk_get_parameter(net, "fc2.weight")));
    EXPECT_ERROR(wk_load_state_dict(net, dict), WK_ERROR_SHAPE,
                 "Error(s) in loading state_dict for Net:\n"
                 "\tMissing key(s) in state_dict: \"fc1.bias\". \n"
                 "\tUnexpected key(s) in state_dict: \"x\\x1b\". \n"
                 "\tsize mismatch for fc1.weight: copying a param with shape torch.Size([2, 3]) from "
                 "checkpoint, the shape in "
                 "current model is torch.Size([4, 3]).");
    EXPECT_ERROR(wk_load_state_dict(net, dict, .not_strict = true), WK_ERROR_SHAPE,
                 "Error(s) in loading state_dict for Net:\n\tsize mismatch for fc1.weight");
    assert_true(wk_equal(wk_detach(wk_get_parameter(net, "fc2.weight")), before)); /* nothing was changed */
    wk_free(dict);

    dict = wk_StateDict_new();
    wk_state_dict_set(dict, "fc2.weight", wk_ones(2, 4));
    int64_t version = wk_version_of(wk_get_parameter(net, "fc2.weight"));
    EXPECT_TRUE(wk_load_state_dict(net, dict, .not_strict = true));
    EXPECT_VALUES(wk_get_parameter(net, "fc2.weight"), 1, 1, 1, 1, 1, 1, 1, 1);
    assert_true(wk_version_of(wk_get_parameter(net, "fc2.weight")) == version + 1);
    wk_free(dict);
    EXPECT_ERROR(wk_load_state_dict(net, (wk_StateDict *)NULL), WK_ERROR_ARGUMENT,
                 "load_state_dict: argument state is NULL");
    wk_free(net);
}

/* More keys than a message can hold: it says how many. */
static void test_many_missing(void **state)
{
    (void)state;
    ROW("A22");
    wk_Module *net = wk_Sequential_of(0, NULL);
    for (int i = 0; i < 300; i++)
        wk_append(net, wk_Linear(1, 1));
    wk_StateDict *dict = wk_StateDict_new();
    EXPECT_ERROR(wk_load_state_dict(net, dict), WK_ERROR_SHAPE, "\"21.bias\", ... (600 in all). ");
    wk_free(dict);
    wk_free(net);
}

/* Values of other dtypes are converted, and a shape [1] fits a scalar, as in PyTorch. */
static void test_load_converts(void **state)
{
    (void)state;
    wk_Module *net = wk_Linear(2, 2);
    wk_StateDict *dict = wk_StateDict_new();
    wk_state_dict_set(dict, "weight", wk_reshape(f64(1, 2.5, -3, 1e300), 2, 2));
    wk_state_dict_set(dict, "bias", i64(7, -8));
    EXPECT_TRUE(wk_load_state_dict(net, dict));
    EXPECT_VALUES(wk_get_parameter(net, "weight"), 1, 2.5, -3, INFINITY);
    EXPECT_VALUES(wk_get_parameter(net, "bias"), 7, -8);
    assert_int_equal(wk_dtype_of(wk_get_parameter(net, "bias")), wk_float32);
    wk_free(dict), wk_free(net);

    net = wk_BatchNorm1d(2);
    dict = wk_state_dict(net);
    wk_state_dict_set(dict, "num_batches_tracked", f32(3.7));
    EXPECT_TRUE(wk_load_state_dict(net, dict));
    wk_Tensor *tracked = wk_named_buffers(net).items[2].tensor;
    assert_int_equal(wk_dtype_of(tracked), wk_int64);
    assert_int_equal(wk_ndim(tracked), 0);
    EXPECT_VALUES(tracked, 3);
    wk_state_dict_set(dict, "num_batches_tracked", f32(3, 7));
    EXPECT_ERROR(wk_load_state_dict(net, dict), WK_ERROR_SHAPE,
                 "size mismatch for num_batches_tracked: copying a param with shape torch.Size([2]) from "
                 "checkpoint, the shape in current model is torch.Size([]).");
    wk_state_dict_set(dict, "running_var", wk_scalar(1)); /* only the module's side may be a scalar */
    EXPECT_ERROR(wk_load_state_dict(net, dict), WK_ERROR_SHAPE,
                 "size mismatch for running_var: copying a param with shape torch.Size([]) from "
                 "checkpoint, the shape in current model is torch.Size([2]).");
    wk_free(dict), wk_free(net);
}

/* Files of other programs do not count a BatchNorm's batches: the count stays as it is. */
static void test_load_without_count(void **state)
{
    (void)state;
    wk_Module *net = wk_Sequential(wk_BatchNorm1d(2));
    EXPECT_TRUE(wk_call(net, wk_randn(4, 2)) != NULL);
    wk_StateDict *dict = wk_StateDict_new();
    wk_state_dict_set(dict, "0.weight", wk_ones(2));
    wk_state_dict_set(dict, "0.bias", wk_zeros(2));
    wk_state_dict_set(dict, "0.running_mean", wk_full(5, 2));
    EXPECT_ERROR(wk_load_state_dict(net, dict), WK_ERROR_SHAPE,
                 "Missing key(s) in state_dict: \"0.running_var\". ");
    wk_state_dict_set(dict, "0.running_var", wk_ones(2));
    EXPECT_TRUE(wk_load_state_dict(net, dict));
    EXPECT_VALUES(wk_named_buffers(net).items[0].tensor, 5, 5);
    EXPECT_VALUES(wk_named_buffers(net).items[2].tensor, 1);
    wk_free(dict), wk_free(net);
}

/* A dictionary over the module's own memory, turned round. */
static void test_load_overlapping(void **state)
{
    (void)state;
    wk_Module *net = wk_Linear(2, 2, .no_bias = true);
    wk_Tensor *w = wk_detach(wk_get_parameter(net, "weight"));
    wk_copy_(w, wk_reshape(f32(1, 2, 3, 4), 2, 2));
    wk_StateDict *dict = wk_StateDict_new();
    wk_state_dict_set(dict, "weight", wk_t(w));
    EXPECT_TRUE(wk_load_state_dict(net, dict));
    EXPECT_VALUES(w, 1, 3, 2, 4);
    wk_free(dict);
    wk_free(net);
}

static void test_save_load(void **state)
{
    (void)state;
    char path[64];
    snprintf(path, sizeof path, "/tmp/wick-test-module-%d.safetensors", (int)getpid());
    wk_Module *net = Net_new(), *other = Net_new(), *wrong = wk_Linear(3, 4);
    EXPECT_TRUE(wk_save(net, path));
    assert_false(wk_equal(wk_detach(wk_get_parameter(net, "fc1.weight")),
                          wk_detach(wk_get_parameter(other, "fc1.weight"))));
    EXPECT_TRUE(wk_load(other, path));
    for (int i = 0; i < wk_parameters(net).count; i++)
        assert_true(
            wk_equal(wk_detach(wk_parameters(net).tensors[i]), wk_detach(wk_parameters(other).tensors[i])));
    EXPECT_ERROR(wk_load(wrong, path), WK_ERROR_SHAPE,
                 "Error(s) in loading state_dict for Linear:\n\tMissing key(s)");
    unlink(path);
    EXPECT_ERROR(wk_load(other, path), WK_ERROR_IO, path);
    EXPECT_ERROR(wk_save(other, "/nowhere/net.safetensors"), WK_ERROR_IO, "/nowhere");
    wk_free(net), wk_free(other), wk_free(wrong);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_load_mismatch),    TENSOR_TEST(test_many_missing),
        TENSOR_TEST(test_load_converts),    TENSOR_TEST(test_load_without_count),
        TENSOR_TEST(test_load_overlapping), TENSOR_TEST(test_save_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
