/* One macro of tensor.h: the dimension by place, or an option by name, behind a tensor.
 *
 * A file of its own, as a number in the place of wk_Dims lacks braces: compilers warn of that, but not where the macro
 * comes from a system header. */
#ifndef WICK_DIMENSION_H
#define WICK_DIMENSION_H
#pragma GCC system_header

#ifdef __clang__
#define WK_QUIET                                                                              \
    _Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wmissing-braces\"") \
        _Pragma("clang diagnostic ignored \"-Wmissing-field-initializers\"")
#define WK_LOUD _Pragma("clang diagnostic pop")
#else
#define WK_QUIET
#define WK_LOUD
#endif

#define WK_DIMENSION_OR_OPTION(options, x, second) \
    WK_QUIET options##_placed((options){.input = x, second}, (#second)[0] != '.') WK_LOUD

#endif
