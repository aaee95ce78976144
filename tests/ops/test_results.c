/* Operations with several results, sums along a dimension, roll, and the binary cross entropies: against PyTorch
 * (tests/golden/binary.safetensors), nodes, edge values, messages, failing allocations. */
#include "support/golden.h"

GOLDEN_FILE(binary_cases, "binary.safetensors")

static wk_Tensor *class_weight(void)
{
    return f32(0.5, 1, 2);
}

static wk_Tensor *positive_weight(void)
{
    return f32(3, 0.5, 2);
}

GOLDEN_CASE(logits, wk_binary_cross_entropy_with_logits(x, weight))
GOLDEN_CASE(logits_sum,
            wk_binary_cross_entropy_with_logits(x, weight, class_weight(), .reduction = wk_reduction_sum))
GOLDEN_CASE(logits_none, wk_binary_cross_entropy_with_logits(x, weight, .pos_weight = positive_weight(),
                                                             .reduction = wk_reduction_none))
GOLDEN_CASE(logits_all, wk_binary_cross_entropy_with_logits(x, weight, class_weight(), positive_weight()))
GOLDEN_CASE(probabilities, wk_binary_cross_entropy(wk_sigmoid(x), weight))
GOLDEN_CASE(probabilities_none,
            wk_binary_cross_entropy(wk_sigmoid(x), weight, class_weight(), .reduction = wk_reduction_none))
GOLDEN_CASE(aminmax_min, wk_aminmax(x, 1).min)
GOLDEN_CASE(aminmax_both, wk_mul(wk_aminmax(x).min, wk_aminmax(x).max))
GOLDEN_CASE(var_mean, wk_mul(wk_var_mean(x, 0).var, wk_var_mean(x, 0).mean))
GOLDEN_CASE(var_mean_kept, wk_var_mean(x, wk_dims(0, 1), .correction = WK_ZERO, .keepdim = true).mean)
GOLDEN_CASE(cumsum, wk_cumsum(x, 0))
GOLDEN_CASE(cumsum_last, wk_cumsum(wk_mul(x, x), -1))
GOLDEN_CASE(roll, wk_roll(wk_mul(x, x), 4))
GOLDEN_CASE(roll_dims, wk_roll(wk_mul(x, x), wk_dims(-4, 2), wk_dims(1, 0)))

static void test_values_are_pytorchs(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        GoldenCall call;
    } cases[] = {{"logits", logits},
                 {"logits_sum", logits_sum},
                 {"logits_none", logits_none},
                 {"logits_all", logits_all},
                 {"probabilities", probabilities},
                 {"probabilities_none", probabilities_none},
                 {"aminmax_min", aminmax_min},
                 {"aminmax_both", aminmax_both},
                 {"var_mean", var_mean},
                 {"var_mean_kept", var_mean_kept},
                 {"cumsum", cumsum},
                 {"cumsum_last", cumsum_last},
                 {"roll", roll},
                 {"roll_dims", roll_dims}};
    for (size_t i = 0; i < LENGTH(cases); i++)
        expect_golden_case(binary_cases, cases[i].name, cases[i].call);
}

/* Each result is an output of one node; a result that is not used has no gradient to give. */
static void test_results_share_a_node(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(f64(3, 1, 2));
    const wk_MinMax r = wk_aminmax(x);
    EXPECT_NODE(r.min, "AminmaxBackward0");
    assert_ptr_equal(wk_grad_fn(r.min), wk_grad_fn(r.max));
    EXPECT_TRUE(wk_backward(wk_sub(r.max, r.min)));
    EXPECT_VALUES(wk_grad_of(x), 1, -1, 0);
    wk_Tensor *y = wk_requires_grad_(f64(3, 1, 2));
    const wk_VarMean v = wk_var_mean(y);
    EXPECT_NODE(v.mean, "VarMeanBackward0");
    EXPECT_TRUE(wk_backward(v.mean));
    EXPECT_VALUES(wk_grad_of(y), 1. / 3, 1. / 3, 1. / 3);
    EXPECT_TRUE(wk_retain_grad(v.var));
    EXPECT_ERROR(wk_backward(v.var), WK_ERROR_STATE, "backward through the graph a second time");
    /* A saved result that is written to is told. */
    const wk_MinMax changed = wk_aminmax(wk_mul(x, 1), 0);
    wk_add_(changed.max, 1);
    EXPECT_ERROR(wk_backward(wk_add(changed.min, changed.max)), WK_ERROR_STATE,
                 "modified by an inplace operation");
    EXPECT_NODE(wk_cumsum(x, 0), "CumsumBackward0");
    EXPECT_NODE(wk_roll(x, 1), "RollBackward0");
    EXPECT_NODE(wk_binary_cross_entropy_with_logits(x, wk_detach(x)),
                "BinaryCrossEntropyWithLogitsBackward0");
    EXPECT_NODE(wk_binary_cross_entropy(wk_sigmoid(x), f64(0, 1, 0.5)), "BinaryCrossEntropyBackward0");
    wk_no_grad
    {
        const wk_MinMax plain = wk_aminmax(x);
        assert_false(wk_requires_grad(plain.max));
    }
}

static void test_dtypes_and_edges(void **state)
{
    (void)state;
    EXPECT_VALUES(wk_aminmax(f32(1, NAN)).min, NAN);
    EXPECT_VALUES(wk_aminmax(i32(4, -3)).max, 4);
    assert_int_equal(wk_dtype_of(wk_aminmax(i32(4, -3)).max), wk_int32);
    EXPECT_VALUES(wk_cumsum(wk_gt(f32(1, -1, 2), 0), 0), 1, 1, 2);
    assert_int_equal(wk_dtype_of(wk_cumsum(u8(1, 2), 0)), wk_int64);
    EXPECT_VALUES(wk_cumsum(u8(200, 100), 0, .dtype = wk_uint8), 200, 44);
    EXPECT_VALUES(wk_cumsum(i32(INT32_MAX, 1), 0, .dtype = wk_int32), INT32_MAX, INT32_MIN);
    EXPECT_VALUES(wk_cumsum(f32(1e8, 1, -1e8, 1), 0), 1e8, 1e8, 1, 2);
    EXPECT_VALUES(wk_cumsum(wk_scalar(3.0), 0), 3);
    assert_int_equal(wk_numel(wk_cumsum(wk_zeros(0, 3), 1)), 0);
    EXPECT_VALUES(wk_roll(i64(1, 2, 3), -1), 2, 3, 1);
    EXPECT_VALUES(wk_roll(i64(1, 2, 3), INT64_MIN), 3, 1, 2);
    EXPECT_VALUES(wk_roll(wk_scalar(3.0), 2), 3);
    wk_Tensor *x = f32(1, 2), *same = wk_roll(x, 2);
    wk_add_(same, 1);
    EXPECT_VALUES(x, 1, 2);
    assert_int_equal(wk_numel(wk_roll(wk_zeros(0, 3), 1, 1)), 0);
    EXPECT_VALUES(wk_binary_cross_entropy(f32(0, 1, 1, 0), f32(0, 1, 0, 1), .reduction = wk_reduction_none),
                  0, 0, 100, 100);
    EXPECT_VALUES(wk_binary_cross_entropy_with_logits(f32(1000, -1000, 1000, -1000), f32(1, 0, 0, 1),
                                                      .reduction = wk_reduction_none),
                  0, 0, 1000, 1000);
    assert_int_equal(wk_dtype_of(wk_binary_cross_entropy_with_logits(f32(1), f64(1))), wk_float64);
    EXPECT_VALUES(wk_binary_cross_entropy(wk_zeros(0), wk_zeros(0)), NAN);
}

/* Where one size is 0 the others may be any: their product is of no element. */
static void test_huge_sizes_beside_a_zero(void **state)
{
    (void)state;
    const int64_t most = INT64_MAX;
    wk_Tensor *x = wk_zeros(most, 0, 31), *last = wk_zeros(most, 31, 0);
    assert_int_equal(wk_numel(wk_sum(x, wk_dims(0, 2))), 0);
    assert_int_equal(wk_numel(wk_amax(wk_zeros(most, 5, 0), 1)), 0);
    assert_int_equal(wk_numel(wk_aminmax(wk_zeros(most, 5, 0), 1).max), 0);
    assert_int_equal(wk_numel(wk_max_dim(wk_zeros(most, 5, 0), 1, false).indices), 0);
    assert_int_equal(wk_numel(wk_var(x, wk_dims(0, 2))), 0);
    assert_int_equal(wk_numel(wk_var_mean(x, wk_dims(0, 2)).mean), 0);
    assert_int_equal(wk_numel(wk_cumsum(last, 0)), 0);
    assert_int_equal(wk_numel(wk_cumsum(last, 2)), 0);
    assert_int_equal(wk_numel(wk_softmax(last, 1)), 0);
    assert_int_equal(wk_numel(wk_layer_norm(wk_zeros(most, 31, 0, 5), 5)), 0);
    assert_int_equal(wk_numel(wk_roll(last, 3, 1)), 0);
    wk_Tensor *w = wk_requires_grad_(wk_zeros(0, most / 3, 3)),
              *huge = wk_requires_grad_(wk_zeros(most, 0, 31));
    assert_int_equal(wk_size(wk_slice(w, 1, 1, most, 2), 1), (most / 3) / 2);
    assert_int_equal(wk_numel(wk_select(huge, 0, -1)), 0);
    assert_int_equal(wk_numel(wk_unsqueeze(wk_permute(huge, 1, 0, 2), 1)), 0);
    EXPECT_TRUE(
        wk_backward(wk_add(wk_sum(wk_slice(w, 1, most / 4, most, 7)), wk_sum(wk_select(huge, 0, -1)))));
    assert_int_equal(wk_size(wk_grad_of(w), 1), most / 3);
    wk_Tensor *one = wk_as_strided(f32(1, 2, 3), 3, (const int64_t[]){3, 1, 1},
                                   (const int64_t[]){1, most - 1, most / 2}, 0);
    EXPECT_VALUES(wk_add(one, wk_ones(1, 1, 1)), 2, 3, 4);
    EXPECT_ERROR(wk_cat(wk_list(wk_zeros(0, most), wk_zeros(0, most)), 1), WK_ERROR_OVERFLOW,
                 "cat: the sizes of dimension 1 together do not fit in an int64");
    const int64_t least = INT64_MIN;
    EXPECT_ERROR(wk_zeros(least, least, least, least, least, least, least, least), WK_ERROR_SHAPE,
                 "-9223372036854775808, -9223372036854775808]");
    EXPECT_ERROR(wk_sum(wk_zeros(most, 0, 31), 1), WK_ERROR_OVERFLOW, "sum");
}

static void test_mistakes(void **state)
{
    (void)state;
    wk_Tensor *x = wk_zeros(2, 3);
    EXPECT_ERROR(wk_roll(x, wk_dims(1, 2), 0), WK_ERROR_ARGUMENT,
                 "roll: shifts and dimensions must align. shifts: 2, dims:1");
    EXPECT_ERROR(wk_roll(x, wk_dims(1, 2)), WK_ERROR_ARGUMENT,
                 "roll: shifts and dimensions must align. shifts: 2, dims:0");
    EXPECT_ERROR(wk_roll_dims(x, (wk_Dims){0, NULL}, (wk_Dims){0, NULL}), WK_ERROR_ARGUMENT,
                 "roll: `shifts` required");
    EXPECT_ERROR(wk_roll(x, 1, 2), WK_ERROR_INDEX, "Dimension out of range");
    EXPECT_ERROR(wk_roll(wk_scalar(1.0), 1, 0), WK_ERROR_INDEX,
                 "roll: Dimension specified as 0 but tensor has no dimensions");
    EXPECT_ERROR(wk_cumsum(x, 2), WK_ERROR_INDEX, "Dimension out of range");
    EXPECT_ERROR(wk_cumsum(x, 0, .dtype = wk_bool), WK_ERROR_DTYPE,
                 "\"cumsum_out_cpu\" not implemented for 'Bool'");
    EXPECT_ERROR(wk_cumsum(x, 0, .dtype = (wk_dtype)8), WK_ERROR_DTYPE, "there is no dtype 8");
    EXPECT_ERROR(wk_aminmax(wk_zeros(0)).min, WK_ERROR_SHAPE,
                 "aminmax: cannot compute aminmax over an empty dimension as the operation has no identity.");
    EXPECT_ERROR(wk_aminmax(wk_zeros(0, 3), 0).min, WK_ERROR_SHAPE,
                 "aminmax: Expected reduction dim 0 to have non-zero size.");
    EXPECT_ERROR(wk_aminmax(x, wk_dims(0, 1)).min, WK_ERROR_ARGUMENT, "aminmax: takes one dim, got 2");
    EXPECT_ERROR(wk_var_mean(i64(1)).var, WK_ERROR_DTYPE, "var_mean: ");
    EXPECT_ERROR(wk_binary_cross_entropy_with_logits(x, wk_zeros(3)), WK_ERROR_SHAPE,
                 "Target size (torch.Size([3])) must be the same as input size (torch.Size([2, 3]))");
    EXPECT_ERROR(
        wk_binary_cross_entropy(x, wk_zeros(3)), WK_ERROR_SHAPE,
        "Using a target size (torch.Size([3])) that is different to the input size (torch.Size([2, 3])) is "
        "deprecated. Please ensure they have the same size.");
    EXPECT_ERROR(wk_binary_cross_entropy(f32(2), f32(1)), WK_ERROR_DOMAIN,
                 "all elements of input should be between 0 and 1");
    EXPECT_ERROR(wk_binary_cross_entropy(f32(NAN), f32(1)), WK_ERROR_DOMAIN,
                 "all elements of input should be between 0 and 1");
    EXPECT_ERROR(wk_binary_cross_entropy(f32(1), f64(1)), WK_ERROR_DTYPE,
                 "Found dtype Double but expected Float");
    EXPECT_ERROR(wk_binary_cross_entropy(i64(1), i64(1)), WK_ERROR_DTYPE,
                 "\"binary_cross_entropy\" not implemented for 'Long'");
    EXPECT_ERROR(wk_binary_cross_entropy_with_logits(f32(1), i64(1)), WK_ERROR_DTYPE,
                 "result type Float can't be cast to the desired output type Long");
    EXPECT_ERROR(wk_binary_cross_entropy_with_logits(i64(1), f32(1)), WK_ERROR_DTYPE,
                 "\"log_sigmoid_cpu\" not implemented for 'Long'");
    EXPECT_ERROR(wk_binary_cross_entropy_with_logits(x, x, f32(1, 2)), WK_ERROR_SHAPE,
                 "The size of tensor a (3) must match the size of tensor b (2) at non-singleton dimension 1");
    EXPECT_ERROR(wk_binary_cross_entropy_with_logits(f32(1), f32(1), .weight = wk_zeros(2, 1)),
                 WK_ERROR_SHAPE, "weight with shape [2, 1] does not broadcast to that of the input, [1]");
    EXPECT_ERROR(wk_binary_cross_entropy_with_logits(x, x, .pos_weight = wk_requires_grad_(f32(1, 2, 3))),
                 WK_ERROR_STATE, "is not differentiable with respect to argument 'pos_weight'");
    EXPECT_ERROR(wk_binary_cross_entropy(x, x, .reduction = (wk_Reduction)5), WK_ERROR_ARGUMENT,
                 "binary_cross_entropy: 5 is not a valid value for reduction");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_values_are_pytorchs),
        TENSOR_TEST(test_results_share_a_node),
        TENSOR_TEST(test_dtypes_and_edges),
        TENSOR_TEST(test_huge_sizes_beside_a_zero),
        TENSOR_TEST(test_mistakes),
    };
    return cmocka_run_group_tests(tests, load_binary_cases, free_binary_cases);
}
