/* Scopes: who owns the results of operations.
 *
 * Each thread has one stack of tensors; a scope is a mark on it. Ending a scope lets go of what lies above its mark, and with it of
 * every inner scope that was left open. Marks carry ids: an id that is no longer on the stack is a scope that ended before.
 *
 * Below the first mark lies what was made outside of any scope, and stays until the thread ends. It is counted, some tensors at a time
 * as there is nothing to spare when one is adopted, so that a program that has forgotten its scopes can be told. */
#include <string.h>

#include "core/lifecycle.h"
#include "core/memory.h"
#include "core/tensor.h"

typedef struct Mark {
    uint64_t id;
    size_t start;
} Mark;

typedef struct ScopeStack {
    wk_Tensor **tensors;
    size_t count, capacity;
    Mark *marks;
    size_t depth, mark_capacity;
    uint64_t last_id;
    size_t limit; /* the count at which adopting takes more than a push: at most the capacity */
    size_t outermost, outermost_bytes; /* how many of the outermost tensors are counted, and their bytes */
} ScopeStack;

static _Thread_local ScopeStack wk_scopes;

enum { COUNT_EVERY = 32, OUTERMOST_WARN = 256 << 20 };

static void drop_above(ScopeStack *s, size_t start)
{
    while (s->count > start)
        wk_tensor_release(s->tensors[--s->count]);
}

void wk_scopes_thread_ended(void)
{
    ScopeStack *s = &wk_scopes;
    drop_above(s, 0);
    wk_release(s->tensors, s->capacity * sizeof *s->tensors);
    wk_release(s->marks, s->mark_capacity * sizeof *s->marks);
    memset(s, 0, sizeof *s);
}

/* Room for one more; the thread's end is asked to release it. */
static bool grow(void **items, size_t *capacity, size_t count, size_t item_bytes)
{
    if (!wk_grow(items, capacity, count, item_bytes))
        return false;
    wk_thread_watch();
    return true;
}

/* Counts the outermost tensors that are new; storage that is shared counts once. */
static void count_outermost(ScopeStack *s)
{
    static atomic_flag said = ATOMIC_FLAG_INIT;
    const size_t end = s->depth ? s->marks[0].start : s->count;
    for (; s->outermost < end; s->outermost++) {
        wk_Storage *storage = s->tensors[s->outermost]->storage;
        if (!atomic_exchange_explicit(&storage->counted, true, memory_order_relaxed))
            s->outermost_bytes += storage->bytes;
    }
    if (s->outermost_bytes > OUTERMOST_WARN)
        wk_warn_once(
            &said,
            "scope: %zu results of this thread, of %zu MB, were made outside of any scope and stay until "
            "it ends: end them with each step by wk_scope_begin and wk_scope_end, or by wk_next",
            s->outermost, s->outermost_bytes >> 20);
}

static void set_limit(ScopeStack *s)
{
    const size_t count_at = s->outermost + COUNT_EVERY;
    s->limit = s->depth || count_at > s->capacity ? s->capacity : count_at;
}

/* What adopting takes beside a push, at the limit. */
static bool at_limit(ScopeStack *s)
{
    if (s->depth == 0 && s->count >= s->outermost + COUNT_EVERY)
        count_outermost(s);
    if (s->count == s->capacity && !grow((void **)&s->tensors, &s->capacity, s->count, sizeof *s->tensors))
        return false;
    set_limit(s);
    return true;
}

wk_MemoryStats wk_memory_stats(void)
{
    wk_MemoryStats stats;
    wk_memory_count(&stats);
    count_outermost(&wk_scopes);
    stats.outermost_tensors = wk_scopes.outermost;
    stats.outermost_bytes = wk_scopes.outermost_bytes;
    return stats;
}

wk_Tensor *wk_scope_adopt(wk_Tensor *tensor)
{
    ScopeStack *s = &wk_scopes;
    if (!tensor)
        return NULL;
    if (s->count >= s->limit && !at_limit(s)) {
        wk_tensor_release(tensor);
        return NULL;
    }
    s->tensors[s->count++] = tensor;
    return tensor;
}

/* The index after a scope's mark; 0 for one that has ended. */
static size_t after_mark(const ScopeStack *s, wk_Scope scope)
{
    size_t at = s->depth;
    while (at > 0 && s->marks[at - 1].id != scope.id)
        at--;
    return at;
}

bool wk_scope_adopt_outside(wk_Scope scope, wk_Tensor *tensor)
{
    ScopeStack *s = &wk_scopes;
    size_t at = after_mark(s, scope), start = at ? s->marks[at - 1].start : s->count;
    if (s->count == s->capacity && !grow((void **)&s->tensors, &s->capacity, s->count, sizeof *s->tensors))
        return false;
    memmove(s->tensors + start + 1, s->tensors + start, (s->count++ - start) * sizeof *s->tensors);
    s->tensors[start] = tensor;
    for (size_t i = at ? at - 1 : s->depth; i < s->depth; i++)
        s->marks[i].start++;
    return true;
}

uint32_t wk_scope_shares(const wk_Tensor *tensor)
{
    uint32_t shares = 0;
    for (size_t i = 0; i < wk_scopes.count; i++)
        shares += wk_scopes.tensors[i] == tensor;
    return shares;
}

wk_Scope wk_scope_begin(void)
{
    ScopeStack *s = &wk_scopes;
    if (s->depth == s->mark_capacity &&
        !grow((void **)&s->marks, &s->mark_capacity, s->depth, sizeof *s->marks))
        return (wk_Scope){0};
    s->marks[s->depth++] = (Mark){.id = ++s->last_id, .start = s->count};
    s->limit = s->capacity;
    return (wk_Scope){s->last_id};
}

bool wk_scope_end(wk_Scope scope)
{
    return wk_scope_end_keeping(scope, NULL);
}

bool wk_scope_end_keeping_list(wk_Scope scope, int count, wk_Tensor *const *results)
{
    ScopeStack *s = &wk_scopes;
    size_t at = after_mark(s, scope);
    if (at == 0)
        return wk_raise(WK_ERROR_STATE,
                        "scope_end: this scope has already ended, or was begun by another thread"),
               false;
    size_t start = s->marks[at - 1].start;
    /* The results keep their places in the stack: only what lies beside them goes. */
    unsigned held = 0;
    while (s->count > start) {
        wk_Tensor *tensor = s->tensors[--s->count];
        int i = 0;
        while (i < count && (tensor != results[i] || held >> i & 1))
            i++;
        if (i < count)
            held |= 1u << i;
        else
            wk_tensor_release(tensor);
    }
    for (int i = 0; i < count; i++)
        if (held >> i & 1)
            s->tensors[s->count++] = results[i];
    s->depth = at - 1;
    set_limit(s);
    return true;
}

bool wk_scope_end_keeping(wk_Scope scope, wk_Tensor *result)
{
    return wk_scope_end_keeping_list(scope, result != NULL, &result);
}
