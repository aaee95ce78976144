/* The clock and the loop of `wick bench`.
 *
 * A row is warmed up, then timed in samples of as many runs as make about a fifteenth of its budget (0.3 s),
 * at least five samples and at least one run a sample; the result is the median. The limit is taken just
 * before and just after, and the higher one counts, because shared machines change their speed within
 * seconds: a share of the limit then says more than two figures a minute apart. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <time.h>

#include "bench.h"

enum { most_samples = 64 };

double bench_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static bool run_once(const BenchRow *row, void *work, double *seconds)
{
    wk_Scope scope = wk_scope_begin();
    bool good = !row->prepare || row->prepare(work);
    double start = bench_now();
    good = good && row->run(work);
    good = wk_scope_end(scope) && good;
    *seconds += bench_now() - start;
    return good;
}

/* Seconds of one run, from `runs` of them. Runs that need nothing before them share two looks at the clock,
 * which cost as much as a tiny one. */
static bool sample(const BenchRow *row, void *work, int64_t runs, double *seconds)
{
    bool good = true;
    *seconds = 0;
    if (row->prepare) {
        for (int64_t i = 0; i < runs && good; i++)
            good = run_once(row, work, seconds);
    } else {
        double start = bench_now();
        for (int64_t i = 0; i < runs && good; i++) {
            wk_Scope scope = wk_scope_begin();
            good = row->run(work);
            good = wk_scope_end(scope) && good;
        }
        *seconds = bench_now() - start;
    }
    *seconds /= (double)runs;
    return good;
}

static int compare_seconds(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare_seconds);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static bool time_row(const BenchRow *row, void *work, bool quick, double *seconds)
{
    double budget = quick ? 0.15 : 0.3, one = 0;
    for (double start = bench_now(); one == 0 || bench_now() - start < budget / 5;)
        if (!sample(row, work, 1, &one))
            return false;
    int64_t runs = (int64_t)(budget / 15 / one);
    runs = runs < 1 ? 1 : runs;
    /* a second for each of five samples is patience enough */
    int least = one > 1 ? 3 : 5, count = 0;
    double samples[most_samples];
    for (double start = bench_now(); count < most_samples; count++) {
        if (count >= least && bench_now() - start >= budget)
            break;
        if (!sample(row, work, runs, &samples[count]))
            return false;
    }
    *seconds = median(samples, count) / (row->parts ? row->parts : 1);
    return true;
}

bool bench_measure(const BenchRow *row, const BenchOptions *options, BenchResult *result)
{
    *result = (BenchResult){0};
    wk_Scope scope = wk_scope_begin();
    void *work = row->begin(row, options);
    if (!wk_scope_end(scope) || !work)
        return false;
    double before = bench_limit(row->limit, options->threads);
    bool good = time_row(row, work, options->quick, &result->seconds);
    double after = bench_limit(row->limit, options->threads);
    if (good && row->limit != BENCH_NO_LIMIT) {
        result->rate = (row->amount_of ? row->amount_of(work) : row->amount) / result->seconds;
        result->limit = before > after ? before : after;
    }
    if (good && row->peak_mb)
        result->peak_mb = row->peak_mb(work);
    row->end(work);
    wk_empty_cache();
    return good;
}
