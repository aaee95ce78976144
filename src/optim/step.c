/* A step: everything that can fail comes before the first weight is touched, so that a failed step has
 * changed nothing and the same call can be made again. The sweeps want plain arrays: a gradient that is none
 * is copied, a parameter that is none is worked on in a copy and written back.
 *
 * The sweeps take subnormal numbers for zero. Averages of gradients that have become zero decay through the subnormal numbers and end
 * there for good, as the smallest of them times 0.9 rounds to itself; each costs over a hundred cycles on some processors, and a step
 * twenty times as long. */
#include "autograd/node.h"
#include "core/float_mode.h"
#include "core/memory.h"
#include "core/order.h"
#include "ops/ops.h"
#include "optim/optimizer.h"

typedef struct StepWork {
    wk_ParamState *state;
    const double *hyper;
    wk_Tensor *grad, *param; /* contiguous */
} StepWork;

typedef struct StepPlan {
    const wk_OptimizerClass *cls;
    StepWork *work;
    int count;
} StepPlan;

/* Contiguous, as the parameter is while it is updated. */
static wk_Tensor *slot_for(const wk_Tensor *param, double initial)
{
    return wk_full_shape(param->ndim, param->shape, wk_number_double(initial), (wk_dtype)param->dtype);
}

static bool ready_slots(const wk_OptimizerClass *cls, wk_ParamState *state, const double *hyper)
{
    unsigned wanted = cls->slots(hyper);
    for (int s = 0; s < WK_SLOTS; s++) {
        if (!(wanted >> s & 1))
            continue;
        if (!state->slot[s] && !(state->slot[s] = wk_tensor_retain(
                                     slot_for(state->param, cls->initial[s] ? hyper[cls->initial[s]] : 0))))
            return false;
        if (state->slot[s]->dtype != state->param->dtype)
            return wk_raise(WK_ERROR_DTYPE, "%s: a parameter has become %s, but its state is %s", cls->name,
                            wk_dtype_name((wk_dtype)state->param->dtype),
                            wk_dtype_name((wk_dtype)state->slot[s]->dtype)),
                   false;
    }
    return true;
}

/* Plans one parameter; one without a gradient is left out. */
static bool plan_param(StepPlan *plan, wk_ParamState *state, const double *hyper)
{
    wk_Tensor *grad = wk_grad_of(state->param);
    if (!grad)
        return true;
    if (grad->dtype != state->param->dtype || !wk_shape_same(grad, state->param))
        return wk_raise(WK_ERROR_SHAPE, "%s: a gradient is %s %s, but its parameter %s %s", plan->cls->name,
                        wk_dtype_name((wk_dtype)grad->dtype), WK_SHAPE_TEXT(grad),
                        wk_dtype_name((wk_dtype)state->param->dtype), WK_SHAPE_TEXT(state->param)),
               false;
    const bool apart = grad->storage != state->param->storage;
    StepWork *work = &plan->work[plan->count];
    *work = (StepWork){.state = state,
                       .hyper = hyper,
                       .grad = apart ? wk_contiguous(grad) : wk_contiguous_copy(grad),
                       .param = wk_contiguous(state->param)};
    if (!work->grad || !work->param || !wk_rows_to_write(state->param) ||
        !ready_slots(plan->cls, state, hyper))
        return false;
    plan->count++;
    return true;
}

static bool plan_step(StepPlan *plan, wk_Optimizer *optimizer)
{
    for (int g = 0; g < optimizer->group_count; g++) {
        wk_ParamGroup *group = &optimizer->groups[g];
        for (int i = 0; i < group->count; i++)
            if (!plan_param(plan, &group->params[i], group->hyper))
                return false;
    }
    return true;
}

/* The root of the largest number that is flushed is 1.1e-19. Added to an eps of 1e-10 or more it is lost to rounding; without such an
 * eps it would be what is divided by. */
static wk_FloatMode mode_of_sweep(const wk_OptimizerClass *cls, const double *hyper, wk_FloatMode mode)
{
    return !cls->eps || hyper[cls->eps] >= 1e-10 ? mode | WK_FLOAT_FLUSH : mode;
}

/* Cannot fail. */
static void run_work(const wk_OptimizerClass *cls, const StepWork *work)
{
    wk_ParamState *state = work->state;
    wk_Sweep sweep = {.hyper = work->hyper,
                      .step = ++state->step,
                      .first = !state->used,
                      .dtype = (wk_dtype)state->param->dtype,
                      .n = state->param->numel,
                      .param = wk_tensor_data(work->param),
                      .grad = wk_tensor_data(work->grad)};
    unsigned wanted = cls->slots(work->hyper);
    for (int s = 0; s < WK_SLOTS; s++)
        if (wanted >> s & 1)
            sweep.slot[s] = wk_tensor_data(state->slot[s]);
    state->used = state->used || (wanted & 1);
    cls->sweep(&sweep);
    if (work->param != state->param)
        wk_map(cls->name, wk_kernels->cast[sweep.dtype][sweep.dtype], state->param, 1,
               &(wk_Tensor *){work->param});
    wk_tensor_touch(state->param);
}

static void run_plan(const StepPlan *plan)
{
    const wk_FloatMode mode = wk_float_mode();
    wk_FloatMode now = mode;
    for (int i = 0; i < plan->count; i++) {
        const wk_FloatMode wanted = mode_of_sweep(plan->cls, plan->work[i].hyper, mode);
        if (wanted != now)
            wk_set_float_mode(now = wanted);
        run_work(plan->cls, &plan->work[i]);
    }
    if (now != mode)
        wk_set_float_mode(mode);
}

bool wk_optimizer_step(wk_Optimizer *optimizer)
{
    if (!wk_optimizer_check(optimizer, "step"))
        return false;
    wk_Scope scope = wk_scope_begin();
    if (!scope.id)
        return false;
    size_t most = 0;
    for (int g = 0; g < optimizer->group_count; g++)
        most += (size_t)optimizer->groups[g].count;
    StepPlan plan = {.cls = optimizer->cls, .work = wk_alloc(most * sizeof(StepWork))};
    bool former = wk_set_grad_enabled(false);
    bool ready = plan.work && plan_step(&plan, optimizer);
    if (ready)
        run_plan(&plan);
    wk_set_grad_enabled(former);
    wk_release(plan.work, most * sizeof(StepWork));
    wk_scope_end(scope);
    return ready;
}
