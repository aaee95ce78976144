#define _GNU_SOURCE
/* state_dict and load_state_dict: all that does not fit in one message, and then nothing changed; files of them. */
#include <unistd.h>

#include "nn/net.h"
#include "support/golden.h"

/* A22 */
static void test_load_mismatch(void **state)
{
    (void)state;
    wk_Module *net = Net_new();
    wk_StateDict *dict = wk_StateDict_new();
    wk_state_dict_set(dict, "fc1.weight", wk_ones(2, 3));
    wk_state_dict_set(dict, "scale", wk_to_dtype(wk_ones(2), wk_float64));
    wk_state_dict_set(dict, "fc2.weight", wk_ones(2, 4));
    wk_state_dict_set(dict, "x\033", wk_ones(1));
    wk_Tensor *before = wk_clone(wk_detach(wk_get_parameter(net, "fc2.weight")));
    EXPECT_ERROR(wk_load_state_dict(net, dict), WK_ERROR_SHAPE,
                 "Error(s) in loading state_dict for Net:\n"
                 "\tMissing key(s) in state_dict: \"fc1.bias\". \n"
                 "\tUnexpected key(s) in state_dict: \"x\\x1b\". \n"
                 "\tdtype mismatch for scale: copying a param with dtype float64 from checkpoint, the dtype "
                 "in current model is "
                 "float32.\n"
                 "\tsize mismatch for fc1.weight: copying a param with shape torch.Size([2, 3]) from "
                 "checkpoint, the shape in "
                 "current model is torch.Size([4, 3]).");
    EXPECT_ERROR(wk_load_state_dict(net, dict, .not_strict = true), WK_ERROR_SHAPE,
                 "Error(s) in loading state_dict for Net:\n\tdtype mismatch");
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

/* A22: more keys than a message can hold: it says how many. */
static void test_many_missing(void **state)
{
    (void)state;
    wk_Module *net = wk_Sequential_of(0, NULL);
    for (int i = 0; i < 300; i++)
        wk_append(net, wk_Linear(1, 1));
    wk_StateDict *dict = wk_StateDict_new();
    EXPECT_ERROR(wk_load_state_dict(net, dict), WK_ERROR_SHAPE, "\"21.bias\", ... (600 in all). ");
    wk_free(dict);
    wk_free(net);
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
        TENSOR_TEST(test_load_mismatch),
        TENSOR_TEST(test_many_missing),
        TENSOR_TEST(test_load_overlapping),
        TENSOR_TEST(test_save_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
