/* backward and grad: accumulation, retained and recorded graphs, chosen inputs, modes, leaves and what is refused. */
#include "support/check.h"

/* ---- values and accumulation ------------------------------------------------------------------------ */

static void test_gradients_accumulate(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f32(1, 2, 3));
    assert_null(wk_grad_of(w));
    EXPECT_TRUE(wk_backward(wk_sum(wk_mul(w, w))));
    EXPECT_VALUES(wk_grad_of(w), 2, 4, 6);
    wk_Tensor *first = wk_grad_of(w);
    EXPECT_TRUE(wk_backward(wk_sum(wk_mul(w, 3))));
    EXPECT_VALUES(wk_grad_of(w), 5, 7, 9);
    assert_ptr_equal(wk_grad_of(w), first); /* added in place */
    assert_false(wk_requires_grad(wk_grad_of(w)));
    EXPECT_TRUE(wk_set_grad(w, NULL));
    EXPECT_TRUE(wk_backward(wk_mul(w, w), f32(1, 10, 100)));
    EXPECT_VALUES(wk_grad_of(w), 2, 40, 600);
}

static void test_one_gradient_is_not_shared(void **state)
{
    (void)state;
    wk_Tensor *a = wk_requires_grad_(f32(1, 2)), *b = wk_requires_grad_(f32(3, 4)), *g = f32(1, 1);
    EXPECT_TRUE(wk_backward(wk_add(a, b), g));
    EXPECT_TRUE(wk_backward(wk_mul(a, 2), f32(1, 1)));
    EXPECT_VALUES(wk_grad_of(a), 3, 3);
    EXPECT_VALUES(wk_grad_of(b), 1, 1);
    EXPECT_VALUES(g, 1, 1);
}

static void test_gradient_takes_the_dtype_of_its_leaf(void **state)
{
    (void)state;
    wk_Tensor *a = wk_requires_grad_(f32(1, 2)), *b = wk_requires_grad_(f64(3, 4));
    EXPECT_TRUE(wk_backward(wk_sum(wk_mul(a, b))));
    assert_int_equal(wk_dtype_of(wk_grad_of(a)), wk_float32);
    assert_int_equal(wk_dtype_of(wk_grad_of(b)), wk_float64);
    EXPECT_VALUES(wk_grad_of(a), 3, 4);
    EXPECT_VALUES(wk_grad_of(b), 1, 2);
}

static void test_second_backward_needs_retain_graph(void **state)
{
    (void)state;
    ROW("A18");
    wk_Tensor *w = wk_requires_grad_(f32(2)), *y = wk_sum(wk_mul(w, w));
    EXPECT_TRUE(wk_backward(y, .retain_graph = true));
    EXPECT_TRUE(wk_backward(y));
    EXPECT_VALUES(wk_grad_of(w), 8);
    EXPECT_ERROR(wk_backward(y), WK_ERROR_STATE, "Trying to backward through the graph a second time");
    EXPECT_VALUES(wk_grad_of(w), 8);
    wk_Tensor *sum = wk_sum(w); /* nothing is saved, so nothing was freed: PyTorch allows it too */
    EXPECT_TRUE(wk_backward(sum));
    EXPECT_TRUE(wk_backward(sum));
    EXPECT_VALUES(wk_grad_of(w), 10);
}

static void test_create_graph(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(f64(2)), *y = wk_pow(x, 4);
    wk_Tensor *first = wk_grad(y, x, .create_graph = true);
    wk_Tensor *second = wk_grad(first, x, .create_graph = true);
    wk_Tensor *third = wk_grad(second, x, .create_graph = true);
    EXPECT_VALUES(first, 32);
    EXPECT_VALUES(second, 48);
    EXPECT_VALUES(third, 48);
    EXPECT_VALUES(wk_grad(third, x), 24);
    assert_null(wk_grad_of(x));
}

static void test_backward_with_create_graph_records_the_gradient(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(f64(3));
    EXPECT_TRUE(wk_backward(wk_pow(x, 3), .create_graph = true));
    wk_Tensor *g = wk_keep(wk_grad_of(x));
    assert_true(wk_requires_grad(g));
    EXPECT_VALUES(g, 27);
    EXPECT_TRUE(wk_set_grad(x, NULL)); /* x owns the gradient, whose history owns x */
    EXPECT_TRUE(wk_backward(g));
    EXPECT_VALUES(wk_grad_of(x), 18);
    wk_tensor_free(g);
}

static void test_chosen_inputs(void **state)
{
    (void)state;
    wk_Tensor *a = wk_requires_grad_(f32(1, 2)), *b = wk_requires_grad_(f32(3, 4)), *c = wk_mul(a, b);
    EXPECT_TRUE(wk_backward(wk_sum(wk_mul(c, a)), .inputs = wk_list(b, c)));
    assert_null(wk_grad_of(a));
    EXPECT_VALUES(wk_grad_of(b), 1, 4);
    EXPECT_VALUES(wk_grad_of(c), 1, 2);
}

static void test_grads_of_several(void **state)
{
    (void)state;
    wk_Tensor *a = wk_requires_grad_(f32(1, 2)), *b = wk_requires_grad_(f32(3, 4)),
              *unused = wk_requires_grad_(f32(5));
    wk_Tensor *y = wk_mul(a, b), *z = wk_sum(a), *grads[3];
    wk_Tensor *weights = f32(1, 10);
    EXPECT_TRUE(wk_grads(grads, wk_list(y, z), wk_list(a, b), .grad_outputs = wk_list(weights, NULL),
                         .retain_graph = true));
    EXPECT_VALUES(grads[0], 4, 41);
    EXPECT_VALUES(grads[1], 1, 20);
    EXPECT_TRUE(wk_grads(grads, wk_list(z, z), wk_list(a, a), .retain_graph = true));
    EXPECT_VALUES(grads[0], 2, 2);
    EXPECT_VALUES(grads[1], 2, 2);
    EXPECT_ERROR(wk_grads(grads, wk_list(z), wk_list(a, unused), .retain_graph = true), WK_ERROR_STATE,
                 "One of the differentiated Tensors appears to not have been used in the graph");
    EXPECT_TRUE(wk_grads(grads, wk_list(z), wk_list(a, unused), .allow_unused = true, .retain_graph = true));
    assert_non_null(grads[0]);
    assert_null(grads[1]);
    EXPECT_TRUE(
        wk_grads(grads, wk_list(z), wk_list(unused, a), .materialize_grads = true, .retain_graph = true));
    EXPECT_VALUES(grads[0], 0);
    EXPECT_VALUES(wk_grad(z, z), 1); /* an output is an input */
    EXPECT_ERROR(wk_grad(z, f32(1)), WK_ERROR_STATE,
                 "One of the differentiated Tensors does not require grad");
    EXPECT_ERROR(wk_grads(grads, {0, NULL}, wk_list(a)), WK_ERROR_ARGUMENT,
                 "outputs and inputs must each have a tensor");
    EXPECT_ERROR(wk_grads(NULL, wk_list(z), wk_list(a)), WK_ERROR_ARGUMENT, "argument grads is NULL");
}

/* y = a path of different lengths to one leaf, and a node that waits for both. */
static void test_paths_of_different_lengths(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f64(2)), *x = wk_mul(w, 3), *y = x;
    for (int i = 0; i < 5; i++)
        y = wk_add(wk_mul(y, 1), x);
    EXPECT_TRUE(wk_backward(wk_add(y, w)));
    EXPECT_VALUES(wk_grad_of(w), 19);
}

/* ---- what is refused -------------------------------------------------------------------------------- */

static void test_refused(void **state)
{
    (void)state;
    ROW("A18");
    wk_Tensor *w = wk_requires_grad_(f32(1, 2)), *y = wk_mul(w, 2);
    EXPECT_ERROR(wk_backward(y), WK_ERROR_SHAPE, "grad can be implicitly created only for scalar outputs");
    EXPECT_ERROR(wk_backward(f32(1)), WK_ERROR_STATE,
                 "element 0 of tensors does not require grad and does not have a grad_fn");
    EXPECT_ERROR(
        wk_backward(y, f32(1, 2, 3)), WK_ERROR_SHAPE,
        "Mismatch in shape: grad_output[0] has a shape of torch.Size([3]) and output[0] has a shape of "
        "torch.Size([2]).");
    EXPECT_ERROR(wk_backward(NULL), WK_ERROR_ARGUMENT, "backward: argument tensor is NULL");
    ROW("A19");
    EXPECT_ERROR(wk_add_(w, 1), WK_ERROR_STATE,
                 "a leaf Variable that requires grad is being used in an in-place operation.");
    EXPECT_ERROR(wk_uniform_(w, 0, 1, NULL), WK_ERROR_STATE, "a leaf Variable that requires grad");
    EXPECT_ERROR(wk_add_(wk_slice(w, 0, 0, 1, 1), 1), WK_ERROR_STATE,
                 "a view of a leaf Variable that requires grad is being used in an in-place operation.");
    EXPECT_VALUES(w, 1, 2);
    EXPECT_ERROR(wk_requires_grad_(i64(1, 2)), WK_ERROR_DTYPE,
                 "only Tensors of floating point dtype can require gradients");
    EXPECT_ERROR(wk_set_requires_grad_(y, false), WK_ERROR_STATE,
                 "you can only change requires_grad flags of leaf variables.");
    ROW("A31");
    EXPECT_ERROR(
        wk_set_grad(w, f32(1, 2, 3)), WK_ERROR_SHAPE,
        "attempting to assign a gradient of size '[3]' to a tensor of size '[2]'. Please ensure that "
        "the gradient and the tensor are the same size");
    EXPECT_ERROR(wk_set_grad(w, i64(1, 2, 3)), WK_ERROR_DTYPE,
                 "attempting to assign a gradient with dtype 'long int' to a tensor with grad_dtype 'Float'. "
                 "The gradient must match the tensor's dtype");
    EXPECT_ERROR(wk_set_grad(w, w), WK_ERROR_ARGUMENT, "can't assign Variable as its own grad");
    assert_null(wk_grad_of(w));
    EXPECT_ERROR(wk_detach_(wk_slice(y, 0, 0, 1, 1)), WK_ERROR_STATE,
                 "Can't detach views in-place. Use detach() instead");
    EXPECT_ERROR(wk_register_hook(f32(1), (wk_Hook)(void (*)(void))wk_clone, NULL), WK_ERROR_STATE,
                 "cannot register a hook on a tensor that doesn't require gradient");
    EXPECT_ERROR(wk_retain_grad(f32(1)), WK_ERROR_STATE,
                 "can't retain_grad on Tensor that has requires_grad=False");
    EXPECT_ERROR(wk_remove_hook(w, 99), WK_ERROR_ARGUMENT, "this tensor has no hook 99");
}

/* ---- detach and modes ------------------------------------------------------------------------------- */

static void test_detach(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f32(1, 2)), *x = wk_mul(w, 2), *d = wk_detach(x);
    assert_false(wk_requires_grad(d));
    assert_true(wk_is_leaf(d));
    assert_null(wk_grad_fn(d));
    assert_ptr_equal(wk_data_ptr(d), wk_data_ptr(x));
    EXPECT_TRUE(wk_add_(d, 1) != NULL);
    EXPECT_VALUES(x, 3, 5);
    assert_int_equal(wk_version_of(x), 1);
    assert_int_equal(wk_version_of(d), 1);
    EXPECT_TRUE(wk_detach_(x) == x);
    assert_false(wk_requires_grad(x));
}

static int leave_by_return(void)
{
    wk_no_grad
    {
        if (!wk_is_grad_enabled())
            return 1;
    }
    return 0;
}

static void test_modes(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f32(1, 2));
    assert_true(wk_is_grad_enabled());
    wk_no_grad
    {
        assert_false(wk_is_grad_enabled());
        assert_false(wk_requires_grad(wk_mul(w, 2)));
        wk_enable_grad
        {
            assert_true(wk_requires_grad(wk_mul(w, 2)));
        }
        assert_false(wk_is_grad_enabled());
        EXPECT_TRUE(wk_sub_(w, 1) != NULL);
    }
    assert_true(wk_is_grad_enabled());
    EXPECT_VALUES(w, 0, 1);
    assert_true(wk_requires_grad(w) && wk_is_leaf(w));
    assert_int_equal(leave_by_return(), 1);
    assert_true(wk_is_grad_enabled());
    for (int i = 0; i < 2; i++) {
        wk_no_grad
        {
            break; /* out of the block, which is a loop of one turn */
        }
        assert_true(wk_is_grad_enabled());
    }
    assert_true(wk_set_grad_enabled(false));
    assert_false(wk_set_grad_enabled(true));
}

static void test_views_made_without_recording(void **state)
{
    (void)state;
    wk_Tensor *w = wk_mul(wk_requires_grad_(f32(1, 2)), 1), *view = NULL;
    wk_no_grad
    {
        view = wk_view(w, 2, 1);
        EXPECT_TRUE(wk_mul_(view, 3) != NULL);
    }
    EXPECT_VALUES(w, 3, 6);
    EXPECT_ERROR(wk_mul_(view, 2), WK_ERROR_STATE,
                 "A view was created in no_grad mode and is being modified inplace with grad mode enabled. "
                 "Given that this use case is ambiguous");
    EXPECT_ERROR(wk_mul_(wk_view(view, 2), 2), WK_ERROR_STATE,
                 "A view was created in no_grad mode and its base or another view of its base has been "
                 "modified inplace with grad mode enabled.");
    EXPECT_VALUES(w, 3, 6);
}

/* Also where nothing required a gradient yet: what is recorded into the base later is not lost in silence. */
static void test_views_of_plain_tensors_made_without_recording(void **state)
{
    (void)state;
    ROW("A19");
    wk_Tensor *w = wk_requires_grad_(f64(5, 7)), *x = f64(1, 2), *view = NULL, *again = NULL;
    wk_no_grad
    {
        view = wk_view(x, 2, 1);
    }
    again = wk_view(view, 2);
    EXPECT_ERROR(wk_mul_(view, wk_view(w, 2, 1)), WK_ERROR_STATE,
                 "A view was created in no_grad mode and is");
    EXPECT_TRUE(wk_mul_(view, 2) != NULL); /* nothing to record */
    EXPECT_TRUE(wk_mul_(x, w) != NULL);
    EXPECT_VALUES(x, 10, 28);
    EXPECT_ERROR(wk_mul(view, 2), WK_ERROR_STATE, "its base or another view of its base has been modified");
    EXPECT_ERROR(wk_mul(again, 2), WK_ERROR_STATE, "its base or another view of its base has been modified");
    EXPECT_ERROR(wk_detach_(view), WK_ERROR_STATE, "Can't detach views in-place. Use detach() instead");
    char *text = wk_tensor_str(view);
    assert_string_equal(text, "tensor([[10.],\n        [28.]], dtype=torch.float64, grad_fn=<Invalid>)");
    wk_str_free(text);
    wk_no_grad EXPECT_VALUES(wk_mul(view, 2), 20, 56);
}

/* A view that was made a leaf: its own views are views of what requires a gradient. */
static void test_leaves_that_are_views(void **state)
{
    (void)state;
    ROW("A19");
    static const char refused[] = "a view of a leaf Variable that requires grad is being used in an in-place";
    wk_Tensor *x = f64(1, 2, 3, 4), *leaf = wk_requires_grad_(wk_slice(x, 0, 0, 2, 1));
    assert_true(wk_is_leaf(leaf) && !wk_requires_grad(x));
    EXPECT_ERROR(wk_relu_(wk_slice(leaf, 0, 0, 1, 1)), WK_ERROR_STATE, refused);
    EXPECT_ERROR(wk_mul_(leaf, 2), WK_ERROR_STATE, refused);
    EXPECT_TRUE(wk_mul_(x, 2) != NULL); /* records nothing */
    EXPECT_TRUE(wk_backward(wk_sum(wk_mul(leaf, leaf))));
    EXPECT_VALUES(wk_grad_of(leaf), 4, 8);
    /* A recorded write next to it makes it a part of what was written. */
    wk_Tensor *w = wk_requires_grad_(f64(5, 6));
    EXPECT_TRUE(wk_mul_(wk_slice(x, 0, 1, 3, 1), w) != NULL);
    assert_false(wk_is_leaf(leaf));
    EXPECT_TRUE(wk_backward(wk_sum(leaf)));
    EXPECT_VALUES(wk_grad_of(w), 4, 0);
    EXPECT_VALUES(wk_grad_of(leaf), 4, 8);
}

/* A view whose base lost its history and was written to keeps a node, which leads nowhere: its values are of no leaf any more. */
static void test_view_of_a_detached_and_written_base(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f64(1, 2)), *x = wk_mul(w, 3), *view = wk_slice(x, 0, 0, 1, 1);
    EXPECT_TRUE(wk_detach_(x) && wk_mul_(x, 2));
    EXPECT_VALUES(view, 6);
    EXPECT_NODE(view, "AsStridedBackward0");
    assert_null(wk_node_next(wk_grad_fn(view), 0));
    EXPECT_TRUE(wk_requires_grad(view) && wk_backward(view));
    assert_null(wk_grad_of(w));
    assert_false(wk_requires_grad(x));
}

/* What hangs on a history asks for it first, and a write in place does before it looks at the memory. */
static void test_hooks_of_views_without_a_history(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f64(1, 2)), *x = f64(3, 4), *view = NULL;
    wk_no_grad
    {
        view = wk_slice(x, 0, 0, 1, 1);
    }
    EXPECT_TRUE(wk_mul_(x, w) != NULL);
    EXPECT_ERROR(wk_retain_grad(view), WK_ERROR_STATE, "its base or another view of its base has been");
    EXPECT_ERROR(wk_register_hook(view, (wk_Hook)(void (*)(void))wk_clone, NULL), WK_ERROR_STATE,
                 "its base or another view of its base has been");
    EXPECT_ERROR(wk_mul_(wk_expand(wk_view(w, 1, 2), 3, 2), 2), WK_ERROR_STATE, "a view of a leaf Variable");
}

/* The base of a view loses its history: the view keeps its own, and writing to it would be lost. */
static void test_detached_base(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f64(1, 2)), *x = wk_mul(w, 3), *view = wk_slice(x, 0, 0, 1, 1);
    EXPECT_TRUE(wk_detach_(x) == x && !wk_requires_grad(x) && wk_is_leaf(x));
    EXPECT_ERROR(wk_mul_(view, 2), WK_ERROR_STATE, "a view of a leaf Variable that requires grad");
    EXPECT_TRUE(wk_backward(view));
    EXPECT_VALUES(wk_grad_of(w), 3, 0);
    wk_Tensor *late = wk_requires_grad_(f64(1, 2)), *before = wk_slice(wk_detach_(late), 0, 0, 1, 1);
    wk_requires_grad_(late);
    EXPECT_ERROR(wk_mul_(before, 2), WK_ERROR_STATE, "a view of a leaf Variable that requires grad");
}

static void test_versions(void **state)
{
    (void)state;
    wk_Tensor *x = f32(1, 2, 3), *view = wk_slice(x, 0, 0, 2, 1);
    assert_int_equal(wk_version_of(x), 0);
    wk_add_(x, 1), wk_fill_(view, 3), wk_copy_(view, f32(1, 1)), wk_relu_(x);
    assert_int_equal(wk_version_of(x), 4);
    assert_int_equal(wk_version_of(view), 4);
    assert_int_equal(wk_version_of(wk_clone(x)), 0);
    EXPECT_ERROR(wk_add_(x, f32(1, 2)), WK_ERROR_SHAPE, "must match");
    assert_int_equal(wk_version_of(x), 4);
}

static void test_leaves(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f32(1, 2)), *x = f32(1, 2), *y = wk_add(w, x);
    assert_true(wk_is_leaf(w) && wk_is_leaf(x) && !wk_is_leaf(y));
    assert_true(wk_requires_grad(w) && !wk_requires_grad(x) && wk_requires_grad(y));
    assert_false(wk_requires_grad(wk_gt(w, 0)));
    assert_false(wk_requires_grad(wk_argmax(w)));
    EXPECT_TRUE(wk_add_(x, w) == x); /* written to by something with history, a plain tensor gets one */
    assert_false(wk_is_leaf(x));
    assert_string_equal(wk_node_name(wk_grad_fn(x)), "AddBackward0");
}

/* ---- the graph -------------------------------------------------------------------------------------- */

static void test_walking_the_graph(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f32(1, 2)), *y = wk_sum(wk_mul(w, f32(3, 4)));
    wk_Node *sum = wk_grad_fn(y), *mul = wk_node_next(sum, 0), *leaf = wk_node_next(mul, 0);
    assert_string_equal(wk_node_name(sum), "SumBackward0");
    assert_int_equal(wk_node_next_count(sum), 1);
    assert_string_equal(wk_node_name(mul), "MulBackward0");
    assert_int_equal(wk_node_next_count(mul), 2);
    assert_null(wk_node_next(mul, 1));
    assert_string_equal(wk_node_name(leaf), "AccumulateGrad");
    assert_ptr_equal(wk_node_variable(leaf), w);
    assert_null(wk_node_variable(mul));
    assert_null(wk_grad_fn(w));
    EXPECT_ERROR(wk_node_next(mul, 2), WK_ERROR_INDEX,
                 "index 2 is out of range: MulBackward0 has 2 next functions");
    EXPECT_ERROR(wk_node_name(NULL), WK_ERROR_ARGUMENT, "argument node is NULL");
    char *dot = wk_graph_dot(y);
    assert_non_null(dot);
    assert_string_equal(dot, "digraph wick {\n"
                             "  node [shape=box, fontname=monospace];\n"
                             "  n0 [label=\"SumBackward0\\n[]\"];\n"
                             "  n1 [label=\"MulBackward0\\n[2]\"];\n"
                             "  n0 -> n1;\n"
                             "  n2 [label=\"AccumulateGrad\\n[2]\", style=filled, fillcolor=lightblue];\n"
                             "  n1 -> n2;\n"
                             "}\n");
    wk_str_free(dot);
    /* A node that two others lead to is drawn once, and both point to it. */
    wk_Tensor *x = wk_mul(w, 2);
    dot = wk_graph_dot(wk_add(wk_exp(x), wk_neg(x)));
    assert_non_null(dot);
    assert_non_null(strstr(dot, "  n0 -> n1;\n"));
    assert_non_null(strstr(dot, "  n0 -> n2;\n"));
    assert_non_null(strstr(dot, "  n1 -> n3;\n"));
    assert_non_null(strstr(dot, "  n2 -> n3;\n"));
    assert_non_null(strstr(dot, "  n3 -> n4;\n"));
    assert_null(strstr(dot, "n5"));
    wk_str_free(dot);
    EXPECT_ERROR(wk_graph_dot(w), WK_ERROR_STATE, "the tensor has no history");
}

static void test_printing_names_the_history(void **state)
{
    (void)state;
    wk_Tensor *w = wk_requires_grad_(f32(1, 2));
    wk_Tensor *const tensors[] = {w, wk_mul(w, 2), wk_slice(wk_exp(wk_mul(w, 0)), 0, 0, 1, 1), wk_sum(w)};
    const char *const texts[] = {
        "tensor([1., 2.], requires_grad=True)",
        "tensor([2., 4.], grad_fn=<MulBackward0>)",
        "tensor([1.], grad_fn=<SliceBackward0>)",
        "tensor(3., grad_fn=<SumBackward0>)",
    };
    for (size_t i = 0; i < LENGTH(tensors); i++) {
        char *text = wk_tensor_str(tensors[i]);
        assert_string_equal(text, texts[i]);
        wk_str_free(text);
    }
    wk_Tensor *x = wk_mul(w, 1), *v = wk_slice(x, 0, 0, 1, 1);
    wk_mul_(v, 2);
    char *base = wk_tensor_str(x), *view = wk_tensor_str(v);
    assert_string_equal(base, "tensor([2., 2.], grad_fn=<CopySlices>)");
    assert_string_equal(view, "tensor([2.], grad_fn=<AsStridedBackward0>)");
    wk_str_free(base), wk_str_free(view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_gradients_accumulate),
        TENSOR_TEST(test_one_gradient_is_not_shared),
        TENSOR_TEST(test_gradient_takes_the_dtype_of_its_leaf),
        TENSOR_TEST(test_second_backward_needs_retain_graph),
        TENSOR_TEST(test_create_graph),
        TENSOR_TEST(test_backward_with_create_graph_records_the_gradient),
        TENSOR_TEST(test_chosen_inputs),
        TENSOR_TEST(test_grads_of_several),
        TENSOR_TEST(test_paths_of_different_lengths),
        TENSOR_TEST(test_refused),
        TENSOR_TEST(test_detach),
        TENSOR_TEST(test_modes),
        TENSOR_TEST(test_views_made_without_recording),
        TENSOR_TEST(test_views_of_plain_tensors_made_without_recording),
        TENSOR_TEST(test_leaves_that_are_views),
        TENSOR_TEST(test_detached_base),
        TENSOR_TEST(test_view_of_a_detached_and_written_base),
        TENSOR_TEST(test_hooks_of_views_without_a_history),
        TENSOR_TEST(test_versions),
        TENSOR_TEST(test_leaves),
        TENSOR_TEST(test_walking_the_graph),
        TENSOR_TEST(test_printing_names_the_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
