/* What a function of the user's own returns beside fresh tensors: its inputs, views, the same tensor twice, tensors with a history;
 * and what backward unpacks. A write in place that would go past the function's backward is refused. */
#include "support/check.h"

static wk_Tensor *foreign; /* a tensor that no input leads to */

typedef wk_Tensor *(*Maker)(wk_Tensor *x);

static wk_Tensor *itself(wk_Tensor *x)
{
    return x;
}

static wk_Tensor *part_of_it(wk_Tensor *x)
{
    return wk_slice(x, 0, 0, 2, 1);
}

static wk_Tensor *part_of_another(wk_Tensor *x)
{
    return wk_slice(wk_mul(x, 2), 0, 0, 2, 1);
}

static wk_Tensor *fresh(wk_Tensor *x)
{
    return wk_mul(x, 2);
}

static wk_Tensor *from_outside(wk_Tensor *x)
{
    (void)x;
    return foreign;
}

static bool one_forward(wk_FunctionContext *ctx, wk_List in, wk_Tensor **out)
{
    const Maker *make = wk_function_user(ctx);
    out[0] = (*make)(in.tensors[0]);
    return out[0] != NULL;
}

static bool triple(wk_FunctionContext *ctx, wk_List grad, wk_Tensor **grad_in)
{
    (void)ctx;
    grad_in[0] = wk_mul(grad.tensors[0], 3);
    return grad_in[0] != NULL;
}

static const wk_Function Ident = {.name = "Ident", .forward = one_forward, .backward = triple};

static wk_Tensor *ident(Maker make, wk_Tensor *x)
{
    return wk_function_call(&Ident, wk_list(x), &make);
}

static const char overrides[] =
    "Output 0 of Ident is a view and is being modified inplace. This view was created inside a custom "
    "Function "
    "(or because an input was returned as-is) and the autograd logic to handle view+inplace would override "
    "the custom backward associated with the custom Function, leading to incorrect gradients. This behavior "
    "is forbidden. You can fix this by cloning the output of the custom Function.";

/* It shares the input's memory and has the function's gradient, so neither side may be written to and go on. */
static void test_input_returned_as_it_is(void **state)
{
    (void)state;
    ROW("A19");
    wk_Tensor *w = wk_requires_grad_(f64(1, 2)), *x = wk_mul(w, 1), *y = ident(itself, x);
    EXPECT_NODE(y, "IdentBackward");
    assert_ptr_equal(wk_data_ptr(y), wk_data_ptr(x));
    EXPECT_ERROR(wk_mul_(y, 2), WK_ERROR_STATE, overrides);
    EXPECT_ERROR(wk_mul_(wk_slice(y, 0, 0, 1, 1), 2), WK_ERROR_STATE,
                 "Output 0 of Slice is a view and is being modified inplace. This view was created inside a");
    EXPECT_ERROR(wk_detach_(y), WK_ERROR_STATE, "Can't detach views in-place");
    EXPECT_VALUES(x, 1, 2);
    EXPECT_TRUE(wk_backward(wk_sum(wk_add(y, x))));
    EXPECT_VALUES(wk_grad_of(w), 4, 4);
    x = wk_mul(w, 1), y = ident(itself, x);
    EXPECT_TRUE(wk_mul_(x, 2) != NULL);
    EXPECT_ERROR(wk_mul(y, 2), WK_ERROR_STATE,
                 "Output 0 of Ident is a view and its base or another view of its base has been modified "
                 "inplace. This view was created inside a custom Function");
    EXPECT_ERROR(wk_backward(wk_sum(y)), WK_ERROR_STATE, "has been modified inplace");
    EXPECT_ERROR(wk_mul_(ident(itself, w), 2), WK_ERROR_STATE, overrides); /* of a leaf */
}

static void test_input_returned_without_a_gradient(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f64(1, 2)), *x = f64(3, 4), *y = ident(itself, x);
    assert_true(y != x && !wk_requires_grad(y));
    EXPECT_TRUE(wk_mul_(y, 2) != NULL);
    EXPECT_VALUES(x, 6, 8);
    EXPECT_ERROR(wk_mul_(y, w), WK_ERROR_STATE,
                 "A view was created in no_grad mode and is being modified inplace with grad mode enabled. "
                 "This view was created inside a custom Function");
    wk_no_grad
    {
        y = ident(itself, w);
    }
    assert_false(wk_requires_grad(y));
}

static void test_views_made_in_forward(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f64(1, 2)), *x = wk_mul(w, 1), *y = ident(part_of_it, x);
    EXPECT_ERROR(wk_mul_(y, 2), WK_ERROR_STATE, overrides);
    EXPECT_VALUES(x, 1, 2);
    EXPECT_TRUE(wk_mul_(x, 2) != NULL);
    EXPECT_ERROR(wk_mul(y, 2), WK_ERROR_STATE, "its base or another view of its base has been modified");
    y = ident(part_of_another, w);
    EXPECT_VALUES(y, 2, 4);
    EXPECT_ERROR(wk_mul_(y, 2), WK_ERROR_STATE, overrides);
    y = ident(fresh, w);
    EXPECT_TRUE(wk_mul_(y, 2) != NULL);
    EXPECT_TRUE(wk_backward(wk_sum(y)));
    EXPECT_VALUES(wk_grad_of(w), 6, 6);
}

/* What has a history of its own keeps it. */
static void test_tensors_from_outside(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f64(1, 2));
    foreign = wk_mul(w, 5);
    wk_Tensor *y = ident(from_outside, w);
    EXPECT_NODE(y, "IdentBackward");
    EXPECT_NODE(foreign, "MulBackward0");
    EXPECT_ERROR(wk_mul_(y, 2), WK_ERROR_STATE, overrides);
    EXPECT_VALUES(foreign, 5, 10);
    foreign = f64(7, 8);
    y = ident(from_outside, w);
    assert_ptr_equal(y, foreign);
    EXPECT_NODE(y, "IdentBackward");
}

/* ---- several outputs -------------------------------------------------------------------------------- */

static bool pair_forward(wk_FunctionContext *ctx, wk_List in, wk_Tensor **out)
{
    const Maker *make = wk_function_user(ctx);
    for (int i = 0; i < 2; i++)
        if (!(out[i] = make[i] ? make[i](in.tensors[0]) : out[0]))
            return false;
    return true;
}

static bool pair_backward(wk_FunctionContext *ctx, wk_List grad, wk_Tensor **grad_in)
{
    (void)ctx;
    grad_in[0] = wk_add(wk_mul(grad.tensors[0], 10), grad.tensors[1]);
    return grad_in[0] != NULL;
}

static const wk_Function Pair = {
    .name = "Pair", .forward = pair_forward, .backward = pair_backward, .outputs = 2};

static void test_several_outputs_with_views(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f64(1, 2)), *x = wk_mul(w, 1), *out[2];
    EXPECT_TRUE(wk_function_apply(&Pair, wk_list(x), (Maker[]){itself, fresh}, out));
    EXPECT_ERROR(wk_mul_(out[0], 2), WK_ERROR_STATE,
                 "Output 0 of Pair is a view and is being modified inplace. This view is the output of a "
                 "function that returns multiple views. Such functions do not allow the output views to be "
                 "modified inplace. You should replace the inplace operation by an out-of-place one.");
    EXPECT_TRUE(wk_mul_(out[1], 2) != NULL);
    EXPECT_TRUE(wk_function_apply(&Pair, wk_list(x), (Maker[]){part_of_it, part_of_it}, out));
    EXPECT_ERROR(wk_mul_(out[1], 2), WK_ERROR_STATE, "Output 1 of Pair is a view and is being modified");
    EXPECT_TRUE(wk_backward(wk_sum(wk_add(wk_mul(out[0], 2), out[1]))));
    EXPECT_VALUES(wk_grad_of(w), 21, 21);
}

static void test_one_tensor_as_two_outputs(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f64(1, 2)), *out[2];
    EXPECT_TRUE(wk_function_apply(&Pair, wk_list(w), (Maker[]){fresh, NULL}, out));
    assert_ptr_equal(out[0], out[1]); /* and its gradient is the last output's */
    EXPECT_TRUE(wk_mul_(out[0], 2) != NULL);
    EXPECT_TRUE(wk_backward(wk_sum(out[1])));
    EXPECT_VALUES(wk_grad_of(w), 2, 2);
    wk_set_grad(w, NULL);
    EXPECT_TRUE(wk_function_apply(&Pair, wk_list(w), (Maker[]){itself, itself}, out));
    assert_ptr_not_equal(out[0], out[1]);
    EXPECT_TRUE(wk_backward(wk_sum(wk_add(out[0], wk_mul(out[1], 4)))));
    EXPECT_VALUES(wk_grad_of(w), 14, 14);
}

static bool mark_forward(wk_FunctionContext *ctx, wk_List in, wk_Tensor **out)
{
    out[0] = in.tensors[0];
    return wk_mark_non_differentiable(ctx, out[0]);
}

static const wk_Function Mark = {.name = "Mark", .forward = mark_forward, .backward = triple};

static void test_input_marked_non_differentiable(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f64(1, 2)), *y = wk_function_call(&Mark, wk_list(w), NULL);
    assert_true(y != w && !wk_requires_grad(y) && wk_requires_grad(w));
    EXPECT_TRUE(wk_mul_(y, 2) != NULL); /* as with detach */
    EXPECT_VALUES(w, 2, 4);
}

/* ---- what backward unpacks -------------------------------------------------------------------------- */

static bool save_forward(wk_FunctionContext *ctx, wk_List in, wk_Tensor **out)
{
    out[0] = wk_mul(in.tensors[0], in.tensors[1]);
    return out[0] && wk_save_for_backward(ctx, wk_list(in.tensors[0], in.tensors[1], out[0]));
}

/* Writes to what was saved, and then to a view of it. */
static bool write_backward(wk_FunctionContext *ctx, wk_List grad, wk_Tensor **grad_in)
{
    const int *which = wk_function_user(ctx);
    wk_Tensor *saved = wk_saved_tensor(ctx, *which % 3);
    if (*which >= 3)
        saved = wk_view(saved, -1);
    grad_in[0] = wk_mul_(saved, grad.tensors[0]);
    grad_in[1] = grad.tensors[0];
    return grad_in[0] != NULL;
}

static const wk_Function Write = {.name = "Write", .forward = save_forward, .backward = write_backward};

static void test_writing_to_what_was_saved(void **state)
{
    (void)state;
    for (int which = 0; which < 6; which++) {
        wk_Tensor *w = wk_requires_grad_(f64(1, 2)), *x = wk_mul(w, 2), *plain = f64(3, 4);
        wk_Tensor *y = wk_function_call(&Write, wk_list(x, plain), &which);
        EXPECT_ERROR(wk_grad(wk_sum(wk_mul(y, y)), w, .create_graph = true), WK_ERROR_STATE,
                     "a tensor that was saved for backward is being modified inplace");
        EXPECT_VALUES(x, 2, 4);
        EXPECT_VALUES(plain, 3, 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_input_returned_as_it_is),
        TENSOR_TEST(test_input_returned_without_a_gradient),
        TENSOR_TEST(test_views_made_in_forward),
        TENSOR_TEST(test_tensors_from_outside),
        TENSOR_TEST(test_several_outputs_with_views),
        TENSOR_TEST(test_one_tensor_as_two_outputs),
        TENSOR_TEST(test_input_marked_non_differentiable),
        TENSOR_TEST(test_writing_to_what_was_saved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
