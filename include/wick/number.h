/* A number that keeps its kind, as PyTorch's Scalar: a whole number reaches integer tensors exactly, and leaves integers integers.
 *
 * Functions that take one are macros that make it of any C number: wk_fill_(x, 2), wk_clamp(x, 0, 0.5). A bool counts as the whole number
 * 0 or 1, an unsigned number above INT64_MAX as a floating one. A dtype that cannot hold the number refuses it:
 * "value cannot be converted to type uint8_t without overflow".
 */
#ifndef WICK_NUMBER_H
#define WICK_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

typedef struct wk_Number {
    bool floating;
    double as_double;
    int64_t as_int64; /* exact, of a whole number; 0 of a floating one */
} wk_Number;

static inline wk_Number wk_number_double(double value)
{
    const wk_Number number = {true, value, 0};
    return number;
}

static inline wk_Number wk_number_int64(int64_t value)
{
    const wk_Number number = {false, (double)value, value};
    return number;
}

static inline wk_Number wk_number_uint64(uint64_t value)
{
    return value > INT64_MAX ? wk_number_double((double)value) : wk_number_int64((int64_t)value);
}

static inline wk_Number wk_number_same(wk_Number value)
{
    return value;
}

/* clang-format off */
#ifndef __cplusplus
#define wk_number(value)                      \
    _Generic((value),                         \
        wk_Number: wk_number_same,            \
        float: wk_number_double,              \
        double: wk_number_double,             \
        long double: wk_number_double,        \
        _Bool: wk_number_int64,               \
        char: wk_number_int64,                \
        signed char: wk_number_int64,         \
        unsigned char: wk_number_int64,       \
        short: wk_number_int64,               \
        unsigned short: wk_number_int64,      \
        int: wk_number_int64,                 \
        unsigned: wk_number_int64,            \
        long: wk_number_int64,                \
        long long: wk_number_int64,           \
        unsigned long: wk_number_uint64,      \
        unsigned long long: wk_number_uint64)(value)
#else
#define WK_NUMBER_OF(type, kind) \
    static inline wk_Number wk_number(type value) { return wk_number_##kind(value); }
WK_NUMBER_OF(wk_Number, same)
WK_NUMBER_OF(float, double)
WK_NUMBER_OF(double, double)
WK_NUMBER_OF(bool, int64)
WK_NUMBER_OF(int, int64)
WK_NUMBER_OF(unsigned, int64)
WK_NUMBER_OF(long, int64)
WK_NUMBER_OF(long long, int64)
WK_NUMBER_OF(unsigned long, uint64)
WK_NUMBER_OF(unsigned long long, uint64)
#undef WK_NUMBER_OF
#endif
/* clang-format on */
#endif
