/* Elementwise operations, made from the rows of kernels/rows.def: each becomes a descriptor, a gradient function and the public functions. */
#include <string.h>

#include "core/options.h"
#include "kernels/math.h"
#include "ops/elementwise.h"
#include "ops/unpool.h"

/* ---- gradients that the rows name ------------------------------------------------------------------ */

#define GRADIENT(name, ...)                                                                \
    static wk_Tensor *wk_##name(wk_Tensor *grad, wk_Tensor *other, const double *numbers); \
    static wk_Tensor *wk_##name##_tensor(wk_Tensor *grad, wk_Tensor *other, const double *numbers);
#include "kernels/rows.def"

/* Behind max pooling the gradient may be unwritten still. */
static wk_Tensor *relu_backward(wk_Tensor *grad, wk_Tensor *result)
{
    return grad && wk_keep_positive_winners(grad) ? grad : wk_threshold_backward(grad, result, NULL);
}

/* s (1 - s) (2 + x (1 - 2 s)) with s = sigmoid(x) */
static wk_Tensor *silu_curvature(wk_Tensor *x)
{
    wk_Tensor *s = wk_sigmoid(x), *rest = wk_rsub(s, 1);
    return wk_mul(wk_mul(s, rest), wk_add(wk_mul(x, wk_sub(rest, s)), 2));
}

/* exp(-x^2 / 2) / sqrt(2 pi) (2 - x^2) */
static wk_Tensor *gelu_curvature(wk_Tensor *x)
{
    wk_Tensor *square = wk_square(x), *density = wk_mul(wk_exp(wk_mul(square, -0.5)), 0.39894228040143267794);
    return wk_mul(density, wk_rsub(square, 2));
}

/* False with PyTorch's error for a negative slope: then the sign of the result is not that of the input. */
static bool result_tells(const char *name, const char *torch_name, double slope)
{
    if (!(slope < 0))
        return true;
    wk_raise(
        WK_ERROR_STATE,
        "%s_: In-place %s backward calculation is triggered with a negative slope which is not supported. "
        "This is caused by calling in-place forward function with a negative slope, please call "
        "out-of-place version instead.",
        name, torch_name);
    return false;
}

static wk_Tensor *leaky_relu_from_result(wk_Tensor *grad, wk_Tensor *result, const double *numbers)
{
    return result_tells("leaky_relu", "leakyReLu", numbers[0]) ? wk_leaky_relu_backward(grad, result, numbers)
                                                               : NULL;
}

static const double selu_numbers[] = {SELU_ALPHA, SELU_SCALE, 1}, relu6_numbers[] = {0, 6};

static wk_Tensor *celu_backward(wk_Tensor *grad, wk_Tensor *input, const double *numbers)
{
    return wk_elu_backward(grad, input, (const double[]){numbers[0], 1, 1 / numbers[0]});
}

static wk_Tensor *celu_from_result(wk_Tensor *grad, wk_Tensor *result, const double *numbers)
{
    return result_tells("celu", "elu", numbers[0])
               ? wk_elu_result_backward(grad, result, (const double[]){numbers[0], 1, 1 / numbers[0]})
               : NULL;
}

static wk_Tensor *elu_from_result(wk_Tensor *grad, wk_Tensor *result, const double *numbers)
{
    return result_tells("elu", "elu", numbers[0]) ? wk_elu_result_backward(grad, result, numbers) : NULL;
}

/* The second derivative, alpha scale input_scale^2 exp(input_scale x) below 0. There the exponential cannot overflow. */
static wk_Tensor *elu_curvature(wk_Tensor *x, const double *numbers)
{
    const double factor = numbers[0] * numbers[1] * numbers[2] * numbers[2];
    wk_Tensor *positive = wk_gt(x, 0), *curve = wk_exp(wk_mul(wk_masked_fill(x, positive, 0), numbers[2]));
    return wk_masked_fill(wk_mul(curve, factor), positive, 0);
}

/* beta s (1 - s) with s = sigmoid(beta x) below the threshold. */
static wk_Tensor *softplus_curvature(wk_Tensor *x, const double *numbers)
{
    wk_Tensor *scaled = wk_mul(x, numbers[0]), *s = wk_sigmoid(scaled);
    return wk_masked_fill(wk_mul(wk_mul(s, wk_rsub(s, 1)), numbers[0]), wk_gt(scaled, numbers[1]), 0);
}

/* g (t + x s (1 - t^2)) with t = tanh(softplus(x)) and s = sigmoid(x) */
static wk_Tensor *mish_backward(wk_Tensor *grad, wk_Tensor *x)
{
    wk_Tensor *t = wk_tanh(wk_softplus(x)), *s = wk_sigmoid(x);
    return wk_mul(grad, wk_add(t, wk_mul(wk_mul(x, s), wk_rsub(wk_mul(t, t), 1))));
}

/* ---- the rows --------------------------------------------------------------------------------------- */

/* How many numbers a list has, and what the options of the same names say: an option that is not set has its default. */
#define COUNT_OF_N0()      0
#define COUNT_OF_N1(...)   1
#define COUNT_OF_N2(...)   2
#define COUNT_OF_N3(...)   3
#define VALUE_OF_N1(a, da) wk_double_or(options.a, options.by_place >= 2 ? 0 : (da))
#define VALUE_OF_N2(a, da, b, db) \
    VALUE_OF_N1(a, da), wk_double_or(options.b, options.by_place >= 3 ? 0 : (db))
#define VALUE_OF_N3(a, da, b, db, c, dc) \
    VALUE_OF_N2(a, da, b, db), wk_double_or(options.c, options.by_place >= 4 ? 0 : (dc))
#define PASTE_LIST(prefix, list) prefix##list
#define COUNT_OF(list)           PASTE_LIST(COUNT_OF_, list)
#define VALUE_OF(list)           PASTE_LIST(VALUE_OF_, list)

#define UNARY_ROW(symbol, row_name, types_, node_name, number_count, saves, gradient)                    \
    static void symbol##_gradient(wk_Node *node, wk_Tensor *g, wk_Tensor **out)                          \
    {                                                                                                    \
        wk_Tensor *x = ((saves)&SX) ? wk_saved_input(node, 0) : NULL;                                    \
        wk_Tensor *y = ((saves)&SZ) ? wk_saved_output(node) : NULL;                                      \
        const double *numbers = node->attributes;                                                        \
        (void)x, (void)y, (void)numbers;                                                                 \
        out[0] = gradient;                                                                               \
    }                                                                                                    \
    static const wk_ElementwiseRow symbol##_row = {.op = {.name = #row_name,                             \
                                                          .node = #node_name,                            \
                                                          .inputs = {"input"},                           \
                                                          .uses = {((saves)&SX) != 0},                   \
                                                          .uses_output = ((saves)&SZ) != 0,              \
                                                          .attributes = (number_count) * sizeof(double), \
                                                          .takes_pending = ((saves)&PENDING) != 0,       \
                                                          .any_order = true,                             \
                                                          .forward = wk_elementwise_forward,             \
                                                          .backward = symbol##_gradient},                \
                                                   .types = (enum wk_RowTypes)(types_),                  \
                                                   .loops = offsetof(wk_Kernels, row_name)};             \
    WK_LISTED(symbol##_row, &symbol##_row.op)

#define UNARY(row_name, types, value, node_name, saves, gradient, low, high) \
    UNARY_ROW(row_name, row_name, types, node_name, 0, saves, gradient)      \
    wk_Tensor *wk_##row_name(wk_Tensor *input)                               \
    {                                                                        \
        return WK_APPLY(&row_name##_row.op, NULL, input);                    \
    }                                                                        \
    wk_Tensor *wk_##row_name##_(wk_Tensor *self)                             \
    {                                                                        \
        return WK_APPLY_INPLACE(&row_name##_row.op, NULL, self);             \
    }

#define UNARY_WITH(row_name, number_list, types_, value, node_name, saves, gradient, low, high)       \
    enum { row_name##_count = COUNT_OF(number_list), row_name##_types = types_ };                     \
    UNARY_ROW(row_name, row_name, types_, node_name, row_name##_count, saves, gradient)               \
    static void row_name##_numbers(wk_##row_name##_options options, double *numbers)                  \
    {                                                                                                 \
        memcpy(numbers, (const double[]){VALUE_OF(number_list)}, row_name##_count * sizeof *numbers); \
    }                                                                                                 \
    wk_Tensor *wk_##row_name##_with(wk_##row_name##_options options)                                  \
    {                                                                                                 \
        double numbers[row_name##_count];                                                             \
        row_name##_numbers(options, numbers);                                                         \
        return WK_APPLY(&row_name##_row.op, numbers, options.input);                                  \
    }

#define IN_PLACE(row_name, node_name, saves, gradient)                                                       \
    UNARY_ROW(row_name##_in_place, row_name, row_name##_types, node_name, row_name##_count, saves, gradient) \
    wk_Tensor *wk_##row_name##__with(wk_##row_name##_options options)                                        \
    {                                                                                                        \
        double numbers[row_name##_count];                                                                    \
        row_name##_numbers(options, numbers);                                                                \
        return WK_APPLY_INPLACE(&row_name##_in_place_row.op, numbers, options.input);                        \
    }

/* An unsigned number as the second operand. Above INT64_MAX it is no integer of any dtype, but floats have it. */
static wk_Tensor *unsigned_number(const wk_ElementwiseRow *row, const wk_Tensor *input, uint64_t number)
{
    if (number <= INT64_MAX)
        return wk_number_tensor(wk_number_int64((int64_t)number));
    if (!wk_tensor_check(input, row->op.name, row->op.inputs[0]))
        return NULL;
    if (wk_is_floating(input->dtype) || row->types == FLOATING)
        return wk_number_tensor(wk_number_double((double)number));
    return wk_raise(WK_ERROR_OVERFLOW, "%s: value cannot be converted to type int64_t without overflow: %llu",
                    row->op.name, (unsigned long long)number);
}

/* Bit j of a mask tells that the gradient of operand j uses the value. */
#define USERS(saves_x, saves_y, value) \
    ((unsigned)(((saves_x) & (value)) != 0) | (unsigned)(((saves_y) & (value)) != 0) << 1)

/* PyTorch has an overload for numbers, whose node has no edge for the second operand, where the node has another name. */
#define OTHER_NODE(node, node_number) (__builtin_strcmp(node, node_number) ? 2u : 0u)

#define BINARY_GRADIENT(row_name, saves_x, saves_y, gradient_x, gradient_y)                       \
    static void row_name##_gradient(wk_Node *node, wk_Tensor *g, wk_Tensor **out)                 \
    {                                                                                             \
        bool for_x = wk_node_needs(node, 0), for_y = wk_node_needs(node, 1);                      \
        unsigned saves = (for_x ? (unsigned)(saves_x) : 0u) | (for_y ? (unsigned)(saves_y) : 0u); \
        wk_Tensor *x = (saves & SX) ? wk_saved_input(node, 0) : NULL;                             \
        wk_Tensor *y = (saves & SY) ? wk_saved_input(node, 1) : NULL;                             \
        wk_Tensor *z = (saves & SZ) ? wk_saved_output(node) : NULL;                               \
        const double *numbers = node->attributes;                                                 \
        (void)x, (void)y, (void)z, (void)numbers;                                                 \
        if (for_x)                                                                                \
            out[0] = gradient_x;                                                                  \
        if (for_y)                                                                                \
            out[1] = gradient_y;                                                                  \
    }

#define BINARY_ROW(row_name, suffix, types_, node_name, number_count, constants, saves_x, saves_y) \
    static const wk_ElementwiseRow row_name##suffix = {                                            \
        .op = {.name = #row_name,                                                                  \
               .node = #node_name,                                                                 \
               .inputs = {"input", "other"},                                                       \
               .constant = constants,                                                              \
               .uses = {USERS(saves_x, saves_y, SX), USERS(saves_x, saves_y, SY)},                 \
               .uses_output = USERS(saves_x, saves_y, SZ),                                         \
               .attributes = (number_count) * sizeof(double),                                      \
               .any_order = true,                                                                  \
               .forward = wk_elementwise_forward,                                                  \
               .backward = row_name##_gradient},                                                   \
        .types = (enum wk_RowTypes)(types_),                                                       \
        .loops = offsetof(wk_Kernels, row_name)};                                                  \
    WK_LISTED(row_name##suffix, &row_name##suffix.op)

#define BINARY(row_name, types, value, node_name, node_number, saves_x, saves_y, gradient_x, gradient_y,    \
               low, high)                                                                                   \
    BINARY_GRADIENT(row_name, saves_x, saves_y, gradient_x, gradient_y)                                     \
    BINARY_ROW(row_name, _row, types, node_name, 0, 0, saves_x, saves_y)                                    \
    BINARY_ROW(row_name, _number_row, types, node_number, 0, OTHER_NODE(#node_name, #node_number), saves_x, \
               saves_y)                                                                                     \
    WK_ROW_FUNCTIONS(row_name, row_name##_row, row_name##_number_row)

/* Where the engine hands the gradient over, its memory takes the result: one array less to fetch and to write. Only for gradients that use
 * the values of theirs once: not in those of these operations themselves, which are written with wk_<name>_tensor. */
static bool may_overwrite(const wk_Tensor *grad, const wk_Tensor *other)
{
    return grad && other && grad->expendable && wk_grad_disabled && wk_shape_same(grad, other) &&
           grad->dtype == other->dtype;
}

#define GRADIENT(row_name, number_list, types, value, node_name, saves_x, saves_y, gradient_x, gradient_y, \
                 low, high)                                                                                \
    BINARY_GRADIENT(row_name, saves_x, saves_y, gradient_x, gradient_y)                                    \
    BINARY_ROW(row_name, _row, types, node_name, COUNT_OF(number_list), 0, saves_x, saves_y)               \
    static wk_Tensor *wk_##row_name##_tensor(wk_Tensor *grad, wk_Tensor *other, const double *numbers)     \
    {                                                                                                      \
        return WK_APPLY(&row_name##_row.op, numbers, grad, other);                                         \
    }                                                                                                      \
    static wk_Tensor *wk_##row_name(wk_Tensor *grad, wk_Tensor *other, const double *numbers)              \
    {                                                                                                      \
        return may_overwrite(grad, other)                                                                  \
                   ? wk_tensor_as_new(WK_APPLY_INPLACE(&row_name##_row.op, numbers, grad, other))          \
                   : wk_##row_name##_tensor(grad, other, numbers);                                         \
    }

#define COMPARE(row_name, value)                                                                \
    static const wk_ElementwiseRow row_name##_row = {.op = {.name = #row_name,                  \
                                                            .inputs = {"input", "other"},       \
                                                            .any_order = true,                  \
                                                            .forward = wk_elementwise_forward}, \
                                                     .types = ANY,                              \
                                                     .loops = offsetof(wk_Kernels, row_name),   \
                                                     .compares = true};                         \
    WK_LISTED(row_name##_row, &row_name##_row.op)                                               \
    WK_ROW_FUNCTIONS(row_name, row_name##_row, row_name##_row)

/* wk_<name>_tensor, _double, _int64, _uint64, and the same in place (which maximum, minimum and the comparisons keep to themselves). */
#define WK_ROW_FUNCTIONS(row_name, row, number_row)                                           \
    wk_Tensor *wk_##row_name##_tensor(wk_Tensor *input, wk_Tensor *other)                     \
    {                                                                                         \
        return WK_APPLY(&row.op, NULL, input, other);                                         \
    }                                                                                         \
    wk_Tensor *wk_##row_name##_double(wk_Tensor *input, double other)                         \
    {                                                                                         \
        return WK_APPLY(&number_row.op, NULL, input,                                          \
                        input ? wk_number_tensor(wk_number_double(other)) : NULL);            \
    }                                                                                         \
    wk_Tensor *wk_##row_name##_int64(wk_Tensor * input, int64_t other)                        \
    {                                                                                         \
        return WK_APPLY(&number_row.op, NULL, input,                                          \
                        input ? wk_number_tensor(wk_number_int64(other)) : NULL);             \
    }                                                                                         \
    wk_Tensor *wk_##row_name##_uint64(wk_Tensor *input, uint64_t other)                       \
    {                                                                                         \
        wk_Tensor *number = input ? unsigned_number(&number_row, input, other) : NULL;        \
        return input && !number ? NULL : WK_APPLY(&number_row.op, NULL, input, number);       \
    }                                                                                         \
    wk_Tensor *wk_##row_name##__tensor(wk_Tensor *self, wk_Tensor *other)                     \
    {                                                                                         \
        return WK_APPLY_INPLACE(&row.op, NULL, self, other);                                  \
    }                                                                                         \
    wk_Tensor *wk_##row_name##__double(wk_Tensor *self, double other)                         \
    {                                                                                         \
        return WK_APPLY_INPLACE(&number_row.op, NULL, self,                                   \
                                self ? wk_number_tensor(wk_number_double(other)) : NULL);     \
    }                                                                                         \
    wk_Tensor *wk_##row_name##__int64(wk_Tensor * self, int64_t other)                        \
    {                                                                                         \
        return WK_APPLY_INPLACE(&number_row.op, NULL, self,                                   \
                                self ? wk_number_tensor(wk_number_int64(other)) : NULL);      \
    }                                                                                         \
    wk_Tensor *wk_##row_name##__uint64(wk_Tensor *self, uint64_t other)                       \
    {                                                                                         \
        wk_Tensor *number = self ? unsigned_number(&number_row, self, other) : NULL;          \
        return self && !number ? NULL : WK_APPLY_INPLACE(&number_row.op, NULL, self, number); \
    }

#include "kernels/rows.def"

/* Other overloads that PyTorch names: a number first, and what its own functions multiply and divide by. */
BINARY_ROW(sub, _from_number_row, NUMERIC, RsubBackward1, 0, 1, 0, 0)
BINARY_ROW(pow, _of_number_row, NUMERIC, PowBackward2, 0, 1, SX + SY, SX + SY + SZ)
BINARY_ROW(mul, _scalar_row, ANY, MulBackward1, 0, 2, SY, SX)
BINARY_ROW(div, _scalar_row, FLOATING, DivBackward1, 0, 2, SY, SX + SY)

wk_Tensor *wk_mul_scalar(wk_Tensor *input, double number)
{
    return WK_APPLY(&mul_scalar_row.op, NULL, input,
                    input ? wk_number_tensor(wk_number_double(number)) : NULL);
}

wk_Tensor *wk_div_scalar(wk_Tensor *input, double number)
{
    return WK_APPLY(&div_scalar_row.op, NULL, input,
                    input ? wk_number_tensor(wk_number_double(number)) : NULL);
}

/* ---- what is not a row ------------------------------------------------------------------------------ */

/* alpha * other in the dtype of the result, in which PyTorch multiplies. `self` is the input where it is written to. */
static wk_Tensor *add_scaled(const wk_ElementwiseRow *row, wk_Tensor *input, wk_Tensor *other,
                             wk_Number alpha, wk_Tensor *self)
{
    wk_Tensor *const in[2] = {input, other};
    wk_Shape shape;
    if (!wk_tensor_check(input, row->op.name, "input") || !wk_tensor_check(other, row->op.name, "other") ||
        wk_minus_of_bool(row, 2, in) || !wk_shape_broadcast(row->op.name, input, other, &shape))
        return NULL;
    wk_dtype dtype = wk_promote_types(input, other);
    if (self && !wk_result_fits(row, self, dtype, &shape))
        return NULL;
    if (alpha.floating && !wk_is_floating((int)dtype))
        return wk_raise(WK_ERROR_DTYPE,
                        "%s: For integral input tensors, argument alpha must not be a floating point number.",
                        row->op.name);
    if (alpha.as_double == 1)
        return other;
    wk_Tensor *factor = wk_number_as(row->op.name, alpha, dtype);
    return factor ? wk_mul_tensor(wk_to_dtype(other, dtype), factor) : NULL;
}

#define WITH_ALPHA(name)                                                                                 \
    wk_Tensor *(wk_##name##_alpha)(wk_Tensor * input, wk_Tensor * other, wk_Number alpha)                \
    {                                                                                                    \
        wk_Tensor *second = add_scaled(&name##_row, input, other, alpha, NULL);                          \
        return second ? wk_##name##_tensor(input, second) : NULL;                                        \
    }                                                                                                    \
    wk_Tensor *(wk_##name##_alpha_)(wk_Tensor * self, wk_Tensor * other, wk_Number alpha)                \
    {                                                                                                    \
        wk_Tensor *second =                                                                              \
            self ? add_scaled(&name##_row, self, other, alpha, self) : wk_raise_null(#name "_", "self"); \
        return second ? wk_##name##__tensor(self, second) : NULL;                                        \
    }
WITH_ALPHA(add)
WITH_ALPHA(sub)

wk_Tensor *(wk_rsub)(wk_Tensor *input, wk_Number number)
{
    return input ? WK_APPLY(&sub_from_number_row.op, NULL, wk_number_tensor(number), input)
                 : wk_raise_null("rsub", "input");
}

wk_Tensor *(wk_scalar_pow)(wk_Number number, wk_Tensor *exponent)
{
    return exponent ? WK_APPLY(&pow_of_number_row.op, NULL, wk_number_tensor(number), exponent)
                    : wk_raise_null("pow", "exponent");
}
