/* Ends of threads, forks, and the unloading of the library: what the parts of core do then is listed in lifecycle.c alone. */
#ifndef WICK_CORE_LIFECYCLE_H
#define WICK_CORE_LIFECYCLE_H

/* Registers the handlers of fork, once. For parts that keep locks or threads. */
void wk_lifecycle_begin(void);

/* The same, and what this thread holds is given back when the thread ends. */
void wk_thread_watch(void);

/* The number of forks between the process that loaded the library and this one. Threads that were started under another number do not
 * exist here, as fork copies the calling thread alone. */
unsigned wk_forks(void);

/* What each part does, called by lifecycle.c. */
void wk_scopes_thread_ended(void);
void wk_memory_thread_ended(void);
void wk_memory_before_fork(void);
void wk_memory_after_fork(void);
void wk_memory_unloaded(void);
void wk_threads_forget(void);
void wk_threads_stop(void);

#endif
