/* Memory: one caching allocator for everything that the library owns. */
#ifndef WICK_CORE_MEMORY_H
#define WICK_CORE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "wick/runtime.h"

/* bytes of memory aligned to 64; raises WK_ERROR_MEMORY and returns NULL when there is none. Zero bytes give a valid pointer.
 * Freed blocks are kept by size for the next request: a warm training step asks the system for nothing. */
void *wk_alloc(size_t bytes);
void *wk_zalloc(size_t bytes);

/* Room for both in one block of header + bytes; the message of a failure tells only the bytes, which the user has asked for. */
void *wk_alloc_headed(size_t header, size_t bytes);

/* Gives back what wk_alloc(bytes) gave; NULL is allowed. */
void wk_release(void *block, size_t bytes);

/* The same for a block that begins with a magic word. In debug builds a small one is counted as given back at once but used again only
 * after thousands of others: what is read through a stale pointer in the meantime is what it was. */
#ifdef NDEBUG
static inline void wk_release_object(void *object, size_t bytes)
{
    wk_release(object, bytes);
}
#else
void wk_release_object(void *object, size_t bytes);
#endif

/* Fills in what the allocator knows: all but the scopes' numbers. */
void wk_memory_count(wk_MemoryStats *stats);

/* Copies the old contents into a block of new_bytes and releases the old one; on failure returns NULL and leaves the old one. */
void *wk_realloc(void *block, size_t old_bytes, size_t new_bytes);

/* Room for one more item in a growing array of `count` items; false with an error, and then the array is as it was. */
bool wk_grow(void **items, size_t *capacity, size_t count, size_t item_bytes);

/* A copy of text, to be released with wk_strfree. */
char *wk_strdup(const char *text);
void wk_strfree(char *text);

#endif
