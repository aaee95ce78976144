/* Networks by name, from text, and from what was saved.
 *
 * The text travels in the file's metadata, so that a saved network needs nothing else. It is believed as little as the rest of the
 * file: the network may ask for no more memory than the file's tensors can fill. */
#define _GNU_SOURCE
#include "network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    return strcmp(resize, "pad") == 0 ? wk_pad : wk_bilinear;
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

/* A memory hook: the bytes that are left to be asked for. */
static bool within(size_t bytes, void *user)
{
    size_t *left = user;
    bool allowed = bytes <= *left;
    *left -= allowed ? bytes : 0;
    return allowed;
}

/* That it gives a score for each class of a picture. Tried on one in evaluation, which changes nothing and draws no random numbers. */
static int check_shape(const Network *net, const char *command, const char *path)
{
    int64_t side = picture_side(net->resize);
    int code = EXIT_OK;
    wk_Scope scope = wk_scope_begin();
    wk_no_grad
    {
        size_t left = PICTURE_BYTES;
        wk_set_memory_hook(within, &left);
        wk_Tensor *out = wk_call(wk_eval(net->module), wk_zeros(1, 1, side, side));
        wk_set_memory_hook(NULL, NULL);
        if (!out)
            code = report(command, EXIT_DATA, "%s: %s", quoted(path).text,
                          wk_error_kind() == WK_ERROR_MEMORY
                              ? "the network needs more than 256 MiB for a picture"
                              : wk_error());
        else if (wk_ndim(out) != 2 || wk_size(out, 0) != 1 || wk_size(out, 1) != CLASSES)
            code = report(command, EXIT_DATA,
                          "%s: the network makes %s of a picture [1, 1, %lld, %lld], it must make [1, %d]",
                          quoted(path).text, shape_text(out).text, (long long)side, (long long)side, CLASSES);
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
static wk_Module *module_of(const wk_StateDict *dict, const char *path)
{
    char name[300];
    size_t left = 16 << 20;
    snprintf(name, sizeof name, "%.250s: network", path);
    for (int i = 0; i < dict->count; i++)
        left += 4 * (size_t)wk_numel(dict->entries[i].tensor) * sizeof(double);
    const char *text = wk_state_dict_metadata(dict, "network");
    wk_set_memory_hook(within, &left);
    wk_Module *module = wk_Sequential_from_text(text, strlen(text), name);
    wk_set_memory_hook(NULL, NULL);
    return module;
}

static const char *saved_resize(const wk_StateDict *dict)
{
    static const char *const known[] = {"pad", "none"};
    const char *resize = wk_state_dict_metadata(dict, "resize");
    for (int i = 0; resize && i < 2; i++)
        if (strcmp(resize, known[i]) == 0)
            return known[i];
    return "bilinear";
}

int network_load(Network *net, const char *command, const char *path, const char *resize)
{
    *net = (Network){0};
    wk_StateDict *dict = wk_load_safetensors(path);
    if (!dict)
        return report_wick(command, STAGE_READING);
    net->resize = resize ? resize : saved_resize(dict);
    bool own = wk_state_dict_metadata(dict, "network") != NULL;
    net->module = own ? module_of(dict, path) : LeNet_new();
    bool loaded = net->module && wk_load_state_dict(net->module, dict);
    int code = EXIT_OK;
    if (!loaded && own && wk_error_kind() == WK_ERROR_MEMORY)
        code = report(command, EXIT_DATA, "%s: the network needs more memory than its tensors",
                      quoted(path).text);
    else if (!loaded)
        code = report_wick(command, STAGE_READING);
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
