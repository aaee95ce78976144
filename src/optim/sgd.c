/* SGD. slot[0] is the momentum buffer; the first gradient becomes it as it is, without dampening. */
#include "optim/optimizer.h"

#define SGD_LIST(X)                                                                   \
    X(SGD, lr, lr, 1e-3, NOT_NEGATIVE, "Invalid learning rate")                       \
    X(SGD, momentum, momentum, 0, NOT_NEGATIVE, "Invalid momentum value")             \
    X(SGD, dampening, dampening, 0, ANY, "Invalid dampening value")                   \
    X(SGD, weight_decay, weight_decay, 0, NOT_NEGATIVE, "Invalid weight_decay value") \
    X(SGD, nesterov, nesterov, 0, ANY, "Invalid nesterov value")                      \
    X(SGD, maximize, maximize, 0, ANY, "Invalid maximize value")
enum { SGD_LIST(WK_HYPER_INDEX) SGD_hypers };

static unsigned sgd_slots(const double *hyper)
{
    return hyper[SGD_momentum] != 0;
}

static bool sgd_check(const double *hyper)
{
    if (hyper[SGD_nesterov] != 0 && (hyper[SGD_momentum] <= 0 || hyper[SGD_dampening] != 0))
        return wk_raise(WK_ERROR_ARGUMENT, "SGD: Nesterov momentum requires a momentum and zero dampening"),
               false;
    return true;
}

static void sgd_sweep(const wk_Sweep *s)
{
    const wk_SgdStep step = {.lr = s->hyper[SGD_lr],
                             .momentum = s->hyper[SGD_momentum],
                             .dampening = s->hyper[SGD_dampening],
                             .weight_decay = s->hyper[SGD_weight_decay],
                             .nesterov = s->hyper[SGD_nesterov] != 0,
                             .maximize = s->hyper[SGD_maximize] != 0,
                             .first = s->first};
    wk_kernels->sgd[s->dtype](s->n, &step, s->param, s->grad, s->slot[0]);
}

static const wk_OptimizerClass sgd_optimizer = {
    .name = "SGD",
    .hypers = SGD_hypers,
    .hyper = {SGD_LIST(WK_HYPER_ROW)},
    .also = {"differentiable: False", "foreach: None", "fused: None"},
    .slot_names = {"momentum_buffer"},
    .slots = sgd_slots,
    .check = sgd_check,
    .sweep = sgd_sweep,
};
WK_OPTIMIZER_MAKER(SGD, sgd_optimizer)
