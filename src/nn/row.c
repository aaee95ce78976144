/* What every row of nn/modules.def shares: resolving options, making the module, describing it. */
#include "nn/row.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/options.h"
#include "nn/layers.h"
#include "nn/print.h"
#include "ops/ops.h"

/* ---- options ---------------------------------------------------------------------------------------- */

static bool resolve_int(const wk_Argument *a, int64_t *option, bool placed)
{
    if (*option == 0 && (a->unset != 0 || a->kind == WK_ARGUMENT_SIZE) && (placed || a->flags & WK_REQUIRED))
        *option = WK_ZERO;
    else if (*option == 0 && a->kind == WK_ARGUMENT_INT)
        *option = (int64_t)a->unset;
    return true;
}

static bool resolve_double(const wk_Argument *a, double *option, bool placed)
{
    if (*option == 0 && a->unset != 0 && !(a->flags & (WK_REQUIRED | WK_TEXT_DEFAULT)))
        *option = placed ? (double)WK_ZERO : a->unset;
    return true;
}

static bool resolve_size(const char *layer, const wk_Argument *a, char *options, bool placed)
{
    int64_t *number = (int64_t *)(void *)(options + a->at);
    const int64_t *pair = (const int64_t *)(const void *)(options + a->also);
    if (*number == 0 && placed)
        *number = WK_ZERO;
    return !(a->flags & WK_REQUIRED) || wk_size_given(layer, a->name, *number, pair);
}

static bool resolve(const wk_ModuleRow *row, const wk_Argument *a, char *options, bool placed)
{
    void *option = options + a->at;
    switch (a->kind) {
    case WK_ARGUMENT_INT:
        return resolve_int(a, option, placed);
    case WK_ARGUMENT_NUMBER:
        return resolve_double(a, option, placed);
    case WK_ARGUMENT_SIZE:
        return resolve_size(row->cls.name, a, options, placed);
    case WK_ARGUMENT_REDUCTION:
        return wk_reduction_known(row->cls.name, *(const wk_Reduction *)option);
    default:
        return true;
    }
}

/* By place no option comes whose PyTorch argument is its opposite, and none behind it. */
static bool placed_allowed(const wk_ModuleRow *row, int given)
{
    const wk_Argument *a = row->layer.arguments;
    int most = 0;
    while (a->name && a->kind != WK_ARGUMENT_UNLESS)
        most += a++->kind != WK_ARGUMENT_ONLY;
    if (!a->name || given <= most)
        return true;
    wk_Text names = {0};
    for (const char *comma = ""; a->name; a++, comma = ", ")
        if (a->kind != WK_ARGUMENT_ONLY)
            wk_text_printf(&names, "%s%s", comma, a->kind == WK_ARGUMENT_UNLESS ? a->only : a->name);
    if (!names.failed)
        wk_by_place_at_most(row->cls.name, given, most, wk_text_str(&names));
    wk_text_free(&names);
    return false;
}

static bool resolve_all(const wk_ModuleRow *row, char *options)
{
    const int given = *(const int *)(const void *)(options + row->by_place);
    int place = 0;
    if (!placed_allowed(row, given))
        return false;
    for (const wk_Argument *a = row->layer.arguments; a->name; a++) {
        place += a->kind != WK_ARGUMENT_ONLY;
        if (!resolve(row, a, options, given >= place) ||
            (a->allowed && !a->allowed(row->cls.name, a, options + a->at)))
            return false;
    }
    return true;
}

/* ---- the module ------------------------------------------------------------------------------------- */

/* A tensor among the options becomes a buffer, and stays the caller's as well. */
static bool register_tensors(const wk_ModuleRow *row, wk_Module *module, const char *options)
{
    for (const wk_Argument *a = row->layer.arguments; a->name; a++) {
        wk_Tensor *tensor =
            a->kind == WK_ARGUMENT_TENSOR ? *(wk_Tensor *const *)(const void *)(options + a->at) : NULL;
        if (tensor && !wk_register_shared_buffer(module, a->name, tensor))
            return false;
    }
    return true;
}

wk_Module *wk_row_module(const wk_ModuleRow *row, const void *options)
{
    union {
        max_align_t align;
        char bytes[WK_LAYER_OPTIONS];
    } own;
    memcpy(own.bytes, options, row->bytes);
    if (!resolve_all(row, own.bytes))
        return NULL;
    wk_Module *module = wk_module_new(sizeof *module + row->bytes, &row->cls);
    if (!module)
        return NULL;
    memcpy(module + 1, own.bytes, row->bytes);
    if (register_tensors(row, module, own.bytes))
        return module;
    wk_module_free(module);
    return NULL;
}

/* ---- its description -------------------------------------------------------------------------------- */

static const char *bool_text(bool value)
{
    return value ? "True" : "False";
}

static bool append_option_int(wk_Text *text, int64_t value, int64_t unset)
{
    value = wk_int_or(value, unset);
    return value == WK_NONE ? wk_text_append(text, "None") : wk_text_printf(text, "%lld", (long long)value);
}

/* A size as it was given: "5" or "(5, 3)". */
static bool append_option_size(wk_Text *text, const wk_Argument *a, const char *options)
{
    const int64_t number = *(const int64_t *)(const void *)(options + a->at);
    const int64_t *pair = (const int64_t *)(const void *)(options + a->also);
    if (pair[0] || pair[1])
        return wk_text_append(text, "(") && append_option_int(text, pair[0], 0) &&
               wk_text_append(text, ", ") && append_option_int(text, pair[1], 0) && wk_text_append(text, ")");
    return append_option_int(text, number, (int64_t)a->unset);
}

/* Whether the argument has another value than its default. */
static bool size_option_given(const wk_Argument *a, const char *options)
{
    const int64_t *pair = (const int64_t *)(const void *)(options + a->also);
    return *(const int64_t *)(const void *)(options + a->at) || pair[0] || pair[1];
}

static bool append_option(wk_Text *text, const wk_Argument *first, const wk_Argument *a, const char *options)
{
    const void *option = options + a->at;
    switch (a->kind) {
    case WK_ARGUMENT_INT:
        return append_option_int(text, *(const int64_t *)option, 0);
    case WK_ARGUMENT_SIZE:
        return append_option_size(text, a->flags & WK_AS_FIRST && !size_option_given(a, options) ? first : a,
                                  options);
    case WK_ARGUMENT_NUMBER:
        return wk_text_repr(text, wk_double_or(*(const double *)option, 0));
    case WK_ARGUMENT_IF:
    case WK_ARGUMENT_UNLESS:
        return wk_text_append(text, bool_text(*(const bool *)option == (a->kind == WK_ARGUMENT_IF)));
    default:
        return wk_text_append(text, a->only);
    }
}

bool wk_row_describe(const wk_Module *self, char *out, size_t size)
{
    const wk_Argument *first = ((const wk_ModuleRow *)(const void *)self->cls)->layer.arguments;
    const char *options = wk_row_options(self);
    wk_Text text = {0};
    for (const wk_Argument *a = first; a->name; a++) {
        if (a->print == WK_PRINT_NEVER || (a->print == WK_PRINT_IF_SET && !*(const bool *)(options + a->at)))
            continue;
        wk_text_append(&text, text.length ? ", " : "");
        if (a->print != WK_PRINT_BARE)
            wk_text_printf(&text, "%s=", a->name);
        append_option(&text, first, a, options);
    }
    bool done = !text.failed;
    if (done)
        snprintf(out, size, "%s", wk_text_str(&text));
    wk_text_free(&text);
    return done;
}
