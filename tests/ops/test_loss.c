/* Losses: every way to call them against PyTorch (tests/golden/loss.safetensors), dtypes, edge values, messages. */
#include "support/golden.h"

/* ---- against PyTorch -------------------------------------------------------------------------------- */

GOLDEN_FILE(cases, "loss.safetensors")

static const char *const reductions[] = {"mean", "sum", "none"};

/* The result, then the gradients of x and of a target of probabilities, as one vector. */
static wk_Tensor *with_gradients(wk_Tensor *y, wk_Tensor *x, wk_Tensor *target, bool recorded)
{
    if (!y)
        return NULL;
    wk_Tensor *grads[2], *parts[3] = {wk_flatten(wk_detach(y), 0, -1)};
    const int count = wk_requires_grad(target) ? 2 : 1;
    wk_Tensor *g = wk_arange_dtype(1, (double)wk_numel(y) + 1, 1, wk_float64);
    g = wk_reshape_shape(g, wk_ndim(y), wk_shape(y));
    EXPECT_TRUE(wk_grads(grads, wk_list(y), {count, ((wk_Tensor *[]){x, target})}, .grad_outputs = wk_list(g),
                         .create_graph = recorded));
    for (int i = 0; i < count; i++)
        parts[i + 1] = wk_flatten(wk_detach(grads[i]), 0, -1);
    return wk_cat((wk_List){count + 1, parts}, 0);
}

static void expect_loss(const char *function, const char *shape, const char *kind, wk_nll_loss_options o)
{
    char name[100];
    const bool soft = strcmp(kind, "soft") == 0;
    snprintf(name, sizeof name, "%s.%s.%s.%d.%d.%s", function, shape, kind, o.weight != NULL,
             o.label_smoothing > 0, reductions[o.reduction]);
    for (int recorded = 0; recorded < 2; recorded++) {
        o.input = wk_requires_grad_(wk_clone(golden(cases, "%s.x", shape)));
        o.target = wk_clone(golden(cases, "%s.%s", shape, kind));
        if (soft)
            wk_requires_grad_(o.target);
        wk_Tensor *y = *function == 'n' ? wk_nll_loss_with(o) : wk_cross_entropy_with(o);
        expect_close(with_gradients(y, o.input, o.target, recorded), golden(cases, "%s", name), 1e-10, 1e-12,
                     name);
    }
}

static void test_every_way_to_call_them(void **state)
{
    (void)state;
    static const char *const shapes[] = {"one", "rows", "planes", "volumes"};
    static const struct {
        const char *name;
        int64_t ignore;
    } kinds[] = {{"soft", -7}, {"soft", -100}, {"soft", 0}, {"hard", 0}, {"hard", -100}, {"ignored", 1}};
    for (size_t s = 0; s < LENGTH(shapes); s++)
        for (size_t k = 0; k < LENGTH(kinds); k++)
            for (int way = 0; way < 12; way++) {
                wk_nll_loss_options o = {.ignore_index = kinds[k].ignore,
                                         .weight = way & 1 ? golden(cases, "%s.weight", shapes[s]) : NULL,
                                         .label_smoothing = way & 2 ? 0.2 : 0,
                                         .reduction = (wk_Reduction)(way / 4)};
                expect_loss("cross_entropy", shapes[s], kinds[k].name, o);
                if (k > 2 && !(way & 2))
                    expect_loss("nll_loss", shapes[s], kinds[k].name, o);
            }
}

/* ---- dtypes ----------------------------------------------------------------------------------------- */

static void test_dtypes_of_targets(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(wk_view(f32(1, 2, 3, 0, 0, 0), 2, 3));
    wk_Tensor *planes = wk_requires_grad_(wk_view(f32(1, 2, 3, 0, 0, 0), 1, 3, 2));
    static const double ways[] = {0, 0.1};
    for (size_t i = 0; i < LENGTH(ways); i++) {
        wk_Tensor *want = wk_cross_entropy(x, i64(2, 0), .label_smoothing = ways[i]);
        wk_Tensor *have = wk_cross_entropy(x, u8(2, 0), .label_smoothing = ways[i]);
        assert_true(wk_equal(have, want) && wk_equal(wk_grad(have, x), wk_grad(want, x)));
        want = wk_cross_entropy(planes, wk_view(i64(2, 0), 1, 2), .label_smoothing = ways[i]);
        have = wk_cross_entropy(planes, wk_view(u8(2, 0), 1, 2), .label_smoothing = ways[i]);
        assert_true(wk_equal(have, want) && wk_equal(wk_grad(have, planes), wk_grad(want, planes)));
    }
    EXPECT_VALUES(wk_nll_loss(x, u8(2, 0)), -1.5);
    /* one sample, its class in a vector of one */
    wk_Tensor *one = wk_requires_grad_(f32(1, 2, 3));
    EXPECT_SCALAR(wk_nll_loss(one, i64(1), .reduction = wk_reduction_none));
    EXPECT_SCALAR(wk_cross_entropy(one, i64(1), .label_smoothing = 0.1, .reduction = wk_reduction_none));
    EXPECT_VALUES(wk_grad(wk_nll_loss(one, i64(1)), one), 0, -1, 0);
    /* probabilities of another dtype lift the result, as arithmetic does */
    assert_int_equal(wk_dtype_of(wk_cross_entropy(x, wk_ones_shape(WK_SHAPE(2, 3), wk_float64))), wk_float64);
}

static void test_dtypes_of_differences(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(f32(1, 0, 3));
    wk_Tensor *targets[] = {i64(4, 0, 1), i32(4, 0, 1), u8(4, 0, 1)};
    for (size_t i = 0; i < LENGTH(targets); i++) {
        wk_Tensor *squares = wk_mse_loss(x, targets[i]);
        assert_int_equal(wk_dtype_of(squares), wk_float32);
        EXPECT_VALUES(squares, 13.0 / 3);
        EXPECT_VALUES(wk_grad(squares, x), -2, 0, 4.0 / 3);
        EXPECT_VALUES(wk_mse_loss(targets[i], x), 13.0 / 3);
        EXPECT_VALUES(wk_l1_loss(x, targets[i]), 5.0 / 3);
        EXPECT_VALUES(wk_grad(wk_l1_loss(x, targets[i]), x), -1.0 / 3, 0, 1.0 / 3);
    }
    EXPECT_VALUES(wk_mse_loss(x, truth(1, 0, 0)), 3);
    EXPECT_VALUES(wk_grad(wk_mse_loss(x, truth(1, 0, 0)), x), 0, 0, 2);
    EXPECT_VALUES(wk_mse_loss(truth(1, 0, 0), x, wk_reduction_none), 0, 0, 9);
    wk_Tensor *wide = wk_requires_grad_(f64(4, 0, 1)), *both = wk_mse_loss(x, wide);
    assert_int_equal(wk_dtype_of(both), wk_float64);
    wk_Tensor *grads[2];
    EXPECT_TRUE(wk_grads(grads, wk_list(both), wk_list(x, wide)));
    assert_int_equal(wk_dtype_of(grads[0]), wk_float32);
    EXPECT_VALUES(grads[0], -2, 0, 4.0 / 3);
    EXPECT_VALUES(grads[1], 2, 0, -4.0 / 3);
    EXPECT_VALUES(wk_l1_loss(i64(1, 0, 3), i32(4, 0, 1), wk_reduction_sum), 5);
    EXPECT_ERROR(wk_mse_loss(i64(1), i64(1), wk_reduction_sum), WK_ERROR_DTYPE,
                 "mse_loss: \"mse_cpu\" not implemented for 'Long'");
    EXPECT_ERROR(wk_mse_loss(u8(1), truth(1)), WK_ERROR_DTYPE, "\"mse_cpu\" not implemented for 'Byte'");
    EXPECT_ERROR(wk_mse_loss(truth(1), truth(1)), WK_ERROR_DTYPE, "\"mse_cpu\" not implemented for 'Bool'");
    EXPECT_ERROR(wk_l1_loss(x, truth(1, 0, 0)), WK_ERROR_DTYPE,
                 "Subtraction, the `-` operator, with a bool tensor is not supported.");
    EXPECT_ERROR(wk_l1_loss(i64(1), i64(1)), WK_ERROR_DTYPE, "could not infer output dtype.");
}

/* ---- messages --------------------------------------------------------------------------------------- */

static wk_Tensor *whole(int ndim, const int64_t *dims)
{
    return wk_zeros_shape(ndim, dims, wk_int64);
}

static void test_messages_of_targets(void **state)
{
    (void)state;
    ROW("A12");
    wk_Tensor *x = wk_requires_grad_(wk_zeros(2, 3)), *one = wk_zeros(3), *planes = wk_zeros(2, 3, 4, 5),
              *line = wk_zeros(2, 3, 4);
    EXPECT_ERROR(wk_cross_entropy(x, i64(0, 3)), WK_ERROR_INDEX,
                 "cross_entropy: Target 3 is out of bounds: target[1]=3, classes=3");
    EXPECT_ERROR(wk_nll_loss(x, i64(-1, 0)), WK_ERROR_INDEX,
                 "nll_loss: Target -1 is out of bounds: target[0]=-1, classes=3");
    EXPECT_ERROR(wk_nll_loss(x, u8(0, 255), .ignore_index = -1), WK_ERROR_INDEX,
                 "Target 255 is out of bounds");
    EXPECT_ERROR(wk_nll_loss(x, i64(0, INT64_MIN)), WK_ERROR_INDEX,
                 "Target -9223372036854775808 is out of bounds");
    EXPECT_ERROR(wk_nll_loss(wk_zeros(2, 0), i64(0, 0)), WK_ERROR_INDEX, "Target 0 is out of bounds");
    EXPECT_ERROR(wk_nll_loss(wk_scalar(1), i64(0)), WK_ERROR_SHAPE, "Expected 1 or more dimensions (got 0)");
    EXPECT_ERROR(wk_cross_entropy(x, i64(0)), WK_ERROR_SHAPE,
                 "cross_entropy: Expected input batch_size (2) to match target batch_size (1).");
    EXPECT_ERROR(wk_nll_loss(x, whole(0, NULL)), WK_ERROR_SHAPE,
                 "Expected input batch_size (2) to match target batch_size (0).");
    EXPECT_ERROR(wk_nll_loss(x, whole(WK_SHAPE(2, 3))), WK_ERROR_SHAPE,
                 "0D or 1D target tensor expected, multi-target not supported");
    EXPECT_ERROR(wk_nll_loss(one, i64(0, 1)), WK_ERROR_SHAPE,
                 "For 1D input, 1D target must have size 1, but got target size: 2");
    EXPECT_ERROR(wk_nll_loss(planes, whole(WK_SHAPE(2, 4))), WK_ERROR_SHAPE,
                 "only batches of spatial targets supported (3D tensors) but got targets of dimension: 2");
    EXPECT_ERROR(wk_cross_entropy(planes, whole(WK_SHAPE(2, 4, 6))), WK_ERROR_SHAPE,
                 "size mismatch (got input: [2, 3, 4, 5] , target: [2, 4, 6]");
    EXPECT_ERROR(wk_cross_entropy(line, whole(WK_SHAPE(2, 5))), WK_ERROR_SHAPE,
                 "Expected target size [2, 4], got [2, 5]");
    EXPECT_ERROR(wk_nll_loss(line, whole(WK_SHAPE(2, 3, 4))), WK_ERROR_SHAPE,
                 "Expected target size [2, 4], got [2, 3, 4]");
    EXPECT_ERROR(wk_nll_loss(x, i32(0, 1)), WK_ERROR_DTYPE,
                 "expected target dtype to be Long or Byte, but got Int");
    EXPECT_ERROR(wk_cross_entropy(x, f32(0, 1)), WK_ERROR_DTYPE,
                 "expected target dtype to be Long or Byte, but got Float");
    EXPECT_ERROR(wk_cross_entropy(x, whole(WK_SHAPE(2, 3))), WK_ERROR_DTYPE,
                 "Expected floating point type for target with class probabilities, got Long");
    EXPECT_ERROR(wk_cross_entropy(wk_to_dtype(x, wk_int64), i64(0, 1)), WK_ERROR_DTYPE,
                 "not implemented for 'Long'");
    EXPECT_ERROR(wk_mse_loss(x, f32(1, 2)), WK_ERROR_SHAPE,
                 "mse_loss: The size of tensor a (3) must match the size of tensor b (2) at non-singleton");
}

static void test_messages_of_options(void **state)
{
    (void)state;
    ROW("A17");
    wk_Tensor *x = wk_zeros(2, 5), *p = wk_full_like(x, 0.2), *t = i64(0, 1);
    wk_Tensor *weights[] = {wk_ones(1), wk_ones(4), wk_ones(5, 1), wk_scalar(1)};
    static const char *const shapes[] = {"[1]", "[4]", "[5, 1]", "[]"};
    for (size_t i = 0; i < LENGTH(weights); i++) {
        char text[200];
        snprintf(text, sizeof text,
                 "weight tensor should be defined either for all 5 classes or no classes but got weight "
                 "tensor of shape: %s",
                 shapes[i]);
        EXPECT_ERROR(wk_cross_entropy(x, p, weights[i]), WK_ERROR_SHAPE, text);
        EXPECT_ERROR(wk_cross_entropy(x, p, weights[i], .label_smoothing = 0.1), WK_ERROR_SHAPE, text);
        EXPECT_ERROR(wk_cross_entropy(x, t, weights[i]), WK_ERROR_SHAPE, text);
        EXPECT_ERROR(wk_nll_loss(x, t, weights[i]), WK_ERROR_SHAPE, text);
    }
    EXPECT_ERROR(wk_nll_loss(x, t, wk_ones_shape(WK_SHAPE(5), wk_float64)), WK_ERROR_DTYPE,
                 "nll_loss: expected scalar type Float but found Double");
    static const int64_t refused[] = {WK_ZERO, 1, 5, INT64_MAX};
    for (size_t i = 0; i < LENGTH(refused); i++)
        EXPECT_ERROR(wk_cross_entropy(x, p, .ignore_index = refused[i]), WK_ERROR_ARGUMENT,
                     "cross_entropy: ignore_index is not supported for floating point target");
    EXPECT_VALUES(wk_cross_entropy(x, p, .ignore_index = -100), 1.6094379124341003);
    EXPECT_VALUES(wk_cross_entropy(x, p, .ignore_index = -1), 1.6094379124341003);
    EXPECT_ERROR(wk_cross_entropy(x, t, .label_smoothing = 1.5), WK_ERROR_ARGUMENT,
                 "label_smoothing must be between 0.0 and 1.0. Got: 1.5");
    EXPECT_ERROR(wk_cross_entropy(x, p, .label_smoothing = -0.5), WK_ERROR_ARGUMENT,
                 "label_smoothing must be between 0.0 and 1.0. Got: -0.5");
    EXPECT_ERROR(wk_cross_entropy(x, t, .label_smoothing = NAN), WK_ERROR_ARGUMENT,
                 "label_smoothing must be between");
    EXPECT_ERROR(wk_mse_loss(x, x, (wk_Reduction)7), WK_ERROR_ARGUMENT,
                 "mse_loss: 7 is not a valid value for reduction");
    EXPECT_ERROR(wk_cross_entropy(x, p, .reduction = (wk_Reduction)-1), WK_ERROR_ARGUMENT,
                 "cross_entropy: -1 is not a valid value for reduction");
}

/* The mean of soft targets is over samples and places alike, whatever the weights: not over batches, classes or weights. */
static void test_what_a_mean_of_soft_targets_is_over(void **state)
{
    (void)state;
    wk_Tensor *x = wk_view(wk_div(wk_arange(0, 24, 1), 10.0), 2, 3, 4), *p = wk_softmax(wk_neg(x), 1);
    EXPECT_VALUES(wk_cross_entropy(x, p, .reduction = wk_reduction_sum), 10.04134369);
    EXPECT_VALUES(wk_cross_entropy(x, p), 10.04134369 / 8);
    wk_Tensor *weight = f32(2, 2, 2);
    EXPECT_VALUES(wk_cross_entropy(x, p, .weight = weight), 10.04134369 / 4);
    EXPECT_VALUES(wk_cross_entropy(wk_select(x, 2, 0), wk_select(p, 2, 0)), 10.04134369 / 8);
    EXPECT_VALUES(wk_cross_entropy(wk_select(wk_select(x, 2, 0), 0, 0), wk_select(wk_select(p, 2, 0), 0, 0)),
                  10.04134369 / 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_every_way_to_call_them), TENSOR_TEST(test_dtypes_of_targets),
        TENSOR_TEST(test_dtypes_of_differences),  TENSOR_TEST(test_messages_of_targets),
        TENSOR_TEST(test_messages_of_options),    TENSOR_TEST(test_what_a_mean_of_soft_targets_is_over),
    };
    return cmocka_run_group_tests(tests, load_cases, free_cases);
}
