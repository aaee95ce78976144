/* Uniform and normal numbers from words, with the roundings of PyTorch on a machine with AVX2.
 *
 * uniform: fma(x, high - low, low). normal, float: Box-Muller with Cephes' (S. L. Moshier)
 * single-precision log, sin and cos, the polynomials by Horner's rule. Where PyTorch's compiler fuses
 * a*b+c there is an explicit fma here, and nowhere else, so the bits depend neither on the compiler nor on
 * its flags nor on the processor; without an FMA unit libm's fma does it, right but slowly. normal,
 * double: libm's log, sin and cos, as in PyTorch.
 *
 * The loops are written once and compiled twice on x86: there the second copy may use the FMA unit, and is
 * taken if there is one. */
#include "core/random_kernels.h"
#include "core/math_flags.h"

#include <math.h>
#include <string.h>

#define RANDOM_INLINE static inline __attribute__((always_inline))

RANDOM_INLINE void random_uniform_f32_loop(float *out, const uint32_t *words, int64_t n, float low,
                                           float high)
{
    float width = high - low;
    for (int64_t i = 0; i < n; i++) {
        float x = (float)(int32_t)(words[i] & 0xffffffu) * 0x1p-24f;
        float value = fmaf(x, width, low);
        out[i] = value == high ? low : value; /* rounding may reach the excluded end */
    }
}

RANDOM_INLINE void random_uniform_f64_loop(double *out, const uint32_t *words, int64_t n, double low,
                                           double high)
{
    double width = high - low;
    for (int64_t i = 0; i < n; i++) {
        uint64_t bits = (uint64_t)(words[2 * i] & 0x1fffffu) << 32 | words[2 * i + 1];
        double value = fma((double)(int64_t)bits * 0x1p-53, width, low);
        out[i] = value == high ? low : value;
    }
}

/* log(x) for x in (0, 1]: x = m 2^e with m in [sqrt(1/2), sqrt(2)), log(x) = log(1 + (m - 1)) + e log(2).
 * Free of branches. */
RANDOM_INLINE float random_log(float x)
{
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    int32_t fraction = (bits & 0x007fffff) | 0x3f000000;
    int32_t below = -(fraction < 0x3f3504f3); /* all ones if m < sqrt(1/2): then double it */
    float e = (float)((bits >> 23) - 126 + below);
    int32_t again = fraction & below;
    float m, more;
    memcpy(&m, &fraction, sizeof m);
    memcpy(&more, &again, sizeof more);
    float t = (m - 1.0f) + more;
    float square = t * t;
    float p = 7.0376836292e-2f;
    p = fmaf(p, t, -1.1514610310e-1f);
    p = fmaf(p, t, 1.1676998740e-1f);
    p = fmaf(p, t, -1.2420140846e-1f);
    p = fmaf(p, t, 1.4249322787e-1f);
    p = fmaf(p, t, -1.6668057665e-1f);
    p = fmaf(p, t, 2.0000714765e-1f);
    p = fmaf(p, t, -2.4999993993e-1f);
    p = fmaf(p, t, 3.3333331174e-1f);
    p = fmaf(p * t, square, e * -2.12194440e-4f); /* log(2) in two parts: this, and 0.693359375 below */
    p = fmaf(-0.5f, square, p);
    return fmaf(e, 0.693359375f, t + p);
}

/* sin and cos of x in [0, 2 pi): x less the nearest even multiple j of pi/4, a polynomial for each,
 * swapped and signed by j. Swap and sign work on the bits: as branches they would be mispredicted half the
 * time. */
RANDOM_INLINE void random_sincos(float x, float *sine, float *cosine)
{
    int32_t j = ((int32_t)(x * 1.27323954473516f) + 1) & ~1;
    float multiple = (float)j;
    x = fmaf(multiple, -0.78515625f, x); /* pi/4 in three parts, the first two with zeros at the end */
    x = fmaf(multiple, -2.4187564849853515625e-4f, x);
    x = fmaf(multiple, -3.77489497744594108e-8f, x);
    float square = x * x;
    float c = 2.443315711809948e-5f;
    c = fmaf(c, square, -1.388731625493765e-3f);
    c = fmaf(c, square, 4.166664568298827e-2f);
    c = fmaf(c * square, square, -(square * 0.5f)) + 1.0f;
    float s = -1.9515295891e-4f;
    s = fmaf(s, square, 8.3321608736e-3f);
    s = fmaf(s, square, -1.6666654611e-1f);
    s = fmaf(s * square, x, x);
    uint32_t quadrant = (uint32_t)j;
    uint32_t swap = -(quadrant >> 1 & 1), c_bits, s_bits;
    memcpy(&c_bits, &c, sizeof c_bits);
    memcpy(&s_bits, &s, sizeof s_bits);
    uint32_t sine_bits = ((c_bits & swap) | (s_bits & ~swap)) ^ (quadrant & 4) << 29;
    uint32_t cosine_bits = ((s_bits & swap) | (c_bits & ~swap)) ^ ((quadrant + 2) & 4) << 29;
    memcpy(sine, &sine_bits, sizeof *sine);
    memcpy(cosine, &cosine_bits, sizeof *cosine);
}

RANDOM_INLINE void random_normal_f32_loop(float *data, int64_t blocks, float mean, float std)
{
    for (float *block = data; block < data + 16 * blocks; block += 16) {
        float square[8], radius[8];
        for (int j = 0; j < 8; j++)
            square[j] = -2.0f * random_log(1.0f - block[j]);
        for (int j = 0; j < 8; j++)
            radius[j] = sqrtf(square[j]);
        for (int j = 0; j < 8; j++) {
            float sine, cosine;
            random_sincos(6.283185307179586f * block[j + 8], &sine, &cosine);
            block[j] = fmaf(radius[j] * cosine, std, mean);
            block[j + 8] = fmaf(radius[j] * sine, std, mean);
        }
    }
}

RANDOM_INLINE void random_normal_f64_loop(double *data, int64_t blocks, double mean, double std)
{
    for (double *block = data; block < data + 16 * blocks; block += 16)
        for (int j = 0; j < 8; j++) {
            double radius = sqrt(-2.0 * log(1.0 - block[j]));
            double angle = 6.283185307179586 * block[j + 8];
            block[j] = fma(radius * cos(angle), std, mean);
            block[j + 8] = fma(radius * sin(angle), std, mean);
        }
}

/* Functions under the given attribute, and the table of them. */
#define RANDOM_KERNELS(name, attribute)                                                                      \
    attribute static void random_uniform_f32_##name(float *out, const uint32_t *words, int64_t n, float low, \
                                                    float high)                                              \
    {                                                                                                        \
        random_uniform_f32_loop(out, words, n, low, high);                                                   \
    }                                                                                                        \
    attribute static void random_uniform_f64_##name(double *out, const uint32_t *words, int64_t n,           \
                                                    double low, double high)                                 \
    {                                                                                                        \
        random_uniform_f64_loop(out, words, n, low, high);                                                   \
    }                                                                                                        \
    attribute static void random_normal_f32_##name(float *data, int64_t blocks, float mean, float std)       \
    {                                                                                                        \
        random_normal_f32_loop(data, blocks, mean, std);                                                     \
    }                                                                                                        \
    attribute static void random_normal_f64_##name(double *data, int64_t blocks, double mean, double std)    \
    {                                                                                                        \
        random_normal_f64_loop(data, blocks, mean, std);                                                     \
    }                                                                                                        \
    const wk_RandomKernels wk_random_kernels_##name = {random_uniform_f32_##name, random_uniform_f64_##name, \
                                                       random_normal_f32_##name, random_normal_f64_##name};

RANDOM_KERNELS(portable, )

#if defined(__x86_64__)
extern const wk_RandomKernels wk_random_kernels_fma;
RANDOM_KERNELS(fma, __attribute__((target("avx2,fma"))))
#endif

const wk_RandomKernels *wk_random_kernels(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return &wk_random_kernels_fma;
#endif
    return &wk_random_kernels_portable;
}
