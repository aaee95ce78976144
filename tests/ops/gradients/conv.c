/* Convolution. */
#include "ops/gradients/gradients.h"

static wk_Tensor *convolve(wk_List in, void *user)
{
    wk_conv2d_options o = *(wk_conv2d_options *)user;
    o.input = a;
    o.weight = b;
    o.bias = in.count > 2 ? c : NULL;
    return wk_conv2d_with(o);
}

#define CONV(inputs, ...) \
    check_all(convolve, wk_list inputs, &(wk_conv2d_options){__VA_ARGS__}, "conv2d " #__VA_ARGS__)

GRADIENTS_OF(convolution)
{
    CONV((X(2, 2, 4, 3), X(3, 2, 2, 2), X(3)), .stride = 1);
    CONV((X(1, 2, 4, 4), X(2, 2, 3, 3)), .padding = 1);
    CONV((X(1, 2, 5, 4), X(2, 2, 2, 3)), .stride = 2, .padding = 1);
    CONV((X(1, 1, 5, 5), X(1, 1, 2, 2), X(1)), .dilation = 2);
    CONV((X(1, 1, 5, 6), X(2, 1, 3, 2), X(2)), .stride_hw = {2, 1}, .padding_hw = {1, 0},
         .dilation_hw = {1, 2});
    CONV((X(1, 1, 3, 4), X(2, 1, 2, 2)), .padding_hw = {WK_ZERO, 1});
    CONV((X(1, 4, 3, 3), X(4, 2, 2, 2), X(4)), .groups = 2);
    CONV((X(2, 3, 3, 3), X(3, 1, 2, 2)), .groups = 3, .padding = 1);
    CONV((X(1, 2, 3, 3), X(4, 1, 3, 3)), .groups = 2);
    CONV((X(2, 3, 3), X(2, 2, 2, 2), X(2)), .padding = 1);
    CONV((X(2, 3, 2, 2), X(2, 3, 1, 1)), .stride = 1);
    CONV((X(0, 2, 3, 3), X(2, 2, 2, 2), X(2)), .stride = 1);
    wk_Tensor *x = wk_requires_grad_(wk_detach(wk_permute(X(3, 4, 2, 1), 3, 2, 0, 1)));
    wk_Tensor *w = wk_requires_grad_(wk_detach(wk_transpose(X(2, 3, 2, 2), 0, 1)));
    CONV((x, w), .padding = 1);
    CONV((wk_detach(X(1, 2, 3, 3)), X(2, 2, 2, 2), X(2)), .stride = 1);
    CONV((X(1, 2, 3, 3), wk_detach(X(2, 2, 2, 2))), .stride = 1);
}
