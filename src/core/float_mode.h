/* The floating-point mode of a thread: how it rounds, which exceptions trap, and whether subnormal numbers count as zero.
 *
 * Each thread has its own, in a register that the program may set at any time. Elsewhere than on x86-64 and AArch64 there is one mode. */
#ifndef WICK_CORE_FLOAT_MODE_H
#define WICK_CORE_FLOAT_MODE_H

#include <stdint.h>

typedef uint64_t wk_FloatMode;

#if defined(__x86_64__)
/* Bits of MXCSR: flush to zero, denormals are zero; the lowest six tell which exceptions there have been. */
#define WK_FLOAT_FLUSH  ((wk_FloatMode)0x8040)
#define WK_FLOAT_RAISED ((wk_FloatMode)0x3f)
static inline wk_FloatMode wk_float_mode(void)
{
    return __builtin_ia32_stmxcsr();
}

static inline void wk_set_float_mode(wk_FloatMode mode)
{
    __builtin_ia32_ldmxcsr((uint32_t)mode);
}
#elif defined(__aarch64__)
/* Bits of FPCR: FZ; which exceptions there have been stands in another register. */
#define WK_FLOAT_FLUSH  ((wk_FloatMode)1 << 24)
#define WK_FLOAT_RAISED ((wk_FloatMode)0)
static inline wk_FloatMode wk_float_mode(void)
{
    wk_FloatMode mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
}

static inline void wk_set_float_mode(wk_FloatMode mode)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(mode));
}
#else
#define WK_FLOAT_FLUSH  ((wk_FloatMode)0)
#define WK_FLOAT_RAISED ((wk_FloatMode)0)
static inline wk_FloatMode wk_float_mode(void)
{
    return 0;
}

static inline void wk_set_float_mode(wk_FloatMode mode)
{
    (void)mode;
}
#endif

/* Makes the mode of another thread this one's. Writing the register waits for all earlier arithmetic, so only a change is written. */
static inline void wk_adopt_float_mode(wk_FloatMode mode)
{
    if (((mode ^ wk_float_mode()) & ~WK_FLOAT_RAISED) != 0)
        wk_set_float_mode(mode & ~WK_FLOAT_RAISED);
}

#endif
