/* Every operation's gradient, and the gradient of that, against differences: over dense, broadcast, empty and 0-d inputs, over inputs
 * that are not contiguous, and over the operation's options.
 *
 * Elementwise samples come from the rows' own intervals. Each check also notes which operations lie in the graphs of its result and
 * of its gradients; at the end every operation of the library (they lie in the linker section wk_ops) that has a backward must have
 * been seen. So an operation without samples fails this test. */
#include "support/check.h"

#include "autograd/node.h"
#include "ops/ops.h"

enum { MAX_INPUTS = 6 };

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
static void note_node(const wk_Node *node)
{
    if (!node)
        return;
    note_op(node->op);
    note_node(node->inner);
    for (int i = 0; i < node->edge_count; i++)
        note_node(node->edges[i].node);
}

/* ---- one check -------------------------------------------------------------------------------------- */

typedef wk_Tensor *(*Function)(wk_List in, void *user);

/* Forward, then backward with create_graph: the operations of both graphs. */
static void note_graphs(Function function, wk_List in, void *user)
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

static void check_all(Function function, wk_List in, void *user, const char *what)
{
    wk_Scope scope = wk_scope_begin();
    note_graphs(function, in, user);
    if (!wk_gradcheck_with((wk_gradcheck_options){.function = function, .inputs = in, .user = user}) ||
        !wk_gradgradcheck_with((wk_gradcheck_options){.function = function, .inputs = in, .user = user}))
        fail_msg("%s: %s", what, wk_error());
    wk_scope_end(scope);
}

/* CHECK(inputs..., expression): the expression is over in.tensors, named a, b, c. */
#define a (in.tensors[0])
#define b (in.tensors[1])
#define c (in.tensors[2])
#define DEFINE(name, expression)                   \
    static wk_Tensor *name(wk_List in, void *user) \
    {                                              \
        (void)user, (void)in;                      \
        return expression;                         \
    }
#define CHECK(function, ...) check_all(function, wk_list(__VA_ARGS__), NULL, #function "(" #__VA_ARGS__ ")")

/* ---- samples ---------------------------------------------------------------------------------------- */

static double next_value(double low, double high)
{
    static uint32_t state = 12345;
    state = state * 1664525u + 1013904223u;
    return low + (high - low) * ((state >> 8) + 0.5) / (1 << 24);
}

/* A leaf of values in an interval. */
static wk_Tensor *sample(double low, double high, int ndim, const int64_t *dims)
{
    wk_Tensor *t = wk_empty_shape(ndim, dims, wk_float64);
    for (int64_t i = 0; i < wk_numel(t); i++)
        wk_data(t, double)[i] = next_value(low, high);
    return wk_requires_grad_(t);
}
#define X(...)             sample(-2, 2, WK_SHAPE(__VA_ARGS__))
#define BETWEEN(l, h, ...) sample(l, h, WK_SHAPE(__VA_ARGS__))
#define X0(l, h)           sample(l, h, 0, NULL)

/* A leaf whose elements lie apart and in another order: every second column of a transpose. */
static wk_Tensor *strided(double low, double high, int64_t rows, int64_t columns)
{
    wk_Tensor *t = wk_empty_shape(2, (int64_t[]){2 * columns, rows}, wk_float64);
    for (int64_t i = 0; i < wk_numel(t); i++)
        wk_data(t, double)[i] = next_value(low, high);
    return wk_requires_grad_(wk_detach(wk_slice(wk_t(t), 1, 1, WK_END, 2)));
}

/* Distinct values far apart, shuffled: no two can tie within a step of the differences. */
static wk_Tensor *distinct(int ndim, const int64_t *dims)
{
    wk_Tensor *t = wk_empty_shape(ndim, dims, wk_float64);
    int64_t n = wk_numel(t), step = n % 7 ? 7 : 11;
    for (int64_t i = 0; i < n; i++)
        wk_data(t, double)[i] = (double)(i * step % (n ? n : 1)) * 0.37 - 1.7;
    return wk_requires_grad_(t);
}
#define DISTINCT(...) distinct(WK_SHAPE(__VA_ARGS__))

/* ---- elementwise: from the rows --------------------------------------------------------------------- */

typedef wk_Tensor *(*Unary)(wk_Tensor *);
typedef wk_Tensor *(*Binary)(wk_Tensor *, wk_Tensor *);

typedef struct ElementwiseSample {
    const char *name;
    Unary unary, unary_inplace;
    Binary binary, binary_inplace;
    wk_Tensor *(*with_number)(wk_Tensor *, double);
    double low, high;
} ElementwiseSample;

/* Rows that no header names: gradients that are rows themselves. */
#define UNARY(...)
#define BINARY(name, ...)                                              \
    wk_Tensor *wk_##name##_tensor(wk_Tensor *input, wk_Tensor *other); \
    wk_Tensor *wk_##name##_double(wk_Tensor *input, double other);     \
    wk_Tensor *wk_##name##__tensor(wk_Tensor *self, wk_Tensor *other);
#include "kernels/rows.def"

#define LOW_HIGH_OF_UNARY(types, value, node, saves, gradient, low, high)         low, high
#define LOW_HIGH_OF_BINARY(types, value, node, number, sx, sy, gx, gy, low, high) low, high
static const ElementwiseSample elementwise[] = {
#define UNARY(name, ...) {#name, wk_##name, wk_##name##_, NULL, NULL, NULL, LOW_HIGH_OF_UNARY(__VA_ARGS__)},
#define BINARY(name, ...) \
    {#name,               \
     NULL,                \
     NULL,                \
     wk_##name##_tensor,  \
     wk_##name##__tensor, \
     wk_##name##_double,  \
     LOW_HIGH_OF_BINARY(__VA_ARGS__)},
#include "kernels/rows.def"
};

static wk_Tensor *call_unary(wk_List in, void *user)
{
    return ((const ElementwiseSample *)user)->unary(a);
}

static wk_Tensor *call_unary_inplace(wk_List in, void *user)
{
    return ((const ElementwiseSample *)user)->unary_inplace(wk_mul(a, 1));
}

static wk_Tensor *call_binary(wk_List in, void *user)
{
    return ((const ElementwiseSample *)user)->binary(a, b);
}

static wk_Tensor *call_binary_inplace(wk_List in, void *user)
{
    return ((const ElementwiseSample *)user)->binary_inplace(wk_mul(a, 1), b);
}

static wk_Tensor *call_with_number(wk_List in, void *user)
{
    const ElementwiseSample *s = user;
    return s->with_number(a, (s->low + 2 * s->high) / 3);
}

static void check_unary(const ElementwiseSample *s)
{
    double l = s->low, h = s->high;
    wk_Tensor *inputs[] = {X0(l, h), BETWEEN(l, h, 1), BETWEEN(l, h, 0, 3), BETWEEN(l, h, 3, 5),
                           strided(l, h, 2, 3)};
    for (size_t i = 0; i < LENGTH(inputs); i++) {
        check_all(call_unary, wk_list(inputs[i]), (void *)s, s->name);
        check_all(call_unary_inplace, wk_list(inputs[i]), (void *)s, s->name);
    }
}

static void check_binary(const ElementwiseSample *s)
{
    double l = s->low, h = s->high;
    wk_Tensor *pairs[][2] = {
        {X0(l, h), X0(l, h)},
        {BETWEEN(l, h, 2, 3), BETWEEN(l, h, 2, 3)},
        {BETWEEN(l, h, 2, 3), X0(l, h)},
        {BETWEEN(l, h, 2, 3), BETWEEN(l, h, 3)},
        {BETWEEN(l, h, 2, 1, 3), BETWEEN(l, h, 2, 1)},
        {BETWEEN(l, h, 3), BETWEEN(l, h, 2, 1)},
        {BETWEEN(l, h, 0, 3), BETWEEN(l, h, 1, 3)},
        {strided(l, h, 2, 3), BETWEEN(l, h, 2, 3)},
        {strided(l, h, 2, 3), strided(l, h, 2, 3)},
        {BETWEEN(l, h, 2, 3), wk_detach(BETWEEN(l, h, 2, 3))},
        {wk_detach(BETWEEN(l, h, 2, 3)), BETWEEN(l, h, 2, 3)},
    };
    for (size_t i = 0; i < LENGTH(pairs); i++) {
        check_all(call_binary, wk_list(pairs[i][0], pairs[i][1]), (void *)s, s->name);
        wk_Tensor *sum = wk_add(pairs[i][0], pairs[i][1]);
        bool fits = wk_ndim(sum) == wk_ndim(pairs[i][0]);
        for (int d = 0; fits && d < wk_ndim(sum); d++)
            fits = wk_shape(sum)[d] == wk_shape(pairs[i][0])[d];
        if (fits)
            check_all(call_binary_inplace, wk_list(pairs[i][0], pairs[i][1]), (void *)s, s->name);
    }
    check_all(call_with_number, wk_list(BETWEEN(l, h, 2, 3)), (void *)s, s->name);
    check_all(call_with_number, wk_list(X0(l, h)), (void *)s, s->name);
}

static void test_elementwise_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(elementwise); i++) {
        wk_Scope scope = wk_scope_begin();
        if (elementwise[i].unary)
            check_unary(&elementwise[i]);
        else
            check_binary(&elementwise[i]);
        wk_scope_end(scope);
    }
}

DEFINE(add_alpha, wk_add_alpha(a, b, 0.7))
DEFINE(sub_alpha, wk_sub_alpha(a, b, -1.5))
DEFINE(add_alpha_inplace, wk_add_alpha_(wk_mul(a, 1), b, 0.7))
DEFINE(sub_alpha_inplace, wk_sub_alpha_(wk_mul(a, 1), b, 2))
DEFINE(rsub, wk_rsub(a, 3))
DEFINE(scalar_pow, wk_scalar_pow(1.7, a))
DEFINE(pow_2, wk_pow(a, 2))
DEFINE(pow_3_inplace, wk_pow_(wk_mul(a, 1), 3))
DEFINE(pow_0, wk_pow(a, 0))
DEFINE(square_of_itself, wk_mul(a, a))
DEFINE(add_int, wk_add(a, 2))
DEFINE(through_f32_dtype, wk_to_dtype(wk_mul(a, 1), wk_float64))

static void test_elementwise_forms(void **state)
{
    (void)state;
    CHECK(add_alpha, X(2, 3), X(3));
    CHECK(sub_alpha, X(2, 3), X(2, 1));
    CHECK(add_alpha_inplace, X(2, 3), X(3));
    CHECK(sub_alpha_inplace, X(2, 3), X(2, 3));
    CHECK(rsub, X(2, 3));
    CHECK(rsub, X0(-1, 1));
    CHECK(scalar_pow, X(4));
    CHECK(pow_2, X(4));
    CHECK(pow_3_inplace, X(4));
    CHECK(pow_0, X(4));
    CHECK(square_of_itself, X(2, 3));
    CHECK(add_int, X(2, 3));
    CHECK(through_f32_dtype, X(2, 3));
}

DEFINE(where_ab, wk_where(wk_gt(wk_detach(a), 0), a, b))
DEFINE(where_broadcast, wk_where(tensor_of(wk_bool, 2, (int64_t[]){2, 1}, (double[]){1, 0}), a, b))
DEFINE(masked, wk_masked_fill(a, tensor_of(wk_bool, 2, (int64_t[]){2, 1}, (double[]){1, 0}), 7))
DEFINE(masked_row, wk_masked_fill(a, truth(1, 0, 1), 7))
DEFINE(clamped, wk_clamp(a, -0.95, 1.05))
DEFINE(clamped_above, wk_clamp(a, -INFINITY, 1.05))
DEFINE(clamped_below, wk_clamp(a, -0.95, INFINITY))

static void test_choices(void **state)
{
    (void)state;
    CHECK(where_ab, DISTINCT(2, 3), X(2, 3));
    CHECK(where_ab, DISTINCT(2, 3), X0(-1, 1));
    CHECK(where_broadcast, X(2, 3), X(3));
    CHECK(where_broadcast, X0(-1, 1), X(2, 3));
    CHECK(masked, X(2, 3));
    CHECK(masked, X(3));
    CHECK(masked_row, X(2, 1));
    CHECK(clamped, DISTINCT(2, 5));
    CHECK(clamped_above, DISTINCT(2, 5));
    CHECK(clamped_below, strided(-0.9, 2, 2, 3));
}

/* ---- copies and writes in place --------------------------------------------------------------------- */

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
    case 2:
        part = wk_bernoulli_(part, 0.5, NULL);
        break;
    default:
        part = wk_to_dtype(part, wk_float64);
    }
    return part ? wk_mul(x, a) : NULL;
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

static void test_writes_in_place(void **state)
{
    (void)state;
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
    for (int which = 0; which < 3; which++)
        check_all(refilled_at_random, wk_list(X(2, 3)), &which, "refilled at random");
    CHECK(nested_views, X(3, 3), X(2));
    CHECK(view_of_transposed, X(2, 3), X(2));
    CHECK(saves_result_in_view, X(2, 3));
    CHECK(adds_function_of_itself, X(2, 3));
}

/* A conversion that loses digits cannot be compared with differences: its gradient is the gradient. */
static void test_conversion_passes_the_gradient(void **state)
{
    (void)state;
    wk_Tensor *x = X(2, 3);
    wk_List in = wk_list(x);
    note_graphs(to_f32_and_back, in, NULL);
    EXPECT_VALUES(wk_grad(wk_sum(to_f32_and_back(in, NULL)), x), 2, 2, 2, 2, 2, 2);
    wk_Tensor *y = wk_random_(wk_mul(x, 1), 0, 9, NULL); /* the numbers of random_ are whole */
    note_node(wk_grad_fn(y));
    EXPECT_VALUES(wk_grad(wk_sum(y), x), 0, 0, 0, 0, 0, 0);
}

/* ---- views ------------------------------------------------------------------------------------------ */

DEFINE(viewed, wk_mul(wk_view(a, 3, -1), wk_view(a, 3, -1)))
DEFINE(reshaped_t, wk_reshape(wk_t(a), -1))
DEFINE(flattened, wk_flatten(a, 1, 2))
DEFINE(permuted, wk_permute(a, 2, 0, 1))
DEFINE(transposed, wk_transpose(a, 0, -1))
DEFINE(t_of, wk_t(a))
DEFINE(squeezed, wk_squeeze(a))
DEFINE(squeezed_dim, wk_squeeze_dims(a, 1, (int64_t[]){1}))
DEFINE(unsqueezed, wk_unsqueeze(a, 1))
DEFINE(expanded, wk_expand(a, 4, -1, 3))
DEFINE(expanded_scalar, wk_expand(a, 2, 2))
DEFINE(selected, wk_select(a, 1, -1))
DEFINE(sliced, wk_slice(a, 0, 1, WK_END, 2))
DEFINE(sliced_empty, wk_slice(a, 0, 2, 2, 1))
DEFINE(narrowed, wk_narrow(a, 1, 1, 2))
DEFINE(indexed, wk_index(a, 1, 2))
DEFINE(sliced_t, wk_mul(wk_slice(wk_t(a), 0, 0, 2, 1), 3))
DEFINE(strided_plain, wk_as_strided(a, 2, ((int64_t[]){2, 2}), ((int64_t[]){3, 1}), 1))
DEFINE(strided_overlap, wk_as_strided(a, 2, ((int64_t[]){3, 3}), ((int64_t[]){1, 1}), 0))
DEFINE(strided_of_expanded, wk_as_strided(wk_expand(a, 2, 3), 2, ((int64_t[]){2, 2}), ((int64_t[]){0, 1}), 1))
DEFINE(strided_of_t, wk_as_strided(wk_t(a), 1, ((int64_t[]){4}), ((int64_t[]){1}), 1))
DEFINE(strided_scatter, wk_as_strided_scatter(a, b, 2, ((int64_t[]){2, 2}), ((int64_t[]){3, 1}), 1))

static void test_views(void **state)
{
    (void)state;
    CHECK(viewed, X(2, 3));
    CHECK(reshaped_t, X(2, 3));
    CHECK(reshaped_t, X(0, 3));
    CHECK(flattened, X(2, 3, 2));
    CHECK(permuted, X(2, 3, 2));
    CHECK(transposed, X(2, 3, 2));
    CHECK(t_of, X(2, 3));
    CHECK(t_of, X(3));
    CHECK(t_of, X0(-1, 1));
    CHECK(squeezed, X(1, 3, 1));
    CHECK(squeezed_dim, X(2, 1, 1));
    CHECK(squeezed_dim, X(2, 3, 1));
    CHECK(unsqueezed, X(2, 3));
    CHECK(expanded, X(2, 1));
    CHECK(expanded, X(1, 3));
    CHECK(expanded_scalar, X0(-1, 1));
    CHECK(selected, X(2, 3));
    CHECK(selected, strided(-1, 1, 2, 3));
    CHECK(sliced, X(4, 2));
    CHECK(sliced_empty, X(4, 2));
    CHECK(narrowed, X(2, 4));
    CHECK(indexed, X(2, 3, 2));
    CHECK(sliced_t, X(2, 3));
    CHECK(strided_plain, X(2, 3));
    CHECK(strided_overlap, X(5));
    CHECK(strided_of_expanded, X(3));
    CHECK(strided_of_t, X(2, 3));
    CHECK(strided_scatter, X(2, 3), X(2, 2));
}

/* ---- indices, joins --------------------------------------------------------------------------------- */

static wk_Tensor *index_2x2(void)
{
    return tensor_of(wk_int64, 2, (int64_t[]){2, 2}, (double[]){0, 0, 1, 0});
}

DEFINE(rows_of, wk_index_select(a, 0, i64(1, 1, 0)))
DEFINE(columns_of, wk_index_select(a, -1, i64(2, 0, 2, 1)))
DEFINE(no_rows_of, wk_index_select(a, 0, wk_zeros_shape(1, (int64_t[]){0}, wk_int64)))
DEFINE(scalar_rows, wk_index_select(a, 0, i64(0)))
DEFINE(gathered, wk_gather(a, 1, index_2x2()))
DEFINE(gathered_rows, wk_gather(a, 0, index_2x2()))
DEFINE(scattered, wk_scatter_add(a, 1, index_2x2(), b))
DEFINE(joined, wk_cat(wk_list(a, b, a), 0))
DEFINE(joined_columns, wk_cat(wk_list(a, b), -1))
DEFINE(stacked, wk_stack(wk_list(a, b), 1))
DEFINE(stacked_last, wk_stack(wk_list(a, b), -1))

static wk_Tensor *joined_with_nothing(wk_List in, void *user)
{
    (void)user;
    return wk_cat(wk_list(b, a, a), 1);
}

static void test_indices_and_joins(void **state)
{
    (void)state;
    CHECK(rows_of, X(2, 3));
    CHECK(columns_of, X(2, 3));
    CHECK(columns_of, X(3));
    CHECK(columns_of, strided(-1, 1, 2, 3));
    CHECK(no_rows_of, X(2, 3));
    CHECK(scalar_rows, X0(-1, 1));
    CHECK(gathered, X(2, 3));
    CHECK(gathered_rows, strided(-1, 1, 2, 3));
    CHECK(scattered, X(2, 3), X(2, 2));
    CHECK(scattered, X(3, 3), strided(-1, 1, 2, 2));
    CHECK(joined, X(2, 3), X(1, 3));
    CHECK(joined, X(2, 3), X(0, 3));
    CHECK(joined_columns, X(2, 3), strided(-1, 1, 2, 2));
    CHECK(joined_with_nothing, X(2, 3), wk_requires_grad_(wk_zeros_shape(1, (int64_t[]){0}, wk_float64)));
    CHECK(joined, wk_requires_grad_(wk_zeros_shape(1, (int64_t[]){0}, wk_float64)),
          wk_requires_grad_(wk_zeros_shape(1, (int64_t[]){0}, wk_float64)));
    CHECK(stacked, X(2, 3), X(2, 3));
    CHECK(stacked_last, X(3), X(3));
    CHECK(stacked_last, X0(-1, 1), X0(-1, 1));
}

/* ---- reductions ------------------------------------------------------------------------------------- */

DEFINE(sum_all, wk_sum(wk_mul(a, a)))
DEFINE(sum_middle, wk_sum(wk_mul(a, a), wk_dims(1)))
DEFINE(sum_outer_kept, wk_sum(wk_mul(a, a), wk_dims(0, -1), .keepdim = true))
DEFINE(sum_all_dims, wk_sum(a, wk_dims(0, 1, 2)))
DEFINE(mean_all, wk_mean(wk_mul(a, a)))
DEFINE(mean_kept, wk_mean(wk_mul(a, a), .keepdim = true))
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

static void test_reductions(void **state)
{
    (void)state;
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

/* ---- matrices --------------------------------------------------------------------------------------- */

DEFINE(mm, wk_mm(a, b))
DEFINE(mm_t, wk_mm(wk_t(a), wk_t(b)))
DEFINE(bmm, wk_bmm(a, b))
DEFINE(matmul, wk_matmul(a, b))
DEFINE(addmm, wk_addmm(a, b, c))
DEFINE(addmm_scaled, wk_addmm(a, b, c, .beta = 0.5, .alpha = -2))
DEFINE(linear, wk_linear(a, b, c))
DEFINE(linear_plain, wk_linear(a, b, NULL))

static void test_matrices(void **state)
{
    (void)state;
    CHECK(mm, X(2, 3), X(3, 4));
    CHECK(mm, strided(-1, 1, 2, 3), strided(-1, 1, 3, 2));
    CHECK(mm, X(0, 3), X(3, 2));
    CHECK(mm, X(2, 0), X(0, 2));
    CHECK(mm_t, X(3, 2), X(4, 3));
    CHECK(bmm, X(2, 2, 3), X(2, 3, 2));
    CHECK(matmul, X(3), X(3));
    CHECK(matmul, X(2, 3), X(3));
    CHECK(matmul, X(3), X(3, 2));
    CHECK(matmul, X(2, 2, 3), X(3));
    CHECK(matmul, X(2, 2, 3), X(3, 2));
    CHECK(matmul, X(2, 3), X(2, 3, 2));
    CHECK(matmul, X(2, 1, 2, 3), X(2, 3, 2));
    CHECK(matmul, X(3), X(2, 3, 2));
    CHECK(addmm, X(2, 4), X(2, 3), X(3, 4));
    CHECK(addmm, X(4), X(2, 3), X(3, 4));
    CHECK(addmm, X(2, 1), X(2, 3), X(3, 4));
    CHECK(addmm, X0(-1, 1), X(2, 3), X(3, 4));
    CHECK(addmm_scaled, X(4), X(2, 3), X(3, 4));
    CHECK(linear, X(2, 3), X(4, 3), X(4));
    CHECK(linear, X(3), X(4, 3), X(4));
    CHECK(linear, X(2, 2, 3), X(4, 3), X(4));
    CHECK(linear_plain, X(2, 3), X(4, 3));
    CHECK(linear_plain, X(2, 2, 3), X(4, 3));
    CHECK(linear, X(0, 3), X(4, 3), X(4));
}

/* ---- convolution and pooling ------------------------------------------------------------------------ */

static wk_Tensor *convolve(wk_List in, void *user)
{
    wk_conv2d_options o = *(wk_conv2d_options *)user;
    o.input = a;
    o.weight = b;
    o.bias = in.count > 2 ? c : NULL;
    return wk_conv2d_with(o);
}

#define CONV(inputs, ...) \
    check_all(convolve, wk_list inputs, &(wk_conv2d_options){__VA_ARGS__}, "conv2d " #__VA_ARGS__)

static void test_conv2d(void **state)
{
    (void)state;
    CONV((X(2, 2, 4, 3), X(3, 2, 2, 2), X(3)), .stride = 1);
    CONV((X(1, 2, 4, 4), X(2, 2, 3, 3)), .padding = 1);
    CONV((X(1, 2, 5, 4), X(2, 2, 2, 3)), .stride = 2, .padding = 1);
    CONV((X(1, 1, 5, 5), X(1, 1, 2, 2), X(1)), .dilation = 2);
    CONV((X(1, 1, 5, 6), X(2, 1, 3, 2), X(2)), .stride_hw = {2, 1}, .padding_hw = {1, 0},
         .dilation_hw = {1, 2});
    CONV((X(1, 1, 3, 4), X(2, 1, 2, 2)), .padding_hw = {WK_ZERO, 1});
    CONV((X(1, 4, 3, 3), X(4, 2, 2, 2), X(4)), .groups = 2);
    CONV((X(2, 3, 3, 3), X(3, 1, 2, 2)), .groups = 3, .padding = 1);
    CONV((X(1, 2, 3, 3), X(4, 1, 3, 3)), .groups = 2);
    CONV((X(2, 3, 3), X(2, 2, 2, 2), X(2)), .padding = 1);
    CONV((X(2, 3, 2, 2), X(2, 3, 1, 1)), .stride = 1);
    CONV((X(0, 2, 3, 3), X(2, 2, 2, 2), X(2)), .stride = 1);
    wk_Tensor *x = wk_requires_grad_(wk_detach(wk_permute(X(3, 4, 2, 1), 3, 2, 0, 1)));
    wk_Tensor *w = wk_requires_grad_(wk_detach(wk_transpose(X(2, 3, 2, 2), 0, 1)));
    CONV((x, w), .padding = 1);
    CONV((wk_detach(X(1, 2, 3, 3)), X(2, 2, 2, 2), X(2)), .stride = 1);
    CONV((X(1, 2, 3, 3), wk_detach(X(2, 2, 2, 2))), .stride = 1);
}

static wk_Tensor *pool_max(wk_List in, void *user)
{
    wk_max_pool2d_options o = *(wk_max_pool2d_options *)user;
    o.input = a;
    return wk_max_pool2d_with(o);
}

static wk_Tensor *pool_avg(wk_List in, void *user)
{
    wk_avg_pool2d_options o = *(wk_avg_pool2d_options *)user;
    o.input = a;
    return wk_avg_pool2d_with(o);
}

#define MAX_POOL(x, ...) \
    check_all(pool_max, wk_list(x), &(wk_max_pool2d_options){__VA_ARGS__}, "max_pool2d " #__VA_ARGS__)
#define AVG_POOL(x, ...) \
    check_all(pool_avg, wk_list(x), &(wk_avg_pool2d_options){__VA_ARGS__}, "avg_pool2d " #__VA_ARGS__)

static void test_pooling(void **state)
{
    (void)state;
    wk_Tensor *t = wk_requires_grad_(wk_detach(wk_transpose(DISTINCT(1, 2, 4, 5), 2, 3)));
    MAX_POOL(DISTINCT(2, 2, 4, 4), .kernel_size = 2);
    MAX_POOL(DISTINCT(2, 4, 4), .kernel_size = 2);
    MAX_POOL(DISTINCT(1, 1, 5, 6), .kernel_size = 3, .stride = 2, .padding = 1);
    MAX_POOL(DISTINCT(1, 2, 5, 5), .kernel_size = 2, .ceil_mode = true);
    MAX_POOL(DISTINCT(1, 1, 5, 6), .kernel_size = 2, .stride = 1, .dilation = 2);
    MAX_POOL(DISTINCT(1, 1, 5, 6), .kernel_size_hw = {2, 3}, .stride_hw = {1, 2}, .padding_hw = {1, WK_ZERO});
    MAX_POOL(t, .kernel_size = 2);
    MAX_POOL(X(0, 2, 4, 4), .kernel_size = 2);
    AVG_POOL(X(2, 2, 4, 4), .kernel_size = 2);
    AVG_POOL(X(2, 4, 4), .kernel_size = 2);
    AVG_POOL(X(1, 1, 5, 6), .kernel_size = 3, .stride = 2, .padding = 1);
    AVG_POOL(X(1, 1, 5, 6), .kernel_size = 3, .stride = 2, .padding = 1, .exclude_pad = true);
    AVG_POOL(X(1, 1, 5, 6), .kernel_size = 3, .stride = 2, .padding = 1, .ceil_mode = true);
    AVG_POOL(X(1, 1, 5, 5), .kernel_size = 2, .ceil_mode = true, .exclude_pad = true);
    AVG_POOL(X(1, 1, 5, 6), .kernel_size = 3, .padding = 1, .divisor_override = 5);
    AVG_POOL(X(1, 1, 5, 6), .kernel_size_hw = {2, 3}, .stride_hw = {1, 2}, .padding_hw = {1, WK_ZERO});
    AVG_POOL(t, .kernel_size = 2);
    AVG_POOL(X(0, 2, 4, 4), .kernel_size = 2);
}

/* ---- normalisation, variance, norm ------------------------------------------------------------------ */

static wk_Tensor *norm_batch(wk_List in, void *user)
{
    wk_batch_norm_options o = *(wk_batch_norm_options *)user;
    o.input = a;
    o.weight = in.count > 1 ? b : NULL;
    o.bias = in.count > 2 ? c : NULL;
    if (!o.training) {
        o.running_mean = wk_full_shape(1, &wk_shape(a)[1], 0.25, wk_float64);
        o.running_var = wk_full_shape(1, &wk_shape(a)[1], 1.5, wk_float64);
    }
    return wk_batch_norm_with(o);
}

static wk_Tensor *norm_layer(wk_List in, void *user)
{
    wk_layer_norm_options o = *(wk_layer_norm_options *)user;
    o.input = a;
    o.weight = in.count > 1 ? b : NULL;
    o.bias = in.count > 2 ? c : NULL;
    return wk_layer_norm_with(o);
}

static wk_Tensor *norm_group(wk_List in, void *user)
{
    wk_group_norm_options o = *(wk_group_norm_options *)user;
    o.input = a;
    o.weight = in.count > 1 ? b : NULL;
    o.bias = in.count > 2 ? c : NULL;
    return wk_group_norm_with(o);
}

/* With all inputs, with the input alone, and with the weight alone to be derived. */
static void check_norm(Function function, wk_Tensor *x, wk_Tensor *weight, wk_Tensor *bias, void *options,
                       const char *what)
{
    check_all(function, wk_list(x, weight, bias), options, what);
    check_all(function, wk_list(x), options, what);
    check_all(function, wk_list(wk_detach(x), weight), options, what);
    check_all(function, wk_list(wk_detach(x), wk_detach(weight), bias), options, what);
}
#define BATCH_NORM(x, n, ...)                                                    \
    check_norm(norm_batch, x, X(n), X(n), &(wk_batch_norm_options){__VA_ARGS__}, \
               "batch_norm " #x " " #__VA_ARGS__)
#define GROUP_NORM(x, n, ...)                                                    \
    check_norm(norm_group, x, X(n), X(n), &(wk_group_norm_options){__VA_ARGS__}, \
               "group_norm " #x " " #__VA_ARGS__)
#define LAYER_NORM(x, dims, ...)                                                        \
    check_norm(norm_layer, x, X dims, X dims,                                           \
               &(wk_layer_norm_options){.normalized_shape = wk_dims dims, __VA_ARGS__}, \
               "layer_norm " #x " " #__VA_ARGS__)

static void test_normalisation(void **state)
{
    (void)state;
    BATCH_NORM(X(4, 2), 2, .training = true);
    BATCH_NORM(X(2, 3, 2, 2), 3, .training = true, .eps = 0.1);
    BATCH_NORM(X(2, 2, 70), 2, .training = true);
    BATCH_NORM(wk_requires_grad_(wk_detach(wk_permute(X(2, 3, 2, 3), 3, 0, 1, 2))), 2, .training = true);
    BATCH_NORM(strided(-2, 2, 4, 3), 3, .training = true);
    BATCH_NORM(X(0, 2), 2, .training = true);
    BATCH_NORM(X(3, 2, 2), 2, .training = false);
    BATCH_NORM(X(2, 2, 70), 2, .eps = 0.1);
    LAYER_NORM(X(3, 4), (4), .eps = 0);
    LAYER_NORM(X(2, 2, 3), (2, 3), .eps = 0.1);
    LAYER_NORM(strided(-2, 2, 4, 3), (3), .eps = 0);
    LAYER_NORM(X(0, 3), (3), .eps = 0);
    LAYER_NORM(X(2, 0), (0), .eps = 0);
    GROUP_NORM(X(2, 4), 4, .num_groups = 2);
    GROUP_NORM(X(2, 4, 3), 4, .num_groups = 2, .eps = 0.1);
    GROUP_NORM(X(2, 2, 2, 2), 2, .num_groups = 1);
    GROUP_NORM(wk_requires_grad_(wk_detach(wk_transpose(X(2, 3, 4), 1, 2))), 4, .num_groups = 4);
    GROUP_NORM(X(0, 4, 3), 4, .num_groups = 2);
}

static wk_Tensor *variance(wk_List in, void *user)
{
    wk_var_options o = *(wk_var_options *)user;
    o.input = a;
    return wk_var_with(o);
}

static wk_Tensor *deviation(wk_List in, void *user)
{
    wk_var_options o = *(wk_var_options *)user;
    o.input = a;
    return wk_std_with(o);
}

static wk_Tensor *vector_norm(wk_List in, void *user)
{
    wk_norm_options o = *(wk_norm_options *)user;
    o.input = a;
    return wk_norm_with(o);
}

static wk_Tensor *pool_adaptive(wk_List in, void *user)
{
    wk_adaptive_avg_pool2d_options o = *(wk_adaptive_avg_pool2d_options *)user;
    o.input = a;
    return wk_adaptive_avg_pool2d_with(o);
}

#define VARIANCE(x, ...)                                                                               \
    do {                                                                                               \
        wk_Tensor *x_ = x;                                                                             \
        check_all(variance, wk_list(x_), &(wk_var_options){__VA_ARGS__}, "var " #x " " #__VA_ARGS__);  \
        check_all(deviation, wk_list(x_), &(wk_var_options){__VA_ARGS__}, "std " #x " " #__VA_ARGS__); \
    } while (0)
#define NORM(x, ...) \
    check_all(vector_norm, wk_list(x), &(wk_norm_options){__VA_ARGS__}, "norm " #x " " #__VA_ARGS__)
#define ADAPTIVE(x, ...)                                                                 \
    check_all(pool_adaptive, wk_list(x), &(wk_adaptive_avg_pool2d_options){__VA_ARGS__}, \
              "adaptive " #__VA_ARGS__)

static void test_spread_and_adaptive_pooling(void **state)
{
    (void)state;
    VARIANCE(X(5), .correction = 0);
    VARIANCE(X(2, 3, 4), .dims = wk_dims(1), .correction = WK_ZERO);
    VARIANCE(X(2, 3, 4), .dims = wk_dims(0, 2), .keepdim = true);
    VARIANCE(X(2, 3, 4), .dims = wk_dims(-1), .correction = 0.5);
    VARIANCE(strided(-2, 2, 4, 3), .dims = wk_dims(0));
    VARIANCE(X(0, 3), .dims = wk_dims(1));
    static const double orders[] = {0, 1, 1.5, 2, 3, 4.5, 0.5, -1, INFINITY, -INFINITY};
    for (size_t i = 0; i < LENGTH(orders); i++) {
        NORM(DISTINCT(5), .p = orders[i]);
        NORM(DISTINCT(2, 3, 2), .p = orders[i], .dims = wk_dims(0, -1), .keepdim = true);
        NORM(DISTINCT(2, 3), .p = orders[i], .dims = wk_dims(1));
    }
    NORM(strided(-2, 2, 4, 3), .dims = wk_dims(0));
    NORM(X0(0.5, 2), .p = 2);
    NORM(X(0, 3), .p = 2);
    ADAPTIVE(X(2, 3, 4, 4), .output_size = 1);
    ADAPTIVE(X(2, 4, 5), .output_size = 2);
    ADAPTIVE(X(1, 2, 3, 5), .output_size_hw = {4, 2});
    ADAPTIVE(X(1, 2, 3, 5), .output_size_hw = {WK_NONE, 1});
    ADAPTIVE(wk_requires_grad_(wk_detach(wk_transpose(X(1, 2, 4, 5), 2, 3))), .output_size = 3);
    ADAPTIVE(X(0, 2, 4, 4), .output_size = 2);
}

/* ---- softmax, dropout, losses ----------------------------------------------------------------------- */

DEFINE(softmax_rows, wk_softmax(a, -1))
DEFINE(softmax_columns, wk_softmax(a, 0))
DEFINE(softmax_middle, wk_softmax(a, 1))
DEFINE(log_softmax_rows, wk_log_softmax(a, -1))
DEFINE(log_softmax_columns, wk_log_softmax(a, 0))
DEFINE(log_softmax_middle, wk_log_softmax(a, 1))

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

static void test_softmax_and_dropout(void **state)
{
    (void)state;
    static const Function along[] = {softmax_rows, softmax_columns, log_softmax_rows, log_softmax_columns};
    for (size_t i = 0; i < LENGTH(along); i++) {
        check_all(along[i], wk_list(X(2, 3)), NULL, "softmax");
        check_all(along[i], wk_list(strided(-1, 1, 2, 3)), NULL, "softmax, strided");
        check_all(along[i], wk_list(X(3)), NULL, "softmax of a vector");
        check_all(along[i], wk_list(X0(-1, 1)), NULL, "softmax of a scalar");
        check_all(along[i], wk_list(X(0, 3)), NULL, "softmax of nothing");
    }
    CHECK(softmax_middle, X(2, 3, 2));
    CHECK(log_softmax_middle, X(2, 3, 2));
    double p[] = {0, 0.4, 1};
    for (size_t i = 0; i < LENGTH(p); i++) {
        check_all(dropped, wk_list(X(3, 4)), &p[i], "dropout");
        check_all(dropped, wk_list(strided(-1, 1, 3, 2)), &p[i], "dropout, strided");
        check_all(dropped_inplace, wk_list(X(3, 4)), &p[i], "dropout_");
    }
}

static wk_Tensor *pair_loss(wk_List in, void *user)
{
    const int *how = user;
    wk_loss_options o = {a, b, (wk_Reduction)how[1]};
    return how[0] ? wk_l1_loss_with(o) : wk_mse_loss_with(o);
}

static void test_pair_losses(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++)
        for (int reduction = 0; reduction < 3; reduction++) {
            int how[2] = {kind, reduction};
            check_all(pair_loss, wk_list(X(2, 3), BETWEEN(2.5, 4, 2, 3)), how, "loss");
            check_all(pair_loss, wk_list(X(2, 3), BETWEEN(2.5, 4, 3)), how, "loss, broadcast");
            check_all(pair_loss, wk_list(X(2, 1), BETWEEN(2.5, 4, 3)), how, "loss, broadcast");
            check_all(pair_loss, wk_list(strided(-1, 1, 2, 3), wk_detach(BETWEEN(2.5, 4, 2, 3))), how,
                      "loss");
            check_all(pair_loss, wk_list(X0(-1, 1), X0(2.5, 4)), how, "loss of scalars");
        }
}

static wk_Tensor *class_loss(wk_List in, void *user)
{
    wk_nll_loss_options o = *(wk_nll_loss_options *)user;
    o.input = a;
    o.target = o.target ? o.target : b;
    bool crosses = o.ignore_index == -1;
    o.ignore_index = crosses ? 0 : o.ignore_index;
    return crosses ? wk_cross_entropy_with(o) : wk_nll_loss_with(o);
}

static void check_class_loss(wk_Tensor *x, wk_Tensor *target, wk_Tensor *weight, int64_t ignore,
                             double smoothing)
{
    for (int reduction = 0; reduction < 3; reduction++) {
        wk_nll_loss_options o = {.target = target,
                                 .weight = weight,
                                 .ignore_index = ignore,
                                 .reduction = (wk_Reduction)reduction,
                                 .label_smoothing = smoothing};
        check_all(class_loss, wk_list(x), &o, "class loss");
    }
}

static void test_class_losses(void **state)
{
    (void)state;
    enum { CROSS = -1 };
    wk_Tensor *t3 = i64(1, 0, 3), *weight = f64(0.5, 1, 2, 0.25);
    wk_Tensor *t4 = tensor_of(wk_int64, 3, (int64_t[]){2, 1, 2}, (double[]){0, 2, 1, 1});
    wk_Tensor *one = tensor_of(wk_int64, 0, NULL, (double[]){2});
    for (int pass = 0; pass < 2; pass++) {
        int64_t how = pass ? CROSS : 0;
        check_class_loss(X(3, 4), t3, NULL, how, 0);
        check_class_loss(X(3, 4), t3, weight, how, 0);
        check_class_loss(strided(-1, 1, 3, 4), t3, weight, how, 0);
        check_class_loss(X(2, 3, 1, 2), t4, NULL, how, 0);
        check_class_loss(X(2, 3, 1, 2), t4, f64(0.5, 1, 2), how, 0);
        check_class_loss(X(4), one, weight, how, 0);
    }
    check_class_loss(X(3, 4), t3, weight, 3, 0);
    check_class_loss(X(3, 4), t3, NULL, WK_ZERO, 0);
    check_class_loss(X(3, 4), i64(1, -100, 3), weight, CROSS, 0.1);
    check_class_loss(X(3, 4), t3, NULL, CROSS, 0.2);
    check_class_loss(X(2, 3, 1, 2), t4, f64(0.5, 1, 2), CROSS, 0.2);
    check_class_loss(X(4), one, NULL, CROSS, 0.2);
}

static void test_soft_targets(void **state)
{
    (void)state;
    for (int reduction = 0; reduction < 3; reduction++) {
        wk_nll_loss_options o = {.ignore_index = -1, .reduction = (wk_Reduction)reduction};
        check_all(class_loss, wk_list(X(2, 3), wk_detach(BETWEEN(0, 1, 2, 3))), &o, "soft targets");
        check_all(class_loss, wk_list(X(2, 3), BETWEEN(0, 1, 2, 3)), &o, "soft targets with gradients");
        o.weight = f64(0.5, 1, 2);
        o.label_smoothing = 0.1;
        check_all(class_loss, wk_list(X(2, 3), BETWEEN(0, 1, 2, 3)), &o, "weighted soft targets");
        check_all(class_loss, wk_list(X(2, 3, 2), BETWEEN(0, 1, 2, 3, 2)), &o, "weighted soft targets, 3-d");
    }
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_elementwise_rows),
        TENSOR_TEST(test_elementwise_forms),
        TENSOR_TEST(test_choices),
        TENSOR_TEST(test_writes_in_place),
        TENSOR_TEST(test_conversion_passes_the_gradient),
        TENSOR_TEST(test_views),
        TENSOR_TEST(test_indices_and_joins),
        TENSOR_TEST(test_reductions),
        TENSOR_TEST(test_matrices),
        TENSOR_TEST(test_conv2d),
        TENSOR_TEST(test_pooling),
        TENSOR_TEST(test_normalisation),
        TENSOR_TEST(test_spread_and_adaptive_pooling),
        TENSOR_TEST(test_softmax_and_dropout),
        TENSOR_TEST(test_pair_losses),
        TENSOR_TEST(test_class_losses),
        TENSOR_TEST(test_soft_targets),
        cmocka_unit_test(test_every_operation_was_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
