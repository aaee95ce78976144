/* The runtime: threads, memory, the scopes that own results, random numbers. */
#ifndef WICK_RUNTIME_H
#define WICK_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wick/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the header, and of the library that is running, "major.minor.patch". */
#define WK_VERSION "0.1.0"
WK_API const char *wk_version(void);

/* ---- threads ---------------------------------------------------------------------------------------- */

/* How many threads one operation may use, 1 to 256. The default is the number of processors this process may run on,
 * or WK_NUM_THREADS. Results do not depend on it.                                   torch: torch.set_num_threads */
WK_API bool wk_set_num_threads(int threads);
WK_API int wk_get_num_threads(void);

/* The instruction set in use: "avx512", "avx2", "portable", "neon". WK_ISA=name in the environment chooses a lesser one. */
WK_API const char *wk_isa(void);

/* ---- memory ----------------------------------------------------------------------------------------- */

/* Asked before every allocation of the library, cached or not; returning false makes that allocation fail with WK_ERROR_MEMORY.
 * It counts, limits and injects failures. It may be called from any thread. NULL takes it away. */
typedef bool (*wk_MemoryHook)(size_t bytes, void *user);
WK_API void wk_set_memory_hook(wk_MemoryHook hook, void *user);

/* The same; release(user), if given, is called when another hook, or none, takes its place. Set it while no other thread allocates. */
WK_API void wk_set_memory_hook_owned(wk_MemoryHook hook, void *user, void (*release)(void *user));

/* Bytes of the blocks that are in use now, and the highest that this has been. */
WK_API size_t wk_memory_allocated(void);
WK_API size_t wk_max_memory_allocated(void);

/* The same and more in numbers. Bytes count a block with its rounding.             torch: torch.cuda.memory_stats */
typedef struct wk_MemoryStats {
    size_t allocated;     /* bytes in use: wk_memory_allocated() */
    size_t max_allocated; /* the highest that this has been */
    size_t cached;        /* bytes kept for reuse, without the small blocks of other threads */
    uint64_t
        system_allocs; /* blocks asked of the system since the process began: a warm step asks for none */
    size_t
        outermost_tensors;  /* results of this thread outside of any scope: they stay until the thread ends */
    size_t outermost_bytes; /* the bytes of their elements, shared ones once */
} wk_MemoryStats;
WK_API wk_MemoryStats wk_memory_stats(void);

/* Gives the blocks kept for reuse back to the system.                               torch: torch.cuda.empty_cache */
WK_API void wk_empty_cache(void);

/* ---- scopes ----------------------------------------------------------------------------------------- */

/* The result of an operation lives until the innermost scope of its thread ends; wk_keep it to own it.
 *
 *     wk_Scope scope = wk_scope_begin();
 *     ... any number of operations ...
 *     wk_scope_end(scope);
 *
 * Leaving by break or return is mended by the end of the next outer scope. Ending a scope twice, or one that an outer end has
 * already closed, raises WK_ERROR_STATE and changes nothing.
 *
 * Outside of any scope a result lives until its thread ends. That suits a few tensors made at the start; a program that trains without
 * scopes fills the memory. Once such results hold 256 MiB there is a warning (wk_on_warning); wk_memory_stats tells how many they are. */
typedef struct wk_Scope {
    uint64_t id;
} wk_Scope;
WK_API wk_Scope wk_scope_begin(void);
WK_API bool wk_scope_end(wk_Scope scope);

/* ---- random numbers --------------------------------------------------------------------------------- */

/* A source of random numbers: PyTorch's MT19937, to the bit. NULL names the default one, of which each thread has its own. */
typedef struct wk_Generator wk_Generator;

/* A generator of its own, seeded with 67280421310721 as torch.Generator() is; wk_free it.      torch: torch.Generator */
WK_API wk_Generator *wk_Generator_new(void);
WK_API void wk_generator_free(wk_Generator *generator);

/* Seeds this thread's default generator, or the given one.                          torch: torch.manual_seed */
WK_API void wk_manual_seed(uint64_t seed);
WK_API void wk_generator_manual_seed(wk_Generator *generator, uint64_t seed);
WK_API uint64_t wk_initial_seed(void);

/* The state of a generator, byte for byte what torch.get_rng_state() returns. set refuses bytes that are no such state. */
#define WK_RNG_STATE_BYTES 5056
WK_API bool wk_get_rng_state(wk_Generator *generator, uint8_t state[WK_RNG_STATE_BYTES]);
WK_API bool wk_set_rng_state(wk_Generator *generator, const uint8_t state[WK_RNG_STATE_BYTES]);

#ifdef __cplusplus
}
#endif
#endif
