/* What the files of `wick bench` share: a row is one piece of work that is measured. */
#ifndef WICK_CLI_BENCH_H
#define WICK_CLI_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include <wick/wick.h>

/* What a row is held against: multiply-adds, or memory read and written in its own pattern. */
typedef enum BenchLimit {
    BENCH_NO_LIMIT,
    BENCH_FMA,   /* flop/s of the instruction set in use */
    BENCH_COPY,  /* bytes/s: one stream read, one written */
    BENCH_TRIAD, /* bytes/s: two read, one written */
    BENCH_READ,  /* bytes/s: one read */
    BENCH_LIMITS,
} BenchLimit;

typedef struct BenchOptions {
    const char *match; /* NULL: every row */
    const char *data;  /* folder of MNIST; NULL or "digits": the built-in digits */
    bool quick;
    int threads;
} BenchOptions;

/* One piece of work. `run` is timed, with the end of the scope that holds its results; `prepare` (which may
 * be NULL) comes before each run and is not. begin returns NULL, run and prepare false, with wk_error()
 * set. */
typedef struct BenchRow {
    const char *name, *what;
    void *(*begin)(const struct BenchRow *row, const BenchOptions *options);
    bool (*prepare)(void *work);
    bool (*run)(void *work);
    void (*end)(void *work);
    BenchLimit limit;
    double amount;                         /* flops or bytes of a run */
    double (*amount_of)(const void *work); /* the same where only the work knows it */
    int parts;                             /* equal parts of a run, the time is that of one; 0 is 1 */
    double (*peak_mb)(const void *work);   /* the most memory that the work's own process had */
    int64_t size[4];                       /* what begin makes of it */
} BenchRow;

typedef struct BenchResult {
    double seconds; /* median of a run, or of a part of it */
    double rate;    /* flop/s or bytes/s; 0 without a limit */
    double limit;   /* the same unit, measured just before and after the row */
    double peak_mb; /* 0: not asked */
} BenchResult;

/* The rows, by file; each list ends with a row without a name. */
extern const BenchRow bench_tensor_rows[], bench_net_rows[], bench_process_rows[];

double bench_now(void); /* seconds on a clock that never goes back */
bool bench_measure(const BenchRow *row, const BenchOptions *options, BenchResult *result);

/* The limit as it is now with that many threads, the best of a few short tries; 0 if it cannot be
 * measured. */
double bench_limit(BenchLimit limit, int threads);
double bench_limit_amount(BenchLimit limit); /* of one pass over the arrays, or 10^9 flops */
void bench_limits_free(void);

/* What the rows on digits share (bench_nets.c). */
wk_Dataset *bench_digits(const BenchOptions *options, bool test);
bool bench_train_epoch(wk_Module *net, wk_Optimizer *optimizer, wk_DataLoader *loader);

/* The network of residual blocks, and the multiply-adds of a training step for a picture (bench_resnet.c). */
wk_Module *bench_residual_stack(void);
double bench_residual_step_macs(void);

/* The other side of the rows of processes: does that work and tells its peak of memory. The exit code. */
int bench_child(const char *work, const BenchOptions *options);

/* What the command line asks for; the exit code. */
typedef struct BenchCommand {
    BenchOptions options;
    bool json, list;
    const char *child;       /* the work of a process that a row has started */
    const char *save_digits; /* a folder for the built-in digits as IDX files */
} BenchCommand;
int bench_run(const BenchCommand *command);

#endif
