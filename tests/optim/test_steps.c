/* Twenty steps of each optimizer with random options against PyTorch (tests/golden/optim.safetensors, made by tools/golden_optim.py):
 * options change after eight steps, and one parameter has its first gradient at the third. And gradients in their parameter's memory. */
#include "support/golden.h"

enum { CASES = 14, CHANGE = 8, TOTAL = 20 };

GOLDEN_FILE(wanted, "optim.safetensors")

/* 0 is what unset means elsewhere. */
static double given(double value)
{
    return value == 0 ? WK_ZERO : value;
}

static wk_Optimizer *make_sgd(wk_List params, const double *o)
{
    return wk_SGD(params, .lr = given(o[0]), .momentum = o[1], .dampening = o[2], .weight_decay = o[3],
                  .nesterov = o[4] != 0, .maximize = o[5] != 0);
}

static wk_Optimizer *make_adam(wk_List params, const double *o)
{
    return wk_Adam(params, .lr = given(o[0]), .betas = {given(o[1]), given(o[2])}, .eps = given(o[3]),
                   .weight_decay = o[4], .amsgrad = o[5] != 0, .maximize = o[6] != 0);
}

static wk_Optimizer *make_rmsprop(wk_List params, const double *o)
{
    return wk_RMSprop(params, .lr = given(o[0]), .alpha = given(o[1]), .eps = given(o[2]),
                      .weight_decay = o[3], .momentum = o[4], .centered = o[5] != 0, .maximize = o[6] != 0);
}

static wk_Optimizer *make_adamw(wk_List params, const double *o)
{
    return wk_AdamW(params, .lr = given(o[0]), .betas = {given(o[1]), given(o[2])}, .eps = given(o[3]),
                    .weight_decay = given(o[4]), .amsgrad = o[5] != 0, .maximize = o[6] != 0);
}

static wk_Optimizer *make_adagrad(wk_List params, const double *o)
{
    return wk_Adagrad(params, .lr = given(o[0]), .lr_decay = o[1], .weight_decay = o[2],
                      .initial_accumulator_value = o[3], .eps = given(o[4]), .maximize = o[5] != 0);
}

typedef struct Kind {
    const char *name;
    const char *options[8]; /* in the order of the golden file */
    wk_Optimizer *(*make)(wk_List params, const double *options);
} Kind;

static const Kind kinds[] = {
    {"sgd", {"lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize"}, make_sgd},
    {"adam", {"lr", "beta1", "beta2", "eps", "weight_decay", "amsgrad", "maximize"}, make_adam},
    {"rmsprop", {"lr", "alpha", "eps", "weight_decay", "momentum", "centered", "maximize"}, make_rmsprop},
    {"adamw", {"lr", "beta1", "beta2", "eps", "weight_decay", "amsgrad", "maximize"}, make_adamw},
    {"adagrad",
     {"lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps", "maximize"},
     make_adagrad},
};

/* Each option alone must be allowed beside the others, so nesterov goes first and comes last. */
static void set_options(const Kind *kind, wk_Optimizer *opt, const double *options)
{
    if (kind->make == make_sgd)
        EXPECT_TRUE(wk_set_option(opt, 0, "nesterov", 0));
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; kind->options[i]; i++)
            if ((strcmp(kind->options[i], "nesterov") == 0) == pass)
                EXPECT_TRUE(wk_set_option(opt, 0, kind->options[i], options[i]));
}

static void expect_params(wk_Tensor *const *params, const char *name, wk_dtype dtype, int step)
{
    const bool wide = dtype == wk_float64;
    for (int i = 0; i < 2; i++) {
        char what[80];
        snprintf(what, sizeof what, "%s.%s.%d.%d", name, wide ? "f64" : "f32", step, i);
        const double tolerance = wide ? 1e-13 : 2e-6;
        expect_close(params[i], golden(wanted, "%s", what), tolerance, tolerance, what);
    }
}

static void run_case(const Kind *kind, int number, wk_dtype dtype)
{
    char name[40];
    snprintf(name, sizeof name, "%s.%d", kind->name, number);
    const double *options = wk_data(golden(wanted, "%s", name), double);
    wk_Scope scope = wk_scope_begin();
    wk_manual_seed(11);
    wk_Tensor *params[2] = {wk_requires_grad_(wk_to_dtype(wk_randn(7), dtype))};
    params[1] = wk_requires_grad_(wk_to_dtype(wk_randn(2, 3), dtype));
    wk_Optimizer *opt = kind->make((wk_List){2, params}, options);
    EXPECT_TRUE(opt != NULL);
    for (int step = 1; step <= TOTAL; step++) {
        if (step == CHANGE + 1)
            set_options(kind, opt, options + wk_size(golden(wanted, "%s", name), 1));
        for (int i = 0; i < 2; i++) {
            wk_Tensor *p = params[i], *g = wk_randn_shape(wk_ndim(p), wk_shape(p), wk_default_dtype);
            EXPECT_TRUE(wk_set_grad(p, i == 1 && step < 3 ? NULL : wk_to_dtype(g, dtype)));
        }
        EXPECT_TRUE(wk_step(opt));
        if (step == 1 || step == 4 || step == CHANGE || step == CHANGE + 1 || step == TOTAL)
            expect_params(params, name, dtype, step);
    }
    wk_free(opt);
    wk_scope_end(scope);
}

static void test_random_options(void **state)
{
    (void)state;
    for (size_t k = 0; k < LENGTH(kinds); k++)
        for (int number = 0; number < CASES; number++) {
            run_case(&kinds[k], number, wk_float32);
            run_case(&kinds[k], number, wk_float64);
        }
}

/* Defaults and texts are PyTorch's; by place a 0 is 0. */
static void test_defaults(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f32(1));
    const struct {
        const char *name;
        wk_Optimizer *optimizer;
    } made[] = {{"sgd", wk_SGD(wk_list(w))},
                {"adam", wk_Adam(wk_list(w))},
                {"rmsprop", wk_RMSprop(wk_list(w))},
                {"adamw", wk_AdamW(wk_list(w))},
                {"adagrad", wk_Adagrad(wk_list(w))}};
    for (size_t i = 0; i < LENGTH(made); i++) {
        char *text = wk_str(made[i].optimizer);
        assert_string_equal(text, wk_state_dict_metadata(wanted, made[i].name));
        wk_str_free(text);
        wk_free(made[i].optimizer);
    }
    wk_Optimizer *opt = wk_AdamW(wk_list(w), 0, {0, 0.5}, 0, 0);
    assert_true(wk_get_option(opt, 0, "beta1") == 0 && wk_get_option(opt, 0, "beta2") == 0.5);
    assert_true(wk_get_lr(opt) == 0 && wk_get_option(opt, 0, "eps") == 0 &&
                wk_get_option(opt, 0, "weight_decay") == 0);
    wk_free(opt);
    EXPECT_ERROR(wk_AdamW(wk_list(w), .weight_decay = -1), WK_ERROR_ARGUMENT,
                 "AdamW: Invalid weight_decay value: -1");
    EXPECT_ERROR(wk_Adagrad(wk_list(w), .lr_decay = -1), WK_ERROR_ARGUMENT,
                 "Adagrad: Invalid lr_decay value: -1");
    EXPECT_ERROR(wk_Adagrad(wk_list(w), .initial_accumulator_value = -1), WK_ERROR_ARGUMENT,
                 "Adagrad: Invalid initial_accumulator_value value: -1");
}

/* What PyTorch has no state for when it is switched on after the first step begins at zero, as at a first step. */
static void test_state_that_comes_later(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f64(1));
    wk_Optimizer *opt = wk_RMSprop(wk_list(w), .lr = 0.1, .alpha = 0.5, .eps = 1e-3);
    wk_set_grad(w, f64(2));
    EXPECT_TRUE(wk_step(opt));
    EXPECT_TRUE(wk_set_option(opt, 0, "momentum", 0.9) && wk_set_option(opt, 0, "centered", 1));
    EXPECT_TRUE(wk_step(opt));
    const double square = 0.5 * 2 + 0.5 * 4, mean = 0.5 * 2, first = 0.1 * 2 / (sqrt(2) + 1e-3);
    EXPECT_VALUES(w, 1 - first - 0.1 * 2 / (sqrt(square - mean * mean) + 1e-3));
    wk_free(opt);
}

/* A gradient that is its parameter's memory one element before is read before anything is written, whatever the width of a vector. */
static void test_gradient_in_the_parameters_memory(void **state)
{
    (void)state;
    enum { N = 1000 };
    for (size_t k = 0; k < LENGTH(kinds); k++)
        for (int d = 0; d < 2; d++) {
            const wk_dtype dtype = d ? wk_float64 : wk_float32;
            double options[8];
            memcpy(options, wk_data(golden(wanted, "%s.1", kinds[k].name), double), 6 * sizeof(double));
            options[0] = 0.5, options[6] = 0;
            wk_manual_seed(2);
            wk_Tensor *memory = wk_to_dtype(wk_randn(N + 1), dtype);
            wk_Tensor *apart = wk_clone(wk_slice(memory, 0, 1, N + 1, 1)),
                      *grad = wk_clone(wk_slice(memory, 0, 0, N, 1));
            wk_Tensor *w = wk_requires_grad_(wk_detach(wk_slice(memory, 0, 1, N + 1, 1)));
            EXPECT_TRUE(wk_set_grad(w, wk_slice(memory, 0, 0, N, 1)));
            EXPECT_TRUE(wk_set_grad(wk_requires_grad_(apart), grad));
            wk_Optimizer *within = kinds[k].make(wk_list(w), options),
                         *beside = kinds[k].make(wk_list(apart), options);
            EXPECT_TRUE(wk_step(within) && wk_step(beside));
            expect_close(wk_detach(w), wk_detach(apart), 0, 0, kinds[k].name);
            wk_zero_grad(within), wk_zero_grad(beside);
            wk_free(within), wk_free(beside);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_random_options),
        TENSOR_TEST(test_defaults),
        TENSOR_TEST(test_state_that_comes_later),
        TENSOR_TEST(test_gradient_in_the_parameters_memory),
    };
    return cmocka_run_group_tests(tests, load_wanted, free_wanted);
}
