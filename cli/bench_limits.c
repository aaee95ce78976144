/* The machine's limits: multiply-adds a second of the instruction set in use, and memory bandwidth in three
 * patterns.
 *
 * The peak loop keeps twelve sums in registers, more than latency times units of any core so far, and needs
 * a*b+c to become one instruction: this file is compiled with -ffp-contract=fast. The arrays are four times
 * any cache level of most machines and lie on huge pages where those can be had, so that the limit is the
 * memory's and not that of the page tables. What writes is tried with plain stores and with stores past the
 * caches, which need not read the lines first, and copying with the library's memcpy too; the best counts. */
#define _DEFAULT_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "bench.h"

enum { most_threads = 256, tries = 9, floats = 16 << 20, peak_turns = 1 << 20 };

typedef float V4 __attribute__((vector_size(16)));
typedef float V8 __attribute__((vector_size(32)));
typedef float V16 __attribute__((vector_size(64)));

#define EACH(F)  F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11)
#define START(i) V s##i = {0.5f + (i)};
#define TURN(i)  s##i = s##i * factor + term;
#define ADD(i)   sum += s##i;

/* Twelve multiply-adds of `lanes` floats, again and again. Returns flops a turn; the sums go where the
 * compiler cannot see them. */
#define PEAK(name, type, target)                                     \
    target static double peak_##name(volatile float *out, int turns) \
    {                                                                \
        typedef type V;                                              \
        V factor = {0}, term = {0}, sum = {0};                       \
        factor += 0.999f, term += 0.001f;                            \
        EACH(START)                                                  \
        for (int turn = 0; turn < turns; turn++) {                   \
            EACH(TURN)                                               \
        }                                                            \
        EACH(ADD)                                                    \
        *out = sum[0];                                               \
        return 24.0 * sizeof(V) / sizeof(float) * turns;             \
    }

PEAK(base, V4, )
#if defined(__x86_64__)
PEAK(avx2, V8, __attribute__((target("avx2,fma"))))
PEAK(avx512, V16, __attribute__((target("avx512f"))))
#endif

static double peak(volatile float *out)
{
#if defined(__x86_64__)
    if (!strcmp(wk_isa(), "avx512"))
        return peak_avx512(out, peak_turns / 4);
    if (!strcmp(wk_isa(), "avx2"))
        return peak_avx2(out, peak_turns / 4);
#endif
    return peak_base(out, peak_turns / 4);
}

static V16 *arrays[3];

static bool make_arrays(void)
{
    for (int i = 0; i < 3; i++) {
        if (arrays[i])
            continue;
        size_t bytes = (size_t)floats * sizeof(float);
        arrays[i] = aligned_alloc((size_t)2 << 20, bytes);
        if (!arrays[i])
            return false;
#if defined(__linux__)
        madvise(arrays[i], bytes, MADV_HUGEPAGE);
#endif
        memset(arrays[i], 0, bytes);
    }
    return true;
}

void bench_limits_free(void)
{
    for (int i = 0; i < 3; i++) {
        free(arrays[i]);
        arrays[i] = NULL;
    }
}

/* One thread's share of a try. */
typedef struct Burst {
    BenchLimit limit;
    int number, index, threads;
    atomic_int *ready;
    double begin, end, amount;
} Burst;

/* a = b + 3 c past the caches, or a = 3 b without c. False where the compiler knows no such stores. */
static bool store_past_caches(V16 *a, const V16 *b, const V16 *c, size_t count)
{
#if defined(__SSE2__)
    V4 *to = (V4 *)a;
    const V4 *x = (const V4 *)b, *y = (const V4 *)c;
    for (size_t i = 0; i < 4 * count; i++)
        _mm_stream_ps((float *)(to + i), (__m128)(y ? x[i] + 3.0f * y[i] : 3.0f * x[i]));
    _mm_sfence();
    return true;
#else
    (void)a, (void)b, (void)c, (void)count;
    return false;
#endif
}

static double stream(const Burst *burst, volatile float *out)
{
    size_t count = floats / 16, from = count * (size_t)burst->index / (size_t)burst->threads;
    size_t to = count * (size_t)(burst->index + 1) / (size_t)burst->threads;
    double bytes = (double)(to - from) * sizeof(V16);
    V16 *restrict a = arrays[0], *restrict b = arrays[1], *restrict c = arrays[2];
    const bool triad = burst->limit == BENCH_TRIAD;
    if (burst->limit != BENCH_READ && burst->number % 3 == 2 &&
        store_past_caches(a + from, b + from, triad ? c + from : NULL, to - from))
        return (triad ? 3 : 2) * bytes;
    if (triad) {
        for (size_t i = from; i < to; i++)
            a[i] = b[i] + 3.0f * c[i];
        return 3 * bytes;
    }
    if (burst->limit == BENCH_COPY && burst->number % 3 == 1) {
        memcpy(a + from, b + from, (to - from) * sizeof(V16));
        return 2 * bytes;
    }
    if (burst->limit == BENCH_COPY) {
        for (size_t i = from; i < to; i++)
            a[i] = 3.0f * b[i];
        return 2 * bytes;
    }
    const V4 *from_here = (const V4 *)(b + from), *to_here = (const V4 *)(b + to);
    V4 s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
    for (const V4 *at = from_here; at < to_here; at += 4)
        s0 += at[0], s1 += at[1], s2 += at[2], s3 += at[3];
    *out = (s0 + s1 + s2 + s3)[0];
    return bytes;
}

static void *burst_thread(void *user)
{
    Burst *burst = user;
    volatile float out = 0;
    atomic_fetch_add(burst->ready, 1);
    while (atomic_load(burst->ready) < burst->threads)
        sched_yield();
    burst->begin = bench_now();
    burst->amount = burst->limit == BENCH_FMA ? peak(&out) : stream(burst, &out);
    burst->end = bench_now();
    return NULL;
}

/* All threads once; the time is from the first that began to the last that ended. */
static double burst_rate(BenchLimit limit, int number, int threads)
{
    Burst bursts[most_threads];
    pthread_t ids[most_threads];
    atomic_int ready = 0;
    int started = 1;
    for (int i = 0; i < threads; i++)
        bursts[i] =
            (Burst){.limit = limit, .number = number, .index = i, .threads = threads, .ready = &ready};
    while (started < threads && !pthread_create(&ids[started], NULL, burst_thread, &bursts[started]))
        started++;
    if (started < threads) /* those that run wait for all: let them go */
        atomic_fetch_add(&ready, threads);
    burst_thread(&bursts[0]);
    double begin = bursts[0].begin, end = bursts[0].end, amount = bursts[0].amount;
    for (int i = 1; i < started; i++) {
        pthread_join(ids[i], NULL);
        begin = bursts[i].begin < begin ? bursts[i].begin : begin;
        end = bursts[i].end > end ? bursts[i].end : end;
        amount += bursts[i].amount;
    }
    return started == threads ? amount / (end - begin) : 0;
}

double bench_limit(BenchLimit limit, int threads)
{
    if (limit == BENCH_NO_LIMIT || threads > most_threads || (limit != BENCH_FMA && !make_arrays()))
        return 0;
    double best = 0;
    for (int i = 0; i < tries; i++) {
        double rate = burst_rate(limit, i, threads);
        best = rate > best ? rate : best;
    }
    return best;
}

double bench_limit_amount(BenchLimit limit)
{
    static const double amounts[BENCH_LIMITS] = {[BENCH_FMA] = 1e9,
                                                 [BENCH_COPY] = 2.0 * floats * sizeof(float),
                                                 [BENCH_TRIAD] = 3.0 * floats * sizeof(float),
                                                 [BENCH_READ] = 1.0 * floats * sizeof(float)};
    return amounts[limit];
}
