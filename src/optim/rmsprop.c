/* RMSprop. slot[0] is the average of squared gradients, slot[1] when centered that of gradients, slot[2] the
 * momentum buffer. */
#include "core/options.h"
#include "optim/optimizer.h"

enum { RMS_LR, RMS_ALPHA, RMS_EPS, RMS_WEIGHT_DECAY, RMS_MOMENTUM, RMS_CENTERED, RMS_MAXIMIZE, RMS_HYPERS };

static unsigned rmsprop_slots(const double *hyper)
{
    return 1u | (hyper[RMS_CENTERED] != 0 ? 2u : 0) | (hyper[RMS_MOMENTUM] > 0 ? 4u : 0);
}

static void rmsprop_sweep(const wk_Sweep *s)
{
    const wk_RmspropStep step = {.lr = s->hyper[RMS_LR],
                                 .alpha = s->hyper[RMS_ALPHA],
                                 .eps = s->hyper[RMS_EPS],
                                 .weight_decay = s->hyper[RMS_WEIGHT_DECAY],
                                 .momentum = s->hyper[RMS_MOMENTUM],
                                 .centered = s->hyper[RMS_CENTERED] != 0,
                                 .maximize = s->hyper[RMS_MAXIMIZE] != 0};
    wk_kernels->rmsprop[s->dtype](s->n, &step, s->param, s->grad, s->slot[0], s->slot[1], s->slot[2]);
}

static const wk_OptimizerClass rmsprop_optimizer = {
    .name = "RMSprop",
    .hypers = RMS_HYPERS,
    .hyper = {[RMS_LR] = {"lr", "Invalid learning rate", WK_HYPER_NOT_NEGATIVE},
              [RMS_ALPHA] = {"alpha", "Invalid alpha value", WK_HYPER_NOT_NEGATIVE},
              [RMS_EPS] = {"eps", "Invalid epsilon value", WK_HYPER_NOT_NEGATIVE},
              [RMS_WEIGHT_DECAY] = {"weight_decay", "Invalid weight_decay value", WK_HYPER_NOT_NEGATIVE},
              [RMS_MOMENTUM] = {"momentum", "Invalid momentum value", WK_HYPER_NOT_NEGATIVE},
              [RMS_CENTERED] = {"centered", "Invalid centered value", WK_HYPER_FLAG},
              [RMS_MAXIMIZE] = {"maximize", "Invalid maximize value", WK_HYPER_FLAG}},
    .eps = RMS_EPS,
    .text = {"alpha", "capturable: False", "centered", "differentiable: False", "eps", "foreach: None", "lr",
             "maximize", "momentum", "weight_decay"},
    .slots = rmsprop_slots,
    .sweep = rmsprop_sweep,
};

wk_Optimizer *wk_RMSprop_with(wk_RMSprop_options options)
{
    WK_PLACED(options, 2, lr);
    WK_PLACED(options, 3, alpha);
    WK_PLACED(options, 4, eps);
    const double hyper[RMS_HYPERS] = {[RMS_LR] = wk_option_or(options.lr, 1e-2),
                                      [RMS_ALPHA] = wk_option_or(options.alpha, 0.99),
                                      [RMS_EPS] = wk_option_or(options.eps, 1e-8),
                                      [RMS_WEIGHT_DECAY] = options.weight_decay,
                                      [RMS_MOMENTUM] = options.momentum,
                                      [RMS_CENTERED] = options.centered,
                                      [RMS_MAXIMIZE] = options.maximize};
    return wk_optimizer_new(&rmsprop_optimizer, hyper, options.params);
}
