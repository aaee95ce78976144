/* Walks over a module and all below it: the lists of parameters and buffers, training and evaluation,
 * gradients, dtype, paths.
 *
 * A module that is shared is visited once, known by the number of the walk that it carries; a tensor that is
 * shared is listed once. Depth is bounded, so that no nesting of modules can exhaust the stack. */
#include <stdatomic.h>
#include <string.h>

#include "autograd/node.h"
#include "core/memory.h"
#include "nn/module.h"

enum { DEEPEST = 1000, MOST_VISITS = 1 << 18 };

uint64_t wk_walk_mark(void)
{
    static atomic_uint_least64_t last;
    return atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
}

static bool walk_below(wk_Walk *walk, wk_Module *module);

static bool walk_children(wk_Walk *walk, wk_Module *module)
{
    const wk_Entries *children = &module->parts->children;
    size_t length = walk->prefix.length;
    for (int i = 0; i < children->count; i++) {
        const wk_Entry *child = &children->items[i];
        if (!wk_text_append(&walk->prefix, child->name) || !wk_text_append(&walk->prefix, ".") ||
            !walk_below(walk, child->module))
            return false;
        walk->prefix.length = length;
        walk->prefix.data[length] = 0;
    }
    return true;
}

static bool walk_below(wk_Walk *walk, wk_Module *module)
{
    if (!walk->every_place && module->parts->mark == walk->mark)
        return true;
    module->parts->mark = walk->mark;
    if (module->parts->incomplete && !walk->incomplete_too && !wk_module_complete(module, walk->op))
        return false;
    if (++walk->visits > MOST_VISITS || walk->depth == DEEPEST)
        return wk_raise(WK_ERROR_OVERFLOW,
                        "%s: modules nest more than %d deep, or are in more than %d places", walk->op,
                        DEEPEST, MOST_VISITS),
               false;
    walk->depth++;
    bool done = walk->children_first ? walk_children(walk, module) && walk->visit(walk, module)
                                     : walk->visit(walk, module) && walk_children(walk, module);
    walk->depth--;
    return done;
}

bool wk_walk(wk_Walk *walk, wk_Module *module)
{
    if (!wk_module_check(module, walk->op))
        return false;
    walk->mark = wk_walk_mark();
    bool done = walk_below(walk, module);
    wk_text_free(&walk->prefix);
    return done;
}

/* ---- lists ------------------------------------------------------------------------------------------ */

/* A tensor in several places is new only the first time. */
static bool listed_in(const wk_Module *lister, const wk_Tensor *tensor)
{
    for (int i = 0; tensor->places > 1 && i < lister->parts->list_count; i++)
        if (lister->parts->list[i] == tensor)
            return true;
    return false;
}

static bool list_visit(wk_Walk *walk, wk_Module *module)
{
    struct wk_ModuleParts *out = ((wk_Module *)walk->user)->parts;
    for (int i = 0; i < module->parts->parameters.count; i++) {
        wk_Tensor *t = module->parts->parameters.items[i].tensor;
        if (listed_in(walk->user, t))
            continue;
        if (!wk_grow((void **)&out->list, &out->list_capacity, (size_t)out->list_count, sizeof *out->list))
            return false;
        out->list[out->list_count++] = t;
    }
    return true;
}

wk_List wk_parameters(wk_Module *module)
{
    if (!wk_module_check(module, "parameters"))
        return (wk_List){0, NULL};
    module->parts->list_count = 0;
    wk_Walk walk = {.op = "parameters", .visit = list_visit, .user = module};
    if (!wk_walk(&walk, module))
        return (wk_List){0, NULL};
    return (wk_List){module->parts->list_count, module->parts->list};
}

static bool named_before(const wk_LentNames *lent, const wk_Tensor *tensor)
{
    for (int i = 0; tensor->places > 1 && i < lent->count; i++)
        if (lent->items[i].tensor == tensor)
            return true;
    return false;
}

/* Adds the entries' tensors with their paths, which stand in `names` one behind the other, each ended by a
 * NUL. */
static bool lend_entries(wk_Walk *walk, const wk_Entries *entries)
{
    wk_LentNames *lent = walk->user;
    for (int i = 0; i < entries->count; i++) {
        const wk_Entry *e = &entries->items[i];
        if (named_before(lent, e->tensor))
            continue;
        if (!wk_grow((void **)&lent->items, &lent->capacity, (size_t)lent->count, sizeof *lent->items) ||
            !wk_text_append(&lent->names, wk_text_str(&walk->prefix)) ||
            !wk_text_append_bytes(&lent->names, e->name, strlen(e->name) + 1))
            return false;
        lent->items[lent->count++] = (wk_NamedTensor){NULL, e->tensor};
    }
    return true;
}

static bool named_parameters_visit(wk_Walk *walk, wk_Module *module)
{
    return lend_entries(walk, &module->parts->parameters);
}

static bool named_buffers_visit(wk_Walk *walk, wk_Module *module)
{
    return lend_entries(walk, &module->parts->buffers);
}

static wk_NamedTensors lend_names(wk_Module *module, wk_LentNames *lent, wk_Walk walk)
{
    lent->count = 0;
    lent->names.length = 0;
    lent->names.failed = false;
    walk.user = lent;
    if (!wk_walk(&walk, module))
        return (wk_NamedTensors){0, NULL};
    const char *name = lent->names.data;
    for (int i = 0; i < lent->count; i++) {
        lent->items[i].name = name;
        name += strlen(name) + 1;
    }
    return (wk_NamedTensors){lent->count, lent->items};
}

wk_NamedTensors wk_named_parameters(wk_Module *module)
{
    wk_Walk walk = {.op = "named_parameters", .visit = named_parameters_visit};
    if (!wk_module_check(module, walk.op))
        return (wk_NamedTensors){0, NULL};
    return lend_names(module, &module->parts->named_parameters, walk);
}

wk_NamedTensors wk_named_buffers(wk_Module *module)
{
    wk_Walk walk = {.op = "named_buffers", .visit = named_buffers_visit};
    if (!wk_module_check(module, walk.op))
        return (wk_NamedTensors){0, NULL};
    return lend_names(module, &module->parts->named_buffers, walk);
}

/* ---- changes ---------------------------------------------------------------------------------------- */

static bool train_visit(wk_Walk *walk, wk_Module *module)
{
    module->training = *(const bool *)walk->user;
    return true;
}

wk_Module *wk_train(wk_Module *module, bool mode)
{
    wk_Walk walk = {.op = "train", .visit = train_visit, .user = &mode, .incomplete_too = true};
    return wk_walk(&walk, module) ? module : NULL;
}

wk_Module *wk_eval(wk_Module *module)
{
    return wk_module_check(module, "eval") ? wk_train(module, false) : NULL;
}

typedef struct Applied {
    void (*fn)(wk_Module *module, void *user);
    void *user;
} Applied;

static bool apply_visit(wk_Walk *walk, wk_Module *module)
{
    const Applied *applied = walk->user;
    applied->fn(module, applied->user);
    return true;
}

wk_Module *wk_module_apply(wk_Module *module, void (*fn)(wk_Module *module, void *user), void *user)
{
    if (!fn)
        return wk_raise_null("apply", "fn");
    Applied applied = {fn, user};
    wk_Walk walk = {.op = "apply",
                    .visit = apply_visit,
                    .user = &applied,
                    .every_place = true,
                    .children_first = true,
                    .incomplete_too = true};
    return wk_walk(&walk, module) ? module : NULL;
}

static bool zero_grad_visit(wk_Walk *walk, wk_Module *module)
{
    bool to_none = *(const bool *)walk->user;
    for (int i = 0; i < module->parts->parameters.count; i++) {
        wk_Tensor *t = module->parts->parameters.items[i].tensor;
        if (!(to_none ? wk_set_grad(t, NULL) : wk_zero_gradient(t)))
            return false;
    }
    return true;
}

bool wk_module_zero_grad(wk_Module *module, bool set_to_none)
{
    wk_Walk walk = {
        .op = "zero_grad", .visit = zero_grad_visit, .user = &set_to_none, .incomplete_too = true};
    return wk_walk(&walk, module);
}

static bool requires_grad_visit(wk_Walk *walk, wk_Module *module)
{
    for (int i = 0; i < module->parts->parameters.count; i++)
        if (!wk_set_requires_grad_(module->parts->parameters.items[i].tensor, *(const bool *)walk->user))
            return false;
    return true;
}

wk_Module *wk_module_requires_grad_(wk_Module *module, bool requires_grad)
{
    wk_Walk walk = {
        .op = "requires_grad_", .visit = requires_grad_visit, .user = &requires_grad, .incomplete_too = true};
    return wk_walk(&walk, module) ? module : NULL;
}

/* ---- by path ---------------------------------------------------------------------------------------- */

static void *raise_no_attribute(const char *op, const wk_Module *module, const char *name, size_t length)
{
    char cut[256], quoted[80];
    if (length >= sizeof cut)
        length = sizeof cut - 1;
    memcpy(cut, name, length);
    cut[length] = 0;
    return wk_raise(WK_ERROR_ARGUMENT, "%s: %s has no attribute `%s`", op, module->cls->name,
                    wk_quote(quoted, sizeof quoted, cut));
}

/* The module at the first `length` characters of the path. */
static wk_Module *module_at(const char *op, wk_Module *module, const char *path, size_t length)
{
    const char *end = path + length;
    while (path < end) {
        const char *dot = memchr(path, '.', (size_t)(end - path));
        size_t part = (size_t)((dot ? dot : end) - path);
        const wk_Entry *entry = wk_entry_named(&module->parts->children, path, part);
        if (!entry)
            return raise_no_attribute(op, module, path, part);
        module = entry->module;
        path += part + 1;
    }
    return module;
}

wk_Module *wk_get_submodule(wk_Module *module, const char *path)
{
    if (!wk_module_check(module, "get_submodule"))
        return NULL;
    if (!path)
        return wk_raise_null("get_submodule", "path");
    return module_at("get_submodule", module, path, strlen(path));
}

wk_Tensor *wk_get_parameter(wk_Module *module, const char *path)
{
    if (!wk_module_check(module, "get_parameter"))
        return NULL;
    if (!path)
        return wk_raise_null("get_parameter", "path");
    const char *dot = strrchr(path, '.'), *name = dot ? dot + 1 : path;
    module = module_at("get_parameter", module, path, dot ? (size_t)(dot - path) : 0);
    const wk_Entry *entry = module ? wk_entry_named(&module->parts->parameters, name, strlen(name)) : NULL;
    if (!entry)
        return module ? raise_no_attribute("get_parameter", module, name, strlen(name)) : NULL;
    return entry->tensor;
}

int wk_child_count(const wk_Module *module)
{
    return wk_module_check(module, "child_count") ? module->parts->children.count : -1;
}

static const wk_Entry *child_at(const char *op, const wk_Module *module, int index)
{
    if (!wk_module_check(module, op))
        return NULL;
    const wk_Entries *children = &module->parts->children;
    if (index < -children->count || index >= children->count)
        return wk_raise(WK_ERROR_INDEX, "%s: index %d is out of range: %s has %d children", op, index,
                        module->cls->name, children->count);
    return &children->items[index < 0 ? index + children->count : index];
}

wk_Module *wk_child(const wk_Module *module, int index)
{
    const wk_Entry *entry = child_at("child", module, index);
    return entry ? entry->module : NULL;
}

const char *wk_child_name(const wk_Module *module, int index)
{
    const wk_Entry *entry = child_at("child_name", module, index);
    return entry ? entry->name : NULL;
}
