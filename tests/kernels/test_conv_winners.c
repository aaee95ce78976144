/* Gradients of convolutions from what max pooling would spread, against plain loops over the gradient spread. */
#include "kernels/conv_problem.h"

enum { DRAWN = 240, DRAWN_WORK = 1 << 20 };

/* A pooling of the outputs: windows side by side, apart or overlapping, with padding and dilation, or of padding alone. */
static wk_PoolShape drawn_pool(const wk_ConvShape *s)
{
    wk_PoolShape p = {.planes = s->k, .h = s->oh, .w = s->ow};
    const int64_t size[2] = {s->oh, s->ow};
    int64_t out[2];
    const bool usual = test_random() % 3, padding_alone = !usual && test_random() % 4 == 0;
    for (int i = 0; i < 2; i++) {
        p.kernel[i] = size[i] < 2 ? 1 : usual ? 2 : one_of(1, 3);
        p.dilation[i] = usual || p.kernel[i] * 2 > size[i] ? 1 : one_of(1, 2);
        p.stride[i] = usual ? p.kernel[i] : one_of(1, 3);
        p.padding[i] = usual ? 0 : one_of(0, p.kernel[i] / 2);
        if (padding_alone && i == 0)
            p.kernel[i] = 2, p.dilation[i] = size[i] + 1, p.stride[i] = p.padding[i] = 1;
        out[i] = (size[i] + 2 * p.padding[i] - p.dilation[i] * (p.kernel[i] - 1) - 1) / p.stride[i] + 1;
    }
    p.oh = out[0], p.ow = out[1];
    return p;
}

static wk_ConvShape drawn_conv(void)
{
    wk_ConvShape s = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 1};
    s.r = one_of(1, 6), s.s = s.r == 1 ? one_of(2, 6) : one_of(1, 6);
    s.padding[0] = one_of(0, s.r - 1), s.padding[1] = one_of(0, s.s - 1);
    s.n = test_random() % 2 ? one_of(1, 3) : one_of(4, 40);
    s.c = test_random() % 3 ? one_of(1, 9) : one_of(1, 33), s.k = one_of(1, 24);
    s.h = one_of(s.r, s.r + 12), s.w = one_of(s.s, s.s + (s.n < 4 ? 30 : 12));
    while (s.n * s.c * s.k * s.r * s.s * s.h * s.w > DRAWN_WORK && s.n > 1)
        s.n = (s.n + 1) / 2;
    s.oh = s.h + 2 * s.padding[0] - s.r + 1, s.ow = s.w + 2 * s.padding[1] - s.s + 1;
    return s;
}

typedef struct Won {
    wk_PoolShape pool;
    wk_Winners winners;
    float *grad; /* [n, k, oh, ow] of the pooling, or with the batch last */
    uint8_t *which;
} Won;

/* Winners of pooling the problem's gy, with a gradient of their own, which is then spread over gy. */
static Won won(Problem *p, bool last, bool positive)
{
    const wk_ConvShape *s = &p->s;
    Won w = {.pool = drawn_pool(s)};
    const int64_t n = last ? s->n : 1, size = s->n * s->k * w.pool.oh * w.pool.ow;
    w.pool.planes = last ? s->k : s->n * s->k;
    float *y = malloc((size_t)size * 4),
          *x = turned(p->gy, last ? s->n : 1, last ? p->ny / s->n : p->ny, true);
    w.grad = test_array(size, wk_float32), w.which = malloc((size_t)size);
    test_fill(w.grad, wk_float32, size, true);
    wk_kernels->max_pool_winners(&w.pool, n, x, y, w.which);
    w.winners = (wk_Winners){&w.pool, w.grad, w.which, positive};
    wk_kernels->max_pool_winners_backward(&w.winners, n, x);
    float *back = turned(x, last ? p->ny / s->n : 1, last ? s->n : p->ny, true);
    memcpy(p->gy, back, (size_t)p->ny * 4);
    free(x), free(y), free(back);
    return w;
}

static void won_free(Won *w)
{
    free(w->grad), free(w->which);
}

typedef struct Answers {
    wk_LaneAnswer weight, input;
} Answers;

/* Into arrays of their exact size, for the address sanitizer to guard. */
static Answers compute(const wk_Kernels *k, Problem *p, Won *w, bool last, bool x_last)
{
    const wk_ConvShape *s = &p->s;
    float *x = turned(p->x, x_last ? s->n : 1, x_last ? p->nx / s->n : p->nx, true);
    float *gx = malloc((size_t)p->nx * 4), *gw = malloc((size_t)p->nw * 4);
    memset(gx, 0xff, (size_t)p->nx * 4), memset(gw, 0xff, (size_t)p->nw * 4);
    w->winners.shape = &w->pool;
    const Answers answers = {k->conv_lanes.winners_weight(s, &w->winners, x, x_last, gw, p->gb),
                             k->conv_lanes.winners_input(s, &w->winners, p->w, gx)};
    float *back = turned(gx, last ? p->nx / s->n : 1, last ? s->n : p->nx, true);
    memcpy(p->gx, back, (size_t)p->nx * 4), memcpy(p->gw, gw, (size_t)p->nw * 4);
    free(x), free(gx), free(gw), free(back);
    return answers;
}

static void match_plain_loops(void **state)
{
    (void)state;
    FOR_EACH_ISA(k)
    {
        int weights = 0, inputs = 0;
        for (int i = 0; i < DRAWN; i++) {
            const wk_ConvShape shape = drawn_conv();
            Problem p = problem(&shape, wk_float32, true);
            const wk_LaneOrder order = k->conv_lanes.order(&p.s);
            const bool last = order == wk_lanes_batch;
            for (int x_last = 0; order && x_last <= last; x_last++) {
                Won w = won(&p, last, i % 2);
                memset(p.rx, 0, (size_t)p.nx * 8), memset(p.rw, 0, (size_t)p.nw * 8),
                    memset(p.rb, 0, (size_t)p.s.k * 8);
                reference(&p, wk_float32);
                const Answers answers = compute(k, &p, &w, last, x_last);
                assert_true(answers.weight != wk_lanes_failed && answers.input != wk_lanes_failed);
                if (answers.weight == wk_lanes_done) {
                    compare(k->isa, "grad_weight", i, p.gw, p.rw, p.bw, p.nw, wk_float32, true);
                    compare(k->isa, "grad_bias", i, p.gb, p.rb, p.bb, p.s.k, wk_float32, true);
                    weights++;
                }
                if (answers.input == wk_lanes_done) {
                    compare(k->isa, "grad_input", i, p.gx, p.rx, p.bx, p.nx, wk_float32, true);
                    inputs++;
                }
                won_free(&w);
            }
            problem_free(&p);
        }
        const bool never = strcmp(k->isa, "portable") == 0 || strcmp(k->isa, "neon") == 0;
        assert_true(never ? weights + inputs == 0 : weights > DRAWN / 4 && inputs > DRAWN / 4);
    }
}

/* LeNet's second convolution, and one in the other order. */
static const wk_ConvShape large[] = {
    {.n = 70,
     .c = 6,
     .h = 14,
     .w = 14,
     .k = 16,
     .r = 5,
     .s = 5,
     .stride = {1, 1},
     .dilation = {1, 1},
     .groups = 1},
    {.n = 2,
     .c = 3,
     .h = 40,
     .w = 44,
     .k = 12,
     .r = 5,
     .s = 5,
     .stride = {1, 1},
     .dilation = {1, 1},
     .groups = 1},
};

static void any_number_of_threads(void **state)
{
    (void)state;
    FOR_EACH_ISA(k)
    for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
        Problem p = problem(&large[i], wk_float32, false), first = problem(&large[i], wk_float32, false);
        const bool last = k->conv_lanes.order(&p.s) == wk_lanes_batch;
        Won w = won(&p, last, true);
        for (int threads = 1; threads <= 4; threads++) {
            wk_set_num_threads(threads);
            const Answers answers = compute(k, &p, &w, last, false);
            if (threads == 1) {
                memcpy(first.gx, p.gx, (size_t)p.nx * 4), memcpy(first.gw, p.gw, (size_t)p.nw * 4);
                memcpy(first.gb, p.gb, (size_t)p.s.k * 4);
            }
            if (answers.weight == wk_lanes_done) {
                assert_memory_equal(first.gw, p.gw, (size_t)p.nw * 4);
                assert_memory_equal(first.gb, p.gb, (size_t)p.s.k * 4);
            }
            if (answers.input == wk_lanes_done)
                assert_memory_equal(first.gx, p.gx, (size_t)p.nx * 4);
        }
        won_free(&w), problem_free(&p), problem_free(&first);
    }
    wk_set_num_threads(2);
}

/* Zero times infinity is NaN in the dense loops: where an operand is not finite, the lists are refused. */
static void what_is_not_finite_is_refused(void **state)
{
    (void)state;
    FOR_EACH_ISA(k)
    for (int turn = 0; turn < 2; turn++) {
        Problem p = problem(&large[turn], wk_float32, true);
        const bool last = k->conv_lanes.order(&p.s) == wk_lanes_batch;
        Won w = won(&p, last, true);
        ((float *)p.x)[p.nx - 1] = INFINITY, ((float *)p.w)[p.nw - 1] = NAN;
        const Answers answers = compute(k, &p, &w, last, false);
        assert_int_equal(answers.weight, wk_lanes_refused);
        assert_int_equal(answers.input, wk_lanes_refused);
        won_free(&w), problem_free(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(match_plain_loops),
        cmocka_unit_test(any_number_of_threads),
        cmocka_unit_test(what_is_not_finite_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
