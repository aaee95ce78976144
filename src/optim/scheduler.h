/* What schedulers share: a schedule is one function, from a group's rate to its next. */
#ifndef WICK_OPTIM_SCHEDULER_H
#define WICK_OPTIM_SCHEDULER_H

#include "optim/optimizer.h"
#include "wick/lr_scheduler.h"

enum { WK_SCHEDULE_NUMBERS = 3 };

/* What a schedule may look at. */
typedef struct wk_Schedule {
    int64_t epoch; /* the new one; 0 when the scheduler is made */
    double number[WK_SCHEDULE_NUMBERS];
    const int64_t *milestones; /* NULL or `milestone_count` of them */
    int milestone_count;
    wk_LRLambda lambda;
    void *user;
} wk_Schedule;

/* A group's next rate, from the rate that it has and the one that it had at first. */
typedef double (*wk_NextRate)(const wk_Schedule *schedule, double lr, double base);

/* Makes a scheduler and sets the rates of epoch 0. The milestones are copied. */
wk_LRScheduler *wk_lr_scheduler_new(const char *name, wk_Optimizer *optimizer, wk_NextRate next,
                                    wk_Schedule schedule);

#endif
