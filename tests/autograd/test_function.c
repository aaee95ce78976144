/* Functions of the user's own: one and several outputs, what they save, what fails in them, and the life of their user pointer. */
#include "support/check.h"

/* ---- one output ------------------------------------------------------------------------------------- */

static bool square_forward(wk_FunctionContext *ctx, wk_List in, wk_Tensor **out)
{
    assert_false(wk_is_grad_enabled());
    wk_save_for_backward(ctx, in);
    out[0] = wk_mul(in.tensors[0], in.tensors[0]);
    return out[0] != NULL;
}

static bool square_backward(wk_FunctionContext *ctx, wk_List grad, wk_Tensor **grad_in)
{
    grad_in[0] = wk_mul(grad.tensors[0], wk_mul(wk_saved_tensor(ctx, 0), 2));
    return grad_in[0] != NULL;
}

static const wk_Function Square = {.name = "Square", .forward = square_forward, .backward = square_backward};

static wk_Tensor *call_square(wk_List in, void *user)
{
    (void)user;
    return wk_function_call(&Square, in, NULL);
}

static void test_one_output(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(f64(1, -2, 3)), *y = wk_function_call(&Square, wk_list(x), NULL);
    EXPECT_VALUES(y, 1, 4, 9);
    assert_string_equal(wk_node_name(wk_grad_fn(y)), "SquareBackward");
    EXPECT_TRUE(wk_backward(wk_sum(y)));
    EXPECT_VALUES(wk_grad_of(x), 2, -4, 6);
    EXPECT_TRUE(wk_gradcheck(call_square, wk_list(x)));
    EXPECT_TRUE(wk_gradgradcheck(call_square, wk_list(x)));
    wk_Tensor *plain = wk_function_call(&Square, wk_list(f64(3)), NULL);
    assert_false(wk_requires_grad(plain));
    EXPECT_VALUES(plain, 9);
    EXPECT_ERROR(wk_backward(wk_sum(y)), WK_ERROR_STATE, "second time");
    wk_no_grad assert_false(wk_requires_grad(wk_function_call(&Square, wk_list(x), NULL)));
}

/* What it saves is its output: exp. */
static bool exp_forward(wk_FunctionContext *ctx, wk_List in, wk_Tensor **out)
{
    out[0] = wk_exp(in.tensors[0]);
    return wk_save_for_backward(ctx, (wk_List){1, out});
}

static bool exp_backward(wk_FunctionContext *ctx, wk_List grad, wk_Tensor **grad_in)
{
    grad_in[0] = wk_mul(grad.tensors[0], wk_saved_tensor(ctx, 0));
    return grad_in[0] != NULL;
}

static const wk_Function Exp = {.name = "Exp", .forward = exp_forward, .backward = exp_backward};

static wk_Tensor *call_exp(wk_List in, void *user)
{
    (void)user;
    return wk_function_call(&Exp, in, NULL);
}

static void test_saved_output(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(f64(0, 1));
    EXPECT_TRUE(wk_gradcheck(call_exp, wk_list(x)));
    EXPECT_TRUE(wk_gradgradcheck(call_exp, wk_list(x)));
    wk_Tensor *y = wk_function_call(&Exp, wk_list(x), NULL);
    wk_add_(y, 1);
    EXPECT_ERROR(wk_backward(wk_sum(y)), WK_ERROR_STATE, "modified by an inplace operation");
}

/* ---- several outputs -------------------------------------------------------------------------------- */

/* (x, y) -> x y, x + y, and the sign of x, which has no gradient. Saves the second output. */
static bool pair_forward(wk_FunctionContext *ctx, wk_List in, wk_Tensor **out)
{
    wk_Tensor *x = in.tensors[0], *y = in.tensors[1];
    out[0] = wk_mul(x, y);
    out[1] = wk_add(x, y);
    out[2] = wk_sign(x);
    return wk_save_for_backward(ctx, wk_list(x, y, out[1])) && wk_mark_non_differentiable(ctx, out[2]);
}

static bool pair_backward(wk_FunctionContext *ctx, wk_List grad, wk_Tensor **grad_in)
{
    bool *undefined = wk_function_user(ctx);
    if (undefined)
        *undefined = !grad.tensors[1];
    for (int i = 0; i < 2; i++)
        if (wk_needs_input_grad(ctx, i)) {
            grad_in[i] = wk_mul(grad.tensors[0], wk_saved_tensor(ctx, 1 - i));
            if (grad.tensors[1])
                grad_in[i] = wk_add(grad_in[i], grad.tensors[1]);
        }
    return true;
}

static const wk_Function Pair = {
    .name = "Pair", .forward = pair_forward, .backward = pair_backward, .outputs = 3};
static const wk_Function PairKeeping = {.name = "Pair",
                                        .forward = pair_forward,
                                        .backward = pair_backward,
                                        .outputs = 3,
                                        .keep_undefined_grads = true};

static void test_several_outputs(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(f64(1, -2)), *y = wk_requires_grad_(f64(3, 4)), *out[3];
    EXPECT_TRUE(wk_function_apply(&Pair, wk_list(x, y), NULL, out));
    assert_true(wk_requires_grad(out[0]) && wk_requires_grad(out[1]) && !wk_requires_grad(out[2]));
    EXPECT_TRUE(wk_backward(wk_add(wk_sum(wk_mul(out[0], 2)), wk_sum(out[1]))));
    EXPECT_VALUES(wk_grad_of(x), 7, 9);
    EXPECT_VALUES(wk_grad_of(y), 3, -3);
    EXPECT_ERROR(wk_function_call(&Pair, wk_list(x, y), NULL), WK_ERROR_ARGUMENT,
                 "Pair has 3 outputs, use wk_function_apply");
    bool undefined = true;
    EXPECT_TRUE(wk_function_apply(&Pair, wk_list(x, wk_detach(y)), &undefined, out));
    EXPECT_TRUE(wk_backward(wk_sum(out[0])));
    assert_false(undefined); /* zeros were made for the unused output */
    EXPECT_TRUE(wk_function_apply(&PairKeeping, wk_list(x, y), &undefined, out));
    EXPECT_TRUE(wk_backward(wk_sum(out[0])));
    assert_true(undefined);
}

/* The second of two outputs is saved: its history is the second's. */
static bool two_forward(wk_FunctionContext *ctx, wk_List in, wk_Tensor **out)
{
    out[0] = wk_mul(in.tensors[0], 2);
    out[1] = wk_exp(in.tensors[0]);
    return wk_save_for_backward(ctx, wk_list(out[1]));
}

static bool two_backward(wk_FunctionContext *ctx, wk_List grad, wk_Tensor **grad_in)
{
    grad_in[0] = wk_add(wk_mul(grad.tensors[0], 2), wk_mul(grad.tensors[1], wk_saved_tensor(ctx, 0)));
    return grad_in[0] != NULL;
}

static const wk_Function Two = {
    .name = "Two", .forward = two_forward, .backward = two_backward, .outputs = 2};

static wk_Tensor *call_two(wk_List in, void *user)
{
    wk_Tensor *out[2];
    (void)user;
    return wk_function_apply(&Two, in, NULL, out) ? wk_mul(out[0], out[1]) : NULL;
}

static void test_saved_output_of_several(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(f64(0.5, 1));
    EXPECT_TRUE(wk_gradcheck(call_two, wk_list(x)));
    EXPECT_TRUE(wk_gradgradcheck(call_two, wk_list(x)));
}

/* ---- an output that is an input --------------------------------------------------------------------- */

static bool pass_forward(wk_FunctionContext *ctx, wk_List in, wk_Tensor **out)
{
    (void)ctx;
    out[0] = in.tensors[in.count - 1];
    return true;
}

static bool pass_backward(wk_FunctionContext *ctx, wk_List grad, wk_Tensor **grad_in)
{
    (void)ctx;
    grad_in[0] = wk_mul(grad.tensors[0], 3);
    return true;
}

static const wk_Function Pass = {.name = "Pass", .forward = pass_forward, .backward = pass_backward};

static void test_output_that_is_an_input(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(f64(1, 2)), *plain = f64(5, 6);
    wk_Tensor *y = wk_function_call(&Pass, wk_list(x), NULL);
    assert_ptr_not_equal(y, x);
    assert_true(wk_is_leaf(x));
    EXPECT_TRUE(wk_backward(wk_sum(y)));
    EXPECT_VALUES(wk_grad_of(x), 3, 3);
    y = wk_function_call(&Pass, wk_list(x, plain), NULL);
    assert_ptr_not_equal(y, plain);
    assert_false(wk_requires_grad(plain));
}

/* ---- failures --------------------------------------------------------------------------------------- */

typedef enum Fault {
    FORWARD_SILENT,
    FORWARD_NULL,
    FORWARD_RAISES,
    BACKWARD_SILENT,
    BACKWARD_RAISES,
    BACKWARD_SHAPE
} Fault;

static int released;

static void count_release(void *user)
{
    assert_non_null(user);
    released++;
}

static bool faulty_forward(wk_FunctionContext *ctx, wk_List in, wk_Tensor **out)
{
    Fault fault = *(Fault *)wk_function_user(ctx);
    wk_save_for_backward(ctx, in);
    if (fault == FORWARD_SILENT)
        return false;
    out[0] = fault == FORWARD_NULL     ? NULL
             : fault == FORWARD_RAISES ? wk_view(in.tensors[0], 7)
                                       : wk_clone(in.tensors[0]);
    return fault == FORWARD_NULL || out[0];
}

static bool faulty_backward(wk_FunctionContext *ctx, wk_List grad, wk_Tensor **grad_in)
{
    Fault fault = *(Fault *)wk_function_user(ctx);
    if (fault == BACKWARD_SILENT)
        return false;
    grad_in[0] = fault == BACKWARD_RAISES ? wk_view(grad.tensors[0], 7) : f64(1, 2, 3, 4, 5);
    return grad_in[0] != NULL;
}

static const wk_Function Faulty = {
    .name = "Faulty", .forward = faulty_forward, .backward = faulty_backward, .release = count_release};

static bool run_faulty(Fault *fault)
{
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *x = wk_requires_grad_(f64(1, 2)), *y = wk_function_call(&Faulty, wk_list(x), fault);
    bool done = y && wk_backward(wk_sum(y));
    wk_scope_end(scope);
    return done;
}

static void test_failing_callbacks(void **state)
{
    (void)state;
    static const struct {
        Fault fault;
        wk_ErrorKind kind;
        const char *text;
    } cases[] = {
        {FORWARD_SILENT, WK_ERROR_STATE, "FaultyBackward: the function's forward failed"},
        {FORWARD_NULL, WK_ERROR_ARGUMENT, "FaultyBackward: argument output is NULL"},
        {FORWARD_RAISES, WK_ERROR_SHAPE, "shape '[7]' is invalid for input of size 2"},
        {BACKWARD_SILENT, WK_ERROR_STATE, "FaultyBackward: the function's backward failed"},
        {BACKWARD_RAISES, WK_ERROR_SHAPE, "shape '[7]' is invalid for input of size 2"},
        {BACKWARD_SHAPE, WK_ERROR_SHAPE,
         "Function FaultyBackward returned an invalid gradient at index 0 - got [5] but expected shape "
         "compatible with [2]"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        Fault fault = cases[i].fault;
        released = 0;
        EXPECT_ERROR(run_faulty(&fault), cases[i].kind, cases[i].text);
        assert_int_equal(released, 1);
        assert_true(wk_is_grad_enabled());
    }
}

static void test_user_is_released_once(void **state)
{
    (void)state;
    Fault unused = BACKWARD_SILENT;
    released = 0;
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *y = wk_keep(wk_function_call(&Faulty, wk_list(wk_requires_grad_(f64(1))), &unused));
    wk_scope_end(scope);
    assert_int_equal(released, 0); /* the graph may still need it */
    wk_tensor_free(y);
    assert_int_equal(released, 1);
    scope = wk_scope_begin();
    wk_function_call(&Faulty, wk_list(f64(1)), &unused); /* no graph: it is not needed any more */
    wk_scope_end(scope);
    assert_int_equal(released, 2);
    EXPECT_ERROR(wk_function_call(&Faulty, wk_list(NULL), &unused), WK_ERROR_ARGUMENT,
                 "Faulty: argument input is NULL");
    assert_int_equal(released, 3);
    EXPECT_ERROR(wk_function_call(NULL, wk_list(f64(1)), NULL), WK_ERROR_ARGUMENT,
                 "argument function is NULL");
}

static bool misuse_forward(wk_FunctionContext *ctx, wk_List in, wk_Tensor **out)
{
    out[0] = wk_clone(in.tensors[0]);
    EXPECT_TRUE(wk_save_for_backward(ctx, in));
    EXPECT_ERROR(wk_save_for_backward(ctx, in), WK_ERROR_STATE,
                 "save_for_backward: call it once, in forward");
    EXPECT_ERROR(wk_mark_non_differentiable(ctx, in.tensors[0]), WK_ERROR_ARGUMENT,
                 "the tensor is no output yet");
    EXPECT_ERROR(wk_saved_tensor(ctx, 0), WK_ERROR_INDEX, "index 0 is out of range: 0 tensors were saved");
    assert_true(wk_needs_input_grad(ctx, 0));
    assert_false(wk_needs_input_grad(ctx, 1));
    return true;
}

static bool misuse_backward(wk_FunctionContext *ctx, wk_List grad, wk_Tensor **grad_in)
{
    EXPECT_ERROR(wk_saved_tensor(ctx, 1), WK_ERROR_INDEX, "index 1 is out of range: 1 tensors were saved");
    EXPECT_ERROR(wk_save_for_backward(ctx, grad), WK_ERROR_STATE, "call it once, in forward");
    (void)grad_in; /* NULL: no gradient */
    return true;
}

static const wk_Function Misuse = {.name = "Misuse", .forward = misuse_forward, .backward = misuse_backward};

static void test_misuse_of_the_context(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(f64(1, 2)), *y = wk_function_call(&Misuse, wk_list(x), NULL);
    EXPECT_TRUE(wk_backward(wk_sum(y)));
    assert_null(wk_grad_of(x));
    EXPECT_ERROR(wk_save_for_backward(NULL, wk_list(x)), WK_ERROR_ARGUMENT, "argument ctx is NULL");
}

/* ---- backward inside backward ----------------------------------------------------------------------- */

/* f(x) = x^2 whose backward finds the derivative with a graph of its own. */
static bool inner_forward(wk_FunctionContext *ctx, wk_List in, wk_Tensor **out)
{
    wk_save_for_backward(ctx, in);
    out[0] = wk_square(in.tensors[0]);
    return out[0] != NULL;
}

static bool inner_backward(wk_FunctionContext *ctx, wk_List grad, wk_Tensor **grad_in)
{
    wk_Tensor *x = wk_requires_grad_(wk_detach(wk_saved_tensor(ctx, 0)));
    wk_enable_grad
    {
        wk_Tensor *y = wk_sum(wk_mul(x, x));
        assert_true(wk_backward(y));
    }
    grad_in[0] = wk_mul(grad.tensors[0], wk_grad_of(x));
    return grad_in[0] != NULL;
}

static const wk_Function Inner = {.name = "Inner", .forward = inner_forward, .backward = inner_backward};

static void test_backward_inside_backward(void **state)
{
    (void)state;
    wk_Tensor *x = wk_requires_grad_(f64(1, 2)), *y = wk_mul(x, 1);
    for (int i = 0; i < 3; i++)
        y = wk_function_call(&Inner, wk_list(y), NULL);
    EXPECT_TRUE(wk_backward(wk_sum(y)));
    EXPECT_VALUES(wk_grad_of(x), 8, 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_one_output),
        TENSOR_TEST(test_saved_output),
        TENSOR_TEST(test_several_outputs),
        TENSOR_TEST(test_saved_output_of_several),
        TENSOR_TEST(test_output_that_is_an_input),
        TENSOR_TEST(test_failing_callbacks),
        TENSOR_TEST(test_user_is_released_once),
        TENSOR_TEST(test_misuse_of_the_context),
        TENSOR_TEST(test_backward_inside_backward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
