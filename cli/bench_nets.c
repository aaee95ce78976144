/* Rows of networks: LeNet on digits (steps, inference, an epoch), an MLP, and a stack of residual blocks.
 *
 * The networks are written as the tutorial writes them. Digits are MNIST's when its folder is known, else the
 * built-in ones; a step of LeNet depends on them, as most of its gradient is zero behind pooling and ReLU,
 * and random pictures would tell another story. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "lenet.h"

/* ---- LeNet and its data ----------------------------------------------------------------------------- */

/* Multiply-adds of LeNet's forward for a picture; the step's three times less the first layer's gradient of
 * its input. */
#define LENET_MACS      (6.0 * 25 * 784 + 16.0 * 150 * 100 + 400.0 * 120 + 120.0 * 84 + 84.0 * 10)
#define LENET_STEP_MACS (3 * LENET_MACS - 6.0 * 25 * 784)

wk_Dataset *bench_digits(const BenchOptions *options, bool test)
{
    if (options->data && strcmp(options->data, "digits"))
        return wk_MNIST(options->data, .test = test, .resize = 32);
    return wk_Digits(0, .test = test, .resize = 32);
}

/* ---- work on batches that are there ----------------------------------------------------------------- */

enum { most_batches = 16, most_pictures = 2048 };

typedef struct NetWork {
    wk_Module *net;
    wk_Optimizer *optimizer;
    int count, turn;
    wk_Tensor *inputs[most_batches], *targets[most_batches];
    wk_DataLoader *loader; /* of the epoch's row alone */
    int64_t pictures;
} NetWork;

static void end_net(void *work)
{
    NetWork *w = work;
    for (int i = 0; i < w->count; i++)
        wk_free(w->inputs[i]), wk_free(w->targets[i]);
    wk_free(w->loader), wk_free(w->optimizer), wk_free(w->net);
    free(w);
}

/* The work if it is whole; otherwise what there is of it goes. */
static void *whole(NetWork *w)
{
    bool good = w->net && w->optimizer;
    for (int i = 0; i < w->count; i++)
        good = good && w->inputs[i] && w->targets[i];
    if (good)
        return w;
    end_net(w);
    return NULL;
}

static NetWork *new_work(wk_Module *net)
{
    NetWork *w = calloc(1, sizeof *w);
    if (!w) {
        wk_free(net);
        return NULL;
    }
    w->net = net;
    w->optimizer = net ? wk_SGD(wk_parameters(net), .lr = 0.05, .momentum = 0.9) : NULL;
    return w;
}

static bool take_digits(NetWork *w, const BenchOptions *options, int64_t batch_size)
{
    wk_DataLoader *loader = wk_DataLoader(bench_digits(options, true), .batch_size = most_pictures);
    wk_Batch batch;
    bool good = wk_next(loader, &batch);
    for (int64_t at = 0; good && at + batch_size <= batch.size && w->count < most_batches; at += batch_size) {
        w->inputs[w->count] = wk_keep(wk_narrow(batch.input, 0, at, batch_size));
        w->targets[w->count++] = wk_keep(wk_narrow(batch.target, 0, at, batch_size));
    }
    wk_free(loader);
    return good;
}

/* LeNet; size is the batch. */
static void *begin_lenet(const BenchRow *row, const BenchOptions *options)
{
    wk_manual_seed(0);
    NetWork *w = new_work(LeNet_new());
    if (w && !take_digits(w, options, row->size[0])) {
        end_net(w);
        return NULL;
    }
    return w ? whole(w) : NULL;
}

static void *begin_lenet_eval(const BenchRow *row, const BenchOptions *options)
{
    NetWork *w = begin_lenet(row, options);
    if (w)
        wk_eval(w->net);
    return w;
}

static bool run_infer(void *work)
{
    NetWork *w = work;
    wk_Tensor *x = w->inputs[w->turn++ % w->count], *y = NULL;
    wk_no_grad
    {
        y = wk_call(w->net, x);
    }
    return y != NULL;
}

static bool train_step(wk_Module *net, wk_Optimizer *optimizer, wk_Tensor *input, wk_Tensor *target)
{
    wk_zero_grad(optimizer);
    wk_Tensor *loss = wk_cross_entropy(wk_call(net, input), target);
    return wk_backward(loss) && wk_step(optimizer);
}

static bool run_step(void *work)
{
    NetWork *w = work;
    int i = w->turn++ % w->count;
    return train_step(w->net, w->optimizer, w->inputs[i], w->targets[i]);
}

/* ---- a whole epoch, loader included ----------------------------------------------------------------- */

bool bench_train_epoch(wk_Module *net, wk_Optimizer *optimizer, wk_DataLoader *loader)
{
    for (wk_Batch b; wk_next(loader, &b);)
        if (!train_step(net, optimizer, b.input, b.target))
            return false;
    return wk_error_kind() == WK_OK;
}

static void *begin_epoch(const BenchRow *row, const BenchOptions *options)
{
    wk_manual_seed(0);
    NetWork *w = new_work(LeNet_new());
    if (!w)
        return NULL;
    wk_Dataset *digits = bench_digits(options, false);
    w->pictures = wk_dataset_len(digits);
    w->loader = wk_DataLoader(digits, .batch_size = row->size[0], .shuffle = true);
    if (!w->loader) {
        end_net(w);
        return NULL;
    }
    return whole(w);
}

static bool run_epoch(void *work)
{
    NetWork *w = work;
    return bench_train_epoch(w->net, w->optimizer, w->loader);
}

static double epoch_flops(const void *work)
{
    return 2 * LENET_STEP_MACS * (double)((const NetWork *)work)->pictures;
}

/* ---- networks on random numbers: size is the batch -------------------------------------------------- */

static void *begin_random(const BenchRow *row, wk_Module *net, wk_Tensor *input)
{
    NetWork *w = new_work(net);
    if (!w)
        return NULL;
    w->count = 1;
    w->inputs[0] = wk_keep(input);
    w->targets[0] = wk_keep(wk_randint(0, 10, row->size[0]));
    return whole(w);
}

static void *begin_mlp(const BenchRow *row, const BenchOptions *options)
{
    (void)options;
    wk_manual_seed(0);
    wk_Module *net =
        wk_Sequential(wk_Linear(784, 2048), wk_ReLU(), wk_Linear(2048, 2048), wk_ReLU(), wk_Linear(2048, 10));
    return begin_random(row, net, wk_rand(row->size[0], 784));
}
static void *begin_residual(const BenchRow *row, const BenchOptions *options)
{
    (void)options;
    wk_manual_seed(0);
    return begin_random(row, bench_residual_stack(), wk_rand(row->size[0], 3, 32, 32));
}

static double residual_flops(const void *work)
{
    return 2 * bench_residual_step_macs() * (double)wk_size(((const NetWork *)work)->inputs[0], 0);
}

#define MLP_STEP_MACS (3 * (784.0 * 2048 + 2048.0 * 2048 + 2048.0 * 10) - 784.0 * 2048)

#define LENET(kind, size_, macs, start, action, note)                                                \
    {                                                                                                \
        .name = "lenet_" kind "_b" #size_, .what = "LeNet, " note ", batch " #size_, .begin = start, \
        .run = action, .end = end_net, .limit = BENCH_FMA, .amount = 2 * macs * size_, .size = {     \
            size_                                                                                    \
        }                                                                                            \
    }
#define STEP(size_)  LENET("step", size_, LENET_STEP_MACS, begin_lenet, run_step, "SGD step with momentum")
#define INFER(size_) LENET("infer", size_, LENET_MACS, begin_lenet_eval, run_infer, "inference")

const BenchRow bench_net_rows[] = {
    STEP(1),
    STEP(8),
    STEP(64),
    STEP(256),
    STEP(1024),
    INFER(1),
    INFER(8),
    INFER(64),
    INFER(256),
    INFER(1024),
    {.name = "mnist_epoch_b64",
     .what = "LeNet, an epoch with its loader, batch 64",
     .begin = begin_epoch,
     .run = run_epoch,
     .end = end_net,
     .limit = BENCH_FMA,
     .amount_of = epoch_flops,
     .size = {64}},
    {.name = "mlp_2048_step_b256",
     .what = "MLP 784-2048-2048-10, SGD step, batch 256",
     .begin = begin_mlp,
     .run = run_step,
     .end = end_net,
     .limit = BENCH_FMA,
     .amount = 2 * MLP_STEP_MACS * 256,
     .size = {256}},
    {.name = "resnet_stack_step_b32",
     .what = "ResNet-18 of 3x32x32, SGD step, batch 32",
     .begin = begin_residual,
     .run = run_step,
     .end = end_net,
     .limit = BENCH_FMA,
     .amount_of = residual_flops,
     .size = {32}},
    {.name = NULL},
};
