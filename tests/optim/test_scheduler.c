/* Schedulers against PyTorch (tests/golden/schedulers.safetensors, made by tools/golden_schedulers.py), to the bit: two groups over 60
 * steps; resuming, ownership, mistakes, failing allocations. */
#include "support/golden.h"

enum { STEPS = 60 };

GOLDEN_FILE(wanted, "schedulers.safetensors")

static double inverse(int64_t epoch, void *user)
{
    (void)user;
    return 1 / (1 + (double)epoch);
}

typedef struct Case {
    const char *name;
    wk_LRScheduler *(*make)(wk_Optimizer *opt, int index); /* NULL: no more of them */
} Case;

#define CASE(name, expression)                                       \
    static wk_LRScheduler *make_##name(wk_Optimizer *opt, int index) \
    {                                                                \
        return index ? NULL : expression;                            \
    }
CASE(step, wk_StepLR(opt, 7))
CASE(step_gamma, wk_StepLR(opt, 1, .gamma = 0.97))
CASE(multi_step, wk_MultiStepLR(opt, wk_dims(3, 20, 20, 41), 0.5))
CASE(exponential, wk_ExponentialLR(opt, 0.93))
CASE(constant, wk_ConstantLR(opt))
CASE(constant_all, wk_ConstantLR(opt, 0.5, 9))
CASE(linear, wk_LinearLR(opt))
CASE(linear_all, wk_LinearLR(opt, 1, 0.1, 30))
CASE(polynomial, wk_PolynomialLR(opt))
CASE(polynomial_all, wk_PolynomialLR(opt, 40, .power = 1.7))
CASE(cosine, wk_CosineAnnealingLR(opt, 50))
CASE(cosine_again, wk_CosineAnnealingLR(opt, 7, .eta_min = 0.002))
CASE(lambda, wk_LambdaLR(opt, inverse, NULL))

static wk_LRScheduler *make_chained(wk_Optimizer *opt, int index)
{
    return index == 0 ? wk_LinearLR(opt, .total_iters = 10) : index == 1 ? wk_ExponentialLR(opt, 0.9) : NULL;
}

#define LISTED(name)       \
    {                      \
#name, make_##name \
    }
static const Case cases[] = {LISTED(step),           LISTED(step_gamma), LISTED(multi_step),
                             LISTED(exponential),    LISTED(constant),   LISTED(constant_all),
                             LISTED(linear),         LISTED(linear_all), LISTED(polynomial),
                             LISTED(polynomial_all), LISTED(cosine),     LISTED(cosine_again),
                             LISTED(lambda),         LISTED(chained)};

static wk_Optimizer *two_groups(void)
{
    wk_Optimizer *opt = wk_SGD(wk_list(wk_requires_grad_(wk_zeros(1))), .lr = 0.1);
    assert_int_equal(wk_add_param_group(opt, wk_list(wk_requires_grad_(wk_zeros(1)))), 1);
    EXPECT_TRUE(wk_set_option(opt, 1, "lr", 0.03));
    return opt;
}

static void expect_rates(const wk_Optimizer *opt, const wk_LRScheduler *last, const char *name, int step)
{
    const double *rows = wk_data(golden(wanted, "%s", name), double);
    for (int g = 0; g < 2; g++) {
        const double have = wk_get_option(opt, g, "lr"), want = rows[2 * step + g];
        if (have != want || wk_get_last_lr(last, g) != want)
            fail_msg("%s, step %d, group %d: have %.17g and %.17g, want %.17g", name, step, g, have,
                     wk_get_last_lr(last, g), want);
    }
}

static void test_rates_are_pytorchs(void **state)
{
    (void)state;
    for (size_t c = 0; c < LENGTH(cases); c++) {
        wk_Optimizer *opt = two_groups();
        wk_LRScheduler *made[2] = {NULL};
        int count = 0;
        while (count < 2 && (made[count] = cases[c].make(opt, count)))
            count++;
        assert_true(count > 0);
        expect_rates(opt, made[count - 1], cases[c].name, 0);
        for (int step = 1; step <= STEPS; step++) {
            for (int i = 0; i < count; i++)
                EXPECT_TRUE(wk_step(made[i]));
            expect_rates(opt, made[count - 1], cases[c].name, step);
            assert_int_equal(wk_last_epoch(made[0]), step);
        }
        char *text = wk_str(opt);
        assert_string_equal(text, wk_state_dict_metadata(wanted, cases[c].name));
        wk_str_free(text);
        wk_free(opt); /* the schedulers hold it */
        for (int i = 0; i < count; i++) {
            EXPECT_TRUE(wk_step(made[i]));
            wk_free(made[i]);
        }
    }
}

/* A new scheduler goes on from the epoch and the rates that were saved. */
static void test_resuming(void **state)
{
    (void)state;
    for (size_t c = 0; c < LENGTH(cases); c++) {
        if (strcmp(cases[c].name, "chained") == 0)
            continue;
        const double *rows = wk_data(golden(wanted, "%s", cases[c].name), double);
        wk_Optimizer *opt = two_groups();
        wk_LRScheduler *scheduler = cases[c].make(opt, 0);
        for (int g = 0; g < 2; g++)
            EXPECT_TRUE(wk_set_option(opt, g, "lr", rows[2 * 25 + g]));
        EXPECT_TRUE(wk_set_last_epoch(scheduler, 25));
        for (int step = 26; step <= STEPS; step++) {
            EXPECT_TRUE(wk_step(scheduler));
            expect_rates(opt, scheduler, cases[c].name, step);
        }
        wk_free(scheduler), wk_free(opt);
    }
}

static void test_numbers_that_are_zero(void **state)
{
    (void)state;
    wk_Optimizer *opt = two_groups();
    wk_LRScheduler *scheduler = wk_StepLR(opt, 1, 0);
    EXPECT_TRUE(wk_step(scheduler));
    assert_true(wk_get_lr(opt) == 0);
    wk_free(scheduler), wk_free(opt);
    opt = two_groups();
    scheduler = wk_ConstantLR(opt, .factor = 0.5, .total_iters = WK_ZERO);
    assert_true(wk_get_lr(opt) == 0.05);
    wk_free(scheduler), wk_free(opt);
    opt = two_groups();
    scheduler = wk_LinearLR(opt, 0.5, 1, WK_ZERO);
    EXPECT_TRUE(wk_step(scheduler));
    assert_true(wk_get_lr(opt) == 0.05); /* no step is left: the rate stays */
    wk_free(scheduler), wk_free(opt);
    opt = two_groups();
    EXPECT_ERROR(wk_PolynomialLR(opt, WK_ZERO), WK_ERROR_ARGUMENT,
                 "PolynomialLR: total_iters must be at least 1, got 0");
    scheduler = wk_StepLR(opt, 1);
    wk_free(scheduler), wk_free(opt);
}

static double not_a_rate(int64_t epoch, void *user)
{
    (void)user;
    return epoch < 2 ? 1 : NAN;
}

static void test_mistakes(void **state)
{
    (void)state;
    wk_Optimizer *opt = two_groups();
    EXPECT_ERROR(wk_StepLR((wk_Optimizer *)NULL, 3), WK_ERROR_ARGUMENT, "StepLR: argument optimizer is NULL");
    EXPECT_ERROR(wk_LambdaLR(opt, NULL, NULL), WK_ERROR_ARGUMENT, "LambdaLR: argument lr_lambda is NULL");
    EXPECT_ERROR(wk_StepLR(opt, 0), WK_ERROR_ARGUMENT, "StepLR: step_size must be at least 1, got 0");
    EXPECT_ERROR(wk_CosineAnnealingLR(opt, -2), WK_ERROR_ARGUMENT,
                 "CosineAnnealingLR: T_max must be at least 1, got -2");
    EXPECT_ERROR(wk_PolynomialLR(opt, 0), WK_ERROR_ARGUMENT,
                 "PolynomialLR: total_iters must be at least 1, got 0");
    EXPECT_ERROR(wk_ConstantLR(opt, 1.5), WK_ERROR_ARGUMENT,
                 "ConstantLR: factor must be between 0 and 1, got 1.5");
    EXPECT_ERROR(wk_LinearLR(opt, 0), WK_ERROR_ARGUMENT,
                 "LinearLR: start_factor must be above 0 and at most 1, got 0");
    EXPECT_ERROR(wk_LinearLR(opt, .end_factor = 2), WK_ERROR_ARGUMENT,
                 "LinearLR: end_factor must be between 0 and 1");
    assert_true(wk_get_lr(opt) == 0.1);
    wk_LRScheduler *scheduler = wk_LambdaLR(opt, not_a_rate, NULL);
    EXPECT_TRUE(wk_step(scheduler));
    EXPECT_ERROR(wk_step(scheduler), WK_ERROR_ARGUMENT, "SGD: Invalid learning rate: nan");
    assert_true(wk_get_lr(opt) == 0.1);
    assert_int_equal(wk_last_epoch(scheduler), 1);
    EXPECT_ERROR(isnan(wk_get_last_lr(scheduler, 2)) ? NULL : "", WK_ERROR_INDEX,
                 "get_last_lr: LambdaLR has no parameter group 2, only 2");
    EXPECT_ERROR(wk_set_last_epoch(scheduler, -1), WK_ERROR_ARGUMENT,
                 "set_last_epoch: epoch must not be negative, got -1");
    assert_int_equal(wk_add_param_group(opt, wk_list(wk_requires_grad_(wk_zeros(1)))), 2);
    EXPECT_ERROR(wk_step(scheduler), WK_ERROR_STATE,
                 "LambdaLR: the optimizer has 3 parameter groups, but had 2 when the scheduler was made");
    wk_free(scheduler), wk_free(opt);
}

static wk_Tensor *scheduled(void *user)
{
    wk_Optimizer *opt = wk_SGD(wk_list((wk_Tensor *)user), .lr = 0.1);
    wk_LRScheduler *scheduler = opt ? wk_MultiStepLR(opt, wk_dims(1), 0.5) : NULL;
    wk_Tensor *rate = scheduler && wk_step(scheduler) ? wk_full(wk_get_lr(opt), 1) : NULL;
    wk_free(scheduler), wk_free(opt);
    return rate;
}

static void test_failing_allocations(void **state)
{
    (void)state;
    assert_true(expect_survives_failing_allocations(scheduled, wk_requires_grad_(wk_zeros(1))) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_rates_are_pytorchs),    TENSOR_TEST(test_resuming),
        TENSOR_TEST(test_numbers_that_are_zero), TENSOR_TEST(test_mistakes),
        TENSOR_TEST(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, load_wanted, free_wanted);
}
