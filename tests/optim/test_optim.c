/* Optimizers against PyTorch: their text, and two parameters over four steps (tests/golden/nn.safetensors); groups and mistakes. */
#include "support/golden.h"

#include "core/float_mode.h"
#include "optim/optimizer.h"

GOLDEN_FILE(wanted, "nn.safetensors")

static wk_Optimizer *optimizer_named(const char *name, wk_List params)
{
    if (strcmp(name, "sgd") == 0)
        return wk_SGD(params);
    if (strcmp(name, "sgd_momentum") == 0)
        return wk_SGD(params, .lr = 0.1, .momentum = 0.9, .dampening = 0.5, .weight_decay = 0.01);
    if (strcmp(name, "sgd_nesterov") == 0)
        return wk_SGD(params, .lr = 0.1, .momentum = 0.9, .nesterov = true, .maximize = true);
    if (strcmp(name, "adam") == 0)
        return wk_Adam(params);
    if (strcmp(name, "adam_all") == 0)
        return wk_Adam(params, .lr = 0.1, .betas = {0.8, 0.9}, .eps = 1e-3, .weight_decay = 0.1,
                       .amsgrad = true, .maximize = true);
    if (strcmp(name, "adam_zero") == 0)
        return wk_Adam(params, .betas = {0, 0.99}, .eps = WK_ZERO);
    if (strcmp(name, "rmsprop") == 0)
        return wk_RMSprop(params);
    return wk_RMSprop(params, .lr = 0.05, .alpha = 0.9, .eps = 1e-4, .weight_decay = 0.1, .momentum = 0.8,
                      .centered = true, .maximize = true);
}

static const char *const names[] = {"sgd",      "sgd_momentum", "sgd_nesterov", "adam",
                                    "adam_all", "adam_zero",    "rmsprop",      "rmsprop_all"};

/* strided: parameters and gradients are transposed views, so that neither is contiguous. */
static wk_Tensor *strange(wk_Tensor *t, bool strided)
{
    if (!strided || wk_ndim(t) < 2)
        return t;
    return wk_t(wk_contiguous(wk_t(t)));
}

static void run_case(const char *name, wk_dtype dtype, bool strided)
{
    wk_Scope scope = wk_scope_begin();
    wk_manual_seed(7);
    wk_Tensor *p[2];
    p[0] = wk_requires_grad_(strange(wk_to_dtype(wk_randn(3, 5), dtype), strided));
    p[1] = wk_requires_grad_(wk_to_dtype(wk_randn(33), dtype));
    assert_int_equal(wk_is_contiguous(p[0]), !strided);
    wk_Optimizer *opt = optimizer_named(name, wk_list(p[0], p[1]));
    EXPECT_TRUE(opt != NULL);
    char *text = wk_str(opt);
    assert_string_equal(text, wk_state_dict_metadata(wanted, name));
    wk_str_free(text);
    for (int step = 0; step < 4; step++) {
        for (int i = 0; i < 2; i++) {
            wk_Tensor *g =
                wk_to_dtype(wk_randn_shape(wk_ndim(p[i]), wk_shape(p[i]), wk_default_dtype), dtype);
            EXPECT_TRUE(wk_set_grad(p[i], strange(g, strided)));
        }
        int64_t version = wk_version_of(p[1]);
        EXPECT_TRUE(wk_step(opt));
        assert_true(wk_version_of(p[1]) == version + 1);
        for (int i = 0; i < 2; i++) {
            char what[80];
            snprintf(what, sizeof what, "%s%s.%d.%d", name, dtype == wk_float64 ? "_f64" : "", step, i);
            double tolerance = dtype == wk_float64 ? 1e-14 : 1e-6;
            expect_close(p[i], golden(wanted, "%s", what), tolerance, tolerance, what);
        }
    }
    assert_true(wk_is_leaf(p[0]) && wk_requires_grad(p[0]));
    wk_free(opt);
    wk_scope_end(scope);
}

static void test_steps(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(names); i++) {
        run_case(names[i], wk_float32, false);
        run_case(names[i], wk_float64, false);
        run_case(names[i], wk_float32, true);
    }
}

/* A gradient that is the parameter itself, and parameters without one. */
static void test_strange_gradients(void **state)
{
    (void)state;
    wk_Tensor *a = wk_requires_grad_(f32(1, 2)), *b = wk_requires_grad_(f32(3));
    wk_Optimizer *opt = wk_SGD(wk_list(a, b), .lr = 0.5);
    EXPECT_TRUE(wk_set_grad(a, wk_detach(a)));
    EXPECT_TRUE(wk_step(opt));
    EXPECT_VALUES(a, 0.5, 1);
    EXPECT_VALUES(b, 3);
    EXPECT_TRUE(wk_optimizer_zero_grad(opt, false));
    EXPECT_VALUES(a, 0, 0);
    EXPECT_TRUE(wk_zero_grad(opt));
    assert_null(wk_grad_of(a));
    EXPECT_TRUE(wk_step(opt));
    wk_free(opt);
}

/* A gradient with a history of its own becomes plain zeros. */
static void test_zero_recorded_gradient(void **state)
{
    (void)state;
    wk_Tensor *a = wk_requires_grad_(f32(2));
    EXPECT_TRUE(wk_backward(wk_sum(wk_pow(a, 3)), .create_graph = true));
    assert_true(wk_requires_grad(wk_grad_of(a)));
    wk_Optimizer *opt = wk_SGD(wk_list(a));
    EXPECT_TRUE(wk_optimizer_zero_grad(opt, false));
    assert_false(wk_requires_grad(wk_grad_of(a)));
    EXPECT_VALUES(wk_grad_of(a), 0);
    wk_zero_grad(opt);
    wk_free(opt);
}

/* A weight changed by a step is noticed by a graph that still needs it. */
static void test_version(void **state)
{
    (void)state;
    ROW("A19");
    wk_Tensor *a = wk_requires_grad_(f32(2));
    wk_Tensor *y = wk_sum(wk_mul(a, a));
    wk_set_grad(a, f32(1));
    wk_Optimizer *opt = wk_SGD(wk_list(a));
    wk_step(opt);
    EXPECT_ERROR(wk_backward(y), WK_ERROR_STATE, "has been modified by an inplace operation");
    wk_free(opt);
}

/* torch: the same two groups, one step along gradients of 1. */
static void test_groups(void **state)
{
    (void)state;
    wk_Tensor *a = wk_requires_grad_(f32(1)), *b = wk_requires_grad_(f32(1)), *c = wk_requires_grad_(f32(1));
    wk_Optimizer *opt = wk_SGD(wk_list(a), .lr = 0.5);
    assert_int_equal(wk_add_param_group(opt, wk_list(b)), 1);
    assert_int_equal(wk_add_param_group(opt, wk_list(c)), 2);
    assert_int_equal(wk_param_group_count(opt), 3);
    EXPECT_TRUE(wk_set_option(opt, 1, "lr", 0.25));
    EXPECT_TRUE(wk_set_option(opt, 2, "weight_decay", 1));
    assert_true(wk_get_option(opt, 1, "lr") == 0.25 && wk_get_lr(opt) == 0.5);
    wk_set_grad(a, f32(1)), wk_set_grad(b, f32(1)), wk_set_grad(c, f32(1));
    EXPECT_TRUE(wk_step(opt));
    EXPECT_VALUES(a, 0.5);
    EXPECT_VALUES(b, 0.75);
    EXPECT_VALUES(c, 0);
    char *text = wk_str(opt);
    assert_non_null(strstr(
        text, "\n\nParameter Group 1\n    dampening: 0\n    differentiable: False\n    foreach: None\n    "
              "fused: None\n    lr: 0.25\n"));
    wk_str_free(text);
    EXPECT_TRUE(wk_set_lr(opt, 0));
    EXPECT_TRUE(wk_step(opt));
    EXPECT_VALUES(a, 0.5);
    EXPECT_ERROR(wk_set_lr(opt, -1), WK_ERROR_ARGUMENT, "SGD: Invalid learning rate: -1.0");
    EXPECT_ERROR(wk_set_option(opt, 0, "nesterov", 1), WK_ERROR_ARGUMENT,
                 "Nesterov momentum requires a momentum and zero dampening");
    EXPECT_ERROR(wk_set_option(opt, 3, "lr", 1), WK_ERROR_INDEX, "SGD has no parameter group 3, only 3");
    EXPECT_ERROR(!isnan(wk_get_option(opt, 0, "be\033ta1")), WK_ERROR_ARGUMENT,
                 "SGD has no option 'be\\x1bta1'");
    EXPECT_ERROR(wk_add_param_group(opt, wk_list(wk_requires_grad_(f32(1)), b)) >= 0, WK_ERROR_ARGUMENT,
                 "some parameters appear in more than one parameter group: params[1]");
    wk_free(opt);
}

static void test_mistakes(void **state)
{
    (void)state;
    ROW("A21");
    wk_Tensor *w = wk_requires_grad_(f32(1, 2));
    wk_List p = wk_list(w);
    EXPECT_ERROR(wk_SGD(p, .lr = -0.1), WK_ERROR_ARGUMENT, "SGD: Invalid learning rate: -0.1");
    EXPECT_ERROR(wk_SGD(p, .lr = (double)NAN), WK_ERROR_ARGUMENT, "SGD: Invalid learning rate: nan");
    EXPECT_ERROR(wk_Adam(p, .lr = -1), WK_ERROR_ARGUMENT, "Adam: Invalid learning rate: -1.0");
    EXPECT_ERROR(wk_Adam(p, .lr = (double)NAN), WK_ERROR_ARGUMENT, "Adam: Invalid learning rate: nan");
    EXPECT_ERROR(wk_RMSprop(p, .lr = -1), WK_ERROR_ARGUMENT, "RMSprop: Invalid learning rate: -1.0");
    EXPECT_ERROR(wk_SGD(p, .momentum = (double)NAN), WK_ERROR_ARGUMENT, "SGD: Invalid momentum value: nan");
    EXPECT_ERROR(wk_SGD(p, .momentum = -0.5), WK_ERROR_ARGUMENT, "SGD: Invalid momentum value: -0.5");
    EXPECT_ERROR(wk_SGD(p, .dampening = (double)NAN), WK_ERROR_ARGUMENT, "SGD: Invalid dampening value: nan");
    EXPECT_ERROR(wk_SGD(p, .weight_decay = -1), WK_ERROR_ARGUMENT, "SGD: Invalid weight_decay value: -1.0");
    EXPECT_ERROR(wk_SGD(p, .nesterov = true), WK_ERROR_ARGUMENT,
                 "SGD: Nesterov momentum requires a momentum and zero dampening");
    EXPECT_ERROR(wk_Adam(p, .betas = {1.0, 0.9}), WK_ERROR_ARGUMENT,
                 "Adam: Invalid beta parameter at index 0: 1.0");
    EXPECT_ERROR(wk_Adam(p, .betas = {0.9, 1.0}), WK_ERROR_ARGUMENT,
                 "Adam: Invalid beta parameter at index 1: 1.0");
    EXPECT_ERROR(wk_Adam(p, .betas = {(double)NAN, 0.9}), WK_ERROR_ARGUMENT,
                 "Adam: Invalid beta parameter at index 0: nan");
    EXPECT_ERROR(wk_Adam(p, .betas = {0.9, (double)NAN}), WK_ERROR_ARGUMENT,
                 "Adam: Invalid beta parameter at index 1: nan");
    EXPECT_ERROR(wk_Adam(p, .betas = {-0.1, 0.9}), WK_ERROR_ARGUMENT,
                 "Adam: Invalid beta parameter at index 0: -0.1");
    EXPECT_ERROR(wk_Adam(p, .weight_decay = (double)NAN), WK_ERROR_ARGUMENT,
                 "Adam: Invalid weight_decay value: nan");
    EXPECT_ERROR(wk_RMSprop(p, .eps = -1), WK_ERROR_ARGUMENT, "RMSprop: Invalid epsilon value: -1.0");
    EXPECT_ERROR(wk_RMSprop(p, .momentum = (double)NAN), WK_ERROR_ARGUMENT,
                 "RMSprop: Invalid momentum value: nan");
    EXPECT_ERROR(wk_RMSprop(p, .alpha = (double)NAN), WK_ERROR_ARGUMENT, "RMSprop: Invalid alpha value: nan");
    EXPECT_ERROR(wk_SGD((wk_List){1, NULL}), WK_ERROR_ARGUMENT, "SGD: argument params is NULL");
    EXPECT_ERROR(wk_Adam(p, .eps = -1e-8), WK_ERROR_ARGUMENT, "Adam: Invalid epsilon value: -1e-08");
    EXPECT_ERROR(wk_RMSprop(p, .alpha = -1), WK_ERROR_ARGUMENT, "RMSprop: Invalid alpha value: -1.0");
    EXPECT_ERROR(wk_RMSprop(p, .eps = (double)NAN), WK_ERROR_ARGUMENT, "RMSprop: Invalid epsilon value: nan");
    EXPECT_ERROR(wk_RMSprop(p, .momentum = -1), WK_ERROR_ARGUMENT, "RMSprop: Invalid momentum value: -1.0");
    EXPECT_ERROR(wk_SGD((wk_List){0, NULL}), WK_ERROR_ARGUMENT, "SGD: optimizer got an empty parameter list");
    ROW("A23");
    EXPECT_ERROR(wk_SGD(wk_list(w, w)), WK_ERROR_ARGUMENT, "duplicate parameters: params[1] is params[0]");
    EXPECT_ERROR(wk_SGD(wk_list(w, wk_mul(w, 2))), WK_ERROR_ARGUMENT,
                 "can't optimize a non-leaf Tensor: params[1]");
    EXPECT_ERROR(wk_SGD(wk_list(w, (wk_Tensor *)NULL)), WK_ERROR_ARGUMENT, "params[1] is NULL");
    EXPECT_ERROR(wk_SGD(wk_list(i64(1))), WK_ERROR_DTYPE, "params[0] has dtype int64");
    EXPECT_ERROR(wk_SGD(wk_list(wk_expand(f32(1), 4))), WK_ERROR_ARGUMENT,
                 "refers to a single memory location");
    EXPECT_ERROR(wk_step((wk_Optimizer *)NULL), WK_ERROR_ARGUMENT, "step: argument optimizer is NULL");
    wk_free((wk_Optimizer *)NULL);
}

/* ---- subnormal numbers ------------------------------------------------------------------------------- */

static bool all_zero(const wk_Tensor *t)
{
    const unsigned char *bytes = wk_tensor_data(t);
    for (size_t i = 0; i < (size_t)t->numel * wk_dtype_size((wk_dtype)t->dtype); i++)
        if (bytes[i])
            return false;
    return true;
}

/* Steps along gradients of 0 until every slot has decayed; true if they end at 0 and not at subnormal numbers. */
static bool state_decays_to_zero(wk_Optimizer *opt, wk_Tensor *w, int slots, int steps)
{
    wk_set_grad(w, wk_full_like(w, 1e-15));
    EXPECT_TRUE(wk_step(opt));
    wk_set_grad(w, wk_zeros_like(w));
    for (int i = 0; i < steps; i++)
        EXPECT_TRUE(wk_step(opt));
    for (int s = 0; s < WK_SLOTS; s++) {
        const wk_Tensor *slot = opt->groups[0].params[0].slot[s];
        if (!slot != !(slots >> s & 1) || (slot && !all_zero(slot)))
            return false;
    }
    return true;
}

static void test_state_decays_to_zero(void **state)
{
    (void)state;
    if (!WK_FLOAT_FLUSH)
        SKIP("this machine has one floating-point mode");
    for (int64_t n = 3; n <= 70003; n += 70000) /* on one thread, and on several */
        for (int d = 0; d < 2; d++) {
            const wk_dtype dtype = d ? wk_float64 : wk_float32;
            const int steps = d ? 8000 : 750;
            if (d && n > 3)
                continue;
            wk_set_num_threads(3);
            wk_Tensor *w = wk_requires_grad_(wk_ones_shape(1, &n, dtype));
            wk_Optimizer *sgd = wk_SGD(wk_list(w), .momentum = 0.9),
                         *adam = wk_Adam(wk_list(w), .betas = {0.9, 0.9}),
                         *rms = wk_RMSprop(wk_list(w), .alpha = 0.9, .momentum = 0.9, .centered = true);
            assert_true(state_decays_to_zero(sgd, w, 1, steps));
            assert_true(state_decays_to_zero(adam, w, 3, steps));
            assert_true(state_decays_to_zero(rms, w, 7, steps));
            wk_zero_grad(sgd);
            wk_free(sgd), wk_free(adam), wk_free(rms);
        }
    wk_set_num_threads(2);
}

/* The caller's floating-point mode is as before, whatever it was, and only a step is run in another. */
static void test_callers_mode_stays(void **state)
{
    (void)state;
    const wk_FloatMode before = wk_float_mode();
    wk_Tensor *w = wk_requires_grad_(f32(1e-40, 1)), *g = f32(1e-40, 1e-40);
    wk_set_grad(w, g);
    wk_Optimizer *opt = wk_SGD(wk_list(w), .momentum = 0.9), *adam = wk_Adam(wk_list(w));
    for (int flush = 0; flush < 2; flush++) {
        const wk_FloatMode mode = before | (flush ? WK_FLOAT_FLUSH : 0);
        wk_set_float_mode(mode);
        bool done = wk_step(opt) && wk_step(adam);
        const wk_FloatMode after = wk_float_mode();
        wk_set_float_mode(before);
        assert_true(done);
        assert_true(after == mode);
    }
    assert_true(wk_item(wk_mul(wk_sum(g), 0.5)) > 0); /* subnormal, outside a step */
    wk_zero_grad(opt);
    wk_free(opt), wk_free(adam);
}

/* Without an eps to add, the smallest denominators count: gradients of 1e-19 have squares that would be flushed. torch: one step of lr
 * for each, as for any gradient. */
static void test_small_eps_keeps_every_digit(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        wk_Tensor *w = wk_requires_grad_(f32(1, 1));
        wk_Optimizer *opt = i ? wk_RMSprop(wk_list(w), .lr = 0.01, .alpha = 0.9, .eps = WK_ZERO)
                              : wk_Adam(wk_list(w), .lr = 0.01, .eps = WK_ZERO);
        wk_set_grad(w, f32(1e-19, -1e-20));
        EXPECT_TRUE(wk_step(opt));
        const double step = i ? 0.01 / sqrt(0.1) : 0.01;
        assert_true(fabs(wk_data(w, float)[0] - (1 - step)) < 1e-4);
        assert_true(fabs(wk_data(w, float)[1] - (1 + step)) < 1e-3);
        wk_zero_grad(opt);
        wk_free(opt);
    }
}

/* An optimizer holds its parameters. */
static void test_outlives_module(void **state)
{
    (void)state;
    wk_Module *net = wk_Linear(2, 1);
    wk_Optimizer *opt = wk_SGD(wk_parameters(net), .lr = 1);
    wk_free(net);
    EXPECT_TRUE(wk_step(opt));
    wk_free(opt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_steps),
        TENSOR_TEST(test_strange_gradients),
        TENSOR_TEST(test_zero_recorded_gradient),
        TENSOR_TEST(test_version),
        TENSOR_TEST(test_groups),
        TENSOR_TEST(test_mistakes),
        TENSOR_TEST(test_state_decays_to_zero),
        TENSOR_TEST(test_callers_mode_stays),
        TENSOR_TEST(test_small_eps_keeps_every_digit),
        TENSOR_TEST(test_outlives_module),
    };
    return cmocka_run_group_tests(tests, load_wanted, free_wanted);
}
