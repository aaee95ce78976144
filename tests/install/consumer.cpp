// A user's program in C++: the header compiles as C++, and the plain functions under the macros are called by name.
#include <cstdio>

#include <wick/wick.h>

int main()
{
    const int64_t dims[] = {2, 3};
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *x = wk_ones_shape(2, dims, wk_default_dtype);
    if (!x || wk_numel(x) != 6 || wk_size(x, 1) != 3) {
        std::fprintf(stderr, "consumer: wrong result: %s\n", wk_error());
        return 1;
    }
    std::printf("C++ with wick %s: ok\n", wk_version());
    return wk_scope_end(scope) ? 0 : 1;
}
