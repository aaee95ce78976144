/* Autograd: gradients of what you compute.     (PyTorch's "A Gentle Introduction to torch.autograd") */
#include <stdio.h>

#include <wick/wick.h>

int main(void)
{
    wk_on_error(wk_die);
    wk_manual_seed(0);
    wk_Scope scope = wk_scope_begin();

    /* Operations on a tensor that requires a gradient remember how they came about. */
    wk_Tensor *x = wk_requires_grad_(wk_ones(2, 2));
    wk_Tensor *y = wk_add(x, 2);
    wk_print(y);
    wk_Tensor *z = wk_mul(wk_mul(y, y), 3);
    wk_Tensor *out = wk_mean(z);
    wk_print(z);
    wk_print(out);
    printf("out was made by %s\n", wk_node_name(wk_grad_fn(out)));

    /* d(out)/dx = 3 (x + 2) / 2 = 4.5 */
    wk_backward(out);
    puts("\nx.grad");
    wk_print(wk_grad_of(x));

    /* A tensor of several elements needs a gradient to start from: the result is a product with the Jacobian. */
    wk_Tensor *v = wk_requires_grad_(wk_randn(3));
    wk_Tensor *doubled = wk_mul(v, 2);
    while (wk_item(wk_sum(wk_square(wk_detach(doubled)))) < 1000 * 1000)
        doubled = wk_mul(doubled, 2);
    wk_backward(doubled, wk_tensor(((float[]){0.1f, 1.0f, 0.0001f}), 3));
    puts("\nv.grad");
    wk_print(wk_grad_of(v));

    /* Nothing is remembered in here. */
    wk_no_grad
    {
        printf("\nrequires a gradient: %s, and without recording: %s\n", wk_requires_grad(v) ? "yes" : "no",
               wk_requires_grad(wk_square(v)) ? "yes" : "no");
    }

    /* Gradients of gradients: the way back is recorded too. d2(a^3)/da2 = 6 a */
    wk_Tensor *a = wk_requires_grad_(wk_tensor(((float[]){2}), 1));
    wk_Tensor *first = wk_grad(wk_pow(a, 3), a, .create_graph = true);
    wk_Tensor *second = wk_grad(first, a);
    printf("a = 2: a^3 has the derivatives %g and %g\n", wk_item(first), wk_item(second));

    wk_scope_end(scope);
    return 0;
}
