/* The state of optimizers as a dictionary: PyTorch's names, resuming to the bit through a file, mistakes, failing allocations. */
#include "io/temp.h"
#include "support/golden.h"

static wk_Optimizer *make(int kind, wk_List params)
{
    switch (kind) {
    case 0:
        return wk_SGD(params, .lr = 0.1);
    case 1:
        return wk_SGD(params, .lr = 0.1, .momentum = 0.9, .dampening = 0.3);
    case 2:
        return wk_SGD(params, .lr = 0.1, .momentum = 0.9, .nesterov = true, .weight_decay = 0.1);
    case 3:
        return wk_Adam(params, .lr = 0.1, .betas = {0.5, 0.9}, .amsgrad = true, .maximize = true);
    case 4:
        return wk_AdamW(params, .lr = 0.1);
    case 5:
        return wk_RMSprop(params, .lr = 0.1, .momentum = 0.9, .centered = true);
    case 6:
        return wk_RMSprop(params, .lr = 0.1);
    case 7:
        return wk_Adagrad(params, .lr = 0.1, .lr_decay = 0.1, .initial_accumulator_value = 0.5);
    default:
        return NULL;
    }
}

typedef struct Run {
    wk_Tensor *params[3];
    wk_Optimizer *opt;
} Run;

static wk_Optimizer *grouped(int kind, wk_Tensor **params)
{
    wk_Optimizer *opt = make(kind, wk_list(params[0], params[1]));
    if (opt)
        assert_int_equal(wk_add_param_group(opt, wk_list(params[2])), 1);
    return opt;
}

static Run begin(int kind, wk_dtype dtype)
{
    Run run;
    wk_manual_seed(3);
    run.params[0] = wk_requires_grad_(wk_to_dtype(wk_randn(5), dtype));
    run.params[1] = wk_requires_grad_(wk_to_dtype(wk_randn(2, 3), dtype));
    run.params[2] = wk_requires_grad_(wk_to_dtype(wk_randn(2), dtype));
    run.opt = grouped(kind, run.params);
    return run;
}

/* Parameter 1 has no gradient in the first steps, so its state is behind the others'. */
static void advance(Run *run, int from, int to)
{
    for (int step = from; step < to; step++) {
        wk_manual_seed((uint64_t)step + 100);
        for (int i = 0; i < 3; i++) {
            wk_Tensor *grad = wk_randn_like(wk_detach(run->params[i]));
            EXPECT_TRUE(wk_set_grad(run->params[i], i == 1 && step < 2 ? NULL : grad));
        }
        EXPECT_TRUE(wk_step(run->opt));
    }
}

static Run resumed(int kind, const Run *from, const wk_StateDict *dict)
{
    Run run;
    for (int i = 0; i < 3; i++)
        run.params[i] = wk_requires_grad_(wk_clone(wk_detach(from->params[i])));
    run.opt = grouped(kind, run.params);
    EXPECT_TRUE(wk_optimizer_load_state_dict(run.opt, dict));
    return run;
}

static void expect_same(const Run *a, const Run *b, const char *what)
{
    for (int i = 0; i < 3; i++)
        expect_close(wk_detach(b->params[i]), wk_detach(a->params[i]), 0, 0, what);
}

static void test_resuming_gives_the_same_bits(void **state)
{
    (void)state;
    for (int kind = 0; kind < 8; kind++)
        for (int wide = 0; wide < 2; wide++)
            for (int stop = 0; stop < 5; stop++) {
                Run whole = begin(kind, wide ? wk_float64 : wk_float32);
                EXPECT_TRUE(wk_set_option(whole.opt, 1, "lr", 0.03));
                advance(&whole, 0, stop);
                const char *path = temp_path("optimizer.safetensors");
                wk_StateDict *dict = wk_optimizer_state_dict(whole.opt);
                EXPECT_TRUE(wk_state_dict_save(dict, path));
                wk_free(dict);
                dict = wk_load_safetensors(path);
                remove(path);
                Run rest = resumed(kind, &whole, dict);
                wk_free(dict);
                assert_true(wk_get_option(rest.opt, 1, "lr") == 0.03);
                advance(&whole, stop, 8), advance(&rest, stop, 8);
                char what[60];
                snprintf(what, sizeof what, "kind %d, stopped after %d", kind, stop);
                expect_same(&whole, &rest, what);
                wk_free(whole.opt), wk_free(rest.opt);
            }
}

static bool first_only(size_t bytes, void *user)
{
    (void)bytes;
    return --*(int *)user >= 0;
}

/* Slots that a failed step has made hold nothing: the first gradient still becomes the buffer as it is. */
static void test_a_failed_step_leaves_no_state(void **state)
{
    (void)state;
    bool done = false;
    for (int n = 0; n < 100 && !done; n++) {
        Run whole = begin(1, wk_float32);
        for (int i = 0; i < 3; i++)
            EXPECT_TRUE(wk_set_grad(whole.params[i], wk_ones_like(wk_detach(whole.params[i]))));
        int left = n;
        wk_set_memory_hook(first_only, &left);
        done = wk_step(whole.opt);
        wk_set_memory_hook(NULL, NULL);
        wk_clear_error();
        if (!done) {
            wk_StateDict *dict = wk_optimizer_state_dict(whole.opt);
            Run rest = resumed(1, &whole, dict);
            wk_free(dict);
            advance(&whole, 2, 4), advance(&rest, 2, 4);
            expect_same(&whole, &rest, "after a failed step");
            wk_free(rest.opt);
        }
        wk_free(whole.opt);
    }
    assert_true(done);
}

static void test_names_are_pytorchs(void **state)
{
    (void)state;
    static const char *const names[] = {"state.0.step",
                                        "state.0.exp_avg",
                                        "state.0.exp_avg_sq",
                                        "state.0.max_exp_avg_sq",
                                        "param_groups.0.lr",
                                        "param_groups.0.betas",
                                        "param_groups.0.eps",
                                        "param_groups.0.weight_decay",
                                        "param_groups.0.amsgrad",
                                        "param_groups.0.maximize",
                                        "param_groups.0.params",
                                        "state.2.step",
                                        "state.2.exp_avg",
                                        "state.2.exp_avg_sq",
                                        "state.2.max_exp_avg_sq",
                                        "param_groups.1.lr",
                                        "param_groups.1.betas",
                                        "param_groups.1.eps",
                                        "param_groups.1.weight_decay",
                                        "param_groups.1.amsgrad",
                                        "param_groups.1.maximize",
                                        "param_groups.1.params"};
    Run run = begin(3, wk_float32);
    advance(&run, 0, 2);
    wk_StateDict *dict = wk_optimizer_state_dict(run.opt);
    assert_int_equal(wk_state_dict_count(dict), LENGTH(names));
    for (size_t i = 0; i < LENGTH(names); i++)
        assert_string_equal(wk_state_dict_name(dict, (int)i), names[i]);
    EXPECT_TYPED(wk_state_dict_get(dict, "param_groups.0.params"), wk_int64, 0, 1);
    EXPECT_TYPED(wk_state_dict_get(dict, "param_groups.1.params"), wk_int64, 2);
    EXPECT_TYPED(wk_state_dict_get(dict, "param_groups.1.betas"), wk_float64, 0.5, 0.9);
    EXPECT_TYPED(wk_state_dict_get(dict, "param_groups.0.amsgrad"), wk_bool, 1);
    EXPECT_TYPED(wk_state_dict_get(dict, "state.0.step"), wk_float32, 2);
    wk_free(dict), wk_free(run.opt);
}

/* The count of steps has more digits than float32 holds. */
static void test_large_step(void **state)
{
    (void)state;
    Run run = begin(7, wk_float32);
    advance(&run, 0, 3);
    wk_StateDict *dict = wk_optimizer_state_dict(run.opt);
    EXPECT_TRUE(wk_state_dict_set(dict, "state.0.step", VECTOR_OF(wk_float64, 16777217.0)));
    EXPECT_TRUE(wk_optimizer_load_state_dict(run.opt, dict));
    wk_free(dict);
    dict = wk_optimizer_state_dict(run.opt);
    assert_true(wk_item(wk_state_dict_get(dict, "state.0.step")) == 16777217.0);
    wk_free(dict), wk_free(run.opt);
}

static wk_Tensor *copied(void *user)
{
    Run *run = user;
    wk_StateDict *dict = wk_optimizer_state_dict(run->opt);
    bool loaded = dict && wk_optimizer_load_state_dict(run->opt, dict);
    wk_free(dict);
    return loaded ? wk_detach(run->params[0]) : NULL;
}

static void test_failing_allocations(void **state)
{
    (void)state;
    Run run = begin(3, wk_float32);
    advance(&run, 0, 3);
    assert_true(expect_survives_failing_allocations(copied, &run) > 3);
    wk_free(run.opt);
}

#define EXPECT_NOT_LOADED(opt, dict, kind, text) \
    EXPECT_ERROR(wk_optimizer_load_state_dict(opt, dict), kind, text)

static void test_another_optimizers_state(void **state)
{
    (void)state;
    Run run = begin(4, wk_float32);
    advance(&run, 0, 3);
    wk_StateDict *dict = wk_optimizer_state_dict(run.opt);
    wk_Optimizer *fewer = wk_AdamW(wk_list(run.params[0], run.params[1])), *other = grouped(0, run.params),
                 *longer = wk_AdamW(wk_list(run.params[0], run.params[1], run.params[2]));
    assert_int_equal(wk_add_param_group(longer, wk_list(wk_requires_grad_(wk_zeros(1)))), 1);
    EXPECT_NOT_LOADED(fewer, dict, WK_ERROR_ARGUMENT,
                      "load_state_dict: loaded state dict has a different number of parameter groups");
    EXPECT_NOT_LOADED(
        longer, dict, WK_ERROR_ARGUMENT,
        "load_state_dict: loaded state dict contains a parameter group that doesn't match the size of "
        "optimizer's group: group 0 has 2 parameters, the optimizer's 3");
    EXPECT_NOT_LOADED(other, dict, WK_ERROR_ARGUMENT, "entries are no state of SGD");
    wk_free(dict), wk_free(fewer), wk_free(other), wk_free(longer), wk_free(run.opt);
}

/* What is refused changes nothing, also where the fault is in the last group. */
static void test_wrong_values(void **state)
{
    (void)state;
    const struct {
        const char *name;
        wk_Tensor *value;
        wk_ErrorKind kind;
        const char *text;
    } wrong[] = {
        {"param_groups.1.lr", f64(-1), WK_ERROR_ARGUMENT, "AdamW: Invalid learning rate: -1"},
        {"param_groups.1.lr", f64(NAN), WK_ERROR_ARGUMENT, "AdamW: Invalid learning rate: nan"},
        {"param_groups.1.betas", f64(0.5), WK_ERROR_SHAPE,
         "param_groups.1.betas is float64 [1], wanted two numbers"},
        {"state.2.exp_avg", f32(1, 2, 3), WK_ERROR_SHAPE, "state.2.exp_avg is float32 [3], wanted [2]"},
        {"state.2.step", f32(-1), WK_ERROR_SHAPE, "state.2.step is float32 [1], wanted a count of steps"},
        {"state.7.step", f32(1), WK_ERROR_ARGUMENT, "load_state_dict: 1 of "},
        {"param_groups.0.rho", f32(1), WK_ERROR_ARGUMENT, "load_state_dict: 1 of "},
    };
    for (size_t i = 0; i < LENGTH(wrong); i++) {
        Run run = begin(4, wk_float32);
        advance(&run, 0, 3);
        wk_StateDict *dict = wk_optimizer_state_dict(run.opt);
        Run untouched = resumed(4, &run, dict);
        EXPECT_TRUE(wk_state_dict_set(dict, "param_groups.0.lr", f64(7)));
        EXPECT_TRUE(wk_state_dict_set(dict, "state.0.exp_avg", f32(1, 2, 3, 4, 5)));
        EXPECT_TRUE(wk_state_dict_set(dict, wrong[i].name, wrong[i].value));
        EXPECT_NOT_LOADED(run.opt, dict, wrong[i].kind, wrong[i].text);
        assert_true(wk_get_lr(run.opt) == 0.1);
        advance(&run, 3, 5), advance(&untouched, 3, 5);
        expect_same(&untouched, &run, wrong[i].name);
        wk_free(dict), wk_free(run.opt), wk_free(untouched.opt);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_resuming_gives_the_same_bits),
        TENSOR_TEST(test_a_failed_step_leaves_no_state),
        TENSOR_TEST(test_names_are_pytorchs),
        TENSOR_TEST(test_large_step),
        TENSOR_TEST(test_failing_allocations),
        TENSOR_TEST(test_another_optimizers_state),
        TENSOR_TEST(test_wrong_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
