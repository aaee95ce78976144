/* wick test: the accuracy of a saved network. And what training needs of it. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "lenet.h"
#include "progress.h"
#include "report.h"

wk_Dataset *open_dataset(const char *data, bool test, const char *resize)
{
    wk_resize_mode mode = strcmp(resize, "pad") == 0 ? wk_pad : wk_bilinear;
    if (strcmp(data, "digits") == 0)
        return wk_Digits(0, .test = test, .resize = 32, .resize_mode = mode);
    return wk_MNIST(data, .test = test, .resize = 32, .resize_mode = mode);
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
            progress_show("testing", b.index + 1, wk_dataloader_len(loader), "");
        }
    }
    wk_train(net, true);
    score->loss = score->count ? loss / (double)score->count : 0;
    return ok && !*stop && !wk_error();
}

static int test_network(const Settings *s, wk_Module *net)
{
    static const volatile int never = 0;
    Score score;
    const char *trained = net ? lenet_load(net, s->arguments[0]) : NULL;
    if (!trained)
        return report_wick(s->command_name, net ? STAGE_READING : STAGE_WORKING);
    wk_DataLoader *loader =
        wk_DataLoader(open_dataset(s->data, true, s->resize ? s->resize : trained), .batch_size = 256);
    if (!loader)
        return report_wick(s->command_name, STAGE_READING);
    bool ok = try_network(net, loader, &never, &score);
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
    wk_Module *net = LeNet_new();
    int code = test_network(s, net);
    wk_free(net);
    return code;
}
