/* Scalar functions for the values in rows.def and for the other kernels.
 *
 * Functions of floats are branch-free, so that compilers turn them into vector code, and add and multiply in one order, never fused:
 * the results are the same on every machine. Those in which networks spend their time (exp, tanh, sigmoid, silu, gelu, erf) are
 * computed in float, with errors below 1 ulp (exp), 3 (the others) and 10 (gelu): in double they would be slower than memory. expm1,
 * log and log1p are computed in double: errors stay below 0.51 ulp, and denormals need no care, because each float is a normal
 * double. Functions of doubles are libm's. Integers wrap. Capital names are generic over the dtype. */
#ifndef WICK_KERNELS_MATH_H
#define WICK_KERNELS_MATH_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

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
WK_FLOAT_FUNCTION(expm1)
WK_FLOAT_FUNCTION(log)
WK_FLOAT_FUNCTION(log1p)

static inline float wk_power_of_two(int32_t k)
{
    const uint32_t bits = (uint32_t)(k + 127) << 23;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* exp(x + low) = 2^k y with |x - k ln2| <= ln2 / 2, for |x| < 1000 or NaN and small `low`. Adding the shift rounds to a whole number,
 * in the low bits; k times the upper part of ln2 is exact. The polynomial is Cephes'. */
static inline float wk_exp_parts_f32(float x, float low, int32_t *k)
{
    const float shift = 0x1.8p23f, t = x * 1.44269504f + shift, whole = t - shift;
    uint32_t bits;
    memcpy(&bits, &t, sizeof bits);
    *k = (int32_t)(bits - 0x4b400000u);
    const float r = x - whole * 0.693359375f + (whole * 2.12194440e-4f + low);
    float p = 1.3981999507e-3f + r * 1.9875691500e-4f;
    p = 8.3334519073e-3f + r * p;
    p = 4.1665795894e-2f + r * p;
    p = 1.6666665459e-1f + r * p;
    p = 5.0000001201e-1f + r * p;
    return 1 + (r + r * r * p);
}

/* Two scales, as one cannot be small enough for the denormals nor large enough for what rounds to the largest floats. The order of the
 * comparisons keeps NaN. */
static inline float wk_exp_sum_f32(float x, float low)
{
    x = 89.0f < x ? 89.0f : x;
    x = -104.0f > x ? -104.0f : x;
    int32_t k;
    const float y = wk_exp_parts_f32(x, low, &k);
    const int32_t half = k >> 1;
    return y * wk_power_of_two(half) * wk_power_of_two(k - half);
}

static inline float wk_exp_f32(float x)
{
    return wk_exp_sum_f32(x, 0);
}

static inline float wk_sigmoid_f32(float x)
{
    return 1 / (1 + wk_exp_f32(-x));
}

static inline float wk_silu_f32(float x)
{
    return x / (1 + wk_exp_f32(-x));
}

/* 1 - 2 / (exp(2 |x|) + 1), near 0 a polynomial (Cephes'). */
static inline float wk_tanh_f32(float x)
{
    const float a = __builtin_fabsf(x), b = 10.0f < a ? 10.0f : a, z = x * x;
    int32_t k;
    const float y = wk_exp_parts_f32(2 * b, 0, &k) * wk_power_of_two(k);
    float p = 2.06390887954e-2f + z * -5.70498872745e-3f;
    p = -5.37397155531e-2f + z * p;
    p = 1.33314422036e-1f + z * p;
    p = -3.33332819422e-1f + z * p;
    return __builtin_copysignf(a < 0.625f ? a + a * (z * p) : 1 - 2 / (y + 1), x);
}

/* erfc(z) = exp(-z^2) P(t) / (z + 2.5) for z >= 0 or NaN, t = (z - 2.5) / (z + 2.5); P is fitted over [0, 10.6]. The square comes as
 * factor * root^2: the upper half of root has an exact square, so that the error does not grow with z. */
static inline float wk_erfc_f32(float x, float root, float factor)
{
    const float z = 10.5f < x ? 10.5f : x;
    uint32_t bits;
    memcpy(&bits, &root, sizeof bits);
    bits &= 0xfffff000u;
    float upper;
    memcpy(&upper, &bits, sizeof upper);
    const float inverse = 1 / (z + 2.5f), t = 1 - 5 * inverse;
    float p = 6.229402753e-04f + t * 1.389247062e-04f;
    p = -5.259941126e-04f + t * p;
    p = -4.799915608e-03f + t * p;
    p = 8.422531780e-03f + t * p;
    p = 2.835981877e-02f + t * p;
    p = -1.712548977e-01f + t * p;
    p = 4.539142058e-01f + t * p;
    p = -8.046517202e-01f + t * p;
    p = 1.054031818e+00f + t * p;
    return wk_exp_sum_f32(-factor * (upper * upper), factor * ((upper - root) * (upper + root))) *
           (p * inverse);
}

/* Below 1 an odd polynomial, above 1 - erfc. */
static inline float wk_erf_f32(float x)
{
    const float a = __builtin_fabsf(x), b = 10.5f < a ? 10.5f : a, z = a * a;
    float p = -8.010186324e-04f + z * 7.853837232e-05f;
    p = 5.188326855e-03f + z * p;
    p = -2.685381150e-02f + z * p;
    p = 1.128358514e-01f + z * p;
    p = -3.761262582e-01f + z * p;
    p = 1.128379166e+00f + z * p;
    return __builtin_copysignf(a < 1 ? a * p : 1 - wk_erfc_f32(a, b, 1), x);
}

/* x/2 (1 + erf(x / sqrt 2)), by erfc, so that it is right for small results too. */
static inline float wk_gelu_f32(float x)
{
    const float low = -40.0f > x ? -40.0f : x;
    const float a = __builtin_fabsf(low), b = 40.0f < a ? 40.0f : a,
                e = wk_erfc_f32(b * 0.70710678118654752440f, b, 0.5f);
    return 0.5f * low * (low < 0 ? e : 2 - e);
}

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

#define WK_OF_FLOATING(x, name) _Generic((x), float : name##_f32, double : name##_f64)
#define WK_OF_NUMERIC(x, name)     \
    _Generic((x), float            \
             : name##_f32, double  \
             : name##_f64, int64_t \
             : name##_i64, int32_t \
             : name##_i32, uint8_t \
             : name##_u8)
#define WK_OF_ANY(x, name)         \
    _Generic((x), float            \
             : name##_f32, double  \
             : name##_f64, int64_t \
             : name##_i64, int32_t \
             : name##_i32, uint8_t \
             : name##_u8, bool     \
             : name##_b)
#define wk_v_maximum_b  wk_v_add_b
#define wk_v_minimum_b  wk_v_mul_b

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
#define POW(x, y)                    \
    _Generic((x), float              \
             : powf, double          \
             : pow, int64_t          \
             : wk_v_pow_i64, int32_t \
             : wk_v_pow_i32, uint8_t \
             : wk_v_pow_u8)(x, y)
#define EXP(x)        _Generic((x), float : wk_exp_f32, double : exp)(x)
#define EXPM1(x)      _Generic((x), float : wk_expm1_f32, double : expm1)(x)
#define LOG(x)        _Generic((x), float : wk_log_f32, double : log)(x)
#define LOG1P(x)      _Generic((x), float : wk_log1p_f32, double : log1p)(x)
#define SIN(x)        _Generic((x), float : sinf, double : sin)(x)
#define COS(x)        _Generic((x), float : cosf, double : cos)(x)
#define TANH(x)       _Generic((x), float : wk_tanh_f32, double : tanh)(x)
#define ERF(x)        _Generic((x), float : wk_erf_f32, double : erf)(x)
#define SQRT(x)       _Generic((x), float : __builtin_sqrtf, double : __builtin_sqrt)(x)
#define RSQRT(x)      (1 / SQRT(x))
#define RECIPROCAL(x) (1 / (x))
#define SIGMOID(x)    WK_OF_FLOATING(x, wk_sigmoid)(x)
#define SILU(x)       WK_OF_FLOATING(x, wk_silu)(x)
#define GELU(x)       WK_OF_FLOATING(x, wk_gelu)(x)

#endif
