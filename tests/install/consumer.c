/* A user's program in C: knows wick only by what `cmake --install` put in place. */
#include <stdio.h>

#include <wick/wick.h>

int main(void)
{
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *x = wk_tensor(((float[]){1, 2, 3, 4, 5, 6}), 2, 3);
    wk_Tensor *y = wk_matmul(x, wk_ones(3, 1));
    if (!y || wk_at(y, 0, 0) != 6 || wk_at(y, 1, 0) != 15) {
        fprintf(stderr, "consumer: wrong result: %s\n", wk_error());
        return 1;
    }
    printf("C with wick %s: ok\n", wk_version());
    return wk_scope_end(scope) ? 0 : 1;
}
