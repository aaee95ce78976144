/* A module's state: its parameters and persistent buffers by name, out of it and back in.
 *
 * Loading looks at everything before it writes anything: all that does not fit is told in one message, and
 * what will be copied is laid ready, so that the copying itself cannot fail. */
#include <string.h>

#include "core/memory.h"
#include "core/options.h"
#include "core/order.h"
#include "kernels/kernels.h"
#include "nn/module.h"
#include "ops/ops.h"

/* ---- state_dict ------------------------------------------------------------------------------------- */

typedef bool (*EntryVisit)(void *user, const char *name, const wk_Entry *entry);

typedef struct StateWalk {
    EntryVisit visit;
    void *user;
} StateWalk;

static bool visit_state_entries(wk_Walk *walk, const wk_Entries *entries)
{
    const StateWalk *state = walk->user;
    for (int i = 0; i < entries->count; i++) {
        const wk_Entry *e = &entries->items[i];
        if (!e->persistent)
            continue;
        size_t length = walk->prefix.length;
        if (!wk_text_append(&walk->prefix, e->name) ||
            !state->visit(state->user, wk_text_str(&walk->prefix), e))
            return false;
        walk->prefix.length = length;
        walk->prefix.data[length] = 0;
    }
    return true;
}

static bool state_visit(wk_Walk *walk, wk_Module *module)
{
    return visit_state_entries(walk, &module->parts->parameters) &&
           visit_state_entries(walk, &module->parts->buffers);
}

/* Calls visit for each entry of the state_dict, in PyTorch's order. */
static bool for_each_state(wk_Module *module, const char *op, EntryVisit visit, void *user)
{
    StateWalk state = {visit, user};
    wk_Walk walk = {.op = op, .visit = state_visit, .user = &state, .every_place = true};
    return wk_walk(&walk, module);
}

static bool add_to_dict(void *user, const char *name, const wk_Entry *entry)
{
    wk_Scope scope = wk_scope_begin();
    if (!scope.id)
        return false;
    wk_Tensor *values = wk_detach(entry->tensor);
    bool added = values && wk_state_dict_set(user, name, values);
    wk_scope_end(scope);
    return added;
}

wk_StateDict *wk_state_dict(wk_Module *module)
{
    if (!wk_module_check(module, "state_dict"))
        return NULL;
    wk_StateDict *dict = wk_StateDict_new();
    if (dict && !for_each_state(module, "state_dict", add_to_dict, dict)) {
        wk_state_dict_free(dict);
        dict = NULL;
    }
    return dict;
}

/* ---- load_state_dict -------------------------------------------------------------------------------- */

typedef struct Load {
    const wk_StateDict *from;
    wk_StateDict *own; /* the module's, without optional entries that `from` lacks */
    wk_Text missing, unexpected, wrong;
    int missing_count, unexpected_count, wrong_count;
} Load;

static bool add_own(void *user, const char *name, const wk_Entry *entry)
{
    const Load *load = user;
    return (entry->optional && !wk_state_dict_get(load->from, name)) || add_to_dict(load->own, name, entry);
}

/* Of each kind so many are spelled out: the text of an error is bounded. */
enum { SPELLED = 500 };

static bool tell_key(wk_Text *text, int *count, const char *key)
{
    char quoted[160];
    (*count)++;
    if (text->length > SPELLED)
        return true;
    return wk_text_printf(text, "%s\"%s\"", *count > 1 ? ", " : "", wk_quote(quoted, sizeof quoted, key));
}

/* "torch.Size([2, 3])" */
static bool append_size(wk_Text *text, const wk_Tensor *t)
{
    return wk_text_printf(text, "torch.Size(%s)", WK_SHAPE_TEXT(t));
}

static bool tell_wrong(Load *load, const char *key, const wk_Tensor *given, const wk_Tensor *own)
{
    char quoted[160];
    wk_Text *text = &load->wrong;
    load->wrong_count++;
    if (text->length > SPELLED)
        return true;
    return wk_text_printf(text, "\n\tsize mismatch for %s: copying a param with shape ",
                          wk_quote(quoted, sizeof quoted, key)) &&
           append_size(text, given) &&
           wk_text_append(text, " from checkpoint, the shape in current model is ") &&
           append_size(text, own) && wk_text_append(text, ".");
}

/* PyTorch before 0.4 had no tensors of no dimensions: it saved such as [1]. */
static bool is_scalar_of_old(const wk_Tensor *given, const wk_Tensor *own)
{
    return own->ndim == 0 && given->ndim == 1 && given->shape[0] == 1;
}

/* Fills in what does not fit. */
static bool compare_states(Load *load)
{
    for (int i = 0; i < load->own->count; i++) {
        const wk_NamedTensor *own = &load->own->entries[i];
        const wk_Tensor *given = wk_state_dict_get(load->from, own->name);
        bool told = true;
        if (!given)
            told = tell_key(&load->missing, &load->missing_count, own->name);
        else if (!wk_shape_same(given, own->tensor) && !is_scalar_of_old(given, own->tensor))
            told = tell_wrong(load, own->name, given, own->tensor);
        if (!told)
            return false;
    }
    for (int i = 0; i < load->from->count; i++) {
        const char *name = load->from->entries[i].name;
        if (!wk_state_dict_get(load->own, name) &&
            !tell_key(&load->unexpected, &load->unexpected_count, name))
            return false;
    }
    return true;
}

static bool append_keys(wk_Text *text, const char *kind, const wk_Text *keys, int count)
{
    if (!count)
        return true;
    return wk_text_printf(text, "\n\t%s key(s) in state_dict: %s", kind, keys->data) &&
           (keys->length <= SPELLED || wk_text_printf(text, ", ... (%d in all)", count)) &&
           wk_text_append(text, ". ");
}

static void raise_mismatch(const Load *load, const wk_Module *module)
{
    wk_Text text = {0};
    char quoted[80];
    bool done =
        append_keys(&text, "Missing", &load->missing, load->missing_count) &&
        append_keys(&text, "Unexpected", &load->unexpected, load->unexpected_count) &&
        (!load->wrong_count || wk_text_append(&text, load->wrong.data)) &&
        (load->wrong.length <= SPELLED || wk_text_printf(&text, " ... (%d in all)", load->wrong_count));
    if (done)
        wk_raise(WK_ERROR_SHAPE, "Error(s) in loading state_dict for %s:%s",
                 wk_quote(quoted, sizeof quoted, module->cls->name), wk_text_str(&text));
    wk_text_free(&text);
}

/* What is copied into `own`, NULL with an error: a source that shares its memory is cloned first. */
static wk_Tensor *source_for(const wk_Tensor *own, wk_Tensor *given)
{
    if (given->storage == own->storage)
        given = wk_clone(given);
    if (given && is_scalar_of_old(given, own))
        given = wk_tensor_alias(given, 0, own->shape, own->stride, given->offset);
    return given;
}

/* Copies all values, converted to the module's dtypes. */
static bool copy_states(const Load *load)
{
    size_t bytes = (size_t)load->own->count * sizeof(wk_Tensor *);
    wk_Tensor **sources = wk_alloc(bytes);
    bool ready = sources != NULL;
    for (int i = 0; ready && i < load->own->count; i++) {
        const wk_NamedTensor *own = &load->own->entries[i];
        sources[i] = wk_state_dict_get(load->from, own->name);
        if (sources[i])
            ready = (sources[i] = source_for(own->tensor, sources[i])) && wk_rows_to_read(sources[i]) &&
                    wk_rows_to_write(own->tensor);
    }
    for (int i = 0; ready && i < load->own->count; i++) {
        wk_Tensor *own = load->own->entries[i].tensor;
        if (!sources[i])
            continue;
        wk_map("load_state_dict", wk_kernels->cast[sources[i]->dtype][own->dtype], own, 1, &sources[i]);
        wk_tensor_touch(own);
    }
    wk_release(sources, bytes);
    return ready;
}

static bool load_state(Load *load, const wk_Module *module, bool strict)
{
    if (!compare_states(load))
        return false;
    if (!strict)
        load->missing_count = load->unexpected_count = 0;
    if (load->missing_count || load->unexpected_count || load->wrong_count)
        return raise_mismatch(load, module), false;
    return copy_states(load);
}

bool wk_load_state_dict_with(wk_load_options options)
{
    if (!wk_module_check(options.module, "load_state_dict"))
        return false;
    if (!options.state)
        return wk_raise_null("load_state_dict", "state"), false;
    if (!wk_by_place_at_most("load_state_dict", options.by_place, 2, "not_strict"))
        return false;
    wk_Scope scope = wk_scope_begin();
    if (!scope.id)
        return false;
    bool former = wk_set_grad_enabled(false);
    Load load = {.from = options.state, .own = wk_StateDict_new()};
    bool done = load.own && for_each_state(options.module, "load_state_dict", add_own, &load) &&
                load_state(&load, options.module, !options.not_strict);
    wk_state_dict_free(load.own);
    wk_text_free(&load.missing);
    wk_text_free(&load.unexpected);
    wk_text_free(&load.wrong);
    wk_set_grad_enabled(former);
    wk_scope_end(scope);
    return done;
}

/* ---- files ------------------------------------------------------------------------------------------ */

bool wk_module_save(wk_Module *module, const char *path)
{
    wk_StateDict *dict = wk_module_check(module, "save") ? wk_state_dict(module) : NULL;
    if (!dict)
        return false;
    bool saved = wk_save_safetensors_with(
        (wk_save_safetensors_options){.count = dict->count, .tensors = dict->entries, .path = path});
    wk_state_dict_free(dict);
    return saved;
}

bool wk_load(wk_Module *module, const char *path)
{
    if (!wk_module_check(module, "load"))
        return false;
    wk_StateDict *dict = wk_load_safetensors(path);
    bool loaded = dict && wk_load_state_dict(module, dict);
    wk_state_dict_free(dict);
    return loaded;
}
