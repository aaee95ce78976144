/* Parts of a tensor: select, slice, as_strided. */
#include "ops/gradients/gradients.h"

DEFINE(selected, wk_select(a, 1, -1))
DEFINE(sliced, wk_slice(a, 0, 1, WK_END, 2))
DEFINE(sliced_empty, wk_slice(a, 0, 2, 2, 1))
DEFINE(narrowed, wk_narrow(a, 1, 1, 2))
DEFINE(indexed, wk_index(a, 1, 2))
DEFINE(sliced_t, wk_mul(wk_slice(wk_t(a), 0, 0, 2, 1), 3))
DEFINE(strided_plain, wk_as_strided(a, 2, ((int64_t[]){2, 2}), ((int64_t[]){3, 1}), 1))
DEFINE(strided_overlap, wk_as_strided(a, 2, ((int64_t[]){3, 3}), ((int64_t[]){1, 1}), 0))
DEFINE(strided_of_expanded, wk_as_strided(wk_expand(a, 2, 3), 2, ((int64_t[]){2, 2}), ((int64_t[]){0, 1}), 1))
DEFINE(strided_of_t, wk_as_strided(wk_t(a), 1, ((int64_t[]){4}), ((int64_t[]){1}), 1))
DEFINE(strided_scatter, wk_as_strided_scatter(a, b, 2, ((int64_t[]){2, 2}), ((int64_t[]){3, 1}), 1))

GRADIENTS_OF(parts)
{
    CHECK(selected, X(2, 3));
    CHECK(selected, strided(-1, 1, 2, 3));
    CHECK(sliced, X(4, 2));
    CHECK(sliced_empty, X(4, 2));
    CHECK(narrowed, X(2, 4));
    CHECK(indexed, X(2, 3, 2));
    CHECK(sliced_t, X(2, 3));
    CHECK(strided_plain, X(2, 3));
    CHECK(strided_overlap, X(5));
    CHECK(strided_of_expanded, X(3));
    CHECK(strided_of_t, X(2, 3));
    CHECK(strided_scatter, X(2, 3), X(2, 2));
}
