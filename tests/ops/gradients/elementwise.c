/* Rows of kernels/rows.def, from their own intervals; and the forms of them that are no rows. */
#include "ops/gradients/gradients.h"

typedef wk_Tensor *(*Unary)(wk_Tensor *);
typedef wk_Tensor *(*Binary)(wk_Tensor *, wk_Tensor *);

typedef struct ElementwiseSample {
    const char *name;
    Unary unary, unary_inplace;
    Binary binary, binary_inplace;
    wk_Tensor *(*with_number)(wk_Tensor *, double);
    double low, high;
} ElementwiseSample;

/* Forms that no header names. */
wk_Tensor *wk_maximum__tensor(wk_Tensor *self, wk_Tensor *other);
wk_Tensor *wk_minimum__tensor(wk_Tensor *self, wk_Tensor *other);
wk_Tensor *wk_prelu_kernel_tensor(wk_Tensor *input, wk_Tensor *weight);
wk_Tensor *wk_prelu_kernel__tensor(wk_Tensor *self, wk_Tensor *weight);
wk_Tensor *wk_prelu_kernel_double(wk_Tensor *input, double weight);

/* Rows with numbers: with their defaults, and others. */
#define UNARY_WITH(name, ...)                                       \
    static wk_Tensor *default_##name(wk_Tensor *x)                  \
    {                                                               \
        return wk_##name##_with((wk_##name##_options){.input = x}); \
    }
#define IN_PLACE(name, ...)                                          \
    static wk_Tensor *default_##name##_(wk_Tensor *x)                \
    {                                                                \
        return wk_##name##__with((wk_##name##_options){.input = x}); \
    }
#include "kernels/rows.def"

#define LOW_HIGH_OF_UNARY(types, value, node, saves, gradient, low, high)         low, high
#define LOW_HIGH_OF_WITH(list, types, value, node, saves, gradient, low, high)    low, high
#define LOW_HIGH_OF_BINARY(types, value, node, number, sx, sy, gx, gy, low, high) low, high
static const ElementwiseSample elementwise[] = {
#define UNARY(name, ...)      {#name, wk_##name, wk_##name##_, NULL, NULL, NULL, LOW_HIGH_OF_UNARY(__VA_ARGS__)},
#define UNARY_WITH(name, ...) {#name, default_##name, NULL, NULL, NULL, NULL, LOW_HIGH_OF_WITH(__VA_ARGS__)},
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

/* The forms in place of rows with numbers: from the interval of their row. */
static const struct {
    const char *name;
    Unary inplace;
} inplace_forms[] = {
#define IN_PLACE(name, ...) {#name, default_##name##_},
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
        if (s->unary_inplace)
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

static void check_inplace_forms(const ElementwiseSample *s)
{
    for (size_t i = 0; i < LENGTH(inplace_forms); i++)
        if (strcmp(inplace_forms[i].name, s->name) == 0) {
            const ElementwiseSample form = {s->name, NULL,   inplace_forms[i].inplace, NULL, NULL, NULL,
                                            s->low,  s->high};
            check_all(call_unary_inplace, wk_list(BETWEEN(s->low, s->high, 3, 5)), (void *)(uintptr_t)&form,
                      s->name);
        }
}

/* Both sides of the kinks, and numbers other than the defaults. */
DEFINE(leaky_relu, wk_leaky_relu(a, 0.3))
DEFINE(elu, wk_elu(a, 0.7, 1.3, 0.4))
DEFINE(elu_, wk_elu_(wk_mul(a, 1), 0.7, 1.3, 0.4))
DEFINE(softplus, wk_softplus(a, 2.5, 1))
DEFINE(hardtanh, wk_hardtanh(a, -0.5, 1.5))
DEFINE(threshold, wk_threshold(a, 0.1, 3))
DEFINE(shrinks, wk_add(wk_softshrink(a, 0.3), wk_hardshrink(a, 0.4)))

DEFINE(prelu, wk_prelu(wk_view(a, 2, 2, 2), b))
DEFINE(softsign, wk_softsign(a))
DEFINE(tanhshrink, wk_tanhshrink(a))
DEFINE(softmin, wk_softmin(a, 0))
DEFINE(glu, wk_glu(a, 0))

GRADIENTS_OF(rows_with_numbers)
{
    wk_Tensor *x = wk_requires_grad_(f64(-2, -1.7, -0.9, -0.2, 0.2, 0.7, 1.2, 1.9));
    const struct {
        wk_Tensor *(*call)(wk_List, void *);
        const char *name;
    } calls[] = {{leaky_relu, "leaky_relu"},
                 {elu, "elu"},
                 {elu_, "elu_"},
                 {softplus, "softplus"},
                 {hardtanh, "hardtanh"},
                 {threshold, "threshold"},
                 {shrinks, "shrinks"},
                 {softsign, "softsign"},
                 {tanhshrink, "tanhshrink"},
                 {softmin, "softmin"},
                 {glu, "glu"}};
    for (size_t i = 0; i < LENGTH(calls); i++)
        check_all(calls[i].call, wk_list(x), NULL, calls[i].name);
    check_all(prelu, wk_list(x, wk_requires_grad_(f64(0.3, -0.6))), NULL, "prelu");
}

GRADIENTS_OF(elementwise_rows)
{
    for (size_t i = 0; i < LENGTH(elementwise); i++) {
        wk_Scope scope = wk_scope_begin();
        if (elementwise[i].unary) {
            check_unary(&elementwise[i]);
            check_inplace_forms(&elementwise[i]);
        } else
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

GRADIENTS_OF(elementwise_forms)
{
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
