/* Flatten: several dimensions as one. */
#include <stdio.h>

#include "core/options.h"
#include "nn/module.h"
#include "nn/text.h"

typedef struct Flatten {
    wk_Module base;
    int64_t start_dim, end_dim;
} Flatten;

static wk_Tensor *Flatten_forward(wk_Module *self, wk_Tensor *x)
{
    const Flatten *flatten = (const Flatten *)self;
    return wk_flatten(x, flatten->start_dim, flatten->end_dim);
}

static bool Flatten_describe(const wk_Module *self, char *out, size_t size)
{
    const Flatten *flatten = (const Flatten *)self;
    snprintf(out, size, "start_dim=%lld, end_dim=%lld", (long long)flatten->start_dim,
             (long long)flatten->end_dim);
    return true;
}

static const wk_Class flatten_class = {
    .name = "Flatten", .forward = Flatten_forward, .describe = Flatten_describe};

/* Unset is the default, WK_ZERO is 0. */
static int64_t dim_option(int64_t dim, int64_t unset)
{
    return dim == WK_ZERO ? 0 : dim ? dim : unset;
}

wk_Module *wk_Flatten_with(wk_Flatten_options options)
{
    WK_PLACED(options, 1, start_dim);
    WK_PLACED(options, 2, end_dim);
    Flatten *flatten = (Flatten *)wk_module_new(sizeof *flatten, &flatten_class);
    if (!flatten)
        return NULL;
    flatten->start_dim = dim_option(options.start_dim, 1);
    flatten->end_dim = dim_option(options.end_dim, -1);
    return &flatten->base;
}

WK_MAKER(Flatten, wk_Flatten_options)
WK_LAYER(Flatten) = {
    .name = "Flatten",
    .make = Flatten_make,
    .arguments = {WK_INT(wk_Flatten_options, start_dim, WK_HAS_ZERO),
                  WK_INT(wk_Flatten_options, end_dim, WK_HAS_ZERO)},
};
