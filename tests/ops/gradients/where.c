/* where, masked_fill, clamp. */
#include "ops/gradients/gradients.h"

DEFINE(where_ab, wk_where(wk_gt(wk_detach(a), 0), a, b))
DEFINE(where_broadcast, wk_where(tensor_of(wk_bool, 2, (int64_t[]){2, 1}, (double[]){1, 0}), a, b))
DEFINE(masked, wk_masked_fill(a, tensor_of(wk_bool, 2, (int64_t[]){2, 1}, (double[]){1, 0}), 7))
DEFINE(masked_row, wk_masked_fill(a, truth(1, 0, 1), 7))
DEFINE(clamped, wk_clamp(a, -0.95, 1.05))
DEFINE(clamped_above, wk_clamp(a, -INFINITY, 1.05))
DEFINE(clamped_below, wk_clamp(a, -0.95, INFINITY))

GRADIENTS_OF(choices)
{
    CHECK(where_ab, DISTINCT(2, 3), X(2, 3));
    CHECK(where_ab, DISTINCT(2, 3), X0(-1, 1));
    CHECK(where_broadcast, X(2, 3), X(3));
    CHECK(where_broadcast, X0(-1, 1), X(2, 3));
    CHECK(masked, X(2, 3));
    CHECK(masked, X(3));
    CHECK(masked_row, X(2, 1));
    CHECK(clamped, DISTINCT(2, 5));
    CHECK(clamped_above, DISTINCT(2, 5));
    CHECK(clamped_below, strided(-0.9, 2, 2, 3));
}
