/* The nodes of one backward, in a table, and the order in which they go.
 *
 * The walk keeps its own stack, which is the heap of ready slots afterwards: the depth of the graph does not matter. */
#include "autograd/task.h"

#include "core/memory.h"

/* ---- the table of nodes ----------------------------------------------------------------------------- */

static size_t hash_of(const wk_Node *node)
{
    return (size_t)(((uintptr_t)node >> 6) * 0x9e3779b97f4a7c15u >> 20);
}

static bool grow_table(Task *t)
{
    size_t size = t->table_size ? t->table_size * 2 : 128;
    size_t *table = wk_zalloc(size * sizeof *table);
    if (!table)
        return false;
    for (size_t s = 0; s < t->count; s++) {
        size_t at = hash_of(t->slots[s].node) & (size - 1);
        while (table[at])
            at = (at + 1) & (size - 1);
        table[at] = s + 1;
    }
    wk_release(t->table, t->table_size * sizeof *table);
    t->table = table;
    t->table_size = size;
    return true;
}

/* Where a node stands in the table, or the free place for it. */
static size_t place_of(const Task *t, const wk_Node *node)
{
    size_t at = hash_of(node) & (t->table_size - 1);
    while (t->table[at] && t->slots[t->table[at] - 1].node != node)
        at = (at + 1) & (t->table_size - 1);
    return at;
}

Slot *wk_task_find(const Task *t, const wk_Node *node)
{
    return &t->slots[t->table[place_of(t, node)] - 1];
}

size_t wk_task_slot(Task *t, wk_Node *node)
{
    size_t at = t->table_size ? place_of(t, node) : 0;
    if (t->table_size && t->table[at])
        return t->table[at] - 1;
    if (t->count * 2 >= t->table_size) {
        if (!grow_table(t))
            return SIZE_MAX;
        at = place_of(t, node);
    }
    if (!wk_grow((void **)&t->slots, &t->capacity, t->count, sizeof *t->slots))
        return SIZE_MAX;
    t->slots[t->count] = (Slot){.node = wk_node_retain(node)};
    t->table[at] = ++t->count;
    return t->count - 1;
}

static bool push(Task *t, size_t slot)
{
    if (!wk_grow((void **)&t->stack, &t->stack_capacity, t->stack_count, sizeof *t->stack))
        return false;
    t->stack[t->stack_count++] = slot;
    return true;
}

/* ---- the first walk --------------------------------------------------------------------------------- */

/* Depth first; a slot is done when its last edge is, so `needed` of everything below it is known then. */
bool wk_task_walk(Task *t, size_t root)
{
    t->slots[root].walked = true;
    if (!push(t, root))
        return false;
    while (t->stack_count) {
        size_t at = t->stack[t->stack_count - 1];
        Slot *slot = &t->slots[at];
        if (slot->next_edge == slot->node->edge_count) {
            slot->leads = !t->only_inputs || (slot->asked && wk_is_accumulate(slot->node));
            for (int i = 0; i < slot->node->edge_count && !slot->leads; i++) {
                const wk_Node *below = slot->node->edges[i].node;
                slot->leads = below && wk_task_find(t, below)->needed;
            }
            slot->needed = slot->leads || slot->asked || slot->capture;
            t->stack_count--;
            continue;
        }
        wk_Node *below = slot->node->edges[slot->next_edge++].node;
        if (!below)
            continue;
        size_t next = wk_task_slot(t, below);
        if (next == SIZE_MAX)
            return false;
        t->slots[next].waits++;
        if (t->slots[next].walked)
            continue;
        t->slots[next].walked = true;
        if (!push(t, next))
            return false;
    }
    return true;
}

/* ---- ready slots: a heap by sequence ---------------------------------------------------------------- */

static bool goes_first(const Task *t, size_t a, size_t b)
{
    return t->slots[t->stack[a]].node->sequence > t->slots[t->stack[b]].node->sequence;
}

static void heap_swap(Task *t, size_t a, size_t b)
{
    size_t s = t->stack[a];
    t->stack[a] = t->stack[b];
    t->stack[b] = s;
}

bool wk_task_ready(Task *t, size_t slot)
{
    if (!push(t, slot))
        return false;
    for (size_t i = t->stack_count - 1; i && goes_first(t, i, (i - 1) / 2); i = (i - 1) / 2)
        heap_swap(t, i, (i - 1) / 2);
    return true;
}

size_t wk_task_next(Task *t)
{
    size_t top = t->stack[0];
    t->stack[0] = t->stack[--t->stack_count];
    for (size_t i = 0;;) {
        size_t first = i, left = 2 * i + 1, right = left + 1;
        if (left < t->stack_count && goes_first(t, left, first))
            first = left;
        if (right < t->stack_count && goes_first(t, right, first))
            first = right;
        if (first == i)
            return top;
        heap_swap(t, i, first);
        i = first;
    }
}
