/* Pooling, adaptive pooling too. */
#include "ops/gradients/gradients.h"

static wk_Tensor *pool_max(wk_List in, void *user)
{
    wk_max_pool2d_options o = *(wk_max_pool2d_options *)user;
    o.input = a;
    return wk_max_pool2d_with(o);
}

static wk_Tensor *pool_avg(wk_List in, void *user)
{
    wk_avg_pool2d_options o = *(wk_avg_pool2d_options *)user;
    o.input = a;
    return wk_avg_pool2d_with(o);
}

#define MAX_POOL(x, ...) \
    check_all(pool_max, wk_list(x), &(wk_max_pool2d_options){__VA_ARGS__}, "max_pool2d " #__VA_ARGS__)
#define AVG_POOL(x, ...) \
    check_all(pool_avg, wk_list(x), &(wk_avg_pool2d_options){__VA_ARGS__}, "avg_pool2d " #__VA_ARGS__)

GRADIENTS_OF(pooling)
{
    wk_Tensor *t = wk_requires_grad_(wk_detach(wk_transpose(DISTINCT(1, 2, 4, 5), 2, 3)));
    MAX_POOL(DISTINCT(2, 2, 4, 4), .kernel_size = 2);
    MAX_POOL(DISTINCT(2, 4, 4), .kernel_size = 2);
    MAX_POOL(DISTINCT(1, 1, 5, 6), .kernel_size = 3, .stride = 2, .padding = 1);
    MAX_POOL(DISTINCT(1, 2, 5, 5), .kernel_size = 2, .ceil_mode = true);
    MAX_POOL(DISTINCT(1, 1, 5, 6), .kernel_size = 2, .stride = 1, .dilation = 2);
    MAX_POOL(DISTINCT(1, 1, 5, 6), .kernel_size_hw = {2, 3}, .stride_hw = {1, 2}, .padding_hw = {1, WK_ZERO});
    MAX_POOL(t, .kernel_size = 2);
    MAX_POOL(X(0, 2, 4, 4), .kernel_size = 2);
    AVG_POOL(X(2, 2, 4, 4), .kernel_size = 2);
    AVG_POOL(X(2, 4, 4), .kernel_size = 2);
    AVG_POOL(X(1, 1, 5, 6), .kernel_size = 3, .stride = 2, .padding = 1);
    AVG_POOL(X(1, 1, 5, 6), .kernel_size = 3, .stride = 2, .padding = 1, .exclude_pad = true);
    AVG_POOL(X(1, 1, 5, 6), .kernel_size = 3, .stride = 2, .padding = 1, .ceil_mode = true);
    AVG_POOL(X(1, 1, 5, 5), .kernel_size = 2, .ceil_mode = true, .exclude_pad = true);
    AVG_POOL(X(1, 1, 5, 6), .kernel_size = 3, .padding = 1, .divisor_override = 5);
    AVG_POOL(X(1, 1, 5, 6), .kernel_size_hw = {2, 3}, .stride_hw = {1, 2}, .padding_hw = {1, WK_ZERO});
    AVG_POOL(t, .kernel_size = 2);
    AVG_POOL(X(0, 2, 4, 4), .kernel_size = 2);
}

static wk_Tensor *pool_adaptive(wk_List in, void *user)
{
    wk_adaptive_avg_pool2d_options o = *(wk_adaptive_avg_pool2d_options *)user;
    o.input = a;
    return wk_adaptive_avg_pool2d_with(o);
}

#define ADAPTIVE(x, ...)                                                                 \
    check_all(pool_adaptive, wk_list(x), &(wk_adaptive_avg_pool2d_options){__VA_ARGS__}, \
              "adaptive " #__VA_ARGS__)

GRADIENTS_OF(adaptive_pooling)
{
    ADAPTIVE(X(2, 3, 4, 4), .output_size = 1);
    ADAPTIVE(X(2, 4, 5), .output_size = 2);
    ADAPTIVE(X(1, 2, 3, 5), .output_size_hw = {4, 2});
    ADAPTIVE(X(1, 2, 3, 5), .output_size_hw = {WK_NONE, 1});
    ADAPTIVE(wk_requires_grad_(wk_detach(wk_transpose(X(1, 2, 4, 5), 2, 3))), .output_size = 3);
    ADAPTIVE(X(0, 2, 4, 4), .output_size = 2);
}
