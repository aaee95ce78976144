/* Variance, standard deviation, and norms of vectors. */
#include "ops/gradients/gradients.h"

static wk_Tensor *variance(wk_List in, void *user)
{
    wk_var_options o = *(wk_var_options *)user;
    o.input = a;
    return wk_var_with(o);
}

static wk_Tensor *deviation(wk_List in, void *user)
{
    wk_var_options o = *(wk_var_options *)user;
    o.input = a;
    return wk_std_with(o);
}

static wk_Tensor *vector_norm(wk_List in, void *user)
{
    wk_norm_options o = *(wk_norm_options *)user;
    o.input = a;
    return wk_norm_with(o);
}

#define VARIANCE(x, ...)                                                                               \
    do {                                                                                               \
        wk_Tensor *x_ = x;                                                                             \
        check_all(variance, wk_list(x_), &(wk_var_options){__VA_ARGS__}, "var " #x " " #__VA_ARGS__);  \
        check_all(deviation, wk_list(x_), &(wk_var_options){__VA_ARGS__}, "std " #x " " #__VA_ARGS__); \
    } while (0)
#define NORM(x, ...) \
    check_all(vector_norm, wk_list(x), &(wk_norm_options){__VA_ARGS__}, "norm " #x " " #__VA_ARGS__)

GRADIENTS_OF(spread)
{
    VARIANCE(X(5), .correction = 0);
    VARIANCE(X(2, 3, 4), .dims = wk_dims(1), .correction = WK_ZERO);
    VARIANCE(X(2, 3, 4), .dims = wk_dims(0, 2), .keepdim = true);
    VARIANCE(X(2, 3, 4), .dims = wk_dims(-1), .correction = 0.5);
    VARIANCE(strided(-2, 2, 4, 3), .dims = wk_dims(0));
    VARIANCE(X(0, 3), .dims = wk_dims(1));
    static const double orders[] = {0, 1, 1.5, 2, 3, 4.5, 0.5, -1, INFINITY, -INFINITY};
    for (size_t i = 0; i < LENGTH(orders); i++) {
        NORM(DISTINCT(5), .p = orders[i]);
        NORM(DISTINCT(2, 3, 2), .p = orders[i], .dims = wk_dims(0, -1), .keepdim = true);
        NORM(DISTINCT(2, 3), .p = orders[i], .dims = wk_dims(1));
    }
    NORM(strided(-2, 2, 4, 3), .dims = wk_dims(0));
    NORM(X0(0.5, 2), .p = 2);
    NORM(wk_requires_grad_(f64(0, 2, -1)), .p = 3);
    NORM(wk_requires_grad_(f64(0, 2, -1)), .p = 4.5);
    NORM(X(3, 1), .p = 2.5, .dims = wk_dims(1));
    NORM(X(0, 3), .p = 2);
}
