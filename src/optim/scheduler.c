/* Schedulers: making, stepping, asking. The schedules are in schedules.c. */
#include "optim/scheduler.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"

struct wk_LRScheduler {
    wk_Object object;
    const char *name;
    wk_Optimizer *optimizer; /* a share */
    wk_NextRate next;
    wk_Schedule schedule;
    int64_t *milestones; /* the schedule's, owned */
    double *rates;       /* the first of each group, the last set, and room for the next: groups of each */
    int groups;
};

static bool scheduler_check(const wk_LRScheduler *scheduler, const char *op)
{
    return wk_object_check(scheduler, op, "scheduler");
}

/* All rates are computed before the first is set, so that a rate that is refused changes nothing. */
static bool set_rates(wk_LRScheduler *s)
{
    wk_Optimizer *optimizer = s->optimizer;
    double *base = s->rates, *last = base + s->groups, *next = last + s->groups;
    if (optimizer->group_count != s->groups)
        return wk_raise(WK_ERROR_STATE,
                        "%s: the optimizer has %d parameter groups, but had %d when the scheduler was made",
                        s->name, optimizer->group_count, s->groups),
               false;
    for (int g = 0; g < s->groups; g++) {
        double hyper[WK_HYPERS];
        memcpy(hyper, optimizer->groups[g].hyper, sizeof hyper);
        hyper[0] = next[g] = s->next(&s->schedule, hyper[0], base[g]);
        if (!wk_optimizer_hypers_allowed(optimizer->cls, hyper))
            return false;
    }
    for (int g = 0; g < s->groups; g++)
        optimizer->groups[g].hyper[0] = last[g] = next[g];
    return true;
}

static size_t rates_bytes(const wk_LRScheduler *s)
{
    return 3 * (size_t)s->groups * sizeof *s->rates;
}

static size_t milestones_bytes(const wk_LRScheduler *s)
{
    return (size_t)s->schedule.milestone_count * sizeof *s->schedule.milestones;
}

static bool keep_milestones(wk_LRScheduler *s)
{
    if (!s->schedule.milestone_count)
        return true;
    s->milestones = wk_alloc(milestones_bytes(s));
    if (!s->milestones)
        return false;
    memcpy(s->milestones, s->schedule.milestones, milestones_bytes(s));
    s->schedule.milestones = s->milestones;
    return true;
}

wk_LRScheduler *wk_lr_scheduler_new(const char *name, wk_Optimizer *optimizer, wk_NextRate next,
                                    wk_Schedule schedule)
{
    wk_LRScheduler *s = wk_zalloc(sizeof *s);
    if (!s)
        return NULL;
    wk_object_init(&s->object);
    s->name = name;
    s->next = next;
    s->schedule = schedule;
    s->optimizer = optimizer;
    wk_object_retain(&optimizer->object);
    s->groups = optimizer->group_count;
    const bool kept = keep_milestones(s);
    s->rates = kept ? wk_alloc(rates_bytes(s)) : NULL;
    bool done = s->rates != NULL;
    for (int g = 0; done && g < s->groups; g++) { /* an earlier scheduler has noted the first rate */
        wk_ParamGroup *group = &optimizer->groups[g];
        s->rates[g] = isnan(group->initial_lr) ? group->hyper[0] : group->initial_lr;
    }
    done = done && set_rates(s);
    for (int g = 0; done && g < s->groups; g++)
        optimizer->groups[g].initial_lr = s->rates[g];
    if (done)
        return s;
    wk_lr_scheduler_free(s);
    return NULL;
}

void wk_lr_scheduler_free(wk_LRScheduler *s)
{
    if (!s || !scheduler_check(s, "free") || !wk_object_drop(&s->object))
        return;
    wk_optimizer_free(s->optimizer);
    if (s->rates)
        wk_release(s->rates, rates_bytes(s));
    if (s->milestones)
        wk_release(s->milestones, milestones_bytes(s));
    wk_release_object(s, sizeof *s);
}

bool wk_lr_scheduler_step(wk_LRScheduler *scheduler)
{
    if (!scheduler_check(scheduler, "step"))
        return false;
    scheduler->schedule.epoch++;
    if (set_rates(scheduler))
        return true;
    scheduler->schedule.epoch--;
    return false;
}

int64_t wk_last_epoch(const wk_LRScheduler *scheduler)
{
    return scheduler_check(scheduler, "last_epoch") ? scheduler->schedule.epoch : -1;
}

bool wk_set_last_epoch(wk_LRScheduler *s, int64_t epoch)
{
    if (!scheduler_check(s, "set_last_epoch"))
        return false;
    if (epoch < 0 || epoch == INT64_MAX)
        return wk_raise(WK_ERROR_ARGUMENT, "set_last_epoch: epoch must not be negative, got %lld",
                        (long long)epoch),
               false;
    s->schedule.epoch = epoch;
    for (int g = 0; g < s->groups && g < s->optimizer->group_count; g++)
        s->rates[s->groups + g] = s->optimizer->groups[g].hyper[0];
    return true;
}

double wk_get_last_lr(const wk_LRScheduler *s, int group)
{
    if (!scheduler_check(s, "get_last_lr"))
        return NAN;
    if (group < 0 || group >= s->groups)
        return wk_raise(WK_ERROR_INDEX, "get_last_lr: %s has no parameter group %d, only %d", s->name, group,
                        s->groups),
               NAN;
    return s->rates[s->groups + group];
}
