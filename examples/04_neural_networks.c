/* Neural networks: a LeNet, its loss, its gradients, and four ways to make a step.     (PyTorch's "Neural Networks")
 *
 *     04_neural_networks [--seed N]
 *
 * Every number that it prints is the one that PyTorch prints for the same seed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wick/wick.h>

typedef struct {
    wk_Module base;
    wk_Module *conv1, *conv2, *fc1, *fc2, *fc3;
} Net;

static wk_Tensor *net_forward(wk_Module *self, wk_Tensor *x)
{
    Net *net = (Net *)self;
    x = wk_max_pool2d(wk_relu(wk_call(net->conv1, x)), 2);
    x = wk_max_pool2d(wk_relu(wk_call(net->conv2, x)), 2);
    x = wk_view(x, -1, 16 * 5 * 5);
    x = wk_relu(wk_call(net->fc1, x));
    x = wk_relu(wk_call(net->fc2, x));
    return wk_call(net->fc3, x);
}

static wk_Module *Net_new(void)
{
    Net *net = wk_module(Net, net_forward);  /* the class name "Net" comes from the type */
    wk_attr(net, conv1, wk_Conv2d(1, 6, 5)); /* net->conv1 = ...; registered as "conv1" */
    wk_attr(net, conv2, wk_Conv2d(6, 16, 5));
    wk_attr(net, fc1, wk_Linear(16 * 5 * 5, 120));
    wk_attr(net, fc2, wk_Linear(120, 84));
    wk_attr(net, fc3, wk_Linear(84, 10));
    return &net->base;
}

static void print_size(const wk_Tensor *t)
{
    printf("torch.Size([");
    for (int i = 0; i < wk_ndim(t); i++)
        printf("%s%lld", i ? ", " : "", (long long)wk_size(t, i));
    printf("])\n");
}

/* Twenty steps from the initial weights: the losses on one line. */
static void print_curve(wk_Module *net, const wk_StateDict *initial, wk_Tensor *input, wk_Tensor *target,
                        const char *title, wk_Optimizer *optimizer)
{
    wk_Module *criterion = wk_MSELoss();
    wk_load_state_dict(net, initial);
    printf("%s", title);
    for (int step = 0; step < 20; step++) {
        wk_Scope scope = wk_scope_begin();
        wk_zero_grad(optimizer);
        wk_Tensor *loss = wk_call(criterion, wk_call(net, input), target);
        wk_backward(loss);
        wk_step(optimizer);
        printf(" %.6f", wk_item(loss));
        wk_scope_end(scope);
    }
    printf("\n");
    wk_free(criterion), wk_free(optimizer);
}

int main(int argc, char **argv)
{
    wk_on_error(wk_die);
    wk_manual_seed(argc == 3 && strcmp(argv[1], "--seed") == 0 ? strtoull(argv[2], NULL, 10) : 0);
    wk_Scope scope = wk_scope_begin();

    /* The network: modules own their parameters, and print as they do in PyTorch. */
    wk_Module *net = Net_new();
    wk_print(net);
    wk_List params = wk_parameters(net);
    printf("%d\n", params.count);
    print_size(params.tensors[0]);
    wk_StateDict *lent = wk_state_dict(net), *initial = wk_StateDict_new();
    for (int i = 0; i < lent->count;
         i++) /* a state_dict shares the module's memory; this one shall not change */
        wk_state_dict_set(initial, lent->entries[i].name, wk_clone(lent->entries[i].tensor));
    wk_free(lent);

    /* A random picture of 32x32, and what the network makes of it. */
    wk_Tensor *input = wk_randn(1, 1, 32, 32);
    wk_print(wk_call(net, input));

    /* Gradients of the output, weighted at random. */
    wk_zero_grad(net);
    wk_backward(wk_call(net, input), wk_randn(1, 10));

    /* The loss, and the way back from it. */
    wk_Tensor *target = wk_view(wk_randn(10), 1, -1);
    wk_Module *criterion = wk_MSELoss();
    wk_Tensor *loss = wk_call(criterion, wk_call(net, input), target);
    wk_print(loss);
    wk_Node *node = wk_grad_fn(loss);
    printf("%s\n", wk_node_name(node)); /* the loss */
    node = wk_node_next(node, 0);
    printf("%s\n", wk_node_name(node)); /* the last linear layer */
    node = wk_node_next(node, 0);
    printf("%s\n", wk_node_name(node)); /* its bias */

    wk_module_zero_grad(net, false); /* to zeros, where zero_grad would take the gradients away */
    wk_Tensor *bias = wk_get_parameter(net, "conv1.bias");
    printf("conv1.bias.grad before backward\n");
    wk_print(wk_grad_of(bias));
    wk_backward(loss);
    printf("conv1.bias.grad after backward\n");
    wk_print(wk_grad_of(bias));

    /* The plain rule: weight = weight - learning_rate * gradient. */
    wk_no_grad
    {
        for (int i = 0; i < params.count; i++)
            wk_sub_(params.tensors[i], wk_mul(wk_grad_of(params.tensors[i]), 0.01));
    }
    wk_print(wk_call(criterion, wk_call(net, input), target));

    /* Optimizers know better rules. */
    print_curve(net, initial, input, target, "SGD {'lr': 0.05, 'momentum': 0.9}",
                wk_SGD(wk_parameters(net), .lr = 0.05, .momentum = 0.9));
    print_curve(net, initial, input, target, "SGD_nesterov {'lr': 0.05, 'momentum': 0.9, 'nesterov': True}",
                wk_SGD(wk_parameters(net), .lr = 0.05, .momentum = 0.9, .nesterov = true));
    print_curve(net, initial, input, target, "Adam {'lr': 0.01}", wk_Adam(wk_parameters(net), .lr = 0.01));
    print_curve(net, initial, input, target, "RMSprop {'lr': 0.001}",
                wk_RMSprop(wk_parameters(net), .lr = 0.001));

    wk_scope_end(scope);
    wk_free(criterion), wk_free(net), wk_free(initial);
    return 0;
}
