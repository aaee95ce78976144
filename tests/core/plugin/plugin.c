/* A plugin that holds the static library, for tests/core/test_lifecycle.c to load and unload. */
#include "wick/wick.h"

WK_API bool plugin_run(int64_t elements, bool in_scope);

/* Works on the pool. The results are left to the thread's outermost scope, or end with one of their own. */
bool plugin_run(int64_t elements, bool in_scope)
{
    wk_Scope scope = {0};
    if (in_scope)
        scope = wk_scope_begin();
    wk_set_num_threads(3);
    const bool done = wk_sum(wk_mul(wk_ones(elements), 2)) != NULL;
    return (!in_scope || wk_scope_end(scope)) && done;
}
