/* wick test: the accuracy of a saved network. And what training needs of it. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "commands.h"
#include "network.h"
#include "progress.h"
#include "report.h"

wk_Dataset *open_dataset(const char *data, bool test, const char *resize)
{
    wk_resize_mode mode = picture_mode(resize);
    int64_t side = picture_side(resize);
    if (strcmp(data, "digits") == 0)
        return wk_Digits(0, .test = test, .resize = side, .resize_mode = mode);
    return wk_MNIST(data, .test = test, .resize = side, .resize_mode = mode);
}

int check_data(const Settings *s)
{
    struct stat status;
    if (strcmp(s->data, "digits") == 0)
        return EXIT_OK;
    if (stat(s->data, &status) != 0)
        return !wk_closer_word(s->data, NULL, "digits")
                   ? EXIT_OK
                   : report(s->command_name, EXIT_NOINPUT, "--data: there is no folder '%s'%s",
                            quoted(s->data).text, did_you_mean("", "digits").text);
    if (S_ISDIR(status.st_mode))
        return EXIT_OK;
    return report(
        s->command_name, EXIT_NOINPUT,
        "--data: %s is no folder: it takes digits, or a folder with MNIST's files (see: wick help %s)",
        quoted(s->data).text, s->command_name);
}

int64_t count_right(wk_Tensor *output, wk_Tensor *target)
{
    wk_Tensor *best = wk_argmax(output, wk_dims(1));
    int64_t right = 0;
    if (!best)
        return -1;
    for (int64_t i = 0; i < wk_numel(best); i++)
        right += wk_data(best, int64_t)[i] == wk_data(target, int64_t)[i];
    return right;
}

bool try_network(wk_Module *net, wk_DataLoader *loader, const volatile int *stop, Score *score)
{
    double loss = 0;
    bool ok = wk_eval(net) != NULL;
    *score = (Score){0};
    wk_no_grad
    {
        for (wk_Batch b; ok && !*stop && wk_next(loader, &b);) {
            wk_Tensor *output = wk_call(net, b.input), *mean = wk_cross_entropy(output, b.target);
            int64_t right = count_right(output, b.target);
            if (!mean || right < 0) {
                ok = false;
                break;
            }
            loss += wk_item(mean) * (double)b.size;
            score->right += right;
            score->count += b.size;
            progress_show("testing", b.index + 1, wk_dataloader_len(loader), (const char *const[]){NULL});
        }
    }
    wk_train(net, true);
    score->loss = score->count ? loss / (double)score->count : 0;
    return ok && !*stop && !wk_error();
}

static int test_network(const Settings *s, const Network *net)
{
    static const volatile int never = 0;
    Score score;
    wk_DataLoader *loader = wk_DataLoader(open_dataset(s->data, true, net->resize), .batch_size = 256);
    if (!loader)
        return report_wick(s->command_name, STAGE_READING);
    bool ok = try_network(net->module, loader, &never, &score);
    wk_free(loader);
    if (!ok)
        return report_wick(s->command_name, STAGE_WORKING);
    out("test accuracy %.2f %% (%lld of %lld), loss %.6f\n",
        100.0 * (double)score.right / (double)score.count, (long long)score.right, (long long)score.count,
        score.loss);
    return EXIT_OK;
}

int command_test(const Settings *s)
{
    Network net = {0};
    int code = check_data(s);
    if (code == EXIT_OK)
        code = network_load(&net, s->command_name, s->arguments[0], s->resize);
    if (code == EXIT_OK)
        code = test_network(s, &net);
    network_free(&net);
    return code;
}
