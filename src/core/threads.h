/* Threads: a pool that work is handed to in numbered blocks. */
#ifndef WICK_CORE_THREADS_H
#define WICK_CORE_THREADS_H

#include <stdint.h>

/* Runs block(context, i) for every i in [0, blocks), on the pool's threads and the caller, and returns when all are done.
 * Each thread begins with its own stretch of neighbouring blocks, the caller with the first, so that what one operation leaves in a
 * core's caches the next finds there; who is done takes from the others. Which thread runs which block is open all the same, and the
 * blocks must not depend on the number of threads (results stay the same to the bit). A block runs in the
 * caller's floating-point mode. Called inside a block it runs serially. Errors raised inside a block are the caller's to carry out of
 * it. */
void wk_parallel(int64_t blocks, void (*block)(void *context, int64_t index), void *context);

/* The same on `most` threads or fewer. */
void wk_parallel_on(int most, int64_t blocks, void (*block)(void *context, int64_t index), void *context);

/* The number of threads that the next wk_parallel of this thread may use (1 inside a block). */
int wk_thread_count(void);

/* Inside a block: which of those threads this is, from 0 on. For scratch memory. */
int wk_thread_number(void);

/* Puts pthread_cancel of this thread off, for what must not end half-way; gives the former state, to be handed back. */
int wk_cancel_later(void);
void wk_cancel_as_before(int former);

#endif
