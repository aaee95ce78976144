/* Runs of uniform, whole, Bernoulli and exponential numbers: arguments are checked, then words are drawn
 * in chunks and turned into values by the rule of PyTorch's CPU kernels. The generator's words are the
 * contract, so each rule says how many a value costs.
 *
 * A Bernoulli draw u < p is decided on integers: u is k 2^-53, so k < ceil(p 2^53), which a double holds
 * exactly; and as the sign of the difference, because a branch on it is as hard to predict as the draw. */
#include <float.h>
#include <math.h>

#include "core/error.h"
#include "core/random.h"
#include "core/random_kernels.h"
#include "core/text.h"

enum { RANDOM_CHUNK = 1024 }; /* words */

static inline int64_t random_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t random_bits53(const uint32_t *words)
{
    return (uint64_t)(words[0] & 0x1fffffu) << 32 | words[1];
}

/* ---- uniform ---------------------------------------------------------------------------------------- */

/* largest is the dtype's greatest value, type its name in C++ and Type its name among PyTorch's scalar
 * types. */
static bool random_check_uniform(double low, double high, double largest, const char *type, const char *Type)
{
    if (!(low >= -largest && low <= largest))
        return wk_raise(WK_ERROR_ARGUMENT, "uniform_: from is out of bounds for %s", type), false;
    if (!(high >= -largest && high <= largest))
        return wk_raise(WK_ERROR_ARGUMENT, "uniform_: to is out of bounds for %s", type), false;
    if (low > high)
        return wk_raise(WK_ERROR_ARGUMENT,
                        "uniform_ expects to return a [from, to) range, but found from=%s > to=%s",
                        WK_NUMBER(low), WK_NUMBER(high)),
               false;
    if (high - low > largest)
        return wk_raise(WK_ERROR_ARGUMENT,
                        "uniform_ expects to-from <= std::numeric_limits<%s>::max(), but found to=%s and "
                        "from=%s which "
                        "result in to-from to exceed the limit",
                        Type, WK_NUMBER(high), WK_NUMBER(low)),
               false;
    return true;
}

bool wk_fill_uniform_f32(wk_Generator *generator, float *out, int64_t n, double low, double high)
{
    generator = wk_generator(generator);
    if (!generator || !random_check_uniform(low, high, FLT_MAX, "float", "Float"))
        return false;
    const wk_RandomKernels *kernels = wk_random_kernels();
    uint32_t words[RANDOM_CHUNK];
    for (int64_t done = 0, some; done < n; done += some) {
        some = random_min(n - done, RANDOM_CHUNK);
        wk_random_words(generator, words, some);
        kernels->uniform_f32(out + done, words, some, (float)low, (float)high);
    }
    return true;
}

bool wk_fill_uniform_f64(wk_Generator *generator, double *out, int64_t n, double low, double high)
{
    generator = wk_generator(generator);
    if (!generator || !random_check_uniform(low, high, DBL_MAX, "double", "Double"))
        return false;
    const wk_RandomKernels *kernels = wk_random_kernels();
    uint32_t words[RANDOM_CHUNK];
    for (int64_t done = 0, some; done < n; done += some) {
        some = random_min(n - done, RANDOM_CHUNK / 2);
        wk_random_words(generator, words, 2 * some);
        kernels->uniform_f64(out + done, words, some, low, high);
    }
    return true;
}

bool wk_fill_rand_f32(wk_Generator *generator, float *out, int64_t n)
{
    return wk_fill_uniform_f32(generator, out, n, 0, 1);
}

bool wk_fill_rand_f64(wk_Generator *generator, double *out, int64_t n)
{
    return wk_fill_uniform_f64(generator, out, n, 0, 1);
}

/* ---- whole numbers ---------------------------------------------------------------------------------- */

bool wk_fill_randint_i64(wk_Generator *generator, int64_t *out, int64_t n, int64_t low, int64_t high)
{
    generator = wk_generator(generator);
    if (!generator)
        return false;
    if (low >= high)
        return wk_raise(WK_ERROR_ARGUMENT,
                        "random_ expects 'from' to be less than 'to', but got from=%lld >= to=%lld",
                        (long long)low, (long long)high),
               false;
    uint64_t range = (uint64_t)high - (uint64_t)low;
    if (range >= WK_RANDOM_WIDE) {
        for (int64_t i = 0; i < n; i++)
            out[i] = (int64_t)((uint64_t)low + wk_random_below(generator, range));
        return true;
    }
    uint32_t words[RANDOM_CHUNK];
    for (int64_t done = 0, some; done < n; done += some) {
        some = random_min(n - done, RANDOM_CHUNK);
        wk_random_words(generator, words, some);
        for (int64_t i = 0; i < some; i++)
            out[done + i] = (int64_t)((uint64_t)low + words[i] % (uint32_t)range);
    }
    return true;
}

bool wk_fill_random_i64(wk_Generator *generator, int64_t *out, int64_t n)
{
    generator = wk_generator(generator);
    if (!generator)
        return false;
    for (int64_t i = 0; i < n; i++)
        out[i] = (int64_t)(wk_random64(generator) & INT64_MAX);
    return true;
}

/* Where 32 bits would be visibly uneven PyTorch shuffles inside out with two words a step. */
static void fill_long_permutation(wk_Generator *generator, int64_t *out, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const int64_t other = (int64_t)(wk_random64(generator) % (uint64_t)(i + 1));
        out[i] = i;
        out[i] = out[other];
        out[other] = i;
    }
}

static void fill_permutation(wk_Generator *generator, int64_t *out, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = i;
    uint32_t words[RANDOM_CHUNK];
    for (int64_t i = 0; i < n - 1; i++) {
        if (i % RANDOM_CHUNK == 0)
            wk_random_words(generator, words, random_min(n - 1 - i, RANDOM_CHUNK));
        int64_t other = i + words[i % RANDOM_CHUNK] % (uint32_t)(n - i);
        int64_t value = out[i];
        out[i] = out[other];
        out[other] = value;
    }
}

bool wk_fill_randperm_by(wk_Generator *generator, int64_t *out, int64_t n, int64_t long_from)
{
    generator = wk_generator(generator);
    if (!generator)
        return false;
    if (n < 0)
        return wk_raise(WK_ERROR_ARGUMENT, "randperm: n must be non-negative, got %lld", (long long)n), false;
    if (n >= long_from)
        fill_long_permutation(generator, out, n);
    else
        fill_permutation(generator, out, n);
    return true;
}

bool wk_fill_randperm(wk_Generator *generator, int64_t *out, int64_t n)
{
    return wk_fill_randperm_by(generator, out, n, WK_LONG_PERMUTATION);
}

/* ---- Bernoulli -------------------------------------------------------------------------------------- */

static bool random_begin_bernoulli(wk_Generator **generator, double p, uint64_t *limit)
{
    *generator = wk_generator(*generator);
    if (!*generator)
        return false;
    if (!(p >= 0 && p <= 1))
        return wk_raise(WK_ERROR_ARGUMENT, "bernoulli_ expects p to be in [0, 1], but got p=%s",
                        WK_NUMBER(p)),
               false;
    *limit = (uint64_t)ceil(p * 0x1p53);
    return true;
}

#define RANDOM_FILL_BERNOULLI(suffix, type)                                                  \
    bool wk_fill_bernoulli_##suffix(wk_Generator *generator, type *out, int64_t n, double p) \
    {                                                                                        \
        uint64_t limit;                                                                      \
        if (!random_begin_bernoulli(&generator, p, &limit))                                  \
            return false;                                                                    \
        uint32_t words[RANDOM_CHUNK];                                                        \
        for (int64_t done = 0, some; done < n; done += some) {                               \
            some = random_min(n - done, RANDOM_CHUNK / 2);                                   \
            wk_random_words(generator, words, 2 * some);                                     \
            for (int64_t i = 0; i < some; i++)                                               \
                out[done + i] = (type)(int)((random_bits53(words + 2 * i) - limit) >> 63);   \
        }                                                                                    \
        return true;                                                                         \
    }
RANDOM_FILL_BERNOULLI(f32, float)
RANDOM_FILL_BERNOULLI(f64, double)
RANDOM_FILL_BERNOULLI(u8, uint8_t)

/* All probabilities are checked before the first draw, where PyTorch stops half-way with the generator
 * moved. */
#define RANDOM_FILL_BERNOULLI_OF(suffix, type)                                                         \
    bool wk_fill_bernoulli_of_##suffix(wk_Generator *generator, type *out, const type *p, int64_t n)   \
    {                                                                                                  \
        generator = wk_generator(generator);                                                           \
        if (!generator)                                                                                \
            return false;                                                                              \
        for (int64_t i = 0; i < n; i++)                                                                \
            if (!(p[i] >= 0 && p[i] <= 1))                                                             \
                return wk_raise(WK_ERROR_DOMAIN,                                                       \
                                "bernoulli: Expected p_in >= 0 && p_in <= 1 to be true, but got p=%s", \
                                WK_NUMBER((double)p[i])),                                              \
                       false;                                                                          \
        for (int64_t i = 0; i < n; i++)                                                                \
            out[i] = wk_random_uniform_##suffix(generator) < p[i];                                     \
        return true;                                                                                   \
    }
RANDOM_FILL_BERNOULLI_OF(f32, float)
RANDOM_FILL_BERNOULLI_OF(f64, double)

/* ---- exponential ------------------------------------------------------------------------------------ */

#define RANDOM_FILL_EXPONENTIAL(suffix, type)                                                            \
    bool wk_fill_exponential_##suffix(wk_Generator *generator, type *out, int64_t n, double lambda)      \
    {                                                                                                    \
        generator = wk_generator(generator);                                                             \
        if (!generator)                                                                                  \
            return false;                                                                                \
        if (!(lambda > 0))                                                                               \
            return wk_raise(WK_ERROR_ARGUMENT, "exponential_ expects lambda > 0.0, but found lambda=%s", \
                            WK_NUMBER(lambda)),                                                          \
                   false;                                                                                \
        for (int64_t i = 0; i < n; i++)                                                                  \
            out[i] = (type)(-1.0 / lambda * log1p(-wk_random_uniform_f64(generator)));                   \
        return true;                                                                                     \
    }
RANDOM_FILL_EXPONENTIAL(f32, float)
RANDOM_FILL_EXPONENTIAL(f64, double)
