/* Tensors: making them, looking at them, computing with them.     (PyTorch's "What is PyTorch?")
 *
 *     cc 01_tensor.c -lwick -lm && ./a.out
 */
#include <stdio.h>

#include <wick/wick.h>

int main(void)
{
    wk_on_error(wk_die); /* a program may choose to stop at the first error */
    wk_manual_seed(0);   /* the random numbers that torch.manual_seed(0) gives */

    /* A result lives until its scope ends. Nothing else needs to be freed. */
    wk_Scope scope = wk_scope_begin();

    puts("zeros, random numbers, your own data");
    wk_print(wk_zeros(2, 3));
    wk_Tensor *x = wk_rand(5, 3);
    wk_print(x);
    wk_Tensor *t = wk_tensor(((float[]){5.5, 3}), 2);
    wk_print(t);
    wk_print(wk_ones_like(x));
    printf("size %lld x %lld, %lld elements of %s\n", (long long)wk_size(x, 0), (long long)wk_size(x, -1),
           (long long)wk_numel(x), wk_dtype_name(wk_dtype_of(x)));

    puts("\narithmetic: the second operand is a tensor or a number");
    wk_Tensor *y = wk_rand(5, 3);
    wk_print(wk_add(x, y));
    wk_print(wk_mul(x, 10));
    wk_print(wk_matmul(x, wk_t(y)));

    puts("\na name that ends in _ works in place");
    wk_add_(y, x);
    wk_print(y);

    puts("\nviews share their memory: a column, a row, other sizes");
    wk_print(wk_select(x, 1, 1));
    wk_print(wk_index(x, 0));
    wk_print(wk_view(wk_arange(0, 12, 1), 3, -1));
    wk_fill_(wk_select(x, 0, 0), 7);
    printf("x[0, 2] is now %g\n", wk_at(x, 0, 2));

    puts("\nsums, and broadcasting of a row over a matrix");
    wk_print(wk_sum(x));
    wk_print(wk_mean(x, wk_dims(0), .keepdim = true));
    wk_print(wk_sub(x, wk_mean(x, wk_dims(0))));

    puts("\nyour C array, without a copy");
    float numbers[4] = {1, 2, 3, 4};
    wk_Tensor *borrowed = wk_from_blob(numbers, 1, (int64_t[]){4}, wk_float32, NULL, NULL);
    wk_mul_(borrowed, 2);
    printf("%g %g %g %g\n", numbers[0], numbers[1], numbers[2], numbers[3]);

    wk_Tensor *kept = wk_keep(wk_sqrt(borrowed)); /* yours, past the end of the scope */
    wk_scope_end(scope);
    wk_print(kept);
    wk_free(kept);
    return 0;
}
