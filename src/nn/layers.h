/* What the makers of layers share. */
#ifndef WICK_NN_LAYERS_H
#define WICK_NN_LAYERS_H

#include "nn/module.h"

/* A parameter without values yet, owned by the caller. */
wk_Tensor *wk_parameter_empty(const char *op, int ndim, const int64_t *dims);

/* False with an error for a size that has no default and was not given. */
bool wk_size_given(const char *layer, const char *name, int64_t number, const int64_t pair[2]);

/* The last thing that a maker does: gives the parameters their first values; or frees the module if anything
 * failed. */
wk_Module *wk_layer_ready(wk_Module *module);

/* PyTorch's first values of linear layers and convolutions: weight kaiming_uniform_(a = sqrt(5)), bias within
 * +-1/sqrt(fan_in). */
bool wk_reset_weight_bias(wk_Tensor *weight, wk_Tensor *bias);

#endif
