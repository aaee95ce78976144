/* view, reshape, permute and their kin. */
#include "ops/gradients/gradients.h"

DEFINE(viewed, wk_mul(wk_view(a, 3, -1), wk_view(a, 3, -1)))
DEFINE(reshaped_t, wk_reshape(wk_t(a), -1))
DEFINE(flattened, wk_flatten(a, 1, 2))
DEFINE(permuted, wk_permute(a, 2, 0, 1))
DEFINE(transposed, wk_transpose(a, 0, -1))
DEFINE(t_of, wk_t(a))
DEFINE(squeezed, wk_squeeze(a))
DEFINE(squeezed_dim, wk_squeeze_dims(a, 1, (int64_t[]){1}))
DEFINE(squeezed_dims, wk_squeeze_dims(a, 2, (int64_t[]){0, 2}))
DEFINE(unsqueezed, wk_unsqueeze(a, 1))
DEFINE(expanded, wk_expand(a, 4, -1, 3))
DEFINE(expanded_scalar, wk_expand(a, 2, 2))

GRADIENTS_OF(views)
{
    CHECK(viewed, X(2, 3));
    CHECK(reshaped_t, X(2, 3));
    CHECK(reshaped_t, X(0, 3));
    CHECK(flattened, X(2, 3, 2));
    CHECK(permuted, X(2, 3, 2));
    CHECK(transposed, X(2, 3, 2));
    CHECK(t_of, X(2, 3));
    CHECK(t_of, X(3));
    CHECK(t_of, X0(-1, 1));
    CHECK(squeezed, X(1, 3, 1));
    CHECK(squeezed_dim, X(2, 1, 1));
    CHECK(squeezed_dim, X(2, 3, 1));
    CHECK(squeezed_dims, X(1, 3, 1));
    CHECK(squeezed_dims, X(2, 3, 1));
    CHECK(unsqueezed, X(2, 3));
    CHECK(expanded, X(2, 1));
    CHECK(expanded, X(1, 3));
    CHECK(expanded_scalar, X0(-1, 1));
}
