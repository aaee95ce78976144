/* A convolution with numbers in it, and what seven plain loops in double make of them. */
#ifndef WICK_TESTS_CONV_PROBLEM_H
#define WICK_TESTS_CONV_PROBLEM_H

#include "kernels/kernels_test.h"

typedef struct Problem {
    wk_ConvShape s;
    int64_t nx, nw, ny;
    void *x, *w, *b, *gy;      /* given */
    void *y, *gx, *gw, *gb;    /* computed */
    double *ry, *rx, *rw, *rb; /* wanted */
    double *by, *bx, *bw, *bb; /* sums of magnitudes, for bounds */
} Problem;

static inline int64_t one_of(int64_t low, int64_t high)
{
    return low + (int64_t)(test_random() % (uint64_t)(high - low + 1));
}

static inline double *zeros(int64_t n)
{
    return calloc((size_t)n + 1, sizeof(double));
}

static inline Problem problem(const wk_ConvShape *shape, wk_dtype dtype, bool whole)
{
    Problem p = {.s = *shape};
    wk_ConvShape *s = &p.s;
    s->oh = (s->h + 2 * s->padding[0] - s->dilation[0] * (s->r - 1) - 1) / s->stride[0] + 1;
    s->ow = (s->w + 2 * s->padding[1] - s->dilation[1] * (s->s - 1) - 1) / s->stride[1] + 1;
    p.nx = s->n * s->c * s->h * s->w, p.nw = s->k * s->c / s->groups * s->r * s->s,
    p.ny = s->n * s->k * s->oh * s->ow;
    p.x = test_array(p.nx, dtype), p.w = test_array(p.nw, dtype), p.b = test_array(s->k, dtype),
    p.gy = test_array(p.ny, dtype);
    p.y = test_array(p.ny, dtype), p.gx = test_array(p.nx, dtype), p.gw = test_array(p.nw, dtype),
    p.gb = test_array(s->k, dtype);
    p.ry = zeros(p.ny), p.rx = zeros(p.nx), p.rw = zeros(p.nw), p.rb = zeros(s->k);
    p.by = zeros(p.ny), p.bx = zeros(p.nx), p.bw = zeros(p.nw), p.bb = zeros(s->k);
    test_fill(p.x, dtype, p.nx, whole);
    test_fill(p.w, dtype, p.nw, whole);
    test_fill(p.b, dtype, s->k, whole);
    test_fill(p.gy, dtype, p.ny, whole);
    return p;
}

static inline void problem_free(Problem *p)
{
    free(p->x), free(p->w), free(p->b), free(p->gy), free(p->y), free(p->gx), free(p->gw), free(p->gb);
    free(p->ry), free(p->rx), free(p->rw), free(p->rb), free(p->by), free(p->bx), free(p->bw), free(p->bb);
}

/* The convolution is a sum of products x * w * gy over all that touch: each of the three results collects its
 * share. */
static inline void reference(Problem *p, wk_dtype dtype)
{
    const wk_ConvShape *s = &p->s;
    const int64_t cg = s->c / s->groups, kg = s->k / s->groups;
    for (int64_t at = 0; at < p->ny; at++) {
        const int64_t j = at % s->ow, i = at / s->ow % s->oh, k = at / s->ow / s->oh % s->k,
                      n = at / s->ow / s->oh / s->k;
        const double gy = test_get(p->gy, dtype, at), bias = test_get(p->b, dtype, k);
        p->rb[k] += gy, p->bb[k] += fabs(gy);
        p->ry[at] = bias, p->by[at] = fabs(bias);
        for (int64_t c = 0; c < cg; c++)
            for (int64_t r = 0; r < s->r; r++)
                for (int64_t q = 0; q < s->s; q++) {
                    const int64_t y = i * s->stride[0] + r * s->dilation[0] - s->padding[0];
                    const int64_t x = j * s->stride[1] + q * s->dilation[1] - s->padding[1];
                    if (y < 0 || y >= s->h || x < 0 || x >= s->w)
                        continue;
                    const int64_t xi = ((n * s->c + k / kg * cg + c) * s->h + y) * s->w + x,
                                  wi = ((k * cg + c) * s->r + r) * s->s + q;
                    const double xv = test_get(p->x, dtype, xi), wv = test_get(p->w, dtype, wi);
                    p->ry[at] += xv * wv, p->by[at] += fabs(xv * wv);
                    p->rx[xi] += gy * wv, p->bx[xi] += fabs(gy * wv);
                    p->rw[wi] += gy * xv, p->bw[wi] += fabs(gy * xv);
                }
    }
}

static inline void compare(const char *isa, const char *what, int shape, const void *got, const double *want,
                           const double *size, int64_t n, wk_dtype dtype, bool whole)
{
    for (int64_t i = 0; i < n; i++)
        ASSERT_NEAR(test_get(got, dtype, i), want[i], whole ? 0 : 40 * test_epsilon(dtype) * size[i],
                    "%s %s shape %d dtype %d at %d", isa, what, shape, dtype, (int)i);
}

/* [n, c, h, w] to [c, h, w, n] and back. */
static inline float *turned(const float *from, int64_t n, int64_t rest, bool to_last)
{
    float *to = malloc((size_t)(n * rest) * sizeof *to);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < rest; j++)
            to[to_last ? j * n + i : i * rest + j] = from[to_last ? i * rest + j : j * n + i];
    return to;
}

#endif
