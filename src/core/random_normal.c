/* Normal numbers by PyTorch's two rules.
 *
 * One by one, for fewer than 16 values and for tensors that are not contiguous: a Box-Muller pair in
 * double, of which the second waits in the generator for the next such value, however much is drawn in
 * between. In blocks, for 16 values and more: all values are filled with uniforms first and turned into
 * normals 16 at a time; a rest is not shorter, but 16 new values over the last 16, so that up to 15 are
 * made twice. The numbers depend on this order of draws, and blocks leave the waiting value alone. */
#include <math.h>

#include "core/error.h"
#include "core/random.h"
#include "core/random_kernels.h"
#include "core/text.h"

double wk_random_normal(wk_Generator *generator, double mean, double std)
{
    double value = generator->normal;
    if (generator->has_normal) {
        generator->has_normal = false;
    } else {
        double angle = 6.283185307179586 * wk_random_uniform_f64(generator);
        double radius = sqrt(-2.0 * log1p(-wk_random_uniform_f64(generator)));
        generator->normal = radius * sin(angle);
        generator->has_normal = true;
        value = radius * cos(angle);
    }
    return fma(value, std, mean);
}

static bool random_check_std(double std)
{
    if (std >= 0)
        return true;
    return wk_raise(WK_ERROR_ARGUMENT, "normal expects std >= 0.0, but found std %s", WK_NUMBER(std)), false;
}

#define RANDOM_FILL_NORMAL(suffix, type)                                                                 \
    bool wk_fill_normal_each_##suffix(wk_Generator *generator, type *out, int64_t n, double mean,        \
                                      double std)                                                        \
    {                                                                                                    \
        generator = wk_generator(generator);                                                             \
        if (!generator || !random_check_std(std))                                                        \
            return false;                                                                                \
        for (int64_t i = 0; i < n; i++)                                                                  \
            out[i] = (type)wk_random_normal(generator, mean, std);                                       \
        return true;                                                                                     \
    }                                                                                                    \
                                                                                                         \
    bool wk_fill_normal_##suffix(wk_Generator *generator, type *out, int64_t n, double mean, double std) \
    {                                                                                                    \
        if (n < 16)                                                                                      \
            return wk_fill_normal_each_##suffix(generator, out, n, mean, std);                           \
        if (!random_check_std(std) || !wk_fill_rand_##suffix(generator, out, n))                         \
            return false;                                                                                \
        const wk_RandomKernels *kernels = wk_random_kernels();                                           \
        kernels->normal_##suffix(out, n / 16, (type)mean, (type)std);                                    \
        if (n % 16) {                                                                                    \
            wk_fill_rand_##suffix(generator, out + n - 16, 16);                                          \
            kernels->normal_##suffix(out + n - 16, 1, (type)mean, (type)std);                            \
        }                                                                                                \
        return true;                                                                                     \
    }
RANDOM_FILL_NORMAL(f32, float)
RANDOM_FILL_NORMAL(f64, double)
