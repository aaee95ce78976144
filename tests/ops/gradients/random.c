/* Random numbers written in place, after which what was there has no gradient; dropout. */
#include "ops/gradients/gradients.h"

static wk_Tensor *refilled_at_random(wk_List in, void *user)
{
    wk_Tensor *x = wk_mul(a, 1), *part = wk_select(x, 0, 0);
    wk_manual_seed(3);
    switch (*(int *)user) {
    case 0:
        part = wk_uniform_(part, 0, 1, NULL);
        break;
    case 1:
        part = wk_normal_(part, 0, 1, NULL);
        break;
    default:
        part = wk_bernoulli_(part, 0.5, NULL);
    }
    return part ? wk_mul(x, a) : NULL;
}

GRADIENTS_OF(random_values)
{
    for (int which = 0; which < 3; which++)
        check_all(refilled_at_random, wk_list(X(2, 3)), &which, "refilled at random");
    wk_Tensor *x = X(2, 3), *y = wk_random_(wk_mul(x, 1), 0, 9, NULL); /* the numbers of random_ are whole */
    note_node(wk_grad_fn(y));
    EXPECT_VALUES(wk_grad(wk_sum(y), x), 0, 0, 0, 0, 0, 0);
    x = BETWEEN(0.2, 0.8, 2, 3), y = wk_bernoulli(x, NULL);
    note_node(wk_grad_fn(y));
    EXPECT_VALUES(wk_grad(wk_sum(y), x), 0, 0, 0, 0, 0, 0);
}

static wk_Tensor *dropped(wk_List in, void *user)
{
    wk_manual_seed(7);
    return wk_dropout(a, *(double *)user, true);
}

static wk_Tensor *dropped_inplace(wk_List in, void *user)
{
    wk_manual_seed(7);
    return wk_dropout_(wk_mul(a, 1), *(double *)user, true);
}

GRADIENTS_OF(dropout)
{
    double p[] = {0, 0.4, 1};
    for (size_t i = 0; i < LENGTH(p); i++) {
        check_all(dropped, wk_list(X(3, 4)), &p[i], "dropout");
        check_all(dropped, wk_list(strided(-1, 1, 3, 2)), &p[i], "dropout, strided");
        check_all(dropped_inplace, wk_list(X(3, 4)), &p[i], "dropout_");
    }
}
