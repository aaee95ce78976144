/* How the macros of reductions take a dimension by place, several as wk_dims(...), or an option by name.
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

#define WK_REDUCE(function, options, ...) \
    function(WK_PASTE(WK_REDUCE_, WK_1_2_OR_3(__VA_ARGS__))(options, __VA_ARGS__))
#define WK_REDUCE_1(options, x)            ((options){.input = x})
#define WK_REDUCE_2(options, x, second)    WK_DIMENSION_OR_OPTION(options, x, second)
#define WK_REDUCE_3(options, x, over, ...) ((options){.input = x, .dims = WK_DIMS_OF(over), __VA_ARGS__})

/* Behind the tensor alone, a number lies in dims.count, and by_place tells it from an option by name. Dimensions that
 * exist come from a constant table: two such calls may be arguments of one function. */
#define WK_DEFINE_PLACED(options)                                                                 \
    static inline options options##_placed(options o, bool by_place)                              \
    {                                                                                             \
        static const int64_t table[] = {-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7};  \
        static _Thread_local int64_t refused; /* for the message */                               \
        if (by_place && !o.dims.dims) {                                                           \
            refused = o.dims.count;                                                               \
            o.dims = (wk_Dims){1, refused >= -8 && refused < 8 ? &table[refused + 8] : &refused}; \
        }                                                                                         \
        return o;                                                                                 \
    }

#endif
