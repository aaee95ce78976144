/* The inner loops of uniform and normal, once for any machine and once for x86 with FMA: the same bits,
 * another speed. */
#ifndef WICK_CORE_RANDOM_KERNELS_H
#define WICK_CORE_RANDOM_KERNELS_H

#include <stdint.h>

typedef struct wk_RandomKernels {
    /* out[i] in [low, high) from words[i], for f64 from words[2i] and words[2i+1] */
    void (*uniform_f32)(float *out, const uint32_t *words, int64_t n, float low, float high);
    void (*uniform_f64)(double *out, const uint32_t *words, int64_t n, double low, double high);
    /* blocks of 16 uniforms into 16 normals, in place: block[j] and block[j + 8] are a Box-Muller pair */
    void (*normal_f32)(float *data, int64_t blocks, float mean, float std);
    void (*normal_f64)(double *data, int64_t blocks, double mean, double std);
} wk_RandomKernels;

extern const wk_RandomKernels wk_random_kernels_portable;

/* Those for this machine. */
const wk_RandomKernels *wk_random_kernels(void);

#endif
