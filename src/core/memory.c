/* The caching allocator.
 *
 * Requests are rounded up to size classes: multiples of 64 bytes up to 4 KiB ("small"), then four classes to each power of two.
 * Small blocks are kept per thread, without a lock; what a thread keeps too much of, and every large block, lies in common lists
 * under one mutex, so that a batch prepared by one thread and freed by another is found again. A block carries no header: who frees
 * it knows its size. The link of a kept block lies behind its first 16 bytes, so that the magic word of a freed object stays legible.
 *
 * Blocks of a huge page and more ask for huge pages: the first touch of a large result costs a tenth then.
 *
 * Under AddressSanitizer nothing is kept: every block is the system's, and so are its checks. */
#define _DEFAULT_SOURCE
#include "core/memory.h"
#include "core/callback.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#endif

#include "core/checked.h"
#include "core/error.h"
#include "core/lifecycle.h"
#include "wick/runtime.h"

#if defined(__SANITIZE_ADDRESS__)
#define WK_KEEP_BLOCKS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WK_KEEP_BLOCKS 0
#endif
#endif
#ifndef WK_KEEP_BLOCKS
#define WK_KEEP_BLOCKS 1
#endif

enum {
    SMALL_LIMIT = 4096,
    SMALL_CLASSES = SMALL_LIMIT / 64 + 1,
    LARGE_CLASSES = 4 * 36,
    THREAD_KEEPS = 256, /* blocks of one class */
    KEEP_AT_LEAST = 32 << 20,
    HUGE_PAGE = 2 << 20,
};

typedef struct Block {
    char head[16];
    struct Block *next;
} Block;

typedef struct ThreadCache {
    Block *free[SMALL_CLASSES];
    uint16_t count[SMALL_CLASSES];
    _Atomic int64_t
        in_use; /* bytes; written by its thread alone; frees of others' blocks may make it negative */
    struct ThreadCache *next;
} ThreadCache;

static struct {
    pthread_mutex_t lock;
    _Atomic(Block *) small[SMALL_CLASSES]; /* looked at without the lock, changed under it */
    Block *large[LARGE_CLASSES];
    size_t kept;    /* bytes in the lists above */
    int64_t in_use; /* bytes of large blocks, and of small ones of threads that ended */
    int64_t most;   /* highest total */
    _Atomic uint64_t system_allocs;
    ThreadCache *threads;
} wk_pool = {.lock = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local ThreadCache *wk_thread_cache;

static wk_Callback wk_memory_hook;

/* Puts a small block into the common list; the lock is held. */
static void keep_small(Block *b, int c)
{
    b->next = atomic_load_explicit(&wk_pool.small[c], memory_order_relaxed);
    atomic_store_explicit(&wk_pool.small[c], b, memory_order_relaxed);
    wk_pool.kept += (size_t)c * 64;
}

/* Takes one out of it, or NULL. */
static Block *take_small(int c)
{
    pthread_mutex_lock(&wk_pool.lock);
    Block *b = atomic_load_explicit(&wk_pool.small[c], memory_order_relaxed);
    if (b) {
        atomic_store_explicit(&wk_pool.small[c], b->next, memory_order_relaxed);
        wk_pool.kept -= (size_t)c * 64;
    }
    pthread_mutex_unlock(&wk_pool.lock);
    return b;
}

void wk_memory_thread_ended(void)
{
    ThreadCache *cache = wk_thread_cache;
    if (!cache)
        return;
    pthread_mutex_lock(&wk_pool.lock);
    for (int c = 0; c < SMALL_CLASSES; c++)
        while (cache->free[c]) {
            Block *b = cache->free[c];
            cache->free[c] = b->next;
            keep_small(b, c);
        }
    wk_pool.in_use += atomic_load_explicit(&cache->in_use, memory_order_relaxed);
    for (ThreadCache **link = &wk_pool.threads; *link; link = &(*link)->next)
        if (*link == cache) {
            *link = cache->next;
            break;
        }
    pthread_mutex_unlock(&wk_pool.lock);
    wk_thread_cache = NULL;
    free(cache);
}

static ThreadCache *cache_of_thread(void)
{
    ThreadCache *cache = wk_thread_cache;
    if (__builtin_expect(cache != NULL, 1))
        return cache;
    wk_thread_watch();
    cache = calloc(1, sizeof *cache);
    if (!cache)
        return NULL;
    pthread_mutex_lock(&wk_pool.lock);
    cache->next = wk_pool.threads;
    wk_pool.threads = cache;
    pthread_mutex_unlock(&wk_pool.lock);
    return wk_thread_cache = cache;
}

static void count_small(ThreadCache *cache, int64_t bytes)
{
    int64_t now = atomic_load_explicit(&cache->in_use, memory_order_relaxed);
    atomic_store_explicit(&cache->in_use, now + bytes, memory_order_relaxed);
}

/* The total in use; the lock is held. */
static int64_t total_in_use(void)
{
    int64_t total = wk_pool.in_use;
    for (ThreadCache *t = wk_pool.threads; t; t = t->next)
        total += atomic_load_explicit(&t->in_use, memory_order_relaxed);
    if (total > wk_pool.most)
        wk_pool.most = total;
    return total;
}

/* The class of a large request, and the bytes that its blocks have. */
static int large_class(size_t bytes, size_t *rounded)
{
    int top = 63 - __builtin_clzll((unsigned long long)(bytes - 1)); /* 2^top <= bytes - 1 */
    size_t quarter = (size_t)1 << (top - 2);
    size_t up = (bytes + quarter - 1) & ~(quarter - 1);
    *rounded = up;
    int index = (top - 12) * 4 + (int)((up >> (top - 2)) - 5);
    return index < LARGE_CLASSES ? index : -1;
}

static void free_list(Block *b)
{
    while (b) {
        Block *next = b->next;
        free(b);
        b = next;
    }
}

/* Gives back what lies in the common lists; the lock is held. */
static void empty_common_lists(void)
{
    for (int c = 0; c < SMALL_CLASSES; c++) {
        free_list(atomic_load_explicit(&wk_pool.small[c], memory_order_relaxed));
        atomic_store_explicit(&wk_pool.small[c], NULL, memory_order_relaxed);
    }
    for (int c = 0; c < LARGE_CLASSES; c++) {
        free_list(wk_pool.large[c]);
        wk_pool.large[c] = NULL;
    }
    wk_pool.kept = 0;
}

void wk_empty_cache(void)
{
    ThreadCache *cache = wk_thread_cache;
    for (int c = 0; cache && c < SMALL_CLASSES; c++) {
        free_list(cache->free[c]);
        cache->free[c] = NULL;
        cache->count[c] = 0;
    }
    pthread_mutex_lock(&wk_pool.lock);
    empty_common_lists();
    pthread_mutex_unlock(&wk_pool.lock);
}

/* aligned_alloc would want a size that is a multiple of the alignment. */
static void *aligned_block(size_t alignment, size_t bytes)
{
    void *block;
    return posix_memalign(&block, alignment, bytes) == 0 ? block : NULL;
}

static void *system_block(size_t bytes)
{
    if (bytes > PTRDIFF_MAX - HUGE_PAGE)
        return NULL;
    const size_t alignment = bytes >= HUGE_PAGE ? HUGE_PAGE : 64;
    void *block = aligned_block(alignment, bytes);
    if (!block) {
        wk_empty_cache();
        block = aligned_block(alignment, bytes);
    }
    atomic_fetch_add_explicit(&wk_pool.system_allocs, 1, memory_order_relaxed);
#ifdef MADV_HUGEPAGE
    if (block && bytes >= HUGE_PAGE)
        madvise(block, bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE); /* a wish: a refusal does no harm */
#endif
    return block;
}

static void *small_block(ThreadCache *cache, int c)
{
    Block *b = cache->free[c];
    if (b) {
        cache->free[c] = b->next;
        cache->count[c]--;
        return b;
    }
    if (atomic_load_explicit(&wk_pool.small[c], memory_order_relaxed) && (b = take_small(c)))
        return b;
    return system_block((size_t)c * 64);
}

static void *large_block(size_t bytes)
{
    size_t rounded;
    int c = large_class(bytes, &rounded);
    Block *b = NULL;
    pthread_mutex_lock(&wk_pool.lock);
    if (c >= 0 && (b = wk_pool.large[c])) {
        wk_pool.large[c] = b->next;
        wk_pool.kept -= rounded;
    }
    pthread_mutex_unlock(&wk_pool.lock);
    if (!b && !(b = system_block(rounded)))
        return NULL;
    pthread_mutex_lock(&wk_pool.lock);
    wk_pool.in_use += (int64_t)rounded;
    total_in_use();
    pthread_mutex_unlock(&wk_pool.lock);
    return b;
}

/* A failure tells `wanted`, the bytes that the caller has asked for. */
static void *allocate_block(size_t bytes, size_t wanted)
{
    wk_MemoryHook hook = (wk_MemoryHook)atomic_load_explicit(&wk_memory_hook.call, memory_order_acquire);
    void *block = NULL;
    ThreadCache *cache = cache_of_thread();
    if (cache && (!hook || hook(bytes, atomic_load(&wk_memory_hook.user)))) {
        if (bytes <= SMALL_LIMIT) {
            int c = bytes ? (int)((bytes + 63) / 64) : 1;
            block = small_block(cache, c);
            if (block)
                count_small(cache, (int64_t)c * 64);
        } else if (bytes <= PTRDIFF_MAX / 2) {
            block = large_block(bytes);
        }
    }
    if (!block)
        return wk_raise(WK_ERROR_MEMORY, "can't allocate memory: you tried to allocate %zu bytes", wanted);
    return block;
}

void *wk_alloc(size_t bytes)
{
    return allocate_block(bytes, bytes);
}

void *wk_alloc_headed(size_t header, size_t bytes)
{
    size_t both;
    return allocate_block(wk_checked_add(header, bytes, &both) ? both : SIZE_MAX, bytes);
}

void *wk_zalloc(size_t bytes)
{
    void *block = wk_alloc(bytes);
    return block ? memset(block, 0, bytes) : NULL;
}

static void release_small(ThreadCache *cache, Block *b, int c)
{
    if (!WK_KEEP_BLOCKS) {
        free(b);
        return;
    }
    if (cache->count[c] < THREAD_KEEPS) {
        b->next = cache->free[c];
        cache->free[c] = b;
        cache->count[c]++;
        return;
    }
    pthread_mutex_lock(&wk_pool.lock);
    keep_small(b, c);
    pthread_mutex_unlock(&wk_pool.lock);
}

static void release_large(Block *b, size_t bytes)
{
    size_t rounded;
    int c = large_class(bytes, &rounded);
    pthread_mutex_lock(&wk_pool.lock);
    wk_pool.in_use -= (int64_t)rounded;
    const int64_t most = wk_pool.most > KEEP_AT_LEAST ? wk_pool.most : KEEP_AT_LEAST,
                  held = wk_pool.in_use + (int64_t)(wk_pool.kept + rounded);
    bool keep = WK_KEEP_BLOCKS && c >= 0 && held <= most + most / 2;
    if (keep) {
        b->next = wk_pool.large[c];
        wk_pool.large[c] = b;
        wk_pool.kept += rounded;
    }
    pthread_mutex_unlock(&wk_pool.lock);
    if (!keep)
        free(b);
}

void wk_release(void *block, size_t bytes)
{
    if (!block)
        return;
    if (bytes > SMALL_LIMIT) {
        release_large(block, bytes);
        return;
    }
    int c = bytes ? (int)((bytes + 63) / 64) : 1;
    ThreadCache *cache = cache_of_thread();
    if (!cache) {
        free(block);
        return;
    }
    count_small(cache, -(int64_t)c * 64);
    release_small(cache, block, c);
}

#ifndef NDEBUG
enum { LATE = 4096 };
static struct {
    pthread_mutex_t lock;
    struct {
        void *block;
        size_t bytes;
    } late[LATE];
    unsigned next;
} wk_waiting = {.lock = PTHREAD_MUTEX_INITIALIZER};

void wk_release_object(void *object, size_t bytes)
{
    if (!object || bytes > SMALL_LIMIT) {
        wk_release(object, bytes);
        return;
    }
    pthread_mutex_lock(&wk_waiting.lock);
    unsigned slot = wk_waiting.next++ % LATE;
    void *oldest = wk_waiting.late[slot].block;
    size_t oldest_bytes = wk_waiting.late[slot].bytes;
    wk_waiting.late[slot].block = object;
    wk_waiting.late[slot].bytes = bytes;
    pthread_mutex_unlock(&wk_waiting.lock);
    ThreadCache *cache = cache_of_thread();
    int64_t counted = (int64_t)((bytes + 63) / 64 * 64),
            counted_oldest = (int64_t)((oldest_bytes + 63) / 64 * 64);
    if (cache)
        count_small(cache, oldest ? counted_oldest - counted : -counted);
    wk_release(oldest, oldest_bytes);
}
#endif

void *wk_realloc(void *block, size_t old_bytes, size_t new_bytes)
{
    void *grown = wk_alloc(new_bytes);
    if (!grown)
        return NULL;
    if (block)
        memcpy(grown, block, old_bytes < new_bytes ? old_bytes : new_bytes);
    wk_release(block, old_bytes);
    return grown;
}

bool wk_grow(void **items, size_t *capacity, size_t count, size_t item_bytes)
{
    if (count < *capacity)
        return true;
    size_t wanted = *capacity ? *capacity * (*capacity < 64 ? 8 : 2) : 8;
    void *grown = wk_realloc(*items, *capacity * item_bytes, wanted * item_bytes);
    if (!grown)
        return false;
    *items = grown;
    *capacity = wanted;
    return true;
}

char *wk_strdup(const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = wk_alloc(bytes);
    return copy ? memcpy(copy, text, bytes) : NULL;
}

void wk_strfree(char *text)
{
    if (text)
        wk_release(text, strlen(text) + 1);
}

void wk_set_memory_hook_owned(wk_MemoryHook hook, void *user, void (*release)(void *user))
{
    wk_callback_set(&wk_memory_hook, (void (*)(void))hook, user, release);
}

void wk_set_memory_hook(wk_MemoryHook hook, void *user)
{
    wk_set_memory_hook_owned(hook, user, NULL);
}

void wk_memory_count(wk_MemoryStats *stats)
{
    const ThreadCache *cache = wk_thread_cache;
    pthread_mutex_lock(&wk_pool.lock);
    const int64_t total = total_in_use();
    stats->allocated = total > 0 ? (size_t)total : 0;
    stats->max_allocated = (size_t)wk_pool.most;
    stats->cached = wk_pool.kept;
    pthread_mutex_unlock(&wk_pool.lock);
    for (int c = 0; cache && c < SMALL_CLASSES; c++)
        stats->cached += (size_t)cache->count[c] * (size_t)c * 64;
    stats->system_allocs = atomic_load_explicit(&wk_pool.system_allocs, memory_order_relaxed);
}

size_t wk_memory_allocated(void)
{
    wk_MemoryStats stats;
    wk_memory_count(&stats);
    return stats.allocated;
}

size_t wk_max_memory_allocated(void)
{
    wk_MemoryStats stats;
    wk_memory_count(&stats);
    return stats.max_allocated;
}

/* ---- fork and unloading ------------------------------------------------------------------------------ */

/* Whoever forks holds the locks meanwhile, so that no other thread does: its unlock would never come in the child. */
void wk_memory_before_fork(void)
{
#ifndef NDEBUG
    pthread_mutex_lock(&wk_waiting.lock);
#endif
    pthread_mutex_lock(&wk_pool.lock);
}

void wk_memory_after_fork(void)
{
    pthread_mutex_unlock(&wk_pool.lock);
#ifndef NDEBUG
    pthread_mutex_unlock(&wk_waiting.lock);
#endif
}

/* Who cannot have the lock at once is at the end of a process that another thread still works in: the system takes the blocks then. */
void wk_memory_unloaded(void)
{
    wk_memory_thread_ended();
    if (pthread_mutex_trylock(&wk_pool.lock) != 0)
        return;
    empty_common_lists();
    pthread_mutex_unlock(&wk_pool.lock);
}
