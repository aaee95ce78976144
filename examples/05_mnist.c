/* Training a LeNet on handwritten digits.     (PyTorch's "Training a Classifier")
 *
 *     05_mnist [FOLDER]      the four IDX files of MNIST; without one, digits that wick draws itself
 */
#include <stdio.h>

#include <wick/wick.h>

static wk_Module *LeNet_new(void)
{
    return wk_Sequential(wk_Conv2d(1, 6, 5), wk_ReLU(), wk_MaxPool2d(2),  /* */
                         wk_Conv2d(6, 16, 5), wk_ReLU(), wk_MaxPool2d(2), /* */
                         wk_Flatten(), wk_Linear(16 * 5 * 5, 120), wk_ReLU(), wk_Linear(120, 84), wk_ReLU(),
                         wk_Linear(84, 10));
}

static wk_DataLoader *digits(const char *folder, bool test)
{
    wk_Dataset *dataset = folder ? wk_MNIST(folder, .test = test, .resize = 32)
                                 : wk_Digits(test ? 1000 : 4000, .test = test, .resize = 32);
    return wk_DataLoader(dataset, .batch_size = 64, .shuffle = !test);
}

static double accuracy(wk_Module *net, wk_DataLoader *test)
{
    int64_t right = 0, seen = 0;
    wk_eval(net);
    wk_no_grad
    {
        for (wk_Batch b; wk_next(test, &b);) {
            wk_Tensor *guess = wk_argmax(wk_call(net, b.input), wk_dims(1));
            right += wk_item_int64(wk_sum(wk_eq(guess, b.target)));
            seen += b.size;
        }
    }
    wk_train(net, true);
    return (double)right / (double)seen;
}

int main(int argc, char **argv)
{
    wk_on_error(wk_die);
    wk_manual_seed(0);
    const char *folder = argc > 1 ? argv[1] : NULL;

    wk_Module *net = LeNet_new();
    wk_print(net);
    wk_Optimizer *opt = wk_SGD(wk_parameters(net), .lr = 0.05, .momentum = 0.9);
    wk_DataLoader *train = digits(folder, false), *test = digits(folder, true);
    for (int epoch = 1; epoch <= 3; epoch++) {
        double loss_sum = 0;
        for (wk_Batch b; wk_next(train, &b);) { /* one turn is one step: the step's tensors end with it */
            wk_zero_grad(opt);
            wk_Tensor *loss = wk_cross_entropy(wk_call(net, b.input), b.target);
            wk_backward(loss);
            wk_step(opt);
            loss_sum += wk_item(loss);
        }
        printf("epoch %d  loss %.4f  test accuracy %.2f %%\n", epoch,
               loss_sum / (double)wk_dataloader_len(train), 100 * accuracy(net, test));
    }
    wk_save(net, "lenet.safetensors");
    wk_free(train), wk_free(test), wk_free(opt), wk_free(net);
    return 0;
}
