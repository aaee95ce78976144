/* Convolutions with outputs in the lanes against plain loops: both orders, on shapes drawn at random among
 * all that they take. */
#include "kernels/conv_problem.h"

enum { DRAWN = 160, DRAWN_WORK = 1 << 20 };

/* Every n from 1 to 70 and channels from 1 to 19; the images shrink as the rest grows, so that plain loops
 * take no minutes. */
static wk_ConvShape drawn(void)
{
    static const int64_t kernels[][2] = {{1, 2}, {2, 1}, {2, 3}, {3, 3}, {4, 4}, {5, 5}, {6, 6},
                                         {7, 7}, {1, 7}, {7, 2}, {3, 5}, {2, 2}, {3, 4}, {5, 1}};
    const int64_t *kernel = kernels[test_random() % (sizeof kernels / sizeof *kernels)];
    wk_ConvShape s = {.r = kernel[0], .s = kernel[1], .stride = {1, 1}, .dilation = {1, 1}, .groups = 1};
    s.padding[0] = one_of(0, s.r - 1), s.padding[1] = one_of(0, s.s - 1);
    s.n = test_random() % 2 ? one_of(1, 8) : one_of(1, 70);
    s.c = one_of(1, 19), s.k = one_of(1, 19);
    if (test_random() % 4 == 0)
        s.groups = one_of(2, 4), s.c *= s.groups, s.k *= s.groups;
    const int64_t most = s.n > 16 ? 3 : s.n > 8 ? 8 : 40;
    s.h = one_of(s.r, s.r + most / 2), s.w = one_of(s.s, s.s + most);
    while (s.n * s.c * s.k * s.r * s.s * s.h * s.w > DRAWN_WORK && s.n > 1)
        s.n = (s.n + 1) / 2;
    return s;
}

/* Windows and channels enough for Winograd's way, in images of odd and even sizes. */
static wk_ConvShape drawn_winograd(void)
{
    wk_ConvShape s = {.n = one_of(16, 40), .stride = {1, 1}, .dilation = {1, 1}, .groups = 1};
    s.r = one_of(2, 7), s.s = one_of(0, 1) ? s.r : one_of(2, 7);
    s.padding[0] = one_of(0, s.r - 1), s.padding[1] = one_of(0, s.s - 1);
    s.c = one_of(6, 21), s.k = one_of(6, 21);
    s.h = one_of(s.r, s.r + 4), s.w = one_of(s.s, s.s + 4);
    while (s.n * s.c * s.k * s.r * s.s * s.h * s.w > 4 * DRAWN_WORK && s.n > 16)
        s.n--;
    return s;
}

static bool may_be_winograd(const wk_ConvShape *s)
{
    return s->n >= 4 && s->r >= 2 && s->s >= 2 && s->k >= 6 && s->groups == 1;
}

static void turn(void *array, int64_t n, int64_t rest, bool to_last)
{
    float *other = turned(array, n, rest, to_last);
    memcpy(array, other, (size_t)(n * rest) * sizeof *other);
    free(other);
}

/* Results of the kernels, contiguous. The given are copied to arrays of their exact size, for the address
 * sanitizer to guard. */
static void compute(const wk_Kernels *k, Problem *p, wk_LaneOrder order, bool input_last)
{
    const wk_ConvShape *s = &p->s;
    const bool last = order == wk_lanes_batch;
    const int64_t n = s->n, in = s->c * s->h * s->w, out = s->k * s->oh * s->ow;
    float *x = turned(p->x, input_last ? n : 1, input_last ? in : n * in, true);
    float *g = turned(p->gy, last ? n : 1, last ? out : n * out, true), *w = turned(p->w, 1, p->nw, true);
    float *y = malloc((size_t)p->ny * 4), *gx = malloc((size_t)p->nx * 4), *gw = malloc((size_t)p->nw * 4);
    memset(y, 0xff, (size_t)p->ny * 4), memset(gx, 0xff, (size_t)p->nx * 4),
        memset(gw, 0xff, (size_t)p->nw * 4);
    assert_true(k->conv_lanes.forward(s, x, input_last, w, p->b, y));
    assert_true(k->conv_lanes.grad_input(s, g, w, gx));
    assert_true(k->conv_lanes.grad_weight(s, g, x, input_last, gw, p->gb));
    memcpy(p->y, y, (size_t)p->ny * 4), memcpy(p->gx, gx, (size_t)p->nx * 4),
        memcpy(p->gw, gw, (size_t)p->nw * 4);
    if (last)
        turn(p->y, n, out, false), turn(p->gx, n, in, false);
    assert_true(k->conv_lanes.grad_weight(s, g, x, input_last, gw, NULL));
    assert_memory_equal(p->gw, gw, (size_t)p->nw * 4);
    free(x), free(g), free(w), free(y), free(gx), free(gw);
}

/* Behind max pooling most of the gradient is zero: one element of `each` is kept. */
static void thin_out(Problem *p, uint64_t each)
{
    for (int64_t i = 0; i < p->ny; i++)
        if (test_random() % each)
            ((float *)p->gy)[i] = 0;
}

/* Winograd's errors are those of a tile, not of an element: of the largest sum around. */
static void spread(double *size, int64_t n)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        most = fmax(most, size[i]);
    for (int64_t i = 0; i < n; i++)
        size[i] = most;
}

static void match_plain_loops(void **state)
{
    (void)state;
    int tried[3] = {0};
    FOR_EACH_ISA(k)
    for (int i = 0; i < DRAWN; i++) {
        const wk_ConvShape shape = i % 7 == 6 ? drawn_winograd() : drawn();
        const bool whole = i % 4;
        Problem p = problem(&shape, wk_float32, whole);
        const wk_LaneOrder order = k->conv_lanes.order(&p.s);
        tried[order]++;
        if (i / 4 % 2)
            thin_out(&p, i / 8 % 2 ? 4 : 50);
        if (order) {
            reference(&p, wk_float32);
            if (may_be_winograd(&shape))
                spread(p.by, p.ny), spread(p.bx, p.nx), spread(p.bw, p.nw);
            for (int last = 0; last <= (order == wk_lanes_batch); last++) {
                compute(k, &p, order, last);
                compare(k->isa, "output", i, p.y, p.ry, p.by, p.ny, wk_float32, whole);
                compare(k->isa, "grad_input", i, p.gx, p.rx, p.bx, p.nx, wk_float32, whole);
                compare(k->isa, "grad_weight", i, p.gw, p.rw, p.bw, p.nw, wk_float32, whole);
                compare(k->isa, "grad_bias", i, p.gb, p.rb, p.bb, p.s.k, wk_float32, whole);
            }
        }
        problem_free(&p);
    }
    assert_true(tried[wk_lanes_batch] > DRAWN / 4 && tried[wk_lanes_rows] > DRAWN / 4);
}

/* Large enough for threads to be used, in both orders, with rests everywhere. */
static const wk_ConvShape large[] = {
    {.n = 37,
     .c = 6,
     .h = 9,
     .w = 10,
     .k = 17,
     .r = 5,
     .s = 5,
     .stride = {1, 1},
     .padding = {1, 0},
     .dilation = {1, 1},
     .groups = 1},
    {.n = 64,
     .c = 1,
     .h = 18,
     .w = 18,
     .k = 6,
     .r = 5,
     .s = 5,
     .stride = {1, 1},
     .padding = {2, 2},
     .dilation = {1, 1},
     .groups = 1},
    {.n = 16,
     .c = 13,
     .h = 12,
     .w = 14,
     .k = 11,
     .r = 3,
     .s = 3,
     .stride = {1, 1},
     .padding = {1, 1},
     .dilation = {1, 1},
     .groups = 1},
    {.n = 2,
     .c = 19,
     .h = 30,
     .w = 37,
     .k = 18,
     .r = 3,
     .s = 3,
     .stride = {1, 1},
     .padding = {1, 1},
     .dilation = {1, 1},
     .groups = 1},
    {.n = 70,
     .c = 6,
     .h = 11,
     .w = 8,
     .k = 17,
     .r = 7,
     .s = 4,
     .stride = {1, 1},
     .padding = {3, 1},
     .dilation = {1, 1},
     .groups = 1},
    {.n = 21,
     .c = 70,
     .h = 4,
     .w = 4,
     .k = 67,
     .r = 3,
     .s = 3,
     .stride = {1, 1},
     .padding = {1, 1},
     .dilation = {1, 1},
     .groups = 1},
    {.n = 530,
     .c = 2,
     .h = 5,
     .w = 6,
     .k = 3,
     .r = 3,
     .s = 3,
     .stride = {1, 1},
     .padding = {1, 0},
     .dilation = {1, 1},
     .groups = 1},
    {.n = 3,
     .c = 12,
     .h = 20,
     .w = 27,
     .k = 18,
     .r = 3,
     .s = 3,
     .stride = {1, 1},
     .padding = {1, 1},
     .dilation = {1, 1},
     .groups = 6},
    {.n = 1,
     .c = 5,
     .h = 40,
     .w = 45,
     .k = 9,
     .r = 4,
     .s = 6,
     .stride = {1, 1},
     .padding = {3, 5},
     .dilation = {1, 1},
     .groups = 1},
};

static void large_ones_on_any_number_of_threads(void **state)
{
    (void)state;
    FOR_EACH_ISA(k)
    for (size_t i = 0; i < 2 * (sizeof large / sizeof *large); i++) {
        const wk_ConvShape *shape = &large[i / 2];
        Problem p = problem(shape, wk_float32, false), first = problem(shape, wk_float32, false);
        if (i % 2)
            thin_out(&p, 4);
        const wk_LaneOrder order = k->conv_lanes.order(&p.s);
        assert_true(order);
        reference(&p, wk_float32);
        if (may_be_winograd(shape))
            spread(p.by, p.ny), spread(p.bx, p.nx), spread(p.bw, p.nw);
        for (int threads = 1; threads <= 4; threads++) {
            wk_set_num_threads(threads);
            compute(k, &p, order, order == wk_lanes_batch && threads % 2);
            if (threads == 1) {
                memcpy(first.y, p.y, (size_t)p.ny * 4), memcpy(first.gx, p.gx, (size_t)p.nx * 4);
                memcpy(first.gw, p.gw, (size_t)p.nw * 4), memcpy(first.gb, p.gb, (size_t)p.s.k * 4);
            }
            assert_memory_equal(first.y, p.y, (size_t)p.ny * 4);
            assert_memory_equal(first.gx, p.gx, (size_t)p.nx * 4);
            assert_memory_equal(first.gw, p.gw, (size_t)p.nw * 4);
            assert_memory_equal(first.gb, p.gb, (size_t)p.s.k * 4);
        }
        compare(k->isa, "output", (int)i, p.y, p.ry, p.by, p.ny, wk_float32, false);
        compare(k->isa, "grad_input", (int)i, p.gx, p.rx, p.bx, p.nx, wk_float32, false);
        compare(k->isa, "grad_weight", (int)i, p.gw, p.rw, p.bw, p.nw, wk_float32, false);
        compare(k->isa, "grad_bias", (int)i, p.gb, p.rb, p.bb, p.s.k, wk_float32, false);
        problem_free(&p), problem_free(&first);
    }
    wk_set_num_threads(2);
}

/* An infinite element reaches the results that it is a part of, and no other. */
static void infinity_stays_where_it_belongs(void **state)
{
    (void)state;
    FOR_EACH_ISA(k)
    for (int turn = 0; turn < 8; turn++) {
        const int64_t n = 1 + turn % 4 * 8, channels = n > 17 ? 16 : 2;
        const wk_ConvShape shape = {.n = n,
                                    .c = channels,
                                    .h = 4,
                                    .w = 23,
                                    .k = channels + 1,
                                    .r = n > 17 ? 3 : 2,
                                    .s = 3,
                                    .stride = {1, 1},
                                    .dilation = {1, 1},
                                    .groups = 1};
        Problem p = problem(&shape, wk_float32, true);
        const wk_LaneOrder order = k->conv_lanes.order(&p.s);
        ((float *)p.x)[22] =
            INFINITY; /* the last column of the first row: under the last weight column alone */
        for (int64_t i = 0; i < p.ny; i++)
            ((float *)p.gy)[i] =
                turn < 4 || i % 5 == 0; /* zeros must not hide it: zero times infinity is NaN */
        if (turn % 2)
            ((float *)p.gy)[p.ny - 1] = -INFINITY;
        reference(&p, wk_float32);
        if (order) {
            compute(k, &p, order, false);
            for (int64_t i = 0; i < p.nw; i++)
                ASSERT_NEAR(((float *)p.gw)[i], p.rw[i], 0, "%s grad_weight, n %d, at %d", k->isa, (int)n,
                            (int)i);
            for (int64_t i = 0; i < p.ny; i++)
                ASSERT_NEAR(((float *)p.y)[i], p.ry[i], 0, "%s output, n %d, at %d", k->isa, (int)n, (int)i);
            for (int64_t i = 0; i < p.nx; i++)
                ASSERT_NEAR(((float *)p.gx)[i], p.rx[i], 0, "%s grad_input, n %d, at %d", k->isa, (int)n,
                            (int)i);
        }
        problem_free(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(match_plain_loops),
        cmocka_unit_test(large_ones_on_any_number_of_threads),
        cmocka_unit_test(infinity_stays_where_it_belongs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
