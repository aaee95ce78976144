/* Vectors of floats and of doubles, as wide as the instruction set's registers, and what C's operators on vectors lack: with intrinsics
 * where compilers do not find the instruction by themselves. */
#ifndef WICK_KERNELS_VECTOR_H
#define WICK_KERNELS_VECTOR_H

#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include "kernels/isa.h"

typedef float wk_vf __attribute__((vector_size(WK_VECTOR_BYTES)));
typedef int32_t wk_vi __attribute__((vector_size(WK_VECTOR_BYTES)));
typedef uint32_t wk_vu __attribute__((vector_size(WK_VECTOR_BYTES)));
typedef double wk_vd __attribute__((vector_size(WK_VECTOR_BYTES)));
typedef int64_t wk_vl __attribute__((vector_size(WK_VECTOR_BYTES)));
typedef float wk_vh __attribute__((vector_size(WK_VECTOR_BYTES / 2))); /* half a vector: as many as doubles */
enum { WK_VF = WK_VECTOR_BYTES / 4, WK_VD = WK_VECTOR_BYTES / 8 };

/* load and store; a part of a vector is filled up when it is loaded. sum and largest fold the lanes pairwise. */
#define WK_VECTOR_MEMORY(V, T)               \
    static inline V V##_load(const T *from)  \
    {                                        \
        V v;                                 \
        memcpy(&v, from, sizeof v);          \
        return v;                            \
    }                                        \
    static inline void V##_store(T *to, V v) \
    {                                        \
        memcpy(to, &v, sizeof v);            \
    }
#define WK_VECTOR_LANES(V, T)                                                       \
    static inline V V##_load_part(const T *from, int64_t count, T fill)             \
    {                                                                               \
        T lanes[sizeof(V) / sizeof(T)];                                             \
        for (int64_t c = 0; c < (int64_t)(sizeof(V) / sizeof(T)); c++)              \
            lanes[c] = c < count ? from[c] : fill;                                  \
        return V##_load(lanes);                                                     \
    }                                                                               \
    static inline void V##_store_part(T *to, V v, int64_t count)                    \
    {                                                                               \
        T lanes[sizeof(V) / sizeof(T)];                                             \
        V##_store(lanes, v);                                                        \
        for (int64_t c = 0; c < count; c++)                                         \
            to[c] = lanes[c];                                                       \
    }                                                                               \
    static inline T V##_sum(V v)                                                    \
    {                                                                               \
        T lanes[sizeof(V) / sizeof(T)];                                             \
        V##_store(lanes, v);                                                        \
        for (int half = sizeof(V) / sizeof(T) / 2; half > 0; half /= 2)             \
            for (int c = 0; c < half; c++)                                          \
                lanes[c] += lanes[c + half];                                        \
        return lanes[0];                                                            \
    }                                                                               \
    static inline T V##_largest(V v)                                                \
    {                                                                               \
        T lanes[sizeof(V) / sizeof(T)];                                             \
        V##_store(lanes, v);                                                        \
        for (int half = sizeof(V) / sizeof(T) / 2; half > 0; half /= 2)             \
            for (int c = 0; c < half; c++)                                          \
                lanes[c] = lanes[c] > lanes[c + half] ? lanes[c] : lanes[c + half]; \
        return lanes[0];                                                            \
    }
WK_VECTOR_MEMORY(wk_vf, float)
WK_VECTOR_MEMORY(wk_vd, double)
WK_VECTOR_LANES(wk_vd, double)

static inline wk_vd wk_vd_load_floats(const float *from)
{
    wk_vh v;
    memcpy(&v, from, sizeof v);
    return __builtin_convertvector(v, wk_vd);
}

static inline wk_vf wk_vf_all(float x)
{
    return x - (wk_vf){0};
}

static inline wk_vd wk_vd_all(double x)
{
    return x - (wk_vd){0};
}

static inline wk_vf wk_vf_abs(wk_vf x)
{
    return (wk_vf)((wk_vi)x & INT32_MAX);
}

/* a with the sign of b, a being positive. */
static inline wk_vf wk_vf_signed(wk_vf a, wk_vf b)
{
    return (wk_vf)((wk_vi)a | ((wk_vi)b & INT32_MIN));
}

/* min and max give b when an operand is NaN; if_negative looks at the sign bit; fma is one rounding with WK_VF_FUSED, else two; scale is
 * x * 2^k for t = WK_SCALE_SHIFT + k, whose low bits are k + 254, right in the denormals too. */
#define WK_SCALE_SHIFT (0x1.8p23f + 254)
#if defined(__AVX512F__) && defined(__AVX512DQ__)
#define WK_VF_FUSED 1
static inline wk_vf wk_vf_fma(wk_vf a, wk_vf b, wk_vf c)
{
    return (wk_vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}

static inline wk_vf wk_vf_min(wk_vf a, wk_vf b)
{
    return (wk_vf)_mm512_min_ps((__m512)a, (__m512)b);
}

static inline wk_vf wk_vf_max(wk_vf a, wk_vf b)
{
    return (wk_vf)_mm512_max_ps((__m512)a, (__m512)b);
}

static inline wk_vf wk_vf_if_negative(wk_vf sign, wk_vf yes, wk_vf no)
{
    return (wk_vf)_mm512_mask_blend_ps(_mm512_movepi32_mask((__m512i)sign), (__m512)no, (__m512)yes);
}

static inline wk_vf wk_vf_scale(wk_vf x, wk_vf t)
{
    return (wk_vf)_mm512_scalef_ps((__m512)x, (__m512)(t - WK_SCALE_SHIFT));
}

static inline __mmask16 wk_vf_mask(int64_t count)
{
    return (__mmask16)((1u << count) - 1);
}

static inline wk_vf wk_vf_load_part(const float *from, int64_t count, float fill)
{
    return (wk_vf)_mm512_mask_loadu_ps(_mm512_set1_ps(fill), wk_vf_mask(count), from);
}

static inline void wk_vf_store_part(float *to, wk_vf v, int64_t count)
{
    _mm512_mask_storeu_ps(to, wk_vf_mask(count), (__m512)v);
}

static inline float wk_vf_sum(wk_vf v)
{
    return _mm512_reduce_add_ps((__m512)v);
}

static inline float wk_vf_largest(wk_vf v)
{
    return _mm512_reduce_max_ps((__m512)v);
}
#else
#if defined(__AVX2__) && defined(__FMA__)
#define WK_VF_FUSED 1
static inline wk_vf wk_vf_fma(wk_vf a, wk_vf b, wk_vf c)
{
    return (wk_vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}

static inline wk_vf wk_vf_min(wk_vf a, wk_vf b)
{
    return (wk_vf)_mm256_min_ps((__m256)a, (__m256)b);
}

static inline wk_vf wk_vf_max(wk_vf a, wk_vf b)
{
    return (wk_vf)_mm256_max_ps((__m256)a, (__m256)b);
}

static inline wk_vf wk_vf_if_negative(wk_vf sign, wk_vf yes, wk_vf no)
{
    return (wk_vf)_mm256_blendv_ps((__m256)no, (__m256)yes, (__m256)sign);
}

static inline __m256i wk_vf_mask(int64_t count)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline wk_vf wk_vf_load_part(const float *from, int64_t count, float fill)
{
    const __m256i mask = wk_vf_mask(count);
    return (wk_vf)_mm256_blendv_ps(_mm256_set1_ps(fill), _mm256_maskload_ps(from, mask), (__m256)mask);
}

static inline void wk_vf_store_part(float *to, wk_vf v, int64_t count)
{
    _mm256_maskstore_ps(to, wk_vf_mask(count), (__m256)v);
}

static inline float wk_vf_sum(wk_vf v)
{
    __m128 half = _mm_add_ps(_mm256_castps256_ps128((__m256)v), _mm256_extractf128_ps((__m256)v, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}

static inline float wk_vf_largest(wk_vf v)
{
    __m128 half = _mm_max_ps(_mm256_castps256_ps128((__m256)v), _mm256_extractf128_ps((__m256)v, 1));
    half = _mm_max_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
}
#else
WK_VECTOR_LANES(wk_vf, float)

static inline wk_vf wk_vf_either(wk_vi mask, wk_vf yes, wk_vf no)
{
    return (wk_vf)((mask & (wk_vi)yes) | (~mask & (wk_vi)no));
}

static inline wk_vf wk_vf_fma(wk_vf a, wk_vf b, wk_vf c)
{
    return a * b + c;
}

static inline wk_vf wk_vf_min(wk_vf a, wk_vf b)
{
    return wk_vf_either(a < b, a, b);
}

static inline wk_vf wk_vf_max(wk_vf a, wk_vf b)
{
    return wk_vf_either(a > b, a, b);
}

static inline wk_vf wk_vf_if_negative(wk_vf sign, wk_vf yes, wk_vf no)
{
    return wk_vf_either((wk_vi)sign >> 31, yes, no);
}
#endif

/* Two factors, as one cannot be small enough for the denormals nor large enough for what rounds to the largest floats. */
static inline wk_vf wk_vf_scale(wk_vf x, wk_vf t)
{
    const wk_vu half = (wk_vu)t << 22 & 0x7f800000, rest = ((wk_vu)t << 23) - half;
    return x * (wk_vf)half * (wk_vf)rest;
}
#endif

static inline wk_vd wk_vd_max(wk_vd a, wk_vd b)
{
    const wk_vl mask = a > b;
    return (wk_vd)((mask & (wk_vl)a) | (~mask & (wk_vl)b));
}

/* Stores past the caches, for results that no cache can hold: their lines need not be read first. `to` is aligned to a vector; wk_streamed
 * comes after the last, before another thread may read. Where there are none these are plain. */
static inline void wk_vf_stream(float *to, wk_vf v)
{
#if defined(__AVX512F__)
    _mm512_stream_ps(to, (__m512)v);
#elif defined(__AVX__)
    _mm256_stream_ps(to, (__m256)v);
#elif defined(__SSE2__)
    _mm_stream_ps(to, (__m128)v);
#else
    wk_vf_store(to, v);
#endif
}

/* Whole vectors. */
static inline void wk_stream_copy(void *to, const void *from, int64_t bytes)
{
    for (int64_t b = 0; b < bytes; b += WK_VECTOR_BYTES)
        wk_vf_stream((float *)(void *)((char *)to + b),
                     wk_vf_load((const float *)(const void *)((const char *)from + b)));
}

static inline void wk_streamed(void)
{
#if defined(__SSE2__)
    _mm_sfence();
#endif
}

#endif
