/* Every operation's gradient, and the gradient of that, against differences: over dense, broadcast, empty and 0-d inputs, over inputs
 * that are not contiguous, and over the operation's options. The samples are in gradients/, a file for each file of operations.
 *
 * Each check notes which operations lie in the graphs of its result and of its gradients; at the end every operation of the library (they
 * lie in the linker section wk_ops) that has a backward must have been seen. So an operation without samples fails this test. */
#include "ops/gradients/gradients.h"

enum { MAX_INPUTS = 6, MAX_TESTS = 64 };

/* ---- which operations have been seen ---------------------------------------------------------------- */

static const wk_Op *seen[512];
static size_t seen_count;

static void note_op(const wk_Op *op)
{
    for (size_t i = 0; i < seen_count; i++)
        if (seen[i] == op)
            return;
    assert_true(seen_count < LENGTH(seen));
    seen[seen_count++] = op;
}

/* The graphs here are a few nodes deep. */
void note_node(const wk_Node *node)
{
    if (!node)
        return;
    note_op(node->op);
    if (!node->of_leaf)
        note_node(node->inner);
    for (int i = 0; i < node->edge_count; i++)
        note_node(node->edges[i].node);
}

/* ---- one check -------------------------------------------------------------------------------------- */

/* Forward, then backward with create_graph: the operations of both graphs. */
void note_graphs(Function function, wk_List in, void *user)
{
    wk_Tensor *y = function(in, user), *wanted[MAX_INPUTS], *grads[MAX_INPUTS];
    EXPECT_TRUE(y != NULL);
    note_node(wk_grad_fn(y));
    int count = 0;
    for (int i = 0; i < in.count; i++)
        if (wk_requires_grad(in.tensors[i]))
            wanted[count++] = in.tensors[i];
    wk_Tensor *v = wk_requires_grad_(wk_ones_shape(wk_ndim(y), wk_shape(y), wk_float64));
    EXPECT_TRUE(wk_grads(grads, {1, &y}, {count, wanted}, .grad_outputs = {1, &v}, .create_graph = true,
                         .allow_unused = true));
    for (int i = 0; i < count; i++)
        if (grads[i])
            note_node(wk_grad_fn(grads[i]));
}

void check_all(Function function, wk_List in, void *user, const char *what)
{
    wk_Scope scope = wk_scope_begin();
    note_graphs(function, in, user);
    if (!wk_gradcheck_with((wk_gradcheck_options){.function = function, .inputs = in, .user = user}) ||
        !wk_gradgradcheck_with((wk_gradcheck_options){.function = function, .inputs = in, .user = user}))
        fail_msg("%s: %s", what, wk_error());
    wk_scope_end(scope);
}

/* ---- samples ---------------------------------------------------------------------------------------- */

/* Set anew for each test, so that its samples do not depend on the others. */
static uint32_t random_state;

static double next_value(double low, double high)
{
    random_state = random_state * 1664525u + 1013904223u;
    return low + (high - low) * ((random_state >> 8) + 0.5) / (1 << 24);
}

wk_Tensor *sample(double low, double high, int ndim, const int64_t *dims)
{
    wk_Tensor *t = wk_empty_shape(ndim, dims, wk_float64);
    for (int64_t i = 0; i < wk_numel(t); i++)
        wk_data(t, double)[i] = next_value(low, high);
    return wk_requires_grad_(t);
}

wk_Tensor *strided(double low, double high, int64_t rows, int64_t columns)
{
    wk_Tensor *t = wk_empty_shape(2, (int64_t[]){2 * columns, rows}, wk_float64);
    for (int64_t i = 0; i < wk_numel(t); i++)
        wk_data(t, double)[i] = next_value(low, high);
    return wk_requires_grad_(wk_detach(wk_slice(wk_t(t), 1, 1, WK_END, 2)));
}

wk_Tensor *distinct(int ndim, const int64_t *dims)
{
    wk_Tensor *t = wk_empty_shape(ndim, dims, wk_float64);
    int64_t n = wk_numel(t), step = n % 7 ? 7 : 11;
    for (int64_t i = 0; i < n; i++)
        wk_data(t, double)[i] = (double)(i * step % (n ? n : 1)) * 0.37 - 1.7;
    return wk_requires_grad_(t);
}

/* ---- nothing is left out ---------------------------------------------------------------------------- */

#if defined(__ELF__)
extern const wk_Op *const __start_wk_ops[] __attribute__((visibility("hidden")));
extern const wk_Op *const __stop_wk_ops[] __attribute__((visibility("hidden")));

static void test_every_operation_was_checked(void **state)
{
    (void)state;
    size_t count = (size_t)(__stop_wk_ops - __start_wk_ops), missing = 0;
    assert_true(count > 100);
    for (size_t i = 0; i < count; i++) {
        const wk_Op *op = __start_wk_ops[i];
        bool found = !op->backward && !op->backward_all;
        for (size_t j = 0; j < seen_count && !found; j++)
            found = seen[j] == op;
        if (!found)
            print_error("no sample for the operation %s (%s)\n", op->name, op->node);
        missing += !found;
        assert_true(op->attributes <= 384); /* what wk_apply has room for */
    }
    assert_int_equal(missing, 0);
}
#else
static void test_every_operation_was_checked(void **state)
{
    (void)state;
    SKIP("the list of operations needs ELF");
}
#endif

/* ---- the tests, as the files register them ---------------------------------------------------------- */

static struct CMUnitTest gradient_tests[MAX_TESTS];
static size_t gradient_test_count;

static int begin_samples(void **state)
{
    random_state = 12345;
    return scope_setup(state);
}

/* Called before main. */
void add_gradient_test(const char *name, void (*run)(void **state))
{
    if (gradient_test_count == MAX_TESTS - 1)
        abort();
    gradient_tests[gradient_test_count++] = (struct CMUnitTest){
        .name = name, .test_func = run, .setup_func = begin_samples, .teardown_func = scope_teardown};
}

int main(void)
{
    gradient_tests[gradient_test_count] =
        (struct CMUnitTest)cmocka_unit_test(test_every_operation_was_checked);
    return _cmocka_run_group_tests("gradients", gradient_tests, gradient_test_count + 1, NULL, NULL);
}
