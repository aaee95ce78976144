/* cmocka's skip() says nothing: SKIP says why. */
#ifndef WICK_TESTS_SKIP_H
#define WICK_TESTS_SKIP_H

#define SKIP(...)                   \
    do {                            \
        print_message("skipped: "); \
        print_message(__VA_ARGS__); \
        print_message("\n");        \
        skip();                     \
    } while (0)

#endif
