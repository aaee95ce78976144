/* The kernels of normalisation, variance and adaptive pooling on every instruction set, against plain loops
 * in double. */
#include "kernels_test.h"

typedef struct Arrays {
    int64_t n, c, inner, groups, numel;
    double *x, *g, *w, *b; /* the reference's */
    void *tx, *tg, *tw, *tb, *y, *gx, *gw, *gb, *stats;
    wk_dtype dtype;
    double tolerance;
} Arrays;

static double *doubles(void *typed, wk_dtype dtype, int64_t n)
{
    double *out = malloc((size_t)n * sizeof *out + 1);
    for (int64_t i = 0; i < n; i++)
        out[i] = test_get(typed, dtype, i);
    return out;
}

static Arrays make_arrays(wk_dtype dtype, int64_t n, int64_t c, int64_t inner, int64_t groups)
{
    Arrays a = {.n = n, .c = c, .inner = inner, .groups = groups, .numel = n * c * inner, .dtype = dtype};
    void **all[] = {&a.tx, &a.tg, &a.y, &a.gx, &a.tw, &a.tb, &a.gw, &a.gb, &a.stats};
    a.tolerance = dtype == wk_float32 ? 2e-5 : 1e-12;
    for (int i = 0; i < 9; i++)
        *all[i] = calloc((size_t)(i < 4 ? a.numel : i < 8 ? c : 4 * c + 3 * n * groups), sizeof(double));
    test_fill(a.tx, dtype, a.numel, false);
    test_fill(a.tg, dtype, a.numel, false);
    test_fill(a.tw, dtype, c, false);
    test_fill(a.tb, dtype, c, false);
    a.x = doubles(a.tx, dtype, a.numel);
    a.g = doubles(a.tg, dtype, a.numel);
    a.w = doubles(a.tw, dtype, c);
    a.b = doubles(a.tb, dtype, c);
    return a;
}

static void free_arrays(Arrays *a)
{
    void *all[] = {a->tx, a->tg, a->y, a->gx, a->tw, a->tb, a->gw, a->gb, a->stats, a->x, a->g, a->w, a->b};
    for (int i = 0; i < 13; i++)
        free(all[i]);
}

/* Which statistics the element belongs to: its channel's, or its sample's and group's. */
static int64_t set_of(const Arrays *a, bool batch, int64_t i)
{
    int64_t c = i / a->inner % a->c, n = i / a->inner / a->c;
    return batch ? c : n * a->groups + c / (a->c / a->groups);
}

static void expect_near(double have, double want, double tolerance, const char *what, int64_t i)
{
    if (!(fabs(have - want) <= tolerance * (1 + fabs(want))))
        fail_msg("%s[%lld]: have %.9g, want %.9g", what, (long long)i, have, want);
}

/* y, grad_x, grad_w and grad_b by the definition, compared with what the kernel has written. */
static void expect_normalised(const Arrays *a, bool batch, double eps)
{
    int64_t sets = batch ? a->c : a->n * a->groups;
    double *mean = calloc((size_t)sets * 4, sizeof *mean), *var = mean + sets, *s1 = var + sets,
           *s2 = s1 + sets;
    double *gw = calloc((size_t)a->c * 2, sizeof *gw), *gb = gw + a->c, count = (double)(a->numel / sets);
    for (int64_t i = 0; i < a->numel; i++)
        mean[set_of(a, batch, i)] += a->x[i] / count;
    for (int64_t i = 0; i < a->numel; i++) {
        double d = a->x[i] - mean[set_of(a, batch, i)];
        var[set_of(a, batch, i)] += d * d / count;
    }
    for (int64_t i = 0; i < a->numel; i++) {
        int64_t k = set_of(a, batch, i), c = i / a->inner % a->c;
        double normal = (a->x[i] - mean[k]) / sqrt(var[k] + eps);
        expect_near(test_get(a->y, a->dtype, i), normal * a->w[c] + a->b[c], a->tolerance, "y", i);
        s1[k] += a->g[i] * a->w[c] / count;
        s2[k] += a->g[i] * a->w[c] * normal / count;
        gw[c] += a->g[i] * normal;
        gb[c] += a->g[i];
    }
    for (int64_t i = 0; i < a->numel; i++) {
        int64_t k = set_of(a, batch, i), c = i / a->inner % a->c;
        double rstd = 1 / sqrt(var[k] + eps), normal = (a->x[i] - mean[k]) * rstd;
        expect_near(test_get(a->gx, a->dtype, i), rstd * (a->g[i] * a->w[c] - s1[k] - normal * s2[k]),
                    a->tolerance, "grad_x", i);
    }
    for (int64_t c = 0; c < a->c; c++) {
        expect_near(test_get(a->gw, a->dtype, c), gw[c], 4 * a->tolerance, "grad_w", c);
        expect_near(test_get(a->gb, a->dtype, c), gb[c], 4 * a->tolerance, "grad_b", c);
    }
    free(mean);
    free(gw);
}

static void test_normalisation(void **state)
{
    (void)state;
    static const int64_t shapes[][4] = {{2, 1, 1, 1},   {5, 3, 1, 1},     {70, 67, 1, 1}, {130, 5, 7, 1},
                                        {3, 2, 64, 1},  {3, 2, 65, 1},    {2, 3, 333, 1}, {1, 2, 9001, 2},
                                        {3, 12, 10, 4}, {300, 257, 1, 1}, {9, 96, 1, 8},  {1, 1, 4096, 1}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int dtype = wk_float32; dtype <= wk_float64; dtype++)
            FOR_EACH_ISA(k)
            {
                Arrays a =
                    make_arrays((wk_dtype)dtype, shapes[i][0], shapes[i][1], shapes[i][2], shapes[i][3]);
                wk_NormShape s = {.n = a.n, .c = a.c, .inner = a.inner, .groups = a.groups, .eps = 0.1};
                if (a.n * a.inner > 1) {
                    k->batch_norm[dtype](&s, true, a.tx, a.tw, a.tb, a.y, a.stats);
                    k->batch_norm_backward[dtype](&s, true, a.tg, a.tx, a.stats, a.tw, a.gx, a.gw, a.gb);
                    expect_normalised(&a, true, s.eps);
                }
                k->group_norm[dtype](&s, a.tx, a.tw, a.tb, a.y, a.stats);
                assert_true(k->group_norm_backward[dtype](&s, a.tg, a.tx, a.stats, a.tw, a.gx, a.gw, a.gb));
                expect_normalised(&a, false, s.eps);
                free_arrays(&a);
            }
}

static void test_var(void **state)
{
    (void)state;
    static const int64_t shapes[][3] = {{1, 1, 1},  {3, 5, 1},    {2, 9000, 1}, {1, 200003, 1},
                                        {2, 70, 3}, {3, 129, 65}, {1, 5000, 70}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int dtype = wk_float32; dtype <= wk_float64; dtype++)
            FOR_EACH_ISA(k)
            {
                const int64_t outer = shapes[i][0], n = shapes[i][1], inner = shapes[i][2];
                Arrays a = make_arrays((wk_dtype)dtype, outer, n, inner, 1);
                void *out = calloc((size_t)(outer * inner), sizeof(double));
                assert_true(k->var[dtype](outer, n, inner, 0, i % 2, a.tx, out));
                for (int64_t o = 0; o < outer * inner; o++) {
                    const double *x = a.x + o / inner * n * inner + o % inner;
                    double mean = 0, var = 0;
                    for (int64_t r = 0; r < n; r++)
                        mean += x[r * inner] / (double)n;
                    for (int64_t r = 0; r < n; r++)
                        var += (x[r * inner] - mean) * (x[r * inner] - mean) / (double)n;
                    expect_near(test_get(out, (wk_dtype)dtype, o), i % 2 ? sqrt(var) : var,
                                dtype == wk_float32 ? 1e-6 : 1e-12, "var", o);
                }
                free(out);
                free_arrays(&a);
            }
}

/* Windows by their definition in real numbers. */
static void test_adaptive_avg_pool2d(void **state)
{
    (void)state;
    static const int64_t sizes[][4] = {
        {7, 7, 1, 1}, {7, 5, 3, 2}, {4, 4, 2, 2}, {2, 3, 5, 7}, {200, 130, 7, 11}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        FOR_EACH_ISA(k)
        {
            wk_PoolShape s = {
                .planes = 3, .h = sizes[i][0], .w = sizes[i][1], .oh = sizes[i][2], .ow = sizes[i][3]};
            Arrays a = make_arrays(wk_float64, 3, s.h, s.w, 1),
                   out = make_arrays(wk_float64, 3, s.oh, s.ow, 1);
            double *spread = calloc((size_t)a.numel, sizeof *spread);
            k->adaptive_avg_pool2d[wk_float64](&s, a.tx, out.y);
            k->adaptive_avg_pool2d_backward[wk_float64](&s, out.tg, a.gx);
            for (int64_t o = 0; o < out.numel; o++) {
                const int64_t r = o / s.ow % s.oh, q = o % s.ow, plane = o / s.ow / s.oh * s.h * s.w;
                const int64_t top = r * s.h / s.oh, bottom = ((r + 1) * s.h + s.oh - 1) / s.oh;
                const int64_t left = q * s.w / s.ow, right = ((q + 1) * s.w + s.ow - 1) / s.ow;
                double sum = 0, n = (double)((bottom - top) * (right - left));
                for (int64_t y = top; y < bottom; y++)
                    for (int64_t x = left; x < right; x++) {
                        sum += a.x[plane + y * s.w + x];
                        spread[plane + y * s.w + x] += out.g[o] / n;
                    }
                expect_near(((double *)out.y)[o], sum / n, 1e-12, "output", o);
            }
            for (int64_t p = 0; p < a.numel; p++)
                expect_near(((double *)a.gx)[p], spread[p], 1e-12, "grad_input", p);
            free(spread);
            free_arrays(&a);
            free_arrays(&out);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normalisation),
        cmocka_unit_test(test_var),
        cmocka_unit_test(test_adaptive_avg_pool2d),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
