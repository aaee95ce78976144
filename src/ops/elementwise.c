/* Elementwise operations, made from the rows of kernels/rows.def.
 *
 * A row becomes a descriptor, a gradient function and the public functions wk_<name>, wk_<name>_ (and _tensor, _double, _int64 for two
 * operands). Operands are converted to their common dtype first, so that a kernel knows one dtype only. */
#include <stddef.h>
#include <string.h>

#include "ops/unpool.h"

enum Types { CURVES, FLOATS, FLOATING, NUMERIC, COUNTED, ANY };
enum Saves { SX = 1, SY = 2, SZ = 4, PENDING = 8 };

/* One row: what the descriptor must know beside the graph. */
typedef struct Row {
    wk_Op op;
    enum Types types;
    size_t loops; /* offset of wk_Loop[WK_DTYPES] in wk_Kernels */
    bool compares;
} Row;

static wk_Loop loop_of(const Row *row, int dtype)
{
    const wk_Loop *loops = (const wk_Loop *)(const void *)((const char *)wk_kernels + row->loops);
    return loops[dtype];
}

/* ---- the forward ------------------------------------------------------------------------------------ */

static wk_Tensor *converted(wk_Tensor *t, wk_dtype dtype)
{
    return t->dtype == dtype ? t : wk_to_dtype(t, dtype);
}

/* Memory that is read at other places than it is written must be read first. */
static wk_Tensor *apart_from(wk_Tensor *operand, const wk_Tensor *self)
{
    if (operand->storage != self->storage)
        return operand;
    bool same = operand->offset == self->offset && wk_shape_same(operand, self) &&
                memcmp(operand->stride, self->stride, self->ndim * sizeof *self->stride) == 0;
    return same ? operand : wk_clone(operand);
}

static bool result_fits(const Row *row, const wk_Tensor *self, wk_dtype dtype, const wk_Shape *shape)
{
    if (self->ndim != shape->ndim || memcmp(self->shape, shape->dims, self->ndim * sizeof *self->shape) != 0)
        return wk_raise(WK_ERROR_SHAPE, "%s_: output with shape %s doesn't match the broadcast shape %s",
                        row->op.name, WK_SHAPE_TEXT(self), wk_shape_text(shape->ndim, shape->dims).text),
               false;
    bool lossless =
        wk_is_floating((int)dtype) ? wk_is_floating(self->dtype) : self->dtype != wk_bool || dtype == wk_bool;
    if (!lossless)
        return wk_raise(WK_ERROR_DTYPE, "%s_: result type %s can't be cast to the desired output type %s",
                        row->op.name, wk_dtype_type((int)dtype), wk_dtype_type(self->dtype)),
               false;
    return true;
}

wk_Tensor *wk_result_like(const char *op, wk_dtype dtype, const wk_Shape *shape, int count,
                          wk_Tensor *const *in)
{
    for (int i = 0; i < count; i++)
        if (in[i]->ndim == shape->ndim &&
            memcmp(in[i]->shape, shape->dims, (size_t)shape->ndim * sizeof *shape->dims) == 0)
            return wk_tensor_like(op, dtype, in[i]);
    return wk_tensor_new(op, dtype, shape->ndim, shape->dims);
}

/* PyTorch refuses a minus with a bool on either side of it. */
static bool minus_of_bool(const Row *row, int count, wk_Tensor *const *in)
{
    bool minus = row->loops == offsetof(wk_Kernels, sub) || row->loops == offsetof(wk_Kernels, neg);
    int bools = 0;
    for (int i = 0; i < count && minus; i++)
        bools += in[i]->dtype == wk_bool;
    if (bools)
        wk_raise(WK_ERROR_DTYPE, "%s: %s, the `-` operator, %s not supported. %s instead.", row->op.name,
                 count == 1 ? "Negation" : "Subtraction",
                 count == 1   ? "on a bool tensor is"
                 : bools == 2 ? "with two bool tensors is"
                              : "with a bool tensor is",
                 bools == 2 ? "Use the `^` or `logical_xor()` operator"
                            : "If you are trying to invert a mask, use the `~` or `logical_not()` operator");
    return bools;
}

/* And integers to the power of a whole number that is negative, or that their dtype cannot hold. */
static bool power_fits(const Row *row, wk_Tensor *const *in, wk_dtype dtype)
{
    if (row->loops != offsetof(wk_Kernels, pow) || !in[1]->number || wk_is_floating((int)dtype))
        return true;
    const int64_t exponent = *(const int64_t *)wk_tensor_data(in[1]);
    if (exponent < 0)
        return wk_raise(WK_ERROR_DOMAIN, "pow: Integers to negative integer powers are not allowed."), false;
    return wk_number_fits("pow", wk_number_int64(exponent), dtype);
}

/* Raises PyTorch's refusal of the dtype, which names its kernel. */
static void raise_row(const Row *row, wk_dtype dtype)
{
    static const struct {
        size_t loops;
        const char *kernel;
    } kernels[] = {{offsetof(wk_Kernels, abs), "abs_cpu"},
                   {offsetof(wk_Kernels, floor), "floor_vml_cpu"},
                   {offsetof(wk_Kernels, ceil), "ceil_vml_cpu"},
                   {offsetof(wk_Kernels, round), "round_vml_cpu"},
                   {offsetof(wk_Kernels, silu), "silu_cpu"},
                   {offsetof(wk_Kernels, gelu), "GeluKernelImpl"},
                   {offsetof(wk_Kernels, floor_divide), "div_floor_cpu"},
                   {offsetof(wk_Kernels, remainder), "remainder_cpu"}};
    if (row->loops == offsetof(wk_Kernels, relu)) {
        wk_raise(WK_ERROR_DTYPE, "relu: Boolean inputs not supported for relu");
        return;
    }
    const char *kernel = row->op.name;
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
        if (kernels[i].loops == row->loops)
            kernel = kernels[i].kernel;
    wk_raise_kernel(row->op.name, kernel, (int)dtype);
}

/* The dtype that a row computes in, wk_default_dtype with an error when there is none. */
static wk_dtype dtype_of_call(const Row *row, const wk_Call *call)
{
    wk_Tensor *const *in = call->in;
    wk_dtype dtype = call->count == 2 ? wk_promote_types(in[0], in[1]) : (wk_dtype)in[0]->dtype;
    if (minus_of_bool(row, call->count, in) || (call->count == 2 && !power_fits(row, in, dtype)))
        return wk_default_dtype;
    if (!wk_is_floating((int)dtype)) {
        if (row->types == FLOATING || row->types == CURVES)
            dtype = wk_get_default_dtype();
        else if (row->types == COUNTED && dtype == wk_bool)
            dtype = wk_int64;
    }
    if (loop_of(row, (int)dtype))
        return dtype;
    raise_row(row, dtype);
    return wk_default_dtype;
}

static wk_Tensor *elementwise_forward(wk_Call *call)
{
    const Row *row = (const Row *)call->op;
    wk_Tensor *const *in = call->in;
    wk_Shape shape = {.ndim = in[0]->ndim};
    memcpy(shape.dims, in[0]->shape, sizeof shape.dims);
    if (call->count == 2 && !wk_shape_broadcast(row->op.name, in[0], in[1], &shape))
        return NULL;
    wk_dtype dtype = dtype_of_call(row, call);
    if (dtype == wk_default_dtype)
        return NULL;
    wk_Loop loop = loop_of(row, (int)dtype);
    wk_Tensor *self = call->inplace, *operands[2];
    wk_dtype out_dtype = row->compares ? wk_bool : dtype;
    if (self && !result_fits(row, self, out_dtype, &shape))
        return NULL;
    for (int i = 0; i < call->count; i++) {
        operands[i] = converted(in[i], dtype);
        if (operands[i] && self)
            operands[i] = apart_from(operands[i], self);
        if (!operands[i])
            return NULL;
    }
    wk_Tensor *out = self && self->dtype == out_dtype
                         ? self
                         : wk_result_like(row->op.name, out_dtype, &shape, call->count, in);
    const bool slow = row->types <= FLOATS || (row->types == FLOATING && call->count == 1);
    if (!out || !(slow ? wk_map_slow : wk_map)(row->op.name, loop, out, call->count, operands))
        return NULL;
    out->number = !self && call->count == 2 && in[0]->number && in[1]->number;
    if (!self || out == self)
        return out;
    return wk_map(row->op.name, wk_kernels->cast[out_dtype][self->dtype], self, 1, &out) ? self : NULL;
}

/* ---- second derivatives that the rows name ---------------------------------------------------------- */

wk_Tensor *wk_sigmoid_backward_tensor(wk_Tensor *grad, wk_Tensor *result);
wk_Tensor *wk_tanh_backward_tensor(wk_Tensor *grad, wk_Tensor *result);
wk_Tensor *wk_silu_backward_tensor(wk_Tensor *grad, wk_Tensor *input);
wk_Tensor *wk_gelu_backward_tensor(wk_Tensor *grad, wk_Tensor *input);

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

/* ---- the rows --------------------------------------------------------------------------------------- */

#define UNARY(row_name, types_, value, node_name, saves, gradient, low, high)          \
    static void row_name##_gradient(wk_Node *node, wk_Tensor *g, wk_Tensor **out)      \
    {                                                                                  \
        wk_Tensor *x = ((saves)&SX) ? wk_saved_input(node, 0) : NULL;                  \
        wk_Tensor *y = ((saves)&SZ) ? wk_saved_output(node) : NULL;                    \
        (void)x, (void)y;                                                              \
        out[0] = gradient;                                                             \
    }                                                                                  \
    static const Row row_name##_row = {.op = {.name = #row_name,                       \
                                              .node = #node_name,                      \
                                              .inputs = {"input"},                     \
                                              .uses = {((saves)&SX) != 0},             \
                                              .uses_output = ((saves)&SZ) != 0,        \
                                              .takes_pending = ((saves)&PENDING) != 0, \
                                              .any_order = true,                       \
                                              .forward = elementwise_forward,          \
                                              .backward = row_name##_gradient},        \
                                       .types = types_,                                \
                                       .loops = offsetof(wk_Kernels, row_name)};       \
    WK_LISTED(row_name##_row, &row_name##_row.op)                                      \
    wk_Tensor *wk_##row_name(wk_Tensor *input)                                         \
    {                                                                                  \
        return WK_APPLY(&row_name##_row.op, NULL, input);                              \
    }                                                                                  \
    wk_Tensor *wk_##row_name##_(wk_Tensor *self)                                       \
    {                                                                                  \
        return WK_APPLY_INPLACE(&row_name##_row.op, NULL, self);                       \
    }

/* An unsigned number as the second operand. Above INT64_MAX it is no integer of any dtype, but floats have it. */
static wk_Tensor *unsigned_number(const Row *row, const wk_Tensor *input, uint64_t number)
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

#define BINARY_ROW(row_name, suffix, types_, node_name, constants, saves_x, saves_y) \
    static const Row row_name##suffix = {                                            \
        .op = {.name = #row_name,                                                    \
               .node = #node_name,                                                   \
               .inputs = {"input", "other"},                                         \
               .constant = constants,                                                \
               .uses = {USERS(saves_x, saves_y, SX), USERS(saves_x, saves_y, SY)},   \
               .uses_output = USERS(saves_x, saves_y, SZ),                           \
               .any_order = true,                                                    \
               .forward = elementwise_forward,                                       \
               .backward = row_name##_gradient},                                     \
        .types = types_,                                                             \
        .loops = offsetof(wk_Kernels, row_name)};                                    \
    WK_LISTED(row_name##suffix, &row_name##suffix.op)

#define BINARY(row_name, types_, value, node_name, node_number, saves_x, saves_y, gradient_x, gradient_y, \
               low, high)                                                                                 \
    static void row_name##_gradient(wk_Node *node, wk_Tensor *g, wk_Tensor **out)                         \
    {                                                                                                     \
        bool for_x = wk_node_needs(node, 0), for_y = wk_node_needs(node, 1);                              \
        unsigned saves = (for_x ? (unsigned)(saves_x) : 0u) | (for_y ? (unsigned)(saves_y) : 0u);         \
        wk_Tensor *x = (saves & SX) ? wk_saved_input(node, 0) : NULL;                                     \
        wk_Tensor *y = (saves & SY) ? wk_saved_input(node, 1) : NULL;                                     \
        wk_Tensor *z = (saves & SZ) ? wk_saved_output(node) : NULL;                                       \
        (void)x, (void)y, (void)z;                                                                        \
        if (for_x)                                                                                        \
            out[0] = gradient_x;                                                                          \
        if (for_y)                                                                                        \
            out[1] = gradient_y;                                                                          \
    }                                                                                                     \
    BINARY_ROW(row_name, _row, types_, node_name, 0, saves_x, saves_y)                                    \
    BINARY_ROW(row_name, _number_row, types_, node_number, OTHER_NODE(#node_name, #node_number), saves_x, \
               saves_y)                                                                                   \
    WK_ROW_FUNCTIONS(row_name, row_name##_row, row_name##_number_row)

#define COMPARE(row_name, value)                                                \
    static const Row row_name##_row = {.op = {.name = #row_name,                \
                                              .inputs = {"input", "other"},     \
                                              .any_order = true,                \
                                              .forward = elementwise_forward},  \
                                       .types = ANY,                            \
                                       .loops = offsetof(wk_Kernels, row_name), \
                                       .compares = true};                       \
    WK_LISTED(row_name##_row, &row_name##_row.op)                               \
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
BINARY_ROW(sub, _from_number_row, NUMERIC, RsubBackward1, 1, 0, 0)
BINARY_ROW(pow, _of_number_row, NUMERIC, PowBackward2, 1, SX + SY, SX + SY + SZ)
BINARY_ROW(mul, _scalar_row, ANY, MulBackward1, 2, SY, SX)
BINARY_ROW(div, _scalar_row, FLOATING, DivBackward1, 2, SY, SX + SY)

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

/* Where the engine hands the gradient over, its memory takes the result: one array less to fetch and to write. Only for gradients that use
 * the values of theirs once: not in those of these operations themselves, which are written with wk_<name>_tensor. */
static bool may_write_over(const wk_Tensor *grad, const wk_Tensor *other)
{
    return grad && other && grad->expendable && wk_grad_disabled && wk_shape_same(grad, other) &&
           grad->dtype == other->dtype;
}

#define WRITES_OVER(name)                                                                       \
    wk_Tensor *wk_##name(wk_Tensor *grad, wk_Tensor *other)                                     \
    {                                                                                           \
        return may_write_over(grad, other) ? wk_tensor_as_new(wk_##name##__tensor(grad, other)) \
                                           : wk_##name##_tensor(grad, other);                   \
    }
WRITES_OVER(threshold_backward)
WRITES_OVER(sigmoid_backward)
WRITES_OVER(tanh_backward)
WRITES_OVER(silu_backward)
WRITES_OVER(gelu_backward)

wk_Tensor *wk_relu_backward(wk_Tensor *grad, wk_Tensor *result)
{
    return grad && wk_keep_positive_winners(grad) ? grad : wk_threshold_backward(grad, result);
}

/* ---- what is not a row ------------------------------------------------------------------------------ */

/* alpha * other in the dtype of the result, in which PyTorch multiplies. `self` is the input where it is written to. */
static wk_Tensor *add_scaled(const Row *row, wk_Tensor *input, wk_Tensor *other, wk_Number alpha,
                             wk_Tensor *self)
{
    wk_Tensor *const in[2] = {input, other};
    wk_Shape shape;
    if (!wk_tensor_check(input, row->op.name, "input") || !wk_tensor_check(other, row->op.name, "other") ||
        minus_of_bool(row, 2, in) || !wk_shape_broadcast(row->op.name, input, other, &shape))
        return NULL;
    wk_dtype dtype = wk_promote_types(input, other);
    if (self && !result_fits(row, self, dtype, &shape))
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
