/* Adam and AdamW. slot[0] is the average of gradients, slot[1] that of their squares, slot[2] with amsgrad the largest
 * of these so far. */
#include "optim/optimizer.h"

#define ADAM_LIST(X, cls, decay)                                                          \
    X(cls, lr, lr, 1e-3, NOT_NEGATIVE, "Invalid learning rate")                           \
    X(cls, beta1, betas[0], 0.9, BELOW_ONE, "Invalid beta parameter at index 0")          \
    X(cls, beta2, betas[1], 0.999, BELOW_ONE, "Invalid beta parameter at index 1")        \
    X(cls, eps, eps, 1e-8, NOT_NEGATIVE, "Invalid epsilon value")                         \
    X(cls, weight_decay, weight_decay, decay, NOT_NEGATIVE, "Invalid weight_decay value") \
    X(cls, amsgrad, amsgrad, 0, ANY, "Invalid amsgrad value")                             \
    X(cls, maximize, maximize, 0, ANY, "Invalid maximize value")
enum { ADAM_LIST(WK_HYPER_INDEX, Adam, 0) Adam_hypers };

static unsigned adam_slots(const double *hyper)
{
    return hyper[Adam_amsgrad] != 0 ? 7 : 3;
}

static void adam_step(const wk_Sweep *s, bool decoupled)
{
    const wk_AdamStep step = {.lr = s->hyper[Adam_lr],
                              .beta1 = s->hyper[Adam_beta1],
                              .beta2 = s->hyper[Adam_beta2],
                              .eps = s->hyper[Adam_eps],
                              .weight_decay = s->hyper[Adam_weight_decay],
                              .amsgrad = s->hyper[Adam_amsgrad] != 0,
                              .maximize = s->hyper[Adam_maximize] != 0,
                              .decoupled = decoupled,
                              .step = s->step};
    wk_kernels->adam[s->dtype](s->n, &step, s->param, s->grad, s->slot[0], s->slot[1], s->slot[2]);
}

static void adam_sweep(const wk_Sweep *s)
{
    adam_step(s, false);
}

static void adamw_sweep(const wk_Sweep *s)
{
    adam_step(s, true);
}

static const wk_OptimizerClass adam_optimizer = {
    .name = "Adam",
    .hypers = Adam_hypers,
    .hyper = {ADAM_LIST(WK_HYPER_ROW, Adam, 0)},
    .eps = Adam_eps,
    .also = {"capturable: False", "decoupled_weight_decay: False", "differentiable: False", "foreach: None",
             "fused: None"},
    .slot_names = {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"},
    .counts_steps = true,
    .slots = adam_slots,
    .sweep = adam_sweep,
};

static const wk_OptimizerClass adamw_optimizer = {
    .name = "AdamW",
    .hypers = Adam_hypers,
    .hyper = {ADAM_LIST(WK_HYPER_ROW, AdamW, 1e-2)},
    .eps = Adam_eps,
    .also = {"capturable: False", "decoupled_weight_decay: True", "differentiable: False", "foreach: None",
             "fused: None"},
    .slot_names = {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"},
    .counts_steps = true,
    .slots = adam_slots,
    .sweep = adamw_sweep,
};

/* Of a pair that was given, a 0 is 0. */
static void keep_zeros(double betas[2])
{
    for (int i = 0; i < 2 && (betas[0] != 0 || betas[1] != 0); i++)
        betas[i] = betas[i] == 0 ? (double)WK_ZERO : betas[i];
}

wk_Optimizer *wk_Adam_with(wk_Adam_options options)
{
    keep_zeros(options.betas);
    return wk_optimizer_make(&adam_optimizer, &options, options.params, options.by_place);
}

wk_Optimizer *wk_AdamW_with(wk_AdamW_options options)
{
    keep_zeros(options.betas);
    return wk_optimizer_make(&adamw_optimizer, &options, options.params, options.by_place);
}
