/* Small programs with views and writes in place, each the twin of one in tools/golden_ops.py: value, gradient and the gradient of the
 * gradient are PyTorch's, and what PyTorch refuses is refused in its words. */
#include "ops/golden.h"

#define F64 wk_float64

static wk_Tensor *sum_of_squares(wk_Tensor *x)
{
    return wk_sum(wk_mul(x, x));
}

static wk_Tensor *as_rows(wk_Tensor *w, double times)
{
    return wk_mul(wk_view(w, 2, 3), times);
}

static wk_Tensor *range(wk_Tensor *x, int64_t start, int64_t end)
{
    return wk_slice(x, 0, start, end, 1);
}

static wk_Tensor *column(wk_Tensor *x, int64_t index)
{
    return wk_select(x, 1, index);
}

/* Does one thing after another: what failed stays an error, the last is the result. */
#define DO(step, rest) ((step) ? (rest) : NULL)

static wk_Tensor *add_to_row(wk_Tensor *w)
{
    wk_Tensor *x = as_rows(w, 1);
    return DO(wk_add_(wk_index(x, 0), 5), sum_of_squares(x));
}

static wk_Tensor *mul_row_by_row(wk_Tensor *w)
{
    wk_Tensor *x = as_rows(w, 1);
    return DO(wk_mul_(wk_index(x, 0), wk_index(x, 1)), sum_of_squares(x));
}

static wk_Tensor *column_of_transpose(wk_Tensor *w)
{
    wk_Tensor *x = wk_t(as_rows(w, 2));
    return DO(wk_mul_(column(x, 0), 3), wk_sum(wk_mul(wk_mul(x, x), x)));
}

static wk_Tensor *base_changed_then_view_used(wk_Tensor *w)
{
    wk_Tensor *x = as_rows(w, 1), *v = wk_index(x, 1);
    return DO(wk_mul_(x, 2), sum_of_squares(v));
}

static wk_Tensor *view_changed_then_other_view_used(wk_Tensor *w)
{
    wk_Tensor *x = as_rows(w, 1), *v = column(x, 0), *u = wk_index(x, 1);
    return DO(wk_mul_(v, 4), wk_add(sum_of_squares(u), wk_sum(v)));
}

static wk_Tensor *view_of_view(wk_Tensor *w)
{
    wk_Tensor *x = as_rows(w, 1), *v = wk_index(wk_t(range(x, 0, 2)), 1);
    return DO(wk_mul_(v, range(w, 0, 2)), sum_of_squares(x));
}

static wk_Tensor *copy_into_fresh(wk_Tensor *w)
{
    wk_Tensor *x = wk_zeros_shape(WK_SHAPE(2, 3), F64);
    return DO(wk_copy_(wk_index(x, 0), range(w, 0, 3)),
              DO(wk_copy_(wk_index(x, 1), wk_mul(range(w, 3, 6), 2)), sum_of_squares(x)));
}

static wk_Tensor *copy_over_part(wk_Tensor *w)
{
    wk_Tensor *x = as_rows(w, 3);
    return DO(wk_copy_(wk_index(x, 1), wk_index(w, 0)), sum_of_squares(x));
}

static wk_Tensor *zero_a_row(wk_Tensor *w)
{
    wk_Tensor *x = as_rows(w, 3);
    return DO(wk_zero_(wk_index(x, 1)), wk_sum(wk_mul(x, wk_view(w, 2, 3))));
}

static wk_Tensor *fill_all(wk_Tensor *w)
{
    wk_Tensor *x = wk_mul(w, 3);
    return DO(wk_fill_(x, 2), wk_sum(wk_mul(x, w)));
}

static wk_Tensor *add_function_of_itself(wk_Tensor *w)
{
    wk_Tensor *x = wk_mul(w, 1);
    return DO(wk_add_(x, wk_exp(x)), sum_of_squares(x));
}

static wk_Tensor *relu_then_add(wk_Tensor *w)
{
    return sum_of_squares(wk_add(wk_relu_(wk_sub(w, 2)), 1));
}

static wk_Tensor *sigmoid_in_view(wk_Tensor *w)
{
    wk_Tensor *x = as_rows(w, 1);
    return DO(wk_sigmoid_(column(x, 1)), sum_of_squares(x));
}

static wk_Tensor *chain_in_place(wk_Tensor *w)
{
    wk_Tensor *x = wk_mul(w, 1);
    return wk_sum(wk_sub_(wk_div_(wk_pow_(wk_add_(wk_mul_(x, 2), 1), 2), 3), w));
}

static wk_Tensor *expand_then_write_clone(wk_Tensor *w)
{
    wk_Tensor *x = wk_clone(wk_expand(range(w, 0, 3), 2, 3));
    return DO(wk_mul_(wk_index(x, 0), range(w, 3, 6)), sum_of_squares(x));
}

static wk_Tensor *overlapping_windows(wk_Tensor *w)
{
    return sum_of_squares(wk_as_strided(w, 2, (int64_t[]){3, 3}, (int64_t[]){1, 1}, 0));
}

static wk_Tensor *overlapping_of_expanded(wk_Tensor *w)
{
    wk_Tensor *wide = wk_expand(wk_mul(range(w, 0, 3), 1), 2, 3);
    wk_Tensor *x = wk_as_strided(wide, 2, (int64_t[]){2, 2}, (int64_t[]){0, 1}, 1);
    return wk_sum(wk_mul(wk_mul(x, x), wk_view(f64(1, 2, 3, 4), 2, 2)));
}

static wk_Tensor *detached_shares_memory(wk_Tensor *w)
{
    wk_Tensor *x = wk_mul(w, 1);
    return DO(wk_mul_(wk_detach(x), 2), wk_mul(wk_sum(x), wk_index(w, 0)));
}

static wk_Tensor *no_grad_write(wk_Tensor *w)
{
    wk_Tensor *x = wk_mul(w, 2);
    wk_no_grad wk_add_(x, 1);
    return wk_sum(wk_mul(x, w));
}

static wk_Tensor *transposed_base(wk_Tensor *w)
{
    wk_Tensor *x = wk_mul(wk_t(wk_view(w, 2, 3)), 1);
    return DO(wk_mul_(wk_index(x, 0), 5), DO(wk_add_(column(x, 1), range(w, 0, 3)), sum_of_squares(x)));
}

static wk_Tensor *detached_slice_as_base(wk_Tensor *w)
{
    wk_Tensor *all = wk_view(wk_arange_dtype(0, 12, 1, F64), 3, 4);
    wk_Tensor *x = wk_detach(wk_slice(all, 1, 1, 3, 1));
    return DO(wk_mul_(x, wk_index(w, 0)), DO(wk_mul_(wk_index(x, 1), range(w, 0, 2)), sum_of_squares(x)));
}

static wk_Tensor *cat_of_views(wk_Tensor *w)
{
    return sum_of_squares(wk_cat(wk_list(range(w, 0, 3), wk_mul(range(w, 1, 4), 2), range(w, 5, 6)), 0));
}

static wk_Tensor *used_twice(wk_Tensor *w)
{
    wk_Tensor *y = wk_mul(w, w);
    return wk_add(sum_of_squares(y), wk_sum(wk_add(y, w)));
}

static wk_Tensor *maximum_of_ties(wk_Tensor *w)
{
    return sum_of_squares(wk_maximum(w, f64(1, 2, 5, 1, 0, 6)));
}

static wk_Tensor *amax_of_ties(wk_Tensor *w)
{
    wk_Tensor *x = wk_stack(wk_list(w, wk_index_select(w, 0, i64(5, 4, 3, 2, 1, 0))), 0);
    return wk_add(wk_add(wk_sum(wk_amax(x, wk_dims(0))), wk_mul(wk_max(x), 2)),
                  wk_mul(wk_sum(wk_min_dim(x, 1, false).values), 3));
}

static wk_Tensor *strided_write(wk_Tensor *w)
{
    wk_Tensor *x = wk_mul(w, 1);
    return DO(wk_mul_(wk_slice(x, 0, 0, WK_END, 2), wk_slice(x, 0, 1, WK_END, 2)), sum_of_squares(x));
}

static wk_Tensor *write_after_reshape(wk_Tensor *w)
{
    wk_Tensor *x = as_rows(w, 1), *y = wk_reshape(wk_t(x), -1);
    return DO(wk_mul_(y, 3), wk_add(sum_of_squares(x), wk_sum(y)));
}

static wk_Tensor *write_after_flatten(wk_Tensor *w)
{
    wk_Tensor *x = as_rows(w, 1), *y = wk_flatten(x, 0, -1);
    return DO(wk_mul_(range(y, 1, 4), 3), sum_of_squares(x));
}

static wk_Tensor *unsqueeze_squeeze(wk_Tensor *w)
{
    wk_Tensor *x = wk_mul(w, 1);
    return DO(wk_mul_(wk_unsqueeze(x, 0), 2),
              DO(wk_add_(wk_squeeze(wk_view(x, 1, 6, 1)), w), sum_of_squares(x)));
}

static wk_Tensor *leaf_in_place(wk_Tensor *w)
{
    return wk_sum(wk_add_(w, 1));
}

static wk_Tensor *view_of_leaf_in_place(wk_Tensor *w)
{
    return DO(wk_add_(range(w, 0, 2), 1), wk_sum(w));
}

static wk_Tensor *saved_input_changed(wk_Tensor *w)
{
    wk_Tensor *x = wk_mul(w, 1), *y = wk_mul(x, x);
    return DO(wk_add_(x, 1), wk_sum(y));
}

static wk_Tensor *saved_result_changed(wk_Tensor *w)
{
    wk_Tensor *y = wk_exp(w);
    return DO(wk_add_(y, 1), wk_sum(y));
}

static wk_Tensor *saved_through_view_changed(wk_Tensor *w)
{
    wk_Tensor *x = wk_mul(w, 1), *y = wk_mul(x, x);
    return DO(wk_add_(wk_index(x, 0), 1), wk_sum(y));
}

typedef struct Program {
    const char *name;
    wk_Tensor *(*run)(wk_Tensor *w);
} Program;

#define PROGRAM(name) \
    {                 \
#name, name   \
    }
static const Program programs[] = {
    PROGRAM(add_to_row),
    PROGRAM(mul_row_by_row),
    PROGRAM(column_of_transpose),
    PROGRAM(base_changed_then_view_used),
    PROGRAM(view_changed_then_other_view_used),
    PROGRAM(view_of_view),
    PROGRAM(copy_into_fresh),
    PROGRAM(copy_over_part),
    PROGRAM(zero_a_row),
    PROGRAM(fill_all),
    PROGRAM(add_function_of_itself),
    PROGRAM(relu_then_add),
    PROGRAM(sigmoid_in_view),
    PROGRAM(chain_in_place),
    PROGRAM(expand_then_write_clone),
    PROGRAM(overlapping_windows),
    PROGRAM(overlapping_of_expanded),
    PROGRAM(detached_shares_memory),
    PROGRAM(no_grad_write),
    PROGRAM(transposed_base),
    PROGRAM(detached_slice_as_base),
    PROGRAM(cat_of_views),
    PROGRAM(used_twice),
    PROGRAM(maximum_of_ties),
    PROGRAM(amax_of_ties),
    PROGRAM(strided_write),
    PROGRAM(write_after_reshape),
    PROGRAM(write_after_flatten),
    PROGRAM(unsqueeze_squeeze),
    PROGRAM(leaf_in_place),
    PROGRAM(view_of_leaf_in_place),
    PROGRAM(saved_input_changed),
    PROGRAM(saved_result_changed),
    PROGRAM(saved_through_view_changed),
};

static wk_Tensor *gradient_of(const Program *p, wk_Tensor *w, bool create_graph, wk_Tensor **value)
{
    *value = p->run(w);
    return *value ? wk_grad(*value, w, .create_graph = create_graph) : NULL;
}

static void expect_second(wk_Tensor *w, wk_Tensor *gradient, const double *second)
{
    wk_Tensor *h = wk_zeros_like(w), *direction = wk_detach(w);
    if (wk_requires_grad(gradient))
        EXPECT_TRUE(wk_grads(&h, {1, &gradient}, {1, &w}, .grad_outputs = {1, &direction},
                             .allow_unused = true, .materialize_grads = true));
    expect_values(h, 6, second, __FILE__, __LINE__);
}

static const ProgramGolden *golden_of(const char *name)
{
    for (size_t i = 0; i < LENGTH(program_goldens); i++)
        if (strcmp(program_goldens[i].name, name) == 0)
            return &program_goldens[i];
    fail_msg("no golden values for %s", name);
    return NULL;
}

static void test_programs(void **state)
{
    (void)state;
    assert_int_equal(LENGTH(programs), LENGTH(program_goldens));
    for (size_t i = 0; i < LENGTH(programs); i++) {
        const ProgramGolden *golden = golden_of(programs[i].name);
        wk_Scope scope = wk_scope_begin();
        wk_Tensor *w = wk_requires_grad_(f64(1, 2, 3, 4, 5, 6)), *value;
        if (golden->fails) {
            EXPECT_ERROR(gradient_of(&programs[i], w, false, &value), WK_ERROR_STATE, golden->fails);
        } else {
            print_message("%s\n", programs[i].name);
            wk_Tensor *gradient = gradient_of(&programs[i], w, true, &value);
            EXPECT_TRUE(gradient != NULL);
            EXPECT_VALUES(value, golden->value);
            expect_values(gradient, 6, golden->gradient, __FILE__, __LINE__);
            expect_second(w, gradient, golden->second);
            wk_set_grad(w, NULL);
            EXPECT_TRUE(wk_backward(programs[i].run(w)));
            expect_values(wk_grad_of(w), 6, golden->gradient, __FILE__, __LINE__);
        }
        wk_scope_end(scope);
    }
}

/* The message tells what PyTorch's tells. */
static void test_changed_values_are_named(void **state)
{
    (void)state;
    ROW("A19");
    wk_Tensor *w = wk_requires_grad_(f32(1, 2)), *value;
    EXPECT_ERROR(
        gradient_of(&(Program)PROGRAM(saved_input_changed), w, false, &value), WK_ERROR_STATE,
        "modified by an inplace operation: [torch.FloatTensor [2]], which is output 0 of Add, is at version "
        "1; expected version 0 instead.");
    EXPECT_ERROR(
        gradient_of(&(Program)PROGRAM(saved_result_changed), w, false, &value), WK_ERROR_STATE,
        "[torch.FloatTensor [2]], which is output 0 of Exp, is at version 1; expected version 0 instead.");
    wk_Tensor *y = wk_sum(wk_mul(w, w));
    wk_no_grad wk_add_(w, 1);
    EXPECT_ERROR(wk_backward(y), WK_ERROR_STATE,
                 "[torch.FloatTensor [2]] is at version 1; expected version 0 instead.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_programs),
        TENSOR_TEST(test_changed_values_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
