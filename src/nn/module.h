/* What stands behind a module, and the walk over all below it. */
#ifndef WICK_NN_MODULE_H
#define WICK_NN_MODULE_H

#include "core/shape.h"
#include "core/tensor.h"
#include "core/text.h"
#include "wick/nn.h"

/* A child, a parameter or a buffer under its name; the name is owned, and a share of what it names. */
typedef struct wk_Entry {
    char *name;
    wk_Module *module; /* of a child */
    wk_Tensor *tensor; /* of the others */
    bool persistent;   /* of a buffer: part of the state_dict */
    bool optional;     /* of a buffer: a state_dict that is loaded may lack it, and it keeps its value */
} wk_Entry;

typedef struct wk_Entries {
    wk_Entry *items;
    int count;
    size_t capacity;
} wk_Entries;

/* A list that is lent to the caller, kept so that asking for it again allocates nothing. */
typedef struct wk_LentNames {
    wk_NamedTensor *items;
    int count;
    size_t capacity;
    wk_Text names;
} wk_LentNames;

typedef struct wk_ModuleHook wk_ModuleHook;

struct wk_ModuleParts {
    size_t bytes;      /* of the struct that begins with the module */
    int owners;        /* places in other modules; the object's refs are these and the users' shares */
    const char *place; /* its name in the first of them, NULL for none; that module's entry owns the text */
    bool incomplete;   /* something could not be registered */
    wk_Entries children, parameters, buffers;
    wk_Tensor **list;
    int list_count;
    size_t list_capacity;
    wk_LentNames named_parameters, named_buffers;
    uint64_t mark;   /* the last walk that came by */
    wk_Module *link; /* of a list being worked off */
    void *user;      /* the program's */
    void (*release_user)(void *user);
    wk_ModuleHook *hooks; /* in order of registration */
    uint64_t last_hook;   /* the id of the latest one */
    wk_Class own;         /* of wk_module_named, its name owned */
};

/* False with an error when the pointer is NULL or not a living module. */
bool wk_module_check(const wk_Module *module, const char *op);

/* The same, and that all that was registered is there. */
bool wk_module_complete(const wk_Module *module, const char *op);

/* wk_call_all of whose results the first `most` stay; false with an error, and entries from out->count on are not set. */
bool wk_call_into(wk_Module *module, wk_List inputs, int most, wk_Results *out);

/* Runs a module's forward hooks over its results; false with an error. */
bool wk_module_hooks_run(wk_Module *module, wk_List inputs, wk_Results *results);
void wk_module_hooks_free(wk_ModuleHook *hooks);

/* False with an error, unless all results are tensors. */
bool wk_results_whole(const wk_Class *cls, const wk_Results *results);

/* The entry whose name is the first `length` characters of `name`, or NULL. */
wk_Entry *wk_entry_named(const wk_Entries *entries, const char *name, size_t length);

/* wk_register_buffer that leaves the caller's share alone, for tensors that are options. */
wk_Tensor *wk_register_shared_buffer(wk_Module *self, const char *name, wk_Tensor *buffer);

/* wk_register_buffer of a persistent buffer that a loaded state_dict may lack. */
wk_Tensor *wk_register_optional_buffer(wk_Module *self, const char *name, wk_Tensor *buffer);

/* A number that no earlier walk has used. */
uint64_t wk_walk_mark(void);

/* A walk over a module and all below it, parents first, children in order of registration. */
typedef struct wk_Walk {
    const char *op;
    bool (*visit)(struct wk_Walk *walk, wk_Module *module);
    void *user;
    bool every_place; /* shared modules once for each place, as in PyTorch's state_dict; otherwise once */
    bool children_first;
    bool incomplete_too;
    wk_Text prefix; /* of the module's entries: "", "layer1.conv." */
    uint64_t mark;
    int depth, visits;
} wk_Walk;

/* False as soon as visit is, or with an error. */
bool wk_walk(wk_Walk *walk, wk_Module *module);

#endif
