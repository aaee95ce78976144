/* Threads: a pool that work is handed to in numbered blocks. */
#ifndef WICK_CORE_THREADS_H
#define WICK_CORE_THREADS_H

#include <stdint.h>

/* Runs block(context, i) for every i in [0, blocks), on the pool's threads and the caller, and returns when all are done.
 * Which thread runs which block is open; the blocks must not depend on the number of threads (results stay the same to the bit).
 * Called inside a block it runs serially. Errors raised inside a block are the caller's to carry out of it. */
void wk_parallel(int64_t blocks, void (*block)(void *context, int64_t index), void *context);

/* The number of threads that the next wk_parallel of this thread may use (1 inside a block). */
int wk_thread_count(void);

#endif
