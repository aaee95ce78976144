/* What optimizers share: groups of parameters, options by name, the frame of a step. An optimizer is one
 * table and one sweep. */
#ifndef WICK_OPTIM_OPTIMIZER_H
#define WICK_OPTIM_OPTIMIZER_H

#include <stddef.h>
#include <string.h>

#include "core/options.h"
#include "core/tensor.h"
#include "kernels/kernels.h"
#include "wick/optim.h"

enum { WK_HYPERS = 8, WK_SLOTS = 3 };

/* An option: where it is in the optimizer's struct of options, its default and range. A flag is 0 or 1. */
typedef struct wk_Hyper {
    const char *name;    /* as PyTorch calls it */
    const char *invalid; /* how PyTorch's message begins: "Invalid learning rate" */
    double unset;        /* the default */
    uint16_t at;         /* offset in the struct of options */
    bool flag;           /* a bool there, else a double */
    enum {
        WK_HYPER_NOT_NEGATIVE = 0,
        WK_HYPER_BELOW_ONE, /* in [0, 1) */
        WK_HYPER_ANY,
    } range;
} wk_Hyper;

/* beta2 is the second of `betas`: one place, one line of the text. */
static inline bool wk_hyper_is_second(const wk_Hyper *hyper)
{
    return strcmp(hyper->name, "beta2") == 0;
}

/* An optimizer lists its options once, in the order in which they may come by place behind params:
 *     #define SGD_LIST(X) X(SGD, lr, lr, 1e-3, NOT_NEGATIVE, "Invalid learning rate") ...
 *     enum { SGD_LIST(WK_HYPER_INDEX) SGD_hypers };                 SGD_lr, ...: where they are in an array of all
 *     .hyper = {SGD_LIST(WK_HYPER_ROW)}                             of wk_SGD_options */
#define WK_HYPER_INDEX(cls, option, ...) cls##_##option,
#define WK_HYPER_ROW(cls, option, member, value, limits, message) \
    {.name = #option,                                             \
     .invalid = message,                                          \
     .unset = value,                                              \
     .at = (uint16_t)offsetof(wk_##cls##_options, member),        \
     .flag = _Generic(((wk_##cls##_options *)0)->member, bool     \
                      : true, double                              \
                      : false),                                   \
     .range = WK_HYPER_##limits},

/* The function behind the macro of the optimizer's name. */
#define WK_OPTIMIZER_MAKER(cls, table)                                                \
    wk_Optimizer *wk_##cls##_with(wk_##cls##_options options)                         \
    {                                                                                 \
        return wk_optimizer_make(&table, &options, options.params, options.by_place); \
    }

/* One parameter's part of a step. */
typedef struct wk_Sweep {
    const double *hyper;
    int64_t step; /* 1 at the first */
    bool first;   /* slot[0] has never been used */
    wk_dtype dtype;
    int64_t n;
    void *param;
    const void *grad;
    void *slot[WK_SLOTS]; /* NULL where not needed */
} wk_Sweep;

typedef struct wk_OptimizerClass {
    const char *name;
    int hypers;
    wk_Hyper hyper[WK_HYPERS]; /* the first is lr */
    int eps;                   /* the index of what is added to a denominator; 0: it divides by nothing */
    const char *also[8]; /* lines of the text that are no options of wick: "foreach: None", sorted by name */
    const char *slot_names[WK_SLOTS]; /* as PyTorch's state_dict has them */
    bool counts_steps;                /* and whether it has "step" */
    int initial[WK_SLOTS];            /* the index of the option that a slot is filled with; 0: zeros */
    /* The slots that a step with these options uses, as bits. */
    unsigned (*slots)(const double *hyper);
    /* What single ranges do not say; false with an error. */
    bool (*check)(const double *hyper);
    void (*sweep)(const wk_Sweep *sweep);
} wk_OptimizerClass;

typedef struct wk_ParamState {
    wk_Tensor *param;
    wk_Tensor *slot[WK_SLOTS]; /* made at the first step that needs them */
    int64_t step;
    bool used; /* slot[0] holds something */
} wk_ParamState;

typedef struct wk_ParamGroup {
    double hyper[WK_HYPERS];
    double initial_lr; /* that a scheduler began with; NaN: none */
    int count;
    wk_ParamState *params;
} wk_ParamGroup;

struct wk_Optimizer {
    wk_Object object;
    const wk_OptimizerClass *cls;
    double defaults[WK_HYPERS];
    int group_count;
    wk_ParamGroup *groups;
};

bool wk_optimizer_check(const wk_Optimizer *optimizer, const char *op);
/* False with PyTorch's message if these options are not allowed. */
bool wk_optimizer_hypers_allowed(const wk_OptimizerClass *cls, const double *hyper);
/* Reads the struct of options, checks them and the parameters, and makes the optimizer. Options that came by place are what they are;
 * the others are unset where they are 0, and WK_ZERO is 0. */
wk_Optimizer *wk_optimizer_make(const wk_OptimizerClass *cls, const void *options, wk_List params,
                                int by_place);

#endif
