/* Random values in tensors of any geometry: PyTorch's numbers for seed 0, in the order in which PyTorch puts them. */
#include "support/check.h"

static wk_Tensor *seeded(wk_Tensor *x)
{
    wk_manual_seed(0);
    return x;
}

static void test_fills_follow_the_memory(void **state)
{
    (void)state;
    wk_Tensor *x = wk_uniform_(seeded(wk_t(wk_zeros(4, 3))), 0, 1, NULL);
    EXPECT_VALUES(x, 0.496257, 0.13203, 0.490093, 0.632306, 0.768222, 0.307423, 0.896445, 0.348893, 0.088477,
                  0.634079, 0.455628, 0.401717);
    x = wk_uniform_(seeded(wk_slice(wk_zeros(4, 6), 1, 0, WK_END, 2)), 0, 1, NULL);
    EXPECT_VALUES(x, 0.496257, 0.768222, 0.088477, 0.13203, 0.307423, 0.634079, 0.490093, 0.896445, 0.455628,
                  0.632306, 0.348893, 0.401717);
    x = wk_uniform_(seeded(wk_permute(wk_zeros(2, 3, 2), 1, 2, 0)), 0, 1, NULL);
    EXPECT_VALUES(x, 0.496257, 0.490093, 0.768222, 0.896445, 0.088477, 0.455628, 0.13203, 0.632306, 0.307423,
                  0.348893, 0.634079, 0.401717);
    x = wk_normal_(seeded(wk_t(wk_zeros(6, 3))), 0, 1, NULL);
    EXPECT_VALUES(x, 1.540996, 0.568431, 0.403347, -0.403344, -0.856675, 0.122701, -0.293429, -1.084522,
                  0.838026, -0.596635, 1.100604, -0.566317, -2.178789, -1.398595, -0.719258, 0.182036,
                  -1.071187, 0.373115);
    x = wk_bernoulli_(seeded(wk_t(wk_zeros(4, 3))), 0.5, NULL);
    EXPECT_VALUES(x, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1);
    x = wk_random_(seeded(wk_t(wk_zeros_shape(WK_SHAPE(4, 3), wk_int64))), 0, 10, NULL);
    EXPECT_VALUES(x, 4, 0, 7, 3, 9, 3, 3, 1, 3, 9, 7, 6);
    x = wk_bernoulli(seeded(wk_t(wk_full(0.5, 4, 3))), NULL);
    EXPECT_VALUES(x, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1);
}

static wk_Tensor *numbers(int64_t count)
{
    return wk_arange_dtype(1, (double)count + 1, 1, wk_float32);
}

static void test_dropout_masks(void **state)
{
    (void)state;
    EXPECT_VALUES(wk_dropout(seeded(wk_view(numbers(12), 4, 3)), 0.5, true), 0, 0, 6, 0, 0, 0, 14, 16, 0, 20,
                  22, 24);
    EXPECT_VALUES(wk_dropout(seeded(wk_t(wk_view(numbers(12), 4, 3))), 0.5, true), 0, 0, 14, 20, 0, 0, 16, 22,
                  6, 0, 0, 24);
    EXPECT_VALUES(wk_dropout(seeded(wk_slice(wk_view(numbers(24), 4, 6), 1, 0, WK_END, 2)), 0.5, true), 0, 0,
                  10, 0, 0, 0, 26, 30, 0, 38, 42, 46);
    EXPECT_VALUES(wk_dropout(seeded(wk_expand(numbers(3), 4, 3)), 0.5, true), 0, 0, 6, 0, 0, 0, 2, 4, 0, 2, 4,
                  6);
    wk_Tensor *x = wk_dropout_(seeded(wk_view(numbers(12), 4, 3)), 0.5, true);
    EXPECT_VALUES(x, 0, 0, 6, 0, 0, 0, 14, 16, 0, 20, 22, 24);
}

static void test_other_dtypes(void **state)
{
    (void)state;
    int64_t six = 6;
    EXPECT_VALUES(wk_random_(seeded(wk_zeros_shape(1, &six, wk_int32)), 0, 1000, NULL), 44, 239, 933, 760,
                  963, 379);
    EXPECT_VALUES(wk_random_(seeded(wk_zeros_shape(1, &six, wk_float32)), 0, 1000, NULL), 44, 239, 933, 760,
                  963, 379);
    for (wk_dtype dtype = wk_float32; dtype <= wk_bool; dtype++)
        EXPECT_VALUES(wk_bernoulli_(seeded(wk_zeros_shape(1, &six, dtype)), 0.5, NULL), 0, 0, 1, 0, 0, 0);
}

static void test_creation(void **state)
{
    (void)state;
    wk_manual_seed(0);
    EXPECT_VALUES(wk_randint(0, 100, 5), 44, 39, 33, 60, 63);
    EXPECT_VALUES(wk_randperm(6), 3, 0, 5, 4, 2, 1);
    EXPECT_VALUES(wk_rand_shape(WK_SHAPE(3), wk_float64), 0.7911478921803037, 0.17860617520075095,
                  0.3511076243939284);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_fills_follow_the_memory),
        TENSOR_TEST(test_dropout_masks),
        TENSOR_TEST(test_other_dtypes),
        TENSOR_TEST(test_creation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
