/* Sequential and ModuleList: children by number.
 *
 * Sequential holds one child's results at a time: they go as soon as the next child has its own. What a child returns,
 * one tensor or several, is what the next one takes. */
#include <stdio.h>

#include "nn/module.h"
#include "nn/print.h"

/* The child's results in the place of `now`, whose shares it ends. */
static void pass_through(wk_Module *child, wk_Results *now)
{
    wk_Scope scope = wk_scope_begin();
    wk_Results next;
    if (!scope.id || !wk_call_into(child, (wk_List){now->count, now->tensors}, WK_MOST_RESULTS, &next))
        next.count = 0;
    for (int i = 0; i < next.count; i++)
        wk_tensor_retain(next.tensors[i]);
    for (int i = 0; i < now->count; i++)
        wk_tensor_release(now->tensors[i]);
    if (scope.id)
        wk_scope_end(scope);
    now->count = next.count;
    for (int i = 0; i < next.count; i++)
        now->tensors[i] = next.tensors[i];
}

static wk_Results Sequential_forward(wk_Module *self, wk_List in)
{
    wk_Results now;
    now.count = in.count;
    if (in.count > WK_MOST_RESULTS)
        return wk_raise(WK_ERROR_ARGUMENT, "Sequential: takes at most %d tensors, got %d", WK_MOST_RESULTS,
                        in.count),
               (wk_Results){0};
    for (int i = 0; i < in.count; i++)
        now.tensors[i] = wk_tensor_retain(in.tensors[i]);
    for (int i = 0; now.count && i < self->parts->children.count; i++)
        pass_through(self->parts->children.items[i].module, &now);
    for (int i = 0; i < now.count; i++)
        now.tensors[i] = wk_scope_adopt(now.tensors[i]);
    return now;
}

static const wk_Class sequential_class = {.name = "Sequential", .forward_all = Sequential_forward};
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
