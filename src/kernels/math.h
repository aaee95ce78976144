/* Functions for the values in rows.def and for the other kernels: scalar ones, and those of curves.h.
 *
 * Functions of floats are branch-free, so that compilers turn them into vector code, and add and multiply in one order, never fused:
 * the results are the same on every machine. (Those of curves.h are vectors already, and fused.) expm1, log and log1p are computed in
 * double: errors stay below 0.51 ulp, and denormals need no care, because each float is a normal double. Functions of doubles are
 * libm's. Integers wrap. Capital names are generic over the dtype. */
#ifndef WICK_KERNELS_MATH_H
#define WICK_KERNELS_MATH_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "kernels/curves.h"

static inline double wk_from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint64_t wk_to_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* exp(x) = 2^k (1 + q) with |x - k ln2| <= ln2 / 2; q keeps its relative precision. x in [-700, 700] or NaN. The shift leaves k in the
 * low bits of t, from where it is added to an exponent. */
static inline double wk_exp_parts(double x, double *scale)
{
    double t = x * 1.44269504088896340736 + 0x1.8p52;
    double r = x - (t - 0x1.8p52) * 0.69314718055994530942;
    double q = 1.0 / 40320 + r * (1.0 / 362880);
    q = 1.0 / 5040 + r * q;
    q = 1.0 / 720 + r * q;
    q = 1.0 / 120 + r * q;
    q = 1.0 / 24 + r * q;
    q = 1.0 / 6 + r * q;
    q = 0.5 + r * q;
    q = 1.0 + r * q;
    *scale = wk_from_bits((wk_to_bits(t) << 52) + 0x3ff0000000000000u);
    return r * q;
}

static inline double wk_exp_core(double x)
{
    double clamped = x < -700 ? -700 : x > 700 ? 700 : x;
    double scale, q = wk_exp_parts(clamped, &scale);
    return scale * q + scale;
}

static inline double wk_expm1_core(double x)
{
    double clamped = x < -700 ? -700 : x > 700 ? 700 : x;
    double scale, q = wk_exp_parts(clamped, &scale);
    double y = __builtin_copysign(scale * q + (scale - 1), x);
    return x > 700 ? (double)INFINITY : y;
}

/* log of a float: x = 2^k m with m in [sqrt(1/2), sqrt(2)), log m = 2 atanh((m - 1) / (m + 1)). */
static inline double wk_log_core(double x)
{
    uint64_t bits = wk_to_bits(x) - 0x3fe6a09e667f3bcdu;
    double k = wk_from_bits((bits >> 52 ^ 0x800) | 0x4330000000000000u) - (0x1p52 + 0x800);
    double m = wk_from_bits((bits & 0xfffffffffffffu) + 0x3fe6a09e667f3bcdu);
    double s = (m - 1) / (m + 1), z = s * s;
    double p = 1.0 / 11 + z * (1.0 / 13);
    p = 1.0 / 9 + z * p;
    p = 1.0 / 7 + z * p;
    p = 1.0 / 5 + z * p;
    p = 1.0 / 3 + z * p;
    double y = k * 0.69314718055994530942 + 2 * (s + s * z * p);
    double edge = x == 0 ? (double)-INFINITY : x > 0 ? x : (double)NAN;
    return x > 0 && x < (double)INFINITY ? y : edge;
}

static inline double wk_log1p_core(double x)
{
    double u = 1 + x;
    double y = wk_log_core(u) + (x - (u - 1)) / u;
    double edge = x == -1 ? (double)-INFINITY : x > 0 ? x : (double)NAN;
    return x > -1 && x < (double)INFINITY ? __builtin_copysign(y, x) : edge;
}

#define WK_FLOAT_FUNCTION(name)                    \
    static inline float wk_##name##_f32(float x)   \
    {                                              \
        return (float)wk_##name##_core((double)x); \
    }
WK_FLOAT_FUNCTION(exp)
WK_FLOAT_FUNCTION(expm1)
WK_FLOAT_FUNCTION(log)
WK_FLOAT_FUNCTION(log1p)

static inline double wk_sigmoid_f64(double x)
{
    return 1 / (1 + exp(-x));
}

static inline double wk_silu_f64(double x)
{
    return x / (1 + exp(-x));
}

static inline double wk_gelu_f64(double x)
{
    double clamped = x < -40 ? -40 : x;
    return 0.5 * clamped * erfc(-clamped * 0.70710678118654752440);
}

static inline wk_vd wk_exp_vd(wk_vd x)
{
    for (int c = 0; c < WK_VD; c++)
        x[c] = exp(x[c]);
    return x;
}

static inline double wk_silu_slope_f64(double x)
{
    return wk_sigmoid_f64(x) * (1 + x * wk_sigmoid_f64(-x));
}

static inline double wk_gelu_slope_f64(double x)
{
    const double c = x < -40 ? -40 : x > 40 ? 40 : x;
    return 0.5 * erfc(-c * 0.70710678118654752440) + c * (exp(c * c * -0.5) * 0.39894228040143267794);
}

/* Arithmetic of each dtype, float and double by T. */
#define WK_FLOATING_ARITHMETIC(S, T, F)                                          \
    static inline T wk_v_neg_##S(T x)                                            \
    {                                                                            \
        return -x;                                                               \
    }                                                                            \
    static inline T wk_v_abs_##S(T x)                                            \
    {                                                                            \
        return __builtin_fabs##F(x);                                             \
    }                                                                            \
    static inline T wk_v_sign_##S(T x)                                           \
    {                                                                            \
        return (T)((x > 0) - (x < 0));                                           \
    }                                                                            \
    static inline T wk_v_relu_##S(T x)                                           \
    {                                                                            \
        return x < 0 ? 0 : x;                                                    \
    }                                                                            \
    static inline T wk_v_add_##S(T x, T y)                                       \
    {                                                                            \
        return x + y;                                                            \
    }                                                                            \
    static inline T wk_v_sub_##S(T x, T y)                                       \
    {                                                                            \
        return x - y;                                                            \
    }                                                                            \
    static inline T wk_v_mul_##S(T x, T y)                                       \
    {                                                                            \
        return x * y;                                                            \
    }                                                                            \
    static inline T wk_v_maximum_##S(T x, T y)                                   \
    {                                                                            \
        return x >= y || x != x ? x : y;                                         \
    }                                                                            \
    static inline T wk_v_minimum_##S(T x, T y)                                   \
    {                                                                            \
        return x <= y || x != x ? x : y;                                         \
    }                                                                            \
    static inline T wk_v_floor_##S(T x)                                          \
    {                                                                            \
        return __builtin_floor##F(x);                                            \
    }                                                                            \
    static inline T wk_v_ceil_##S(T x)                                           \
    {                                                                            \
        return __builtin_ceil##F(x);                                             \
    }                                                                            \
    static inline T wk_v_round_##S(T x)                                          \
    {                                                                            \
        return __builtin_rint##F(x);                                             \
    }                                                                            \
    static inline T wk_v_remainder_##S(T x, T y)                                 \
    {                                                                            \
        T mod = __builtin_fmod##F(x, y);                                         \
        return mod != 0 && (y < 0) != (mod < 0) ? mod + y : mod;                 \
    }                                                                            \
    static inline T wk_v_floordiv_##S(T x, T y)                                  \
    {                                                                            \
        if (y == 0)                                                              \
            return x / y;                                                        \
        T mod = __builtin_fmod##F(x, y);                                         \
        T quotient = (x - mod) / y - (mod != 0 && (y < 0) != (mod < 0) ? 1 : 0); \
        if (quotient == 0)                                                       \
            return __builtin_copysign##F(0, x / y);                              \
        T whole = __builtin_floor##F(quotient);                                  \
        return quotient - whole > (T)0.5 ? whole + 1 : whole;                    \
    }
WK_FLOATING_ARITHMETIC(f32, float, f)
WK_FLOATING_ARITHMETIC(f64, double, )

/* U is the unsigned type in which T wraps (for uint8_t any wider one). A divisor of zero gives 0: the loops report it. */
#define WK_INTEGER_ARITHMETIC(S, T, U)         \
    static inline T wk_v_neg_##S(T x)          \
    {                                          \
        return (T)(0u - (U)x);                 \
    }                                          \
    static inline T wk_v_add_##S(T x, T y)     \
    {                                          \
        return (T)((U)x + (U)y);               \
    }                                          \
    static inline T wk_v_sub_##S(T x, T y)     \
    {                                          \
        return (T)((U)x - (U)y);               \
    }                                          \
    static inline T wk_v_mul_##S(T x, T y)     \
    {                                          \
        return (T)((U)x * (U)y);               \
    }                                          \
    static inline T wk_v_maximum_##S(T x, T y) \
    {                                          \
        return x > y ? x : y;                  \
    }                                          \
    static inline T wk_v_minimum_##S(T x, T y) \
    {                                          \
        return x < y ? x : y;                  \
    }                                          \
    static inline T wk_v_floor_##S(T x)        \
    {                                          \
        return x;                              \
    }                                          \
    static inline T wk_v_ceil_##S(T x)         \
    {                                          \
        return x;                              \
    }                                          \
    static inline T wk_v_round_##S(T x)        \
    {                                          \
        return x;                              \
    }
WK_INTEGER_ARITHMETIC(i64, int64_t, uint64_t)
WK_INTEGER_ARITHMETIC(i32, int32_t, uint32_t)
WK_INTEGER_ARITHMETIC(u8, uint8_t, uint32_t)

#define WK_SIGNED_ARITHMETIC(S, T)                               \
    static inline T wk_v_abs_##S(T x)                            \
    {                                                            \
        return x < 0 ? wk_v_neg_##S(x) : x;                      \
    }                                                            \
    static inline T wk_v_sign_##S(T x)                           \
    {                                                            \
        return (x > 0) - (x < 0);                                \
    }                                                            \
    static inline T wk_v_relu_##S(T x)                           \
    {                                                            \
        return x < 0 ? 0 : x;                                    \
    }                                                            \
    static inline T wk_v_floordiv_##S(T x, T y)                  \
    {                                                            \
        if (y == 0 || y == -1)                                   \
            return y == 0 ? 0 : wk_v_neg_##S(x);                 \
        return x / y - (x % y != 0 && (x < 0) != (y < 0));       \
    }                                                            \
    static inline T wk_v_remainder_##S(T x, T y)                 \
    {                                                            \
        if (y == 0 || y == -1)                                   \
            return 0;                                            \
        T mod = x % y;                                           \
        return mod != 0 && (mod < 0) != (y < 0) ? mod + y : mod; \
    }
WK_SIGNED_ARITHMETIC(i64, int64_t)
WK_SIGNED_ARITHMETIC(i32, int32_t)

static inline uint8_t wk_v_abs_u8(uint8_t x)
{
    return x;
}

static inline uint8_t wk_v_sign_u8(uint8_t x)
{
    return x > 0;
}

static inline uint8_t wk_v_relu_u8(uint8_t x)
{
    return x;
}

static inline uint8_t wk_v_floordiv_u8(uint8_t x, uint8_t y)
{
    return (uint8_t)(y == 0 ? 0 : x / y);
}

static inline uint8_t wk_v_remainder_u8(uint8_t x, uint8_t y)
{
    return (uint8_t)(y == 0 ? 0 : x % y);
}

/* By squaring; a negative exponent gives 0 unless the base is 1 or -1. */
static inline uint64_t wk_power(uint64_t base, uint64_t exponent)
{
    uint64_t result = 1;
    for (; exponent; exponent >>= 1, base *= base)
        if (exponent & 1)
            result *= base;
    return result;
}

static inline int64_t wk_v_pow_i64(int64_t x, int64_t y)
{
    if (y < 0)
        return x == 1 ? 1 : x == -1 ? (y % 2 ? -1 : 1) : 0;
    return (int64_t)wk_power((uint64_t)x, (uint64_t)y);
}

static inline int32_t wk_v_pow_i32(int32_t x, int32_t y)
{
    return (int32_t)(uint32_t)(uint64_t)wk_v_pow_i64(x, y);
}

static inline uint8_t wk_v_pow_u8(uint8_t x, uint8_t y)
{
    return (uint8_t)wk_power(x, y);
}

/* Booleans: + is or, * is and. */
static inline bool wk_v_sign_b(bool x)
{
    return x;
}

static inline bool wk_v_add_b(bool x, bool y)
{
    return x | y;
}

static inline bool wk_v_mul_b(bool x, bool y)
{
    return x & y;
}

/* What has no vector form of its own, lane by lane; and one lane of what has: a row of any class may use every word. */
#define WK_LANES(name, scalar)             \
    static inline wk_vf name##_vf(wk_vf x) \
    {                                      \
        float lane[WK_VF];                 \
        wk_vf_store(lane, x);              \
        for (int c = 0; c < WK_VF; c++)    \
            lane[c] = scalar(lane[c]);     \
        return wk_vf_load(lane);           \
    }
#define WK_LANES_OF_TWO(name, scalar)               \
    static inline wk_vf name##_vf(wk_vf x, wk_vf y) \
    {                                               \
        float lane[WK_VF], other[WK_VF];            \
        wk_vf_store(lane, x);                       \
        wk_vf_store(other, y);                      \
        for (int c = 0; c < WK_VF; c++)             \
            lane[c] = scalar(lane[c], other[c]);    \
        return wk_vf_load(lane);                    \
    }
#define WK_ONE_LANE(name)                   \
    static inline float name##_f32(float x) \
    {                                       \
        return name##_vf(wk_vf_all(x))[0];  \
    }
WK_LANES(wk_expm1, wk_expm1_f32)
WK_LANES(wk_log, wk_log_f32)
WK_LANES(wk_log1p, wk_log1p_f32)
WK_LANES(wk_sin, sinf)
WK_LANES(wk_cos, cosf)
WK_LANES(wk_sqrt, __builtin_sqrtf)
WK_LANES(wk_v_neg, wk_v_neg_f32)
WK_LANES(wk_v_abs, wk_v_abs_f32)
WK_LANES(wk_v_sign, wk_v_sign_f32)
WK_LANES(wk_v_relu, wk_v_relu_f32)
WK_LANES(wk_v_floor, wk_v_floor_f32)
WK_LANES(wk_v_ceil, wk_v_ceil_f32)
WK_LANES(wk_v_round, wk_v_round_f32)
WK_LANES_OF_TWO(wk_v_add, wk_v_add_f32)
WK_LANES_OF_TWO(wk_v_sub, wk_v_sub_f32)
WK_LANES_OF_TWO(wk_v_mul, wk_v_mul_f32)
WK_LANES_OF_TWO(wk_v_maximum, wk_v_maximum_f32)
WK_LANES_OF_TWO(wk_v_minimum, wk_v_minimum_f32)
WK_LANES_OF_TWO(wk_v_floordiv, wk_v_floordiv_f32)
WK_LANES_OF_TWO(wk_v_remainder, wk_v_remainder_f32)
WK_LANES_OF_TWO(wk_v_pow, powf)
WK_ONE_LANE(wk_tanh)
WK_ONE_LANE(wk_erf)
WK_ONE_LANE(wk_sigmoid)
WK_ONE_LANE(wk_silu)
WK_ONE_LANE(wk_gelu)
WK_ONE_LANE(wk_silu_slope)
WK_ONE_LANE(wk_gelu_slope)

#define WK_SELECT(S, T, C)                                  \
    static inline T wk_select_##S(C condition, T yes, T no) \
    {                                                       \
        return condition ? yes : no;                        \
    }
WK_SELECT(f32, float, bool)
WK_SELECT(f64, double, bool)
WK_SELECT(i64, int64_t, bool)
WK_SELECT(i32, int32_t, bool)
WK_SELECT(u8, uint8_t, bool)

static inline wk_vf wk_select_vf(wk_vi condition, wk_vf yes, wk_vf no)
{
    return (wk_vf)((condition & (wk_vi)yes) | (~condition & (wk_vi)no));
}

static inline float wk_like_f32(double number)
{
    return (float)number;
}

static inline double wk_like_f64(double number)
{
    return number;
}

static inline wk_vf wk_like_vf(double number)
{
    return wk_vf_all((float)number);
}

#define WK_OF_FLOATING(x, name) _Generic((x), wk_vf : name##_vf, float : name##_f32, double : name##_f64)
#define WK_OF_NUMERIC(x, name)     \
    _Generic((x), wk_vf            \
             : name##_vf, float    \
             : name##_f32, double  \
             : name##_f64, int64_t \
             : name##_i64, int32_t \
             : name##_i32, uint8_t \
             : name##_u8)
#define WK_OF_ANY(x, name)         \
    _Generic((x), wk_vf            \
             : name##_vf, float    \
             : name##_f32, double  \
             : name##_f64, int64_t \
             : name##_i64, int32_t \
             : name##_i32, uint8_t \
             : name##_u8, bool     \
             : name##_b)
#define wk_v_maximum_b wk_v_add_b
#define wk_v_minimum_b wk_v_mul_b
#define wk_v_pow_f32   powf
#define wk_v_pow_f64   pow
#define wk_exp_f64     exp
#define wk_expm1_f64   expm1
#define wk_log_f64     log
#define wk_log1p_f64   log1p
#define wk_sin_f32     sinf
#define wk_sin_f64     sin
#define wk_cos_f32     cosf
#define wk_cos_f64     cos
#define wk_tanh_f64    tanh
#define wk_erf_f64     erf
#define wk_sqrt_f32    __builtin_sqrtf
#define wk_sqrt_f64    __builtin_sqrt

#define SELU_ALPHA     1.6732632423543772848170429916717
#define SELU_SCALE     1.0507009873554804934193349852946

/* The words. A condition of SELECT is a comparison of the row's own values; LIKE makes a number a value of the type of x. */
#define NEG(x)          WK_OF_NUMERIC(x, wk_v_neg)(x)
#define ABS(x)          WK_OF_NUMERIC(x, wk_v_abs)(x)
#define SIGN(x)         WK_OF_ANY(x, wk_v_sign)(x)
#define RELU(x)         WK_OF_NUMERIC(x, wk_v_relu)(x)
#define FLOOR(x)        WK_OF_NUMERIC(x, wk_v_floor)(x)
#define CEIL(x)         WK_OF_NUMERIC(x, wk_v_ceil)(x)
#define ROUND(x)        WK_OF_NUMERIC(x, wk_v_round)(x)
#define ADD(x, y)       WK_OF_ANY(x, wk_v_add)(x, y)
#define SUB(x, y)       WK_OF_NUMERIC(x, wk_v_sub)(x, y)
#define MUL(x, y)       WK_OF_ANY(x, wk_v_mul)(x, y)
#define MAXIMUM(x, y)   WK_OF_ANY(x, wk_v_maximum)(x, y)
#define MINIMUM(x, y)   WK_OF_ANY(x, wk_v_minimum)(x, y)
#define FLOORDIV(x, y)  WK_OF_NUMERIC(x, wk_v_floordiv)(x, y)
#define REMAINDER(x, y) WK_OF_NUMERIC(x, wk_v_remainder)(x, y)
#define POW(x, y)       WK_OF_NUMERIC(x, wk_v_pow)(x, y)
#define SELECT(c, x, y) WK_OF_NUMERIC(x, wk_select)(c, x, y)
#define LIKE(x, number) WK_OF_FLOATING(x, wk_like)(number)
#define EXP(x)          _Generic((x), wk_vf : wk_exp_vf, wk_vd : wk_exp_vd, float : wk_exp_f32, double : wk_exp_f64)(x)
#define EXPM1(x)        WK_OF_FLOATING(x, wk_expm1)(x)
#define LOG(x)          WK_OF_FLOATING(x, wk_log)(x)
#define LOG1P(x)        WK_OF_FLOATING(x, wk_log1p)(x)
#define SIN(x)          WK_OF_FLOATING(x, wk_sin)(x)
#define COS(x)          WK_OF_FLOATING(x, wk_cos)(x)
#define TANH(x)         WK_OF_FLOATING(x, wk_tanh)(x)
#define ERF(x)          WK_OF_FLOATING(x, wk_erf)(x)
#define SQRT(x)         WK_OF_FLOATING(x, wk_sqrt)(x)
#define RSQRT(x)        (1 / SQRT(x))
#define RECIPROCAL(x)   (1 / (x))
#define SIGMOID(x)      WK_OF_FLOATING(x, wk_sigmoid)(x)
#define SILU(x)         WK_OF_FLOATING(x, wk_silu)(x)
#define GELU(x)         WK_OF_FLOATING(x, wk_gelu)(x)
#define SILU_SLOPE(x)   WK_OF_FLOATING(x, wk_silu_slope)(x)
#define GELU_SLOPE(x)   WK_OF_FLOATING(x, wk_gelu_slope)(x)

#endif
