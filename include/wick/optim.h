/* torch.optim: optimizers.
 *
 *     wk_Optimizer *opt = wk_SGD(wk_parameters(net), .lr = 0.05, .momentum = 0.9);
 *     ...
 *     wk_zero_grad(opt);
 *     wk_backward(loss);
 *     wk_step(opt);
 *
 * Unset is PyTorch's default. Where that is not 0 (lr, eps, alpha, betas), WK_ZERO means 0 by name; by place a 0 is
 * 0: wk_SGD(params, 0).
 * An optimizer holds its parameters: it and the module may be freed in either order.
 * A step takes subnormal numbers for 0 (unless eps is under 1e-10), and leaves the caller's floating-point mode as it is.
 */
#ifndef WICK_OPTIM_H
#define WICK_OPTIM_H

#include "wick/autograd.h"
#include "wick/io.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wk_Optimizer wk_Optimizer;

/* d = grad + weight_decay * w;  buf = momentum * buf + (1 - dampening) * d (the first time buf = d)
 * w -= lr * buf                    nesterov: w -= lr * (d + momentum * buf)
 *   maximize: climbs                                                                      torch: optim.SGD */
typedef struct wk_SGD_options {
    wk_List params;
    double lr; /* unset is 0.001 */
    double momentum, dampening, weight_decay;
    bool nesterov, maximize;
    int by_place;
} wk_SGD_options;
WK_API wk_Optimizer *wk_SGD_with(wk_SGD_options options);
#define wk_SGD(...) wk_SGD_with(WK_OPTIONS(wk_SGD_options, #__VA_ARGS__, .params = __VA_ARGS__))

/* m = beta1 * m + (1 - beta1) * g;  v = beta2 * v + (1 - beta2) * g^2
 * w -= lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)   with g = grad + weight_decay * w
 *   amsgrad: the largest v so far in place of v                                          torch: optim.Adam */
typedef struct wk_Adam_options {
    wk_List params;
    double lr;       /* unset is 0.001 */
    double betas[2]; /* both unset are {0.9, 0.999} */
    double eps;      /* unset is 1e-8 */
    double weight_decay;
    bool amsgrad, maximize;
    int by_place;
} wk_Adam_options;
WK_API wk_Optimizer *wk_Adam_with(wk_Adam_options options);
#define wk_Adam(...) wk_Adam_with(WK_OPTIONS(wk_Adam_options, #__VA_ARGS__, .params = __VA_ARGS__))

/* Adam whose decay acts on the weights, w -= lr * weight_decay * w, not on the gradients.  torch: optim.AdamW */
typedef struct wk_AdamW_options {
    wk_List params;
    double lr;           /* unset is 0.001 */
    double betas[2];     /* both unset are {0.9, 0.999} */
    double eps;          /* unset is 1e-8 */
    double weight_decay; /* unset is 0.01 */
    bool amsgrad, maximize;
    int by_place;
} wk_AdamW_options;
WK_API wk_Optimizer *wk_AdamW_with(wk_AdamW_options options);
#define wk_AdamW(...) wk_AdamW_with(WK_OPTIONS(wk_AdamW_options, #__VA_ARGS__, .params = __VA_ARGS__))

/* sum += g^2;  w -= lr / (1 + (t - 1) * lr_decay) * g / (sqrt(sum) + eps)   with g = grad + weight_decay * w
 *   the sum begins at initial_accumulator_value                                       torch: optim.Adagrad */
typedef struct wk_Adagrad_options {
    wk_List params;
    double lr; /* unset is 0.01 */
    double lr_decay, weight_decay, initial_accumulator_value;
    double eps; /* unset is 1e-10 */
    bool maximize;
    int by_place;
} wk_Adagrad_options;
WK_API wk_Optimizer *wk_Adagrad_with(wk_Adagrad_options options);
#define wk_Adagrad(...) wk_Adagrad_with(WK_OPTIONS(wk_Adagrad_options, #__VA_ARGS__, .params = __VA_ARGS__))

/* v = alpha * v + (1 - alpha) * g^2;  w -= lr * g / (sqrt(v) + eps)   with g = grad + weight_decay * w
 *   centered: v - mean(g)^2 in place of v          momentum: the steps are accumulated
 *                                                                                     torch: optim.RMSprop */
typedef struct wk_RMSprop_options {
    wk_List params;
    double lr;    /* unset is 0.01 */
    double alpha; /* unset is 0.99 */
    double eps;   /* unset is 1e-8 */
    double weight_decay, momentum;
    bool centered, maximize;
    int by_place;
} wk_RMSprop_options;
WK_API wk_Optimizer *wk_RMSprop_with(wk_RMSprop_options options);
#define wk_RMSprop(...) wk_RMSprop_with(WK_OPTIONS(wk_RMSprop_options, #__VA_ARGS__, .params = __VA_ARGS__))

WK_API void wk_optimizer_free(wk_Optimizer *optimizer);

/* One step along the gradients; parameters without one stay. It records nothing. On failure no weight has
 * changed.
 *                                                                                    torch: Optimizer.step */
WK_API bool wk_optimizer_step(wk_Optimizer *optimizer);

/* Every parameter's gradient to NULL, or to zeros.                      torch: zero_grad(set_to_none=True) */
WK_API bool wk_optimizer_zero_grad(wk_Optimizer *optimizer, bool set_to_none);

/* ---- parameter groups ------------------------------------------------------------------------------- */

/* Adds parameters as a group with the optimizer's own options, which wk_set_option then changes. Returns its
 * index, or -1.
 *                                                                                   torch: add_param_group */
WK_API int wk_add_param_group(wk_Optimizer *optimizer, wk_List params);
WK_API int wk_param_group_count(const wk_Optimizer *optimizer);

/* An option of a group by PyTorch's name: "lr", "momentum", "weight_decay", "nesterov" (1 or 0), ...; "beta1"
 * and "beta2" for betas. NaN, or false, with an error for a name that this optimizer does not have, or a
 * value that it does not take.
 *                                                         torch: optimizer.param_groups[group]["momentum"] */
WK_API double wk_get_option(const wk_Optimizer *optimizer, int group, const char *name);
WK_API bool wk_set_option(wk_Optimizer *optimizer, int group, const char *name, double value);

/* The learning rate of the first group; of all groups. */
WK_API double wk_get_lr(const wk_Optimizer *optimizer);
WK_API bool wk_set_lr(wk_Optimizer *optimizer, double lr);

/* Its state and options as named tensors, as PyTorch's nested dictionary has them: "state.0.exp_avg", "state.0.step",
 * "param_groups.0.lr", "param_groups.0.params". The averages are shared, not copied; wk_free the dictionary, wk_save writes it.
 *                                                                         torch: Optimizer.state_dict
 * Loading copies them, and what is wrong with any changes nothing: another count of groups or parameters, another shape, a name
 * that this optimizer does not have, a value that it does not take. An option that is not there keeps its value.
 *                                                                         torch: Optimizer.load_state_dict */
WK_API wk_StateDict *wk_optimizer_state_dict(const wk_Optimizer *optimizer);
WK_API bool wk_optimizer_load_state_dict(wk_Optimizer *optimizer, const wk_StateDict *dict);

/* PyTorch's text of the optimizer and its groups; give it back with wk_str_free.             torch: repr */
WK_API char *wk_optimizer_str(const wk_Optimizer *optimizer);
WK_API bool wk_optimizer_print(const wk_Optimizer *optimizer);

#ifdef __cplusplus
}
#endif
#endif
