/* A tensor's text, and comparisons of whole tensors. */
#include <math.h>
#include <stdio.h>

#include "core/format.h"
#include "core/memory.h"
#include "core/order.h"
#include "core/text.h"
#include "ops/ops.h"

char *wk_tensor_str(const wk_Tensor *tensor)
{
    if (!wk_tensor_check(tensor, "str", "tensor"))
        return NULL;
    const bool invalid = wk_view_is_invalid(tensor);
    const wk_Node *grad_fn =
        invalid ? NULL : wk_grad_fn((wk_Tensor *)tensor); /* which a view works out when it is asked */
    if (!invalid && !grad_fn && !wk_is_leaf(tensor))      /* a view's new history could not be made */
        return NULL;
    wk_Memory memory;
    if (!wk_memory_to_read(tensor, &memory))
        return NULL;
    wk_FormatInput in = {.data = memory.data,
                         .dtype = (wk_dtype)tensor->dtype,
                         .ndim = tensor->ndim,
                         .shape = tensor->shape,
                         .strides = memory.stride,
                         .default_dtype = wk_get_default_dtype(),
                         .requires_grad = wk_requires_grad(tensor),
                         .grad_fn = invalid   ? "Invalid"
                                    : grad_fn ? wk_node_name(grad_fn)
                                              : NULL};
    wk_Text text = {0};
    char *copy = wk_format_tensor(&text, &in) ? wk_strdup(wk_text_str(&text)) : NULL;
    wk_text_free(&text);
    return copy;
}

bool wk_tensor_print(const wk_Tensor *tensor)
{
    char *text = wk_tensor_str(tensor);
    if (!text)
        return false;
    bool done = puts(text) >= 0;
    wk_str_free(text);
    return done || (wk_raise(WK_ERROR_IO, "print: standard output cannot be written"), false);
}

static bool all_true(wk_Tensor *truth)
{
    wk_Tensor *all = wk_all(truth);
    return all && wk_item(all) != 0;
}

bool wk_equal(wk_Tensor *a, wk_Tensor *b)
{
    if (!wk_tensor_check(a, "equal", "a") || !wk_tensor_check(b, "equal", "b"))
        return false;
    if (!wk_shape_same(a, b))
        return false;
    wk_Scope scope = wk_scope_begin();
    bool same = false;
    wk_no_grad same = all_true(wk_eq_tensor(a, b));
    wk_scope_end(scope);
    return same;
}

/* |a - b| <= atol + rtol |b|; infinities only match themselves. Integers are compared exactly where there is no tolerance. */
static wk_Tensor *close_enough(wk_Tensor *a, wk_Tensor *b, double rtol, double atol, bool equal_nan)
{
    wk_Tensor *same = wk_eq_tensor(a, b);
    if (rtol == 0 && atol == 0 && !wk_is_floating(a->dtype))
        return same;
    wk_dtype dtype = wk_is_floating(a->dtype) ? (wk_dtype)a->dtype : wk_float64;
    a = wk_to_dtype(a, dtype), b = wk_to_dtype(b, dtype);
    wk_Tensor *bound = wk_add_double(wk_mul_double(wk_abs(b), rtol), atol);
    wk_Tensor *gap = wk_abs(wk_sub_tensor(a, b));
    wk_Tensor *finite = wk_lt_double(gap, (double)INFINITY);
    wk_Tensor *close = wk_add_tensor(same, wk_mul_tensor(finite, wk_le_tensor(gap, bound)));
    if (!equal_nan)
        return close;
    return wk_add_tensor(close, wk_mul_tensor(wk_ne_tensor(a, a), wk_ne_tensor(b, b)));
}

bool wk_allclose(wk_Tensor *a, wk_Tensor *b, double rtol, double atol, bool equal_nan)
{
    if (!wk_tensor_check(a, "allclose", "a") || !wk_tensor_check(b, "allclose", "b"))
        return false;
    if (a->dtype != b->dtype)
        return wk_raise(WK_ERROR_DTYPE, "allclose: %s did not match %s", wk_dtype_type(a->dtype),
                        wk_dtype_type(b->dtype)),
               false;
    if (!(rtol >= 0 && atol >= 0))
        return wk_raise(WK_ERROR_ARGUMENT, "allclose: %s must be greater than or equal to zero, but got %s",
                        rtol >= 0 ? "atol" : "rtol", WK_NUMBER(rtol >= 0 ? atol : rtol)),
               false;
    wk_Scope scope = wk_scope_begin();
    bool close = false;
    wk_no_grad close = all_true(close_enough(a, b, rtol, atol, equal_nan));
    wk_scope_end(scope);
    return close;
}
