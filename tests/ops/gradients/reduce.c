/* Sums, means and extremes, of contiguous and permuted tensors. */
#include "ops/gradients/gradients.h"

DEFINE(sum_all, wk_sum(wk_mul(a, a)))
DEFINE(sum_middle, wk_sum(wk_mul(a, a), wk_dims(1)))
DEFINE(sum_outer_kept, wk_sum(wk_mul(a, a), wk_dims(0, -1), .keepdim = true))
DEFINE(sum_all_dims, wk_sum(a, wk_dims(0, 1, 2)))
DEFINE(mean_all, wk_mean(wk_mul(a, a)))
DEFINE(mean_kept, wk_mean(wk_mul(a, a), WK_ALL, .keepdim = true))
DEFINE(mean_middle, wk_mean(wk_mul(a, a), wk_dims(1), .keepdim = true))
DEFINE(mean_outer, wk_mean(a, wk_dims(0, 2)))
DEFINE(max_all, wk_max(a))
DEFINE(min_all, wk_min(a))
DEFINE(amax_outer, wk_amax(a, wk_dims(0, 2)))
DEFINE(amax_kept, wk_amax(a, wk_dims(1), .keepdim = true))
DEFINE(amin_all, wk_amin(a))
DEFINE(amin_middle, wk_amin(a, wk_dims(1)))
DEFINE(max_along, wk_max_dim(a, 1, false).values)
DEFINE(max_along_kept, wk_max_dim(a, -1, true).values)
DEFINE(min_along, wk_min_dim(a, 0, false).values)

/* Of several results: each alone, and both. */
DEFINE(aminmax_min, wk_aminmax(a, 1).min)
DEFINE(aminmax_max, wk_aminmax(a, 1, true).max)
DEFINE(var_of_both, wk_var_mean(a, 1).var)
DEFINE(mean_of_both, wk_var_mean(a, wk_dims(0, 2), .correction = WK_ZERO).mean)
DEFINE(cumsum_first, wk_cumsum(wk_mul(a, a), 0))
DEFINE(cumsum_last, wk_cumsum(a, -1))
DEFINE(roll_flat, wk_roll(wk_mul(a, a), 5))
DEFINE(roll_two, wk_roll(a, wk_dims(-1, 4), wk_dims(0, 2)))

static wk_Tensor *aminmax_both(wk_List in, void *user)
{
    (void)user;
    const wk_MinMax r = wk_aminmax(a);
    return wk_mul(r.min, r.max);
}

static wk_Tensor *var_and_mean(wk_List in, void *user)
{
    (void)user;
    const wk_VarMean r = wk_var_mean(a, wk_dims(0, 1));
    return wk_mul(wk_add(r.var, 1), r.mean);
}

GRADIENTS_OF(several_results)
{
    static const Function all[] = {aminmax_min, aminmax_max, var_of_both, mean_of_both, cumsum_first,
                                   cumsum_last, roll_flat,   roll_two,    aminmax_both, var_and_mean};
    for (size_t i = 0; i < LENGTH(all); i++) {
        check_all(all[i], wk_list(DISTINCT(2, 3, 2)), NULL, "several results");
        check_all(all[i], wk_list(wk_requires_grad_(wk_detach(wk_permute(DISTINCT(3, 2, 2), 1, 0, 2)))), NULL,
                  "several results of a permuted tensor");
    }
    CHECK(cumsum_first, X0(-1, 1));
    CHECK(aminmax_both, X0(-1, 1));
    CHECK(cumsum_first, X(0, 3));
    CHECK(roll_flat, X(0, 3));
}

GRADIENTS_OF(reductions)
{
    static const Function all[] = {sum_all,        sum_middle,  sum_outer_kept, sum_all_dims, mean_all,
                                   mean_kept,      mean_middle, mean_outer,     max_all,      min_all,
                                   amax_outer,     amax_kept,   amin_all,       amin_middle,  max_along,
                                   max_along_kept, min_along};
    for (size_t i = 0; i < LENGTH(all); i++) {
        check_all(all[i], wk_list(DISTINCT(2, 3, 2)), NULL, "a reduction");
        check_all(all[i], wk_list(wk_requires_grad_(wk_detach(wk_permute(DISTINCT(3, 2, 2), 1, 0, 2)))), NULL,
                  "a reduction of a permuted tensor");
        check_all(all[i], wk_list(wk_requires_grad_(wk_detach(wk_permute(DISTINCT(2, 2, 3), 1, 2, 0)))), NULL,
                  "a reduction of a permuted tensor");
    }
    static const Function whole[] = {sum_all, mean_all, mean_kept, max_all, min_all, amin_all};
    for (size_t i = 0; i < LENGTH(whole); i++)
        check_all(whole[i], wk_list(X0(-1, 1)), NULL, "a reduction of a scalar");
    CHECK(max_along_kept, X0(-1, 1));
    CHECK(min_along, X0(-1, 1));
    CHECK(sum_all, X(0, 3));
    CHECK(sum_middle, X(2, 0, 2));
    CHECK(sum_middle, X(0, 2, 2));
    CHECK(max_along, X(0, 2, 2));
}
