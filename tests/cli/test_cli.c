/* The program from outside: exit codes, one line for each mistake, training that repeats, Ctrl-C. */
#include "io/temp.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "../cli/sha256.c"
#include "wick/tensor.h"

static char text_out[65536], text_err[65536];

static const char *program(void)
{
    const char *path = getenv("WICK_PROGRAM");
    return path ? path : "build/release/wick";
}

static void slurp(const char *name, char *text, size_t size)
{
    size_t count;
    unsigned char *bytes = temp_read(temp_path(name), &count);
    count = count < size - 1 ? count : size - 1;
    memcpy(text, bytes, count);
    text[count] = 0;
    free(bytes);
}

/* Starts the program with up to 20 arguments; out is where stdout goes: a path, or "-" for closed. */
static pid_t start(const char *out, const char *const *arguments)
{
    char *argv[24] = {(char *)program()};
    for (int i = 0; arguments[i]; i++)
        argv[i + 1] = (char *)arguments[i];
    pid_t child = fork();
    if (child)
        return child;
    int o = *out == '-' ? -1 : open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int e = open(temp_path("err"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (o >= 0)
        dup2(o, 1);
    else
        close(1);
    dup2(e, 2);
    execv(argv[0], argv);
    _exit(127);
}

static int run_to(const char *out, const char *const *arguments)
{
    int status;
    pid_t child = start(out, arguments);
    assert_int_equal(waitpid(child, &status, 0), child);
    slurp("err", text_err, sizeof text_err);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* A path that stays, as temp_path's do not. */
static void own_path(char path[300], const char *name)
{
    snprintf(path, 300, "%s", temp_path(name));
}

static int run_list(const char *const *arguments)
{
    char out[300];
    own_path(out, "out");
    int code = run_to(out, arguments);
    slurp("out", text_out, sizeof text_out);
    return code;
}
#define RUN(...) run_list((const char *const[]){__VA_ARGS__, NULL})

/* That code, nothing on stdout, and on stderr this one line. */
static void failed(int code, int want, const char *line)
{
    static char whole[sizeof text_err];
    snprintf(whole, sizeof whole, "%s\n", line);
    assert_string_equal(text_err, whole);
    assert_string_equal(text_out, "");
    assert_int_equal(code, want);
}

/* ---- the command line ------------------------------------------------------------------------------- */

/* C70 */
static void mistakes_on_the_command_line(void **state)
{
    (void)state;
    failed(RUN("fly"), 2, "wick: there is no command 'fly' (see: wick help)");
    failed(RUN("train", "--bogus"), 2, "wick train: unknown option '--bogus' (see: wick help)");
    failed(RUN("train", "-x"), 2, "wick train: unknown option '-x' (see: wick help)");
    failed(RUN("train", "--lr"), 2, "wick train: --lr: the value is missing (X)");
    failed(RUN("train", "--lr", "abc"), 2, "wick train: --lr: 'abc' is not a number");
    failed(RUN("train", "--lr", "0,1"), 2, "wick train: --lr: '0,1' is not a number");
    failed(RUN("train", "--lr", "nan"), 2, "wick train: --lr: 'nan' is not a number");
    failed(RUN("train", "--lr="), 2, "wick train: --lr: '' is not a number");
    failed(RUN("train", "--lr", "1e999"), 2, "wick train: --lr: 1e999 is out of range, must be 0 to 1e+30");
    failed(RUN("train", "--lr=-1"), 2, "wick train: --lr: -1 is out of range, must be 0 to 1e+30");
    failed(RUN("train", "--epochs", "-1"), 2,
           "wick train: --epochs: -1 is out of range, must be 1 to 1000000");
    failed(RUN("train", "--epochs", "99999999999999999999"), 2,
           "wick train: --epochs: 99999999999999999999 is out of range, must be 1 to 1000000");
    failed(RUN("train", "--epochs", "2.5"), 2, "wick train: --epochs: '2.5' is not a whole number");
    failed(RUN("train", "--threads", "0"), 2, "wick train: --threads: 0 is out of range, must be 1 to 256");
    failed(RUN("train", "--optimizer", "sg"), 2, "wick train: --optimizer: 'sg' is none of sgd|adam|rmsprop");
    failed(RUN("train", "--optimizer", "adam", "--momentum", "0.9"), 2,
           "wick train: --momentum is no option of adam");
    failed(RUN("train", "--save", ""), 2, "wick train: --save: the value is empty");
    failed(RUN("train", "now\n\x1b[31m"), 2, "wick train: what is 'now\\x0a\\x1b[31m'? wick train [OPTIONS]");
    failed(RUN("test"), 2, "wick test: an argument is missing: wick test MODEL [OPTIONS]");
    failed(RUN("test", "m", "--epochs", "3"), 2, "wick test: --epochs is no option of test");
    failed(RUN("predict", "m", "x.png", "--invert=1"), 2, "wick predict: --invert takes no value");
    failed(RUN("predict", "m"), 2,
           "wick predict: an argument is missing: wick predict MODEL IMAGE... [OPTIONS]");
    failed(RUN("data", "put", "mnist"), 2,
           "wick data: 'put mnist' is not offered; wick data get mnist [DIR] is");
    failed(RUN("help", "fly"), 2, "wick help: there is no command 'fly'");
    const char *const nothing[] = {NULL};
    failed(run_list(nothing), 2, "wick: what shall be done? See: wick help");
}

/* C70 */
static void mistakes_in_the_environment(void **state)
{
    (void)state;
    static const char *const junk[] = {"many", "0", "-1", "257", "2x", "1e2", "99999999999999999999"};
    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++) {
        char want[200];
        setenv("WK_NUM_THREADS", junk[i], 1);
        snprintf(want, sizeof want, "wick train: WK_NUM_THREADS: '%s' is no whole number from 1 to 256",
                 junk[i]);
        failed(RUN("train"), 2, want);
    }
    unsetenv("WK_NUM_THREADS");
    setenv("WK_ISA", "sse", 1);
    failed(RUN("train"), 2, "wick train: WK_ISA: 'sse' is none of avx512, avx2, portable, neon");
    unsetenv("WK_ISA");
}

static void fits_80_columns(const char *text)
{
    for (size_t line; *text; text += line + (text[line] == '\n')) {
        line = strcspn(text, "\n");
        if (line > 80)
            fail_msg("%zu columns: %.*s", line, (int)line, text);
    }
}

static void help_and_version(void **state)
{
    (void)state;
    assert_int_equal(RUN("--version"), 0);
    assert_int_equal(strncmp(text_out, "wick ", 5), 0);
    assert_int_equal(RUN("help"), 0);
    assert_non_null(strstr(text_out, "wick predict MODEL IMAGE..."));
    assert_int_equal(RUN("help", "train"), 0);
    assert_non_null(strstr(text_out, "--optimizer sgd|adam|rmsprop"));
    assert_null(strstr(text_out, "--invert"));
    assert_int_equal(RUN("predict", "--help"), 0);
    assert_non_null(strstr(text_out, "--invert"));
    static const char *const commands[] = {"help", "train", "test", "predict", "data", "bench"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        assert_int_equal(RUN("help", commands[i]), 0);
        fits_80_columns(text_out);
    }
    assert_string_equal(text_err, "");
}

/* C70 */
static void an_output_that_is_an_input(void **state)
{
    (void)state;
    char want[600];
    char path[300], other[300]; /* the same file by two names */
    own_path(path, "train-images-idx3-ubyte"), own_path(other, "other");
    temp_write("train-images-idx3-ubyte", "x", 1);
    snprintf(want, sizeof want, "wick train: --save: %s is a file of --data", path);
    failed(RUN("train", "--data", temp_folder, "--save", path), 2, want);
    for (int hard = 0; hard < 2; hard++) {
        assert_int_equal(hard ? link(path, other) : symlink(path, other), 0);
        snprintf(want, sizeof want, "wick train: --log: %s is a file of --data", other);
        failed(RUN("train", "--data", temp_folder, "--log", other), 2, want);
        remove(other);
    }
    const char *same = temp_path("same");
    snprintf(want, sizeof want, "wick train: --save and --log are the same file, %s", same);
    failed(RUN("train", "--save", same, "--log", same), 2, want);
    remove(path);
}

/* ---- files ------------------------------------------------------------------------------------------ */

/* C69 */
static void inputs_that_are_not_there(void **state)
{
    (void)state;
    char want[9000], name[5000];
    failed(RUN("train", "--data", "/nowhere"), 66,
           "wick train: MNIST: cannot open /nowhere/train-images-idx3-ubyte[.gz]: No such file or directory");
    failed(RUN("test", "/nowhere"), 66,
           "wick test: load_safetensors: cannot open /nowhere: No such file or directory");
    snprintf(want, sizeof want, "wick test: load_safetensors: cannot read %s: Is a directory", temp_folder);
    failed(RUN("test", temp_folder), 66, want);
    const char *fifo = temp_path("fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    snprintf(want, sizeof want, "wick test: load_safetensors: cannot read %s: Is a FIFO, not a regular file",
             fifo);
    failed(RUN("test", fifo), 66, want);
    remove(fifo);
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = 0;
    assert_int_equal(RUN("test", name), 66);
    assert_non_null(strstr(text_err, "aaa...: File name too long"));
    const char *link = temp_path("link");
    assert_int_equal(symlink("nowhere", link), 0);
    assert_int_equal(RUN("test", link), 66);
    remove(link);
}

static void inputs_that_are_wrong(void **state)
{
    (void)state;
    char want[600];
    const char *path = temp_write("model", "junk", 4);
    snprintf(want, sizeof want, "wick test: load_safetensors: %s: truncated at byte 4, header needs 8", path);
    failed(RUN("test", path), 65, want);
    path = temp_write("train-images-idx3-ubyte", "abc", 3);
    snprintf(want, sizeof want, "wick train: load_idx: %s: truncated at byte 3, header needs 4", path);
    failed(RUN("train", "--data", temp_folder), 65, want);
    remove(path);
}

/* C69 */
static void outputs_that_cannot_be(void **state)
{
    (void)state;
    char want[600];
    failed(RUN("train", "--save", "/nowhere/x"), 73,
           "wick train: --save: cannot create /nowhere/x: No such file or directory");
    snprintf(want, sizeof want, "wick train: --log: cannot create %s: Is a directory", temp_folder);
    failed(RUN("train", "--log", temp_folder), 73, want);
}

/* C70 */
static void stdout_that_takes_nothing(void **state)
{
    (void)state;
    assert_int_equal(run_to("-", (const char *const[]){"help", NULL}), 74);
    assert_string_equal(text_err, "wick help: cannot write to stdout: Bad file descriptor\n");
    assert_int_equal(run_to("/dev/full", (const char *const[]){"help", NULL}), 74);
    assert_string_equal(text_err, "wick help: cannot write to stdout: No space left on device\n");
    const char *path = temp_path("closed.safetensors");
    assert_int_equal(run_to("-", (const char *const[]){"train", "--limit-steps", "1", "--save", path, NULL}),
                     74);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    char out[64];
    snprintf(out, sizeof out, "/dev/fd/%d", ends[1]);
    assert_int_equal(run_to(out, (const char *const[]){"--version", NULL}), 74);
    assert_string_equal(text_err, "wick: cannot write to stdout: Broken pipe\n");
    assert_int_equal(run_to(out, (const char *const[]){"train", "--limit-steps", "1", NULL}), 74);
    assert_string_equal(text_err, "wick train: cannot write to stdout: Broken pipe\n");
    close(ends[1]);
}

/* ---- training --------------------------------------------------------------------------------------- */

static void assert_same_bytes(const char *a, const char *b)
{
    size_t m, n;
    unsigned char *x = temp_read(a, &m), *y = temp_read(b, &n);
    assert_int_equal(m, n);
    assert_memory_equal(x, y, m);
    free(x);
    free(y);
}

static void training_repeats_to_the_bit(void **state)
{
    (void)state;
    char one[300], two[300], log[300];
    own_path(one, "one.safetensors");
    own_path(two, "two.safetensors");
    own_path(log, "log.csv");
    assert_int_equal(RUN("train", "--limit-steps", "12", "--threads", "1", "--save", one, "--log", log), 0);
    assert_non_null(strstr(text_out, "epoch 1/3  loss "));
    assert_non_null(strstr(text_out, "saved to "));
    assert_null(strchr(text_out, '\r'));
    assert_int_equal(RUN("train", "--limit-steps", "12", "--threads", "2", "--workers", "2", "--save", two),
                     0);
    assert_same_bytes(one, two);
    slurp("log.csv", text_out, sizeof text_out);
    assert_int_equal(strncmp(text_out, "step,epoch,loss,lr\n1,1,2.3", 26), 0);
    assert_non_null(strstr(text_out, "\n12,1,"));
    assert_null(strstr(text_out, "\n13,"));
    assert_int_equal(RUN("train", "--limit-steps", "12", "--seed", "1", "--save", two), 0);
    assert_int_equal(RUN("test", one), 0);
    assert_int_equal(strncmp(text_out, "test accuracy ", 14), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            RUN("train", "--limit-steps", "2", "--optimizer", i ? "adam" : "rmsprop", "--resize", "pad"), 0);
}

static void a_loss_that_is_no_number_saves_nothing(void **state)
{
    (void)state;
    const char *path = temp_write("good", "good", 4);
    assert_int_equal(RUN("train", "--lr", "1e30", "--save", path), 70);
    assert_int_equal(strncmp(text_err, "wick train: step ", 17), 0);
    assert_non_null(strstr(text_err, "(--lr 1e+30 is too high?); nothing more is saved\n"));
    slurp("good", text_out, sizeof text_out);
    assert_string_equal(text_out, "good");
}

static void interrupted(int number)
{
    char out[300], save[300], log[300];
    own_path(out, "out");
    own_path(save, "interrupted.safetensors");
    own_path(log, "steps.csv");
    remove(save);
    temp_write("steps.csv", "", 0);
    pid_t child = start(out, (const char *const[]){"train", "--epochs", "1000", "--save", save, "--log", log,
                                                   "--batch-size", "8", NULL});
    struct stat status = {0};
    for (int i = 0; i < 3000 && status.st_size < 100; i++) { /* until it is in the middle of it */
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        stat(log, &status);
    }
    kill(child, number);
    int code;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_true(WIFEXITED(code));
    assert_int_equal(WEXITSTATUS(code), 128 + number);
    slurp("out", text_out, sizeof text_out);
    assert_non_null(strstr(text_out, "stopped after step "));
    assert_int_equal(RUN("test", save), 0);
}

static void interrupts_save_and_stop(void **state)
{
    (void)state;
    interrupted(SIGINT);
    interrupted(SIGTERM);
}

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
             "Sequential.1)",
             mlp);
    failed(RUN("train", "--model", mlp), 65, want);
    snprintf(want, sizeof want,
             "wick test: %s: linear: mat1 and mat2 shapes cannot be multiplied (1x1024 and 784x10) (in "
             "Sequential.1)",
             model);
    failed(RUN("test", model, "--resize", "pad"), 65, want);
    const char *path = temp_write("conv.txt", "Conv2d(1, 6, 5)\n", 16);
    snprintf(
        want, sizeof want,
        "wick train: %s: the network makes [1, 6, 28, 28] of a picture [1, 1, 32, 32], it must make [1, 10]",
        path);
    failed(RUN("train", "--model", path), 65, want);
    path = temp_write("wide.txt", "Conv2d(1, 6, 1, padding=50000)\n", 31);
    snprintf(want, sizeof want, "wick train: %s: the network needs more than 256 MiB for a picture", path);
    failed(RUN("train", "--model", path), 65, want);
}

/* C71 */
static void a_text_that_is_wrong(void **state)
{
    (void)state;
    char want[600], model[300];
    const char *path = temp_write("net.txt", "ReLU()\r\n", 8);
    snprintf(want, sizeof want, "wick train: %s:1:7: a carriage return: lines end with a newline alone",
             path);
    failed(RUN("train", "--model", path), 65, want);
    path = temp_write("net.txt", "\n\nConv2d( 1, 6, kernel=5)\n", 26);
    snprintf(want, sizeof want, "wick train: %s:3:15: Conv2d: unexpected argument 'kernel'", path);
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
    metadata->value = "Flatten()\nfc: Linear(784, 10)\n";
    assert_true(wk_save_safetensors(0, NULL, model, .metadata_count = 1, .metadata = metadata));
    assert_int_equal(RUN("test", model), 65);
    assert_non_null(strstr(text_err, "Missing key(s) in state_dict: \"fc.weight\", \"fc.bias\""));
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
    char model[300], idx[300], csv[300], picture[320], told[ROWS][64];
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

/* C72 */
static void rows_that_are_wrong(void **state)
{
    (void)state;
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

/* ---- downloads -------------------------------------------------------------------------------------- */

static void digests(void **state)
{
    (void)state;
    char hex[65];
    sha256_hex("", 0, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, hex);
    assert_string_equal(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    char *million = malloc(1000000);
    memset(million, 'a', 1000000);
    sha256_hex(million, 1000000, hex);
    free(million);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void downloads_that_fail(void **state)
{
    (void)state;
#if WICK_HAS_CURL
    char mirror[300], folder[300];
    snprintf(mirror, sizeof mirror, "file://%s", temp_folder);
    own_path(folder, "got");
    assert_int_equal(RUN("data", "get", "mnist", folder, "--mirror", mirror), 66);
    assert_non_null(strstr(text_err, "/train-images-idx3-ubyte.gz: "));
    temp_write("train-images-idx3-ubyte.gz", "wrong", 5);
    assert_int_equal(RUN("data", "get", "mnist", folder, "--mirror", mirror), 65);
    assert_non_null(strstr(text_err, "not the file that was expected (its SHA-256 is wrong)"));
    assert_int_equal(rmdir(folder), 0); /* nothing was left there */
    const char *file = temp_write("file", "", 0);
    assert_int_equal(RUN("data", "get", "mnist", file), 73);
#else
    SKIP("built without libcurl");
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_on_the_command_line),
        cmocka_unit_test(mistakes_in_the_environment),
        cmocka_unit_test(help_and_version),
        cmocka_unit_test(an_output_that_is_an_input),
        cmocka_unit_test(inputs_that_are_not_there),
        cmocka_unit_test(inputs_that_are_wrong),
        cmocka_unit_test(outputs_that_cannot_be),
        cmocka_unit_test(stdout_that_takes_nothing),
        cmocka_unit_test(training_repeats_to_the_bit),
        cmocka_unit_test(a_loss_that_is_no_number_saves_nothing),
        cmocka_unit_test(interrupts_save_and_stop),
        cmocka_unit_test(predictions),
        cmocka_unit_test(a_network_from_text),
        cmocka_unit_test(a_network_for_pictures_as_they_are),
        cmocka_unit_test(a_text_that_is_wrong),
        cmocka_unit_test(predictions_of_rows),
        cmocka_unit_test(rows_that_are_wrong),
        cmocka_unit_test(digests),
        cmocka_unit_test(downloads_that_fail),
    };
    return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
