#define _GNU_SOURCE
/* The tutorial against PyTorch: every tensor that it computes (tests/golden/tutorial_seed0.safetensors), and the text that
 * examples/04_neural_networks prints.
 *
 * First weights, input and targets are the same to the bit. Sums are added in another order than PyTorch's (which itself
 * gives other last digits with other threads and instruction sets), so the curves of the optimizers agree within 1e-4. */
#include "support/golden.h"

typedef struct {
    wk_Module base;
    wk_Module *conv1, *conv2, *fc1, *fc2, *fc3;
} Net;

static wk_Tensor *net_forward(wk_Module *self, wk_Tensor *x)
{
    Net *net = (Net *)self;
    x = wk_max_pool2d(wk_relu(wk_call(net->conv1, x)), 2);
    x = wk_max_pool2d(wk_relu(wk_call(net->conv2, x)), 2);
    x = wk_view(x, -1, 16 * 5 * 5);
    x = wk_relu(wk_call(net->fc1, x));
    x = wk_relu(wk_call(net->fc2, x));
    return wk_call(net->fc3, x);
}

static wk_Module *Net_new(void)
{
    Net *net = wk_module(Net, net_forward);
    wk_attr(net, conv1, wk_Conv2d(1, 6, 5));
    wk_attr(net, conv2, wk_Conv2d(6, 16, 5));
    wk_attr(net, fc1, wk_Linear(16 * 5 * 5, 120));
    wk_attr(net, fc2, wk_Linear(120, 84));
    wk_attr(net, fc3, wk_Linear(84, 10));
    return &net->base;
}

static int compared; /* tensors of the file */

static void expect_golden(const wk_StateDict *file, const char *name, wk_Tensor *have, double rtol,
                          double atol)
{
    expect_close(have, golden(file, "%s", name), rtol, atol, name);
    compared++;
}

/* The module's parameters, or their gradients, as "prefix.name". */
static void expect_net(const wk_StateDict *file, const char *prefix, wk_Module *net, bool grads, double rtol,
                       double atol)
{
    wk_NamedTensors all = wk_named_parameters(net);
    for (int i = 0; i < all.count; i++) {
        char name[80];
        snprintf(name, sizeof name, "%s.%s", prefix, all.items[i].name);
        expect_golden(file, name, grads ? wk_grad_of(all.items[i].tensor) : all.items[i].tensor, rtol, atol);
    }
}

static void expect_curve(const wk_StateDict *file, const char *name, wk_Module *net, wk_Tensor *input,
                         wk_Tensor *target, wk_Optimizer *opt)
{
    float curve[20];
    wk_NamedTensors all = wk_named_parameters(net);
    wk_no_grad for (int i = 0; i < all.count; i++)
        wk_copy_(all.items[i].tensor, golden(file, "init.%s", all.items[i].name));
    for (int step = 0; step < 20; step++) {
        wk_Scope scope = wk_scope_begin();
        wk_zero_grad(opt);
        wk_Tensor *loss = wk_mse_loss(wk_call(net, input), target);
        EXPECT_TRUE(wk_backward(loss));
        EXPECT_TRUE(wk_step(opt));
        curve[step] = (float)wk_item(loss);
        wk_scope_end(scope);
    }
    expect_golden(file, name, wk_tensor(curve, 20), 0, 1e-4);
    wk_free(opt);
}

static void test_tensors(void **state)
{
    (void)state;
    wk_StateDict *file = wk_load_safetensors("tests/golden/tutorial_seed0.safetensors");
    EXPECT_TRUE(file != NULL);
    compared = 0;
    wk_manual_seed(0);
    wk_Module *net = Net_new();
    expect_net(file, "init", net, false, 0, 0);
    wk_Tensor *input = wk_randn(1, 1, 32, 32);
    expect_golden(file, "input", input, 0, 0);
    wk_Tensor *out = wk_call(net, input);
    expect_golden(file, "out", out, 1e-5, 1e-6);
    wk_Tensor *gradient = wk_randn(1, 10);
    expect_golden(file, "backward_gradient", gradient, 0, 0);
    EXPECT_TRUE(wk_backward(out, gradient));
    expect_net(file, "grad1", net, true, 1e-5, 1e-6);

    wk_Tensor *target = wk_view(wk_randn(10), 1, -1);
    expect_golden(file, "target", target, 0, 0);
    wk_zero_grad(net);
    wk_Tensor *loss = wk_mse_loss(wk_call(net, input), target);
    expect_golden(file, "loss", loss, 1e-5, 1e-6);
    EXPECT_TRUE(wk_backward(loss));
    expect_net(file, "grad2", net, true, 1e-5, 1e-6);
    wk_List params = wk_parameters(net);
    wk_no_grad for (int i = 0; i < params.count; i++)
        wk_sub_(params.tensors[i], wk_mul(wk_grad_of(params.tensors[i]), 0.01));
    expect_net(file, "after_plain_rule", net, false, 1e-5, 1e-6);

    wk_Optimizer *opt = wk_SGD(wk_parameters(net), .lr = 0.01);
    wk_zero_grad(opt);
    wk_Tensor *loss2 = wk_mse_loss(wk_call(net, input), target);
    expect_golden(file, "loss2", loss2, 1e-5, 1e-6);
    EXPECT_TRUE(wk_backward(loss2));
    EXPECT_TRUE(wk_step(opt));
    expect_net(file, "after_sgd", net, false, 1e-5, 1e-6);
    wk_free(opt);

    params = wk_parameters(net);
    expect_curve(file, "curve.SGD", net, input, target, wk_SGD(params, .lr = 0.05, .momentum = 0.9));
    expect_curve(file, "curve.SGD_nesterov", net, input, target,
                 wk_SGD(params, .lr = 0.05, .momentum = 0.9, .nesterov = true));
    expect_curve(file, "curve.Adam", net, input, target, wk_Adam(params, .lr = 0.01));
    expect_curve(file, "curve.RMSprop", net, input, target, wk_RMSprop(params, .lr = 0.001));
    assert_int_equal(compared, file->count); /* none was forgotten */
    wk_free(net), wk_free(file);
}

/* ---- the program's text ----------------------------------------------------------------------------- */

static size_t read_all(FILE *in, char *out, size_t size)
{
    size_t used = fread(out, 1, size - 1, in);
    out[used] = 0;
    return used;
}

/* The numbers of a curve, behind the title that ends in '}'. */
static void expect_same_curve(const char *have, const char *want)
{
    const char *end_have = strchr(have, '}'), *end_want = strchr(want, '}');
    assert_true(end_have - have == end_want - want && memcmp(have, want, (size_t)(end_want - want)) == 0);
    char *h = (char *)end_have + 1, *w = (char *)end_want + 1;
    for (int i = 0; i < 20; i++) {
        double a = strtod(h, &h), b = strtod(w, &w);
        if (!(fabs(a - b) <= 1e-4))
            fail_msg("%.20s... step %d: %.6f, PyTorch %.6f", want, i + 1, a, b);
    }
    assert_true(*h == '\n' && *w == '\n');
}

static void test_text(void **state)
{
    (void)state;
    const char *program = getenv("WICK_PROGRAM");
    char command[4096], have[8192], want[8192];
    const char *slash = program ? strrchr(program, '/') : NULL;
    if (!slash)
        SKIP("no program to run; set WICK_PROGRAM");
    snprintf(command, sizeof command, "'%.*s/examples/04_neural_networks' --seed 0", (int)(slash - program),
             program);
    FILE *pipe = popen(command, "r"), *file = fopen("tests/golden/tutorial_seed0.txt", "r");
    assert_true(pipe && file);
    read_all(pipe, have, sizeof have);
    read_all(file, want, sizeof want);
    assert_int_equal(pclose(pipe), 0);
    fclose(file);
    char *h = have, *w = want;
    int lines = 0;
    for (; *w; lines++) {
        char *h_end = strchr(h, '\n'), *w_end = strchr(w, '\n');
        assert_true(h_end && w_end);
        if (strstr(w, "{'lr'") && strstr(w, "{'lr'") < w_end) {
            expect_same_curve(h, w);
        } else {
            *h_end = *w_end = 0; /* to the last digit */
            assert_string_equal(h, w);
        }
        h = h_end + 1;
        w = w_end + 1;
    }
    assert_int_equal(lines, 24);
    assert_string_equal(h, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {TENSOR_TEST(test_tensors), TENSOR_TEST(test_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
