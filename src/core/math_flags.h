/* Flags that change what arithmetic means: every source with numbers sees this, in the one-file build too. */
#ifndef WICK_CORE_MATH_FLAGS_H
#define WICK_CORE_MATH_FLAGS_H

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error \
    "wick does not compile with -ffast-math, -Ofast or -ffinite-math-only: NaN and infinities would be lost"
#endif
#if defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__)
#error "wick does not compile with -funsafe-math-optimizations: sums and quotients would be rounded otherwise"
#endif

#endif
