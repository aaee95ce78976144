/* The text of a module, as PyTorch prints it: name, description, children indented by two. A list of modules
 * joins equal neighbours. */
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "nn/module.h"
#include "nn/print.h"
#include "ops/window.h"

enum { DESCRIPTION = 1024, DEEPEST_PRINT = 1000, MOST_TEXT = 1 << 24 };

static bool print_module(wk_Text *text, const wk_Module *module, size_t indent, int depth);

/* "\n", the indentation, and the line. */
static bool print_line(wk_Text *text, size_t indent, const char *line, size_t length)
{
    return wk_text_append(text, "\n") && wk_text_repeat(text, ' ', indent) &&
           wk_text_append_bytes(text, line, length);
}

static bool print_description(wk_Text *text, const char *description, size_t indent)
{
    while (*description) {
        size_t length = strcspn(description, "\n");
        if (!print_line(text, indent, description, length))
            return false;
        description += length + (description[length] == '\n');
    }
    return true;
}

static bool print_child(wk_Text *text, const wk_Entry *child, size_t indent, int depth)
{
    return print_line(text, indent, "(", 1) && wk_text_append(text, child->name) &&
           wk_text_append(text, "): ") && print_module(text, child->module, indent, depth + 1);
}

/* Whether two children print the same; false with text->failed when memory is short. */
static bool print_same(wk_Text *text, const wk_Module *a, const wk_Module *b, int depth)
{
    if (a == b)
        return true;
    wk_Text ta = {0}, tb = {0};
    bool done = print_module(&ta, a, 0, depth + 1) && print_module(&tb, b, 0, depth + 1);
    bool same = done && strcmp(wk_text_str(&ta), wk_text_str(&tb)) == 0;
    text->failed = text->failed || !done;
    wk_text_free(&ta);
    wk_text_free(&tb);
    return same;
}

/* "(0-2): 3 x Linear(...)" for neighbours with the same text. */
static bool print_joined(wk_Text *text, const wk_Entries *children, size_t indent, int depth)
{
    for (int first = 0, last; first < children->count; first = last + 1) {
        last = first;
        while (last + 1 < children->count &&
               print_same(text, children->items[first].module, children->items[last + 1].module, depth))
            last++;
        if (text->failed)
            return false;
        if (last == first) {
            if (!print_child(text, &children->items[first], indent, depth))
                return false;
            continue;
        }
        if (!print_line(text, indent, "(", 1) ||
            !wk_text_printf(text, "%d-%d): %d x ", first, last, last - first + 1) ||
            !print_module(text, children->items[first].module, indent, depth + 1))
            return false;
    }
    return true;
}

static bool print_children(wk_Text *text, const wk_Module *module, size_t indent, int depth)
{
    const wk_Entries *children = &module->parts->children;
    if (module->cls == &wk_module_list_class)
        return print_joined(text, children, indent, depth);
    for (int i = 0; i < children->count; i++)
        if (!print_child(text, &children->items[i], indent, depth))
            return false;
    return true;
}

static bool print_module(wk_Text *text, const wk_Module *module, size_t indent, int depth)
{
    if (depth > DEEPEST_PRINT || text->length > MOST_TEXT)
        return wk_raise(WK_ERROR_OVERFLOW, "str: modules nest more than %d deep, or their text is too long",
                        DEEPEST_PRINT),
               false;
    char description[DESCRIPTION] = "";
    if (module->cls->describe && !module->cls->describe(module, description, sizeof description))
        return false;
    if (!wk_text_append(text, module->cls->name) || !wk_text_append(text, "("))
        return false;
    bool one_line = !module->parts->children.count && !strchr(description, '\n');
    if (one_line)
        return wk_text_append(text, description) && wk_text_append(text, ")");
    return print_description(text, description, indent + 2) &&
           print_children(text, module, indent + 2, depth) && print_line(text, indent, ")", 1);
}

char *wk_module_str(const wk_Module *module)
{
    if (!wk_module_check(module, "str"))
        return NULL;
    wk_Text text = {0};
    char *copy = print_module(&text, module, 0, 0) ? wk_strdup(wk_text_str(&text)) : NULL;
    wk_text_free(&text);
    return copy;
}

bool wk_module_print(const wk_Module *module)
{
    char *text = wk_module_str(module);
    if (!text)
        return false;
    bool written = puts(text) >= 0;
    wk_str_free(text);
    return written || (wk_raise(WK_ERROR_IO, "print: cannot write to stdout"), false);
}

/* ---- pieces of descriptions ------------------------------------------------------------------------- */

wk_PairText wk_pair_text(const int64_t pair[2])
{
    wk_PairText t;
    snprintf(t.text, sizeof t.text, "(%lld, %lld)", (long long)pair[0], (long long)pair[1]);
    return t;
}

wk_PairText wk_option_text(int64_t number, const int64_t pair[2], int64_t unset)
{
    int64_t resolved[2];
    wk_window_pair(number, pair, unset, resolved);
    wk_PairText t;
    if (pair[0] || pair[1])
        return wk_pair_text(resolved);
    snprintf(t.text, sizeof t.text, "%lld", (long long)resolved[0]);
    return t;
}
