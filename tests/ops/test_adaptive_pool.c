/* Adaptive average pooling: against PyTorch (tests/golden/norm.safetensors), messages. */
#include "support/golden.h"

GOLDEN_CASE(adaptive_1_1, wk_adaptive_avg_pool2d(x, 1))
GOLDEN_CASE(adaptive_2_3, wk_adaptive_avg_pool2d(x, .output_size_hw = {2, 3}))
GOLDEN_CASE(adaptive_7_5, wk_adaptive_avg_pool2d(x, .output_size_hw = {WK_NONE, WK_NONE}))
GOLDEN_CASE(adaptive_4_9, wk_adaptive_avg_pool2d(x, .output_size_hw = {4, 9}))
GOLDEN_CASE(adaptive_1_2, wk_adaptive_avg_pool2d(x, .output_size_hw = {1, 2}))

static void test_adaptive_avg_pool2d(void **state)
{
    (void)state;
    expect_golden_case(norm_cases, "adaptive_1_1", adaptive_1_1);
    expect_golden_case(norm_cases, "adaptive_2_3", adaptive_2_3);
    expect_golden_case(norm_cases, "adaptive_7_5", adaptive_7_5);
    expect_golden_case(norm_cases, "adaptive_4_9", adaptive_4_9);
    expect_golden_case(norm_cases, "adaptive_1_2", adaptive_1_2);
    EXPECT_SHAPE(wk_adaptive_avg_pool2d(wk_ones(1, 3, 4, 4), .output_size_hw = {WK_ZERO, 2}), 1, 3, 0, 2);
    EXPECT_SHAPE(wk_adaptive_avg_pool2d(wk_ones(0, 3, 4, 4), 2), 0, 3, 2, 2);
    EXPECT_VALUES(wk_adaptive_avg_pool2d(wk_ones(1, 2, 0, 4), 1), NAN, NAN);
    EXPECT_SHAPE(wk_adaptive_avg_pool2d(wk_ones(4, 4), 1), 1, 1); /* a mean, of any shape */
    EXPECT_SHAPE(wk_adaptive_avg_pool2d(wk_ones(1, 2, 3, 4, 4), 1), 1, 2, 3, 1, 1);
    /* An infinite pixel touches its own windows alone. */
    wk_Tensor *x = wk_view(f32(1, 2, INFINITY, 4), 1, 1, 4);
    EXPECT_VALUES(wk_adaptive_avg_pool2d(x, .output_size_hw = {1, 2}), 1.5, INFINITY);
}

static void test_node_names(void **state)
{
    (void)state;
    wk_Tensor *z = wk_requires_grad_(wk_randn(1, 2, 4, 4));
    EXPECT_NODE(wk_adaptive_avg_pool2d(z, 1), "MeanBackward1");
    EXPECT_NODE(wk_adaptive_avg_pool2d(z, 2), "AdaptiveAvgPool2DBackward0");
}

static void test_messages(void **state)
{
    (void)state;
    wk_Tensor *image = wk_ones(1, 3, 4, 4);
    EXPECT_ERROR(wk_adaptive_avg_pool2d(wk_ones(1, 1, 2, 2, 2), 2), WK_ERROR_SHAPE,
                 "Expected 3D or 4D tensor, but got [1, 1, 2, 2, 2]");
    EXPECT_ERROR(wk_adaptive_avg_pool2d(wk_ones(4), 1), WK_ERROR_INDEX,
                 "Dimension out of range (expected to be in range of [-1, 0], but got -2)");
    EXPECT_ERROR(wk_adaptive_avg_pool2d(image, -1), WK_ERROR_ARGUMENT,
                 "elements of output_size must be greater than or equal to 0 but received {-1, -1}");
    EXPECT_ERROR(wk_adaptive_avg_pool2d(image), WK_ERROR_ARGUMENT, "output_size is not set");
    EXPECT_ERROR(wk_adaptive_avg_pool2d(wk_ones(1, 2, 0, 4), 2), WK_ERROR_SHAPE,
                 "Expected input to have non-zero size for non-batch dimensions, but input has sizes [1, 2, "
                 "0, 4] with dimension 2 "
                 "being empty");
    EXPECT_ERROR(wk_adaptive_avg_pool2d(wk_to_dtype(image, wk_int64), 2), WK_ERROR_DTYPE,
                 "not implemented for 'Long'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_adaptive_avg_pool2d),
        TENSOR_TEST(test_node_names),
        TENSOR_TEST(test_messages),
    };
    return cmocka_run_group_tests(tests, load_norm_cases, free_norm_cases);
}
