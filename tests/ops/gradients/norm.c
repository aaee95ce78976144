/* batch_norm, layer_norm, group_norm. */
#include "ops/gradients/gradients.h"

static wk_Tensor *norm_batch(wk_List in, void *user)
{
    wk_batch_norm_options o = *(wk_batch_norm_options *)user;
    o.input = a;
    o.weight = in.count > 1 ? b : NULL;
    o.bias = in.count > 2 ? c : NULL;
    if (!o.training) {
        o.running_mean = wk_full_shape(1, &wk_shape(a)[1], 0.25, wk_float64);
        o.running_var = wk_full_shape(1, &wk_shape(a)[1], 1.5, wk_float64);
    }
    return wk_batch_norm_with(o);
}

static wk_Tensor *norm_layer(wk_List in, void *user)
{
    wk_layer_norm_options o = *(wk_layer_norm_options *)user;
    o.input = a;
    o.weight = in.count > 1 ? b : NULL;
    o.bias = in.count > 2 ? c : NULL;
    return wk_layer_norm_with(o);
}

static wk_Tensor *norm_group(wk_List in, void *user)
{
    wk_group_norm_options o = *(wk_group_norm_options *)user;
    o.input = a;
    o.weight = in.count > 1 ? b : NULL;
    o.bias = in.count > 2 ? c : NULL;
    return wk_group_norm_with(o);
}

/* With all inputs, with the input alone, and with the weight alone to be derived. */
static void check_norm(Function function, wk_Tensor *x, wk_Tensor *weight, wk_Tensor *bias, void *options,
                       const char *what)
{
    check_all(function, wk_list(x, weight, bias), options, what);
    check_all(function, wk_list(x), options, what);
    check_all(function, wk_list(wk_detach(x), weight), options, what);
    check_all(function, wk_list(wk_detach(x), wk_detach(weight), bias), options, what);
}

#define BATCH_NORM(x, n, ...)                                                    \
    check_norm(norm_batch, x, X(n), X(n), &(wk_batch_norm_options){__VA_ARGS__}, \
               "batch_norm " #x " " #__VA_ARGS__)
#define GROUP_NORM(x, n, ...)                                                    \
    check_norm(norm_group, x, X(n), X(n), &(wk_group_norm_options){__VA_ARGS__}, \
               "group_norm " #x " " #__VA_ARGS__)
#define LAYER_NORM(x, dims, ...)                                                        \
    check_norm(norm_layer, x, X dims, X dims,                                           \
               &(wk_layer_norm_options){.normalized_shape = wk_dims dims, __VA_ARGS__}, \
               "layer_norm " #x " " #__VA_ARGS__)

GRADIENTS_OF(normalisation)
{
    BATCH_NORM(X(4, 2), 2, .training = true);
    BATCH_NORM(X(2, 3, 2, 2), 3, .training = true, .eps = 0.1);
    BATCH_NORM(X(2, 2, 70), 2, .training = true);
    BATCH_NORM(wk_requires_grad_(wk_detach(wk_permute(X(2, 3, 2, 3), 3, 0, 1, 2))), 2, .training = true);
    BATCH_NORM(strided(-2, 2, 4, 3), 3, .training = true);
    BATCH_NORM(X(0, 2), 2, .training = true);
    BATCH_NORM(X(3, 2, 2), 2, .training = false);
    BATCH_NORM(X(2, 2, 70), 2, .eps = 0.1);
    LAYER_NORM(X(3, 4), (4), .eps = 0);
    LAYER_NORM(X(2, 2, 3), (2, 3), .eps = 0.1);
    LAYER_NORM(strided(-2, 2, 4, 3), (3), .eps = 0);
    LAYER_NORM(X(0, 3), (3), .eps = 0);
    LAYER_NORM(X(2, 0), (0), .eps = 0);
    GROUP_NORM(X(2, 4), 4, .num_groups = 2);
    GROUP_NORM(X(2, 4, 3), 4, .num_groups = 2, .eps = 0.1);
    GROUP_NORM(X(2, 2, 2, 2), 2, .num_groups = 1);
    GROUP_NORM(wk_requires_grad_(wk_detach(wk_transpose(X(2, 3, 4), 1, 2))), 4, .num_groups = 4);
    GROUP_NORM(X(0, 4, 3), 4, .num_groups = 2);
}
