/* Modules: making one, registering what it owns, letting go.
 *
 * A module is counted like a tensor. Its maker holds the first share, which the first module that it is
 * registered in takes over; each further place adds one, so that weights are shared by registering a module
 * twice. Letting go works off a list, not the stack. */
#include "nn/module.h"

#include <string.h>

#include "core/memory.h"

_Static_assert(sizeof(wk_Object) <= sizeof((wk_Module *)0)->wk_head[0],
               "the object's header lies in wk_head");

static wk_Object *module_object(const wk_Module *module)
{
    return (wk_Object *)(uintptr_t)module->wk_head;
}

bool wk_module_check(const wk_Module *module, const char *op)
{
    return wk_object_check(module, op, "module");
}

bool wk_module_complete(const wk_Module *module, const char *op)
{
    if (!wk_module_check(module, op))
        return false;
    if (module->parts->incomplete)
        return wk_raise(WK_ERROR_STATE,
                        "%s: %s is incomplete: not all could be registered that belongs to it", op,
                        module->cls->name),
               false;
    return true;
}

/* ---- making ----------------------------------------------------------------------------------------- */

wk_Module *wk_module_new(size_t bytes, const wk_Class *cls)
{
    if (!cls || !cls->name)
        return wk_raise_null("module", cls ? "class name" : "class");
    if (bytes < sizeof(wk_Module))
        return wk_raise(WK_ERROR_ARGUMENT, "module: %s has %zu bytes, but begins with a wk_Module of %zu",
                        cls->name, bytes, sizeof(wk_Module));
    wk_Module *module = wk_zalloc(bytes);
    struct wk_ModuleParts *parts = module ? wk_zalloc(sizeof *parts) : NULL;
    if (!parts) {
        wk_release(module, bytes);
        return NULL;
    }
    parts->bytes = bytes;
    wk_object_init(module_object(module));
    module->cls = cls;
    module->training = true;
    module->parts = parts;
    return module;
}

/* A module with a class of its own, under a copy of the name. */
static wk_Module *module_with_class(size_t bytes, wk_Class cls)
{
    if (!cls.name)
        return wk_raise_null("module", "name");
    wk_Module *module = wk_module_new(bytes, &cls);
    if (!module)
        return NULL;
    cls.name = wk_strdup(cls.name);
    module->parts->own = cls;
    module->cls = &module->parts->own;
    if (!cls.name) {
        wk_module_free(module);
        return NULL;
    }
    return module;
}

wk_Module *wk_module_named(size_t bytes, const char *name,
                           wk_Tensor *(*forward)(wk_Module *self, wk_Tensor *x))
{
    return module_with_class(bytes, (wk_Class){.name = name, .forward = forward});
}

wk_Module *wk_module_named_all(size_t bytes, const char *name,
                               wk_Results (*forward)(wk_Module *self, wk_List inputs))
{
    return module_with_class(bytes, (wk_Class){.name = name, .forward_all = forward});
}

static void release_user(struct wk_ModuleParts *parts)
{
    if (parts->release_user)
        parts->release_user(parts->user);
    parts->release_user = NULL;
}

bool wk_module_set_user(wk_Module *module, void *user, void (*release)(void *user))
{
    if (!wk_module_check(module, "set_user")) {
        if (release)
            release(user);
        return false;
    }
    release_user(module->parts);
    module->parts->user = user;
    module->parts->release_user = release;
    return true;
}

void *wk_module_user(const wk_Module *module)
{
    return wk_module_check(module, "user") ? module->parts->user : NULL;
}

const char *wk_class_name(const wk_Module *module)
{
    return wk_module_check(module, "class_name") ? module->cls->name : NULL;
}

bool wk_is_training(const wk_Module *module)
{
    return wk_module_check(module, "is_training") && module->training;
}

/* ---- letting go ------------------------------------------------------------------------------------- */

/* Ends the share that a module holds of a tensor. */
static void drop_tensor(wk_Tensor *tensor)
{
    tensor->places--;
    wk_tensor_release(tensor);
}

static void release_tensors(wk_Entries *entries)
{
    for (int i = 0; i < entries->count; i++) {
        drop_tensor(entries->items[i].tensor);
        wk_strfree(entries->items[i].name);
    }
    wk_release(entries->items, entries->capacity * sizeof *entries->items);
}

static void release_names(wk_LentNames *lent)
{
    wk_release(lent->items, lent->capacity * sizeof *lent->items);
    wk_text_free(&lent->names);
}

/* Ends one share; a module whose last it was goes to the list. */
static void drop_module(wk_Module *module, wk_Module **list)
{
    if (!wk_object_drop(module_object(module)))
        return;
    module->parts->link = *list;
    *list = module;
}

/* Ends the share that the entry of that name holds of a child. */
static void drop_child(const char *name, wk_Module *child, wk_Module **list)
{
    child->parts->owners--;
    if (child->parts->place == name)
        child->parts->place = NULL;
    drop_module(child, list);
}

static void release_children(struct wk_ModuleParts *parts, wk_Module **list)
{
    for (int i = 0; i < parts->children.count; i++) {
        drop_child(parts->children.items[i].name, parts->children.items[i].module, list);
        wk_strfree(parts->children.items[i].name);
    }
    wk_release(parts->children.items, parts->children.capacity * sizeof *parts->children.items);
}

static void release_listed(wk_Module *list)
{
    while (list) {
        wk_Module *m = list;
        struct wk_ModuleParts *parts = m->parts;
        list = parts->link;
        if (m->cls->release)
            m->cls->release(m);
        release_user(parts);
        wk_module_hooks_free(parts->hooks);
        release_children(parts, &list);
        release_tensors(&parts->parameters);
        release_tensors(&parts->buffers);
        wk_release(parts->list, parts->list_capacity * sizeof *parts->list);
        release_names(&parts->named_parameters);
        release_names(&parts->named_buffers);
        wk_strfree((char *)parts->own.name);
        wk_release_object(m, parts->bytes);
        wk_release(parts, sizeof *parts);
    }
}

static void release_module(wk_Module *module)
{
    wk_Module *list = NULL;
    drop_module(module, &list);
    release_listed(list);
}

void wk_module_free(wk_Module *module)
{
    if (!module || !wk_module_check(module, "free"))
        return;
    if (atomic_load(&module_object(module)->refs) == (unsigned)module->parts->owners) {
        wk_raise(WK_ERROR_STATE, "free: this %s belongs to another module, which frees it",
                 module->cls->name);
        return;
    }
    release_module(module);
}

wk_Module *wk_module_keep(wk_Module *module)
{
    if (!wk_module_check(module, "keep"))
        return NULL;
    wk_object_retain(module_object(module));
    return module;
}

/* ---- registering ------------------------------------------------------------------------------------ */

wk_Entry *wk_entry_named(const wk_Entries *entries, const char *name, size_t length)
{
    for (int i = 0; i < entries->count; i++)
        if (strlen(entries->items[i].name) == length && memcmp(entries->items[i].name, name, length) == 0)
            return &entries->items[i];
    return NULL;
}

/* Whether an entry of that kind ("module", "parameter" or "buffer") can have the name. An entry of the same
 * kind is replaced; one of another kind is an error. */
static bool name_allowed(const wk_Module *self, const char *op, const char *kind, const char *name)
{
    if (!wk_module_check(self, op))
        return false;
    if (!name)
        return wk_raise_null(op, "name"), false;
    char quoted[80];
    wk_quote(quoted, sizeof quoted, name);
    if (strchr(name, '.'))
        return wk_raise(WK_ERROR_ARGUMENT, "%s: %s name can't contain \".\", got: %s", op, kind, quoted),
               false;
    if (!*name)
        return wk_raise(WK_ERROR_ARGUMENT, "%s: %s name can't be empty string \"\"", op, kind), false;
    const struct {
        const char *kind;
        const wk_Entries *entries;
    } lists[] = {{"module", &self->parts->children},
                 {"parameter", &self->parts->parameters},
                 {"buffer", &self->parts->buffers}};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (strcmp(lists[i].kind, kind) != 0 && wk_entry_named(lists[i].entries, name, strlen(name)))
            return wk_raise(WK_ERROR_ARGUMENT, "%s: attribute '%s' already exists", op, quoted), false;
    return true;
}

/* The entry of that name, or a new one that names nothing yet. Its share is the caller's business. */
static wk_Entry *entry_for(wk_Entries *entries, const char *name)
{
    wk_Entry *former = wk_entry_named(entries, name, strlen(name));
    if (former)
        return former;
    if (!wk_grow((void **)&entries->items, &entries->capacity, (size_t)entries->count,
                 sizeof *entries->items))
        return NULL;
    char *copy = wk_strdup(name);
    if (!copy)
        return NULL;
    wk_Entry *entry = &entries->items[entries->count++];
    *entry = (wk_Entry){.name = copy};
    return entry;
}

/* Members of the module's struct that point to what an entry held follow it, as attributes do in PyTorch: what they pointed to may
 * be gone. Not so when another entry holds that too: then it stays, and which entry a member is of cannot be told. */
static void members_follow(wk_Module *self, const void *former, const void *now)
{
    const wk_Entries *lists[] = {&self->parts->children, &self->parts->parameters, &self->parts->buffers};
    if (former == now)
        return;
    for (size_t l = 0; l < sizeof lists / sizeof *lists; l++)
        for (int i = 0; i < lists[l]->count; i++)
            if (lists[l]->items[i].tensor == former || lists[l]->items[i].module == former)
                return;
    char *at = (char *)(self + 1), *end = (char *)self + self->parts->bytes;
    for (; at + sizeof former <= end; at += sizeof former)
        if (memcmp(at, &former, sizeof former) == 0)
            memcpy(at, &now, sizeof now);
}

/* Whether `wanted` is `module` or below it. */
static bool module_holds(wk_Module *module, const wk_Module *wanted)
{
    uint64_t mark = wk_walk_mark();
    wk_Module *list = module;
    module->parts->link = NULL;
    module->parts->mark = mark;
    while (list) {
        wk_Module *m = list;
        list = m->parts->link;
        if (m == wanted)
            return true;
        for (int i = 0; i < m->parts->children.count; i++) {
            wk_Module *child = m->parts->children.items[i].module;
            if (child->parts->mark == mark)
                continue;
            child->parts->mark = mark;
            child->parts->link = list;
            list = child;
        }
    }
    return false;
}

static wk_Module *registration_failed(wk_Module *self, wk_Module *child)
{
    if (self && module_object(self)->magic == WK_ALIVE)
        self->parts->incomplete = true;
    if (child && child->parts->owners == 0)
        release_module(child);
    return NULL;
}

wk_Module *wk_register_module(wk_Module *self, const char *name, wk_Module *child)
{
    const char *op = "register_module";
    if (!child) {
        wk_raise_null(op, "child");
        return registration_failed(self, NULL);
    }
    if (!wk_module_check(child, op))
        return registration_failed(self, NULL);
    if (!name_allowed(self, op, "module", name))
        return registration_failed(self, child);
    if (module_holds(child, self))
        return wk_raise(WK_ERROR_ARGUMENT, "%s: %s cannot be held by %s, which it holds itself", op,
                        child->cls->name, self->cls->name);
    wk_Entry *entry = entry_for(&self->parts->children, name);
    if (!entry)
        return registration_failed(self, child);
    wk_Module *former = entry->module, *list = NULL;
    entry->module = child;
    if (child->parts->owners++ > 0)
        wk_object_retain(module_object(child));
    if (former) {
        members_follow(self, former, child);
        drop_child(entry->name, former, &list);
    }
    release_listed(list);
    if (!child->parts->place)
        child->parts->place = entry->name;
    return child;
}

/* Whether a share is the caller's own, to be taken over; not so when all are scopes' or other modules'. */
static bool callers_own(const wk_Tensor *tensor)
{
    return tensor->places == 0 && atomic_load(&tensor->object.refs) > wk_scope_shares(tensor);
}

/* Registers a tensor with a share that this function is given; entries is NULL when that has failed before. */
static wk_Tensor *register_share(wk_Module *self, wk_Entries *entries, const char *name, wk_Tensor *tensor,
                                 bool persistent)
{
    wk_Entry *entry = entries ? entry_for(entries, name) : NULL;
    if (!entry) {
        registration_failed(self, NULL);
        wk_tensor_release(tensor);
        return NULL;
    }
    wk_Tensor *former = entry->tensor;
    entry->tensor = tensor;
    entry->persistent = persistent;
    tensor->places++;
    if (former) {
        members_follow(self, former, tensor);
        drop_tensor(former);
    }
    return tensor;
}

static wk_Tensor *register_tensor(wk_Module *self, wk_Entries *entries, const char *name, wk_Tensor *tensor,
                                  bool persistent)
{
    return register_share(self, entries, name, callers_own(tensor) ? tensor : wk_tensor_retain(tensor),
                          persistent);
}

wk_Tensor *wk_register_shared_buffer(wk_Module *self, const char *name, wk_Tensor *buffer)
{
    if (!wk_tensor_check(buffer, self->cls->name, name))
        return NULL;
    return register_share(self, &self->parts->buffers, name, wk_tensor_retain(buffer), true);
}

wk_Tensor *wk_register_optional_buffer(wk_Module *self, const char *name, wk_Tensor *buffer)
{
    wk_Tensor *registered = wk_register_buffer(self, name, buffer, true);
    if (registered)
        wk_entry_named(&self->parts->buffers, name, strlen(name))->optional = true;
    return registered;
}

wk_Tensor *wk_register_parameter(wk_Module *self, const char *name, wk_Tensor *parameter)
{
    const char *op = "register_parameter";
    if (!wk_tensor_check(parameter, op, "parameter")) {
        registration_failed(self, NULL);
        return NULL;
    }
    bool allowed = name_allowed(self, op, "parameter", name);
    if (allowed && !wk_is_leaf(parameter)) {
        char quoted[80];
        wk_quote(quoted, sizeof quoted, name);
        wk_raise(
            WK_ERROR_ARGUMENT,
            "%s: Cannot assign non-leaf Tensor to parameter '%s'. Model parameters must be created "
            "explicitly. "
            "To express '%s' as a function of another Tensor, compute the value in the forward() method.",
            op, quoted, quoted);
        allowed = false;
    }
    return register_tensor(self, allowed ? &self->parts->parameters : NULL, name, parameter, true);
}

wk_Tensor *wk_register_buffer(wk_Module *self, const char *name, wk_Tensor *buffer, bool persistent)
{
    const char *op = "register_buffer";
    if (!wk_tensor_check(buffer, op, "buffer")) {
        registration_failed(self, NULL);
        return NULL;
    }
    bool allowed = name_allowed(self, op, "buffer", name);
    return register_tensor(self, allowed ? &self->parts->buffers : NULL, name, buffer, persistent);
}

wk_Tensor *wk_Parameter(wk_Tensor *data)
{
    if (!wk_tensor_check(data, "Parameter", "data"))
        return NULL;
    wk_Scope scope = wk_scope_begin();
    if (!scope.id)
        return NULL;
    wk_Tensor *parameter = NULL;
    wk_no_grad
    {
        wk_Tensor *leaf = wk_detach(wk_contiguous(data));
        if (leaf && wk_requires_grad_(leaf))
            parameter = wk_keep(leaf);
    }
    wk_scope_end(scope);
    return parameter;
}
