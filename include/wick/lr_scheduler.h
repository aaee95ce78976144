/* torch.optim.lr_scheduler: learning rates that change from epoch to epoch.
 *
 *     wk_LRScheduler *scheduler = wk_StepLR(opt, 30, .gamma = 0.1);
 *     for (int epoch = 0; epoch < 90; epoch++) {
 *         train(...);
 *         wk_step(scheduler);
 *     }
 *
 * A scheduler sets the rates of all groups: when it is made, and at each step from those of the step before, so that several may act on
 * one optimizer. It holds the optimizer: they may be freed in either order. Numbers are unset where they are 0, and WK_ZERO is 0; by
 * place a 0 is 0. Epochs are counted from 0, the one it is made in.
 */
#ifndef WICK_LR_SCHEDULER_H
#define WICK_LR_SCHEDULER_H

#include "wick/optim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wk_LRScheduler wk_LRScheduler;

/* Each rate times gamma every step_size epochs.                                   torch: lr_scheduler.StepLR */
typedef struct wk_StepLR_options {
    int by_place;
    wk_Optimizer *optimizer;
    int64_t step_size;
    double gamma; /* = 0.1 */
} wk_StepLR_options;
WK_API wk_LRScheduler *wk_StepLR_with(wk_StepLR_options options);
#define wk_StepLR(opt, ...) \
    wk_StepLR_with(         \
        WK_OPTIONS(wk_StepLR_options, #opt "," #__VA_ARGS__, .optimizer = opt, .step_size = __VA_ARGS__))

/* The same at each of the milestones; one that is named twice counts twice.  torch: lr_scheduler.MultiStepLR
 *     wk_MultiStepLR(opt, wk_dims(30, 80)) */
typedef struct wk_MultiStepLR_options {
    int by_place;
    wk_Optimizer *optimizer;
    wk_Dims milestones;
    double gamma; /* = 0.1 */
} wk_MultiStepLR_options;
WK_API wk_LRScheduler *wk_MultiStepLR_with(wk_MultiStepLR_options options);
#define wk_MultiStepLR(opt, ...)                                                                    \
    wk_MultiStepLR_with(WK_OPTIONS(wk_MultiStepLR_options, #opt "," #__VA_ARGS__, .optimizer = opt, \
                                   .milestones = __VA_ARGS__))

/* Each rate times gamma at each step.                                      torch: lr_scheduler.ExponentialLR */
typedef struct wk_ExponentialLR_options {
    int by_place;
    wk_Optimizer *optimizer;
    double gamma; /* has no default; 0 is 0 */
} wk_ExponentialLR_options;
WK_API wk_LRScheduler *wk_ExponentialLR_with(wk_ExponentialLR_options options);
#define wk_ExponentialLR(opt, ...) \
    wk_ExponentialLR_with((wk_ExponentialLR_options){.optimizer = opt, .gamma = __VA_ARGS__})

/* Each rate times factor until total_iters steps are done.                    torch: lr_scheduler.ConstantLR */
typedef struct wk_ConstantLR_options {
    int by_place;
    wk_Optimizer *optimizer;
    double factor;       /* = 1/3; in [0, 1] */
    int64_t total_iters; /* = 5 */
} wk_ConstantLR_options;
WK_API wk_LRScheduler *wk_ConstantLR_with(wk_ConstantLR_options options);
#define wk_ConstantLR(...) \
    wk_ConstantLR_with(WK_OPTIONS(wk_ConstantLR_options, #__VA_ARGS__, .optimizer = __VA_ARGS__))

/* From start_factor to end_factor of each rate over total_iters steps.          torch: lr_scheduler.LinearLR */
typedef struct wk_LinearLR_options {
    int by_place;
    wk_Optimizer *optimizer;
    double start_factor; /* = 1/3; in (0, 1] */
    double end_factor;   /* = 1; in [0, 1] */
    int64_t total_iters; /* = 5 */
} wk_LinearLR_options;
WK_API wk_LRScheduler *wk_LinearLR_with(wk_LinearLR_options options);
#define wk_LinearLR(...) \
    wk_LinearLR_with(WK_OPTIONS(wk_LinearLR_options, #__VA_ARGS__, .optimizer = __VA_ARGS__))

/* Down to 0 over total_iters steps, as a power of what is left of them.     torch: lr_scheduler.PolynomialLR */
typedef struct wk_PolynomialLR_options {
    int by_place;
    wk_Optimizer *optimizer;
    int64_t total_iters; /* = 5 */
    double power;        /* = 1 */
} wk_PolynomialLR_options;
WK_API wk_LRScheduler *wk_PolynomialLR_with(wk_PolynomialLR_options options);
#define wk_PolynomialLR(...) \
    wk_PolynomialLR_with(WK_OPTIONS(wk_PolynomialLR_options, #__VA_ARGS__, .optimizer = __VA_ARGS__))

/* Half a cosine from each rate down to eta_min over T_max steps, and up again.
 *                                                                      torch: lr_scheduler.CosineAnnealingLR */
typedef struct wk_CosineAnnealingLR_options {
    int by_place;
    wk_Optimizer *optimizer;
    int64_t T_max;
    double eta_min; /* = 0 */
} wk_CosineAnnealingLR_options;
WK_API wk_LRScheduler *wk_CosineAnnealingLR_with(wk_CosineAnnealingLR_options options);
#define wk_CosineAnnealingLR(opt, ...) \
    wk_CosineAnnealingLR_with((wk_CosineAnnealingLR_options){.optimizer = opt, .T_max = __VA_ARGS__})

/* The first rate of each group times lr_lambda(epoch, user).                    torch: lr_scheduler.LambdaLR */
typedef double (*wk_LRLambda)(int64_t epoch, void *user);
WK_API wk_LRScheduler *wk_LambdaLR(wk_Optimizer *optimizer, wk_LRLambda lr_lambda, void *user);

WK_API void wk_lr_scheduler_free(wk_LRScheduler *scheduler);

/* The next epoch's rates; call it behind the optimizer's steps. False with an error if a rate is negative or NaN: then no
 * rate has changed.                                                                             torch: scheduler.step */
WK_API bool wk_lr_scheduler_step(wk_LRScheduler *scheduler);

/* The epoch that the rates are of, or -1 with an error.                          torch: scheduler.last_epoch */
WK_API int64_t wk_last_epoch(const wk_LRScheduler *scheduler);

/* Goes on from an epoch that was saved: the groups keep the rates that they have, such as those of a loaded optimizer,
 * until the next step.                                torch: scheduler.load_state_dict */
WK_API bool wk_set_last_epoch(wk_LRScheduler *scheduler, int64_t epoch);

/* The rate of a group that the last step has set; NaN with an error for a group that is not there.
 *                                                                                torch: scheduler.get_last_lr */
WK_API double wk_get_last_lr(const wk_LRScheduler *scheduler, int group);

#ifdef __cplusplus
}
#endif
#endif
