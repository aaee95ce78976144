/* torch.nn.init: first values of parameters, in the order and with the roundings of PyTorch, so that the
 * random numbers are the same. */
#include <math.h>
#include <string.h>

#include "autograd/node.h"
#include "core/options.h"
#include "nn/layers.h"

/* ---- gains and fans --------------------------------------------------------------------------------- */

double wk_calculate_gain(const char *nonlinearity, double param)
{
    static const struct {
        const char *name;
        double gain;
    } gains[] = {{"linear", 1},           {"conv1d", 1},
                 {"conv2d", 1},           {"conv3d", 1},
                 {"conv_transpose1d", 1}, {"conv_transpose2d", 1},
                 {"conv_transpose3d", 1}, {"sigmoid", 1},
                 {"tanh", 5.0 / 3},       {"relu", 1.4142135623730951},
                 {"selu", 3.0 / 4}};
    if (!nonlinearity)
        return wk_raise_null("calculate_gain", "nonlinearity"), NAN;
    for (size_t i = 0; i < sizeof gains / sizeof *gains; i++)
        if (strcmp(nonlinearity, gains[i].name) == 0)
            return gains[i].gain;
    if (strcmp(nonlinearity, "leaky_relu") == 0) {
        double slope = isnan(param) ? 0.01 : param;
        return sqrt(2.0 / (1 + slope * slope));
    }
    char quoted[80];
    return wk_raise(WK_ERROR_ARGUMENT, "calculate_gain: Unsupported nonlinearity %s",
                    wk_quote(quoted, sizeof quoted, nonlinearity)),
           NAN;
}

typedef struct Fans {
    double in, out;
} Fans;

static bool fans_of(const char *op, const wk_Tensor *tensor, Fans *fans)
{
    if (!wk_tensor_check(tensor, op, "tensor"))
        return false;
    if (tensor->ndim < 2)
        return wk_raise(WK_ERROR_SHAPE,
                        "%s: Fan in and fan out can not be computed for tensor with fewer than 2 dimensions",
                        op),
               false;
    double field = 1;
    for (int i = 2; i < tensor->ndim; i++)
        field *= (double)tensor->shape[i];
    *fans = (Fans){(double)tensor->shape[1] * field, (double)tensor->shape[0] * field};
    return true;
}

/* ---- fills ------------------------------------------------------------------------------------------ */

wk_Tensor *wk_init_uniform_(wk_Tensor *tensor, double a, double b, wk_Generator *generator)
{
    wk_Tensor *filled = NULL;
    if (wk_tensor_check(tensor, "uniform_", "tensor"))
        wk_no_grad filled = wk_uniform_(tensor, a, b, generator);
    return filled;
}

wk_Tensor *wk_init_normal_(wk_Tensor *tensor, double mean, double std, wk_Generator *generator)
{
    wk_Tensor *filled = NULL;
    if (wk_tensor_check(tensor, "normal_", "tensor"))
        wk_no_grad filled = wk_normal_(tensor, mean, std, generator);
    return filled;
}

static wk_Tensor *init_fill(const char *op, wk_Tensor *tensor, double value)
{
    wk_Tensor *filled = NULL;
    if (wk_tensor_check(tensor, op, "tensor"))
        wk_no_grad filled = wk_fill_(tensor, value);
    return filled;
}

wk_Tensor *wk_constant_(wk_Tensor *tensor, double value)
{
    return init_fill("constant_", tensor, value);
}

wk_Tensor *wk_zeros_(wk_Tensor *tensor)
{
    return init_fill("zeros_", tensor, 0);
}

wk_Tensor *wk_ones_(wk_Tensor *tensor)
{
    return init_fill("ones_", tensor, 1);
}

/* The std, which is NaN where the caller's gain is. */
static bool xavier_std(const char *op, wk_xavier_options options, double *std)
{
    Fans fans;
    if (!fans_of(op, options.tensor, &fans))
        return false;
    *std = (options.gain != 0 || options.by_place >= 2 ? options.gain : 1) * sqrt(2.0 / (fans.in + fans.out));
    return true;
}

wk_Tensor *wk_xavier_uniform_with(wk_xavier_options options)
{
    double std;
    if (!xavier_std("xavier_uniform_", options, &std))
        return NULL;
    double bound = sqrt(3.0) * std;
    return wk_init_uniform_(options.tensor, -bound, bound, options.generator);
}

wk_Tensor *wk_xavier_normal_with(wk_xavier_options options)
{
    double std;
    if (!xavier_std("xavier_normal_", options, &std))
        return NULL;
    return wk_init_normal_(options.tensor, 0, std, options.generator);
}

static bool kaiming_std(const char *op, wk_kaiming_options options, double *std)
{
    Fans fans;
    if (!wk_by_place_at_most(op, options.by_place, 2, "fan_out, nonlinearity, generator") ||
        !fans_of(op, options.tensor, &fans))
        return false;
    double gain = wk_calculate_gain(options.nonlinearity ? options.nonlinearity : "leaky_relu", options.a);
    *std = gain / sqrt(options.fan_out ? fans.out : fans.in);
    return !isnan(gain); /* an unknown nonlinearity, with an error */
}

wk_Tensor *wk_kaiming_uniform_with(wk_kaiming_options options)
{
    if (options.tensor && wk_numel(options.tensor) == 0)
        return options.tensor;
    double std;
    if (!kaiming_std("kaiming_uniform_", options, &std))
        return NULL;
    double bound = sqrt(3.0) * std;
    return wk_init_uniform_(options.tensor, -bound, bound, options.generator);
}

wk_Tensor *wk_kaiming_normal_with(wk_kaiming_options options)
{
    if (options.tensor && wk_numel(options.tensor) == 0)
        return options.tensor;
    double std;
    if (!kaiming_std("kaiming_normal_", options, &std))
        return NULL;
    return wk_init_normal_(options.tensor, 0, std, options.generator);
}

/* ---- layers ----------------------------------------------------------------------------------------- */

bool wk_size_given(const char *layer, const char *name, int64_t number, const int64_t pair[2])
{
    if (number || pair[0] || pair[1])
        return true;
    wk_raise(WK_ERROR_ARGUMENT, "%s: missing argument '%s'", layer, name);
    return false;
}

wk_Tensor *wk_parameter_empty(const char *op, int ndim, const int64_t *dims)
{
    wk_Scope scope = wk_scope_begin();
    if (!scope.id)
        return NULL;
    wk_Tensor *t = wk_tensor_new(op, wk_default_dtype, ndim, dims);
    wk_Tensor *parameter = t && wk_requires_grad_(t) ? wk_tensor_retain(t) : NULL;
    wk_scope_end(scope);
    return parameter;
}

bool wk_reset_weight_bias(wk_Tensor *weight, wk_Tensor *bias)
{
    Fans fans;
    if (!wk_kaiming_uniform_(weight, .a = sqrt(5.0)))
        return false;
    if (!bias)
        return true;
    if (!fans_of("reset_parameters", weight, &fans))
        return false;
    double bound = fans.in > 0 ? 1 / sqrt(fans.in) : 0;
    return wk_init_uniform_(bias, -bound, bound, NULL) != NULL;
}

wk_Module *wk_layer_ready(wk_Module *module)
{
    if (!module->parts->incomplete && (!module->cls->reset || module->cls->reset(module)))
        return module;
    wk_module_free(module);
    return NULL;
}
