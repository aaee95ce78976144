/* A function of the program's that the library calls, its user pointer, and how that is given back. One thread sets it, any may
 * call it. */
#ifndef WICK_CORE_CALLBACK_H
#define WICK_CORE_CALLBACK_H

#include <stdatomic.h>
#include <stddef.h>

typedef struct wk_Callback {
    _Atomic(void (*)(void)) call; /* of another type; NULL: none */
    _Atomic(void *) user;
    void (*release)(void *user);
} wk_Callback;

/* Sets another, and gives the former's pointer back. */
static inline void wk_callback_set(wk_Callback *callback, void (*call)(void), void *user,
                                   void (*release)(void *user))
{
    void (*former)(void *user) = callback->release;
    atomic_store_explicit(&callback->call, NULL, memory_order_release);
    void *old = atomic_exchange(&callback->user, user);
    callback->release = release;
    atomic_store_explicit(&callback->call, call, memory_order_release);
    if (former)
        former(old);
}

#endif
