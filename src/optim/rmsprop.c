/* RMSprop. slot[0] is the average of squared gradients, slot[1] when centered that of gradients, slot[2] the
 * momentum buffer. */
#include "optim/optimizer.h"

#define RMSPROP_LIST(X)                                                                   \
    X(RMSprop, lr, lr, 1e-2, NOT_NEGATIVE, "Invalid learning rate")                       \
    X(RMSprop, alpha, alpha, 0.99, NOT_NEGATIVE, "Invalid alpha value")                   \
    X(RMSprop, eps, eps, 1e-8, NOT_NEGATIVE, "Invalid epsilon value")                     \
    X(RMSprop, weight_decay, weight_decay, 0, NOT_NEGATIVE, "Invalid weight_decay value") \
    X(RMSprop, momentum, momentum, 0, NOT_NEGATIVE, "Invalid momentum value")             \
    X(RMSprop, centered, centered, 0, ANY, "Invalid centered value")                      \
    X(RMSprop, maximize, maximize, 0, ANY, "Invalid maximize value")
enum { RMSPROP_LIST(WK_HYPER_INDEX) RMSprop_hypers };

static unsigned rmsprop_slots(const double *hyper)
{
    return 1u | (hyper[RMSprop_centered] != 0 ? 2u : 0) | (hyper[RMSprop_momentum] > 0 ? 4u : 0);
}

static void rmsprop_sweep(const wk_Sweep *s)
{
    const wk_RmspropStep step = {.lr = s->hyper[RMSprop_lr],
                                 .alpha = s->hyper[RMSprop_alpha],
                                 .eps = s->hyper[RMSprop_eps],
                                 .weight_decay = s->hyper[RMSprop_weight_decay],
                                 .momentum = s->hyper[RMSprop_momentum],
                                 .centered = s->hyper[RMSprop_centered] != 0,
                                 .maximize = s->hyper[RMSprop_maximize] != 0};
    wk_kernels->rmsprop[s->dtype](s->n, &step, s->param, s->grad, s->slot[0], s->slot[1], s->slot[2]);
}

static const wk_OptimizerClass rmsprop_optimizer = {
    .name = "RMSprop",
    .hypers = RMSprop_hypers,
    .hyper = {RMSPROP_LIST(WK_HYPER_ROW)},
    .eps = RMSprop_eps,
    .also = {"capturable: False", "differentiable: False", "foreach: None"},
    .slot_names = {"square_avg", "grad_avg", "momentum_buffer"},
    .counts_steps = true,
    .slots = rmsprop_slots,
    .sweep = rmsprop_sweep,
};
WK_OPTIMIZER_MAKER(RMSprop, rmsprop_optimizer)
