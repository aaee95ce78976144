/* Rows of whole processes: the program starts itself, `wick bench --child WORK`, and listens to the pipe at
 * its stdout.
 *
 * The child writes one line: the peak of its memory, as the system counts it for that program alone (VmHWM;
 * what wait reports would include the parent that the child was copied from). The time runs from the start to
 * that line; the child is waited for afterwards. */
#define _POSIX_C_SOURCE 200809L
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "lenet.h"
#include "report.h"
#include "settings.h"

extern char **environ;

typedef struct ProcessWork {
    const char *work;
    char threads[16], program[4096];
    const char *data;
    pid_t child; /* 0: none */
    double peak_mb;
} ProcessWork;

static void reap(ProcessWork *w)
{
    if (w->child > 0)
        waitpid(w->child, NULL, 0);
    w->child = 0;
}

static void end_process(void *work)
{
    reap(work);
    free(work);
}

static void *begin_process(const BenchOptions *options, const char *name)
{
    ProcessWork *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->work = name;
    w->data = options->data;
    snprintf(w->threads, sizeof w->threads, "%d", options->threads);
    if (readlink("/proc/self/exe", w->program, sizeof w->program - 1) > 0)
        return w;
    report("bench", EXIT_INTERNAL, "this system does not tell where the program is (/proc/self/exe)");
    free(w);
    return NULL;
}

static void *begin_predict(const BenchRow *row, const BenchOptions *options)
{
    (void)row;
    return begin_process(options, "predict");
}

static void *begin_epoch_process(const BenchRow *row, const BenchOptions *options)
{
    (void)row;
    return begin_process(options, "epoch");
}

static bool prepare_process(void *work)
{
    reap(work);
    return true;
}

/* Starts the child with its stdout at `out`. */
static bool spawn(ProcessWork *w, int out)
{
    char *const argv[] = {"wick",
                          "bench",
                          "--child",
                          (char *)w->work,
                          "--threads",
                          w->threads,
                          w->data ? "--data" : NULL,
                          (char *)w->data,
                          NULL};
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions))
        return false;
    bool good = !posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO) &&
                !posix_spawn(&w->child, w->program, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return good;
}

static bool run_process(void *work)
{
    ProcessWork *w = work;
    int ends[2];
    if (pipe(ends))
        return false;
    bool good = spawn(w, ends[1]);
    close(ends[1]);
    char line[64];
    size_t length = 0;
    for (ssize_t got = 1; good && got > 0 && length < sizeof line - 1; length += (size_t)got) {
        got = read(ends[0], line + length, sizeof line - 1 - length);
        if (got <= 0 || line[length + (size_t)got - 1] == '\n') {
            length += got > 0 ? (size_t)got : 0;
            break;
        }
    }
    close(ends[0]);
    line[length] = 0;
    w->peak_mb = strtod(line, NULL);
    if (!(w->peak_mb > 0))
        report("bench", EXIT_INTERNAL, "the process of its own (%s) gave no result", w->work);
    return w->peak_mb > 0;
}

static double process_peak(const void *work)
{
    return ((const ProcessWork *)work)->peak_mb;
}

/* ---- the child's side ------------------------------------------------------------------------------- */

/* The most memory this process has had, in MB of 10^6 bytes. */
static double peak_memory_mb(void)
{
    char line[256];
    long long kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "VmHWM: %lld", &kib) == 1)
            break;
    if (status)
        fclose(status);
    return (double)kib * 1024e-6;
}

static bool child_predict(void)
{
    bool good = false;
    wk_Scope scope = wk_scope_begin();
    wk_Module *net = LeNet_new();
    wk_no_grad
    {
        good = wk_argmax(wk_call(wk_eval(net), wk_rand(1, 1, 32, 32))) != NULL;
    }
    wk_scope_end(scope);
    wk_free(net);
    return good;
}

static bool test_pass(wk_Module *net, wk_DataLoader *loader)
{
    int64_t right = 0;
    wk_no_grad
    {
        for (wk_Batch b; wk_next(loader, &b);)
            right += wk_item_int64(wk_sum(wk_eq(wk_argmax(wk_call(net, b.input), wk_dims(1)), b.target)));
    }
    return wk_error_kind() == WK_OK && right > 0;
}

static bool child_epoch(const BenchOptions *options)
{
    wk_manual_seed(0);
    wk_Module *net = LeNet_new();
    wk_Optimizer *optimizer = wk_SGD(wk_parameters(net), .lr = 0.05, .momentum = 0.9);
    wk_DataLoader *train = wk_DataLoader(bench_digits(options, false), .batch_size = 64, .shuffle = true);
    wk_DataLoader *test = wk_DataLoader(bench_digits(options, true), .batch_size = 64);
    bool good = bench_train_epoch(net, optimizer, train) && test_pass(wk_eval(net), test);
    wk_free(train), wk_free(test), wk_free(optimizer), wk_free(net);
    return good;
}

int bench_child(const char *work, const BenchOptions *options)
{
    bool good = !strcmp(work, "epoch") ? child_epoch(options) : child_predict();
    if (!good)
        return report_wick("bench", STAGE_READING);
    out("%.3f\n", peak_memory_mb());
    return EXIT_OK;
}

const BenchRow bench_process_rows[] = {
    {.name = "start_to_first_prediction",
     .what = "a process: LeNet made, one picture predicted",
     .begin = begin_predict,
     .prepare = prepare_process,
     .run = run_process,
     .end = end_process,
     .peak_mb = process_peak},
    {.name = "process_epoch",
     .what = "a process: an epoch and a test pass, batch 64",
     .begin = begin_epoch_process,
     .prepare = prepare_process,
     .run = run_process,
     .end = end_process,
     .peak_mb = process_peak},
    {.name = NULL},
};
