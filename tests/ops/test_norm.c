/* Normalisation: against PyTorch (tests/golden/norm.safetensors), edge values, messages, the same bits for any number of threads, orders
 * in memory, failing allocations. */
#include "support/golden.h"

/* ---- against PyTorch -------------------------------------------------------------------------------- */

static double batch_momentum;
static bool batch_training;

static wk_Tensor *batch_case(const char *name, wk_Tensor *x, wk_Tensor *weight, wk_Tensor *bias)
{
    wk_Tensor *mean = wk_clone(golden(norm_cases, "%s.mean_before", name)),
              *var = wk_clone(golden(norm_cases, "%s.var_before", name));
    wk_Tensor *y =
        wk_batch_norm(x, mean, var, weight, bias, .training = batch_training, .momentum = batch_momentum);
    expect_close(mean, golden(norm_cases, "%s.mean_after", name), 1e-6, 1e-7, name);
    expect_close(var, golden(norm_cases, "%s.var_after", name), 1e-6, 1e-7, name);
    return y;
}

static void test_batch_norm(void **state)
{
    (void)state;
    batch_training = true;
    batch_momentum = 0;
    expect_golden_case(norm_cases, "batch_norm", batch_case);
    expect_golden_case(norm_cases, "batch_norm_planes", batch_case);
    expect_golden_case(norm_cases, "batch_norm_large", batch_case);
    batch_momentum = 0.3;
    expect_golden_case(norm_cases, "batch_norm_plain", batch_case);
    batch_training = false;
    expect_golden_case(norm_cases, "batch_norm_eval", batch_case);
    expect_golden_case(norm_cases, "batch_norm_eval_large", batch_case);
}

GOLDEN_CASE(layer, wk_layer_norm(x, wk_dims(7), weight, bias))
GOLDEN_CASE(layer_two, wk_layer_norm(x, wk_dims(5, 7), weight))
GOLDEN_CASE(layer_plain, wk_layer_norm(x, wk_dims(40), .eps = 1e-3))
GOLDEN_CASE(layer_bias, wk_layer_norm(x, wk_dims(40), NULL, bias))
GOLDEN_CASE(group, wk_group_norm(x, 3, weight, bias))
GOLDEN_CASE(group_flat, wk_group_norm(x, 2, weight, bias))
GOLDEN_CASE(group_plain, wk_group_norm(x, 1, .eps = 1e-2))

static void test_layer_and_group_norm(void **state)
{
    (void)state;
    expect_golden_case(norm_cases, "layer_norm", layer);
    expect_golden_case(norm_cases, "layer_norm_two", layer_two);
    expect_golden_case(norm_cases, "layer_norm_plain", layer_plain);
    expect_golden_case(norm_cases, "layer_norm_bias", layer_bias);
    expect_golden_case(norm_cases, "group_norm", group);
    expect_golden_case(norm_cases, "group_norm_flat", group_flat);
    expect_golden_case(norm_cases, "group_norm_plain", group_plain);
}

static void test_node_names(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(wk_randn(4, 3));
    wk_Tensor *y = wk_batch_norm(x, .training = true);
    EXPECT_NODE(y, "NativeBatchNormBackward0");
    assert_int_equal(wk_node_next_count(wk_grad_fn(y)), 3);
    assert_null(wk_node_next(wk_grad_fn(y), 1));
    EXPECT_NODE(wk_layer_norm(x, wk_dims(3)), "NativeLayerNormBackward0");
    EXPECT_NODE(wk_group_norm(x, 1), "NativeGroupNormBackward0");
}

/* ---- edge values ------------------------------------------------------------------------------------ */

static void test_large_mean(void **state)
{
    (void)state;
    /* [0 .. 11] + 1e4 in 3 columns: the values are those of [0 .. 11]. */
    wk_Tensor *x = wk_view(wk_arange_dtype(0, 12, 1, wk_float32), 4, 3), *far = wk_add(x, 1e4);
    wk_Tensor *mean = wk_zeros(3), *var = wk_ones(3);
    wk_Tensor *want = wk_batch_norm(x, .training = true);
    expect_close(wk_batch_norm(far, mean, var, .training = true), want, 1e-6, 1e-6, "batch_norm");
    EXPECT_VALUES(mean, 1000.45, 1000.55, 1000.65);
    EXPECT_VALUES(var, 2.4, 2.4, 2.4);
    expect_close(wk_layer_norm(far, wk_dims(3)), wk_layer_norm(x, wk_dims(3)), 1e-6, 1e-6, "layer_norm");
    expect_close(wk_group_norm(wk_view(far, 2, 2, 3), 1), wk_group_norm(wk_view(x, 2, 2, 3), 1), 1e-6, 1e-6,
                 "group_norm");
    EXPECT_VALUES(wk_var(f32(1e7, 1e7 + 1, 1e7 + 2)), 1);
    EXPECT_VALUES(wk_var(f32(10004, 10007, 10013, 10016)), 30);
    EXPECT_VALUES(wk_var(wk_view(f32(10004, 10007, 10013, 10016), 4, 1), wk_dims(0)), 30);
}

enum { FAR_ROWS, FAR_GROUPS, FAR_PLANES, FAR_COLUMNS, FAR_CHANNELS, FAR_VAR, FAR_STD, FAR_KINDS };

/* x is [12, 8]. */
static wk_Tensor *of_kind(int kind, wk_Tensor *x, wk_Tensor *w, wk_Tensor *b, wk_Tensor *running)
{
    switch (kind) {
    case FAR_ROWS:
        return wk_layer_norm(x, wk_dims(8), w, b);
    case FAR_GROUPS:
        return wk_group_norm(x, 2, w, b);
    case FAR_PLANES:
        return wk_group_norm(wk_view(x, 1, 8, 12), 2, w, b);
    case FAR_COLUMNS:
        return wk_batch_norm(x, running, NULL, w, b, .training = true, .momentum = 0.5);
    case FAR_CHANNELS:
        return wk_batch_norm(wk_expand(wk_view(x, 1, 8, 12, 1), 1, 8, 12, 9), running, NULL, w, b,
                             .training = true, .momentum = 0.5);
    default: /* w and b only take part */
        return wk_mul(kind == FAR_VAR ? wk_var(x, wk_dims(1)) : wk_std(x, wk_dims(1)),
                      wk_add(wk_sum(w), wk_sum(b)));
    }
}

/* The result, the gradients of x, w and b, and the running mean, of whole numbers between base and base + 50. */
static void results_at(double base, int kind, wk_dtype dtype, bool recorded, wk_Tensor *results[5])
{
    const int64_t eight[] = {8};
    wk_manual_seed(1);
    wk_Tensor *x = wk_to_dtype(wk_add(wk_to_dtype(wk_randint(0, 50, 12, 8), wk_float64), base), dtype);
    wk_Tensor *w = wk_requires_grad_(wk_randn_shape(1, eight, dtype)),
              *b = wk_requires_grad_(wk_randn_shape(1, eight, dtype));
    results[4] = wk_full_shape(1, eight, -base, dtype);
    results[0] = of_kind(kind, wk_requires_grad_(x), w, b, results[4]);
    wk_Tensor *g = wk_randn_shape(wk_ndim(results[0]), wk_shape(results[0]), dtype);
    EXPECT_TRUE(wk_grads(results + 1, wk_list(results[0]), wk_list(x, w, b), .grad_outputs = wk_list(g),
                         .create_graph = recorded));
}

/* The mean itself is subtracted, not the nearest number of the dtype: so far from 0 that is a whole number. */
static void test_means_between_two_numbers(void **state)
{
    (void)state;
    static const struct {
        wk_dtype dtype;
        double base, tolerance;
    } cases[] = {{wk_float32, 0x1p23, 3e-6}, {wk_float64, 0x1p52, 1e-14}};
    for (size_t d = 0; d < LENGTH(cases); d++)
        for (int kind = 0; kind < FAR_KINDS; kind++)
            for (int recorded = 0; recorded < 2; recorded++) {
                wk_Tensor *near[5], *far[5];
                results_at(0, kind, cases[d].dtype, recorded, near);
                results_at(cases[d].base, kind, cases[d].dtype, recorded, far);
                for (int i = 0; i < 5; i++) {
                    char text[64];
                    snprintf(text, sizeof text, "kind %d, recorded %d, result %d", kind, recorded, i);
                    if (i < 4 || kind == FAR_COLUMNS || kind == FAR_CHANNELS)
                        expect_close(wk_detach(far[i]), wk_detach(near[i]), cases[d].tolerance,
                                     cases[d].tolerance, text);
                }
            }
}

/* Lines and columns longer than a block of the kernels: a block's mean may be infinite, or too far from another's for their difference. */
static void test_means_of_blocks_that_are_not_finite(void **state)
{
    (void)state;
    static const wk_dtype dtypes[] = {wk_float32, wk_float64};
    for (size_t d = 0; d < LENGTH(dtypes); d++) {
        const double largest = dtypes[d] == wk_float32 ? 0x1p127 : 0x1p1023;
        wk_Tensor *x = wk_ones_shape(3, (int64_t[]){1, 5, 5000}, dtypes[d]);
        wk_Tensor *mean = wk_zeros_shape(1, (int64_t[]){5}, dtypes[d]), *columns = wk_clone(mean);
        wk_fill_(wk_index(x, 0, 0, 4999), INFINITY);
        wk_fill_(wk_index(x, 0, 1, 0), -INFINITY);
        wk_fill_(wk_index(x, 0, 2, 0), INFINITY);
        wk_fill_(wk_index(x, 0, 2, 4999), -INFINITY);
        wk_fill_(wk_index(x, 0, 3, 4500), NAN);
        wk_fill_(wk_slice(wk_index(x, 0, 4), 0, 0, 4096, 1), largest);
        wk_fill_(wk_slice(wk_index(x, 0, 4), 0, 4096, 5000, 1), -largest);
        wk_Tensor *rows = wk_contiguous(wk_t(wk_index(x, 0)));
        EXPECT_TRUE(wk_batch_norm(x, mean, NULL, .training = true, .momentum = 1));
        EXPECT_TRUE(wk_batch_norm(rows, columns, NULL, .training = true, .momentum = 1));
        EXPECT_VALUES(wk_div(mean, largest), INFINITY, -INFINITY, NAN, NAN, 0.6384);
        EXPECT_VALUES(wk_div(columns, largest), INFINITY, -INFINITY, NAN, NAN, 0.6384);
        EXPECT_VALUES(wk_var(wk_slice(rows, 1, 0, 4, 1), wk_dims(0)), NAN, NAN, NAN, NAN);
        EXPECT_VALUES(wk_var(wk_full_like(x, largest)), 0);
    }
}

static void test_constant_rows_give_zero(void **state)
{
    (void)state;
    static const int64_t sizes[] = {1, 3, 63, 100, 5000};
    static const wk_dtype dtypes[] = {wk_float32, wk_float64};
    for (size_t d = 0; d < LENGTH(dtypes); d++)
        for (size_t i = 0; i < LENGTH(sizes); i++) {
            wk_Tensor *x = wk_full_shape(2, (int64_t[]){2, sizes[i]}, 0.1, dtypes[d]),
                      *zero = wk_zeros_like(x);
            assert_true(wk_equal(wk_layer_norm(x, wk_dims(sizes[i])), zero));
            assert_true(wk_equal(wk_batch_norm(x, .training = true), zero));
            assert_true(
                wk_equal(wk_transpose(wk_batch_norm(wk_transpose(x, 0, 1), .training = true), 0, 1), zero) ||
                sizes[i] == 1);
            if (sizes[i] > 1)
                EXPECT_VALUES(wk_std(x), 0);
        }
}

/* The gradient of f(x) at x. */
#define EXPECT_GRADIENT(x, expression, ...)                         \
    do {                                                            \
        wk_Tensor *v = wk_requires_grad_(x);                        \
        EXPECT_VALUES(wk_grad(wk_sum(expression), v), __VA_ARGS__); \
    } while (0)

static void test_edges_of_normalisation(void **state)
{
    (void)state;
    /* What is not finite stays in its own channel or row. */
    wk_Tensor *x = wk_view(f32(1, NAN, INFINITY, 2, 3, 4), 2, 3), *mean = wk_zeros(3), *var = wk_ones(3);
    EXPECT_VALUES(wk_batch_norm(x, mean, var, .training = true), -0.99998, NAN, NAN, 0.99998, NAN, NAN);
    EXPECT_VALUES(mean, 0.15, NAN, INFINITY);
    EXPECT_VALUES(var, 0.95, NAN, NAN);
    EXPECT_VALUES(wk_layer_norm(wk_view(f32(1, INFINITY, 1, 1), 2, 2), wk_dims(2)), NAN, NAN, 0, 0);
    /* Sums of squares past the largest float. */
    EXPECT_VALUES(wk_layer_norm(f32(1e25, -1e25), wk_dims(2)), 1, -1);
    /* Nothing to normalise. */
    mean = wk_ones(3), var = wk_ones(3);
    EXPECT_SHAPE(wk_batch_norm(wk_zeros(0, 3, 2), mean, var, .training = true), 0, 3, 2);
    EXPECT_VALUES(mean, 1, 1, 1);
    EXPECT_VALUES(var, 1, 1, 1);
    EXPECT_SHAPE(wk_batch_norm(wk_zeros(4, 0, 2), .training = true), 4, 0, 2);
    EXPECT_GRADIENT(f32(2, 2, 2), wk_layer_norm(v, wk_dims(3)), 0, 0, 0);
    EXPECT_GRADIENT(f32(1, 2), wk_layer_norm(wk_zeros(0, 2), wk_dims(2), v), 0, 0);
    EXPECT_VALUES(wk_group_norm(wk_randn(2, 4), 4), 0, 0, 0, 0, 0, 0, 0, 0);
    /* Momentum 0 keeps the statistics. */
    EXPECT_TRUE(wk_batch_norm(wk_randn(4, 3), mean, var, .training = true, .momentum = WK_ZERO));
    EXPECT_VALUES(mean, 1, 1, 1);
    /* Statistics that are not contiguous. */
    wk_Tensor *both = wk_zeros(2, 2), *apart = wk_select(both, 1, 0);
    EXPECT_TRUE(wk_batch_norm(wk_view(f32(1, 3, 3, 5), 2, 2), apart, NULL, .training = true));
    EXPECT_VALUES(both, 0.2, 0, 0.4, 0);
    assert_int_equal(wk_version_of(both), 1);
}

/* ---- messages --------------------------------------------------------------------------------------- */

static void test_batch_norm_messages(void **state)
{
    (void)state;
    ROW("A20");
    wk_Tensor *x = wk_randn(4, 3), *mean = wk_zeros(3), *var = wk_ones(3);
    EXPECT_ERROR(wk_batch_norm(wk_randn(1, 3), .training = true), WK_ERROR_SHAPE,
                 "batch_norm: Expected more than 1 value per channel when training, got input size "
                 "torch.Size([1, 3])");
    EXPECT_ERROR(
        wk_batch_norm(wk_randn(1, 3, 1, 1), .training = true), WK_ERROR_SHAPE,
        "Expected more than 1 value per channel when training, got input size torch.Size([1, 3, 1, 1])");
    EXPECT_ERROR(wk_batch_norm(x), WK_ERROR_ARGUMENT, "running_mean must be defined in evaluation mode");
    EXPECT_ERROR(wk_batch_norm(x, mean), WK_ERROR_ARGUMENT, "running_var must be defined in evaluation mode");
    EXPECT_ERROR(wk_batch_norm(x, wk_zeros(2), var), WK_ERROR_SHAPE,
                 "running_mean should contain 3 elements not 2");
    EXPECT_ERROR(wk_batch_norm(x, mean, wk_ones(2), .training = true), WK_ERROR_SHAPE,
                 "running_var should contain 3 elements not 2");
    EXPECT_ERROR(wk_batch_norm(x, mean, var, wk_ones(2)), WK_ERROR_SHAPE,
                 "weight should contain 3 elements not 2");
    EXPECT_ERROR(wk_batch_norm(x, mean, var, NULL, wk_ones(4)), WK_ERROR_SHAPE,
                 "bias should contain 3 elements not 4");
    EXPECT_ERROR(wk_batch_norm(wk_randn(3), mean, var), WK_ERROR_SHAPE,
                 "expected at least 2D input (got 1D input)");
    EXPECT_ERROR(wk_batch_norm(wk_to_dtype(x, wk_float64), mean, var), WK_ERROR_DTYPE,
                 "mixed dtype (CPU): expect parameter to have scalar type of Double, but got Float");
    EXPECT_ERROR(wk_batch_norm(wk_to_dtype(x, wk_int64), mean, var), WK_ERROR_DTYPE,
                 "batch_norm: \"batch_norm\" not implemented for 'Long'");
    EXPECT_ERROR(wk_batch_norm(x, wk_requires_grad_(wk_zeros(3)), var), WK_ERROR_ARGUMENT,
                 "The function 'native_batch_norm' is not differentiable with respect to argument "
                 "'running_mean'. This input cannot "
                 "have requires_grad True.");
    EXPECT_ERROR(wk_batch_norm(x, mean, var, .training = true, .eps = -1), WK_ERROR_ARGUMENT,
                 "batch_norm eps must be positive during training, but got -1");
    EXPECT_ERROR(wk_batch_norm(x, mean, var, .training = true, .eps = WK_ZERO), WK_ERROR_ARGUMENT,
                 "but got 0");
    EXPECT_ERROR(wk_batch_norm(NULL), WK_ERROR_ARGUMENT, "batch_norm: argument input is NULL");
    EXPECT_VALUES(mean, 0, 0, 0);
}

static void test_layer_norm_messages(void **state)
{
    (void)state;
    ROW("A20");
    wk_Tensor *x = wk_randn(2, 4);
    EXPECT_ERROR(wk_layer_norm(x, wk_dims(3)), WK_ERROR_SHAPE,
                 "layer_norm: Given normalized_shape=[3], expected input with shape [*, 3], but got input of "
                 "size[2, 4]");
    EXPECT_ERROR(wk_layer_norm(x, wk_dims(3, 2, 4)), WK_ERROR_SHAPE,
                 "Given normalized_shape=[3, 2, 4], expected input with shape [*, 3, 2, 4], but got input of "
                 "size[2, 4]");
    EXPECT_ERROR(wk_layer_norm(x, WK_ALL), WK_ERROR_SHAPE,
                 "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one "
                 "element, but got "
                 "normalized_shape = []");
    EXPECT_ERROR(wk_layer_norm(x, wk_dims(1, 1, 1, 1, 1, 1, 1, 1, 4)), WK_ERROR_SHAPE,
                 "normalized_shape has 9 dimensions");
    EXPECT_ERROR(wk_layer_norm(x, wk_dims(4), wk_ones(3)), WK_ERROR_SHAPE,
                 "Expected weight to be of same shape as normalized_shape, but got weight of shape [3] and "
                 "normalized_shape = [4]");
    EXPECT_ERROR(wk_layer_norm(x, wk_dims(4), NULL, wk_ones(2, 4)), WK_ERROR_SHAPE,
                 "Expected bias to be of same shape as normalized_shape, but got bias of shape [2, 4] and "
                 "normalized_shape = [4]");
    EXPECT_ERROR(wk_layer_norm(wk_to_dtype(x, wk_int64), wk_dims(4)), WK_ERROR_DTYPE,
                 "not implemented for 'Long'");
    EXPECT_ERROR(wk_layer_norm(wk_to_dtype(x, wk_float64), wk_dims(4), wk_ones(4)), WK_ERROR_DTYPE,
                 "mixed dtype (CPU)");
}

static void test_group_norm_messages(void **state)
{
    (void)state;
    ROW("A20");
    wk_Tensor *x = wk_randn(2, 4, 3);
    EXPECT_ERROR(wk_group_norm(x, 3), WK_ERROR_SHAPE,
                 "group_norm: Expected number of channels in input to be divisible by num_groups, but got "
                 "input of shape [2, 4, 3] and "
                 "num_groups=3");
    EXPECT_ERROR(wk_group_norm(x, 0), WK_ERROR_ARGUMENT, "Expected num groups to be greater than 0, got 0");
    EXPECT_ERROR(wk_group_norm(x, -1), WK_ERROR_ARGUMENT, "Expected num groups to be greater than 0, got -1");
    EXPECT_ERROR(wk_group_norm(wk_randn(4), 2), WK_ERROR_SHAPE,
                 "Expected at least 2 dimensions for input tensor but received 1");
    EXPECT_ERROR(wk_group_norm(x, 2, wk_ones(3)), WK_ERROR_SHAPE,
                 "Expected weight to be a vector of size equal to the number of channels in input, but got "
                 "weight of shape [3] and "
                 "input of shape [2, 4, 3]");
    EXPECT_ERROR(wk_group_norm(x, 2, NULL, wk_ones(1, 4)), WK_ERROR_SHAPE,
                 "but got bias of shape [1, 4] and input of shape [2, 4, 3]");
    EXPECT_ERROR(wk_group_norm(wk_randn(1, 4), 4), WK_ERROR_SHAPE,
                 "Expected more than 1 value per channel when training, got input size [1, 4]");
    EXPECT_ERROR(wk_group_norm(wk_randn(2, 4, 0), 2), WK_ERROR_SHAPE,
                 "Expected HxW to be greater than 0, got 0");
    EXPECT_ERROR(wk_group_norm(wk_randn(2, 0, 3), 1), WK_ERROR_SHAPE,
                 "Expected number of channels to be greater than 0, got 0");
}

/* ---- threads, orders in memory, allocations --------------------------------------------------------- */

/* y, then the gradients of x, weight and bias, as one vector. */
static wk_Tensor *everything(wk_Tensor *y, wk_Tensor *x, wk_Tensor *w, wk_Tensor *b)
{
    wk_Tensor *grads[3] = {NULL}, *flat[4];
    if (!y ||
        !wk_grads(grads, wk_list(wk_mul(y, y)), wk_list(x, w, b), .grad_outputs = wk_list(wk_ones_like(y))))
        return NULL;
    flat[0] = wk_flatten(wk_detach(y), 0, -1);
    for (int i = 0; i < 3; i++)
        flat[i + 1] = wk_flatten(grads[i], 0, -1);
    return wk_cat((wk_List){4, flat}, 0);
}

enum { BATCH_PLANES, BATCH_ROWS, LAYER, GROUP, GROUP_ROWS, KINDS };

static wk_Tensor *run_kind(int kind, wk_dtype dtype)
{
    static const int64_t shapes[KINDS][3] = {
        {9, 20, 300}, {900, 130, 1}, {700, 1, 130}, {9, 24, 70}, {500, 96, 1}};
    const int64_t *s = shapes[kind], channels = kind == LAYER ? s[2] : s[1];
    wk_manual_seed(3);
    wk_Tensor *x = wk_requires_grad_(wk_randn_shape(s[2] == 1 ? 2 : 3, s, dtype));
    wk_Tensor *w = wk_requires_grad_(wk_randn_shape(1, &channels, dtype)),
              *b = wk_requires_grad_(wk_randn_shape(1, &channels, dtype));
    wk_Tensor *y = kind <= BATCH_ROWS ? wk_batch_norm(x, NULL, NULL, w, b, .training = true)
                   : kind == LAYER    ? wk_layer_norm(x, wk_dims(130), w, b)
                                      : wk_group_norm(x, 8, w, b);
    return everything(y, x, w, b);
}

static void test_same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    const int former = wk_get_num_threads();
    wk_Tensor *long_one = wk_randn(300000);
    for (int dtype = wk_float32; dtype <= wk_float64; dtype++)
        for (int kind = 0; kind < KINDS; kind++) {
            wk_set_num_threads(1);
            wk_Tensor *one = run_kind(kind, (wk_dtype)dtype), *spread = wk_var(long_one);
            EXPECT_TRUE(one && spread);
            for (int threads = 2; threads <= 4; threads++) {
                wk_set_num_threads(threads);
                assert_true(wk_equal(run_kind(kind, (wk_dtype)dtype), one));
                assert_true(wk_equal(wk_var(long_one), spread));
            }
        }
    wk_set_num_threads(former);
}

/* Batch norm takes a tensor as it lies in memory: the batch last, the channels last, plain. */
static void test_orders_in_memory(void **state)
{
    (void)state;
    static const int64_t orders[][4] = {{0, 1, 2, 3}, {1, 2, 3, 0}, {0, 2, 3, 1}, {3, 1, 0, 2}};
    wk_Tensor *plain = wk_randn(6, 5, 4, 3), *g = wk_randn(6, 5, 4, 3), *first = NULL, *first_grad = NULL;
    for (size_t i = 0; i < LENGTH(orders); i++)
        for (int training = 0; training < 2; training++) {
            int64_t back[4];
            for (int k = 0; k < 4; k++)
                back[orders[i][k]] = k;
            wk_Tensor *x = wk_permute_dims(wk_contiguous(wk_permute_dims(plain, 4, orders[i])), 4, back);
            x = wk_requires_grad_(wk_detach(x));
            wk_Tensor *y = wk_batch_norm(x, wk_zeros(5), wk_ones(5), .training = training);
            for (int k = 0; k < 4; k++)
                assert_int_equal(wk_stride(y, k),
                                 wk_stride(i == 2 ? x : plain, k)); /* channels last stay so */
            wk_Tensor *grad = wk_grad(y, x, .grad_output = g);
            if (!training)
                continue;
            first = first ? first : wk_detach(y);
            first_grad = first_grad ? first_grad : grad;
            expect_close(wk_detach(y), first, 1e-5, 1e-6, "batch_norm of another order");
            expect_close(grad, first_grad, 1e-5, 1e-6, "its gradient");
        }
}

static wk_Tensor *normalise_all(void *user)
{
    (void)user;
    wk_manual_seed(1);
    wk_Tensor *x = wk_requires_grad_(wk_randn(4, 4)), *w = wk_requires_grad_(wk_randn(4)),
              *b = wk_requires_grad_(wk_randn(4));
    wk_Tensor *mean = wk_zeros(4), *y;
    if (!w || !b || !mean)
        return NULL;
    y = wk_batch_norm(x, mean, NULL, w, b, .training = true);
    if (!y)
        for (int i = 0; i < 4; i++)
            assert_true(wk_data(mean, float)[i] == 0);
    y = wk_group_norm(wk_layer_norm(y, wk_dims(4), w, b), 2, w, b);
    y = wk_add(wk_add(y, wk_std(y, wk_dims(0))), wk_norm(y));
    return everything(y, x, w, b);
}

static void test_failing_allocations(void **state)
{
    (void)state;
    assert_true(expect_survives_failing_allocations(normalise_all, NULL) > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_batch_norm),
        TENSOR_TEST(test_layer_and_group_norm),
        TENSOR_TEST(test_node_names),
        TENSOR_TEST(test_large_mean),
        TENSOR_TEST(test_means_between_two_numbers),
        TENSOR_TEST(test_means_of_blocks_that_are_not_finite),
        TENSOR_TEST(test_constant_rows_give_zero),
        TENSOR_TEST(test_edges_of_normalisation),
        TENSOR_TEST(test_batch_norm_messages),
        TENSOR_TEST(test_layer_norm_messages),
        TENSOR_TEST(test_group_norm_messages),
        TENSOR_TEST(test_same_bits_for_any_number_of_threads),
        TENSOR_TEST(test_orders_in_memory),
        TENSOR_TEST(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, load_norm_cases, free_norm_cases);
}
