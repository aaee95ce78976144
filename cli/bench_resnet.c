/* ResNet-18's stack of blocks for pictures of 32x32: two 3x3 convolutions with batch norm around a shortcut,
 * eight times. */
#include "bench.h"

typedef struct {
    wk_Module base;
    wk_Module *conv1, *bn1, *conv2, *bn2, *shortcut;
} Block;

static wk_Tensor *block_forward(wk_Module *self, wk_Tensor *x)
{
    Block *block = (Block *)self;
    wk_Tensor *y = wk_relu(wk_call(block->bn1, wk_call(block->conv1, x)));
    y = wk_call(block->bn2, wk_call(block->conv2, y));
    return wk_relu(wk_add(y, wk_call(block->shortcut, x)));
}

static wk_Module *Block_new(int64_t channels_in, int64_t channels, int64_t stride)
{
    Block *block = wk_module(Block, block_forward);
    wk_attr(block, conv1,
            wk_Conv2d(channels_in, channels, 3, .stride = stride, .padding = 1, .no_bias = true));
    wk_attr(block, bn1, wk_BatchNorm2d(channels));
    wk_attr(block, conv2, wk_Conv2d(channels, channels, 3, .padding = 1, .no_bias = true));
    wk_attr(block, bn2, wk_BatchNorm2d(channels));
    wk_attr(block, shortcut,
            stride == 1
                ? wk_Identity()
                : wk_Sequential(wk_Conv2d(channels_in, channels, 1, .stride = stride, .no_bias = true),
                                wk_BatchNorm2d(channels)));
    return block ? &block->base : NULL;
}

wk_Module *bench_residual_stack(void)
{
    return wk_Sequential(wk_Conv2d(3, 64, 3, .padding = 1, .no_bias = true), wk_BatchNorm2d(64), wk_ReLU(),
                         Block_new(64, 64, 1), Block_new(64, 64, 1), Block_new(64, 128, 2),
                         Block_new(128, 128, 1), Block_new(128, 256, 2), Block_new(256, 256, 1),
                         Block_new(256, 512, 2), Block_new(512, 512, 1), wk_AvgPool2d(4), wk_Flatten(),
                         wk_Linear(512, 10));
}

/* A stage that halves the picture to `pixels` and doubles the channels to c: its four 3x3 convolutions and
 * its 1x1 shortcut. */
static double stage_macs(double c, double pixels)
{
    return pixels * (9 * (c / 2 * c + 3 * c * c) + c / 2 * c);
}

double bench_residual_step_macs(void)
{
    double first = 1024.0 * 9 * 3 * 64;
    double forward = first + 1024.0 * 9 * 4 * 64 * 64 + stage_macs(128, 256) + stage_macs(256, 64) +
                     stage_macs(512, 16) + 512 * 10;
    return 3 * forward - first;
}
