/* Modules of several tensors: what they take and give, what becomes of it in scopes and in Sequential, and every mistake. */
#include "nn/net.h"
#include "support/check.h"

/* Two in, two out: (a * b, a + w * b), with a parameter w. */
typedef struct Pair {
    wk_Module base;
    wk_Tensor *w;
} Pair;

static wk_Results pair_forward(wk_Module *self, wk_List in)
{
    wk_Tensor *a = in.tensors[0], *b = in.tensors[1];
    return wk_results(wk_mul(a, b), wk_add(a, wk_mul(((Pair *)self)->w, b)));
}

static wk_Module *Pair_new(void)
{
    Pair *pair = wk_module(Pair, pair_forward);
    wk_attr(pair, w, wk_Parameter(wk_scalar(wk_number(3))));
    return pair ? &pair->base : NULL;
}

/* One tensor and two that may be left out; gives as many as it got, but of a fourth kind what `wanted` says. */
static int wanted = -1;

static wk_Results cell_forward(wk_Module *self, wk_List in)
{
    (void)self;
    wk_Results out = {.count = wanted};
    if (wanted >= 0)
        return out.tensors[0] = in.tensors[0], out;
    assert_true(in.count >= 3 || !in.tensors[2]);
    assert_null(in.tensors[WK_MOST_RESULTS - 1]);
    wk_Tensor *h = in.tensors[1] ? in.tensors[1] : wk_zeros_like(in.tensors[0]);
    return in.tensors[2] ? wk_results(wk_add(in.tensors[0], h), in.tensors[2]) : wk_results(h);
}

static const wk_Class cell_class = {
    .name = "Cell", .forward_all = cell_forward, .inputs = {"input", "hx?", "cx?"}};

static void two_in_two_out(void **state)
{
    (void)state;
    wk_Module *pair = Pair_new();
    wk_Tensor *a = wk_requires_grad_(f32(1, 2)), *b = wk_requires_grad_(f32(5, 7));
    EXPECT_VALUES(wk_call(pair, a, b), 5, 14);
    wk_Results r = wk_call_all(pair, wk_list(a, b));
    assert_int_equal(r.count, 2);
    EXPECT_VALUES(r.tensors[0], 5, 14);
    EXPECT_VALUES(r.tensors[1], 16, 23);
    assert_null(r.tensors[2]);
    EXPECT_TRUE(wk_backward(wk_sum(wk_add(r.tensors[0], r.tensors[1]))));
    EXPECT_VALUES(wk_grad_of(a), 6, 8);
    EXPECT_VALUES(wk_grad_of(b), 4, 5);
    EXPECT_VALUES(wk_grad_of(wk_get_parameter(pair, "w")), 12);
    wk_free(pair);
}

static wk_Tensor *both_results(wk_List inputs, void *module)
{
    wk_Results r = wk_call_all(module, inputs);
    return wk_mul(r.tensors[0], wk_exp(r.tensors[1]));
}

static void gradients_of_both(void **state)
{
    (void)state;
    wk_Module *pair = wk_module_to_dtype(Pair_new(), wk_float64);
    wk_List inputs = wk_list(wk_requires_grad_(f64(0.3, -0.5)), wk_requires_grad_(f64(0.7, 0.2)));
    EXPECT_TRUE(wk_gradcheck(both_results, inputs, .user = pair));
    EXPECT_TRUE(wk_gradgradcheck(both_results, inputs, .user = pair));
    wk_free(pair);
}

/* What a call computes beside its results goes with it; of wk_call the results beyond the first go too. */
static void scopes(void **state)
{
    (void)state;
    wk_Module *pair = Pair_new();
    wk_Tensor *a = wk_ones(1 << 16), *b = wk_ones(1 << 16);
    const size_t before = wk_memory_allocated();
    wk_no_grad
    {
        wk_Scope scope = wk_scope_begin();
        wk_Tensor *first = wk_call(pair, a, b);
        const size_t one = wk_memory_allocated() - before;
        assert_true(one < (size_t)(2 << 18));
        wk_Results r = wk_call_all(pair, wk_list(a, b));
        assert_int_equal(wk_memory_allocated() - before, 3 * one);
        assert_true(wk_equal(first, r.tensors[0]));
        wk_Tensor *kept = wk_keep(r.tensors[1]);
        wk_scope_end(scope);
        assert_int_equal(wk_memory_allocated() - before, one);
        assert_true(wk_at(kept, 5) == 4);
        wk_free(kept);
    }
    wk_free(pair);
}

static void optional_tensors(void **state)
{
    (void)state;
    wk_Module *cell = wk_module_new(sizeof *cell, &cell_class);
    wk_Tensor *x = f32(1), *h = f32(2), *c = f32(3);
    EXPECT_VALUES(wk_call(cell, x), 0);
    EXPECT_VALUES(wk_call(cell, x, h), 2);
    EXPECT_VALUES(wk_call(cell, x, h, c), 3);
    EXPECT_VALUES(wk_call(cell, x, NULL, c), 1);
    EXPECT_VALUES(wk_call(cell, x, NULL, NULL), 0);
    wk_Results r = wk_call_all(cell, wk_list(x, h, c));
    assert_int_equal(r.count, 2);
    assert_ptr_equal(r.tensors[1], c); /* an input may be a result */
    assert_int_equal(wk_call_all(cell, wk_list(x)).count, 1);
    wk_free(cell);
}

static void one_tensor_modules_too(void **state)
{
    (void)state;
    wk_Module *relu = wk_ReLU();
    wk_Results r = wk_call_all(relu, wk_list(f32(-1, 2)));
    assert_int_equal(r.count, 1);
    EXPECT_VALUES(r.tensors[0], 0, 2);
    assert_null(r.tensors[1]);
    wk_free(relu);
}

/* What a child returns is what the next one takes. */
static void sequences(void **state)
{
    (void)state;
    wk_Module *net = wk_Sequential(Pair_new(), Pair_new());
    wk_Results r = wk_call_all(net, wk_list(f32(2), f32(5)));
    assert_int_equal(r.count, 2);
    EXPECT_VALUES(r.tensors[0], 170);
    EXPECT_VALUES(r.tensors[1], 61);
    wk_append(net, wk_Tanh());
    EXPECT_ERROR(wk_call(net, f32(2), f32(5)), WK_ERROR_ARGUMENT,
                 "Tanh.forward() takes 2 positional arguments but 3 were given (in Sequential.2)");
    wk_free(net);
    net = wk_Sequential_of(0, NULL);
    wk_Tensor *x = f32(1), *y = f32(2);
    r = wk_call_all(net, wk_list(x, y));
    assert_true(r.count == 2 && r.tensors[0] == x && r.tensors[1] == y);
    EXPECT_ERROR(wk_call(net, x, x, x, x, x, x, x, x, x), WK_ERROR_ARGUMENT,
                 "Sequential: takes at most 8 tensors, got 9 (in Sequential)");
    EXPECT_ERROR(wk_call_list(net, (wk_List){0, NULL}), WK_ERROR_ARGUMENT,
                 "Sequential: takes at least one tensor (in Sequential)");
    wk_free(net);
}

static void mistakes(void **state)
{
    (void)state;
    ROW("A42");
    wk_Module *cell = wk_module_new(sizeof *cell, &cell_class), *pair = Pair_new(), *loss = wk_MSELoss();
    wk_Tensor *x = f32(1);
    EXPECT_ERROR(wk_call(cell, x, x, x, x, x), WK_ERROR_ARGUMENT,
                 "Cell: takes 1 to 3 tensors, got 5 (in Cell)");
    EXPECT_ERROR(wk_call_list(cell, (wk_List){0, NULL}), WK_ERROR_ARGUMENT,
                 "Cell: takes 1 to 3 tensors, got 0 (in Cell)");
    EXPECT_ERROR(wk_call_list(cell, (wk_List){-1, NULL}), WK_ERROR_ARGUMENT,
                 "Cell: argument inputs has -1 items");
    EXPECT_ERROR(wk_call_list(cell, (wk_List){2, NULL}), WK_ERROR_ARGUMENT, "Cell: argument inputs is NULL");
    EXPECT_ERROR(wk_call(cell, NULL, x), WK_ERROR_ARGUMENT, "Cell: argument input is NULL");
    EXPECT_ERROR(wk_call(loss, x, x, x), WK_ERROR_ARGUMENT,
                 "MSELoss.forward() takes 3 positional arguments but 4 were given");
    EXPECT_ERROR(wk_call_list(loss, (wk_List){0, NULL}), WK_ERROR_ARGUMENT,
                 "MSELoss.forward() missing 2 required positional arguments: 'input' and 'target'");
    EXPECT_ERROR(wk_call(pair, x), WK_ERROR_ARGUMENT, "mul: argument other is NULL (in Pair)");
    EXPECT_ERROR(wk_call(pair, wk_view(x, 7), x), WK_ERROR_SHAPE, "shape '[7]' is invalid");
#ifndef NDEBUG
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *freed = f32(1);
    wk_scope_end(scope);
    EXPECT_ERROR(wk_call(cell, x, NULL, freed), WK_ERROR_STATE, "Cell: cx is a tensor of a finished step");
    EXPECT_ERROR(wk_call(pair, x, freed), WK_ERROR_STATE, "Pair: input is a tensor of a finished step");
#endif
    wk_free(cell), wk_free(pair), wk_free(loss);
}

static void forwards_that_return_nonsense(void **state)
{
    (void)state;
    wk_Module *cell = wk_module_new(sizeof *cell, &cell_class);
    wk_Tensor *x = f32(1);
    wanted = 0;
    EXPECT_ERROR(wk_call(cell, x), WK_ERROR_STATE, "Cell: forward returned NULL without an error");
    wanted = 2;
    EXPECT_ERROR(wk_call(cell, x), WK_ERROR_STATE, "Cell: result 1 of forward is NULL without an error");
    assert_int_equal(wk_call_all(cell, wk_list(x)).count, 0);
    assert_null(wk_call_all(cell, wk_list(x)).tensors[0]);
    wk_clear_error();
    wanted = 9;
    EXPECT_ERROR(wk_call(cell, x), WK_ERROR_STATE, "Cell: forward returned 9 results: 1 to 8 are allowed");
    wanted = -1;
    wk_free(cell);
}

/* nn.MaxPool2d(2, return_indices=True)(torch.arange(8.).view(1, 2, 4)) */
static void pooling_with_indices(void **state)
{
    (void)state;
    wk_Module *pool = wk_MaxPool2d(2, .return_indices = true), *values = wk_MaxPool2d(2);
    wk_Tensor *x = wk_requires_grad_(wk_view(f32(0, 1, 2, 3, 4, 5, 6, 7), 1, 2, 4));
    wk_Results r = wk_call_all(pool, wk_list(x));
    assert_int_equal(r.count, 2);
    EXPECT_VALUES(r.tensors[0], 5, 7);
    EXPECT_VALUES(r.tensors[1], 5, 7);
    assert_true(wk_dtype_of(r.tensors[1]) == wk_int64 && wk_requires_grad(r.tensors[0]));
    EXPECT_VALUES(wk_call(pool, x), 5, 7);
    r = wk_call_all(values, wk_list(x));
    assert_int_equal(r.count, 1);
    EXPECT_ERROR(wk_call(pool, x, x), WK_ERROR_ARGUMENT,
                 "MaxPool2d.forward() takes 2 positional arguments but 3 were given");
    EXPECT_ERROR(wk_call_all(pool, wk_list(wk_ones(3))).tensors[0], WK_ERROR_SHAPE, "max_pool2d: ");
    wk_free(pool), wk_free(values);
}

/* ---- hooks ------------------------------------------------------------------------------------------ */

typedef struct Seen {
    int calls, released, inputs, results;
    uint64_t remove;
} Seen;

static wk_Results see(wk_Module *module, wk_List inputs, wk_Results results, void *user)
{
    Seen *seen = user;
    seen->calls++;
    seen->inputs = inputs.count;
    seen->results = results.count;
    if (seen->remove)
        assert_true(wk_remove_forward_hook(module, seen->remove));
    return results;
}

static wk_Results swap(wk_Module *module, wk_List inputs, wk_Results results, void *user)
{
    (void)module, (void)inputs, (void)user;
    return wk_results(results.tensors[1], wk_neg(results.tensors[0]));
}

static wk_Results lose(wk_Module *module, wk_List inputs, wk_Results results, void *user)
{
    (void)module, (void)inputs, (void)user;
    return results.tensors[1] = NULL, results;
}

static void seen_released(void *user)
{
    ((Seen *)user)->released++;
}

static void hooks(void **state)
{
    (void)state;
    Seen first = {0}, second = {0};
    wk_Module *pair = Pair_new(), *relu = wk_ReLU();
    uint64_t one = wk_register_forward_hook(pair, see, &first, seen_released);
    uint64_t two = wk_register_forward_hook(pair, swap, NULL, NULL);
    assert_true(one && two && wk_register_forward_hook(pair, see, &second, seen_released));
    wk_Results r = wk_call_all(pair, wk_list(f32(2), f32(5)));
    EXPECT_VALUES(r.tensors[0], 17);
    EXPECT_VALUES(r.tensors[1], -10);
    assert_true(first.calls == 1 && first.inputs == 2 && first.results == 2);
    first.remove = one; /* itself; and the second one the swap that has run */
    second.remove = two;
    EXPECT_VALUES(wk_call(pair, f32(2), f32(5)), 17);
    assert_int_equal(first.released, 1);
    second.remove = 0;
    EXPECT_VALUES(wk_call(pair, f32(2), f32(5)), 10);
    assert_true(first.calls == 2 && second.calls == 3);
    EXPECT_ERROR(wk_remove_forward_hook(pair, one), WK_ERROR_ARGUMENT,
                 "remove_forward_hook: Pair has no hook 1");
    assert_true(wk_register_forward_hook(pair, lose, NULL, NULL) > two);
    EXPECT_ERROR(wk_call(pair, f32(2), f32(5)), WK_ERROR_STATE,
                 "Pair: result 1 of forward is NULL without an error (in Pair)");
    wk_free(pair);
    assert_int_equal(second.released, 1);
    assert_true(wk_register_forward_hook(relu, see, &first, NULL)); /* of the short form too */
    EXPECT_VALUES(wk_call(relu, f32(-1)), 0);
    assert_true(first.inputs == 1 && first.results == 1);
    EXPECT_ERROR(wk_register_forward_hook(NULL, see, &first, seen_released), WK_ERROR_ARGUMENT,
                 "register_forward_hook: argument module is NULL");
    assert_int_equal(first.released, 2);
    wk_free(relu);
}

/* ---- memory ----------------------------------------------------------------------------------------- */

static wk_Tensor *pairs_called(void *pair)
{
    wk_Tensor *x = wk_ones(3);
    return wk_call_all(pair, wk_list(x, x)).tensors[1];
}

static void memory_runs_out_at_each_allocation(void **state)
{
    (void)state;
    wk_Module *net = wk_Sequential(Pair_new(), Pair_new());
    assert_true(expect_survives_failing_allocations(pairs_called, net) > 3);
    wk_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(two_in_two_out),
        TENSOR_TEST(gradients_of_both),
        TENSOR_TEST(scopes),
        TENSOR_TEST(optional_tensors),
        TENSOR_TEST(one_tensor_modules_too),
        TENSOR_TEST(sequences),
        TENSOR_TEST(mistakes),
        TENSOR_TEST(forwards_that_return_nonsense),
        TENSOR_TEST(pooling_with_indices),
        TENSOR_TEST(hooks),
        TENSOR_TEST(memory_runs_out_at_each_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
