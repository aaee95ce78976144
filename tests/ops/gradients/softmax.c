/* softmax and log_softmax. */
#include "ops/gradients/gradients.h"

DEFINE(softmax_rows, wk_softmax(a, -1))
DEFINE(softmax_columns, wk_softmax(a, 0))
DEFINE(softmax_middle, wk_softmax(a, 1))
DEFINE(log_softmax_rows, wk_log_softmax(a, -1))
DEFINE(log_softmax_columns, wk_log_softmax(a, 0))
DEFINE(log_softmax_middle, wk_log_softmax(a, 1))

GRADIENTS_OF(softmax)
{
    static const Function along[] = {softmax_rows, softmax_columns, log_softmax_rows, log_softmax_columns};
    for (size_t i = 0; i < LENGTH(along); i++) {
        check_all(along[i], wk_list(X(2, 3)), NULL, "softmax");
        check_all(along[i], wk_list(strided(-1, 1, 2, 3)), NULL, "softmax, strided");
        check_all(along[i], wk_list(X(3)), NULL, "softmax of a vector");
        check_all(along[i], wk_list(X0(-1, 1)), NULL, "softmax of a scalar");
        check_all(along[i], wk_list(X(0, 3)), NULL, "softmax of nothing");
    }
    CHECK(softmax_middle, X(2, 3, 2));
    CHECK(log_softmax_middle, X(2, 3, 2));
}
