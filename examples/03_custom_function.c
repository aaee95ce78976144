/* A function with a backward of your own.     (PyTorch's "Defining New autograd Functions")
 *
 * y = sin(x) is fitted by a + b * P3(c + d * x), where P3(x) = (5 x^3 - 3 x) / 2 is the Legendre polynomial of degree 3.
 */
#include <math.h>
#include <stdio.h>

#include <wick/wick.h>

static bool legendre3_forward(wk_FunctionContext *ctx, wk_List in, wk_Tensor **out)
{
    wk_Tensor *x = in.tensors[0];
    wk_save_for_backward(ctx, in);
    out[0] = wk_mul(wk_sub(wk_mul(wk_pow(x, 3), 5), wk_mul(x, 3)), 0.5);
    return out[0] != NULL;
}

/* P3'(x) = 1.5 (5 x^2 - 1). Written in operations, so that it has derivatives itself. */
static bool legendre3_backward(wk_FunctionContext *ctx, wk_List grad, wk_Tensor **grad_in)
{
    wk_Tensor *x = wk_saved_tensor(ctx, 0);
    grad_in[0] = wk_mul(grad.tensors[0], wk_mul(wk_sub(wk_mul(wk_square(x), 5), 1), 1.5));
    return grad_in[0] != NULL;
}

static const wk_Function Legendre3 = {
    .name = "Legendre3", .forward = legendre3_forward, .backward = legendre3_backward};

static wk_Tensor *legendre3(wk_Tensor *x)
{
    return wk_function_call(&Legendre3, wk_list(x), NULL);
}

static wk_Tensor *legendre3_of_list(wk_List inputs, void *user)
{
    (void)user;
    return legendre3(inputs.tensors[0]);
}

int main(void)
{
    wk_on_error(wk_die);
    const double pi = 3.14159265358979323846;

    /* First: is the backward right? Its gradients are compared with differences. */
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *samples = wk_requires_grad_(wk_tensor(((double[]){-0.9, -0.3, 0.2, 0.8}), 4));
    if (wk_gradcheck(legendre3_of_list, wk_list(samples)) &&
        wk_gradgradcheck(legendre3_of_list, wk_list(samples)))
        puts("the gradients of Legendre3 and the gradients of these are right");
    wk_scope_end(scope);

    scope = wk_scope_begin();
    wk_Tensor *x = wk_linspace(-pi, pi, 2000), *y = wk_sin(x);
    wk_Tensor *a = wk_Parameter(wk_scalar(0)), *b = wk_Parameter(wk_scalar(-1)),
              *c = wk_Parameter(wk_scalar(0)), *d = wk_Parameter(wk_scalar(0.3));
    wk_Optimizer *opt = wk_SGD(wk_list(a, b, c, d), .lr = 5e-6);
    for (int t = 1; t <= 2000; t++) {
        wk_Scope step = wk_scope_begin();
        wk_Tensor *prediction = wk_add(a, wk_mul(b, legendre3(wk_add(c, wk_mul(d, x)))));
        wk_Tensor *loss = wk_sum(wk_square(wk_sub(prediction, y)));
        if (t % 500 == 0)
            printf("step %4d  loss %.4f\n", t, wk_item(loss));
        wk_zero_grad(opt);
        wk_backward(loss);
        wk_step(opt);
        wk_scope_end(step); /* what the step computed goes here */
    }
    printf("y = %.3f + %.3f * P3(%.3f + %.3f x)\n", fabs(wk_item(a)), wk_item(b), fabs(wk_item(c)),
           wk_item(d));
    wk_scope_end(scope);
    wk_free(opt), wk_free(a), wk_free(b), wk_free(c), wk_free(d);
    return 0;
}
