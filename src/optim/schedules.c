/* The schedules: each is the function of a group's next rate, in PyTorch's order of operations, and the maker that checks its options. */
#include <math.h>

#include "optim/scheduler.h"

#define PI 3.14159265358979323846

static bool number_within(const char *name, const char *option, double value, double low, double high)
{
    if (value >= low && value <= high)
        return true;
    wk_raise(WK_ERROR_ARGUMENT, "%s: %s must be between %g and %g, got %g", name, option, low, high, value);
    return false;
}

static bool at_least_one(const char *name, const char *option, int64_t value)
{
    if (value >= 1)
        return true;
    wk_raise(WK_ERROR_ARGUMENT, "%s: %s must be at least 1, got %lld", name, option, (long long)value);
    return false;
}

/* number: gamma, step_size */
static double step_lr(const wk_Schedule *s, double lr, double base)
{
    (void)base;
    return s->epoch == 0 || s->epoch % (int64_t)s->number[1] != 0 ? lr : lr * s->number[0];
}

wk_LRScheduler *wk_StepLR_with(wk_StepLR_options o)
{
    if (!wk_optimizer_check(o.optimizer, "StepLR") || !at_least_one("StepLR", "step_size", o.step_size))
        return NULL;
    const double gamma = wk_double_or(o.gamma, o.by_place >= 3 ? 0 : 0.1);
    return wk_lr_scheduler_new("StepLR", o.optimizer, step_lr,
                               (wk_Schedule){.number = {gamma, (double)o.step_size}});
}

/* number: gamma */
static double multi_step_lr(const wk_Schedule *s, double lr, double base)
{
    int times = 0;
    for (int i = 0; i < s->milestone_count; i++)
        times += s->milestones[i] == s->epoch;
    (void)base;
    return times ? lr * pow(s->number[0], times) : lr;
}

wk_LRScheduler *wk_MultiStepLR_with(wk_MultiStepLR_options o)
{
    if (!wk_optimizer_check(o.optimizer, "MultiStepLR") ||
        !wk_array_check(o.milestones.count, o.milestones.dims, "MultiStepLR", "milestones"))
        return NULL;
    const double gamma = wk_double_or(o.gamma, o.by_place >= 3 ? 0 : 0.1);
    return wk_lr_scheduler_new("MultiStepLR", o.optimizer, multi_step_lr,
                               (wk_Schedule){.number = {gamma},
                                             .milestones = o.milestones.dims,
                                             .milestone_count = o.milestones.count});
}

static double exponential_lr(const wk_Schedule *s, double lr, double base)
{
    (void)base;
    return s->epoch == 0 ? lr : lr * s->number[0];
}

wk_LRScheduler *wk_ExponentialLR_with(wk_ExponentialLR_options o)
{
    return wk_optimizer_check(o.optimizer, "ExponentialLR")
               ? wk_lr_scheduler_new("ExponentialLR", o.optimizer, exponential_lr,
                                     (wk_Schedule){.number = {o.gamma}})
               : NULL;
}

/* number: factor, total_iters */
static double constant_lr(const wk_Schedule *s, double lr, double base)
{
    (void)base;
    if (s->epoch == 0)
        return lr * s->number[0];
    return s->epoch == (int64_t)s->number[1] ? lr * (1.0 / s->number[0]) : lr;
}

wk_LRScheduler *wk_ConstantLR_with(wk_ConstantLR_options o)
{
    const double factor = wk_double_or(o.factor, o.by_place >= 2 ? 0 : 1.0 / 3);
    const int64_t total = wk_int_or(o.total_iters, o.by_place >= 3 ? 0 : 5);
    if (!wk_optimizer_check(o.optimizer, "ConstantLR") ||
        !number_within("ConstantLR", "factor", factor, 0, 1))
        return NULL;
    return wk_lr_scheduler_new("ConstantLR", o.optimizer, constant_lr,
                               (wk_Schedule){.number = {factor, (double)total}});
}

/* number: start_factor, end_factor, total_iters */
static double linear_lr(const wk_Schedule *s, double lr, double base)
{
    const double start = s->number[0], end = s->number[1], total = s->number[2], epoch = (double)s->epoch;
    (void)base;
    if (s->epoch == 0)
        return lr * start;
    return epoch > total ? lr : lr * (1.0 + (end - start) / (total * start + (epoch - 1) * (end - start)));
}

wk_LRScheduler *wk_LinearLR_with(wk_LinearLR_options o)
{
    const double start = wk_double_or(o.start_factor, o.by_place >= 2 ? 0 : 1.0 / 3),
                 end = wk_double_or(o.end_factor, o.by_place >= 3 ? 0 : 1);
    const int64_t total = wk_int_or(o.total_iters, o.by_place >= 4 ? 0 : 5);
    if (!wk_optimizer_check(o.optimizer, "LinearLR") || !number_within("LinearLR", "end_factor", end, 0, 1))
        return NULL;
    if (!(start > 0 && start <= 1))
        return wk_raise(WK_ERROR_ARGUMENT, "LinearLR: start_factor must be above 0 and at most 1, got %g",
                        start);
    return wk_lr_scheduler_new("LinearLR", o.optimizer, linear_lr,
                               (wk_Schedule){.number = {start, end, (double)total}});
}

/* number: total_iters, power */
static double polynomial_lr(const wk_Schedule *s, double lr, double base)
{
    const double total = s->number[0], epoch = (double)s->epoch;
    (void)base;
    if (s->epoch == 0 || epoch > total)
        return lr;
    return lr * pow((1.0 - epoch / total) / (1.0 - (epoch - 1) / total), s->number[1]);
}

wk_LRScheduler *wk_PolynomialLR_with(wk_PolynomialLR_options o)
{
    const int64_t total = wk_int_or(o.total_iters, o.by_place >= 2 ? 0 : 5);
    const double power = wk_double_or(o.power, o.by_place >= 3 ? 0 : 1);
    if (!wk_optimizer_check(o.optimizer, "PolynomialLR") ||
        !at_least_one("PolynomialLR", "total_iters", total))
        return NULL;
    return wk_lr_scheduler_new("PolynomialLR", o.optimizer, polynomial_lr,
                               (wk_Schedule){.number = {(double)total, power}});
}

/* number: eta_min, T_max */
static double cosine_annealing_lr(const wk_Schedule *s, double lr, double base)
{
    const double least = s->number[0], period = s->number[1], epoch = (double)s->epoch;
    if (s->epoch == 0)
        return lr;
    if ((s->epoch - 1 - (int64_t)period) % (2 * (int64_t)period) == 0)
        return lr + (base - least) * (1 - cos(PI / period)) / 2;
    return (1 + cos(PI * epoch / period)) / (1 + cos(PI * (epoch - 1) / period)) * (lr - least) + least;
}

wk_LRScheduler *wk_CosineAnnealingLR_with(wk_CosineAnnealingLR_options o)
{
    if (!wk_optimizer_check(o.optimizer, "CosineAnnealingLR") ||
        !at_least_one("CosineAnnealingLR", "T_max", o.T_max))
        return NULL;
    return wk_lr_scheduler_new("CosineAnnealingLR", o.optimizer, cosine_annealing_lr,
                               (wk_Schedule){.number = {o.eta_min, (double)o.T_max}});
}

static double lambda_lr(const wk_Schedule *s, double lr, double base)
{
    (void)lr;
    return base * s->lambda(s->epoch, s->user);
}

wk_LRScheduler *wk_LambdaLR(wk_Optimizer *optimizer, wk_LRLambda lr_lambda, void *user)
{
    if (!wk_optimizer_check(optimizer, "LambdaLR"))
        return NULL;
    if (!lr_lambda)
        return wk_raise_null("LambdaLR", "lr_lambda"), NULL;
    return wk_lr_scheduler_new("LambdaLR", optimizer, lambda_lr,
                               (wk_Schedule){.lambda = lr_lambda, .user = user});
}
