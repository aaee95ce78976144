/* Matrix products. */
#include "ops/gradients/gradients.h"

DEFINE(mm, wk_mm(a, b))
DEFINE(mm_t, wk_mm(wk_t(a), wk_t(b)))
DEFINE(bmm, wk_bmm(a, b))
DEFINE(matmul, wk_matmul(a, b))
DEFINE(addmm, wk_addmm(a, b, c))
DEFINE(addmm_scaled, wk_addmm(a, b, c, .beta = 0.5, .alpha = -2))
DEFINE(linear, wk_linear(a, b, c))
DEFINE(linear_plain, wk_linear(a, b, NULL))

GRADIENTS_OF(matrices)
{
    CHECK(mm, X(2, 3), X(3, 4));
    CHECK(mm, strided(-1, 1, 2, 3), strided(-1, 1, 3, 2));
    CHECK(mm, X(0, 3), X(3, 2));
    CHECK(mm, X(2, 0), X(0, 2));
    CHECK(mm_t, X(3, 2), X(4, 3));
    CHECK(bmm, X(2, 2, 3), X(2, 3, 2));
    CHECK(matmul, X(3), X(3));
    CHECK(matmul, X(2, 3), X(3));
    CHECK(matmul, X(3), X(3, 2));
    CHECK(matmul, X(2, 2, 3), X(3));
    CHECK(matmul, X(2, 2, 3), X(3, 2));
    CHECK(matmul, X(2, 3), X(2, 3, 2));
    CHECK(matmul, X(2, 1, 2, 3), X(2, 3, 2));
    CHECK(matmul, X(3), X(2, 3, 2));
    CHECK(addmm, X(2, 4), X(2, 3), X(3, 4));
    CHECK(addmm, X(4), X(2, 3), X(3, 4));
    CHECK(addmm, X(2, 1), X(2, 3), X(3, 4));
    CHECK(addmm, X0(-1, 1), X(2, 3), X(3, 4));
    CHECK(addmm_scaled, X(4), X(2, 3), X(3, 4));
    CHECK(linear, X(2, 3), X(4, 3), X(4));
    CHECK(linear, X(3), X(4, 3), X(4));
    CHECK(linear, X(2, 2, 3), X(4, 3), X(4));
    CHECK(linear_plain, X(2, 3), X(4, 3));
    CHECK(linear_plain, X(2, 2, 3), X(4, 3));
    CHECK(linear, X(0, 3), X(4, 3), X(4));
}
