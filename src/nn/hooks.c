/* Forward hooks: functions of the program's that see what a module takes and gives, and may give something else.
 *
 * A hook may remove itself or others while it runs: the next one is the first with a higher id, looked for anew. */
#include "core/memory.h"
#include "nn/module.h"

struct wk_ModuleHook {
    struct wk_ModuleHook *next; /* of a higher id */
    uint64_t id;
    wk_ForwardHook call;
    void *user;
    void (*release)(void *user);
};

static void end_hook(wk_ModuleHook *hook)
{
    if (hook->release)
        hook->release(hook->user);
    wk_release(hook, sizeof *hook);
}

void wk_module_hooks_free(wk_ModuleHook *hook)
{
    while (hook) {
        wk_ModuleHook *next = hook->next;
        end_hook(hook);
        hook = next;
    }
}

bool wk_module_hooks_run(wk_Module *module, wk_List inputs, wk_Results *results)
{
    uint64_t last = 0;
    for (const wk_ModuleHook *hook = module->parts->hooks; hook;) {
        last = hook->id;
        *results = hook->call(module, inputs, *results, hook->user);
        if (!wk_results_whole(module->cls, results))
            return false;
        hook = module->parts->hooks;
        while (hook && hook->id <= last)
            hook = hook->next;
    }
    return true;
}

uint64_t wk_register_forward_hook(wk_Module *module, wk_ForwardHook call, void *user,
                                  void (*release)(void *user))
{
    const char *op = "register_forward_hook";
    bool valid = wk_module_check(module, op);
    if (valid && !call)
        valid = wk_raise_null(op, "hook") != NULL;
    wk_ModuleHook *hook = valid ? wk_zalloc(sizeof *hook) : NULL;
    if (!hook) {
        if (release)
            release(user);
        return 0;
    }
    wk_ModuleHook **end = &module->parts->hooks;
    while (*end)
        end = &(*end)->next;
    *hook = (wk_ModuleHook){.id = ++module->parts->last_hook, .call = call, .user = user, .release = release};
    *end = hook;
    return hook->id;
}

bool wk_remove_forward_hook(wk_Module *module, uint64_t id)
{
    const char *op = "remove_forward_hook";
    if (!wk_module_check(module, op))
        return false;
    for (wk_ModuleHook **at = &module->parts->hooks; *at; at = &(*at)->next)
        if ((*at)->id == id) {
            wk_ModuleHook *hook = *at;
            *at = hook->next;
            end_hook(hook);
            return true;
        }
    return wk_raise(WK_ERROR_ARGUMENT, "%s: %s has no hook %llu", op, module->cls->name,
                    (unsigned long long)id),
           false;
}
