/* Random numbers on plain memory: PyTorch's CPU generator and distributions, to the bit. */
#ifndef WICK_CORE_RANDOM_H
#define WICK_CORE_RANDOM_H

#include "core/object.h"
#include "wick/runtime.h"

#define WK_MT_WORDS  624
#define WK_MT_OFFSET 397

struct wk_Generator {
    wk_Object object;
    uint64_t seed;
    /* left - 1 words of state are unused, the next of them at `next`; left is 1..624 and next + left <=
     * 625 unless left is 1. */
    int left;
    uint32_t next;
    uint32_t state[WK_MT_WORDS];
    /* The second number of the last scalar Box-Muller pair. float_normal only travels through the saved
     * state, as in PyTorch. */
    bool has_normal, has_float_normal;
    double normal;
    float float_normal;
};

/* The given generator, or the default one of this thread for NULL. NULL with an error when it has been
 * freed. */
wk_Generator *wk_generator(wk_Generator *or_null);

/* Sets up a generator, on the stack for example, that is seeded when it is first used: seeding costs a microsecond. */
void wk_generator_seed_later(wk_Generator *generator, uint64_t seed);

/* Makes the generator this thread's default one in place of its own, or with NULL its own again. Returns what was given last. */
wk_Generator *wk_generator_replace_default(wk_Generator *generator);

/* A share of the generator for an object that keeps it; wk_generator_free ends it. NULL (the default one)
 * stays NULL. */
wk_Generator *wk_generator_retain(wk_Generator *generator);

/* ---- single values, from a generator that wk_generator has returned -------------------------------- */

uint32_t wk_random32(wk_Generator *generator);
uint64_t wk_random64(wk_Generator *generator); /* two words, the first is the high one */
void wk_random_words(wk_Generator *generator, uint32_t *words, int64_t count);

float wk_random_uniform_f32(wk_Generator *generator);  /* [0, 1), 24 bits of one word */
double wk_random_uniform_f64(wk_Generator *generator); /* [0, 1), 53 bits of two words */

/* [0, range) for range > 0 by remainder: one word for ranges below WK_RANDOM_WIDE, else two. */
#define WK_RANDOM_WIDE (UINT64_C(1) << 28)
uint64_t wk_random_below(wk_Generator *generator, uint64_t range);

/* The scalar Box-Muller: a pair costs four words, its second half waits in the generator. */
double wk_random_normal(wk_Generator *generator, double mean, double std);

/* ---- runs of n values; generator may be NULL -------------------------------------------------------- */
/* All return false with PyTorch's message on arguments that PyTorch refuses, and then have drawn nothing.
 *
 * A tensor that is not contiguous takes the same values in the order of its memory: PyTorch walks dimensions
 * by falling strides, so x.t().uniform_() leaves x as x.uniform_() does. normal alone then follows the _each
 * form, even where the memory is dense. (bernoulli(input) takes the elements in their own order.) */

/* [low, high): one word each; f64: two.  torch: uniform_, rand */
bool wk_fill_uniform_f32(wk_Generator *generator, float *out, int64_t n, double low, double high);
bool wk_fill_uniform_f64(wk_Generator *generator, double *out, int64_t n, double low, double high);
bool wk_fill_rand_f32(wk_Generator *generator, float *out, int64_t n);
bool wk_fill_rand_f64(wk_Generator *generator, double *out, int64_t n);

/* From 16 values on in blocks of 16, else one by one; _each: always one by one. torch: normal_, randn */
bool wk_fill_normal_f32(wk_Generator *generator, float *out, int64_t n, double mean, double std);
bool wk_fill_normal_f64(wk_Generator *generator, double *out, int64_t n, double mean, double std);
bool wk_fill_normal_each_f32(wk_Generator *generator, float *out, int64_t n, double mean, double std);
bool wk_fill_normal_each_f64(wk_Generator *generator, double *out, int64_t n, double mean, double std);

/* [low, high); [0, 2^63); 0 .. n-1 shuffled.  torch: randint, random_, randperm */
bool wk_fill_randint_i64(wk_Generator *generator, int64_t *out, int64_t n, int64_t low, int64_t high);
bool wk_fill_random_i64(wk_Generator *generator, int64_t *out, int64_t n);
bool wk_fill_randperm(wk_Generator *generator, int64_t *out, int64_t n);

/* The same with the length from which PyTorch shuffles by another rule given, for tests: that length takes 1.7 GB. */
#define WK_LONG_PERMUTATION (UINT32_MAX / 20)
bool wk_fill_randperm_by(wk_Generator *generator, int64_t *out, int64_t n, int64_t long_from);

/* 1 with probability p, else 0: two words each.  torch: bernoulli_(p) */
bool wk_fill_bernoulli_f32(wk_Generator *generator, float *out, int64_t n, double p);
bool wk_fill_bernoulli_f64(wk_Generator *generator, double *out, int64_t n, double p);
bool wk_fill_bernoulli_u8(wk_Generator *generator, uint8_t *out, int64_t n, double p);

/* The same with a probability for each value: one word each for f32, two for f64.  torch: bernoulli(input) */
bool wk_fill_bernoulli_of_f32(wk_Generator *generator, float *out, const float *p, int64_t n);
bool wk_fill_bernoulli_of_f64(wk_Generator *generator, double *out, const double *p, int64_t n);

/* Exponential with rate lambda: two words each.  torch: exponential_ */
bool wk_fill_exponential_f32(wk_Generator *generator, float *out, int64_t n, double lambda);
bool wk_fill_exponential_f64(wk_Generator *generator, double *out, int64_t n, double lambda);

#endif
