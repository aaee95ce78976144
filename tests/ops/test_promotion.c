/* The dtypes of results, and views of views: both against tables made with PyTorch (tools/golden_ops.py). */
#include "ops/golden.h"

static const wk_dtype dtypes[] = {wk_float32, wk_float64, wk_int64, wk_int32, wk_uint8, wk_bool};

/* ---- promotion -------------------------------------------------------------------------------------- */

typedef struct Operation {
    const char *name;
    wk_Tensor *(*with_tensor)(wk_Tensor *, wk_Tensor *);
    wk_Tensor *(*with_whole)(wk_Tensor *, int64_t);
    wk_Tensor *(*with_real)(wk_Tensor *, double);
} Operation;

#define OPERATION(name)                                                  \
    {                                                                    \
#name, wk_##name##_tensor, wk_##name##_int64, wk_##name##_double \
    }
static const Operation operations[] = {
    OPERATION(add),       OPERATION(sub), OPERATION(mul),     OPERATION(div), OPERATION(floor_divide),
    OPERATION(remainder), OPERATION(pow), OPERATION(maximum), OPERATION(eq),  OPERATION(lt),
};

enum Kind { TENSOR, SCALAR, WHOLE, REAL };

static wk_Tensor *operand(int kind, wk_dtype dtype)
{
    int64_t two = 2;
    return kind == TENSOR ? wk_ones_shape(1, &two, dtype) : wk_ones_shape(0, NULL, dtype);
}

static const Operation *operation_of(const char *name)
{
    for (size_t i = 0; i < LENGTH(operations); i++)
        if (strcmp(operations[i].name, name) == 0)
            return &operations[i];
    fail_msg("no operation %s", name);
    return NULL;
}

static bool promotes(const PromotionCase *c, size_t index)
{
    const Operation *op = operation_of(c->op);
    wk_dtype da = dtypes[index % 6], db = dtypes[index / 6];
    wk_Tensor *a = operand(c->kind_a, da);
    wk_Tensor *y = c->kind_b == WHOLE  ? op->with_whole(a, 3)
                   : c->kind_b == REAL ? op->with_real(a, 1.5)
                                       : op->with_tensor(a, operand(c->kind_b, db));
    int want = c->results[index] - '0';
    if (want ? y && (wk_dtype)want == wk_dtype_of(y) : !y && wk_error_kind() == WK_ERROR_DTYPE) {
        wk_clear_error();
        return true;
    }
    print_error("%s of %s %s and %s %s: have %s, want %s (%s)\n", c->op, c->kind_a ? "scalar" : "tensor",
                wk_dtype_name(da), (const char *[]){"tensor", "scalar", "3", "1.5"}[c->kind_b],
                c->kind_b < WHOLE ? wk_dtype_name(db) : "", y ? wk_dtype_name(wk_dtype_of(y)) : "an error",
                want ? wk_dtype_name((wk_dtype)want) : "an error", wk_error() ? wk_error() : "");
    wk_clear_error();
    return false;
}

static void test_promotion(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < LENGTH(promotion_cases); i++)
        for (size_t j = 0; promotion_cases[i].results[j]; j++)
            wrong += !promotes(&promotion_cases[i], j);
    assert_int_equal(wrong, 0);
}

/* In place the result must fit where it goes. */
static void test_promotion_in_place(void **state)
{
    (void)state;
    wk_Tensor *f = f32(1, 2), *i = i64(1, 2), *b = truth(1, 0), *u = u8(1, 2);
    EXPECT_VALUES(wk_add_(f, f64(0.5, 0.5)), 1.5, 2.5);
    assert_int_equal(wk_dtype_of(f), wk_float32);
    EXPECT_VALUES(wk_mul_(f, i), 1.5, 5);
    EXPECT_ERROR(wk_add_(i, 1.5), WK_ERROR_DTYPE,
                 "result type Float can't be cast to the desired output type Long");
    EXPECT_ERROR(wk_div_(i, 2), WK_ERROR_DTYPE,
                 "result type Float can't be cast to the desired output type Long");
    EXPECT_ERROR(wk_add_(b, 1), WK_ERROR_DTYPE,
                 "result type Long can't be cast to the desired output type Bool");
    EXPECT_VALUES(wk_add_(u, i), 2, 4);
    assert_int_equal(wk_dtype_of(u), wk_uint8);
    EXPECT_ERROR(wk_exp_(i), WK_ERROR_DTYPE, "can't be cast to the desired output type Long");
    EXPECT_VALUES(i, 1, 2);
}

static void test_default_dtype(void **state)
{
    (void)state;
    EXPECT_TRUE(wk_set_default_dtype(wk_float64));
    assert_int_equal(wk_dtype_of(wk_div(i64(1), 2)), wk_float64);
    assert_int_equal(wk_dtype_of(wk_mul(i64(1), 0.5)), wk_float64);
    assert_int_equal(wk_dtype_of(wk_exp(u8(1))), wk_float64);
    assert_int_equal(wk_dtype_of(wk_mul(f32(1), 0.5)), wk_float32);
    assert_int_equal(wk_dtype_of(wk_zeros(1)), wk_float64);
    EXPECT_TRUE(wk_set_default_dtype(wk_float32));
    EXPECT_ERROR(wk_set_default_dtype(wk_int64), WK_ERROR_DTYPE, "");
    assert_int_equal(wk_get_default_dtype(), wk_float32);
}

/* ---- shapes ----------------------------------------------------------------------------------------- */

static wk_Tensor *run_step(wk_Tensor *x, const ShapeStep *s)
{
    const int64_t *v = s->args;
    if (strcmp(s->op, "view") == 0)
        return wk_view_shape(x, s->count, v);
    if (strcmp(s->op, "reshape") == 0)
        return wk_reshape_shape(x, s->count, v);
    if (strcmp(s->op, "transpose") == 0)
        return wk_transpose(x, v[0], v[1]);
    if (strcmp(s->op, "permute") == 0)
        return wk_permute_dims(x, s->count, v);
    if (strcmp(s->op, "unsqueeze") == 0)
        return wk_unsqueeze(x, v[0]);
    if (strcmp(s->op, "squeeze") == 0)
        return wk_squeeze_dims(x, 1, v);
    if (strcmp(s->op, "expand") == 0)
        return wk_expand_shape(x, s->count, v);
    if (strcmp(s->op, "select") == 0)
        return wk_select(x, v[0], v[1]);
    if (strcmp(s->op, "slice") == 0)
        return wk_slice(x, v[0], v[1], v[2], v[3]);
    if (strcmp(s->op, "narrow") == 0)
        return wk_narrow(x, v[0], v[1], v[2]);
    assert_string_equal(s->op, "flatten");
    return wk_flatten(x, v[0], v[1]);
}

static void show_case(const ShapeCase *c)
{
    for (int i = 0; i < c->steps; i++) {
        const ShapeStep *s = &shape_steps[c->first + i];
        print_error("  %s(", s->op);
        for (int j = 0; j < s->count; j++)
            print_error("%s%lld", j ? ", " : "", (long long)s->args[j]);
        print_error(")\n");
    }
}

static bool same_as(wk_Tensor *x, const ShapeCase *c)
{
    bool same = wk_ndim(x) == c->ndim;
    for (int i = 0; same && i < c->ndim; i++)
        same = wk_size(x, i) == c->shape[i] &&
               (c->shape[i] <= 1 || wk_numel(x) == 0 || wk_stride(x, i) == c->stride[i]);
    wk_Tensor *flat = wk_contiguous(x);
    for (int64_t i = 0; same && i < wk_numel(x); i++)
        same = wk_data(flat, int64_t)[i] == shape_values[c->values + i];
    return same;
}

static void test_shapes(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(shape_cases); i++) {
        const ShapeCase *c = &shape_cases[i];
        wk_Tensor *x = wk_zeros_shape(c->start_ndim, c->start, wk_int64);
        for (int64_t j = 0; j < wk_numel(x); j++)
            wk_data(x, int64_t)[j] = j;
        int done = 0;
        for (wk_Tensor *y = x; done < c->steps && (y = run_step(x, &shape_steps[c->first + done])); done++)
            x = y;
        bool right = c->fails ? done == c->steps - 1 : done == c->steps && same_as(x, c);
        if (!right) {
            show_case(c);
            fail_msg("case %zu: %d of %d steps done%s: %s", i, done, c->steps,
                     c->fails ? ", the last should fail" : "", wk_error() ? wk_error() : "");
        }
        wk_clear_error();
    }
}

/* Strides as PyTorch gives them, and how they decide. */
static void test_strides(void **state)
{
    (void)state;
    wk_Tensor *x = wk_zeros(2, 3, 4), *t = wk_transpose(x, 0, 2);
    assert_true(wk_is_contiguous(x) && !wk_is_contiguous(t));
    assert_int_equal(wk_stride(t, 0), 1);
    assert_int_equal(wk_stride(t, 1), 4);
    assert_int_equal(wk_stride(t, -1), 12);
    assert_true(wk_is_contiguous(wk_transpose(wk_zeros(1, 5), 0, 1)));
    assert_int_equal(wk_stride(wk_expand(wk_zeros(3, 1), 3, 4), 1), 0);
    wk_Tensor *kept = wk_mul(t, 2); /* results lie in memory as their operand */
    assert_int_equal(wk_stride(kept, 0), 1);
    EXPECT_ERROR(wk_view(t, 24), WK_ERROR_SHAPE,
                 "view size is not compatible with input tensor's size and stride");
    EXPECT_SHAPE(wk_reshape(t, 24), 24);
    EXPECT_SHAPE(wk_view(t, 4, 3, 2, 1), 4, 3, 2, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(test_promotion),     TENSOR_TEST(test_promotion_in_place),
        TENSOR_TEST(test_default_dtype), TENSOR_TEST(test_shapes),
        TENSOR_TEST(test_strides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
