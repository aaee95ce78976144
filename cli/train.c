/* wick train: epochs of steps, a test after each, the weights saved after each.
 *
 * Random numbers are used in the order of a PyTorch script: manual_seed, the network, the loader; testing draws none of them.
 *
 * What ends training early ends it after the step, and what there is is saved: Ctrl-C and its kind, and a log that cannot be written. Two
 * things are never saved: a network that has diverged, and, over a file of an earlier run, one that no epoch's test has seen; that one
 * goes beside it, to FILE.interrupted. */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "network.h"
#include "outputs.h"
#include "progress.h"
#include "report.h"

typedef struct Training {
    const Settings *settings;
    double lr;
    Network net;
    wk_Optimizer *optimizer;
    wk_DataLoader *train, *test;
    wk_Generator *test_order; /* so that testing leaves the default generator alone */
    FILE *log;
    int64_t step;
    bool limit_reached, log_failed;
    bool replaces, saved; /* --save's file was there before; is this run's now */
} Training;

static volatile int stop_signal;

/* The second Ctrl-C ends the program at once. A terminal that closes sends its SIGHUP more than once. */
static void on_signal(int number)
{
    if (stop_signal && (number == SIGINT || number == SIGTERM))
        _exit(EXIT_SIGNAL + number);
    stop_signal = stop_signal ? stop_signal : number;
}

/* What was ignored when the program started stays so: nohup, and what a shell has put in the background. */
static void watch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGXCPU};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, before;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
}

/* Ends the epoch at the next step. */
static bool must_stop(const Training *t)
{
    return stop_signal || t->log_failed;
}

/* ---- one epoch -------------------------------------------------------------------------------------- */

/* Loss and hits of the epoch so far. */
typedef struct Tally {
    double begun, loss;
    int64_t right, count;
} Tally;

static void log_fails(Training *t)
{
    t->log_failed = true;
    report("train", EXIT_IOERR, "cannot write %s: %s", quoted(t->settings->log).text, strerror(errno));
}

static void log_step(Training *t, int64_t epoch, double loss)
{
    if (t->log && fprintf(t->log, "%lld,%lld,%.9g,%.9g\n", (long long)t->step, (long long)epoch, loss,
                          wk_get_lr(t->optimizer)) < 0)
        log_fails(t);
}

/* "1:05", "2:03:00" */
static void put_time(char *out, size_t size, double seconds)
{
    const long long s = seconds < 1e9 ? (long long)seconds : (long long)1e9;
    if (s < 3600)
        snprintf(out, size, "%lld:%02lld left", s / 60, s % 60);
    else
        snprintf(out, size, "%lld:%02lld:%02lld left", s / 3600, s / 60 % 60, s % 60);
}

static void show_step(const Training *t, int64_t epoch, const wk_Batch *b, const Tally *tally)
{
    char title[64], loss[32], accuracy[32], left[32], speed[32];
    const int64_t batches = wk_dataloader_len(t->train);
    const double spent = seconds_now() - tally->begun, count = (double)tally->count;
    snprintf(title, sizeof title, "epoch %lld/%lld", (long long)epoch, (long long)t->settings->epochs);
    snprintf(loss, sizeof loss, tally->loss < 1e4 * count ? "loss %.4f" : "loss %.3e", tally->loss / count);
    snprintf(accuracy, sizeof accuracy, "%.2f %%", 100.0 * (double)tally->right / count);
    put_time(left, sizeof left, spent / (double)(b->index + 1) * (double)(batches - b->index - 1));
    snprintf(speed, sizeof speed, "%.0f img/s", count / (spent > 0 ? spent : 1e-9));
    progress_show(title, b->index + 1, batches, (const char *const[]){loss, accuracy, left, speed, NULL});
}

static int diverged(const Training *t, const char *what, double value)
{
    return report("train", EXIT_INTERNAL, "step %lld: %s is %g (--lr %g is too high?); nothing more is saved",
                  (long long)t->step, what, value, t->lr);
}

static int train_step(Training *t, int64_t epoch, const wk_Batch *b, Tally *tally)
{
    wk_zero_grad(t->optimizer);
    wk_Tensor *output = wk_call(t->net.module, b->input), *loss = wk_cross_entropy(output, b->target);
    if (!loss)
        return report_wick("train", STAGE_WORKING);
    double value = wk_item(loss);
    t->step++;
    if (!isfinite(value))
        return diverged(t, "the loss", value);
    int64_t right = count_right(output, b->target);
    if (right < 0 || !wk_backward(loss) || !wk_step(t->optimizer))
        return report_wick("train", STAGE_WORKING);
    tally->loss += value * (double)b->size;
    tally->right += right;
    tally->count += b->size;
    show_step(t, epoch, b, tally);
    log_step(t, epoch, value);
    return EXIT_OK;
}

static int train_epoch(Training *t, int64_t epoch, Tally *tally)
{
    *tally = (Tally){.begun = seconds_now()};
    for (wk_Batch b; !must_stop(t) && wk_next(t->train, &b);) {
        int code = train_step(t, epoch, &b, tally);
        if (code != EXIT_OK)
            return code;
        if (t->settings->limit_steps && t->step >= t->settings->limit_steps) {
            t->limit_reached = true;
            break;
        }
    }
    return wk_error() ? report_wick("train", STAGE_WORKING) : EXIT_OK;
}

/* ---- after an epoch, and after the last step --------------------------------------------------------- */

/* Are all weights (float32, as the program makes them) and counts of the network numbers? */
static bool is_finite(wk_Module *net)
{
    wk_StateDict *dict = wk_state_dict(net);
    bool finite = true;
    for (int i = 0; dict && i < dict->count; i++) {
        wk_Tensor *t = dict->entries[i].tensor;
        for (int64_t k = 0; wk_dtype_of(t) == wk_float32 && k < wk_numel(t); k++)
            finite = finite && isfinite(wk_data(t, float)[k]);
    }
    wk_free(dict);
    return finite;
}

static int save_to(Training *t, const char *path)
{
    if (!is_finite(t->net.module))
        return diverged(t, "a weight", NAN);
    return network_save(&t->net, path) ? EXIT_OK : report_wick("train", STAGE_WRITING);
}

/* Test, one line, the weights to the disk. Does nothing more when a signal ends the test. */
static int end_epoch(Training *t, int64_t epoch, const Tally *tally)
{
    double spent = seconds_now() - tally->begun;
    Score score = {0};
    if (!try_network(t->net.module, t->test, &stop_signal, &score))
        return stop_signal ? EXIT_OK : report_wick("train", STAGE_WORKING);
    if (!isfinite(score.loss))
        return diverged(t, "the test loss", score.loss);
    out("epoch %lld/%lld  loss %.4f  accuracy %.2f %%  test accuracy %.2f %%  %.0f images/s\n",
        (long long)epoch, (long long)t->settings->epochs, tally->loss / (double)tally->count,
        100.0 * (double)tally->right / (double)tally->count,
        100.0 * (double)score.right / (double)score.count, (double)tally->count / (spent > 0 ? spent : 1e-9));
    int code = t->settings->save ? save_to(t, t->settings->save) : EXIT_OK;
    t->saved = code == EXIT_OK && t->settings->save;
    return code == EXIT_OK && out_failed("train") ? EXIT_IOERR : code;
}

/* Saves what there is when training ends early, and tells where. */
static int stopped(Training *t)
{
    const char *save = t->settings->save;
    const bool beside = save && t->replaces && !t->saved;
    char path[4096];
    snprintf(path, sizeof path, beside ? "%.4000s.interrupted" : "%.4095s", save ? save : "");
    int code = save ? save_to(t, path) : EXIT_OK;
    if (code != EXIT_OK)
        return code;
    out("stopped after step %lld%s%s%s\n", (long long)t->step, save ? "; saved to " : "",
        save ? quoted(path).text : "", beside ? ", as no epoch was tested" : "");
    return out_failed("train") || t->log_failed ? EXIT_IOERR : EXIT_SIGNAL + stop_signal;
}

static int train_all(Training *t)
{
    Tally tally;
    if (t->replaces)
        out("%s is there: the first epoch's network will replace it\n", quoted(t->settings->save).text);
    for (int64_t epoch = 1; epoch <= t->settings->epochs && !t->limit_reached; epoch++) {
        int code = train_epoch(t, epoch, &tally);
        if (code == EXIT_OK && !must_stop(t))
            code = end_epoch(t, epoch, &tally);
        if (code != EXIT_OK)
            return code;
        if (must_stop(t))
            return stopped(t);
    }
    if (t->settings->save)
        out("saved to %s\n", quoted(t->settings->save).text);
    return EXIT_OK;
}

/* ---- before and after ------------------------------------------------------------------------------- */

static wk_Optimizer *make_optimizer(const Settings *s, wk_Module *net, double lr)
{
    double momentum = s->momentum < 0 ? 0 : s->momentum, rate = lr > 0 ? lr : (double)WK_ZERO;
    if (strcmp(s->optimizer, "adam") == 0)
        return wk_Adam(wk_parameters(net), .lr = rate);
    if (strcmp(s->optimizer, "rmsprop") == 0)
        return wk_RMSprop(wk_parameters(net), .lr = rate, .momentum = momentum);
    return wk_SGD(wk_parameters(net), .lr = rate, .momentum = s->momentum < 0 ? 0.9 : momentum);
}

static int open_log(Training *t)
{
    const char *path = t->settings->log;
    if (!path)
        return EXIT_OK;
    t->log = fopen(path, "we");
    if (!t->log || fputs("step,epoch,loss,lr\n", t->log) < 0)
        return report("train", EXIT_CANTCREATE, "--log: cannot create %s: %s", quoted(path).text,
                      strerror(errno));
    return EXIT_OK;
}

static int close_log(Training *t, int code)
{
    if (t->log && fclose(t->log) != 0 && !t->log_failed) {
        log_fails(t);
        code = code == EXIT_OK ? EXIT_IOERR : code;
    }
    return code;
}

static int prepare(Training *t)
{
    const Settings *s = t->settings;
    t->lr = s->lr >= 0 ? s->lr : strcmp(s->optimizer, "sgd") == 0 ? 0.05 : 0.001;
    int code = check_outputs(s);
    if (code == EXIT_OK)
        code = check_data(s);
    if (code != EXIT_OK)
        return code;
    t->replaces = s->save && access(s->save, F_OK) == 0;
    wk_manual_seed((uint64_t)s->seed);
    code = network_make(&t->net, "train", s->model, s->resize ? s->resize : "bilinear");
    if (code != EXIT_OK)
        return code;
    if (!(t->optimizer = make_optimizer(s, t->net.module, t->lr)) || !(t->test_order = wk_Generator_new()))
        return report_wick("train", STAGE_WORKING);
    t->train = wk_DataLoader(open_dataset(s->data, false, t->net.resize), .batch_size = s->batch_size,
                             .shuffle = true, .num_workers = (int)s->workers);
    t->test = t->train ? wk_DataLoader(open_dataset(s->data, true, t->net.resize), .batch_size = 256,
                                       .generator = t->test_order)
                       : NULL;
    return t->test ? open_log(t) : report_wick("train", STAGE_READING);
}

int command_train(const Settings *s)
{
    Training t = {.settings = s};
    int code = prepare(&t);
    if (code == EXIT_OK) {
        watch_signals();
        code = train_all(&t);
    }
    code = close_log(&t, code);
    wk_free(t.train);
    wk_free(t.test);
    wk_free(t.test_order);
    wk_free(t.optimizer);
    network_free(&t.net);
    return code;
}
