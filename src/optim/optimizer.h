/* What optimizers share: groups of parameters, options by name, the frame of a step. An optimizer is one
 * table and one sweep. */
#ifndef WICK_OPTIM_OPTIMIZER_H
#define WICK_OPTIM_OPTIMIZER_H

#include "core/tensor.h"
#include "kernels/kernels.h"
#include "wick/optim.h"

enum { WK_HYPERS = 8, WK_SLOTS = 3 };

/* An option: a number, or 0 and 1 for a flag. */
typedef struct wk_Hyper {
    const char *name;    /* as PyTorch calls it */
    const char *invalid; /* how PyTorch's message begins: "Invalid learning rate"; NULL for a flag */
    enum {
        WK_HYPER_NOT_NEGATIVE = 0,
        WK_HYPER_BELOW_ONE, /* in [0, 1) */
        WK_HYPER_ANY,
        WK_HYPER_FLAG,
    } range;
} wk_Hyper;

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
    /* Lines of the text, in order: the name of an option, "betas", or a constant as in "foreach: None". */
    const char *text[16];
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
/* Checks the options and the parameters, and makes the optimizer. */
wk_Optimizer *wk_optimizer_new(const wk_OptimizerClass *cls, const double *hyper, wk_List params);

/* An option whose default is not 0: 0 is unset, WK_ZERO is 0. */
static inline double wk_option_or(double value, double unset)
{
    return value == (double)WK_ZERO ? 0 : value == 0 ? unset : value;
}

#endif
