/* Pooling against plain loops: ties, NaN, -inf, padding, dilation, windows past the edge. */
#include "kernels/pool_shapes.h"

/* One of the table, or the large one after them. */
static const wk_PoolShape *shape_of(int n)
{
    return n < POOL_SHAPES ? &pool_shapes[n] : &large_pool;
}

static void set(void *array, wk_dtype dtype, int64_t i, double value)
{
    if (dtype == wk_float32)
        ((float *)array)[i] = (float)value;
    else
        ((double *)array)[i] = value;
}

static void max_pooling(void **state)
{
    (void)state;
    FOR_EACH_ISA(k)
    for (int n = 0; n <= POOL_SHAPES; n++)
        for (wk_dtype dtype = wk_float32; dtype <= wk_float64; dtype++)
            for (int kind = 0; kind < 3; kind++) {
                const wk_PoolShape *s = shape_of(n);
                const int64_t in = s->planes * s->h * s->w, out = s->planes * s->oh * s->ow;
                void *x = test_array(in, dtype), *y = test_array(out, dtype), *g = test_array(out, dtype),
                     *gx = test_array(in, dtype);
                int64_t *at = test_array(out, wk_int64);
                double *want_gx = calloc((size_t)in + 1, sizeof(double));
                test_fill(x, dtype, in, true);
                test_fill(g, dtype, out, true);
                for (int64_t i = 0; i < in; i++)
                    if (kind == 1 && test_random() % 5 == 0)
                        set(x, dtype, i, NAN);
                    else if (kind == 2)
                        set(x, dtype, i, -INFINITY);
                k->max_pool2d[dtype](s, x, y, at);
                k->max_pool2d_backward[dtype](s, g, at, gx);
                for (int64_t o = 0; o < out; o++) {
                    const int64_t j = o % s->ow, i = o / s->ow % s->oh,
                                  base = o / s->ow / s->oh * s->h * s->w;
                    int64_t best = -1;
                    double most = -INFINITY; /* stays if all is padding */
                    for (int64_t r = 0; r < s->kernel[0]; r++)
                        for (int64_t q = 0; q < s->kernel[1]; q++) {
                            const int64_t a = i * s->stride[0] + r * s->dilation[0] - s->padding[0];
                            const int64_t b = j * s->stride[1] + q * s->dilation[1] - s->padding[1];
                            if (a < 0 || a >= s->h || b < 0 || b >= s->w)
                                continue;
                            const double v = test_get(x, dtype, base + a * s->w + b);
                            if (best < 0 || v > most || isnan(v))
                                most = v, best = a * s->w + b;
                        }
                    assert_true(test_same(test_get(y, dtype, o), most));
                    assert_int_equal(at[o], best);
                    if (best >= 0)
                        want_gx[base + best] += test_get(g, dtype, o);
                }
                for (int64_t i = 0; i < in; i++)
                    assert_true(test_get(gx, dtype, i) == want_gx[i]);
                free(x), free(y), free(g), free(gx), free(at), free(want_gx);
            }
}

/* The divisor as PyTorch counts it: padding, but not what lies beyond. */
static double divisor(const wk_PoolShape *s, const wk_AvgPool *how, int64_t i, int64_t j, int64_t valid)
{
    if (how->divisor_override)
        return (double)how->divisor_override;
    if (!how->count_include_pad)
        return (double)valid;
    double size = 1;
    for (int d = 0; d < 2; d++) {
        const int64_t begin = (d ? j : i) * s->stride[d] - s->padding[d],
                      extent = (d ? s->w : s->h) + s->padding[d];
        size *= (double)((begin + s->kernel[d] < extent ? begin + s->kernel[d] : extent) - begin);
    }
    return size;
}

static void average_pooling(void **state)
{
    (void)state;
    const wk_AvgPool hows[] = {
        {.count_include_pad = true}, {.count_include_pad = false}, {.divisor_override = 3}};
    FOR_EACH_ISA(k)
    for (int n = 0; n <= POOL_SHAPES; n++)
        for (wk_dtype dtype = wk_float32; dtype <= wk_float64; dtype++)
            for (int h = 0; h < 3; h++) {
                wk_PoolShape s = *shape_of(n);
                if (s.dilation[0] > 1 || s.dilation[1] > 1) /* average pooling has none */
                    continue;
                const int64_t in = s.planes * s.h * s.w, out = s.planes * s.oh * s.ow;
                void *x = test_array(in, dtype), *y = test_array(out, dtype), *g = test_array(out, dtype),
                     *gx = test_array(in, dtype);
                double *want_gx = calloc((size_t)in + 1, sizeof(double));
                test_fill(x, dtype, in, false);
                test_fill(g, dtype, out, false);
                k->avg_pool2d[dtype](&s, &hows[h], x, y);
                k->avg_pool2d_backward[dtype](&s, &hows[h], g, gx);
                for (int64_t o = 0; o < out; o++) {
                    const int64_t j = o % s.ow, i = o / s.ow % s.oh, base = o / s.ow / s.oh * s.h * s.w;
                    int64_t inside[MOST_IN_A_WINDOW], count = 0;
                    double sum = 0, size = 0;
                    for (int64_t r = 0; r < s.kernel[0]; r++)
                        for (int64_t q = 0; q < s.kernel[1]; q++) {
                            const int64_t a = i * s.stride[0] + r - s.padding[0],
                                          b = j * s.stride[1] + q - s.padding[1];
                            if (a < 0 || a >= s.h || b < 0 || b >= s.w)
                                continue;
                            const double value = test_get(x, dtype, base + a * s.w + b);
                            inside[count++] = base + a * s.w + b;
                            sum += value, size += fabs(value);
                        }
                    const double by = divisor(&s, &hows[h], i, j, count);
                    ASSERT_NEAR(test_get(y, dtype, o), sum / by,
                                (double)(count + 2) * test_epsilon(dtype) * size / by,
                                "%s avg shape %d how %d", k->isa, n, h);
                    for (int64_t c = 0; c < count; c++)
                        want_gx[inside[c]] += test_get(g, dtype, o) / by;
                }
                for (int64_t i = 0; i < in; i++)
                    ASSERT_NEAR(test_get(gx, dtype, i), want_gx[i], 64 * test_epsilon(dtype),
                                "%s avg gradient shape %d how %d", k->isa, n, h);
                free(x), free(y), free(g), free(gx), free(want_gx);
            }
}

static void threads_do_not_matter(void **state)
{
    (void)state;
    const wk_PoolShape *s = &large_pool;
    const int64_t n = s->planes * s->h * s->w;
    float *x = test_array(n, wk_float32), *y[2], *gx[2];
    int64_t *at = test_array(n, wk_int64);
    test_fill(x, wk_float32, n, false);
    for (int i = 0; i < 2; i++)
        y[i] = test_array(n, wk_float32), gx[i] = test_array(n, wk_float32);
    for (int threads = 1; threads <= 4; threads++) {
        wk_set_num_threads(threads);
        wk_kernels->max_pool2d[wk_float32](s, x, y[threads > 1], at);
        wk_kernels->max_pool2d_backward[wk_float32](s, x, at, gx[threads > 1]);
        if (threads > 1) {
            assert_memory_equal(y[0], y[1], (size_t)n * 4);
            assert_memory_equal(gx[0], gx[1], (size_t)n * 4);
        }
    }
    wk_set_num_threads(2);
    free(x), free(y[0]), free(y[1]), free(gx[0]), free(gx[1]), free(at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(max_pooling),
        cmocka_unit_test(average_pooling),
        cmocka_unit_test(threads_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
