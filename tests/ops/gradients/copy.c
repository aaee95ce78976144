/* Copies, conversions, and what is written in place, into views too. */
#include "ops/gradients/gradients.h"

DEFINE(cloned, wk_clone(a))
DEFINE(contiguous_of_t, wk_contiguous(wk_t(a)))
DEFINE(to_f32_and_back, wk_mul(wk_to_dtype(wk_to_dtype(a, wk_float32), wk_float64), 2))

static wk_Tensor *copied_into_part(wk_List in, void *user)
{
    (void)user;
    wk_Tensor *x = wk_mul(a, 1);
    return wk_copy_(wk_select(x, 0, 1), b) ? wk_mul(x, x) : NULL;
}

static wk_Tensor *copied_into_column(wk_List in, void *user)
{
    (void)user;
    wk_Tensor *x = wk_mul(a, 1);
    return wk_copy_(wk_select(wk_t(x), 0, 1), b) ? wk_mul(x, x) : NULL;
}

static wk_Tensor *copied_over(wk_List in, void *user)
{
    (void)user;
    wk_Tensor *x = wk_mul(a, 1);
    return wk_copy_(x, b) ? wk_mul(x, wk_mul(a, 2)) : NULL;
}

static wk_Tensor *copied_into_fresh(wk_List in, void *user)
{
    (void)user;
    wk_Tensor *x = wk_zeros_shape(2, (int64_t[]){2, 3}, wk_float64);
    return wk_copy_(wk_select(x, 0, 1), a) ? wk_mul(x, x) : NULL;
}

static wk_Tensor *filled(wk_List in, void *user)
{
    (void)user;
    wk_Tensor *x = wk_mul(a, 1);
    return wk_fill_(wk_select(x, 0, 0), 3) ? wk_mul(x, a) : NULL;
}

static wk_Tensor *zeroed(wk_List in, void *user)
{
    (void)user;
    wk_Tensor *x = wk_mul(a, 1);
    return wk_zero_(wk_select(x, 1, 0)) ? wk_mul(x, a) : NULL;
}

/* In place on a view of a view, twice, with the result used on both sides. */
static wk_Tensor *nested_views(wk_List in, void *user)
{
    (void)user;
    wk_Tensor *x = wk_mul(a, 1), *rows = wk_slice(x, 0, 0, 2, 1), *column = wk_select(rows, 1, 1);
    if (!wk_mul_(column, b) || !wk_mul_(wk_t(rows), 2) || !wk_add_(column, wk_select(rows, 1, 0)))
        return NULL;
    return wk_mul(wk_add(wk_sum(rows), wk_sum(column)), x);
}

/* The base is not contiguous: elementwise results keep their operand's order in memory. */
static wk_Tensor *view_of_transposed(wk_List in, void *user)
{
    (void)user;
    wk_Tensor *x = wk_mul(wk_t(a), 2);
    return wk_mul_(wk_select(x, 0, 1), b) ? wk_mul(x, x) : NULL;
}

static wk_Tensor *saves_result_in_view(wk_List in, void *user)
{
    (void)user;
    wk_Tensor *x = wk_mul(a, 1);
    return wk_sigmoid_(wk_select(x, 0, 0)) ? wk_mul(x, x) : NULL;
}

static wk_Tensor *adds_function_of_itself(wk_List in, void *user)
{
    (void)user;
    wk_Tensor *x = wk_mul(a, 2);
    return wk_add_(x, wk_exp(x));
}

GRADIENTS_OF(writes_in_place)
{
    CHECK(cloned, X(2, 3));
    CHECK(cloned, strided(-1, 1, 2, 3));
    CHECK(contiguous_of_t, X(2, 3));
    CHECK(copied_into_part, X(2, 3), X(3));
    CHECK(copied_into_part, X(2, 3), X0(-1, 1));
    CHECK(copied_into_column, X(2, 3), X(2));
    CHECK(copied_over, X(2, 3), X(3));
    CHECK(copied_into_fresh, X(3));
    CHECK(filled, X(2, 3));
    CHECK(zeroed, X(2, 3));
    CHECK(nested_views, X(3, 3), X(2));
    CHECK(view_of_transposed, X(2, 3), X(2));
    CHECK(saves_result_in_view, X(2, 3));
    CHECK(adds_function_of_itself, X(2, 3));
}

/* A conversion that loses digits cannot be compared with differences: its gradient is the gradient. */
GRADIENTS_OF(conversion)
{
    wk_Tensor *x = X(2, 3);
    wk_List in = wk_list(x);
    note_graphs(to_f32_and_back, in, NULL);
    EXPECT_VALUES(wk_grad(wk_sum(to_f32_and_back(in, NULL)), x), 2, 2, 2, 2, 2, 2);
}
