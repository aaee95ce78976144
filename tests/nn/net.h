/* A network with a parameter of its own and two layers, for the tests of modules. */
#ifndef WICK_TESTS_NN_NET_H
#define WICK_TESTS_NN_NET_H

#include "wick/wick.h"

typedef struct Net {
    wk_Module base;
    wk_Module *fc1, *fc2;
    wk_Tensor *scale;
} Net;

static inline wk_Tensor *net_forward(wk_Module *self, wk_Tensor *x)
{
    Net *net = (Net *)self;
    return wk_mul(wk_call(net->fc2, wk_relu(wk_call(net->fc1, x))), net->scale);
}

static inline wk_Module *Net_new(void)
{
    Net *net = wk_module(Net, net_forward);
    wk_attr(net, scale, wk_Parameter(wk_ones(2)));
    wk_attr(net, fc1, wk_Linear(3, 4));
    wk_attr(net, fc2, wk_Linear(4, 2, .no_bias = true));
    return net ? &net->base : NULL;
}

#endif
