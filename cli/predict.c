/* wick predict: the digit on each picture, with its probability. Pictures go the way that training data go. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "commands.h"
#include "kinds.h"
#include "network.h"
#include "picture.h"
#include "report.h"

enum { PREDICT_BATCH = 64 };

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

/* What is to be told of a file: pictures uint8 [n, h, w], and the line of the first where each is a line. */
typedef struct Pictures {
    wk_Tensor *bytes;
    int64_t line; /* 0: one picture, named like the file */
} Pictures;

/* One picture of an IDX file. */
static int load_indexed(const char *command, const char *path, int64_t index, Pictures *pictures)
{
    wk_Tensor *all = wk_load_idx(path);
    if (!all)
        return report_wick(command, STAGE_READING);
    if (wk_dtype_of(all) != wk_uint8 || wk_ndim(all) != 3)
        return report(command, EXIT_DATA, "%s holds no pictures", quoted(path).text);
    if (index >= wk_size(all, 0))
        return report(command, EXIT_DATA, "%s: index %lld, but there are %lld pictures", quoted(path).text,
                      (long long)index, (long long)wk_size(all, 0));
    pictures->bytes = wk_narrow(all, 0, index, 1);
    return pictures->bytes ? EXIT_OK : report_wick(command, STAGE_WORKING);
}

/* A picture a row: the 28x28 pixels of MNIST, or as many as the network takes; 0 to 255. */
static int load_rows(const char *command, const char *path, int64_t side, Pictures *pictures)
{
    wk_Tensor *rows = wk_load_csv(path, &pictures->line);
    if (!rows)
        return report_wick(command, STAGE_READING);
    int64_t columns = wk_size(rows, 1);
    if (columns != 784 && columns != side * side)
        return report(command, EXIT_DATA, "%s:%lld: %lld columns, expected 784 (28x28 pixels)",
                      quoted(path).text, (long long)pictures->line, (long long)columns);
    if (columns == 784)
        side = 28;
    pictures->bytes = wk_empty_shape(3, (const int64_t[]){wk_size(rows, 0), side, side}, wk_uint8);
    if (!pictures->bytes)
        return report_wick(command, STAGE_WORKING);
    for (int64_t i = 0; i < wk_numel(rows); i++) {
        float value = wk_data(rows, float)[i];
        if (!(value >= 0 && value <= 255 && value == (float)(uint8_t)value))
            return report(command, EXIT_DATA, "%s:%lld:%lld: %.9g is no pixel, a whole number from 0 to 255",
                          quoted(path).text, (long long)(pictures->line + i / columns),
                          (long long)(i % columns + 1), (double)value);
        wk_data(pictures->bytes, uint8_t)[i] = (uint8_t)value;
    }
    return EXIT_OK;
}

/* On failure says why and returns the exit code. */
static int load_pictures(const char *command, const char *name, int64_t side, Pictures *pictures)
{
    char path[4096];
    int64_t index;
    const char *dot = strrchr(name, '.');
    *pictures = (Pictures){0};
    if (split_index(name, path, sizeof path, &index))
        return load_indexed(command, path, index, pictures);
    if (dot && strcasecmp(dot, ".csv") == 0)
        return load_rows(command, name, side, pictures);
    int code = check_kind(command, name, WANTED_PICTURE);
    return code == EXIT_OK ? picture_read(command, name, &pictures->bytes) : code;
}

static void invert(wk_Tensor *picture)
{
    for (int64_t i = 0; i < wk_numel(picture); i++)
        wk_data(picture, uint8_t)[i] = (uint8_t)(255 - wk_data(picture, uint8_t)[i]);
}

/* Any size is scaled to the network's, but for 28x28 in pad mode. */
static wk_DataLoader *loader_of(wk_Tensor *pictures, const char *resize)
{
    bool small = wk_size(pictures, 1) == 28 && wk_size(pictures, 2) == 28;
    return wk_DataLoader(wk_Images(pictures, .resize = picture_side(resize),
                                   .resize_mode = small ? picture_mode(resize) : wk_resize_bilinear),
                         .batch_size = PREDICT_BATCH);
}

/* A line for each picture of the batch; false with an error of the library. */
static bool tell(const Network *net, const Pictures *pictures, const char *name, const wk_Batch *b)
{
    wk_Tensor *p = wk_softmax(wk_call(net->module, b->input), 1), *best = wk_argmax(p, wk_dims(1));
    for (int64_t i = 0; best && i < b->size; i++) {
        int64_t digit = wk_data(best, int64_t)[i];
        out("%s", quoted(name).text);
        if (pictures->line)
            out(":%lld", (long long)(pictures->line + b->index * PREDICT_BATCH + i));
        out(": %lld (%.1f %%)\n", (long long)digit, 100 * wk_at(p, i, digit));
    }
    return best != NULL;
}

static int predict(const char *command, const Network *net, const char *name, bool inverted)
{
    Pictures pictures;
    int code = load_pictures(command, name, picture_side(net->resize), &pictures);
    if (code != EXIT_OK)
        return code;
    if (inverted)
        invert(pictures.bytes);
    wk_DataLoader *loader = loader_of(pictures.bytes, net->resize);
    if (!loader)
        return report_wick(command, STAGE_READING);
    bool ok = true;
    for (wk_Batch b; ok && wk_next(loader, &b);)
        ok = tell(net, &pictures, name, &b);
    if (wk_error_kind() != WK_OK)
        code = report_wick(command, STAGE_WORKING);
    wk_free(loader);
    return code;
}

int command_predict(const Settings *s)
{
    Network net;
    int code = network_load(&net, s->command_name, s->arguments[0], s->resize);
    if (code == EXIT_OK && !wk_eval(net.module))
        code = report_wick(s->command_name, STAGE_WORKING);
    wk_no_grad
    {
        for (int i = 1; i < s->count && code == EXIT_OK; i++) {
            wk_Scope scope = wk_scope_begin();
            code = predict(s->command_name, &net, s->arguments[i], s->invert);
            wk_scope_end(scope);
        }
    }
    network_free(&net);
    return code;
}
