/* Random numbers are PyTorch's: values, words taken and states, bit for bit; and what is refused draws
 * nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/random.h"
#include "core/random_kernels.h"

enum {
    SEED,
    UNIFORM,
    NORMAL,
    NORMAL_EACH,
    BERNOULLI,
    BERNOULLI_OF,
    EXPONENTIAL,
    RANDINT,
    RANDOM,
    RANDPERM,
    LONG_RANDPERM
};
enum { F32, F64, U8, I64 };
typedef struct RandomRow {
    int call, type;
    int64_t n; /* the seed for SEED */
    double a, b;
    uint64_t values, state; /* FNV-1a */
    uint64_t first[2];
} RandomRow;

#include "golden/random.h"

#define ROWS (sizeof random_rows / sizeof *random_rows)

static uint64_t fnv1a(const void *data, size_t bytes)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const uint8_t *byte = data; bytes--; byte++)
        hash = (hash ^ *byte) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t state_hash(wk_Generator *generator)
{
    uint8_t state[WK_RNG_STATE_BYTES];
    assert_true(wk_get_rng_state(generator, state));
    return fnv1a(state, sizeof state);
}

/* A probability for each value, as tools/golden_random.py makes them. */
static bool bernoulli_of(wk_Generator *g, const RandomRow *row, void *out)
{
    for (int64_t i = 0; i < row->n; i++) {
        double p = (double)(i % 64) / 64;
        if (row->type == F32)
            ((float *)out)[i] = (float)p;
        else
            ((double *)out)[i] = p;
    }
    return row->type == F32 ? wk_fill_bernoulli_of_f32(g, out, out, row->n)
                            : wk_fill_bernoulli_of_f64(g, out, out, row->n);
}

static bool run_row(wk_Generator *g, const RandomRow *row, void *out)
{
    bool f32 = row->type == F32;
    int64_t n = row->n;
    double a = row->a, b = row->b;
    switch (row->call) {
    case SEED:
        wk_generator_manual_seed(g, (uint64_t)n);
        return true;
    case UNIFORM:
        return f32 ? wk_fill_uniform_f32(g, out, n, a, b) : wk_fill_uniform_f64(g, out, n, a, b);
    case NORMAL:
        return f32 ? wk_fill_normal_f32(g, out, n, a, b) : wk_fill_normal_f64(g, out, n, a, b);
    case NORMAL_EACH:
        return f32 ? wk_fill_normal_each_f32(g, out, n, a, b) : wk_fill_normal_each_f64(g, out, n, a, b);
    case BERNOULLI:
        return f32                ? wk_fill_bernoulli_f32(g, out, n, a)
               : row->type == F64 ? wk_fill_bernoulli_f64(g, out, n, a)
                                  : wk_fill_bernoulli_u8(g, out, n, a);
    case BERNOULLI_OF:
        return bernoulli_of(g, row, out);
    case EXPONENTIAL:
        return f32 ? wk_fill_exponential_f32(g, out, n, a) : wk_fill_exponential_f64(g, out, n, a);
    case RANDINT:
        return wk_fill_randint_i64(g, out, n, (int64_t)a, (int64_t)b);
    case RANDOM:
        return wk_fill_random_i64(g, out, n);
    case LONG_RANDPERM:
        return wk_fill_randperm_by(g, out, n, n);
    default:
        return wk_fill_randperm(g, out, n);
    }
}

static void run_all_rows(wk_Generator *generator)
{
    static const size_t size_of[] = {[F32] = 4, [F64] = 8, [U8] = 1, [I64] = 8};
    for (size_t r = 0; r < ROWS; r++) {
        const RandomRow *row = &random_rows[r];
        size_t size = size_of[row->type], bytes = row->call == SEED ? 0 : (size_t)row->n * size;
        uint8_t *out = calloc(bytes + 1, 1);
        assert_non_null(out);
        assert_true(run_row(generator, row, out));
        for (size_t i = 0; i < 2 && (i + 1) * size <= bytes; i++) {
            uint64_t bits = 0;
            memcpy(&bits, out + i * size, size);
            if (bits != row->first[i])
                fail_msg("row %zu, value %zu: got %#llx, wanted %#llx", r, i, (unsigned long long)bits,
                         (unsigned long long)row->first[i]);
        }
        if (bytes && fnv1a(out, bytes) != row->values)
            fail_msg("row %zu (call %d, type %d, n %lld): other values", r, row->call, row->type,
                     (long long)row->n);
        if (state_hash(generator) != row->state)
            fail_msg("row %zu (call %d, type %d, n %lld): other state", r, row->call, row->type,
                     (long long)row->n);
        free(out);
    }
}

static void test_rows_of_a_new_generator(void **state)
{
    (void)state;
    wk_Generator *generator = wk_Generator_new();
    assert_non_null(generator);
    run_all_rows(generator);
    wk_generator_free(generator);
}

static void *rows_in_a_thread(void *unused)
{
    assert_int_equal(wk_initial_seed(), 67280421310721);
    run_all_rows(NULL);
    return unused;
}

/* Each thread's default generator starts from the same seed and is its own. */
static void test_rows_of_default_generators(void **state)
{
    (void)state;
    wk_manual_seed(3);
    uint64_t before = state_hash(NULL);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, rows_in_a_thread, NULL), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(state_hash(NULL), before);
    assert_int_equal(wk_initial_seed(), 3);
}

/* The copy of the loops for machines without FMA gives the same bits. */
static void test_portable_loops(void **state)
{
    (void)state;
    enum { N = 1 << 16 };
    const wk_RandomKernels *here = wk_random_kernels(), *portable = &wk_random_kernels_portable;
    uint32_t *words = malloc(2 * N * sizeof *words);
    double *a = malloc(N * sizeof *a), *b = malloc(N * sizeof *b);
    float *x = (float *)a, *y = (float *)b;
    assert_true(words && a && b);
    wk_manual_seed(11);
    wk_random_words(wk_generator(NULL), words, 2 * N);

    here->uniform_f64(a, words, N, -0.7, 1.9);
    portable->uniform_f64(b, words, N, -0.7, 1.9);
    assert_memory_equal(a, b, N * sizeof *a);
    here->uniform_f64(a, words, N, 0, 1);
    memcpy(b, a, N * sizeof *a);
    here->normal_f64(a, N / 16, 0.1, 3.3);
    portable->normal_f64(b, N / 16, 0.1, 3.3);
    assert_memory_equal(a, b, N * sizeof *a);

    here->uniform_f32(x, words, N, -0.7f, 1.9f);
    portable->uniform_f32(y, words, N, -0.7f, 1.9f);
    assert_memory_equal(x, y, N * sizeof *x);
    here->uniform_f32(x, words, N, 0, 1);
    memcpy(y, x, N * sizeof *x);
    here->normal_f32(x, N / 16, 0.1f, 3.3f);
    portable->normal_f32(y, N / 16, 0.1f, 3.3f);
    assert_memory_equal(x, y, N * sizeof *x);
    free(words), free(a), free(b);
}

/* A state taken anywhere, also with a waiting normal, continues the same numbers in another generator. */
static void test_state_round_trip(void **state)
{
    (void)state;
    uint8_t saved[WK_RNG_STATE_BYTES], again[WK_RNG_STATE_BYTES];
    for (int drawn = 0; drawn < 1300; drawn += 13) {
        wk_Generator *a = wk_Generator_new(), *b = wk_Generator_new();
        double x[9], y[9];
        wk_generator_manual_seed(a, UINT64_C(1) << 40);
        for (int i = 0; i < drawn; i++)
            wk_random32(a);
        if (drawn % 2)
            wk_random_normal(a, 0, 1);
        assert_true(wk_get_rng_state(a, saved) && wk_set_rng_state(b, saved) && wk_get_rng_state(b, again));
        assert_memory_equal(saved, again, sizeof saved);
        assert_true(wk_fill_normal_f64(a, x, 9, 0, 1) && wk_fill_normal_f64(b, y, 9, 0, 1));
        assert_memory_equal(x, y, sizeof x);
        wk_generator_free(a), wk_generator_free(b);
    }
}

/* PyTorch's state also carries a spare float normal, which wick never makes: it is kept for whoever reads the state next. */
static void test_spare_float_normal_is_kept(void **state)
{
    (void)state;
    const float spare = 0.5f;
    uint8_t saved[WK_RNG_STATE_BYTES], again[WK_RNG_STATE_BYTES], plain[WK_RNG_STATE_BYTES];
    wk_Generator *generator = wk_Generator_new();
    assert_true(wk_get_rng_state(generator, plain));
    memcpy(saved, plain, sizeof saved);
    memcpy(saved + 5048, &spare, sizeof spare);
    saved[5052] = 1;
    assert_true(wk_set_rng_state(generator, saved) && wk_get_rng_state(generator, again));
    assert_memory_equal(saved, again, sizeof saved);
    assert_true(wk_set_rng_state(generator, plain) && wk_get_rng_state(generator, again));
    assert_memory_equal(plain, again, sizeof plain);
    wk_generator_free(generator);
}

static void refuse_state(size_t offset, uint64_t value, size_t bytes)
{
    uint8_t state[WK_RNG_STATE_BYTES];
    wk_manual_seed(1);
    wk_random32(wk_generator(NULL)); /* left 624, next 1 */
    uint64_t before = state_hash(NULL);
    assert_true(wk_get_rng_state(NULL, state));
    memcpy(state + offset, &value, bytes);
    assert_false(wk_set_rng_state(NULL, state));
    assert_string_equal(wk_error(), "set_rng_state: Invalid mt19937 state");
    assert_int_equal(wk_error_kind(), WK_ERROR_CORRUPT);
    wk_clear_error();
    assert_int_equal(state_hash(NULL), before);
}

static void test_bad_states(void **state)
{
    (void)state;
    const uint64_t bad_left[] = {0, 625, UINT32_MAX, INT32_MAX};
    for (size_t i = 0; i < 4; i++)
        refuse_state(8, bad_left[i], 4);
    refuse_state(12, 0, 4);
    refuse_state(12, 2, 4);
    refuse_state(16, 625, 8);
    refuse_state(16, UINT64_MAX, 8);
    refuse_state(16, 2, 8); /* in range, but 623 words from there reach past the end */
    refuse_state(24 + 8 * 623, UINT64_C(1) << 32, 8);
    refuse_state(24 + 8 * 624 + 24, 2, 4);
    refuse_state(5052, 2, 1);

    assert_false(wk_set_rng_state(NULL, NULL));
    assert_string_equal(wk_error(), "set_rng_state: argument state is NULL");
    wk_clear_error();
    assert_false(wk_get_rng_state(NULL, NULL));
    assert_string_equal(wk_error(), "get_rng_state: argument state is NULL");
    wk_clear_error();
}

#define REFUSED(call, kind, message)                 \
    do {                                             \
        wk_manual_seed(9);                           \
        uint64_t before_ = state_hash(NULL);         \
        assert_false(call);                          \
        assert_int_equal(wk_error_kind(), kind);     \
        assert_string_equal(wk_error(), message);    \
        wk_clear_error();                            \
        assert_int_equal(state_hash(NULL), before_); \
    } while (0)

static void test_refused_arguments(void **state)
{
    (void)state;
    float f[20];
    double d[20];
    int64_t q[20];
    REFUSED(wk_fill_uniform_f32(NULL, f, 3, 1, 0), WK_ERROR_ARGUMENT,
            "uniform_ expects to return a [from, to) range, but found from=1 > to=0");
    REFUSED(wk_fill_uniform_f32(NULL, f, 0, 0.123456789, -1.23456789e-7), WK_ERROR_ARGUMENT,
            "uniform_ expects to return a [from, to) range, but found from=0.123457 > to=-1.23457e-07");
    REFUSED(wk_fill_uniform_f32(NULL, f, 3, NAN, 0), WK_ERROR_ARGUMENT,
            "uniform_: from is out of bounds for float");
    REFUSED(wk_fill_uniform_f32(NULL, f, 3, 0, 1e39), WK_ERROR_ARGUMENT,
            "uniform_: to is out of bounds for float");
    REFUSED(wk_fill_uniform_f64(NULL, d, 3, -INFINITY, 0), WK_ERROR_ARGUMENT,
            "uniform_: from is out of bounds for double");
    REFUSED(wk_fill_uniform_f64(NULL, d, 3, -1.7e308, 1.7e308), WK_ERROR_ARGUMENT,
            "uniform_ expects to-from <= std::numeric_limits<Double>::max(), but found to=1.7e+308 and "
            "from=-1.7e+308 "
            "which result in to-from to exceed the limit");
    REFUSED(wk_fill_normal_f32(NULL, f, 20, 0, -1), WK_ERROR_ARGUMENT,
            "normal expects std >= 0.0, but found std -1");
    REFUSED(wk_fill_normal_f64(NULL, d, 0, 0, NAN), WK_ERROR_ARGUMENT,
            "normal expects std >= 0.0, but found std nan");
    REFUSED(wk_fill_bernoulli_f32(NULL, f, 3, 1.5), WK_ERROR_ARGUMENT,
            "bernoulli_ expects p to be in [0, 1], but got p=1.5");
    REFUSED(wk_fill_bernoulli_f32(NULL, f, 3, NAN), WK_ERROR_ARGUMENT,
            "bernoulli_ expects p to be in [0, 1], but got p=nan");
    REFUSED(wk_fill_bernoulli_of_f64(NULL, d, (double[]){0.5, -0.25}, 2), WK_ERROR_DOMAIN,
            "bernoulli: Expected p_in >= 0 && p_in <= 1 to be true, but got p=-0.25");
    REFUSED(wk_fill_exponential_f32(NULL, f, 3, 0), WK_ERROR_ARGUMENT,
            "exponential_ expects lambda > 0.0, but found lambda=0");
    REFUSED(wk_fill_randint_i64(NULL, q, 3, 3, 3), WK_ERROR_ARGUMENT,
            "random_ expects 'from' to be less than 'to', but got from=3 >= to=3");
    REFUSED(wk_fill_randperm(NULL, q, -1), WK_ERROR_ARGUMENT, "randperm: n must be non-negative, got -1");
}

/* The length from which the long rule is taken is PyTorch's, and the first that takes it. */
static void test_long_permutations_begin(void **state)
{
    (void)state;
    assert_int_equal(WK_LONG_PERMUTATION, 214748364);
    int64_t usual[100], below[100], at[100];
    wk_manual_seed(4);
    assert_true(wk_fill_randperm(NULL, usual, 100));
    wk_manual_seed(4);
    assert_true(wk_fill_randperm_by(NULL, below, 100, 101));
    wk_manual_seed(4);
    assert_true(wk_fill_randperm_by(NULL, at, 100, 100));
    assert_memory_equal(below, usual, sizeof usual);
    assert_memory_not_equal(at, usual, sizeof usual);
}

/* Whole range and ends: nothing overflows. */
static void test_limits(void **state)
{
    (void)state;
    int64_t q[100];
    float f[1000];
    assert_true(wk_fill_randint_i64(NULL, q, 100, INT64_MIN, INT64_MAX));
    assert_true(wk_fill_randint_i64(NULL, q, 100, INT64_MAX - 3, INT64_MAX));
    for (int i = 0; i < 100; i++)
        assert_true(q[i] >= INT64_MAX - 3 && q[i] < INT64_MAX);
    assert_true(wk_fill_randperm(NULL, NULL, 0) && wk_fill_rand_f32(NULL, NULL, 0) &&
                wk_fill_normal_f32(NULL, NULL, 0, 0, 1));
    assert_true(wk_fill_uniform_f32(NULL, f, 1000, 1,
                                    1.0000001192092896)); /* two floats apart by one step: never the upper */
    for (int i = 0; i < 1000; i++)
        assert_true(f[i] == 1.0f);
}

static void test_owners(void **state)
{
    (void)state;
    size_t before = wk_memory_allocated();
    wk_Generator *generator = wk_Generator_new();
    assert_ptr_equal(wk_generator(generator), generator);
    assert_ptr_equal(wk_generator_retain(generator), generator);
    assert_null(wk_generator_retain(NULL));
    wk_generator_free(generator);
    assert_ptr_equal(wk_generator(generator), generator);
    wk_generator_free(generator);
    wk_generator_free(NULL);
    assert_int_equal(wk_memory_allocated(), before);
}

static bool refuse_memory(size_t bytes, void *user)
{
    (void)bytes, (void)user;
    return false;
}

static void test_no_memory(void **state)
{
    (void)state;
    wk_set_memory_hook(refuse_memory, NULL);
    assert_null(wk_Generator_new());
    wk_set_memory_hook(NULL, NULL);
    assert_int_equal(wk_error_kind(), WK_ERROR_MEMORY);
    wk_clear_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_of_a_new_generator),
        cmocka_unit_test(test_rows_of_default_generators),
        cmocka_unit_test(test_portable_loops),
        cmocka_unit_test(test_state_round_trip),
        cmocka_unit_test(test_spare_float_normal_is_kept),
        cmocka_unit_test(test_bad_states),
        cmocka_unit_test(test_refused_arguments),
        cmocka_unit_test(test_long_permutations_begin),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_owners),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests_name("core.random", tests, NULL, NULL);
}
