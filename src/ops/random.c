/* Random values in place. The generator's own rules (core/random.h) say which numbers come; here only the tensor is taken apart:
 * what is not contiguous is filled in the order in which its elements lie in memory, as PyTorch does. */
#include "core/random.h"
#include "core/text.h"

#include <float.h>
#include <math.h>

#include "ops/ops.h"

typedef struct Fill {
    double a, b;
    int64_t from, to;
    wk_Generator *generator;
    bool each; /* element by element, as PyTorch does for normal on what is not contiguous */
    bool (*run)(const struct Fill *fill, wk_Tensor *flat);
} Fill;

/* The dimensions by falling strides: the order in which the elements lie in memory. */
static void order_in_memory(const wk_Tensor *t, int64_t *order)
{
    for (int i = 0; i < t->ndim; i++) {
        int at = i;
        for (; at > 0 && t->stride[order[at - 1]] < t->stride[i]; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
}

static wk_Tensor *random_forward(wk_Call *call)
{
    const Fill *fill = call->attributes;
    wk_Tensor *self = call->in[0];
    if (self->contiguous)
        return fill->run(fill, self) ? self : NULL;
    Fill in_order = *fill;
    in_order.each = true;
    int64_t order[WK_MAX_DIMS];
    order_in_memory(self, order);
    wk_Tensor *view = wk_permute_dims(self, self->ndim, order);
    if (view && view->contiguous)
        return fill->run(&in_order, view) ? self : NULL;
    wk_Tensor *flat =
        view ? wk_tensor_new(call->op->name, (wk_dtype)self->dtype, view->ndim, view->shape) : NULL;
    if (!flat || !fill->run(&in_order, flat))
        return NULL;
    return wk_map(call->op->name, wk_kernels->cast[self->dtype][self->dtype], view, 1, &flat) ? self : NULL;
}

static void no_gradient(wk_Node *node, wk_Tensor *grad, wk_Tensor **out)
{
    (void)node;
    out[0] = wk_zeros_like(grad);
}

#define RANDOM_OP(op_name, node_name)                                                         \
    {                                                                                         \
        .name = #op_name, .node = #node_name, .inputs = {"self"}, .attributes = sizeof(Fill), \
        .forward = random_forward, .backward = no_gradient                                    \
    }
WK_OP(uniform_op) = RANDOM_OP(uniform_, UniformBackward0);
WK_OP(normal_op) = RANDOM_OP(normal_, NormalBackward0);
WK_OP(bernoulli_op) = RANDOM_OP(bernoulli_, BernoulliBackward2);
WK_OP(random_op) = RANDOM_OP(random_, RandomBackward0);

static bool fill_uniform(const Fill *f, wk_Tensor *t)
{
    if (t->dtype == wk_float32)
        return wk_fill_uniform_f32(f->generator, wk_tensor_data(t), t->numel, f->a, f->b);
    if (t->dtype == wk_float64)
        return wk_fill_uniform_f64(f->generator, wk_tensor_data(t), t->numel, f->a, f->b);
    return wk_raise_kernel("uniform_", "check_uniform_bounds", t->dtype) != NULL;
}

static bool fill_normal(const Fill *f, wk_Tensor *t)
{
    if (t->dtype == wk_float32)
        return (f->each ? wk_fill_normal_each_f32 : wk_fill_normal_f32)(f->generator, wk_tensor_data(t),
                                                                        t->numel, f->a, f->b);
    if (t->dtype == wk_float64)
        return (f->each ? wk_fill_normal_each_f64 : wk_fill_normal_f64)(f->generator, wk_tensor_data(t),
                                                                        t->numel, f->a, f->b);
    return wk_raise_kernel("normal_", "normal_kernel_cpu", t->dtype) != NULL;
}

/* Integers get their 0 and 1 by way of float32, which draws the same numbers. */
static bool through_float(const Fill *f, wk_Tensor *t, wk_dtype dtype)
{
    wk_Tensor *other = wk_tensor_new("random", dtype, t->ndim, t->shape);
    return other && f->run(f, other) && wk_map("random", wk_kernels->cast[dtype][t->dtype], t, 1, &other);
}

static bool fill_bernoulli(const Fill *f, wk_Tensor *t)
{
    if (t->dtype == wk_float32)
        return wk_fill_bernoulli_f32(f->generator, wk_tensor_data(t), t->numel, f->a);
    if (t->dtype == wk_float64)
        return wk_fill_bernoulli_f64(f->generator, wk_tensor_data(t), t->numel, f->a);
    if (t->dtype == wk_uint8 || t->dtype == wk_bool)
        return wk_fill_bernoulli_u8(f->generator, wk_tensor_data(t), t->numel, f->a);
    return through_float(f, t, wk_float32);
}

/* Where a float rounds a bound beyond the range, PyTorch takes the next number inside: `digits` are those of its fraction. */
static int64_t rounded_bound(int64_t bound, int digits, bool upper)
{
    const int64_t last = upper ? bound - 1 : bound + 1;
    const double as_float = digits == FLT_MANT_DIG ? (double)(float)last : (double)last;
    const int64_t rounded = as_float >= 0x1p63 ? INT64_MAX : (int64_t)as_float;
    if (upper ? rounded < bound : rounded >= bound)
        return bound;
    const int bits = 64 - __builtin_clzll(last < 0 ? 0 - (uint64_t)last : (uint64_t)last);
    const int64_t step = INT64_C(1) << (bits - digits);
    return upper ? rounded - step : rounded + step;
}

static bool bounds_fit(const Fill *f, const wk_Tensor *t)
{
    const wk_Integers held = wk_integers_of[t->dtype];
    const char *beyond = f->from < held.least || f->from > held.most       ? "from"
                         : f->to - 1 < held.least || f->to - 1 > held.most ? "to - 1"
                                                                           : NULL;
    return !beyond || wk_raise(WK_ERROR_ARGUMENT, "random_: %s is out of bounds for %s", beyond,
                               wk_dtype_c_type(t->dtype));
}

static bool fill_random(const Fill *f, wk_Tensor *t)
{
    if (t->dtype == wk_int64 || f->from >= f->to) /* which the fill refuses */
        return wk_fill_randint_i64(f->generator, wk_tensor_data(t), t->numel, f->from, f->to);
    Fill inside = *f;
    if (wk_is_floating(t->dtype)) {
        const int digits = t->dtype == wk_float32 ? FLT_MANT_DIG : DBL_MANT_DIG;
        inside.from = rounded_bound(f->from, digits, false);
        inside.to = rounded_bound(f->to, digits, true);
    } else if (!bounds_fit(f, t)) {
        return false;
    }
    return through_float(&inside, t, wk_int64);
}

wk_Tensor *wk_uniform_(wk_Tensor *self, double from, double to, wk_Generator *generator)
{
    Fill f = {.a = from, .b = to, .generator = generator, .run = fill_uniform};
    return WK_APPLY_INPLACE(&uniform_op, &f, self);
}

wk_Tensor *wk_normal_(wk_Tensor *self, double mean, double std, wk_Generator *generator)
{
    Fill f = {.a = mean, .b = std, .generator = generator, .run = fill_normal};
    return WK_APPLY_INPLACE(&normal_op, &f, self);
}

wk_Tensor *wk_bernoulli_(wk_Tensor *self, double p, wk_Generator *generator)
{
    Fill f = {.a = p, .generator = generator, .run = fill_bernoulli};
    return WK_APPLY_INPLACE(&bernoulli_op, &f, self);
}

wk_Tensor *wk_random_(wk_Tensor *self, int64_t from, int64_t to, wk_Generator *generator)
{
    Fill f = {.from = from, .to = to, .generator = generator, .run = fill_random};
    return WK_APPLY_INPLACE(&random_op, &f, self);
}

static wk_Tensor *bernoulli_of_forward(wk_Call *call)
{
    wk_Generator *generator = *(wk_Generator **)call->attributes;
    wk_Tensor *p = wk_contiguous(call->in[0]), *out = p ? wk_empty_like(p) : NULL;
    if (!out)
        return NULL;
    bool done = p->dtype == wk_float32
                    ? wk_fill_bernoulli_of_f32(generator, wk_tensor_data(out), wk_tensor_data(p), p->numel)
                    : wk_fill_bernoulli_of_f64(generator, wk_tensor_data(out), wk_tensor_data(p), p->numel);
    return done ? out : NULL;
}

WK_OP(bernoulli_of_op) = {.name = "bernoulli",
                          .node = "BernoulliBackward0",
                          .inputs = {"input"},
                          .attributes = sizeof(wk_Generator *),
                          .forward = bernoulli_of_forward,
                          .backward = no_gradient};

wk_Tensor *wk_bernoulli(wk_Tensor *input, wk_Generator *generator)
{
    if (!wk_tensor_check(input, "bernoulli", "input"))
        return NULL;
    if (!wk_is_floating(input->dtype))
        return wk_raise_kernel("bernoulli", "bernoulli_tensor_cpu_p_", input->dtype);
    return WK_APPLY(&bernoulli_of_op, &generator, input);
}

/* As PyTorch's CPU code: a mask of 0 and 1/(1-p), and one product. */
static wk_Tensor *dropout_mask(const char *op, wk_Tensor *input, double p, wk_Generator *generator)
{
    if (!(p >= 0 && p <= 1))
        return wk_raise(WK_ERROR_ARGUMENT, "%s: dropout probability has to be between 0 and 1, but got %s",
                        op, WK_NUMBER(p));
    if (p == 1)
        return wk_zeros_shape(0, NULL, (wk_dtype)input->dtype);
    if (!wk_is_floating(input->dtype))
        return wk_raise(WK_ERROR_DTYPE, "%s: result type Float can't be cast to the desired output type %s",
                        op, wk_dtype_type(input->dtype));
    /* The mask has the strides of a dense input, and its numbers are drawn in their order. */
    wk_Tensor *mask = wk_tensor_in_rows_like(op, (wk_dtype)input->dtype, input);
    mask = wk_bernoulli_(mask, 1 - p, generator);
    return wk_div__double(mask, 1 - p);
}

static bool drops_nothing(const wk_Tensor *input, double p, bool training)
{
    return !training || p == 0 || (input->numel == 0 && p >= 0 && p <= 1);
}

wk_Tensor *wk_dropout_from(wk_Generator *generator, wk_Tensor *input, double p, bool training)
{
    if (!wk_tensor_check(input, "dropout", "input"))
        return NULL;
    if (!(p >= 0 && p <= 1))
        return dropout_mask("dropout", input, p, generator);
    return drops_nothing(input, p, training)
               ? input
               : wk_mul_tensor(input, dropout_mask("dropout", input, p, generator));
}

wk_Tensor *wk_dropout_from_(wk_Generator *generator, wk_Tensor *self, double p, bool training)
{
    if (!wk_tensor_check(self, "dropout_", "self"))
        return NULL;
    if (!(p >= 0 && p <= 1))
        return dropout_mask("dropout_", self, p, generator);
    return drops_nothing(self, p, training)
               ? self
               : wk_mul__tensor(self, dropout_mask("dropout_", self, p, generator));
}

wk_Tensor *wk_dropout(wk_Tensor *input, double p, bool training)
{
    return wk_dropout_from(NULL, input, p, training);
}

wk_Tensor *wk_dropout_(wk_Tensor *self, double p, bool training)
{
    return wk_dropout_from_(NULL, self, p, training);
}
