/* Networks that the program is given: saved ones that predict, from text, and rows of pictures for them. */
#include "cli/program.h"

#include "png_file.h"
#include "wick/wick.h"

/* ---- predicting ------------------------------------------------------------------------------------- */

static void predictions(void **state)
{
    (void)state;
    char picture[400], want[600], model[300];
    own_path(model, "model.safetensors");
    assert_int_equal(RUN("train", "--limit-steps", "5", "--save", model), 0);
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *t = wk_tensor_new("test", wk_uint8, 3, (int64_t[]){2, 28, 28});
    memset(wk_data_ptr(t), 7, 2 * 784);
    assert_true(wk_save_idx(t, temp_path("pictures")));
    wk_scope_end(scope);
    snprintf(picture, sizeof picture, "%s:1", temp_path("pictures"));
    assert_int_equal(RUN("predict", model, picture, "--invert"), 0);
    snprintf(want, sizeof want, "%s: ", picture);
    assert_int_equal(strncmp(text_out, want, strlen(want)), 0);
    snprintf(picture, sizeof picture, "%s:2", temp_path("pictures"));
    snprintf(want, sizeof want, "wick predict: %s: index 2, but there are 2 pictures", temp_path("pictures"));
    failed(RUN("predict", model, picture), 65, want);
#if WICK_HAS_PNG
    static const char png[] = /* 2x2, grey */
        "\211\120\116\107\015\012\032\012\000\000\000\015\111\110\104\122\000\000\000\002\000\000\000\002"
        "\010\000\000\000\000\127\335\122\370\000\000\000\016\111\104\101\124\170\234\143\070\301\305\040"
        "\367\037\000\005\121\001\360\044\250\002\032\000\000\000\000\111\105\116\104\256\102\140\202";
    const size_t png_bytes = sizeof png - 1;
    char path[300];
    snprintf(path, sizeof path, "%s", temp_write("dot.png", png, png_bytes));
    assert_int_equal(RUN("predict", model, path), 0);
    snprintf(want, sizeof want, "%s: ", path);
    assert_int_equal(strncmp(text_out, want, strlen(want)), 0);
    for (size_t n = 0; n < png_bytes - 12; n++) { /* the end chunk is not missed */
        temp_write("dot.png", png, n);
        assert_int_equal(RUN("predict", model, path), 65);
        assert_int_equal(strncmp(text_err, "wick predict: ", 14), 0);
    }
#endif
}

#if WICK_HAS_PNG
/* What is told of the picture behind its name. */
static const char *told_of(const char *model, const char *path, const char *option)
{
    assert_int_equal(RUN("predict", model, path, option), 0);
    assert_int_equal(strncmp(text_out, path, strlen(path)), 0);
    return text_out + strlen(path);
}
#endif

/* A stroke of ink: black on white in 8 bits and in 16, black on nothing, and white on black. */
static void ink_is_ink(void **state)
{
    (void)state;
#if WICK_HAS_PNG
    enum { SIDE = 28, KINDS = 4 };
    static const struct {
        uint8_t depth, colour;
        const char *ink, *paper;
    } kinds[KINDS] = {{8, 0, "\xff", "\x00"},
                      {8, 0, "\x00", "\xff"},
                      {16, 0, "\x00\x00", "\xff\xff"},
                      {8, 4, "\x00\xff", "\x00\x00"}};
    char model[300], want[64];
    own_path(model, "model.safetensors");
    assert_int_equal(RUN("train", "--limit-steps", "20", "--save", model), 0);
    for (int k = 0; k < KINDS; k++) {
        Png png;
        uint8_t rows[SIDE * (1 + 2 * SIDE)] = {0};
        const size_t pixel = kinds[k].depth / 8 * (kinds[k].colour == 4 ? 2 : 1), row = 1 + SIDE * pixel;
        for (size_t i = 0; i < SIDE * SIDE; i++) {
            bool ink = i % SIDE >= 12 && i % SIDE < 16 && i / SIDE >= 4 && i / SIDE < 24;
            memcpy(rows + i / SIDE * row + 1 + i % SIDE * pixel, ink ? kinds[k].ink : kinds[k].paper, pixel);
        }
        png_begin(&png, SIDE, SIDE, kinds[k].depth, kinds[k].colour, 0);
        png_end(&png, rows, SIDE * row);
        const char *told =
            told_of(model, temp_write("ink.png", png.bytes, png.count), k ? "--invert" : "--resize=bilinear");
        if (k == 0)
            snprintf(want, sizeof want, "%s", told);
        assert_string_equal(told, want);
    }
#else
    SKIP("built without libpng");
#endif
}

/* ---- networks from text ----------------------------------------------------------------------------- */

static const char lenet_text[] = "# LeNet for 1x32x32 pictures\n"
                                 "conv1: Conv2d(1, 6, kernel_size=5)\n"
                                 "ReLU()\n"
                                 "MaxPool2d(2)\n"
                                 "conv2: Conv2d(6, 16, 5)\n"
                                 "ReLU()\n"
                                 "MaxPool2d(2)\n"
                                 "Flatten()\n"
                                 "fc1: Linear(400, 120)\n"
                                 "ReLU()\n"
                                 "fc2: Linear(120, 84)\n"
                                 "ReLU()\n"
                                 "fc3: Linear(84, 10)\n";

/* The text of LeNet trains as LeNet does, step for step, and what was saved needs no text. */
static void a_network_from_text(void **state)
{
    (void)state;
    char text[300], one[300], two[300], log[300], same[300], want[600], told[300];
    own_path(one, "one.safetensors");
    own_path(two, "two.safetensors");
    own_path(log, "log.csv");
    own_path(same, "same.csv");
    snprintf(text, sizeof text, "%s", temp_write("lenet.txt", lenet_text, sizeof lenet_text - 1));
    assert_int_equal(RUN("train", "--limit-steps", "12", "--save", one, "--log", log), 0);
    assert_int_equal(RUN("train", "--model", text, "--limit-steps", "12", "--save", two, "--log", same), 0);
    assert_same_bytes(log, same);
    snprintf(want, sizeof want, "wick train: --save: %s is --model's file", text);
    failed(RUN("train", "--model", text, "--save", text), 2, want);
    remove(text);
    assert_int_equal(RUN("test", one), 0);
    snprintf(told, sizeof told, "%.250s", text_out);
    assert_int_equal(RUN("test", two), 0);
    assert_string_equal(text_out, told);
}

static void a_network_for_pictures_as_they_are(void **state)
{
    (void)state;
    char model[300], mlp[300], want[600];
    static const char text[] = "Flatten()\nLinear(784, 10)\n";
    own_path(model, "mlp.safetensors");
    snprintf(mlp, sizeof mlp, "%s", temp_write("mlp.txt", text, sizeof text - 1));
    assert_int_equal(RUN("train", "--model", mlp, "--resize", "none", "--limit-steps", "3", "--save", model),
                     0);
    assert_int_equal(RUN("test", model), 0);
    snprintf(want, sizeof want,
             "wick train: %s: linear: mat1 and mat2 shapes cannot be multiplied (1x1024 and 784x10) (in "
             "Sequential.1); --resize none gives it pictures of 28x28",
             mlp);
    failed(RUN("train", "--model", mlp), 65, want);
    snprintf(want, sizeof want,
             "wick test: %s: linear: mat1 and mat2 shapes cannot be multiplied (1x1024 and 784x10) (in "
             "Sequential.1); --resize none gives it pictures of 28x28",
             model);
    failed(RUN("test", model, "--resize", "pad"), 65, want);
    const char *path = temp_write("conv.txt", "Conv2d(1, 6, 5)\n", 16);
    snprintf(
        want, sizeof want,
        "wick train: %s: the network makes [1, 6, 28, 28] of a picture [1, 1, 32, 32], it must make [1, 10]; "
        "end with Flatten() and Linear(4704, 10)",
        path);
    failed(RUN("train", "--model", path), 65, want);
    path = temp_write("wide.txt", "Conv2d(1, 6, 1, padding=50000)\n", 31);
    snprintf(want, sizeof want, "wick train: %s: the network needs more than 256 MiB for a picture", path);
    failed(RUN("train", "--model", path), 65, want);
}

/* What is forgotten most: that pictures are no vectors, and how large they are. */
static void advice_for_networks(void **state)
{
    (void)state;
    static const struct {
        const char *text, *option, *message;
    } rows[] = {
        {"Linear(784, 10)\n", "--resize=none",
         "linear: mat1 and mat2 shapes cannot be multiplied (28x28 and 784x10) (in Sequential.0); begin with "
         "Flatten()"},
        {"Linear(784, 10)\n", "--resize=pad",
         "linear: mat1 and mat2 shapes cannot be multiplied (32x32 and 784x10) (in Sequential.0); begin with "
         "Flatten(), and --resize none for pictures of 28x28"},
        {"Flatten()\nLinear(1024, 10)\n", "--resize=none",
         "linear: mat1 and mat2 shapes cannot be multiplied (1x784 and 1024x10) (in Sequential.1); --resize "
         "bilinear gives it pictures of 32x32"},
        {"Linear(1024, 10)\n", "--resize=none",
         "linear: mat1 and mat2 shapes cannot be multiplied (28x28 and 1024x10) (in Sequential.0); begin "
         "with "
         "Flatten(), and --resize bilinear for pictures of 32x32"},
        {"Linear(7, 10)\n", "--resize=none",
         "linear: mat1 and mat2 shapes cannot be multiplied (28x28 and 7x10) (in Sequential.0)"},
        {"Linear(32, 10)\n", "--resize=pad",
         "the network makes [1, 1, 32, 10] of a picture [1, 1, 32, 32], it must make [1, 10]; end with "
         "Flatten() "
         "and Linear(320, 10)"},
        {"Flatten()\nLinear(1024, 9)\n", "--resize=pad",
         "the network makes [1, 9] of a picture [1, 1, 32, 32], it must make [1, 10]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char want[700];
        const char *path = temp_write("net.txt", rows[i].text, strlen(rows[i].text));
        snprintf(want, sizeof want, "wick train: %s: %s", path, rows[i].message);
        failed(RUN("train", "--model", path, rows[i].option), 65, want);
    }
}

static void files_in_the_wrong_place(void **state)
{
    (void)state;
    ROW("C70");
    static const char zip[] = "PK\3\4 and so on", pickle[] = "\200\4\225 and so on",
                      csv[] = "price,rooms\n1,2\n", jpeg[] = "\377\330\377\340 and so on",
                      idx[] = "\0\0\010\003\0\0\0\1 and so on";
    char model[300], path[300], want[900];
    own_path(model, "model.safetensors");
    assert_int_equal(RUN("train", "--limit-steps", "1", "--save", model), 0);
    for (int k = 0; k < 2; k++) {
        snprintf(path, sizeof path, "%s",
                 temp_write("x.pt", k ? pickle : zip, k ? sizeof pickle : sizeof zip));
        snprintf(want, sizeof want,
                 "wick test: load_safetensors: %s: a file of torch.save; in Python, "
                 "safetensors.torch.save_file writes safetensors",
                 path);
        failed(RUN("test", path), 65, want);
        snprintf(
            want, sizeof want,
            "wick train: %s is a file of torch.save: --model takes lenet, or a network's text (see: wick "
            "help train)",
            path);
        failed(RUN("train", "--model", path), 65, want);
    }
    snprintf(path, sizeof path, "%s", temp_write("houses.csv", csv, sizeof csv - 1));
    snprintf(
        want, sizeof want,
        "wick train: --data: %s is no folder: it takes digits, or a folder with MNIST's files (see: wick "
        "help train)",
        path);
    failed(RUN("train", "--data", path), 66, want);
    snprintf(want, sizeof want,
             "wick test: %s is a text file: MODEL is a file that wick train --save has written", path);
    failed(RUN("test", path), 65, want);
    snprintf(want, sizeof want,
             "wick train: %s is a safetensors file: --model takes a network's text; saved networks are for "
             "wick test and wick predict",
             model);
    failed(RUN("train", "--model", model), 65, want);
    snprintf(want, sizeof want, "wick predict: %s is a safetensors file: the pictures come behind MODEL",
             model);
    failed(RUN("predict", model, model), 65, want);
    snprintf(path, sizeof path, "%s", temp_write("photo.png", jpeg, sizeof jpeg));
    snprintf(want, sizeof want, "wick predict: %s is a JPEG picture: save it as PNG", path);
    failed(RUN("predict", model, path), 65, want);
    snprintf(path, sizeof path, "%s", temp_write("pictures", idx, sizeof idx));
    snprintf(want, sizeof want,
             "wick predict: %s is an IDX file of pictures: name one of its pictures: FILE:0", path);
    failed(RUN("predict", model, path), 65, want);
    failed(RUN("train", "--data", "digit"), 66,
           "wick train: --data: there is no folder 'digit'. Did you mean: 'digits'?");
    failed(RUN("train", "--model", "LeNet"), 66,
           "wick train: --model: there is no file 'LeNet'. Did you mean: 'lenet'?");
}

static void a_text_that_is_wrong(void **state)
{
    (void)state;
    ROW("C71");
    char want[600], model[300];
    const char *path = temp_write("net.txt", "ReLU()\r\n", 8);
    snprintf(want, sizeof want, "wick train: %s:1:7: a carriage return: lines end with a newline alone",
             path);
    failed(RUN("train", "--model", path), 65, want);
    path = temp_write("net.txt", "\n\nConv2d( 1, 6, kernel=5)\n", 26);
    snprintf(want, sizeof want,
             "wick train: %s:3:15: Conv2d: unexpected argument 'kernel'. Did you mean: 'kernel_size'?", path);
    failed(RUN("train", "--model", path), 65, want);
    failed(RUN("train", "--model", "/nowhere"), 66,
           "wick train: read_file: cannot open /nowhere: No such file or directory");
    failed(RUN("train", "--model", ""), 2, "wick train: --model: the value is empty");

    wk_Metadata metadata[] = {{"network", "ReLU()\nLinear(2\n"}};
    own_path(model, "model.safetensors");
    assert_true(wk_save_safetensors(0, NULL, model, .metadata_count = 1, .metadata = metadata));
    snprintf(want, sizeof want, "wick test: %s: network:2:9: expected ',' or ')', got the end of the line",
             model);
    failed(RUN("test", model), 65, want);
    metadata->value = "Linear(100000, 100000)\n"; /* 40 GB, which the file does not hold */
    assert_true(wk_save_safetensors(0, NULL, model, .metadata_count = 1, .metadata = metadata));
    snprintf(want, sizeof want, "wick test: %s: the network needs more memory than its tensors", model);
    failed(RUN("test", model), 65, want);
    metadata[0] = (wk_Metadata){"resize", "bilinear pad"};
    assert_true(wk_save_safetensors(0, NULL, model, .metadata_count = 1, .metadata = metadata));
    snprintf(want, sizeof want, "wick test: %s: resize: 'bilinear pad' is none of bilinear|pad|none", model);
    failed(RUN("test", model), 65, want);
    metadata->key = "network";
    metadata->value = "Flatten()\nfc: Linear(784, 10)\n";
    assert_true(wk_save_safetensors(0, NULL, model, .metadata_count = 1, .metadata = metadata));
    assert_int_equal(RUN("test", model), 65);
    assert_non_null(strstr(text_err, "Missing key(s) in state_dict: \"fc.weight\", \"fc.bias\""));
}

/* A network whose pictures take much memory for their size is tried on one only as far as 256 MiB go. */
static void networks_that_need_much_memory(void **state)
{
    (void)state;
    char want[600];
    static const char wide[] = "Conv2d(1, 70000, 1)\nMaxPool2d(32)\nFlatten()\nLinear(70000, 10)\n",
                      narrow[] = "Conv2d(1, 50000, 1)\nMaxPool2d(32)\nFlatten()\nLinear(50000, 10)\n";
    const char *path = temp_write("net.txt", wide, sizeof wide - 1);
    snprintf(want, sizeof want, "wick train: %s: the network needs more than 256 MiB for a picture", path);
    failed(RUN("train", "--model", path, "--limit-steps", "1"), 65, want);
    char model[300], picture[400];
    wk_Scope scope = wk_scope_begin();
    wk_Module *net = wk_Sequential_from_text(narrow, sizeof narrow - 1, "narrow");
    wk_StateDict *dict = wk_state_dict(net);
    assert_non_null(dict);
    wk_Metadata metadata[] = {{"network", narrow}};
    own_path(model, "model.safetensors");
    assert_true(
        wk_save_safetensors(dict->count, dict->entries, model, .metadata_count = 1, .metadata = metadata));
    assert_true(wk_save_idx(wk_zeros_shape(3, (int64_t[]){1, 28, 28}, wk_uint8), temp_path("pictures")));
    wk_free(dict), wk_free(net);
    wk_scope_end(scope);
    snprintf(picture, sizeof picture, "%s:0", temp_path("pictures"));
    assert_int_equal(RUN("predict", model, picture), 0);
}

/* ---- CSV -------------------------------------------------------------------------------------------- */

enum { ROWS = 70, PIXELS = 784 };

/* Pictures as an IDX file and as rows under a line of names. */
static void write_pictures(const char *idx, const char *csv)
{
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *t = wk_tensor_new("test", wk_uint8, 3, (int64_t[]){ROWS, 28, 28});
    FILE *file = fopen(csv, "w");
    assert_non_null(file);
    for (int c = 0; c < PIXELS; c++)
        fprintf(file, "pixel%d%s", c, c == PIXELS - 1 ? "\n" : ",");
    for (int i = 0; i < ROWS * PIXELS; i++) {
        int value = (i * 37 + i / 29 * 101) % 256;
        wk_data(t, uint8_t)[i] = (uint8_t)value;
        fprintf(file, "%d%s", value, i % PIXELS == PIXELS - 1 ? "\n" : ",");
    }
    assert_int_equal(fclose(file), 0);
    assert_true(wk_save_idx(t, idx));
    wk_scope_end(scope);
}

static void predictions_of_rows(void **state)
{
    (void)state;
    char model[300], idx[300], csv[300], picture[320], want[400], told[ROWS][64];
    own_path(model, "model.safetensors");
    own_path(idx, "pictures");
    own_path(csv, "pictures.csv");
    assert_int_equal(RUN("train", "--limit-steps", "5", "--save", model), 0);
    write_pictures(idx, csv);
    assert_int_equal(RUN("predict", model, csv, "--invert"), 0);
    char *line = text_out;
    for (int i = 0; i < ROWS; i++) {
        snprintf(picture, sizeof picture, "%s:%d: ", csv, i + 2);
        assert_int_equal(strncmp(line, picture, strlen(picture)), 0);
        line += strlen(picture);
        size_t length = strcspn(line, "\n");
        snprintf(told[i], sizeof told[i], "%.*s", (int)length, line);
        line += length + 1;
    }
    assert_string_equal(line, "");
    own_path(picture, "PICTURES.CSV"); /* whatever the case of the suffix */
    assert_int_equal(rename(csv, picture), 0);
    assert_int_equal(RUN("predict", model, picture, "--invert"), 0);
    snprintf(want, sizeof want, "%s:2: %s\n", picture, told[0]);
    assert_int_equal(strncmp(text_out, want, strlen(want)), 0);
    for (int i = 0; i < ROWS; i += 23) {
        snprintf(picture, sizeof picture, "%s:%d", idx, i);
        assert_int_equal(RUN("predict", model, picture, "--invert"), 0);
        text_out[strcspn(text_out, "\n")] = 0;
        assert_string_equal(text_out + strlen(picture) + 2, told[i]);
    }
}

/* The values as one row of `columns`, the last of them `last`. */
static const char *write_row(int columns, const char *last)
{
    static char row[4096];
    size_t used = 0;
    for (int c = 0; c < columns; c++)
        used += (size_t)snprintf(row + used, sizeof row - used, "%s%s", c == columns - 1 ? last : "7",
                                 c == columns - 1 ? "\n" : ",");
    return temp_write("row.csv", row, used);
}

static void rows_that_are_wrong(void **state)
{
    (void)state;
    ROW("C72");
    char model[300], want[600];
    own_path(model, "model.safetensors");
    assert_int_equal(RUN("train", "--limit-steps", "1", "--save", model), 0);
    const char *path = write_row(783, "7");
    snprintf(want, sizeof want, "wick predict: %s:1: 783 columns, expected 784 (28x28 pixels)", path);
    failed(RUN("predict", model, path), 65, want);
    path = write_row(784, "nan");
    snprintf(want, sizeof want, "wick predict: %s:1:784: 'nan' is not a finite number", path);
    failed(RUN("predict", model, path), 65, want);
    path = write_row(784, "256");
    snprintf(want, sizeof want, "wick predict: %s:1:784: 256 is no pixel, a whole number from 0 to 255",
             path);
    failed(RUN("predict", model, path), 65, want);
    path = write_row(1024, "0.5");
    snprintf(want, sizeof want, "wick predict: %s:1:1024: 0.5 is no pixel, a whole number from 0 to 255",
             path);
    failed(RUN("predict", model, path), 65, want);
    assert_int_equal(RUN("predict", model, write_row(1024, "255")), 0);
    path = temp_write("row.csv", "", 0);
    snprintf(want, sizeof want, "wick predict: %s:1: no row of numbers", path);
    failed(RUN("predict", model, path), 65, want);
    failed(RUN("predict", model, "/nowhere.csv"), 66,
           "wick predict: load_csv: cannot open /nowhere.csv: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(predictions),          cmocka_unit_test(ink_is_ink),
        cmocka_unit_test(a_network_from_text),  cmocka_unit_test(a_network_for_pictures_as_they_are),
        cmocka_unit_test(advice_for_networks),  cmocka_unit_test(files_in_the_wrong_place),
        cmocka_unit_test(a_text_that_is_wrong), cmocka_unit_test(networks_that_need_much_memory),
        cmocka_unit_test(predictions_of_rows),  cmocka_unit_test(rows_that_are_wrong),
    };
    return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
