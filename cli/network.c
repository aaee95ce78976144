/* Networks by name, from text, and from what was saved.
 *
 * The text travels in the file's metadata, so that a saved network needs nothing else. It is believed as little as the rest of the
 * file: the network may ask for no more memory than the file's tensors can fill. */
#define _GNU_SOURCE
#include "network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kinds.h"
#include "lenet.h"
#include "report.h"
#include "settings.h"

enum { TEXT_BYTES = 4 << 20, PICTURE_BYTES = 256 << 20, CLASSES = 10 };

int64_t picture_side(const char *resize)
{
    return strcmp(resize, "none") == 0 ? 28 : 32;
}

wk_resize_mode picture_mode(const char *resize)
{
    return strcmp(resize, "pad") == 0 ? wk_resize_pad : wk_resize_bilinear;
}

/* "[1, 10]" */
typedef struct ShapeText {
    char text[200];
} ShapeText;

static ShapeText shape_text(wk_Tensor *tensor)
{
    ShapeText shape = {"["};
    for (int i = 0; i < wk_ndim(tensor); i++) {
        size_t used = strlen(shape.text);
        snprintf(shape.text + used, sizeof shape.text - used, i ? ", %lld" : "%lld",
                 (long long)wk_size(tensor, i));
    }
    strcat(shape.text, "]");
    return shape;
}

/* A memory hook's bytes that are left to be asked for, and whether more were: that is not the system's lack of memory. */
typedef struct Budget {
    size_t left;
    bool exceeded;
} Budget;

static bool within(size_t bytes, void *user)
{
    Budget *budget = user;
    bool allowed = bytes <= budget->left;
    budget->left -= allowed ? bytes : 0;
    budget->exceeded |= !allowed;
    return allowed;
}

/* What the network makes of an empty picture, [1, 1, side, side] or flattened, in evaluation, which changes nothing and draws no random
 * numbers. NULL with an error. */
static wk_Tensor *try_picture(const Network *net, int64_t side, bool flat, Budget *budget)
{
    *budget = (Budget){.left = PICTURE_BYTES};
    wk_set_memory_hook(within, budget);
    wk_Tensor *picture = flat ? wk_zeros(1, side * side) : wk_zeros(1, 1, side, side);
    wk_Tensor *out = wk_call(wk_eval(net->module), picture);
    wk_set_memory_hook(NULL, NULL);
    return out;
}

static bool gives_scores(wk_Tensor *out)
{
    return out && wk_ndim(out) == 2 && wk_size(out, 0) == 1 && wk_size(out, 1) == CLASSES;
}

/* What would make a network right that refuses its pictures: other pictures, or a layer in front. */
static const char *advice_for_input(const Network *net, int64_t side)
{
    static const char *const advices[2][2] = {
        {"; begin with Flatten()", NULL},
        {"; begin with Flatten(), and --resize none for pictures of 28x28",
         "; begin with Flatten(), and --resize bilinear for pictures of 32x32"}};
    static const char *const others[2] = {"; --resize none gives it pictures of 28x28",
                                          "; --resize bilinear gives it pictures of 32x32"};
    const int64_t other = side == 28 ? 32 : 28;
    const char *advice = "";
    Budget budget;
    if (gives_scores(try_picture(net, other, false, &budget)))
        advice = others[side == 28];
    else if (gives_scores(try_picture(net, side, true, &budget)))
        advice = advices[0][0];
    else if (gives_scores(try_picture(net, other, true, &budget)))
        advice = advices[1][side == 28];
    wk_clear_error();
    return advice;
}

static int bad_output(const char *command, const char *path, wk_Tensor *out, int64_t side)
{
    char advice[100] = "";
    if (wk_ndim(out) != 2 && wk_numel(out) > 0)
        snprintf(advice, sizeof advice, "; end with Flatten() and Linear(%lld, %d)", (long long)wk_numel(out),
                 CLASSES);
    return report(command, EXIT_DATA,
                  "%s: the network makes %s of a picture [1, 1, %lld, %lld], it must make [1, %d]%s",
                  quoted(path).text, shape_text(out).text, (long long)side, (long long)side, CLASSES, advice);
}

/* That it gives a score for each class of a picture. */
static int check_shape(const Network *net, const char *command, const char *path)
{
    int64_t side = picture_side(net->resize);
    int code = EXIT_OK;
    Budget budget;
    wk_Scope scope = wk_scope_begin();
    wk_no_grad
    {
        wk_Tensor *out = try_picture(net, side, false, &budget);
        if (!out && budget.exceeded)
            code = report(command, EXIT_DATA, "%s: the network needs more than 256 MiB for a picture",
                          quoted(path).text);
        else if (!out && wk_error_kind() == WK_ERROR_MEMORY)
            code = report_wick(command, STAGE_WORKING);
        else if (!out) {
            char message[1024];
            snprintf(message, sizeof message, "%s", wk_error());
            code = report(command, EXIT_DATA, "%s: %s%s", quoted(path).text, message,
                          advice_for_input(net, side));
        } else if (!gives_scores(out))
            code = bad_output(command, path, out, side);
    }
    wk_scope_end(scope);
    wk_train(net->module, true);
    return code;
}

int network_make(Network *net, const char *command, const char *model, const char *resize)
{
    *net = (Network){.resize = resize};
    if (strcmp(model, "lenet") == 0) {
        net->module = LeNet_new();
        return net->module ? check_shape(net, command, model) : report_wick(command, STAGE_WORKING);
    }
    if (access(model, F_OK) != 0 && wk_closer_word(model, NULL, "lenet"))
        return report(command, EXIT_NOINPUT, "--model: there is no file '%s'%s", quoted(model).text,
                      did_you_mean("", "lenet").text);
    int code = check_kind(command, model, WANTED_NETWORK);
    if (code != EXIT_OK)
        return code;
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *text = wk_read_file(model, TEXT_BYTES);
    if (text)
        net->module = wk_Sequential_from_text(wk_data_ptr(text), (size_t)wk_numel(text), model);
    if (net->module) /* so it holds no NUL */
        net->text = strndup(wk_data_ptr(text), (size_t)wk_numel(text));
    wk_scope_end(scope);
    if (!net->module)
        return report_wick(command, STAGE_READING);
    return net->text ? check_shape(net, command, model) : report(command, EXIT_INTERNAL, "out of memory");
}

/* The module of a saved text; NULL with an error. */
static wk_Module *module_of(const wk_StateDict *dict, const char *path, Budget *budget)
{
    char name[300];
    *budget = (Budget){.left = 16 << 20};
    snprintf(name, sizeof name, "%.250s: network", path);
    for (int i = 0; i < dict->count; i++)
        budget->left += 4 * (size_t)wk_numel(dict->entries[i].tensor) * sizeof(double);
    const char *text = wk_state_dict_metadata(dict, "network");
    wk_set_memory_hook(within, budget);
    wk_Module *module = wk_Sequential_from_text(text, strlen(text), name);
    wk_set_memory_hook(NULL, NULL);
    return module;
}

/* How the pictures of a saved network were resized; NULL for a word that is none of those. */
static const char *saved_resize(const wk_StateDict *dict)
{
    static const char *const known[] = {"bilinear", "pad", "none"};
    const char *resize = wk_state_dict_metadata(dict, "resize");
    for (int i = 0; i < 3; i++)
        if (!resize || strcmp(resize, known[i]) == 0)
            return known[i];
    return NULL;
}

static int load_module(Network *net, const char *command, const char *path, const wk_StateDict *dict)
{
    Budget budget = {0};
    bool own = wk_state_dict_metadata(dict, "network") != NULL;
    net->module = own ? module_of(dict, path, &budget) : LeNet_new();
    if (net->module && wk_load_state_dict(net->module, dict))
        return EXIT_OK;
    if (budget.exceeded)
        return report(command, EXIT_DATA, "%s: the network needs more memory than its tensors",
                      quoted(path).text);
    return report_wick(command, STAGE_READING);
}

int network_load(Network *net, const char *command, const char *path, const char *resize)
{
    *net = (Network){0};
    int code = check_kind(command, path, WANTED_MODEL);
    wk_StateDict *dict = code == EXIT_OK ? wk_load_safetensors(path) : NULL;
    if (!dict)
        return code == EXIT_OK ? report_wick(command, STAGE_READING) : code;
    net->resize = saved_resize(dict);
    if (!net->resize)
        code = report(command, EXIT_DATA, "%s: resize: '%s' is none of bilinear|pad|none", quoted(path).text,
                      quoted(wk_state_dict_metadata(dict, "resize")).text);
    else
        code = load_module(net, command, path, dict);
    net->resize = resize ? resize : net->resize;
    wk_free(dict);
    return code == EXIT_OK ? check_shape(net, command, path) : code;
}

bool network_save(const Network *net, const char *path)
{
    const wk_Metadata metadata[] = {{"format", "pt"},
                                    {"model", net->text ? "text" : "lenet"},
                                    {"resize", net->resize},
                                    {"network", net->text}};
    wk_StateDict *dict = wk_state_dict(net->module);
    bool ok = dict && wk_save_safetensors(dict->count, dict->entries, path,
                                          .metadata_count = net->text ? 4 : 3, .metadata = metadata);
    wk_free(dict);
    return ok;
}

void network_free(Network *net)
{
    wk_free(net->module);
    free(net->text);
    *net = (Network){0};
}
