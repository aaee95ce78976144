/* Sequential and ModuleList: children by number.
 *
 * Sequential holds one result at a time: what a child has computed goes as soon as the next one has its
 * result. */
#include <stdio.h>

#include "nn/module.h"
#include "nn/print.h"

static wk_Tensor *Sequential_forward(wk_Module *self, wk_Tensor *x)
{
    wk_tensor_retain(x);
    for (int i = 0; x && i < self->parts->children.count; i++) {
        wk_Scope scope = wk_scope_begin();
        wk_Tensor *next = scope.id ? wk_call(self->parts->children.items[i].module, x) : NULL;
        wk_tensor_retain(next);
        wk_tensor_release(x);
        if (scope.id)
            wk_scope_end(scope);
        x = next;
    }
    return wk_scope_adopt(x);
}

static const wk_Class sequential_class = {.name = "Sequential", .forward = Sequential_forward};
const wk_Class wk_module_list_class = {.name = "ModuleList"};

wk_Module *wk_append(wk_Module *container, wk_Module *module)
{
    char name[16];
    if (!container || !module)
        wk_raise_null("append", container ? "module" : "container");
    bool valid = wk_module_check(container, "append"); /* if not, the module is taken over all the same */
    snprintf(name, sizeof name, "%d", valid ? container->parts->children.count : 0);
    return wk_register_module(container, name, module) ? container : NULL;
}

/* Takes all of the modules over, whatever happens. */
static wk_Module *container_of(const wk_Class *cls, int count, wk_Module *const *modules)
{
    if (!wk_array_check(count, modules, cls->name, "modules"))
        return NULL;
    wk_Module *container = wk_module_new(sizeof *container, cls);
    bool whole = container != NULL;
    for (int i = 0; i < count; i++)
        whole = wk_append(container, modules[i]) && whole;
    if (!whole) {
        wk_module_free(container);
        return NULL;
    }
    return container;
}

wk_Module *wk_Sequential_of(int count, wk_Module *const *modules)
{
    return container_of(&sequential_class, count, modules);
}

wk_Module *wk_ModuleList_of(int count, wk_Module *const *modules)
{
    return container_of(&wk_module_list_class, count, modules);
}
