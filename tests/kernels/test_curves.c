/* The functions of kernels/curves.h over all floats, in units of the last place, against libm in double. CURVE_STEP=1 looks at each of the
 * 2^32 floats (minutes); the default at one in 4099, which is odd, so that every sign, exponent and last bit occurs. */
#include "kernels/kernels_test.h"

#ifndef CURVE_STEP
#define CURVE_STEP 4099
#endif
enum { BATCH = 4096 };

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double silu(double x)
{
    return x / (1 + exp(-x));
}

static double gelu(double x)
{
    return 0.5 * x * erfc(-x * 0.70710678118654752440);
}

static double silu_slope(double x)
{
    return isinf(x) ? (x > 0 ? 1 : NAN) : sigmoid(x) * (1 + x * sigmoid(-x));
}

static double density(double x)
{
    return x * (exp(-0.5 * x * x) * 0.39894228040143267794);
}

static double gelu_slope(double x)
{
    return 0.5 * erfc(-x * 0.70710678118654752440) + density(x);
}

/* What is added up with different signs may cancel: errors are then in units of the terms. */
static double silu_terms(double x)
{
    return sigmoid(x) * (1 + fabs(x) * sigmoid(-x));
}

static double gelu_terms(double x)
{
    return 0.5 * erfc(-x * 0.70710678118654752440) + fabs(density(x));
}

typedef struct Curve {
    const char *name;
    size_t member;
    double (*want)(double), (*terms)(double);
    double low;   /* below, results are no normal floats, and not held to the bound */
    double bound; /* in units of the last place */
} Curve;

static const Curve curves[] = {
    {"exp", offsetof(wk_Kernels, exp), exp, NULL, -INFINITY, 1},
    {"tanh", offsetof(wk_Kernels, tanh), tanh, NULL, -INFINITY, 3},
    {"sigmoid", offsetof(wk_Kernels, sigmoid), sigmoid, NULL, -87, 3},
    {"silu", offsetof(wk_Kernels, silu), silu, NULL, -87, 3},
    {"erf", offsetof(wk_Kernels, erf), erf, NULL, -INFINITY, 3},
    {"gelu", offsetof(wk_Kernels, gelu), gelu, NULL, -INFINITY, 7},
    {"silu_backward", offsetof(wk_Kernels, silu_backward), silu_slope, silu_terms, -87, 4},
    {"gelu_backward", offsetof(wk_Kernels, gelu_backward), gelu_slope, gelu_terms, -INFINITY, 4},
};
enum { CURVE_COUNT = sizeof curves / sizeof *curves };

/* The distance in units of the last place of a float of that size, infinity being the float after the largest. */
static double ulps(float got, double want, double size)
{
    if (isnan(want) || isnan(got))
        return isnan(want) && isnan(got) ? 0 : INFINITY;
    if (fabs(want) >= 0x1.ffffffp127) /* rounds to infinity */
        return (double)got == (want < 0 ? -(double)INFINITY : (double)INFINITY) ? 0 : INFINITY;
    int exponent;
    frexp(size, &exponent);
    return fabs((double)got - want) / ldexp(1, exponent - 24 < -149 ? -149 : exponent - 24);
}

/* The largest error of each curve over a batch of inputs. */
static void worst_of_batch(const wk_Kernels *k, const float *x, double *worst)
{
    float y[BATCH], one = 1;
    for (int c = 0; c < CURVE_COUNT; c++) {
        wk_Loop loop;
        memcpy(&loop, (const char *)k + curves[c].member + wk_float32 * sizeof loop, sizeof loop);
        if (curves[c].terms) /* gradient, input */
            loop(BATCH, (char *[]){(char *)y, (char *)&one, (char *)(uintptr_t)x}, (int64_t[]){4, 0, 4},
                 NULL);
        else
            loop(BATCH, (char *[]){(char *)y, (char *)(uintptr_t)x}, (int64_t[]){4, 4}, NULL);
        for (int i = 0; i < BATCH; i++) {
            const double at = (double)x[i], want = curves[c].want(at);
            if (at < curves[c].low)
                continue;
            const double error = ulps(y[i], want, curves[c].terms ? curves[c].terms(at) : want);
            if (error > worst[c])
                worst[c] = error;
        }
    }
}

static void errors_stay_below_their_bounds(void **state)
{
    (void)state;
    FOR_EACH_ISA(k)
    {
        double worst[CURVE_COUNT] = {0};
        uint64_t bits = 0;
        while (bits < (uint64_t)1 << 32) {
            float x[BATCH];
            for (int i = 0; i < BATCH; i++, bits += CURVE_STEP) {
                const uint32_t low = (uint32_t)bits;
                memcpy(&x[i], &low, sizeof low);
            }
            worst_of_batch(k, x, worst);
        }
        for (int c = 0; c < CURVE_COUNT; c++) {
            print_message("%-9s%-14s %.3f ulp\n", k->isa, curves[c].name, worst[c]);
            if (!(worst[c] <= curves[c].bound))
                fail_msg("%s %s: %g ulp, allowed %g", k->isa, curves[c].name, worst[c], curves[c].bound);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_stay_below_their_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
