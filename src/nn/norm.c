/* BatchNorm1d, 2d, 3d, LayerNorm, GroupNorm: the functions of their names with weights and running
 * statistics of their own. They draw
 * no random numbers.
 *
 * A batch is counted after it has been normalised, so that a call that fails leaves all of a BatchNorm as
 * it was. */
#include <stdio.h>
#include <string.h>

#include "core/options.h"
#include "nn/layers.h"
#include "nn/text.h"
#include "ops/norm.h"

/* A tensor of the caller's own; dtype 0 is the default. */
static wk_Tensor *norm_buffer(int ndim, const int64_t *dims, double value, wk_dtype dtype)
{
    wk_Scope scope = wk_scope_begin();
    if (!scope.id)
        return NULL;
    wk_Tensor *buffer = wk_tensor_retain(wk_full_shape(ndim, dims, value, dtype));
    wk_scope_end(scope);
    return buffer;
}

static bool reset_affine(wk_Tensor *weight, wk_Tensor *bias)
{
    return (!weight || wk_ones_(weight)) && (!bias || wk_zeros_(bias));
}

static const char *norm_truth(bool value)
{
    return value ? "True" : "False";
}

/* For a function's option whose unset value is not 0. */
static double as_option(double value)
{
    return value == 0 ? (double)WK_ZERO : value;
}

/* ---- BatchNorm -------------------------------------------------------------------------------------- */

typedef struct BatchNorm {
    wk_Module base;
    int64_t num_features;
    double eps, momentum;
    bool cumulative;
    wk_Tensor *weight, *bias, *running_mean, *running_var, *num_batches_tracked;
} BatchNorm;

static int64_t *batches_tracked(const BatchNorm *norm)
{
    return wk_tensor_data(norm->num_batches_tracked);
}

static wk_Tensor *BatchNorm_forward(wk_Module *self, wk_Tensor *x)
{
    const BatchNorm *norm = (const BatchNorm *)self;
    const bool tracks = norm->running_mean && norm->running_var;
    double factor = norm->momentum;
    const wk_Tensor *count = norm->num_batches_tracked; /* the program may have put another there */
    if (tracks && (count->dtype != wk_int64 || count->numel != 1))
        return wk_raise(WK_ERROR_DTYPE, "%s: expected num_batches_tracked to be an int64 of one element",
                        self->cls->name);
    if (norm->cumulative)
        factor = self->training && tracks ? 1 / (double)(*batches_tracked(norm) + 1) : 0;
    wk_Tensor *out = wk_batch_norm(x, norm->running_mean, norm->running_var, norm->weight, norm->bias,
                                   .training = self->training || !tracks, .momentum = as_option(factor),
                                   .eps = as_option(norm->eps));
    if (out && self->training && tracks) {
        ++*batches_tracked(norm);
        wk_tensor_touch(norm->num_batches_tracked);
    }
    return out;
}

static wk_Tensor *BatchNorm1d_forward(wk_Module *self, wk_Tensor *x)
{
    if (x->ndim != 2 && x->ndim != 3)
        return wk_raise(WK_ERROR_SHAPE, "BatchNorm1d: expected 2D or 3D input (got %dD input)", x->ndim);
    return BatchNorm_forward(self, x);
}

static wk_Tensor *BatchNorm2d_forward(wk_Module *self, wk_Tensor *x)
{
    if (x->ndim != 4)
        return wk_raise(WK_ERROR_SHAPE, "BatchNorm2d: expected 4D input (got %dD input)", x->ndim);
    return BatchNorm_forward(self, x);
}

static wk_Tensor *BatchNorm3d_forward(wk_Module *self, wk_Tensor *x)
{
    if (x->ndim != 5)
        return wk_raise(WK_ERROR_SHAPE, "BatchNorm3d: expected 5D input (got %dD input)", x->ndim);
    return BatchNorm_forward(self, x);
}

static bool BatchNorm_describe(const wk_Module *self, char *out, size_t size)
{
    const BatchNorm *norm = (const BatchNorm *)self;
    wk_Text eps = {0}, momentum = {0};
    bool done = wk_text_repr(&eps, norm->eps) && (norm->cumulative ? wk_text_append(&momentum, "None")
                                                                   : wk_text_repr(&momentum, norm->momentum));
    if (done)
        snprintf(out, size, "%lld, eps=%s, momentum=%s, affine=%s, bias=%s, track_running_stats=%s",
                 (long long)norm->num_features, wk_text_str(&eps), wk_text_str(&momentum),
                 norm_truth(norm->weight), norm_truth(norm->bias), norm_truth(norm->running_mean));
    wk_text_free(&eps);
    wk_text_free(&momentum);
    return done;
}

static bool BatchNorm_reset(wk_Module *self)
{
    const BatchNorm *norm = (const BatchNorm *)self;
    if (norm->running_mean && !(wk_zeros_(norm->running_mean) && wk_ones_(norm->running_var) &&
                                wk_zeros_(norm->num_batches_tracked)))
        return false;
    return reset_affine(norm->weight, norm->bias);
}

#define BATCH_NORM(cls)                                                                                  \
    {                                                                                                    \
        .name = #cls, .forward = cls##_forward, .describe = BatchNorm_describe, .reset = BatchNorm_reset \
    }
static const wk_Class batch_norm1d_class = BATCH_NORM(BatchNorm1d);
static const wk_Class batch_norm2d_class = BATCH_NORM(BatchNorm2d);
static const wk_Class batch_norm3d_class = BATCH_NORM(BatchNorm3d);

static wk_Module *batch_norm_new(const wk_Class *cls, wk_BatchNorm_options *o)
{
    WK_PLACED(*o, 2, eps);
    WK_PLACED(*o, 3, momentum);
    if (!wk_by_place_at_most(cls->name, o->by_place, 3, "no_affine, no_track_running_stats"))
        return NULL;
    BatchNorm *norm = (BatchNorm *)wk_module_new(sizeof *norm, cls);
    if (!norm)
        return NULL;
    const int64_t *size = &o->num_features;
    norm->num_features = o->num_features;
    norm->eps = wk_double_or(o->eps, 1e-5);
    norm->momentum = wk_double_or(o->momentum, 0.1);
    norm->cumulative = o->cumulative;
    if (!o->no_affine)
        wk_attr(norm, weight, wk_parameter_empty(cls->name, 1, size));
    if (!o->no_affine && !o->no_bias)
        wk_attr(norm, bias, wk_parameter_empty(cls->name, 1, size));
    if (!o->no_track_running_stats) {
        norm->running_mean =
            wk_register_buffer(&norm->base, "running_mean", norm_buffer(1, size, 0, wk_default_dtype), true);
        norm->running_var =
            wk_register_buffer(&norm->base, "running_var", norm_buffer(1, size, 1, wk_default_dtype), true);
        /* Files from before PyTorch 0.4.1 and from other programs do not count batches. */
        norm->num_batches_tracked = wk_register_optional_buffer(&norm->base, "num_batches_tracked",
                                                                norm_buffer(0, NULL, 0, wk_int64));
    }
    return wk_layer_ready(&norm->base);
}

wk_Module *wk_BatchNorm1d_with(wk_BatchNorm_options options)
{
    return batch_norm_new(&batch_norm1d_class, &options);
}

wk_Module *wk_BatchNorm2d_with(wk_BatchNorm_options options)
{
    return batch_norm_new(&batch_norm2d_class, &options);
}

wk_Module *wk_BatchNorm3d_with(wk_BatchNorm_options options)
{
    return batch_norm_new(&batch_norm3d_class, &options);
}

/* momentum = None averages all batches alike. */
#define BATCH_NORM_LAYER(cls)                                                                               \
    {                                                                                                       \
        .name = #cls, .make = cls##_make,                                                                   \
        .arguments = WK_TAKES(WK_INT(wk_BatchNorm_options, num_features, WK_REQUIRED),                      \
                              WK_NUMBER_OF(wk_BatchNorm_options, eps, WK_HAS_ZERO),                         \
                              WK_ROW(momentum, WK_ARGUMENT_NUMBER, WK_HAS_ZERO | WK_HAS_NONE,               \
                                     WK_OFFSET(double, wk_BatchNorm_options, momentum),                     \
                                     WK_OFFSET(bool, wk_BatchNorm_options, cumulative)),                    \
                              WK_UNLESS(affine, wk_BatchNorm_options, no_affine),                           \
                              WK_UNLESS(track_running_stats, wk_BatchNorm_options, no_track_running_stats), \
                              WK_UNLESS(bias, wk_BatchNorm_options, no_bias)),                              \
    }
WK_MAKER(BatchNorm1d, wk_BatchNorm_options)
WK_MAKER(BatchNorm2d, wk_BatchNorm_options)
WK_MAKER(BatchNorm3d, wk_BatchNorm_options)
WK_LAYER(BatchNorm1d) = BATCH_NORM_LAYER(BatchNorm1d);
WK_LAYER(BatchNorm2d) = BATCH_NORM_LAYER(BatchNorm2d);
WK_LAYER(BatchNorm3d) = BATCH_NORM_LAYER(BatchNorm3d);

/* ---- LayerNorm -------------------------------------------------------------------------------------- */

typedef struct LayerNorm {
    wk_Module base;
    wk_Shape normalized_shape;
    double eps;
    bool affine;
    wk_Tensor *weight, *bias;
} LayerNorm;

static wk_Tensor *LayerNorm_forward(wk_Module *self, wk_Tensor *x)
{
    const LayerNorm *norm = (const LayerNorm *)self;
    const wk_Shape *s = &norm->normalized_shape;
    return wk_layer_norm_with((wk_layer_norm_options){.input = x,
                                                      .normalized_shape = {s->ndim, s->dims},
                                                      .weight = norm->weight,
                                                      .bias = norm->bias,
                                                      .eps = as_option(norm->eps)});
}

static bool LayerNorm_describe(const wk_Module *self, char *out, size_t size)
{
    const LayerNorm *norm = (const LayerNorm *)self;
    const wk_Shape *s = &norm->normalized_shape;
    wk_Text text = {0};
    bool done = wk_text_append(&text, "(");
    for (int i = 0; done && i < s->ndim; i++)
        done = wk_text_printf(&text, i ? ", %lld" : "%lld", (long long)s->dims[i]);
    done = done && wk_text_append(&text, s->ndim == 1 ? ",), eps=" : "), eps=") &&
           wk_text_repr(&text, norm->eps) &&
           wk_text_printf(&text, ", elementwise_affine=%s, bias=%s", norm_truth(norm->affine),
                          norm_truth(norm->bias));
    if (done)
        snprintf(out, size, "%s", wk_text_str(&text));
    wk_text_free(&text);
    return done;
}

static bool LayerNorm_reset(wk_Module *self)
{
    const LayerNorm *norm = (const LayerNorm *)self;
    return reset_affine(norm->weight, norm->bias);
}

static const wk_Class layer_norm_class = {.name = "LayerNorm",
                                          .forward = LayerNorm_forward,
                                          .describe = LayerNorm_describe,
                                          .reset = LayerNorm_reset};

wk_Module *wk_LayerNorm_with(wk_LayerNorm_options options)
{
    const wk_Dims shape = options.normalized_shape;
    WK_PLACED(options, 2, eps);
    if (!wk_by_place_at_most("LayerNorm", options.by_place, 2, "no_elementwise_affine, no_bias"))
        return NULL;
    if (shape.count < 1 || shape.count > WK_MAX_DIMS)
        return wk_raise(WK_ERROR_SHAPE,
                        "LayerNorm: normalized_shape has %d dimensions, from 1 to %d are possible",
                        shape.count, WK_MAX_DIMS);
    if (!wk_array_check(shape.count, shape.dims, "LayerNorm", "normalized_shape"))
        return NULL;
    LayerNorm *norm = (LayerNorm *)wk_module_new(sizeof *norm, &layer_norm_class);
    if (!norm)
        return NULL;
    norm->normalized_shape.ndim = shape.count;
    memcpy(norm->normalized_shape.dims, shape.dims, (size_t)shape.count * sizeof *shape.dims);
    norm->eps = wk_double_or(options.eps, 1e-5);
    norm->affine = !options.no_elementwise_affine;
    if (norm->affine)
        wk_attr(norm, weight, wk_parameter_empty("LayerNorm", shape.count, shape.dims));
    if (norm->affine && !options.no_bias)
        wk_attr(norm, bias, wk_parameter_empty("LayerNorm", shape.count, shape.dims));
    return wk_layer_ready(&norm->base);
}

WK_MAKER(LayerNorm, wk_LayerNorm_options)
WK_LAYER(LayerNorm) = {
    .name = "LayerNorm",
    .make = LayerNorm_make,
    .arguments = WK_TAKES(WK_DIMS(wk_LayerNorm_options, normalized_shape, WK_REQUIRED),
                          WK_NUMBER_OF(wk_LayerNorm_options, eps, WK_HAS_ZERO),
                          WK_UNLESS(elementwise_affine, wk_LayerNorm_options, no_elementwise_affine),
                          WK_UNLESS(bias, wk_LayerNorm_options, no_bias)),
};

/* ---- GroupNorm -------------------------------------------------------------------------------------- */

typedef struct GroupNorm {
    wk_Module base;
    int64_t num_groups, num_channels;
    double eps;
    wk_Tensor *weight, *bias;
} GroupNorm;

static wk_Tensor *GroupNorm_forward(wk_Module *self, wk_Tensor *x)
{
    const GroupNorm *norm = (const GroupNorm *)self;
    return wk_group_norm(x, norm->num_groups, norm->weight, norm->bias, .eps = as_option(norm->eps));
}

static bool GroupNorm_describe(const wk_Module *self, char *out, size_t size)
{
    const GroupNorm *norm = (const GroupNorm *)self;
    wk_Text eps = {0};
    bool done = wk_text_repr(&eps, norm->eps);
    if (done)
        snprintf(out, size, "%lld, %lld, eps=%s, affine=%s, bias=%s", (long long)norm->num_groups,
                 (long long)norm->num_channels, wk_text_str(&eps), norm_truth(norm->weight),
                 norm_truth(norm->bias));
    wk_text_free(&eps);
    return done;
}

static bool GroupNorm_reset(wk_Module *self)
{
    const GroupNorm *norm = (const GroupNorm *)self;
    return reset_affine(norm->weight, norm->bias);
}

static const wk_Class group_norm_class = {.name = "GroupNorm",
                                          .forward = GroupNorm_forward,
                                          .describe = GroupNorm_describe,
                                          .reset = GroupNorm_reset};

wk_Module *wk_GroupNorm_with(wk_GroupNorm_options options)
{
    WK_PLACED(options, 3, eps);
    if (!wk_by_place_at_most("GroupNorm", options.by_place, 3, "no_affine, no_bias"))
        return NULL;
    if (options.num_groups <= 0)
        return wk_raise(WK_ERROR_ARGUMENT, "GroupNorm: Expected num groups to be greater than 0, got %lld",
                        (long long)wk_int_or(options.num_groups, 0));
    if (options.num_channels % options.num_groups)
        return wk_raise(WK_ERROR_ARGUMENT,
                        "GroupNorm: num_channels (%lld) must be divisible by num_groups (%lld)",
                        (long long)options.num_channels, (long long)options.num_groups);
    GroupNorm *norm = (GroupNorm *)wk_module_new(sizeof *norm, &group_norm_class);
    if (!norm)
        return NULL;
    norm->num_groups = options.num_groups;
    norm->num_channels = options.num_channels;
    norm->eps = wk_double_or(options.eps, 1e-5);
    if (!options.no_affine)
        wk_attr(norm, weight, wk_parameter_empty("GroupNorm", 1, &norm->num_channels));
    if (!options.no_affine && !options.no_bias)
        wk_attr(norm, bias, wk_parameter_empty("GroupNorm", 1, &norm->num_channels));
    return wk_layer_ready(&norm->base);
}

WK_MAKER(GroupNorm, wk_GroupNorm_options)
WK_LAYER(GroupNorm) = {
    .name = "GroupNorm",
    .make = GroupNorm_make,
    .arguments = WK_TAKES(WK_INT(wk_GroupNorm_options, num_groups, WK_REQUIRED),
                          WK_INT(wk_GroupNorm_options, num_channels, WK_REQUIRED),
                          WK_NUMBER_OF(wk_GroupNorm_options, eps, WK_HAS_ZERO),
                          WK_UNLESS(affine, wk_GroupNorm_options, no_affine),
                          WK_UNLESS(bias, wk_GroupNorm_options, no_bias)),
};
