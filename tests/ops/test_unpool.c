/* Gradients behind max pooling, which the engine may leave unwritten: whoever looks at one sees it as it is in double, where it is always
 * written. Whole numbers, so that both agree exactly. */
#include "support/check.h"

enum { RESULTS = 5 };

typedef struct Pooling {
    wk_Tensor *x, *w, *b;       /* leaves */
    wk_Tensor *before, *active; /* what the convolution and the ReLU give */
    wk_Tensor *loss;
} Pooling;

static wk_Tensor *whole(wk_dtype dtype, int64_t n, int64_t c, int64_t h, int64_t w)
{
    return wk_requires_grad_(wk_to_dtype(wk_randint(-3, 4, n, c, h, w), dtype));
}

static Pooling pooling(wk_dtype dtype, int64_t n)
{
    wk_manual_seed(3);
    Pooling p = {.x = whole(dtype, n, 3, 11, 37), .w = whole(dtype, 8, 3, 4, 4)};
    p.b = wk_requires_grad_(wk_to_dtype(wk_randint(-9, 9, 8), dtype));
    p.before = wk_conv2d(p.x, p.w, p.b);
    p.active = wk_relu(p.before);
    wk_Tensor *y = wk_max_pool2d(p.active, 2);
    p.loss = wk_sum(wk_mul(y, wk_to_dtype(wk_randint_shape(-2, 3, wk_ndim(y), wk_shape(y)), dtype)));
    return p;
}

typedef bool (*Way)(Pooling *p, wk_Tensor *results[RESULTS]);

static bool backward(Pooling *p, wk_Tensor *r[RESULTS])
{
    bool done = wk_backward(p->loss);
    r[0] = wk_grad_of(p->x), r[1] = wk_grad_of(p->w), r[2] = wk_grad_of(p->b);
    return done;
}

static bool kept_between(Pooling *p, wk_Tensor *r[RESULTS])
{
    bool done = wk_retain_grad(p->active) && wk_retain_grad(p->before) && backward(p, r);
    r[3] = wk_grad_of(p->active), r[4] = wk_grad_of(p->before);
    return done;
}

static bool asked_for_between(Pooling *p, wk_Tensor *r[RESULTS])
{
    return wk_grads(r, wk_list(p->loss), .inputs = wk_list(p->active, p->before, p->w));
}

static wk_Tensor *doubled(wk_Tensor *grad, void *seen)
{
    *(wk_Tensor **)seen = wk_keep(wk_clone(grad));
    return wk_mul(grad, 2);
}

static bool changed_by_a_hook(Pooling *p, wk_Tensor *r[RESULTS])
{
    wk_Tensor *seen[2] = {NULL};
    bool done = wk_register_hook(p->active, doubled, &seen[0]) &&
                wk_register_hook(p->before, doubled, &seen[1]) && backward(p, r);
    for (int i = 0; i < 2; i++) {
        r[3 + i] = wk_clone(seen[i]);
        wk_tensor_free(seen[i]);
    }
    return done;
}

/* Two gradients meet at the ReLU, one of them unwritten; then at the convolution. */
static bool used_twice(Pooling *p, wk_Tensor *r[RESULTS])
{
    p->loss = wk_add(p->loss, wk_sum(wk_add(wk_mul(p->active, 2), p->before)));
    return backward(p, r);
}

static bool pooled_twice(Pooling *p, wk_Tensor *r[RESULTS])
{
    p->loss = wk_add(p->loss, wk_sum(wk_max_pool2d(p->active, 3, .stride = 2)));
    return backward(p, r);
}

static bool without_relu(Pooling *p, wk_Tensor *r[RESULTS])
{
    p->loss = wk_sum(wk_mul(wk_max_pool2d(p->before, 3, .stride = 2, .padding = 1), 3));
    return backward(p, r);
}

static bool relu_twice(Pooling *p, wk_Tensor *r[RESULTS])
{
    p->loss = wk_sum(wk_max_pool2d(wk_relu(wk_relu(p->active)), 2));
    return backward(p, r);
}

static bool relu_in_place(Pooling *p, wk_Tensor *r[RESULTS])
{
    p->loss = wk_sum(wk_max_pool2d(wk_relu_(wk_mul(p->before, -1)), 2));
    return backward(p, r);
}

static bool frozen_weight(Pooling *p, wk_Tensor *r[RESULTS])
{
    wk_Tensor *y = wk_conv2d(p->x, wk_detach(p->w), p->b);
    p->loss = wk_sum(wk_max_pool2d(wk_relu(y), 2));
    bool done = wk_backward(p->loss);
    r[0] = wk_grad_of(p->x), r[1] = wk_grad_of(p->b);
    return done;
}

static bool pooled_as_one(Pooling *p, wk_Tensor *r[RESULTS])
{
    p->loss = wk_sum(wk_max_pool2d(wk_relu(wk_select(p->before, 0, 0)), 2));
    return backward(p, r);
}

static bool twice_backward(Pooling *p, wk_Tensor *r[RESULTS])
{
    return wk_backward(p->loss, .retain_graph = true) && backward(p, r);
}

static wk_Tensor *written_over(wk_Tensor *grad, void *held)
{
    return wk_fill_(held, 100) ? grad : NULL;
}

/* A hook beside the way back writes over the gradient that pooling was given, before the convolution's turn. */
static bool held_by_the_caller(Pooling *p, wk_Tensor *r[RESULTS])
{
    wk_Tensor *before = wk_conv2d(p->x, p->w, p->b), *beside = wk_mul(p->b, 2),
              *y = wk_max_pool2d(wk_relu(before), 2);
    wk_Tensor *held = wk_ones_like(y);
    bool done = wk_register_hook(beside, written_over, held) &&
                wk_backward(wk_add(y, wk_reshape(beside, 1, 8, 1, 1)), .gradient = held);
    r[0] = wk_grad_of(p->x), r[1] = wk_grad_of(p->w);
    return done;
}

static bool recorded(Pooling *p, wk_Tensor *r[RESULTS])
{
    wk_Tensor *first[1];
    if (!wk_grads(first, wk_list(p->loss), .inputs = wk_list(p->w), .create_graph = true))
        return false;
    p->loss = wk_sum(wk_mul(first[0], first[0]));
    bool done = wk_backward(p->loss);
    r[0] = wk_grad_of(p->x);
    return done;
}

static const Way ways[] = {backward,           kept_between,  asked_for_between, changed_by_a_hook,
                           used_twice,         pooled_twice,  without_relu,      relu_twice,
                           relu_in_place,      frozen_weight, pooled_as_one,     twice_backward,
                           held_by_the_caller, recorded};

/* One sample, a few and many: with rows in the lanes, and with samples. */
static void seen_as_in_double(void **state)
{
    (void)state;
    const int64_t batches[] = {1, 5, 33};
    for (size_t way = 0; way < LENGTH(ways); way++)
        for (size_t b = 0; b < LENGTH(batches); b++) {
            wk_Scope scope = wk_scope_begin();
            wk_Tensor *single[RESULTS] = {NULL}, *wanted[RESULTS] = {NULL};
            Pooling p = pooling(wk_float32, batches[b]), in_double = pooling(wk_float64, batches[b]);
            EXPECT_TRUE(ways[way](&p, single));
            EXPECT_TRUE(ways[way](&in_double, wanted));
            for (int i = 0; i < RESULTS; i++) {
                assert_int_equal(single[i] != NULL, wanted[i] != NULL);
                if (wanted[i] && !wk_equal(wk_to_dtype(single[i], wk_float64), wanted[i]))
                    fail_msg("way %d, batch %d, result %d", (int)way, (int)batches[b], i);
            }
            wk_scope_end(scope);
        }
}

static wk_Tensor *gradient_of_weight(void *user)
{
    Pooling *p = user;
    wk_Tensor *grad = NULL;
    return wk_grads(&grad, wk_list(p->loss), .inputs = wk_list(p->w), .retain_graph = true) ? grad : NULL;
}

static wk_Tensor *gradient_of_input(void *user)
{
    Pooling *p = user;
    return wk_grad(p->loss, p->x, .retain_graph = true);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    for (int64_t n = 1; n <= 21; n += 20) {
        Pooling p = pooling(wk_float32, n);
        expect_survives_failing_allocations(gradient_of_weight, &p);
        expect_survives_failing_allocations(gradient_of_input, &p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(seen_as_in_double),
        TENSOR_TEST(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
