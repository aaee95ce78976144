/* Networks from text: a layer a line, as PyTorch writes it.
 *
 *     line     = [ [ NAME ":" ] LAYER "(" [ argument { "," argument } [ "," ] ] ")" ] [ "#" ... ]
 *     argument = [ NAME "=" ] value
 *     value    = int | float | True | False | None | 'word' | "(" int "," ... ")"
 *
 * Which layers there are, and their arguments, stands in their own files (nn/text.h). Strict where leniency would hide damage: every
 * line ends with "\n", the last one too, so that a text that was cut off is not read as a smaller network. */
#include "nn/text.h"

#include <stdio.h>
#include <string.h>

#include "nn/text_scan.h"

enum { TEXT_LAYERS = 10000, TEXT_NAME = 64, TEXT_FILE = 4 << 20 };

/* A layer whose arguments are being read. */
typedef struct TextCall {
    const wk_Layer *layer;
    wk_TextSpan name; /* before the colon; empty */
    const char *at;
    unsigned given;  /* bit i: argument i */
    int positions;   /* arguments without a name */
    bool named_seen; /* one with a name was there */
    union {
        max_align_t align;
        char bytes[WK_LAYER_OPTIONS];
    } options;
    int64_t dims[WK_MAX_DIMS]; /* where a wk_Dims of the options points */
} TextCall;

/* ---- arguments -------------------------------------------------------------------------------------- */

static int64_t int_option(const wk_Argument *a, int64_t value)
{
    return value == 0 && (a->flags & WK_HAS_ZERO) ? WK_ZERO : value;
}

/* One number, or two that go to the option's pair. False when the value is neither. */
static bool store_size(const wk_Argument *a, const wk_TextValue *v, char *options)
{
    int64_t one = v->type == WK_TEXT_NONE ? WK_NONE : v->ints[0];
    bool pair = v->type == WK_TEXT_TUPLE;
    if (pair ? v->count != 2 : v->type != WK_TEXT_INT && v->type != WK_TEXT_NONE)
        return false;
    for (int i = 0; i < 1 + pair; i++) {
        int64_t value = pair ? v->ints[i] : one;
        if (value == WK_NONE && !(a->flags & WK_NONE_SIZE))
            return false;
        *(int64_t *)(void *)(options + (pair ? a->also + i * (int)sizeof value : a->at)) =
            int_option(a, value);
    }
    return true;
}

static bool store_dims(const wk_Argument *a, const wk_TextValue *v, TextCall *call)
{
    if (v->type != WK_TEXT_INT && v->type != WK_TEXT_TUPLE)
        return false;
    for (int i = 0; i < v->count; i++) {
        if (v->ints[i] == WK_NONE)
            return false;
        call->dims[i] = v->ints[i];
    }
    *(wk_Dims *)(void *)(call->options.bytes + a->at) = (wk_Dims){v->count, call->dims};
    return true;
}

/* 'zeros' and "zeros" are the same word. */
static bool is_only(wk_TextSpan text, const char *only)
{
    size_t quotes = *only == '\'';
    return text.length == strlen(only) &&
           memcmp(text.at + quotes, only + quotes, text.length - 2 * quotes) == 0;
}

/* Puts the value where the argument says; false when it is not of its kind. */
static bool store(const wk_Argument *a, const wk_TextValue *v, TextCall *call)
{
    char *options = call->options.bytes, *at = options + a->at;
    if (v->type == WK_TEXT_NONE && (a->flags & WK_HAS_NONE)) {
        if (a->kind == WK_ARGUMENT_NUMBER)
            *(bool *)(options + a->also) = true;
        return true;
    }
    switch (a->kind) {
    case WK_ARGUMENT_INT:
        *(int64_t *)(void *)at = int_option(a, v->ints[0]);
        return v->type == WK_TEXT_INT;
    case WK_ARGUMENT_SIZE:
        return store_size(a, v, options);
    case WK_ARGUMENT_DIMS:
        return store_dims(a, v, call);
    case WK_ARGUMENT_NUMBER:
        *(double *)(void *)at = v->number == 0 && (a->flags & WK_HAS_ZERO) ? (double)WK_ZERO : v->number;
        return v->type == WK_TEXT_INT || v->type == WK_TEXT_FLOAT;
    case WK_ARGUMENT_IF:
    case WK_ARGUMENT_UNLESS:
        *(bool *)at = (v->type == WK_TEXT_TRUE) == (a->kind == WK_ARGUMENT_IF);
        return v->type == WK_TEXT_TRUE || v->type == WK_TEXT_FALSE;
    case WK_ARGUMENT_ONLY:
        return is_only(v->text, a->only);
    case WK_ARGUMENT_REDUCTION:
    case WK_ARGUMENT_TENSOR:
        break; /* of losses, which are no layers */
    }
    return false;
}

static const char *kind_text(const wk_Argument *a)
{
    static const char *const texts[] = {[WK_ARGUMENT_INT] = "an int",
                                        [WK_ARGUMENT_SIZE] = "an int or two in parentheses",
                                        [WK_ARGUMENT_DIMS] = "an int or some in parentheses",
                                        [WK_ARGUMENT_NUMBER] = "a number",
                                        [WK_ARGUMENT_IF] = "True or False",
                                        [WK_ARGUMENT_UNLESS] = "True or False"};
    return a->kind == WK_ARGUMENT_ONLY ? a->only : texts[a->kind];
}

static int argument_count(const wk_Layer *layer)
{
    int count = 0;
    while (layer->arguments[count].name)
        count++;
    return count;
}

static const wk_Argument *unexpected_argument(const wk_TextReader *r, const wk_Layer *layer, wk_TextSpan word)
{
    const char *near_word = NULL;
    for (int i = 0; i < argument_count(layer); i++)
        near_word = wk_scan_closer(word, near_word, layer->arguments[i].name);
    return wk_scan_error(r, word.at, "%s: unexpected argument '%s'%s", layer->name, wk_scan_quoted(word).text,
                         wk_scan_hint(near_word).text),
           NULL;
}

/* The argument that is next: by the name before its "=", or by its position. */
static const wk_Argument *take_argument_name(wk_TextReader *r, TextCall *call)
{
    const wk_Layer *layer = call->layer;
    wk_scan_skip(r);
    const char *start = r->at;
    int count = argument_count(layer), index = 0;
    wk_TextSpan word = wk_scan_word(r);
    if (word.length && wk_scan_take(r, '=')) {
        call->named_seen = true;
        while (index < count && !wk_scan_is(word, layer->arguments[index].name))
            index++;
        if (index == count)
            return unexpected_argument(r, layer, word);
    } else {
        r->at = start;
        index = call->positions++;
        if (call->named_seen)
            return wk_scan_error(r, start, "%s: positional argument follows keyword argument", layer->name),
                   NULL;
        if (index >= count)
            return wk_scan_error(r, start, "%s: takes at most %d arguments", layer->name, count), NULL;
    }
    const wk_Argument *a = &layer->arguments[index];
    if (call->given >> index & 1)
        return wk_scan_error(r, start, "%s: got multiple values for argument '%s'", layer->name, a->name),
               NULL;
    call->given |= 1u << index;
    return a;
}

/* Options that a call in C must give and a text may leave out. */
static void set_text_defaults(TextCall *call)
{
    for (const wk_Argument *a = call->layer->arguments; a->name; a++)
        if (a->flags & WK_TEXT_DEFAULT)
            *(double *)(void *)(call->options.bytes + a->at) = a->unset;
}

static bool take_arguments(wk_TextReader *r, TextCall *call)
{
    const wk_Layer *layer = call->layer;
    if (!wk_scan_take(r, '('))
        return wk_scan_expected(r, "'('");
    for (bool more = !wk_scan_take(r, ')'); more && !wk_scan_take(r, ')');) {
        wk_TextValue v = {0};
        const wk_Argument *a = take_argument_name(r, call);
        if (!a || !wk_scan_value(r, &v))
            return false;
        if (!store(a, &v, call))
            return wk_scan_error(r, v.text.at, "%s: argument '%s' must be %s, not %s", layer->name, a->name,
                                 kind_text(a), wk_scan_quoted(v.text).text);
        more = wk_scan_take(r, ',');
        if (!more && !wk_scan_take(r, ')'))
            return wk_scan_expected(r, "',' or ')'");
    }
    for (int i = 0; i < argument_count(layer); i++)
        if (layer->arguments[i].flags & WK_REQUIRED && !(call->given >> i & 1))
            return wk_scan_error(r, call->at, "%s: missing argument '%s'", layer->name,
                                 layer->arguments[i].name);
    return true;
}

/* ---- layers ----------------------------------------------------------------------------------------- */

wk_LayerEntry *wk_layers;

/* NULL with an error. */
static const wk_Layer *find_layer(const wk_TextReader *r, wk_TextSpan name)
{
    const char *near_word = NULL;
    for (const wk_LayerEntry *entry = wk_layers; entry; entry = entry->next) {
        if (wk_scan_is(name, entry->layer->name))
            return entry->layer;
        near_word = wk_scan_closer(name, near_word, entry->layer->name);
    }
    wk_scan_error(r, name.at, "unknown layer '%s'%s", wk_scan_quoted(name).text,
                  wk_scan_hint(near_word).text);
    return NULL;
}

static bool check_name(const wk_TextReader *r, wk_TextSpan name)
{
    if (name.length > TEXT_NAME)
        return wk_scan_error(r, name.at, "a name has at most %d characters", TEXT_NAME);
    for (int i = 0; i < wk_child_count(r->net); i++)
        if (wk_scan_is(name, wk_child_name(r->net, i)))
            return wk_scan_error(r, name.at, "the name '%s' comes twice", wk_scan_quoted(name).text);
    return true;
}

/* Makes the layer and adds it to the network. What the layer says against it is told with its place. */
static bool add_layer(const wk_TextReader *r, const TextCall *call)
{
    char name[TEXT_NAME + 1];
    if (call->name.length)
        snprintf(name, sizeof name, "%.*s", (int)call->name.length, call->name.at);
    else
        snprintf(name, sizeof name, "%d", wk_child_count(r->net));
    const char *outer = wk_error_place;
    const wk_TextPlace place = wk_scan_place(r, call->at);
    wk_error_place = place.text;
    wk_Module *layer = call->layer->make(call->options.bytes);
    bool added = layer && wk_register_module(r->net, name, layer);
    wk_error_place = outer;
    return added;
}

static bool read_layer(wk_TextReader *r)
{
    TextCall call = {0};
    wk_TextSpan word = wk_scan_word(r);
    if (word.length && wk_scan_take(r, ':')) {
        if (!check_name(r, word))
            return false;
        call.name = word;
        word = wk_scan_word(r);
    }
    if (!word.length)
        return wk_scan_expected(r, "a layer");
    call.at = word.at;
    call.layer = find_layer(r, word);
    if (!call.layer)
        return false;
    set_text_defaults(&call);
    if (!take_arguments(r, &call))
        return false;
    wk_scan_skip(r);
    if (*r->at != '\n' && *r->at != '#')
        return wk_scan_expected(r, "the end of the line");
    if (wk_child_count(r->net) == TEXT_LAYERS)
        return wk_scan_error(r, call.at, "a network has at most %d layers", TEXT_LAYERS);
    return add_layer(r, &call);
}

static bool read_lines(wk_TextReader *r, const char *end)
{
    const char *newline;
    for (r->line = 1; r->at < end; r->line++, r->at = newline + 1) {
        r->line_start = r->at;
        if (!wk_scan_check_line(r, end, &newline))
            return false;
        wk_scan_skip(r);
        if (*r->at != '\n' && *r->at != '#' && !read_layer(r))
            return false;
    }
    r->line_start = r->at;
    return wk_child_count(r->net) || wk_scan_error(r, r->at, "no layer in all of the text");
}

wk_Module *wk_Sequential_from_text(const char *text, size_t length, const char *name)
{
    if (!text)
        return wk_raise_null("Sequential", "text");
    wk_TextReader r = {.at = text, .line_start = text, .net = wk_Sequential_of(0, NULL)};
    wk_quote(r.name, sizeof r.name, name ? name : "text");
    if (!r.net || read_lines(&r, text + length))
        return r.net;
    wk_module_free(r.net);
    return NULL;
}

wk_Module *wk_Sequential_from_file(const char *path)
{
    wk_Scope scope = wk_scope_begin();
    if (!scope.id)
        return NULL;
    wk_Tensor *text = wk_read_file(path, TEXT_FILE);
    wk_Module *net = text ? wk_Sequential_from_text(wk_tensor_data(text), (size_t)text->numel, path) : NULL;
    wk_scope_end(scope);
    return net;
}
