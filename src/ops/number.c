/* Numbers as tensors. A whole number stays an int64 and any other a double until the dtype that holds it is known, so that integers
 * reach integers exactly. Conversions that a caller asks for by a number are checked, as PyTorch's are; those of elements are not. */
#include <float.h>
#include <math.h>

#include "ops/ops.h"

wk_Tensor *wk_number_tensor(wk_Number number)
{
    wk_Tensor *t = wk_tensor_new("number", number.floating ? wk_float64 : wk_int64, 0, NULL);
    if (!t)
        return NULL;
    if (number.floating)
        *(double *)wk_tensor_data(t) = number.as_double;
    else
        *(int64_t *)wk_tensor_data(t) = number.as_int64;
    t->number = true;
    return t;
}

const wk_Integers wk_integers_of[WK_DTYPES] = {[wk_int64] = {INT64_MIN, INT64_MAX},
                                               [wk_int32] = {INT32_MIN, INT32_MAX},
                                               [wk_uint8] = {0, UINT8_MAX},
                                               [wk_bool] = {0, 1}};

static bool float_fits(double x, wk_dtype dtype)
{
    switch (dtype) {
    case wk_float32:
        return isnan(x) || isinf(x) || fabs(x) <= (double)FLT_MAX;
    case wk_int64:
        return x >= -0x1p63 && x < 0x1p63;
    case wk_int32:
        return x >= -0x1p31 && x < 0x1p31;
    case wk_uint8:
        return x >= 0 && x < 0x1p8;
    default:
        return true;
    }
}

/* A negative number may wrap into an unsigned dtype once, so that -1 is its largest value. */
static bool integer_fits(int64_t x, wk_dtype dtype)
{
    if (wk_is_floating((int)dtype) || dtype == wk_bool)
        return true;
    const wk_Integers held = wk_integers_of[(int)dtype];
    return x >= (dtype == wk_uint8 ? -held.most : held.least) && x <= held.most;
}

bool wk_number_fits(const char *op, wk_Number number, wk_dtype dtype)
{
    static const char *const names[WK_DTYPES] = {
        [wk_float32] = "float", [wk_float64] = "double", [wk_int64] = "int64_t",
        [wk_int32] = "int",     [wk_uint8] = "uint8_t",  [wk_bool] = "bool"};
    if (number.floating ? float_fits(number.as_double, dtype) : integer_fits(number.as_int64, dtype))
        return true;
    return wk_raise(WK_ERROR_OVERFLOW, "%s: value cannot be converted to type %s without overflow", op,
                    names[dtype]),
           false;
}

wk_Tensor *wk_filled(const char *op, wk_Tensor *t, wk_Number number)
{
    if (!t || !wk_number_fits(op, number, (wk_dtype)t->dtype))
        return NULL;
    wk_Tensor *value = wk_number_tensor(number);
    return value && wk_map(op, wk_kernels->cast[value->dtype][t->dtype], t, 1, &value) ? t : NULL;
}

wk_Tensor *wk_number_as(const char *op, wk_Number number, wk_dtype dtype)
{
    return wk_filled(op, wk_tensor_new(op, dtype, 0, NULL), number);
}
