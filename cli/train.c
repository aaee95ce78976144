/* wick train: epochs of steps, a test after each, the weights saved after each.
 *
 * Random numbers are used in the order of a PyTorch script: manual_seed, the network, the loader; testing draws none of them. Ctrl-C (or
 * SIGTERM) lets the step end and saves; a second one ends the program at once. A loss that is no number ends training before anything
 * is saved over a good file. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "network.h"
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
    bool limit_reached;
} Training;

static volatile int stop_signal;

static void on_signal(int number)
{
    if (stop_signal)
        _exit(EXIT_SIGNAL + number);
    stop_signal = number;
}

static void watch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* ---- one epoch -------------------------------------------------------------------------------------- */

/* Loss and hits of the epoch so far. */
typedef struct Tally {
    double begun, loss;
    int64_t right, count;
} Tally;

static int log_step(Training *t, int64_t epoch, double loss)
{
    if (!t->log)
        return EXIT_OK;
    if (fprintf(t->log, "%lld,%lld,%.9g,%.9g\n", (long long)t->step, (long long)epoch, loss,
                wk_get_lr(t->optimizer)) < 0)
        return report("train", EXIT_IOERR, "cannot write %s: %s", quoted(t->settings->log).text,
                      strerror(errno));
    return EXIT_OK;
}

static void show_step(const Training *t, int64_t epoch, const wk_Batch *b, const Tally *tally)
{
    char title[64], text[128];
    int64_t batches = wk_dataloader_len(t->train);
    double spent = seconds_now() - tally->begun,
           left = spent / (double)(b->index + 1) * (double)(batches - b->index - 1);
    snprintf(title, sizeof title, "epoch %lld/%lld", (long long)epoch, (long long)t->settings->epochs);
    snprintf(text, sizeof text, "loss %.4f  %.2f %%  %.0f img/s  %d:%02d left",
             tally->loss / (double)tally->count, 100.0 * (double)tally->right / (double)tally->count,
             (double)tally->count / (spent > 0 ? spent : 1e-9), (int)left / 60, (int)left % 60);
    progress_show(title, b->index + 1, batches, text);
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
        return report("train", EXIT_INTERNAL,
                      "step %lld: the loss is %g (--lr %g is too high?); nothing more is saved",
                      (long long)t->step, value, t->lr);
    int64_t right = count_right(output, b->target);
    if (right < 0 || !wk_backward(loss) || !wk_step(t->optimizer))
        return report_wick("train", STAGE_WORKING);
    tally->loss += value * (double)b->size;
    tally->right += right;
    tally->count += b->size;
    show_step(t, epoch, b, tally);
    return log_step(t, epoch, value);
}

static int train_epoch(Training *t, int64_t epoch, Tally *tally)
{
    *tally = (Tally){.begun = seconds_now()};
    for (wk_Batch b; !stop_signal && wk_next(t->train, &b);) {
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

static int save_network(Training *t)
{
    if (!t->settings->save || network_save(&t->net, t->settings->save))
        return EXIT_OK;
    return report_wick("train", STAGE_WRITING);
}

/* Test, one line, the weights to the disk. */
static int end_epoch(Training *t, int64_t epoch, const Tally *tally)
{
    double spent = seconds_now() - tally->begun;
    Score score = {0};
    if (!try_network(t->net.module, t->test, &stop_signal, &score) && !stop_signal)
        return report_wick("train", STAGE_WORKING);
    if (!stop_signal)
        out("epoch %lld/%lld  loss %.4f  accuracy %.2f %%  test accuracy %.2f %%  %.0f images/s\n",
            (long long)epoch, (long long)t->settings->epochs, tally->loss / (double)tally->count,
            100.0 * (double)tally->right / (double)tally->count,
            100.0 * (double)score.right / (double)score.count,
            (double)tally->count / (spent > 0 ? spent : 1e-9));
    int code = save_network(t);
    return code == EXIT_OK && out_failed("train") ? EXIT_IOERR : code;
}

static int stopped(Training *t)
{
    const char *save = t->settings->save;
    int code = save_network(t);
    if (code != EXIT_OK)
        return code;
    out("stopped after step %lld%s%s\n", (long long)t->step, save ? "; saved to " : "",
        save ? quoted(save).text : "");
    return out_failed("train") ? EXIT_IOERR : EXIT_SIGNAL + stop_signal;
}

static int train_all(Training *t)
{
    Tally tally;
    for (int64_t epoch = 1; epoch <= t->settings->epochs && !t->limit_reached; epoch++) {
        int code = train_epoch(t, epoch, &tally);
        if (code == EXIT_OK && !stop_signal)
            code = end_epoch(t, epoch, &tally);
        if (code != EXIT_OK)
            return code;
        if (stop_signal)
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

/* That a file can be written there, before hours are spent on what goes into it. */
static int check_output(const char *option, const char *path)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    struct stat status;
    int error = strlen(path) < sizeof folder ? 0 : ENAMETOOLONG;
    if (!error) {
        snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
        if (access(folder, W_OK) != 0)
            error = errno;
        else if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
            error = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
        else if (slash && !slash[1])
            error = EISDIR;
    }
    if (!error)
        return EXIT_OK;
    return report("train", EXIT_CANTCREATE, "--%s: cannot create %s: %s", option, quoted(path).text,
                  strerror(error));
}

/* The same file under both names? */
static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    if (strcmp(a, b) == 0)
        return true;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* No output may be an input or the other output. */
static int check_outputs(const Settings *s)
{
    static const char *const parts[] = {"train-images-idx3", "train-labels-idx1", "t10k-images-idx3",
                                        "t10k-labels-idx1"};
    const char *outputs[] = {s->save, s->log}, *names[] = {"save", "log"};
    char path[4200];
    if (s->save && s->log && same_file(s->save, s->log))
        return report("train", EXIT_USAGE, "--save and --log are the same file, %s", quoted(s->save).text);
    for (int i = 0; i < 2; i++) {
        if (!outputs[i])
            continue;
        for (int k = 0; k < 8; k++) {
            snprintf(path, sizeof path, "%.4000s/%s-ubyte%s", s->data, parts[k / 2], k % 2 ? ".gz" : "");
            if (same_file(outputs[i], path))
                return report("train", EXIT_USAGE, "--%s: %s is a file of --data", names[i],
                              quoted(outputs[i]).text);
        }
        if (strcmp(s->model, "lenet") != 0 && same_file(outputs[i], s->model))
            return report("train", EXIT_USAGE, "--%s: %s is --model's file", names[i],
                          quoted(outputs[i]).text);
        int code = check_output(names[i], outputs[i]);
        if (code != EXIT_OK)
            return code;
    }
    return EXIT_OK;
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
    if (t->log && fclose(t->log) != 0 && code == EXIT_OK)
        code = report("train", EXIT_IOERR, "cannot write %s: %s", quoted(t->settings->log).text,
                      strerror(errno));
    return code;
}

static int prepare(Training *t)
{
    const Settings *s = t->settings;
    t->lr = s->lr >= 0 ? s->lr : strcmp(s->optimizer, "sgd") == 0 ? 0.05 : 0.001;
    int code = check_outputs(s);
    if (code != EXIT_OK)
        return code;
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
