/* cat and stack. */
#include "ops/gradients/gradients.h"

DEFINE(joined, wk_cat(wk_list(a, b, a), 0))
DEFINE(joined_columns, wk_cat(wk_list(a, b), -1))
DEFINE(stacked, wk_stack(wk_list(a, b), 1))
DEFINE(stacked_last, wk_stack(wk_list(a, b), -1))

static wk_Tensor *joined_with_nothing(wk_List in, void *user)
{
    (void)user;
    return wk_cat(wk_list(b, a, a), 1);
}

GRADIENTS_OF(joins)
{
    CHECK(joined, X(2, 3), X(1, 3));
    CHECK(joined, X(2, 3), X(0, 3));
    CHECK(joined_columns, X(2, 3), strided(-1, 1, 2, 2));
    CHECK(joined_with_nothing, X(2, 3), wk_requires_grad_(wk_zeros_shape(1, (int64_t[]){0}, wk_float64)));
    CHECK(joined, wk_requires_grad_(wk_zeros_shape(1, (int64_t[]){0}, wk_float64)),
          wk_requires_grad_(wk_zeros_shape(1, (int64_t[]){0}, wk_float64)));
    CHECK(stacked, X(2, 3), X(2, 3));
    CHECK(stacked_last, X(3), X(3));
    CHECK(stacked_last, X0(-1, 1), X0(-1, 1));
}
