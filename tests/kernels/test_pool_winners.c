/* Max pooling that keeps winners, in both orders, against plain loops: ties, NaN, infinities, padding,
 * dilation, windows past the edge, windows that overlap or leave gaps. */
#include "kernels/pool_shapes.h"

static const int64_t batches[] = {1, 3, 16, 17, 40};
enum { BATCHES = sizeof batches / sizeof *batches };

typedef struct Pooled {
    int64_t n, in, out;
    float *x, *g, *y, *gx;
    uint8_t *which;
} Pooled;

/* Arrays of their exact size, results filled with what must be overwritten. */
static Pooled pooled(const wk_PoolShape *s, int64_t n, int kind)
{
    Pooled p = {.n = n, .in = s->planes * s->h * s->w * n, .out = s->planes * s->oh * s->ow * n};
    const size_t in = (size_t)p.in * 4, out = (size_t)p.out * 4;
    p.x = malloc(in), p.gx = memset(malloc(in + 1), 0xff, in), p.g = malloc(out), p.y = malloc(out),
    p.which = malloc(out / 4);
    test_fill(p.x, wk_float32, p.in, true);
    test_fill(p.g, wk_float32, p.out, true);
    for (int64_t i = 0; i < p.in; i++)
        if (kind == 1 && test_random() % 5 == 0)
            p.x[i] = NAN;
        else if (kind == 2)
            p.x[i] = -INFINITY;
        else if (kind == 3 && test_random() % 3 == 0)
            p.x[i] = test_random() % 2 ? INFINITY : -0.0f;
    return p;
}

static void pooled_free(Pooled *p)
{
    free(p->x), free(p->g), free(p->y), free(p->gx), free(p->which);
}

/* The first largest of a window, as PyTorch finds it (a later NaN wins again): its place in the plane and its
 * name; -1 if all is padding. */
static int64_t winner(const wk_PoolShape *s, const Pooled *p, int64_t plane, int64_t oy, int64_t ox,
                      int64_t lane, int64_t *name)
{
    int64_t best = -1;
    float most = 0;
    *name = WK_WINNER_NONE;
    for (int64_t r = 0; r < s->kernel[0]; r++)
        for (int64_t q = 0; q < s->kernel[1]; q++) {
            const int64_t y = oy * s->stride[0] + r * s->dilation[0] - s->padding[0];
            const int64_t x = ox * s->stride[1] + q * s->dilation[1] - s->padding[1];
            if (y < 0 || y >= s->h || x < 0 || x >= s->w)
                continue;
            const float v = p->x[((plane * s->h + y) * s->w + x) * p->n + lane];
            if (best < 0 || v > most || isnan(v))
                most = v, best = y * s->w + x, *name = r * s->kernel[1] + q;
        }
    return best;
}

static void check(const char *isa, int shape, const wk_PoolShape *s, const Pooled *p, bool positive)
{
    double *want = calloc((size_t)p->in + 1, sizeof *want);
    for (int64_t o = 0; o < p->out; o++) {
        const int64_t lane = o % p->n, at = o / p->n, ox = at % s->ow, oy = at / s->ow % s->oh,
                      plane = at / s->ow / s->oh;
        int64_t name = 0, best = winner(s, p, plane, oy, ox, lane, &name),
                i = (plane * s->h * s->w + best) * p->n + lane;
        const float most = best < 0 ? -INFINITY : p->x[i];
        const int64_t byte = name | (most <= 0 ? WK_WINNER_LOW : 0);
        if (!test_same(p->y[o], most) || p->which[o] != byte)
            fail_msg("%s shape %d, n %d at %d: %g and %d, wanted %g and %d", isa, shape, (int)p->n, (int)o,
                     p->y[o], p->which[o], most, (int)byte);
        if (best >= 0)
            want[i] += positive && most <= 0 ? 0 : p->g[o];
    }
    for (int64_t i = 0; i < p->in; i++)
        ASSERT_NEAR(p->gx[i], want[i], 0, "%s gradient of shape %d, n %d at %d", isa, shape, (int)p->n,
                    (int)i);
    free(want);
}

static void winners(void **state)
{
    (void)state;
    FOR_EACH_ISA(k)
    for (int i = 0; i < POOL_SHAPES; i++)
        for (int b = 0; b < BATCHES && pool_shapes[i].kernel[0] * pool_shapes[i].kernel[1] <= WK_WINNER_NAME;
             b++)
            for (int kind = 0; kind < 4; kind++) {
                const bool positive = (i + b + kind) % 2;
                Pooled p = pooled(&pool_shapes[i], batches[b], kind);
                k->max_pool_winners(&pool_shapes[i], p.n, p.x, p.y, p.which);
                k->max_pool_winners_backward(&(wk_Winners){&pool_shapes[i], p.g, p.which, positive}, p.n,
                                             p.gx);
                check(k->isa, i, &pool_shapes[i], &p, positive);
                float *alone = malloc((size_t)p.out * 4 + 1);
                k->max_pool_winners(&pool_shapes[i], p.n, p.x, alone, NULL);
                assert_memory_equal(alone, p.y, (size_t)p.out * 4);
                free(alone);
                pooled_free(&p);
            }
}

static void threads_do_not_matter(void **state)
{
    (void)state;
    for (int i = 0; i < POOL_SHAPES; i += 4) {
        const wk_PoolShape *s = &pool_shapes[i];
        Pooled p = pooled(s, 64, 0);
        float *y = malloc((size_t)p.out * 4), *gx = malloc((size_t)p.in * 4);
        for (int threads = 1; threads <= 4; threads++) {
            wk_set_num_threads(threads);
            wk_kernels->max_pool_winners(s, p.n, p.x, threads == 1 ? y : p.y, p.which);
            wk_kernels->max_pool_winners_backward(&(wk_Winners){s, p.g, p.which, false}, p.n,
                                                  threads == 1 ? gx : p.gx);
            if (threads > 1) {
                assert_memory_equal(y, p.y, (size_t)p.out * 4);
                assert_memory_equal(gx, p.gx, (size_t)p.in * 4);
            }
        }
        free(y), free(gx), pooled_free(&p);
    }
    wk_set_num_threads(2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(winners),
        cmocka_unit_test(threads_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
