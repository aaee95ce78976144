/* SGD. slot[0] is the momentum buffer; the first gradient becomes it as it is, without dampening. */
#include "core/options.h"
#include "optim/optimizer.h"

enum { SGD_LR, SGD_MOMENTUM, SGD_DAMPENING, SGD_WEIGHT_DECAY, SGD_NESTEROV, SGD_MAXIMIZE, SGD_HYPERS };

static unsigned sgd_slots(const double *hyper)
{
    return hyper[SGD_MOMENTUM] != 0;
}

static bool sgd_check(const double *hyper)
{
    if (hyper[SGD_NESTEROV] != 0 && (hyper[SGD_MOMENTUM] <= 0 || hyper[SGD_DAMPENING] != 0))
        return wk_raise(WK_ERROR_ARGUMENT, "SGD: Nesterov momentum requires a momentum and zero dampening"),
               false;
    return true;
}

static void sgd_sweep(const wk_Sweep *s)
{
    const wk_SgdStep step = {.lr = s->hyper[SGD_LR],
                             .momentum = s->hyper[SGD_MOMENTUM],
                             .dampening = s->hyper[SGD_DAMPENING],
                             .weight_decay = s->hyper[SGD_WEIGHT_DECAY],
                             .nesterov = s->hyper[SGD_NESTEROV] != 0,
                             .maximize = s->hyper[SGD_MAXIMIZE] != 0,
                             .first = s->first};
    wk_kernels->sgd[s->dtype](s->n, &step, s->param, s->grad, s->slot[0]);
}

static const wk_OptimizerClass sgd_optimizer = {
    .name = "SGD",
    .hypers = SGD_HYPERS,
    .hyper = {[SGD_LR] = {"lr", "Invalid learning rate", WK_HYPER_NOT_NEGATIVE},
              [SGD_MOMENTUM] = {"momentum", "Invalid momentum value", WK_HYPER_NOT_NEGATIVE},
              [SGD_DAMPENING] = {"dampening", "Invalid dampening value", WK_HYPER_ANY},
              [SGD_WEIGHT_DECAY] = {"weight_decay", "Invalid weight_decay value", WK_HYPER_NOT_NEGATIVE},
              [SGD_NESTEROV] = {"nesterov", "Invalid nesterov value", WK_HYPER_FLAG},
              [SGD_MAXIMIZE] = {"maximize", "Invalid maximize value", WK_HYPER_FLAG}},
    .text = {"dampening", "differentiable: False", "foreach: None", "fused: None", "lr", "maximize",
             "momentum", "nesterov", "weight_decay"},
    .slots = sgd_slots,
    .check = sgd_check,
    .sweep = sgd_sweep,
};

wk_Optimizer *wk_SGD_with(wk_SGD_options options)
{
    WK_PLACED(options, 2, lr);
    const double hyper[SGD_HYPERS] = {
        [SGD_LR] = wk_option_or(options.lr, 1e-3), [SGD_MOMENTUM] = options.momentum,
        [SGD_DAMPENING] = options.dampening,       [SGD_WEIGHT_DECAY] = options.weight_decay,
        [SGD_NESTEROV] = options.nesterov,         [SGD_MAXIMIZE] = options.maximize};
    return wk_optimizer_new(&sgd_optimizer, hyper, options.params);
}
