/* Adam. slot[0] is the average of gradients, slot[1] that of their squares, slot[2] with amsgrad the largest
 * of these so far. */
#include "core/options.h"
#include "optim/optimizer.h"

enum {
    ADAM_LR,
    ADAM_BETA1,
    ADAM_BETA2,
    ADAM_EPS,
    ADAM_WEIGHT_DECAY,
    ADAM_AMSGRAD,
    ADAM_MAXIMIZE,
    ADAM_HYPERS
};

static unsigned adam_slots(const double *hyper)
{
    return hyper[ADAM_AMSGRAD] != 0 ? 7 : 3;
}

static void adam_sweep(const wk_Sweep *s)
{
    const wk_AdamStep step = {.lr = s->hyper[ADAM_LR],
                              .beta1 = s->hyper[ADAM_BETA1],
                              .beta2 = s->hyper[ADAM_BETA2],
                              .eps = s->hyper[ADAM_EPS],
                              .weight_decay = s->hyper[ADAM_WEIGHT_DECAY],
                              .amsgrad = s->hyper[ADAM_AMSGRAD] != 0,
                              .maximize = s->hyper[ADAM_MAXIMIZE] != 0,
                              .step = s->step};
    wk_kernels->adam[s->dtype](s->n, &step, s->param, s->grad, s->slot[0], s->slot[1], s->slot[2]);
}

static const wk_OptimizerClass adam_optimizer = {
    .name = "Adam",
    .hypers = ADAM_HYPERS,
    .hyper = {[ADAM_LR] = {"lr", "Invalid learning rate", WK_HYPER_NOT_NEGATIVE},
              [ADAM_BETA1] = {"beta1", "Invalid beta parameter at index 0", WK_HYPER_BELOW_ONE},
              [ADAM_BETA2] = {"beta2", "Invalid beta parameter at index 1", WK_HYPER_BELOW_ONE},
              [ADAM_EPS] = {"eps", "Invalid epsilon value", WK_HYPER_NOT_NEGATIVE},
              [ADAM_WEIGHT_DECAY] = {"weight_decay", "Invalid weight_decay value", WK_HYPER_NOT_NEGATIVE},
              [ADAM_AMSGRAD] = {"amsgrad", "Invalid amsgrad value", WK_HYPER_FLAG},
              [ADAM_MAXIMIZE] = {"maximize", "Invalid maximize value", WK_HYPER_FLAG}},
    .eps = ADAM_EPS,
    .text = {"amsgrad", "betas", "capturable: False", "decoupled_weight_decay: False",
             "differentiable: False", "eps", "foreach: None", "fused: None", "lr", "maximize",
             "weight_decay"},
    .slots = adam_slots,
    .sweep = adam_sweep,
};

wk_Optimizer *wk_Adam_with(wk_Adam_options options)
{
    WK_PLACED(options, 2, lr);
    bool given = options.betas[0] != 0 || options.betas[1] != 0;
    const double hyper[ADAM_HYPERS] = {[ADAM_LR] = wk_option_or(options.lr, 1e-3),
                                       [ADAM_BETA1] = given ? wk_option_or(options.betas[0], 0) : 0.9,
                                       [ADAM_BETA2] = given ? wk_option_or(options.betas[1], 0) : 0.999,
                                       [ADAM_EPS] = wk_option_or(options.eps, 1e-8),
                                       [ADAM_WEIGHT_DECAY] = options.weight_decay,
                                       [ADAM_AMSGRAD] = options.amsgrad,
                                       [ADAM_MAXIMIZE] = options.maximize};
    return wk_optimizer_new(&adam_optimizer, hyper, options.params);
}
