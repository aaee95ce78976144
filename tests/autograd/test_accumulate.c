/* What backward leaves in .grad: of leaves, of tensors that retain it, of inputs that were asked for; and how long the pointer holds. */
#include "support/check.h"
#include "wick/nn.h"
#include "wick/optim.h"
#include "wick/wick.h"

/* A kept gradient is added to, as a leaf's is. */
static void test_retained_gradients_add(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(f64(1, 1)), *y = wk_mul(x, 2);
    EXPECT_TRUE(wk_retain_grad(y));
    for (int i = 0; i < 2; i++)
        EXPECT_TRUE(wk_backward(wk_sum(y), .retain_graph = true));
    EXPECT_VALUES(wk_grad_of(y), 2, 2);
    EXPECT_VALUES(wk_grad_of(x), 4, 4);
    wk_Tensor *a = wk_mul(x, 2); /* two losses of one layer */
    EXPECT_TRUE(wk_retain_grad(a) && wk_backward(wk_sum(wk_mul(a, a)), .retain_graph = true));
    EXPECT_TRUE(wk_backward(wk_sum(wk_mul(a, 10))));
    EXPECT_VALUES(wk_grad_of(a), 14, 14);
}

/* backward(inputs=) retains the gradient of what is no leaf: once, whether it was asked to before or not. */
static void test_inputs_that_are_no_leaves(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(f64(1, 1)), *y = wk_mul(x, 2), *z = wk_mul(x, 3);
    for (int i = 1; i <= 2; i++) {
        EXPECT_TRUE(wk_backward(wk_sum(y), .inputs = wk_list(y), .retain_graph = true));
        EXPECT_VALUES(wk_grad_of(y), i, i);
    }
    assert_null(wk_grad_of(x));
    EXPECT_TRUE(wk_retain_grad(z) &&
                wk_backward(wk_sum(z), .inputs = wk_list(z, x, z), .retain_graph = true));
    EXPECT_VALUES(wk_grad_of(z), 1, 1);
    EXPECT_VALUES(wk_grad_of(x), 3, 3);
    EXPECT_TRUE(wk_backward(wk_sum(y))); /* it goes on to be retained */
    EXPECT_VALUES(wk_grad_of(y), 3, 3);
}

/* A leaf whose requires_grad was taken away after the forward gets none. */
static void test_leaf_that_no_longer_requires_one(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f64(1, 2)), *v = wk_requires_grad_(f64(3, 4)), *y = wk_sum(wk_mul(w, v));
    wk_set_requires_grad_(w, false);
    EXPECT_TRUE(wk_backward(y));
    assert_null(wk_grad_of(w));
    EXPECT_VALUES(wk_grad_of(v), 1, 2);
}

/* And one that has become the result of an operation is an error, as its gradient would be another's. */
static void test_leaf_that_is_none_any_more(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f64(1, 2)), *v = wk_requires_grad_(f64(3, 4)), *y = wk_sum(wk_mul(w, 2));
    wk_set_requires_grad_(w, false);
    EXPECT_TRUE(wk_mul_(w, v) != NULL);
    EXPECT_ERROR(wk_backward(y), WK_ERROR_STATE, "leaf variable has been moved into the graph interior");
    assert_null(wk_grad_of(w));
    EXPECT_ERROR(wk_backward(wk_sum(w), .inputs = wk_list(f64(1))), WK_ERROR_STATE,
                 "can't retain_grad on Tensor that has requires_grad=False");
}

/* A recorded gradient holds the graph, and so the leaf that holds it. */
static void end_cycles(wk_Tensor *a, wk_Tensor *b)
{
    EXPECT_TRUE(wk_set_grad(a, NULL) && wk_set_grad(b, NULL));
}

/* With create_graph .grad is a recorded copy, so that writing to it leaves the graph as it is. */
static void test_recorded_gradients_are_copies(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(f64(1, 2)), *y = wk_mul(x, x);
    EXPECT_TRUE(wk_retain_grad(y) && wk_backward(wk_sum(wk_mul(y, y)), .create_graph = true));
    EXPECT_VALUES(wk_grad_of(x), 4, 32);
    EXPECT_NODE(wk_grad_of(x), "CopyBackwards");
    EXPECT_NODE(wk_grad_of(y), "CloneBackward0");
    EXPECT_TRUE(wk_backward(wk_sum(wk_mul(x, 3)), .create_graph = true));
    EXPECT_VALUES(wk_grad_of(x), 7, 35);
    EXPECT_NODE(wk_grad_of(x), "AddBackward0");
    end_cycles(x, y);
}

/* A pointer from wk_grad_of outlives the gradient that backward puts in its place: as long as the caller's scope. */
static void test_replaced_gradients_stay_readable(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(f64(1, 2)), *y = wk_mul(x, 3);
    EXPECT_TRUE(wk_retain_grad(y));
    EXPECT_TRUE(wk_backward(wk_sum(wk_mul(y, y)), .create_graph = true));
    const wk_Tensor *of_x = wk_grad_of(x), *of_y = wk_grad_of(y);
    EXPECT_TRUE(wk_backward(wk_sum(wk_mul(y, y)), .create_graph = true));
    assert_ptr_not_equal(of_x, wk_grad_of(x));
    assert_ptr_not_equal(of_y, wk_grad_of(y));
    EXPECT_VALUES((wk_Tensor *)of_x, 18, 36);
    EXPECT_VALUES((wk_Tensor *)of_y, 6, 12);
    EXPECT_VALUES(wk_grad_of(x), 36, 72);
    end_cycles(x, y);
}

/* zero_grad takes a recorded gradient's history away and keeps the tensor. */
static void test_zeroed_gradients_keep_their_tensor(void **state)
{
    (void)state;
    wk_Tensor *x = wk_Parameter(f64(1, 2));
    EXPECT_TRUE(wk_backward(wk_sum(wk_mul(x, x)), .create_graph = true));
    const wk_Tensor *grad = wk_grad_of(x);
    wk_Optimizer *sgd = wk_SGD(wk_list(x), .lr = 1);
    EXPECT_TRUE(sgd && wk_optimizer_zero_grad(sgd, false));
    assert_ptr_equal(wk_grad_of(x), grad);
    EXPECT_VALUES(wk_grad_of(x), 0, 0);
    assert_false(wk_requires_grad(grad));
    wk_free(sgd);
    wk_free(x);
}

/* The gradient that a hook's backward replaces goes to the scope outside both. */
static wk_Tensor *backward_inside(wk_Tensor *grad, void *user)
{
    (void)grad;
    wk_Tensor *x = user;
    bool done = false;
    wk_enable_grad
    {
        done = wk_backward(wk_sum(wk_mul(x, x)), .create_graph = true);
    }
    return done ? NULL : wk_zeros_like(x);
}

static void test_backward_inside_a_hook(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(f64(1, 2)), *w = wk_requires_grad_(f64(5, 6));
    EXPECT_TRUE(wk_backward(wk_sum(wk_mul(x, x)), .create_graph = true));
    wk_Tensor *former = wk_grad_of(x);
    wk_register_hook(w, backward_inside, x);
    EXPECT_TRUE(wk_backward(wk_sum(wk_mul(w, w))));
    EXPECT_VALUES(wk_grad_of(w), 10, 12);
    EXPECT_VALUES(former, 2, 4);
    EXPECT_VALUES(wk_grad_of(x), 4, 8);
    end_cycles(x, w);
}

/* A leaf that changes its dtype between forward and backward has other values than were saved. */
static void test_leaf_of_another_dtype(void **state)
{
    (void)state;
    wk_Module *net = wk_Conv2d(1, 1, 1);
    wk_Tensor *x = wk_requires_grad_(wk_ones(1, 1, 1, 1)), *y = wk_call(net, x);
    EXPECT_TRUE(y && wk_module_to_dtype(net, wk_float64));
    EXPECT_ERROR(wk_backward(y), WK_ERROR_STATE, "modified by an inplace operation");
    EXPECT_TRUE(wk_backward(wk_call(net, wk_to_dtype(x, wk_float64))));
    EXPECT_VALUES(wk_grad_of(wk_get_parameter(net, "weight")), 1);
    assert_int_equal(wk_dtype_of(wk_grad_of(wk_get_parameter(net, "bias"))), wk_float64);
    wk_module_free(net);
}

/* ---- memory that runs out --------------------------------------------------------------------------- */

static wk_Tensor *replaced(void *user)
{
    (void)user;
    wk_Tensor *x = wk_requires_grad_(f64(1, 2)), *y = wk_mul(x, 3);
    if (!wk_retain_grad(y))
        return NULL;
    bool done = true;
    for (int i = 0; done && i < 3; i++)
        done = wk_backward(wk_sum(wk_mul(y, y)), .create_graph = true);
    if (!done) {
        wk_set_grad(x, NULL), wk_set_grad(y, NULL);
        return NULL;
    }
    wk_Tensor *both = wk_detach(wk_cat(wk_list(wk_grad_of(x), wk_grad_of(y)), 0));
    wk_set_grad(x, NULL), wk_set_grad(y, NULL);
    return both;
}

static wk_Tensor *chain_of(void *user)
{
    int nodes = *(int *)user;
    wk_Tensor *x = wk_requires_grad_(f64(1, 2)), *y = x;
    for (int i = 0; i < nodes - 2; i++)
        y = wk_neg(y);
    return wk_backward(wk_sum(y)) ? wk_grad_of(x) : NULL;
}

/* The engine's arrays and its table grow at these numbers of nodes: no growth that fails passes for a success. */
static void test_failing_allocations_where_arrays_grow(void **state)
{
    (void)state;
    assert_true(expect_survives_failing_allocations(replaced, NULL) > 40);
    static const int nodes[] = {8, 9, 63, 64, 65, 128, 129};
    for (size_t i = 0; i < LENGTH(nodes); i++)
        assert_true(expect_survives_failing_allocations(chain_of, (void *)&nodes[i]) > nodes[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_retained_gradients_add),
        TENSOR_TEST(test_inputs_that_are_no_leaves),
        TENSOR_TEST(test_leaf_that_no_longer_requires_one),
        TENSOR_TEST(test_leaf_that_is_none_any_more),
        TENSOR_TEST(test_recorded_gradients_are_copies),
        TENSOR_TEST(test_replaced_gradients_stay_readable),
        TENSOR_TEST(test_zeroed_gradients_keep_their_tensor),
        TENSOR_TEST(test_backward_inside_a_hook),
        TENSOR_TEST(test_leaf_of_another_dtype),
        TENSOR_TEST(test_failing_allocations_where_arrays_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
