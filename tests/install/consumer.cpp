// A user's program in C++: the network of the README, and each form of argument.
#include <cstdio>
#include <cstring>

#include <wick/wick.h>

struct Net {
    wk_Module base;
    wk_Module *conv1, *conv2, *fc1, *fc2, *fc3;
};

static wk_Tensor *net_forward(wk_Module *self, wk_Tensor *x)
{
    const Net *net = reinterpret_cast<Net *>(self);
    x = wk_max_pool2d(wk_relu(wk_call(net->conv1, x)), 2);
    x = wk_max_pool2d(wk_relu(wk_call(net->conv2, x)), 2);
    x = wk_view(x, -1, 16 * 5 * 5);
    x = wk_relu(wk_call(net->fc1, x));
    x = wk_relu(wk_call(net->fc2, x));
    return wk_call(net->fc3, x);
}

static wk_Module *Net_new()
{
    Net *net = wk_module(Net, net_forward);
    wk_attr(net, conv1, wk_Conv2d(1, 6, 5));
    wk_attr(net, conv2, wk_Conv2d(6, 16, 5));
    wk_attr(net, fc1, wk_Linear(16 * 5 * 5, 120));
    wk_attr(net, fc2, wk_Linear(120, 84));
    wk_attr(net, fc3, wk_Linear(84, 10));
    return &net->base;
}

static int failures;

static void expect(bool holds, const char *what)
{
    if (holds)
        return;
    const char *error = wk_error();
    std::fprintf(stderr, "consumer: %s: %s\n", what, error ? error : "wrong");
    failures++;
}
#define EXPECT(condition) expect(condition, #condition)

static void check_tensors()
{
    const wk_Scope scope = wk_scope_begin();
    std::size_t n = 2;
    wk_dtype dtype = wk_int64;
    wk_Tensor *x = wk_tensor({1.f, 2.f, 3.f, 4.f, 5.f, 6.f}, 2, 3);
    const double raw[] = {1, 2};
    EXPECT(wk_numel(wk_zeros(n, 3, dtype)) == 6 && wk_dtype_of(wk_zeros(n, 3, dtype)) == wk_int64);
    EXPECT(wk_dtype_of(wk_tensor(raw, 2)) == wk_float64);
    EXPECT(wk_item(wk_sum(x)) == 21 && wk_at(wk_sum(x, 0), 2) == 9);
    EXPECT(wk_ndim(wk_mean(x, wk_dims(0, 1), wk::keepdim = true)) == 2);
    EXPECT(wk_dtype_of(wk_sum(x, wk::dtype = wk_float64)) == wk_float64);
    EXPECT(wk_at(wk_var(x, 1, wk::correction = WK_ZERO), 0) < 0.7);
    EXPECT(wk_item(wk_norm(x, 0)) == 6 && wk_ndim(wk_norm(x, 2, 0)) == 1);
    EXPECT(wk_at(wk_add(wk_mul(x, 2), x), 1, 2) == 18 && wk_at(wk_mul(x, 0.5L), 0, 0) == 0.5);
    EXPECT(wk_at(wk_mul(x, UINT64_MAX), 0, 0) > 1.8e19);
    EXPECT(wk_at(wk_leaky_relu(wk_neg(x), 0.5), 0, 1) == -1 && wk_at(wk_leaky_relu(wk_neg(x), 0), 0, 1) == 0);
    EXPECT(wk_at(wk_hardtanh(x, wk::max_val = 2), 1, 2) == 2 && wk_at(wk_threshold(x, 5, 7), 0, 0) == 7);
    EXPECT(wk_at(wk_aminmax(x, 1).max, 0) == 3 && wk_item(wk_var_mean(x).mean) == 3.5);
    EXPECT(wk_at(wk_cumsum(x, 1, wk::dtype = wk_float64), 1, 2) == 15 && wk_at(wk_roll(x, 1, 1), 0, 0) == 3);
    EXPECT(wk_at(wk_roll(x, 1), 0, 0) == 6 && wk_item(wk_binary_cross_entropy_with_logits(x, x)) < 0);
    EXPECT(wk_size(wk_cat(wk_list(x, x), 0), 0) == 4);
    EXPECT(!wk_tensor({1, 2, 3}, 2, 2) && std::strstr(wk_error(), "invalid for input of size 3"));
    EXPECT(wk_size(wk_reshape_shape(x, WK_SHAPE(3, 2)), 0) == 3);
    wk_Generator *generator = wk_Generator_new();
    EXPECT(wk_equal(wk_rand(3, generator), wk_rand(3, generator)) == false);
    wk_free(generator);
    wk_Tensor *w = wk_requires_grad_(wk_clone(x));
    EXPECT(wk_at(wk_grad(wk_sum(wk_mul(w, w)), w, wk::create_graph = true), 0, 1) == 4);
    EXPECT(wk_backward(wk_mul(w, w), wk::gradient = wk_ones(2, 3)) && wk_at(wk_grad_of(w), 0, 0) == 2);
    wk_no_grad EXPECT(!wk_requires_grad(wk_mul(w, 2)));
    EXPECT(wk_scope_end(scope));
}

struct Swap {
    wk_Module base;
};

static wk_Results swap_forward(wk_Module *, wk_List in)
{
    return in.count == 2 ? wk_results(in.tensors[1], in.tensors[0]) : wk_results(in.tensors[2]);
}

static void check_modules()
{
    char *text = nullptr;
    wk_Module *net = wk_Sequential(wk_Conv2d(1, 6, 5, wk::padding = 2, wk::no_bias = true),
                                   wk_BatchNorm2d(6, wk::eps = 1e-3), wk_ReLU(wk::inplace = true),
                                   wk_MaxPool2d(wk::kernel_size_hw = {3, 2}, wk::stride = 2), wk_Flatten(),
                                   wk_LayerNorm(wk_dims(4, 4)), wk_LayerNorm(8), wk_Dropout(0.5));
    EXPECT(net && (text = wk_str(net)) && std::strstr(text, "kernel_size=(3, 2), stride=2"));
    EXPECT(std::strstr(text, "(0): Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2), bias=False)"));
    wk_str_free(text);
    wk_free(net);
    net = wk_Sequential(wk_LeakyReLU(0.2), wk_Hardtanh(wk::min_val = -2), wk_Threshold(0, 1), wk_GLU(0),
                        wk_PReLU(3, wk::init = 0.5), wk_GLU(), wk_PReLU(), wk_LSTMCell(3, 2, wk::no_bias = true));
    EXPECT(net && (text = wk_str(net)) && std::strstr(text, "LeakyReLU(negative_slope=0.2)"));
    EXPECT(std::strstr(text, "min_val=-2.0, max_val=1.0") && std::strstr(text, "LSTMCell(3, 2, bias=False)"));
    wk_str_free(text);
    wk_free(net);
    wk_Module *swap = &wk_module(Swap, swap_forward)->base;
    wk_Tensor *x = wk_ones(2), *y = wk_zeros(2);
    wk_Results both = wk_call_all(swap, wk_list(x, y));
    EXPECT(both.count == 2 && both.tensors[0] == y && both.tensors[1] == x && wk_call(swap, x, nullptr, y) == y);
    EXPECT(!wk_call(swap, y) && std::strstr(wk_error(), "without an error"));
    wk_clear_error();
    wk_free(swap);
    EXPECT(!wk_MaxPool2d(wk::stride = 2) && std::strstr(wk_error(), "missing argument 'kernel_size'"));
}

int main()
{
    check_tensors();
    check_modules();
    wk_manual_seed(0);
    wk_Module *net = Net_new();
    EXPECT(wk_print(net));
    wk_Optimizer *opt = wk_SGD(wk_parameters(net), wk::lr = 0.05, wk::momentum = 0.9);
    wk_DataLoader *train =
        wk_DataLoader(wk_Digits(64, wk::resize = 32), wk::batch_size = 16, wk::shuffle = true);
    double loss_of_batch = 0;
    for (wk_Batch b; wk_next(train, &b);) {
        wk_zero_grad(opt);
        wk_Tensor *loss = wk_cross_entropy(wk_call(net, b.input), b.target);
        EXPECT(wk_backward(loss) && wk_step(opt));
        loss_of_batch = wk_item(loss);
    }
    EXPECT(loss_of_batch > 1 && loss_of_batch < 4);
    wk_LRScheduler *scheduler = wk_StepLR(opt, 1, wk::gamma = 0.5);
    EXPECT(wk_step(scheduler) && wk_get_lr(opt) == 0.025);
    wk_free(scheduler);
    wk_free(train), wk_free(opt), wk_free(net);
    if (!failures)
        std::printf("C++ with wick %s: ok\n", wk_version());
    return failures != 0;
}
