/* Smooth functions of floats, on whole vectors: those in which networks spend their time.
 *
 * exp is a polynomial on [-ln2/2, ln2/2] and a power of two, tanh, sigmoid and silu are made from it with one division, and
 * erf and gelu from exp(-x^2 / 2) times a rational function. Errors stay below 1 ulp (exp), 3 (the others) and 7 (gelu, its far negative
 * tail included); tests/kernels/test_curves.c measures them. Where products and sums are fused depends on the instruction set, and so
 * do last bits. Clamps are written so that NaN passes. */
#ifndef WICK_KERNELS_CURVES_H
#define WICK_KERNELS_CURVES_H

#include "kernels/isa/vector.h"

/* r of x = k ln2 + r, |r| <= ln2 / 2, for |x| < 2^15. Adding the shift rounds to a whole number, and leaves k + bias in the low bits of t:
 * moved into the exponent they are a power of two. k times the upper part of ln2 is exact. */
static inline wk_vf curve_reduce(wk_vf x, float bias, wk_vf *t)
{
    const float shift = 0x1.8p23f + bias;
    *t = wk_vf_fma(x, wk_vf_all(1.44269504f), wk_vf_all(shift));
    const wk_vf k = *t - shift, r = wk_vf_fma(k, wk_vf_all(-0.693359375f), x);
    return wk_vf_fma(k, wk_vf_all(2.12194440e-4f), r);
}

/* 2^k with a bias of 127; of another bias, as many times more. */
static inline wk_vf curve_power(wk_vf t)
{
    return (wk_vf)((wk_vi)t << 23);
}

static inline wk_vf curve_next(wk_vf sum, wk_vf x, float coefficient)
{
    return wk_vf_fma(sum, x, wk_vf_all(coefficient));
}

/* (exp(r) - 1 - r) / r^2, to 0.04 units of the last place of exp(r). */
static inline wk_vf curve_second(wk_vf r)
{
    wk_vf p = curve_next(wk_vf_all(1.378921675e-3f), r, 8.368675597e-3f);
    p = curve_next(p, r, 4.166889191e-2f);
    p = curve_next(p, r, 1.666652113e-1f);
    return curve_next(p, r, 4.999999106e-1f);
}

static inline wk_vf curve_expm1(wk_vf r)
{
    return wk_vf_fma(r * r, curve_second(r), r);
}

/* exp(r). Fused, the last product is not rounded; else r, which needs no product, is added apart. */
static inline wk_vf curve_exp(wk_vf r)
{
#ifdef WK_VF_FUSED
    return wk_vf_fma(curve_next(curve_second(r), r, 1), r, wk_vf_all(1));
#else
    return 1 + curve_expm1(r);
#endif
}

static inline wk_vf wk_exp_vf(wk_vf x)
{
    wk_vf t;
    const wk_vf clamped = wk_vf_max(wk_vf_all(-104), wk_vf_min(wk_vf_all(89), x)),
                y = curve_exp(curve_reduce(clamped, 254, &t));
    return wk_vf_scale(y, t);
}

/* exp(-x) / 2 for x within [-89, 80]: the whole may overflow. Beyond them the functions that follow do not change but by rounding. */
static inline wk_vf curve_half_exp(wk_vf x)
{
    wk_vf t;
    const wk_vf y = curve_exp(curve_reduce(-x, 126, &t));
    return y * curve_power(t);
}

static inline wk_vf curve_within_89(wk_vf x)
{
    return wk_vf_max(wk_vf_all(-89), wk_vf_min(wk_vf_all(80), x));
}

/* 1 + exp(-x) */
static inline wk_vf curve_logistic(wk_vf x)
{
    return wk_vf_fma(curve_half_exp(curve_within_89(x)), wk_vf_all(2), wk_vf_all(1));
}

static inline wk_vf wk_sigmoid_vf(wk_vf x)
{
    return 1 / curve_logistic(x);
}

static inline wk_vf wk_silu_vf(wk_vf x)
{
    return x / curve_logistic(x);
}

/* The derivative, s (1 + x (1 - s)), where 1 - s = exp(-x) s does not cancel. */
static inline wk_vf wk_silu_slope_vf(wk_vf x)
{
    const wk_vf c = curve_within_89(x), half = curve_half_exp(c),
                s = 1 / wk_vf_fma(half, wk_vf_all(2), wk_vf_all(1));
    return s * wk_vf_fma(c, half * (s + s), wk_vf_all(1));
}

/* m / (m + 2) with m = exp(2 |x|) - 1, which is right near 0 too. */
static inline wk_vf wk_tanh_vf(wk_vf x)
{
    wk_vf t;
    const wk_vf a = wk_vf_min(wk_vf_all(10), wk_vf_abs(x)), q = curve_expm1(curve_reduce(a + a, 127, &t)),
                power = curve_power(t), m = wk_vf_fma(power, q, power - 1);
    return wk_vf_signed(m / (m + 2), x);
}

/* R(a) = exp(a^2 / 2) erfc(a / sqrt 2) / 2 on [0, 15] as P / Q, relative error 2e-8 with these floats; over Q is the caller's to divide. */
static inline wk_vf curve_tail(wk_vf a, wk_vf *over)
{
    wk_vf p = curve_next(wk_vf_all(4.153318703e-3f), a, 4.087987170e-2f);
    p = curve_next(p, a, 1.839626431e-1f);
    p = curve_next(p, a, 4.392704070e-1f);
    p = curve_next(p, a, 0.5f);
    wk_vf q = curve_next(wk_vf_all(1.041071396e-2f), a, 1.024767756e-1f);
    q = curve_next(q, a, 4.713923931e-1f);
    q = curve_next(q, a, 1.205514431f);
    q = curve_next(q, a, 1.676425815f);
    *over = curve_next(q, a, 1);
    return p;
}

/* 2^64 exp(-x^2 / 2) for |x| <= 15, never a denormal. The square is as large as 112, so its rounding counts. */
static inline wk_vf curve_bell(wk_vf x)
{
    const wk_vf half = x * -0.5f, square = x * half;
#ifdef WK_VF_FUSED
    const wk_vf low = wk_vf_fma(x, half, -square);
#else /* the upper half of x has an exact square */
    const wk_vf upper = (wk_vf)((wk_vi)x & -4096),
                low = (upper * upper * -0.5f - square) + (upper - x) * (upper + x) * 0.5f;
#endif
    wk_vf t;
    const wk_vf r = curve_reduce(square, 127 + 64, &t) + low;
    return curve_exp(r) * curve_power(t);
}

static inline wk_vf curve_within_15(wk_vf x)
{
    return wk_vf_max(wk_vf_all(-15), wk_vf_min(wk_vf_all(15), x));
}

/* x Phi(x), where Phi is the normal distribution: for x < 0 x times the tail, else x less that. */
static inline wk_vf wk_gelu_vf(wk_vf x)
{
    wk_vf q;
    const wk_vf c = curve_within_15(x), p = curve_tail(wk_vf_abs(c), &q);
    const wk_vf part = c * (curve_bell(c) * (p / q)) * 0x1p-64f;
    return wk_vf_if_negative(x, part, x - part);
}

/* The derivative, Phi(x) + x phi(x) with the density phi: for x < 0 exp(-x^2 / 2) (R(-x) + x / sqrt(2 pi)), for x > 0 one less that of -x. */
static inline wk_vf wk_gelu_slope_vf(wk_vf x)
{
    wk_vf q;
    const wk_vf c = curve_within_15(x), a = wk_vf_abs(c), p = curve_tail(a, &q);
    const wk_vf part = curve_bell(c) * wk_vf_fma(a, wk_vf_all(-0.398942280f), p / q) * 0x1p-64f;
    return wk_vf_if_negative(x, part, 1 - part);
}

/* Below 1 an odd polynomial, above 1 - 2 exp(-x^2) R(sqrt(2) x); from 4 on that is 1. */
static inline wk_vf wk_erf_vf(wk_vf x)
{
    const wk_vf a = wk_vf_min(wk_vf_all(4), wk_vf_abs(x)), z = a * a;
    wk_vf s = curve_next(wk_vf_all(7.853837232e-05f), z, -8.010186324e-04f), q, t;
    s = curve_next(s, z, 5.188326855e-03f);
    s = curve_next(s, z, -2.685381150e-02f);
    s = curve_next(s, z, 1.128358514e-01f);
    s = curve_next(s, z, -3.761262582e-01f);
    s = curve_next(s, z, 1.128379166e+00f);
    const wk_vf p = curve_tail(a * 1.41421356f, &q),
                e = curve_exp(curve_reduce(-z, 128, &t)) * curve_power(t);
    return wk_vf_signed(wk_vf_if_negative(a - 1, a * s, 1 - e * (p / q)), x);
}

#endif
