/* The forward of elementwise operations: dtypes, broadcasting, writing in place, refusals. The rows are in rows.c.
 *
 * Operands are converted to their common dtype first, so that a kernel knows one dtype only. */
#include "ops/elementwise.h"

#include <string.h>

static wk_Loop loop_of(const wk_ElementwiseRow *row, int dtype)
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

bool wk_result_fits(const wk_ElementwiseRow *row, const wk_Tensor *self, wk_dtype dtype,
                    const wk_Shape *shape)
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
bool wk_minus_of_bool(const wk_ElementwiseRow *row, int count, wk_Tensor *const *in)
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
static bool power_fits(const wk_ElementwiseRow *row, wk_Tensor *const *in, wk_dtype dtype)
{
    if (row->loops != offsetof(wk_Kernels, pow) || !in[1]->number || wk_is_floating((int)dtype))
        return true;
    const int64_t exponent = *(const int64_t *)wk_tensor_data(in[1]);
    if (exponent < 0)
        return wk_raise(WK_ERROR_DOMAIN, "pow: Integers to negative integer powers are not allowed."), false;
    return wk_number_fits("pow", wk_number_int64(exponent), dtype);
}

/* Integers take numbers that they can hold; hardtanh and celu have their own words for some. */
static bool numbers_fit(const wk_ElementwiseRow *row, const double *numbers, wk_dtype dtype)
{
    if (!numbers)
        return true;
    if (row->loops == offsetof(wk_Kernels, celu) && numbers[0] == 0)
        return wk_raise(WK_ERROR_DOMAIN, "%s: ZeroDivisionError: alpha cannot be 0 for CELU", row->op.name),
               false;
    if (row->loops == offsetof(wk_Kernels, hardtanh)) {
        if (numbers[0] > numbers[1])
            return wk_raise(WK_ERROR_ARGUMENT, "%s: min_val cannot be greater than max_val", row->op.name),
                   false;
        if (dtype == wk_uint8 && (numbers[0] < 0 || numbers[1] < 0))
            return wk_raise(WK_ERROR_ARGUMENT,
                            "%s: cannot do hardtanh on an unsigned type with negative limits", row->op.name),
                   false;
    }
    for (size_t i = 0; i < row->op.attributes / sizeof *numbers; i++)
        if (!wk_is_floating((int)dtype) && !wk_number_fits(row->op.name, wk_number_double(numbers[i]), dtype))
            return false;
    return true;
}

/* Raises PyTorch's refusal of the dtype, which names its kernel. */
static void raise_row(const wk_ElementwiseRow *row, wk_dtype dtype)
{
    static const struct {
        size_t loops;
        const char *kernel;
    } kernels[] = {
#define KERNEL(name, kernel) {offsetof(wk_Kernels, name), kernel},
#include "kernels/rows.def"
    };
    if (row->loops == offsetof(wk_Kernels, hardtanh) || row->loops == offsetof(wk_Kernels, relu6)) {
        wk_raise(WK_ERROR_DTYPE, "%s: Bool inputs not supported for hardtanh", row->op.name);
        return;
    }
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
static wk_dtype dtype_of_call(const wk_ElementwiseRow *row, const wk_Call *call)
{
    wk_Tensor *const *in = call->in;
    wk_dtype dtype = call->count == 2 ? wk_promote_types(in[0], in[1]) : (wk_dtype)in[0]->dtype;
    if (wk_minus_of_bool(row, call->count, in) || (call->count == 2 && !power_fits(row, in, dtype)))
        return wk_default_dtype;
    if (!wk_is_floating((int)dtype)) {
        if (row->types == FLOATING || row->types == VECTOR)
            dtype = wk_get_default_dtype();
        else if (row->types == COUNTED && dtype == wk_bool)
            dtype = wk_int64;
    }
    if (loop_of(row, (int)dtype))
        return numbers_fit(row, call->attributes, dtype) ? dtype : wk_default_dtype;
    raise_row(row, dtype);
    return wk_default_dtype;
}

wk_Tensor *wk_elementwise_forward(wk_Call *call)
{
    const wk_ElementwiseRow *row = (const wk_ElementwiseRow *)call->op;
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
    if (self && !wk_result_fits(row, self, out_dtype, &shape))
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
    const bool slow = row->types <= VECTOR_ONLY || (row->types <= FLOATING_ONLY && call->count == 1);
    const int how = call->count | (slow ? WK_SLOW_LOOP : 0);
    if (!out || !wk_map_row(row->op.name, loop, call->attributes, out, how, operands))
        return NULL;
    out->number = !self && call->count == 2 && in[0]->number && in[1]->number;
    if (!self || out == self)
        return out;
    return wk_map(row->op.name, wk_kernels->cast[out_dtype][self->dtype], self, 1, &out) ? self : NULL;
}
