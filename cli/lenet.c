/* LeNet as in PyTorch's tutorial: two convolutions, three linear layers. */
#include "lenet.h"

typedef struct {
    wk_Module base;
    wk_Module *conv1, *conv2, *fc1, *fc2, *fc3;
} LeNet;

static wk_Tensor *lenet_forward(wk_Module *self, wk_Tensor *x)
{
    LeNet *net = (LeNet *)self;
    x = wk_max_pool2d(wk_relu(wk_call(net->conv1, x)), 2);
    x = wk_max_pool2d(wk_relu(wk_call(net->conv2, x)), 2);
    x = wk_view(x, -1, 16 * 5 * 5);
    x = wk_relu(wk_call(net->fc1, x));
    x = wk_relu(wk_call(net->fc2, x));
    return wk_call(net->fc3, x);
}

wk_Module *LeNet_new(void)
{
    LeNet *net = wk_module(LeNet, lenet_forward);
    if (!net)
        return NULL;
    if (wk_attr(net, conv1, wk_Conv2d(1, 6, 5)) && wk_attr(net, conv2, wk_Conv2d(6, 16, 5)) &&
        wk_attr(net, fc1, wk_Linear(16 * 5 * 5, 120)) && wk_attr(net, fc2, wk_Linear(120, 84)) &&
        wk_attr(net, fc3, wk_Linear(84, 10)))
        return &net->base;
    wk_free(&net->base);
    return NULL;
}
