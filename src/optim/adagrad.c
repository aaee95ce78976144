/* Adagrad. slot[0] is the sum of squared gradients. */
#include "optim/optimizer.h"

#define ADAGRAD_LIST(X)                                                                   \
    X(Adagrad, lr, lr, 1e-2, NOT_NEGATIVE, "Invalid learning rate")                       \
    X(Adagrad, lr_decay, lr_decay, 0, NOT_NEGATIVE, "Invalid lr_decay value")             \
    X(Adagrad, weight_decay, weight_decay, 0, NOT_NEGATIVE, "Invalid weight_decay value") \
    X(Adagrad, initial_accumulator_value, initial_accumulator_value, 0, NOT_NEGATIVE,     \
      "Invalid initial_accumulator_value value")                                          \
    X(Adagrad, eps, eps, 1e-10, NOT_NEGATIVE, "Invalid epsilon value")                    \
    X(Adagrad, maximize, maximize, 0, ANY, "Invalid maximize value")
enum { ADAGRAD_LIST(WK_HYPER_INDEX) Adagrad_hypers };

static unsigned adagrad_slots(const double *hyper)
{
    return (void)hyper, 1;
}

static void adagrad_sweep(const wk_Sweep *s)
{
    const wk_AdagradStep step = {.lr = s->hyper[Adagrad_lr] /
                                       (1 + (double)(s->step - 1) * s->hyper[Adagrad_lr_decay]),
                                 .weight_decay = s->hyper[Adagrad_weight_decay],
                                 .eps = s->hyper[Adagrad_eps],
                                 .maximize = s->hyper[Adagrad_maximize] != 0};
    wk_kernels->adagrad[s->dtype](s->n, &step, s->param, s->grad, s->slot[0]);
}

static const wk_OptimizerClass adagrad_optimizer = {
    .name = "Adagrad",
    .hypers = Adagrad_hypers,
    .hyper = {ADAGRAD_LIST(WK_HYPER_ROW)},
    .eps = Adagrad_eps,
    .also = {"differentiable: False", "foreach: None", "fused: None"},
    .initial = {Adagrad_initial_accumulator_value},
    .slot_names = {"sum"},
    .counts_steps = true,
    .slots = adagrad_slots,
    .sweep = adagrad_sweep,
};
WK_OPTIMIZER_MAKER(Adagrad, adagrad_optimizer)
