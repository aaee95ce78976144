/* The program from outside: exit codes, one line for each mistake, training that repeats. */
#include "cli/program.h"

#include "../cli/sha256.c"

/* ---- the command line ------------------------------------------------------------------------------- */

static void mistakes_on_the_command_line(void **state)
{
    (void)state;
    ROW("C70");
    failed(RUN("fly"), 2, "wick: there is no command 'fly' (see: wick help)");
    failed(RUN("train", "--bogus"), 2, "wick train: unknown option '--bogus' (see: wick help train)");
    failed(RUN("train", "-x"), 2, "wick train: unknown option '-x' (see: wick help train)");
    failed(RUN("train", "--epoch=3"), 2,
           "wick train: unknown option '--epoch=3'. Did you mean: '--epochs'? (see: wick help train)");
    failed(RUN("train", "-lr", "3"), 2,
           "wick train: unknown option '-lr'. Did you mean: '--lr'? (see: wick help train)");
    failed(RUN("train", "--batch_size", "3"), 2,
           "wick train: unknown option '--batch_size'. Did you mean: '--batch-size'? (see: wick help train)");
    failed(RUN("predict", "--epoch", "3"), 2,
           "wick predict: unknown option '--epoch' (see: wick help predict)");
    failed(RUN("trian"), 2, "wick: there is no command 'trian'. Did you mean: 'train'? (see: wick help)");
    failed(RUN("train", "--lr"), 2, "wick train: --lr: the value is missing (X)");
    failed(RUN("train", "--save", "--log", "x.csv"), 2, "wick train: --save: the value is missing (FILE)");
    failed(RUN("train", "--lr", "abc"), 2, "wick train: --lr: 'abc' is not a number");
    failed(RUN("train", "--lr", "0,1"), 2, "wick train: --lr: '0,1' is not a number");
    failed(RUN("train", "--lr", "nan"), 2, "wick train: --lr: 'nan' is not a number");
    failed(RUN("train", "--lr", "inf"), 2, "wick train: --lr: 'inf' is not a number");
    failed(RUN("train", "--lr", "0x1p-3"), 2, "wick train: --lr: '0x1p-3' is not a number");
    failed(RUN("train", "--lr", "\t1"), 2, "wick train: --lr: '\\x091' is not a number");
    failed(RUN("train", "--lr="), 2, "wick train: --lr: '' is not a number");
    failed(RUN("train", "--lr", "1e999"), 2, "wick train: --lr: 1e999 is out of range, must be 0 to 1e+30");
    failed(RUN("train", "--lr=-1"), 2, "wick train: --lr: -1 is out of range, must be 0 to 1e+30");
    failed(RUN("train", "--epochs", "-1"), 2,
           "wick train: --epochs: -1 is out of range, must be 1 to 1000000");
    failed(RUN("train", "--epochs", "99999999999999999999"), 2,
           "wick train: --epochs: 99999999999999999999 is out of range, must be 1 to 1000000");
    failed(RUN("train", "--seed", "4611686018427387905"), 2,
           "wick train: --seed: 4611686018427387905 is out of range, must be 0 to 4611686018427387904");
    failed(RUN("train", "--epochs", "\n3"), 2, "wick train: --epochs: '\\x0a3' is not a whole number");
    failed(RUN("train", "--epochs", "-"), 2, "wick train: --epochs: '-' is not a whole number");
    failed(RUN("train", "--epochs", "2.5"), 2, "wick train: --epochs: '2.5' is not a whole number");
    failed(RUN("train", "--threads", "0"), 2, "wick train: --threads: 0 is out of range, must be 1 to 256");
    failed(RUN("train", "--optimizer", "sg"), 2, "wick train: --optimizer: 'sg' is none of sgd|adam|rmsprop");
    failed(RUN("train", "--optimizer", "sgd adam"), 2,
           "wick train: --optimizer: 'sgd adam' is none of sgd|adam|rmsprop");
    failed(RUN("train", "--optimizer", "sgd|adam"), 2,
           "wick train: --optimizer: 'sgd|adam' is none of sgd|adam|rmsprop");
    failed(RUN("train", "--optimizer="), 2, "wick train: --optimizer: '' is none of sgd|adam|rmsprop");
    failed(RUN("test", "m", "--resize", "bilinear pad"), 2,
           "wick test: --resize: 'bilinear pad' is none of bilinear|pad|none");
    failed(RUN("train", "--optimizer", "adam", "--momentum", "0.9"), 2,
           "wick train: --momentum is no option of adam");
    failed(RUN("train", "--save", ""), 2, "wick train: --save: the value is empty");
    failed(RUN("train", "now\n\x1b[31m"), 2,
           "wick train: what is 'now\\x0a\\x1b[31m'? wick train [OPTIONS] (see: wick help train)");
    failed(RUN("test"), 2,
           "wick test: an argument is missing: wick test MODEL [OPTIONS] (see: wick help test)");
    failed(RUN("test", "m", "--epochs", "3"), 2,
           "wick test: --epochs is no option of test (see: wick help test)");
    failed(RUN("predict", "m", "x.png", "--invert=1"), 2, "wick predict: --invert takes no value");
    failed(RUN("predict", "m"), 2,
           "wick predict: an argument is missing: wick predict MODEL IMAGE... [OPTIONS] (see: wick help "
           "predict)");
    failed(RUN("data", "put", "mnist"), 2,
           "wick data: 'put mnist' is not offered; wick data get mnist [DIR] is");
    failed(RUN("help", "fly"), 2, "wick help: there is no command 'fly' (see: wick help)");
    const char *const nothing[] = {NULL};
    failed(run_list(nothing), 2, "wick: what shall be done? See: wick help");
}

static void mistakes_in_the_environment(void **state)
{
    (void)state;
    ROW("C70");
    static const char *const junk[] = {"many", "0",  "-1", "257", "2x", "1e2", "99999999999999999999",
                                       " 2",   "2 ", "+2"};
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
    setenv("WK_ISA", "avx", 1);
    failed(RUN("train"), 2, "wick train: WK_ISA: 'avx' is none of avx512, avx2, portable, neon");
    setenv("WK_ISA", strcmp(wk_isa(), "neon") == 0 ? "avx2" : "neon", 1); /* of another machine */
    assert_int_equal(RUN("help"), 2);
    assert_int_equal(strncmp(text_err, "wick help: WK_ISA: this machine has no ", 39), 0);
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

static void an_output_that_is_an_input(void **state)
{
    (void)state;
    ROW("C70");
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
    own_path(path, "same"); /* which is not there yet, by a link to it and a link to that */
    assert_int_equal(symlink("same", other), 0);
    snprintf(want, sizeof want, "wick train: --save and --log are the same file, %s", other);
    failed(RUN("train", "--save", other, "--log", path), 2, want);
    const char *far = temp_path("far");
    assert_int_equal(symlink(other, far), 0);
    snprintf(want, sizeof want, "wick train: --save and --log are the same file, %s", far);
    failed(RUN("train", "--save", far, "--log", path), 2, want);
    remove(far);
    remove(other);
    own_path(path, "train-images-idx3-ubyte");
    remove(path);
}

/* ---- files ------------------------------------------------------------------------------------------ */

static void inputs_that_are_not_there(void **state)
{
    (void)state;
    ROW("C69");
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

static void outputs_that_cannot_be(void **state)
{
    (void)state;
    ROW("C69");
    char want[600];
    failed(RUN("train", "--save", "/nowhere/x"), 73,
           "wick train: --save: cannot create /nowhere/x: No such file or directory");
    snprintf(want, sizeof want, "wick train: --log: cannot create %s: Is a directory", temp_folder);
    failed(RUN("train", "--log", temp_folder), 73, want);
    failed(RUN("train", "--save", "/dev/null"), 73,
           "wick train: --save: cannot create /dev/null: Not a regular file");
    static const char *const targets[][2] = {{"nowhere", "a symbolic link to what is not there"},
                                             {"no-folder/x", "a symbolic link to what is not there"},
                                             {"link", "Too many levels of symbolic links"}};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        const char *link = temp_path("link");
        assert_int_equal(symlink(targets[i][0], link), 0);
        snprintf(want, sizeof want, "wick train: --save: cannot create %s: %s", link, targets[i][1]);
        failed(RUN("train", "--save", link), 73, want);
        remove(link);
    }
}

static void stdout_that_takes_nothing(void **state)
{
    (void)state;
    ROW("C70");
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
    char mirror[300], folder[300], want[900];
    snprintf(mirror, sizeof mirror, "file://%s/", temp_folder);
    own_path(folder, "got");
    assert_int_equal(RUN("data", "get", "mnist", folder, "--mirror", mirror), 66);
    snprintf(want, sizeof want, "wick data: file://%s/train-images-idx3-ubyte.gz: ", temp_folder);
    assert_int_equal(strncmp(text_err, want, strlen(want)), 0);
    temp_write("train-images-idx3-ubyte.gz", "wrong", 5);
    assert_int_equal(RUN("data", "get", "mnist", folder, "--mirror", mirror), 65);
    assert_non_null(strstr(text_err, "not the file that was expected (its SHA-256 is wrong)"));
    assert_int_equal(access(folder, F_OK), -1); /* nothing was left */
    const char *deep = temp_path("one//two/three/");
    assert_int_equal(RUN("data", "get", "mnist", deep, "--mirror", mirror), 65);
    assert_int_equal(access(temp_path("one"), F_OK), -1);
    assert_int_equal(mkdir(folder, 0700), 0); /* what was there stays */
    assert_int_equal(RUN("data", "get", "mnist", folder, "--mirror", mirror), 65);
    assert_int_equal(rmdir(folder), 0);
    const char *file = temp_write("file", "", 0);
    snprintf(want, sizeof want, "wick data: cannot create %s: Not a directory", file);
    failed(RUN("data", "get", "mnist", file), 73, want);
    snprintf(want, sizeof want, "wick data: cannot create %s: Not a directory", file);
    failed(RUN("data", "get", "mnist", temp_path("file/x/y")), 73, want);
    failed(RUN("data", "get", "mnist", ""), 73, "wick data: cannot create : No such file or directory");
#else
    SKIP("built without libcurl");
#endif
}

static void downloads_without_permission(void **state)
{
    (void)state;
#if defined(__SANITIZE_ADDRESS__)
    SKIP("LeakSanitizer cannot look into a process of another user");
#elif WICK_HAS_CURL
    ROW("C69");
    char closed[300], want[700];
    own_path(closed, "closed");
    assert_int_equal(mkdir(closed, 0555), 0);
    temp_write("out", "", 0), temp_write("err", "", 0);
    assert_int_equal(chmod(temp_path("out"), 0666) | chmod(temp_path("err"), 0666), 0);
    if (temp_lower_privileges()) {
        snprintf(want, sizeof want,
                 "wick data: cannot create %s/train-images-idx3-ubyte.gz: Permission denied\n", closed);
        int code = RUN("data", "get", "mnist", closed);
        assert_string_equal(text_err, want);
        assert_int_equal(code, 73);
        snprintf(want, sizeof want, "wick data: cannot create %s/new: Permission denied\n", closed);
        code = RUN("data", "get", "mnist", temp_path("closed/new/deep"));
        assert_string_equal(text_err, want);
        assert_int_equal(code, 73);
    }
    temp_raise_privileges();
    assert_int_equal(rmdir(closed), 0);
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
        cmocka_unit_test(digests),
        cmocka_unit_test(downloads_that_fail),
        cmocka_unit_test(downloads_without_permission),
    };
    return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
