/* wick predict: the digit on each picture, with its probability. Pictures go the way that training data go. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "lenet.h"
#include "picture.h"
#include "report.h"

/* "file:index" with digits behind the last colon, where no file has the whole name. */
static bool split_index(const char *name, char *path, size_t size, int64_t *index)
{
    const char *colon = strrchr(name, ':');
    char *end;
    if (!colon || access(name, F_OK) == 0 || colon[1] < '0' || colon[1] > '9' ||
        (size_t)(colon - name) >= size)
        return false;
    *index = strtoll(colon + 1, &end, 10);
    memcpy(path, name, (size_t)(colon - name));
    path[colon - name] = 0;
    return *end == 0;
}

/* The picture as uint8 [1, h, w]; on failure says why and returns the exit code. */
static int load_picture(const Settings *s, const char *name, wk_Tensor **picture)
{
    char path[4096];
    int64_t index;
    *picture = NULL;
    if (!split_index(name, path, sizeof path, &index))
        return picture_read(s->command_name, name, picture);
    wk_Tensor *all = wk_load_idx(path);
    if (!all)
        return report_wick(s->command_name, STAGE_READING);
    if (wk_dtype_of(all) != wk_uint8 || wk_ndim(all) != 3)
        return report(s->command_name, EXIT_DATA, "%s holds no pictures", quoted(path).text);
    if (index >= wk_size(all, 0))
        return report(s->command_name, EXIT_DATA, "%s: index %lld, but there are %lld pictures",
                      quoted(path).text, (long long)index, (long long)wk_size(all, 0));
    *picture = wk_narrow(all, 0, index, 1);
    return *picture ? EXIT_OK : report_wick(s->command_name, STAGE_WORKING);
}

static void invert(wk_Tensor *picture)
{
    for (int64_t i = 0; i < wk_numel(picture); i++)
        wk_data(picture, uint8_t)[i] = (uint8_t)(255 - wk_data(picture, uint8_t)[i]);
}

/* Any size is scaled to 32x32, but for 28x28 in pad mode. */
static wk_DataLoader *loader_of(wk_Tensor *picture, const char *resize)
{
    bool pad = strcmp(resize, "pad") == 0 && wk_size(picture, 1) == 28 && wk_size(picture, 2) == 28;
    return wk_DataLoader(wk_Images(picture, .resize = 32, .resize_mode = pad ? wk_pad : wk_bilinear));
}

static int predict(const Settings *s, wk_Module *net, const char *resize, const char *name)
{
    wk_Tensor *picture;
    wk_Batch b;
    int code = load_picture(s, name, &picture);
    if (code != EXIT_OK)
        return code;
    if (s->invert)
        invert(picture);
    wk_DataLoader *loader = loader_of(picture, resize);
    if (!loader)
        return report_wick(s->command_name, STAGE_READING);
    code = EXIT_INTERNAL;
    if (wk_next(loader, &b)) {
        wk_Tensor *p = wk_softmax(wk_call(net, b.input), 1), *best = wk_argmax(p, wk_dims(1));
        if (best) {
            int64_t digit = wk_item_int64(best);
            out("%s: %lld (%.1f %%)\n", quoted(name).text, (long long)digit, 100 * wk_at(p, 0, digit));
            code = EXIT_OK;
        }
    }
    if (code != EXIT_OK)
        code = report_wick(s->command_name, STAGE_WORKING);
    wk_free(loader);
    return code;
}

int command_predict(const Settings *s)
{
    int code = EXIT_OK;
    wk_Module *net = LeNet_new();
    if (!net)
        return report_wick(s->command_name, STAGE_WORKING);
    const char *resize = wk_eval(net) ? lenet_load(net, s->arguments[0]) : NULL;
    if (!resize)
        code = report_wick(s->command_name, STAGE_READING);
    wk_no_grad
    {
        for (int i = 1; i < s->count && code == EXIT_OK; i++) {
            wk_Scope scope = wk_scope_begin();
            code = predict(s, net, s->resize ? s->resize : resize, s->arguments[i]);
            wk_scope_end(scope);
        }
    }
    wk_free(net);
    return code;
}
