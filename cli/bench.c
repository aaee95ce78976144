/* `wick bench`: how fast wick is on this machine, and how near to what the machine can do.
 *
 * The rows are in bench_tensors.c, bench_nets.c and bench_process.c; this file chooses among them, and
 * prints. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "commands.h"
#include "report.h"
#include "settings.h"

typedef struct Printer {
    bool json;
    int printed;
} Printer;

/* ---- choosing --------------------------------------------------------------------------------------- */

static const BenchRow *const lists[] = {bench_tensor_rows, bench_net_rows, bench_process_rows};
enum { list_count = sizeof lists / sizeof *lists };

static const struct {
    const char *name, *what;
    BenchLimit limit;
} limit_rows[] = {
    {"limit_fma", "float32 multiply-adds: the time of 10^9 flops", BENCH_FMA},
    {"limit_copy", "memory: one array read, one written", BENCH_COPY},
    {"limit_triad", "memory: two arrays read, one written", BENCH_TRIAD},
    {"limit_read", "memory: one array read", BENCH_READ},
};
enum { limit_count = sizeof limit_rows / sizeof *limit_rows };

static bool is_name_of_a_row(const char *word)
{
    for (int i = 0; i < limit_count; i++)
        if (!strcmp(limit_rows[i].name, word))
            return true;
    for (int i = 0; i < list_count; i++)
        for (const BenchRow *row = lists[i]; row->name; row++)
            if (!strcmp(row->name, word))
                return true;
    return false;
}

static bool chosen(const char *name, const char *match, bool exact)
{
    return !match || (exact ? !strcmp(name, match) : strstr(name, match) != NULL);
}

static int list_rows(void)
{
    for (int i = 0; i < limit_count; i++)
        out("%-28s %s\n", limit_rows[i].name, limit_rows[i].what);
    for (int i = 0; i < list_count; i++)
        for (const BenchRow *row = lists[i]; row->name; row++)
            out("%-28s %s\n", row->name, row->what);
    return EXIT_OK;
}

/* ---- printing --------------------------------------------------------------------------------------- */

static void print_json(Printer *printer, const char *name, int threads, BenchLimit limit, BenchResult result)
{
    out("%s\n  {\"name\": \"%s\", \"threads\": %d, \"median_us\": %.4f", printer->printed ? "," : "", name,
        threads, result.seconds * 1e6);
    if (limit != BENCH_NO_LIMIT)
        out(", \"%s\": %.4f", limit == BENCH_FMA ? "gflops" : "gbs", result.rate * 1e-9);
    if (result.peak_mb > 0)
        out(", \"peak_mb\": %.1f", result.peak_mb);
    if (result.limit > 0)
        out(", \"of_limit\": %.4f}", result.rate / result.limit);
    else
        out(", \"of_limit\": null}");
}

static void print_time(double seconds)
{
    static const struct {
        double unit;
        const char *name;
    } units[] = {{1, "s "}, {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}};
    int i = 0;
    while (i < 3 && seconds < units[i].unit)
        i++;
    double value = seconds / units[i].unit;
    out("%8.*f %s", value < 10 ? 2 : value < 100 ? 1 : 0, value, units[i].name);
}

static void print_line(const char *name, BenchLimit limit, BenchResult result)
{
    out("%-28s", name);
    if (result.seconds > 0)
        print_time(result.seconds);
    else
        out("%11s", "");
    if (limit != BENCH_NO_LIMIT)
        out("%11.1f %-7s", result.rate * 1e-9, limit == BENCH_FMA ? "GFLOP/s" : "GB/s");
    else if (result.peak_mb > 0)
        out("%11.1f MB peak", result.peak_mb);
    if (result.limit > 0)
        out("%6.0f %%", 100 * result.rate / result.limit);
    out("\n");
    fflush(stdout);
}

static void print_row(Printer *printer, const char *name, int threads, BenchLimit limit, BenchResult result)
{
    if (printer->json)
        print_json(printer, name, threads, limit, result);
    else if (!printer->printed)
        out("wick %s, %s, %d thread%s\n\n%-28s%11s%19s%8s\n", wk_version(), wk_isa(), threads,
            threads == 1 ? "" : "s", "work", "median", "rate", "limit");
    if (!printer->json)
        print_line(name, limit, result);
    printer->printed++;
}

/* ---- running ---------------------------------------------------------------------------------------- */

static void run_limits(Printer *printer, const BenchOptions *options, bool exact)
{
    for (int i = 0; i < limit_count; i++) {
        BenchLimit limit = limit_rows[i].limit;
        if (!chosen(limit_rows[i].name, options->match, exact))
            continue;
        double rate = bench_limit(limit, options->threads);
        double amount = bench_limit_amount(limit);
        print_row(printer, limit_rows[i].name, options->threads, limit,
                  (BenchResult){.seconds = amount / rate, .rate = rate, .limit = rate});
    }
}

static int run_row(Printer *printer, const BenchRow *row, const BenchOptions *options)
{
    BenchResult result;
    if (!bench_measure(row, options, &result)) {
        int code = wk_error_kind() == WK_OK ? EXIT_INTERNAL : report_wick("bench", STAGE_READING);
        return report("bench", code, "%s was not measured", row->name);
    }
    print_row(printer, row->name, options->threads, row->limit, result);
    return EXIT_OK;
}

static int run_rows(const BenchOptions *options, bool json)
{
    Printer printer = {.json = json};
    bool exact = options->match && is_name_of_a_row(options->match);
    int code = EXIT_OK;
    if (json)
        out("[");
    run_limits(&printer, options, exact);
    for (int i = 0; i < list_count; i++)
        for (const BenchRow *row = lists[i]; row->name; row++) {
            int failed = chosen(row->name, options->match, exact) ? run_row(&printer, row, options) : EXIT_OK;
            code = code ? code : failed;
        }
    if (json)
        out("\n]\n");
    bench_limits_free();
    if (code == EXIT_OK && !printer.printed)
        return report("bench", EXIT_USAGE, "no row's name contains '%s' (see: wick bench --list)",
                      quoted(options->match).text);
    return code;
}

/* The built-in digits as files of MNIST's form, so that another program can be measured on the same
 * pictures. */
static int save_digits(const char *folder)
{
    for (int i = 0; i < 4; i++) {
        bool test = i / 2, labels = i % 2;
        wk_Dataset *digits = wk_Digits(0, .test = test);
        wk_DataLoader *loader = wk_DataLoader(digits, .batch_size = wk_dataset_len(digits));
        wk_Batch all;
        char path[4096];
        snprintf(path, sizeof path, "%s/%s-%s-ubyte", folder, test ? "t10k" : "train",
                 labels ? "labels-idx1" : "images-idx3");
        bool good = wk_next(loader, &all);
        if (good) {
            wk_Tensor *values = labels ? all.target : wk_round(wk_mul(wk_squeeze(all.input), 255));
            good = wk_save_idx(wk_to_dtype(values, wk_uint8), path);
        }
        wk_free(loader);
        if (!good)
            return report_wick("bench", STAGE_WRITING);
    }
    return EXIT_OK;
}

int bench_run(const BenchCommand *command)
{
    if (command->list)
        return list_rows();
    if (command->save_digits)
        return save_digits(command->save_digits);
    if (command->child)
        return bench_child(command->child, &command->options);
    return run_rows(&command->options, command->json);
}

int command_bench(const Settings *s)
{
    int code = check_data(s);
    if (code != EXIT_OK)
        return code;
    return bench_run(&(BenchCommand){
        .options = {.match = s->match, .data = s->data, .quick = s->quick, .threads = wk_get_num_threads()},
        .json = s->json,
        .list = s->list,
        .child = s->child,
        .save_digits = s->save_digits,
    });
}
