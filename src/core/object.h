/* What every public object begins with: its kind, a magic word that shows a stale pointer, and a count of owners. */
#ifndef WICK_CORE_OBJECT_H
#define WICK_CORE_OBJECT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define WK_ALIVE 0x6b636977u /* "wick" */
#define WK_FREED 0xdeadf1e1u

typedef struct wk_Object {
    uint32_t magic;
    atomic_uint refs;
} wk_Object;

static inline void wk_object_init(wk_Object *object)
{
    object->magic = WK_ALIVE;
    atomic_init(&object->refs, 1);
}

static inline void wk_object_retain(wk_Object *object)
{
    atomic_fetch_add_explicit(&object->refs, 1, memory_order_relaxed);
}

/* True when the caller was the last owner. A sole owner needs no atomic write: nobody else can be taking a share. */
static inline bool wk_object_drop(wk_Object *object)
{
    if (atomic_load_explicit(&object->refs, memory_order_acquire) == 1 ||
        atomic_fetch_sub_explicit(&object->refs, 1, memory_order_acq_rel) == 1) {
        object->magic = WK_FREED;
        return true;
    }
    return false;
}

#endif
