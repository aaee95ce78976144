#define _GNU_SOURCE
/* Networks from text: every layer in PyTorch's own print, arguments by place and name, and every mistake with its line and column. */
#include "io/temp.h"
#include "nn/text.h"
#include "support/check.h"
#include "wick/wick.h"

static wk_Module *read_text(const char *text)
{
    return wk_Sequential_from_text(text, strlen(text), "net.txt");
}

static void expect_text(wk_Module *net, const char *want)
{
    EXPECT_TRUE(net != NULL);
    char *text = wk_str(net);
    EXPECT_TRUE(text != NULL);
    assert_string_equal(text, want);
    wk_str_free(text);
    wk_free(net);
}

/* The text of these bytes is refused with this kind and exactly this message. */
static void refused_bytes(const char *text, size_t length, wk_ErrorKind kind, const char *message)
{
    size_t memory = wk_memory_allocated();
    wk_clear_error();
    assert_null(wk_Sequential_from_text(text, length, "net.txt"));
    assert_string_equal(wk_error(), message);
    assert_int_equal(wk_error_kind(), kind);
    wk_clear_error();
    assert_int_equal(wk_memory_allocated(), memory);
}

static void refused(const char *text, const char *message)
{
    refused_bytes(text, strlen(text), WK_ERROR_CORRUPT, message);
}

/* ---- what is read ----------------------------------------------------------------------------------- */

/* Each layer's print is a text of it. */
static const char *const printed[] = {
    "Linear(in_features=3, out_features=2, bias=True)",
    "Linear(in_features=3, out_features=2, bias=False)",
    "Identity()",
    "Conv2d(4, 6, kernel_size=(5, 3), stride=(1, 1))",
    "Conv2d(4, 6, kernel_size=(5, 5), stride=(2, 1), padding=(2, 0), dilation=(1, 2), groups=2, bias=False)",
    "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)",
    "MaxPool2d(kernel_size=(3, 2), stride=(2, 1), padding=(1, 0), dilation=1, ceil_mode=True)",
    "AvgPool2d(kernel_size=3, stride=(2, 1), padding=1)",
    "AdaptiveAvgPool2d(output_size=1)",
    "AdaptiveAvgPool2d(output_size=(None, 7))",
    "ReLU()",
    "ReLU(inplace=True)",
    "SiLU()",
    "Tanh()",
    "Sigmoid()",
    "GELU(approximate='none')",
    "SELU()",
    "ReLU6(inplace=True)",
    "Mish()",
    "Hardswish()",
    "Hardsigmoid()",
    "LeakyReLU(negative_slope=0.01)",
    "LeakyReLU(negative_slope=0.0, inplace=True)",
    "ELU(alpha=0.7)",
    "CELU(alpha=1.0)",
    "Hardtanh(min_val=-2.0, max_val=1.0)",
    "Softplus(beta=1.0, threshold=20.0)",
    "Threshold(threshold=0.1, value=20.0)",
    "Softshrink(0.5)",
    "Hardshrink(0.25)",
    "GLU(dim=-1)",
    "GLU(dim=0)",
    "PReLU(num_parameters=3)",
    "LogSigmoid()",
    "Softsign()",
    "Tanhshrink()",
    "Softmin(dim=0)",
    "Softmax2d()",
    "LSTMCell(3, 2)",
    "GRUCell(3, 2, bias=False)",
    "RNNCell(3, 2)",
    "Softmax(dim=1)",
    "LogSoftmax(dim=-1)",
    "Dropout(p=0.5, inplace=False)",
    "Dropout(p=0.0, inplace=True)",
    "Flatten(start_dim=1, end_dim=-1)",
    "Flatten(start_dim=0, end_dim=2)",
    "BatchNorm1d(6, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)",
    "BatchNorm2d(6, eps=0.001, momentum=0.0, affine=True, bias=False, track_running_stats=True)",
    "BatchNorm3d(6, eps=1e-05, momentum=None, affine=False, bias=False, track_running_stats=False)",
    "LayerNorm((10,), eps=1e-05, elementwise_affine=True, bias=True)",
    "LayerNorm((2, 5), eps=1e-06, elementwise_affine=True, bias=False)",
    "GroupNorm(2, 6, eps=1e-05, affine=True, bias=True)",
};

static void every_layer_reads_its_own_print(void **state)
{
    (void)state;
    char text[256], want[256];
    for (size_t i = 0; i < LENGTH(printed); i++) {
        snprintf(text, sizeof text, "%s\n", printed[i]);
        snprintf(want, sizeof want, "Sequential(\n  (0): %s\n)", printed[i]);
        expect_text(read_text(text), want);
    }
    for (const wk_LayerEntry *entry = wk_layers; entry; entry = entry->next) {
        const wk_Layer *layer = entry->layer;
        size_t i = 0, length = strlen(layer->name);
        while (i < LENGTH(printed) &&
               (strncmp(printed[i], layer->name, length) != 0 || printed[i][length] != '('))
            i++;
        if (i == LENGTH(printed))
            fail_msg("no text of %s is tried", layer->name);
    }
}

static void arguments_by_place_and_name(void **state)
{
    (void)state;
    expect_text(read_text("# a comment, \xc3\xa4\n"
                          "\n"
                          "conv1: Conv2d(1, 6, 5, (2, 1), padding = 2)# another\n"
                          "\t ReLU ( ) \n"
                          "_b2 :MaxPool2d(2, None, 0, 1, False, True,)\n"
                          "AvgPool2d(2, count_include_pad=False, divisor_override=None)\n"
                          "Flatten()\n"
                          "Dropout()\n"
                          "Dropout(.25)\n"
                          "Dropout(1)\n"
                          "LayerNorm(10, 1e-3)\n"
                          "AdaptiveAvgPool2d(None)\n"
                          "LeakyReLU(0.2)\n"
                          "Hardtanh(min_val=-2)\n"
                          "Threshold(0, value=-1)\n"
                          "PReLU(init=0)\n"
                          "Conv2d(+1, 6, 1, padding_mode=\"zeros\", bias=False)\n"),
                "Sequential(\n"
                "  (conv1): Conv2d(1, 6, kernel_size=(5, 5), stride=(2, 1), padding=(2, 2))\n"
                "  (1): ReLU()\n"
                "  (_b2): MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=True)\n"
                "  (3): AvgPool2d(kernel_size=2, stride=2, padding=0)\n"
                "  (4): Flatten(start_dim=1, end_dim=-1)\n"
                "  (5): Dropout(p=0.5, inplace=False)\n"
                "  (6): Dropout(p=0.25, inplace=False)\n"
                "  (7): Dropout(p=1.0, inplace=False)\n"
                "  (8): LayerNorm((10,), eps=0.001, elementwise_affine=True, bias=True)\n"
                "  (9): AdaptiveAvgPool2d(output_size=None)\n"
                "  (10): LeakyReLU(negative_slope=0.2)\n"
                "  (11): Hardtanh(min_val=-2.0, max_val=1.0)\n"
                "  (12): Threshold(threshold=0.0, value=-1.0)\n"
                "  (13): PReLU(num_parameters=1)\n"
                "  (14): Conv2d(1, 6, kernel_size=(1, 1), stride=(1, 1), bias=False)\n"
                ")");
}

/* The same layers made by calls, seed for seed. */
static void the_same_network(void **state)
{
    (void)state;
    wk_manual_seed(3);
    wk_Module *a = read_text("Conv2d(1, 2, 3)\nBatchNorm2d(2)\nReLU()\nFlatten()\nLinear(8, 3)\n");
    wk_manual_seed(3);
    wk_Module *b =
        wk_Sequential(wk_Conv2d(1, 2, 3), wk_BatchNorm2d(2), wk_ReLU(), wk_Flatten(), wk_Linear(8, 3));
    wk_Tensor *x = wk_rand(2, 1, 4, 4), *y = wk_call(a, x), *z = wk_call(b, x);
    EXPECT_TRUE(y != NULL);
    EXPECT_SHAPE(y, 2, 3);
    assert_memory_equal(wk_data_ptr(y), wk_data_ptr(z), 6 * sizeof(float));
    assert_non_null(wk_get_parameter(a, "4.weight"));
    wk_free(a);
    wk_free(b);
}

/* ---- what is refused -------------------------------------------------------------------------------- */

static void text_that_is_damaged(void **state)
{
    (void)state;
    ROW("C71");
    refused_bytes("Re\0LU()\n", 8, WK_ERROR_CORRUPT, "net.txt:1:3: a NUL byte");
    refused_bytes("ReLU()\n# \0\n", 11, WK_ERROR_CORRUPT, "net.txt:2:3: a NUL byte");
    refused("ReLU()\n\r\n", "net.txt:2:1: a carriage return: lines end with a newline alone");
    refused("ReLU()\r\nReLU()\r\n", "net.txt:1:7: a carriage return: lines end with a newline alone");
    refused("\xef\xbb\xbfReLU()\n", "net.txt:1:1: a byte order mark: save the text without it");
    refused("ReLU()\nLinear(400, 12", "net.txt:2:15: no newline at the end: is this all of the text?");
    refused("ReLU()\nTanh() # \xff\n", "net.txt:2:10: invalid UTF-8");
    refused("", "net.txt:1:1: no layer in all of the text");
    refused("# nothing\n\n", "net.txt:3:1: no layer in all of the text");
    char *line = malloc(1000001);
    memset(line, ' ', 1000000);
    memcpy(line, "ReLU()", 6);
    line[1000000] = '\n';
    refused_bytes(line, 1000001, WK_ERROR_CORRUPT, "net.txt:1:1024: a line has at most 1024 bytes");
    refused_bytes(line, 1000000, WK_ERROR_CORRUPT, "net.txt:1:1024: a line has at most 1024 bytes");
    line[1023] = '\n';
    wk_Module *net = wk_Sequential_from_text(line, 1024, NULL);
    EXPECT_TRUE(net != NULL);
    wk_free(net);
    free(line);
}

static void names_and_numbers_that_cannot_be(void **state)
{
    (void)state;
    ROW("C71");
    refused("Conv3d(1, 6, 5)\n", "net.txt:1:1: unknown layer 'Conv3d'");
    refused("a: ReLU()\nb: ReLU()\n a: Tanh()\n", "net.txt:3:2: the name 'a' comes twice");
    refused("ReLU()\nLinear(in_features=1, out_features=2, in_features=3)\n",
            "net.txt:2:39: Linear: got multiple values for argument 'in_features'");
    refused("Linear(1, 2, in_features=3)\n",
            "net.txt:1:14: Linear: got multiple values for argument 'in_features'");
    refused("Linear(9223372036854775808, 1)\n", "net.txt:1:8: 9223372036854775808 does not fit in 64 bits");
    refused("Linear(1, -9223372036854775807)\n",
            "net.txt:1:11: -9223372036854775807 does not fit in 64 bits");
    refused("Dropout(1e999)\n", "net.txt:1:9: 1e999 does not fit in a float");
    refused("Dropout(1.2.3)\n", "net.txt:1:9: '1.2.3' is not a number");
    char text[100];
    snprintf(text, sizeof text, "%065d: ReLU()\n", 0);
    text[0] = 'a';
    refused(text, "net.txt:1:1: a name has at most 64 characters");
}

static void arguments_that_do_not_fit(void **state)
{
    (void)state;
    refused("\n\nConv2d( 1, 6, kernel=5)\n",
            "net.txt:3:15: Conv2d: unexpected argument 'kernel'. Did you mean: 'kernel_size'?");
    refused("Conv2d(1, 6, 5, paddin=2)\n",
            "net.txt:1:17: Conv2d: unexpected argument 'paddin'. Did you mean: 'padding'?");
    refused("ReLU()\nfc: linear(2, 2)\n", "net.txt:2:5: unknown layer 'linear'. Did you mean: 'Linear'?");
    refused("MaxPol2d(2)\n", "net.txt:1:1: unknown layer 'MaxPol2d'. Did you mean: 'MaxPool2d'?");
    refused("Conv2d(1, 6)\n", "net.txt:1:1: Conv2d: missing argument 'kernel_size'");
    refused("Linear(out_features=1, 2)\n",
            "net.txt:1:24: Linear: positional argument follows keyword argument");
    refused("LeakyReLU(slope=2)\n", "net.txt:1:11: LeakyReLU: unexpected argument 'slope'");
    refused("LeakyReLU(negative_slop=2)\n",
            "net.txt:1:11: LeakyReLU: unexpected argument 'negative_slop'. Did you mean: 'negative_slope'?");
    refused("Hardtanh('a')\n", "net.txt:1:10: Hardtanh: argument 'min_val' must be a number, not 'a'");
    refused("Threshold(1)\n", "net.txt:1:1: Threshold: missing argument 'value'");
    refused("Softmax()\n", "net.txt:1:1: Softmax: missing argument 'dim'");
    refused("LSTMCell(3)\n", "net.txt:1:1: LSTMCell: missing argument 'hidden_size'");
    refused("RNNCell(3, 2, nonlinearity='relu')\n",
            "net.txt:1:28: RNNCell: argument 'nonlinearity' must be 'tanh', not 'relu'");
    refused("ReLU(True, 2)\n", "net.txt:1:12: ReLU: takes at most 1 arguments");
    refused("Tanh(1)\n", "net.txt:1:6: Tanh: takes at most 0 arguments");
    refused("Linear(2.5, 1)\n", "net.txt:1:8: Linear: argument 'in_features' must be an int, not 2.5");
    refused("Linear((2, 1), 1)\n", "net.txt:1:8: Linear: argument 'in_features' must be an int, not (2, 1)");
    refused("Linear(None, 1)\n", "net.txt:1:8: Linear: argument 'in_features' must be an int, not None");
    refused("Linear(2, 1, bias=0)\n", "net.txt:1:19: Linear: argument 'bias' must be True or False, not 0");
    refused("Dropout(True)\n", "net.txt:1:9: Dropout: argument 'p' must be a number, not True");
    refused("MaxPool2d((2, 2, 2))\n", "net.txt:1:11: MaxPool2d: argument 'kernel_size' must be an int or two "
                                      "in parentheses, not (2, 2, 2)");
    refused("MaxPool2d((2, None))\n", "net.txt:1:11: MaxPool2d: argument 'kernel_size' must be an int or two "
                                      "in parentheses, not (2, None)");
    refused("LayerNorm((2, None))\n",
            "net.txt:1:11: LayerNorm: argument 'normalized_shape' must be an int or "
            "some in parentheses, not (2, None)");
    refused("LayerNorm((1, 1, 1, 1, 1, 1, 1, 1, 1))\n", "net.txt:1:36: at most 8 numbers in parentheses");
    refused("MaxPool2d((2, 2.5))\n", "net.txt:1:15: expected an int, got 2.5");
    refused("MaxPool2d((2, a))\n", "net.txt:1:15: expected an int, got 'a'");
    refused("MaxPool2d(2, return_indices=True)\n",
            "net.txt:1:29: MaxPool2d: argument 'return_indices' must be False, not True");
    refused("GELU('tanh')\n", "net.txt:1:6: GELU: argument 'approximate' must be 'none', not 'tanh'");
    refused("GELU('none\n", "net.txt:1:6: no quote ends the word");
}

static void lines_that_are_no_layers(void **state)
{
    (void)state;
    refused("Linear\n", "net.txt:1:7: expected '(', got the end of the line");
    refused("Linear(2, # 1)\n", "net.txt:1:11: expected a value, got the end of the line");
    refused("Linear(2 1)\n", "net.txt:1:10: expected ',' or ')', got '1'");
    refused("Linear(2, x)\n", "net.txt:1:11: expected a value, got 'x'");
    refused("Linear(,)\n", "net.txt:1:8: expected a value, got ','");
    refused("Linear(2, 1))\n", "net.txt:1:13: expected the end of the line, got ')'");
    refused("a: b: ReLU()\n", "net.txt:1:4: unknown layer 'b'");
    refused(": ReLU()\n", "net.txt:1:1: expected a layer, got ':'");
    refused("\xc3\xa4()\n", "net.txt:1:1: expected a layer, got '\\xc3'");
    refused("MaxPool2d((2 2))\n", "net.txt:1:14: expected ',' or ')', got '2'");
    refused("MaxPool2d((2,\n", "net.txt:1:14: expected an int, got the end of the line");
}

/* What a layer's maker refuses is told with the place in front, and kept of its kind. */
static void what_layers_refuse(void **state)
{
    (void)state;
    static const char groups[] = "ReLU()\n c: Conv2d(6, 4, 1, groups=4)\n", p[] = "Dropout(1.5)\n",
                      huge[] = "Linear(1000000000, 1000000000)\n", negative[] = "Linear(3, -4)\n";
    refused_bytes(groups, sizeof groups - 1, WK_ERROR_ARGUMENT,
                  "net.txt:2:5: Conv2d: in_channels must be divisible by groups, got 6 and 4");
    refused_bytes(p, sizeof p - 1, WK_ERROR_ARGUMENT,
                  "net.txt:1:1: Dropout: dropout probability has to be between 0 and 1, but got 1.5");
    refused_bytes(huge, sizeof huge - 1, WK_ERROR_MEMORY,
                  "net.txt:1:1: can't allocate memory: you tried to allocate 4000000000000000000 bytes");
    static const char range[] = "Hardtanh(2)\n";
    refused_bytes(range, sizeof range - 1, WK_ERROR_ARGUMENT,
                  "net.txt:1:1: Hardtanh: max_val (1) must be greater than min_val (2)");
    refused_bytes(negative, sizeof negative - 1, WK_ERROR_SHAPE,
                  "net.txt:1:1: Linear: dim 0 is -4: trying to create tensor with negative dimension -4: "
                  "[-4, 3]");
    assert_null(wk_zeros(-1)); /* the place is forgotten */
    assert_int_equal(strncmp(wk_error(), "zeros: ", 7), 0);
    wk_clear_error();
}

static void too_many_layers(void **state)
{
    (void)state;
    const size_t count = 10001, each = 7;
    char *text = malloc(count * each);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * each, "Tanh()\n", each);
    wk_Module *net = wk_Sequential_from_text(text, (count - 1) * each, NULL);
    EXPECT_TRUE(net != NULL);
    assert_int_equal(wk_child_count(net), count - 1);
    wk_free(net);
    refused_bytes(text, count * each, WK_ERROR_CORRUPT,
                  "net.txt:10001:1: a network has at most 10000 layers");
    free(text);
}

/* ---- files and memory ------------------------------------------------------------------------------- */

static void files(void **state)
{
    (void)state;
    char want[600];
    const char *path = temp_write("net.txt", "fc: Linear(3, 2)\n", 17);
    expect_text(wk_Sequential_from_file(path),
                "Sequential(\n  (fc): Linear(in_features=3, out_features=2, bias=True)\n)");
    path = temp_write("net.txt", "fc Linear(3, 2)\n", 16);
    assert_null(wk_Sequential_from_file(path));
    snprintf(want, sizeof want, "%s:1:1: unknown layer 'fc'", path);
    assert_error(WK_ERROR_CORRUPT, want);
    assert_null(wk_Sequential_from_file("/nowhere"));
    assert_error(WK_ERROR_IO, "read_file: cannot open /nowhere: No such file or directory");
    EXPECT_ERROR(wk_Sequential_from_file(NULL), WK_ERROR_ARGUMENT, "argument path is NULL");
    EXPECT_ERROR(wk_Sequential_from_text(NULL, 0, "x"), WK_ERROR_ARGUMENT,
                 "Sequential: argument text is NULL");
    assert_null(wk_Sequential_from_text("x\n", 2, NULL));
    assert_error(WK_ERROR_CORRUPT, "text:1:1: unknown layer 'x'");
    assert_null(wk_Sequential_from_text("x\n", 2, "\x1b[31m%n"));
    assert_error(WK_ERROR_CORRUPT, "\\x1b[31m%n:1:1: unknown layer 'x'");
}

static wk_Tensor *network_of(void *path)
{
    wk_Module *net = wk_Sequential_from_file(path);
    wk_Tensor *made = net ? wk_zeros(1) : NULL;
    wk_free(net);
    return made;
}

static void memory_runs_out_at_each_allocation(void **state)
{
    (void)state;
    static const char text[] = "c: Conv2d(1, 2, 3)\nBatchNorm2d(2)\nFlatten()\nLinear(8, 3)\n";
    const char *path = temp_write("net.txt", text, sizeof text - 1);
    assert_true(expect_survives_failing_allocations(network_of, (void *)(uintptr_t)path) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TENSOR_TEST(every_layer_reads_its_own_print),
        TENSOR_TEST(arguments_by_place_and_name),
        TENSOR_TEST(the_same_network),
        TENSOR_TEST(text_that_is_damaged),
        TENSOR_TEST(names_and_numbers_that_cannot_be),
        TENSOR_TEST(arguments_that_do_not_fit),
        TENSOR_TEST(lines_that_are_no_layers),
        TENSOR_TEST(what_layers_refuse),
        TENSOR_TEST(too_many_layers),
        TENSOR_TEST(files),
        TENSOR_TEST(memory_runs_out_at_each_allocation),
    };
    return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
