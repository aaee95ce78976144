/* The text of a tensor, as PyTorch prints it, from plain data. */
#ifndef WICK_CORE_FORMAT_H
#define WICK_CORE_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/text.h"
#include "wick/tensor.h"

typedef struct wk_FormatInput {
    const void *data; /* the first element */
    wk_dtype dtype;
    int ndim;
    const int64_t *shape, *strides; /* in elements */
    wk_dtype default_dtype;         /* whose name is not shown; unset is wk_float32 */
    bool requires_grad;
    const char *grad_fn; /* "AddmmBackward0", or NULL for a leaf */
} wk_FormatInput;

/* Appends what str(tensor) gives in PyTorch with its default print options. False when memory is short
 * (raised, text->failed). */
bool wk_format_tensor(wk_Text *text, const wk_FormatInput *in);

#endif
