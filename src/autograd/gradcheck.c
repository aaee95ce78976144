/* gradcheck and gradgradcheck: the analytical derivative against central differences.
 *
 * For each element j of each input, (f(x + eps e_j) - f(x - eps e_j)) / 2 eps is one column of the Jacobian; for each element i of the
 * output, backward of e_i gives one row. They must agree entry by entry. gradgradcheck does the same with the function that maps the
 * inputs and an output gradient to the input gradients. */
#include <math.h>
#include <string.h>

#include "autograd/node.h"
#include "core/memory.h"
#include "core/text.h"

typedef struct Check {
    wk_gradcheck_options o;
    const char *name;
    int inputs;
    wk_Tensor *input[16];
} Check;

/* Copies of the inputs as leaves, dense, so that they can be nudged; what does not require a gradient is passed as it is. */
static bool own_inputs(Check *c)
{
    if (!c->o.function)
        return wk_raise_null(c->name, "function"), false;
    if (c->o.inputs.count < 1 || c->o.inputs.count > 16)
        return wk_raise(WK_ERROR_ARGUMENT, "%s: %d inputs, from 1 to 16 are possible", c->name,
                        c->o.inputs.count),
               false;
    if (!wk_array_check(c->o.inputs.count, c->o.inputs.tensors, c->name, "inputs"))
        return false;
    bool any = false;
    c->inputs = c->o.inputs.count;
    for (int i = 0; i < c->inputs; i++) {
        wk_Tensor *given = c->o.inputs.tensors[i];
        if (!wk_tensor_check(given, c->name, "input"))
            return false;
        c->input[i] = given;
        if (!wk_requires_grad(given))
            continue;
        if (given->dtype != wk_float64)
            return wk_raise(WK_ERROR_DTYPE, "%s: input %d is %s: differences need float64", c->name, i,
                            wk_dtype_name((wk_dtype)given->dtype)),
                   false;
        any = true;
    }
    if (!any)
        return wk_raise(WK_ERROR_ARGUMENT, "%s: expects at least one input tensor to require gradient",
                        c->name),
               false;
    c->o.eps = c->o.eps > 0 ? c->o.eps : 1e-6;
    c->o.atol = c->o.atol > 0 ? c->o.atol : 1e-5;
    c->o.rtol = c->o.rtol > 0 ? c->o.rtol : 1e-3;
    return true;
}

static wk_Tensor *evaluate(const Check *c)
{
    wk_Tensor *y = c->o.function((wk_List){c->inputs, c->input}, c->o.user);
    if (!y)
        return NULL;
    if (y->dtype != wk_float64)
        return wk_raise(WK_ERROR_DTYPE, "%s: the function's result is %s, expected float64", c->name,
                        wk_dtype_name((wk_dtype)y->dtype));
    return wk_contiguous(wk_detach(y));
}

static double *element_of(const wk_Tensor *t, int64_t index)
{
    int64_t at = 0;
    for (int d = t->ndim - 1; d >= 0; d--) {
        at += index % t->shape[d] * t->stride[d];
        index /= t->shape[d];
    }
    return (double *)wk_tensor_data(t) + at;
}

/* The column of element j of input `which`, in column[0 .. outputs). */
static bool difference_column(const Check *c, int which, int64_t j, int64_t outputs, double *column)
{
    double *x = element_of(c->input[which], j), was = *x, eps = c->o.eps;
    bool done = true;
    for (int side = 0; side < 2 && done; side++) {
        wk_Scope scope = wk_scope_begin();
        *x = side ? was - eps : was + eps;
        wk_Tensor *y = NULL;
        wk_no_grad y = evaluate(c);
        done = y != NULL;
        if (done && y->numel != outputs)
            done = (wk_raise(WK_ERROR_SHAPE, "%s: the function's result changes its shape", c->name), false);
        for (int64_t i = 0; done && i < outputs; i++) {
            double v = ((const double *)wk_tensor_data(y))[i];
            column[i] = side ? (column[i] - v) / (2 * eps) : v;
        }
        *x = was;
        wk_scope_end(scope);
    }
    return done;
}

/* rows[i * width ...] = gradient of output i with respect to input `which`. */
static bool analytic_rows(const Check *c, int which, int64_t outputs, double *rows)
{
    int64_t width = c->input[which]->numel;
    wk_Tensor *y = c->o.function((wk_List){c->inputs, c->input}, c->o.user);
    if (!y)
        return false;
    for (int64_t i = 0; i < outputs; i++) {
        wk_Scope scope = wk_scope_begin();
        wk_Tensor *unit = wk_zeros_shape(y->ndim, y->shape, wk_float64), *g = NULL;
        if (unit)
            ((double *)wk_tensor_data(unit))[i] = 1;
        bool done = unit != NULL;
        if (done && wk_requires_grad(y))
            done = wk_grads(&g, {1, &y}, {1, &c->input[which]}, .grad_outputs = {1, &unit},
                            .retain_graph = true, .allow_unused = true);
        if (done && g && !(g = wk_contiguous(g)))
            done = false;
        if (done && g)
            memcpy(rows + i * width, wk_tensor_data(g), (size_t)width * sizeof *rows);
        wk_scope_end(scope);
        if (!done)
            return false;
    }
    return true;
}

static bool compare(const Check *c, int which, int64_t outputs, const double *numeric, const double *analytic)
{
    int64_t width = c->input[which]->numel, at_i = -1, at_j = -1;
    double worst = 0;
    for (int64_t i = 0; i < outputs; i++)
        for (int64_t j = 0; j < width; j++) {
            double n = numeric[j * outputs + i], a = analytic[i * width + j];
            double excess = fabs(n - a) - (c->o.atol + c->o.rtol * fabs(n));
            if (!(excess <= 0) && !(excess <= worst)) {
                worst = excess;
                at_i = i, at_j = j;
            }
        }
    if (at_i < 0)
        return true;
    return wk_raise(WK_ERROR_DOMAIN,
                    "%s: Jacobian mismatch for output element %lld with respect to element %lld of input %d: "
                    "numerical %s, analytical %s",
                    c->name, (long long)at_i, (long long)at_j, which,
                    WK_NUMBER(numeric[at_j * outputs + at_i]), WK_NUMBER(analytic[at_i * width + at_j])),
           false;
}

static bool check_input(const Check *c, int which, int64_t outputs)
{
    size_t bytes = (size_t)(outputs * c->input[which]->numel) * sizeof(double);
    double *numeric = wk_zalloc(bytes), *analytic = wk_zalloc(bytes);
    bool done = numeric && analytic && analytic_rows(c, which, outputs, analytic);
    for (int64_t j = 0; done && j < c->input[which]->numel; j++)
        done = difference_column(c, which, j, outputs, numeric + j * outputs);
    done = done && compare(c, which, outputs, numeric, analytic);
    wk_release(numeric, bytes);
    wk_release(analytic, bytes);
    return done;
}

static bool run_check(Check *c)
{
    wk_Scope scope = wk_scope_begin();
    bool done = own_inputs(c);
    wk_Tensor *y = done ? evaluate(c) : NULL;
    done = done && y;
    for (int i = 0; done && i < c->inputs; i++)
        if (wk_requires_grad(c->input[i]))
            done = check_input(c, i, y->numel);
    wk_scope_end(scope);
    return done;
}

bool wk_gradcheck_with(wk_gradcheck_options options)
{
    Check c = {.o = options, .name = "gradcheck"};
    bool done = run_check(&c);
    if (options.release)
        options.release(options.user);
    return done;
}

/* ---- the second derivative -------------------------------------------------------------------------- */

/* (inputs..., gradient of the output) -> all gradients that exist, flattened and joined. */
static wk_Tensor *gradient_function(wk_List inputs, void *user)
{
    const wk_gradcheck_options *o = user;
    int n = inputs.count - 1, wanted = 0;
    wk_Tensor *with_grad[16], *grads[16], *flat[16];
    WK_GRAD_MODE(true)
    {
        wk_Tensor *y = o->function((wk_List){n, inputs.tensors}, o->user);
        if (!y)
            return NULL;
        for (int i = 0; i < n; i++)
            if (wk_requires_grad(inputs.tensors[i]))
                with_grad[wanted++] = inputs.tensors[i];
        wk_Tensor *v = inputs.tensors[n];
        if (!wk_grads(grads, {1, &y}, {wanted, with_grad}, .grad_outputs = {1, &v}, .create_graph = true,
                      .materialize_grads = true))
            return NULL;
        for (int i = 0; i < wanted; i++)
            if (!(flat[i] = wk_reshape(grads[i], -1)))
                return NULL;
        return wk_cat((wk_List){wanted, flat}, 0);
    }
    return NULL;
}

static bool check_twice(wk_gradcheck_options options)
{
    wk_Tensor *inputs[17];
    int n = options.inputs.count;
    if (!options.function)
        return wk_raise_null("gradgradcheck", "function"), false;
    if (n < 1 || n > 15)
        return wk_raise(WK_ERROR_ARGUMENT, "gradgradcheck: %d inputs, from 1 to 15 are possible", n), false;
    if (!wk_array_check(n, options.inputs.tensors, "gradgradcheck", "inputs"))
        return false;
    for (int i = 0; i < n; i++)
        if (!wk_tensor_check(options.inputs.tensors[i], "gradgradcheck", "input"))
            return false;
    wk_Scope scope = wk_scope_begin();
    memcpy(inputs, options.inputs.tensors, (size_t)n * sizeof *inputs);
    wk_Tensor *y = options.function(options.inputs, options.user);
    if (y && y->dtype != wk_float64)
        y = wk_raise(WK_ERROR_DTYPE, "gradgradcheck: the function's result is %s, expected float64",
                     wk_dtype_name((wk_dtype)y->dtype));
    wk_Tensor *v = y ? wk_empty_shape(y->ndim, y->shape, wk_float64) : NULL;
    bool done = v && wk_requires_grad_(v);
    for (int64_t i = 0; done && i < v->numel;
         i++) /* any vector without symmetry; not random, so that a failure comes again */
        ((double *)wk_tensor_data(v))[i] = 0.5 + fmod((double)i * 0.61803398875, 1.0);
    inputs[n] = v;
    Check c = {.o = options, .name = "gradgradcheck"};
    c.o.function = gradient_function;
    c.o.inputs = (wk_List){n + 1, inputs};
    c.o.user = &options;
    done = done && run_check(&c);
    wk_scope_end(scope);
    return done;
}

bool wk_gradgradcheck_with(wk_gradcheck_options options)
{
    bool done = check_twice(options);
    if (options.release)
        options.release(options.user);
    return done;
}
