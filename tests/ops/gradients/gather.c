/* Elements by an index: index_select, gather, scatter_add. */
#include "ops/gradients/gradients.h"

static wk_Tensor *index_2x2(void)
{
    return tensor_of(wk_int64, 2, (int64_t[]){2, 2}, (double[]){0, 0, 1, 0});
}

DEFINE(rows_of, wk_index_select(a, 0, i64(1, 1, 0)))
DEFINE(columns_of, wk_index_select(a, -1, i64(2, 0, 2, 1)))
DEFINE(no_rows_of, wk_index_select(a, 0, wk_zeros_shape(1, (int64_t[]){0}, wk_int64)))
DEFINE(scalar_rows, wk_index_select(a, 0, i64(0)))
DEFINE(gathered, wk_gather(a, 1, index_2x2()))
DEFINE(gathered_rows, wk_gather(a, 0, index_2x2()))
DEFINE(scattered, wk_scatter_add(a, 1, index_2x2(), b))

GRADIENTS_OF(indices)
{
    CHECK(rows_of, X(2, 3));
    CHECK(columns_of, X(2, 3));
    CHECK(columns_of, X(3));
    CHECK(columns_of, strided(-1, 1, 2, 3));
    CHECK(no_rows_of, X(2, 3));
    CHECK(scalar_rows, X0(-1, 1));
    CHECK(gathered, X(2, 3));
    CHECK(gathered_rows, strided(-1, 1, 2, 3));
    CHECK(scattered, X(2, 3), X(2, 2));
    CHECK(scattered, X(3, 3), strided(-1, 1, 2, 2));
}
