/* cmocka's skip() says nothing: SKIP says why. And which sanitizers there are, told as gcc does by clang too. */
#ifndef WICK_TESTS_SKIP_H
#define WICK_TESTS_SKIP_H

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#define SKIP(...)                   \
    do {                            \
        print_message("skipped: "); \
        print_message(__VA_ARGS__); \
        print_message("\n");        \
        skip();                     \
    } while (0)

#endif
