/* Layers and losses against PyTorch: text, first weights to the bit, results and gradients (tests/golden/nn.safetensors). */
#include "support/golden.h"

GOLDEN_FILE(wanted, "nn.safetensors")

typedef struct Case {
    const char *name;
    wk_Module *(*make)(void);
    int ndim;
    int64_t shape[4];
} Case;

#define MAKER(name, call)               \
    static wk_Module *make_##name(void) \
    {                                   \
        return call;                    \
    }
MAKER(linear, wk_Linear(5, 3))
MAKER(linear_no_bias, wk_Linear(5, 3, .no_bias = true))
MAKER(identity, wk_Identity())
MAKER(conv2d, wk_Conv2d(3, 4, 3))
MAKER(conv2d_all, wk_Conv2d(4, 6, .kernel_size_hw = {3, 2}, .stride_hw = {2, 1}, .padding_hw = {1, 2},
                            .dilation_hw = {1, 2}, .groups = 2, .no_bias = true))
MAKER(conv2d_padding, wk_Conv2d(1, 2, 5, .padding = 2, .stride = 2))
MAKER(max_pool2d, wk_MaxPool2d(2))
MAKER(max_pool2d_all,
      wk_MaxPool2d(.kernel_size_hw = {3, 2}, .stride = 2, .padding = 1, .dilation = 1, .ceil_mode = true))
MAKER(avg_pool2d, wk_AvgPool2d(3, .stride = 2, .padding = 1))
MAKER(avg_pool2d_all,
      wk_AvgPool2d(.kernel_size_hw = {2, 3}, .padding_hw = {1, 0}, .exclude_pad = true, .ceil_mode = true))
MAKER(relu, wk_ReLU())
MAKER(tanh, wk_Tanh())
MAKER(sigmoid, wk_Sigmoid())
MAKER(gelu, wk_GELU())
MAKER(silu, wk_SiLU())
MAKER(selu, wk_SELU())
MAKER(relu6, wk_ReLU6())
MAKER(mish, wk_Mish())
MAKER(hardswish, wk_Hardswish())
MAKER(hardsigmoid, wk_Hardsigmoid())
MAKER(leaky_relu, wk_LeakyReLU())
MAKER(leaky_relu_slope, wk_LeakyReLU(0.2))
MAKER(leaky_relu_zero, wk_LeakyReLU(0))
MAKER(elu, wk_ELU())
MAKER(elu_alpha, wk_ELU(.alpha = 0.7))
MAKER(celu, wk_CELU(1.5))
MAKER(hardtanh, wk_Hardtanh())
MAKER(hardtanh_range, wk_Hardtanh(.min_val = -0.5, .max_val = (double)WK_ZERO))
MAKER(softplus, wk_Softplus())
MAKER(softplus_beta, wk_Softplus(2.5, 1.5))
MAKER(threshold, wk_Threshold(0, -2.5))
MAKER(softshrink, wk_Softshrink())
MAKER(hardshrink, wk_Hardshrink(0.25))
MAKER(glu, wk_GLU())
MAKER(glu_dim, wk_GLU(0))
MAKER(prelu, wk_PReLU())
MAKER(prelu_all, wk_PReLU(3, .init = -0.5))
MAKER(log_sigmoid, wk_LogSigmoid())
MAKER(softsign, wk_Softsign())
MAKER(tanhshrink, wk_Tanhshrink())
MAKER(softmin, wk_Softmin(1))
MAKER(softmax2d, wk_Softmax2d())
MAKER(softmax, wk_Softmax(1))
MAKER(log_softmax, wk_LogSoftmax(-1))
MAKER(dropout, wk_Dropout(0.3))
MAKER(flatten, wk_Flatten())
MAKER(flatten_all, wk_Flatten(.start_dim = WK_ZERO, .end_dim = 1))
MAKER(sequential, wk_Sequential(wk_Conv2d(1, 3, 3), wk_ReLU(.inplace = true), wk_MaxPool2d(2), wk_Flatten(),
                                wk_Sequential(wk_Linear(12, 6), wk_Tanh()), wk_Linear(6, 2)))

static const Case cases[] = {
    {"linear", make_linear, 2, {4, 5}},
    {"linear_no_bias", make_linear_no_bias, 3, {2, 2, 5}},
    {"identity", make_identity, 2, {2, 3}},
    {"conv2d", make_conv2d, 4, {2, 3, 6, 7}},
    {"conv2d_all", make_conv2d_all, 4, {2, 4, 7, 8}},
    {"conv2d_padding", make_conv2d_padding, 4, {1, 1, 9, 9}},
    {"max_pool2d", make_max_pool2d, 4, {2, 3, 6, 7}},
    {"max_pool2d_all", make_max_pool2d_all, 4, {1, 2, 7, 8}},
    {"avg_pool2d", make_avg_pool2d, 4, {2, 2, 7, 6}},
    {"avg_pool2d_all", make_avg_pool2d_all, 4, {1, 2, 5, 7}},
    {"relu", make_relu, 2, {3, 4}},
    {"tanh", make_tanh, 2, {3, 4}},
    {"sigmoid", make_sigmoid, 2, {3, 4}},
    {"gelu", make_gelu, 2, {3, 4}},
    {"silu", make_silu, 2, {3, 4}},
    {"selu", make_selu, 2, {3, 4}},
    {"relu6", make_relu6, 2, {3, 4}},
    {"mish", make_mish, 2, {3, 4}},
    {"hardswish", make_hardswish, 2, {3, 4}},
    {"hardsigmoid", make_hardsigmoid, 2, {3, 4}},
    {"leaky_relu", make_leaky_relu, 2, {3, 4}},
    {"leaky_relu_slope", make_leaky_relu_slope, 2, {3, 4}},
    {"leaky_relu_zero", make_leaky_relu_zero, 2, {3, 4}},
    {"elu", make_elu, 2, {3, 4}},
    {"elu_alpha", make_elu_alpha, 2, {3, 4}},
    {"celu", make_celu, 2, {3, 4}},
    {"hardtanh", make_hardtanh, 2, {3, 4}},
    {"hardtanh_range", make_hardtanh_range, 2, {3, 4}},
    {"softplus", make_softplus, 2, {3, 4}},
    {"softplus_beta", make_softplus_beta, 2, {3, 4}},
    {"threshold", make_threshold, 2, {3, 4}},
    {"softshrink", make_softshrink, 2, {3, 4}},
    {"hardshrink", make_hardshrink, 2, {3, 4}},
    {"glu", make_glu, 2, {3, 4}},
    {"glu_dim", make_glu_dim, 2, {4, 3}},
    {"prelu", make_prelu, 2, {3, 4}},
    {"prelu_all", make_prelu_all, 3, {2, 3, 4}},
    {"log_sigmoid", make_log_sigmoid, 2, {3, 4}},
    {"softsign", make_softsign, 2, {3, 4}},
    {"tanhshrink", make_tanhshrink, 2, {3, 4}},
    {"softmin", make_softmin, 2, {3, 4}},
    {"softmax2d", make_softmax2d, 4, {2, 3, 2, 2}},
    {"softmax", make_softmax, 2, {3, 4}},
    {"log_softmax", make_log_softmax, 2, {3, 4}},
    {"dropout", make_dropout, 2, {5, 8}},
    {"flatten", make_flatten, 3, {2, 3, 4}},
    {"flatten_all", make_flatten_all, 3, {2, 3, 4}},
    {"sequential", make_sequential, 4, {2, 1, 6, 6}},
};

static void expect_text(const wk_Module *module, const char *name)
{
    char *text = wk_str(module);
    const char *want = wk_state_dict_metadata(wanted, name);
    assert_non_null(want);
    EXPECT_TRUE(text != NULL);
    assert_string_equal(text, want);
    wk_str_free(text);
}

static void expect_parameters(const char *name, wk_Module *module, bool grads)
{
    wk_NamedTensors all = wk_named_parameters(module);
    for (int i = 0; i < all.count; i++) {
        char what[100];
        snprintf(what, sizeof what, "%s.%s%s", name, all.items[i].name, grads ? ".grad" : "");
        if (grads)
            expect_close(wk_grad_of(all.items[i].tensor), golden(wanted, "%s", what), 1.3e-6, 1e-5, what);
        else
            expect_close(all.items[i].tensor, golden(wanted, "%s", what), 0, 0, what);
    }
}

static void test_layers(void **state)
{
    (void)state;
    for (size_t c = 0; c < LENGTH(cases); c++) {
        const char *name = cases[c].name;
        wk_Scope scope = wk_scope_begin();
        wk_manual_seed(7);
        wk_Module *module = cases[c].make();
        EXPECT_TRUE(module != NULL);
        expect_text(module, name);
        expect_parameters(name, module, false);
        wk_Tensor *x = wk_requires_grad_(wk_randn_shape(cases[c].ndim, cases[c].shape, wk_default_dtype));
        wk_Tensor *y = wk_call(module, x);
        expect_close(y, golden(wanted, "%s.out", name), 1.3e-6, 1e-5, name);
        EXPECT_TRUE(wk_backward(y, wk_randn_shape(wk_ndim(y), wk_shape(y), wk_default_dtype)));
        expect_close(wk_grad_of(x), golden(wanted, "%s.x.grad", name), 1.3e-6, 1e-5, name);
        expect_parameters(name, module, true);
        wk_free(module);
        wk_scope_end(scope);
    }
}

/* Without batch dimension, as in PyTorch. */
static void test_unbatched(void **state)
{
    (void)state;
    wk_Module *conv = wk_Conv2d(1, 2, 3), *pool = wk_MaxPool2d(2);
    wk_Tensor *x = wk_randn(1, 6, 6);
    wk_Tensor *y = wk_call(pool, wk_call(conv, x));
    EXPECT_SHAPE(y, 2, 2, 2);
    wk_Tensor *batched = wk_call(pool, wk_call(conv, wk_unsqueeze(x, 0)));
    assert_true(wk_equal(y, wk_squeeze(batched)));
    wk_free(conv), wk_free(pool);
}

static void test_inplace_and_eval(void **state)
{
    (void)state;
    wk_Module *relu = wk_ReLU(.inplace = true), *silu = wk_SiLU(.inplace = true),
              *dropout = wk_Dropout(0.5, .inplace = true);
    wk_Tensor *x = f32(-1, 2);
    assert_ptr_equal(wk_call(relu, x), x);
    EXPECT_VALUES(x, 0, 2);
    wk_call(silu, x);
    EXPECT_VALUES(x, 0, 1.7615942);
    wk_eval(dropout);
    wk_call(dropout, x);
    EXPECT_VALUES(x, 0, 1.7615942);
    char *text = wk_str(dropout);
    assert_string_equal(text, "Dropout(p=0.5, inplace=True)");
    wk_str_free(text);
    text = wk_str(relu);
    assert_string_equal(text, "ReLU(inplace=True)");
    wk_str_free(text);
    EXPECT_ERROR(wk_call(relu, wk_requires_grad_(f32(1))), WK_ERROR_STATE,
                 "a leaf Variable that requires grad is being used in an in-place operation. (in ReLU)");
    wk_free(relu), wk_free(silu), wk_free(dropout);
}

/* Every activation with the option writes into its input; only some print it, as PyTorch's do. */
static void test_inplace_activations(void **state)
{
    (void)state;
    wk_Module *modules[] = {wk_SELU(true),
                            wk_ReLU6(true),
                            wk_Mish(.inplace = true),
                            wk_Hardswish(.inplace = true),
                            wk_Hardsigmoid(true),
                            wk_LeakyReLU(0.2, true),
                            wk_ELU(.inplace = true),
                            wk_CELU(.inplace = true),
                            wk_Hardtanh(-1, 0, true),
                            wk_Threshold(0.1, 2, true)};
    static const char *const texts[] = {"SELU(inplace=True)",
                                        "ReLU6(inplace=True)",
                                        "Mish(inplace=True)",
                                        "Hardswish()",
                                        "Hardsigmoid()",
                                        "LeakyReLU(negative_slope=0.2, inplace=True)",
                                        "ELU(alpha=1.0, inplace=True)",
                                        "CELU(alpha=1.0, inplace=True)",
                                        "Hardtanh(min_val=-1.0, max_val=0.0, inplace=True)",
                                        "Threshold(threshold=0.1, value=2.0, inplace=True)"};
    for (size_t i = 0; i < LENGTH(modules); i++) {
        wk_Tensor *x = f32(-3.5, 0.5, 7);
        assert_ptr_equal(wk_call(modules[i], x), x);
        assert_true(wk_at(x, 0) != -3.5);
        char *text = wk_str(modules[i]);
        assert_string_equal(text, texts[i]);
        wk_str_free(text), wk_free(modules[i]);
    }
}

/* What the makers of activations refuse, and what their functions do when they run. */
static void test_activation_messages(void **state)
{
    (void)state;
    EXPECT_ERROR(wk_Hardtanh(2, 1), WK_ERROR_ARGUMENT,
                 "Hardtanh: max_val (1) must be greater than min_val (2)");
    EXPECT_ERROR(wk_Hardtanh(.min_val = 1), WK_ERROR_ARGUMENT,
                 "max_val (1) must be greater than min_val (1)");
    wk_Module *softmax2d = wk_Softmax2d(), *glu = wk_GLU(), *celu = wk_CELU(0);
    EXPECT_ERROR(wk_call(softmax2d, wk_ones(2, 3)), WK_ERROR_SHAPE,
                 "Softmax2d: expected input to be 3D or 4D, got 2D instead");
    EXPECT_ERROR(wk_call(glu, wk_ones(2, 3)), WK_ERROR_SHAPE, "Halving dimension must be even");
    EXPECT_ERROR(wk_call(celu, wk_ones(2)), WK_ERROR_DOMAIN, "alpha cannot be 0 for CELU");
    wk_free(softmax2d), wk_free(glu), wk_free(celu);
}

/* ---- losses ----------------------------------------------------------------------------------------- */

static wk_Module *loss_named(const char *name)
{
    wk_Tensor *weight = f32(0.5, 2, 1, 0.25);
    if (strcmp(name, "mse_loss") == 0)
        return wk_MSELoss();
    if (strcmp(name, "mse_loss_sum") == 0)
        return wk_MSELoss(.reduction = wk_reduction_sum);
    if (strcmp(name, "l1_loss") == 0)
        return wk_L1Loss();
    if (strcmp(name, "l1_loss_none") == 0)
        return wk_L1Loss(.reduction = wk_reduction_none);
    if (strcmp(name, "nll_loss") == 0)
        return wk_NLLLoss(.weight = weight, .ignore_index = WK_ZERO);
    if (strcmp(name, "bce_loss") == 0)
        return wk_BCELoss();
    if (strcmp(name, "bce_loss_all") == 0)
        return wk_BCELoss(weight, wk_reduction_sum);
    if (strcmp(name, "bce_with_logits_loss") == 0)
        return wk_BCEWithLogitsLoss();
    if (strcmp(name, "bce_with_logits_loss_all") == 0)
        return wk_BCEWithLogitsLoss(.weight = weight, .pos_weight = wk_add(weight, 1),
                                    .reduction = wk_reduction_none);
    if (strcmp(name, "cross_entropy") == 0)
        return wk_CrossEntropyLoss();
    return wk_CrossEntropyLoss(.weight = weight, .ignore_index = 2, .reduction = wk_reduction_sum,
                               .label_smoothing = 0.1);
}

static void test_losses(void **state)
{
    (void)state;
    static const char *const names[] = {"bce_loss",
                                        "bce_loss_all",
                                        "bce_with_logits_loss",
                                        "bce_with_logits_loss_all",
                                        "mse_loss",
                                        "mse_loss_sum",
                                        "l1_loss",
                                        "l1_loss_none",
                                        "nll_loss",
                                        "cross_entropy",
                                        "cross_entropy_all"};
    for (size_t i = 0; i < LENGTH(names); i++) {
        wk_manual_seed(7);
        wk_Module *criterion = loss_named(names[i]);
        EXPECT_TRUE(criterion != NULL);
        expect_text(criterion, names[i]);
        wk_Tensor *x = wk_requires_grad_(wk_randn(5, 4));
        bool classes = strstr(names[i], "nll") || strstr(names[i], "cross");
        wk_Tensor *target = classes ? i64(1, 0, 3, 2, 1) : wk_randn(5, 4);
        if (strstr(names[i], "bce"))
            target = wk_sigmoid(target);
        wk_Tensor *y = wk_call(criterion, strstr(names[i], "bce_loss") ? wk_sigmoid(x) : x, target);
        wk_StateDict *buffers = wk_state_dict(criterion);
        for (int b = 0; b < buffers->count; b++)
            expect_close(buffers->entries[b].tensor,
                         golden(wanted, "%s.%s", names[i], buffers->entries[b].name), 0, 0, names[i]);
        assert_int_equal(buffers->count, strstr(names[i], "_all") || strstr(names[i], "nll")
                                             ? 1 + (strstr(names[i], "logits") != NULL)
                                             : 0);
        wk_free(buffers);
        expect_close(y, golden(wanted, "%s.out", names[i]), 1.3e-6, 1e-5, names[i]);
        EXPECT_TRUE(wk_backward(wk_sum(y)));
        expect_close(wk_grad_of(x), golden(wanted, "%s.x.grad", names[i]), 1.3e-6, 1e-5, names[i]);
        wk_free(criterion);
    }
}

/* The weight of classes is a buffer, and stays the caller's as well. */
static void test_loss_weight(void **state)
{
    (void)state;
    wk_Tensor *weight = wk_keep(f32(1, 2));
    wk_Module *criterion = wk_CrossEntropyLoss(.weight = weight);
    wk_NamedTensors buffers = wk_named_buffers(criterion);
    assert_int_equal(buffers.count, 1);
    assert_string_equal(buffers.items[0].name, "weight");
    assert_ptr_equal(buffers.items[0].tensor, weight);
    wk_free(criterion);
    EXPECT_VALUES(weight, 1, 2);
    wk_free(weight);
}

/* ---- mistakes --------------------------------------------------------------------------------------- */

static void test_messages(void **state)
{
    (void)state;
    EXPECT_ERROR(wk_Linear(-1, 3), WK_ERROR_SHAPE,
                 "Linear: dim 1 is -1: trying to create tensor with negative dimension -1: [3, -1]");
    ROW("A13");
    EXPECT_ERROR(wk_Conv2d(6, 4, 3, .groups = 4), WK_ERROR_ARGUMENT,
                 "Conv2d: in_channels must be divisible by groups");
    EXPECT_ERROR(wk_Conv2d(4, 6, 3, .groups = 4), WK_ERROR_ARGUMENT,
                 "Conv2d: out_channels must be divisible by groups");
    EXPECT_ERROR(wk_Conv2d(4, 6, 3, .groups = -1), WK_ERROR_ARGUMENT,
                 "Conv2d: groups must be a positive integer");
    ROW("A21");
    EXPECT_ERROR(wk_Dropout(1.5), WK_ERROR_ARGUMENT,
                 "dropout probability has to be between 0 and 1, but got 1.5");
    EXPECT_ERROR(wk_Dropout((double)NAN), WK_ERROR_ARGUMENT,
                 "dropout probability has to be between 0 and 1, but got nan");
    EXPECT_ERROR(wk_MSELoss(.reduction = (wk_Reduction)7), WK_ERROR_ARGUMENT,
                 "7 is not a valid value for reduction");
    EXPECT_ERROR(wk_NLLLoss(.label_smoothing = 0.1), WK_ERROR_ARGUMENT,
                 "NLLLoss: unexpected keyword argument 'label_smoothing'");
    EXPECT_ERROR(wk_BCELoss(.pos_weight = f32(1)), WK_ERROR_ARGUMENT,
                 "BCELoss: unexpected keyword argument 'pos_weight'");
    EXPECT_ERROR(wk_BCEWithLogitsLoss(.reduction = (wk_Reduction)-1), WK_ERROR_ARGUMENT,
                 "BCEWithLogitsLoss: -1 is not a valid value for reduction");
    wk_Module *linear = wk_Linear(3, 2), *criterion = wk_MSELoss(), *list = wk_ModuleList(wk_Tanh());
    wk_Tensor *x = wk_ones(2, 4);
    EXPECT_ERROR(wk_call(linear, x), WK_ERROR_SHAPE, "(in Linear)");
    EXPECT_ERROR(wk_call(criterion, x), WK_ERROR_ARGUMENT,
                 "MSELoss.forward() missing 1 required positional argument: 'target'");
    EXPECT_ERROR(wk_call(linear, x, x), WK_ERROR_ARGUMENT,
                 "Linear.forward() takes 2 positional arguments but 3 were given");
    EXPECT_ERROR(wk_call(list, x), WK_ERROR_UNSUPPORTED,
                 "Module [ModuleList] is missing the required \"forward\" function");
    EXPECT_ERROR(wk_call((wk_Module *)NULL, x), WK_ERROR_ARGUMENT, "call: argument module is NULL");
    EXPECT_ERROR(wk_call(linear, (wk_Tensor *)NULL), WK_ERROR_ARGUMENT, "Linear: argument input is NULL");
    EXPECT_ERROR(wk_call(criterion, x, (wk_Tensor *)NULL), WK_ERROR_ARGUMENT,
                 "MSELoss: argument target is NULL");
    wk_free(linear), wk_free(criterion), wk_free(list);
}

/* ---- init ------------------------------------------------------------------------------------------- */

static void test_gains(void **state)
{
    (void)state;
    assert_true(wk_calculate_gain("conv2d", (double)NAN) == 1);
    assert_true(wk_calculate_gain("tanh", (double)NAN) == 5.0 / 3);
    assert_true(wk_calculate_gain("relu", (double)NAN) == sqrt(2));
    assert_true(wk_calculate_gain("leaky_relu", 0.2) == sqrt(2.0 / (1 + 0.2 * 0.2)));
    assert_true(wk_calculate_gain("leaky_relu", (double)NAN) == sqrt(2.0 / (1 + 0.01 * 0.01)));
    assert_true(wk_calculate_gain("selu", (double)NAN) == 0.75);
    EXPECT_ERROR(!isnan(wk_calculate_gain("re\033lu", 0)), WK_ERROR_ARGUMENT,
                 "Unsupported nonlinearity re\\x1blu");
}

/* torch.manual_seed(3); f(torch.empty(3, 4, 2)): the first and the last value. */
static void test_init(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(wk_empty(3, 4, 2));
#define EXPECT_ENDS(call, first, last) \
    wk_manual_seed(3);                 \
    assert_ptr_equal(call, w);         \
    assert_true(wk_data(w, float)[0] == (first) && wk_data(w, float)[23] == (last))
#include "golden/init.h"
    assert_true(wk_is_leaf(w) && wk_requires_grad(w));
    wk_zeros_(w);
    assert_true(wk_at(w, 2, 3, 1) == 0);
    wk_ones_(w);
    assert_true(wk_at(w, 2, 3, 1) == 1);
    wk_constant_(w, 0.5);
    assert_true(wk_at(w, 2, 3, 1) == 0.5);
    EXPECT_ERROR(wk_xavier_uniform_(wk_ones(2, 2), .gain = NAN), WK_ERROR_ARGUMENT, "uniform_");
    EXPECT_ERROR(wk_xavier_normal_(wk_ones(2, 2), .gain = NAN), WK_ERROR_ARGUMENT,
                 "normal expects std >= 0.0, but found std nan");
    EXPECT_ERROR(wk_kaiming_uniform_(wk_ones(3)), WK_ERROR_SHAPE,
                 "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions");
    EXPECT_ERROR(wk_kaiming_normal_(w, .nonlinearity = "none"), WK_ERROR_ARGUMENT,
                 "Unsupported nonlinearity none");
    assert_non_null(wk_kaiming_uniform_(wk_empty(0, 4)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_layers),
        TENSOR_TEST(test_unbatched),
        TENSOR_TEST(test_inplace_and_eval),
        TENSOR_TEST(test_inplace_activations),
        TENSOR_TEST(test_activation_messages),
        TENSOR_TEST(test_losses),
        TENSOR_TEST(test_loss_weight),
        TENSOR_TEST(test_messages),
        TENSOR_TEST(test_gains),
        TENSOR_TEST(test_init),
    };
    return cmocka_run_group_tests(tests, load_wanted, free_wanted);
}
