/* What a run of training leaves on the disk, however it ends. */
#include "cli/program.h"

#include <sys/resource.h>
#include <time.h>

/* A network of 170 numbers, whose epochs are short. */
static const char *small_network(void)
{
    static const char text[] = "AvgPool2d(8)\nFlatten()\nLinear(16, 10)\n";
    return temp_write("small.txt", text, sizeof text - 1);
}

static bool loads(const char *path)
{
    return RUN("test", path) == 0;
}

/* Waits until the file has more than so many bytes. */
static void await(const char *path, off_t bytes)
{
    struct stat status = {0};
    for (int i = 0; i < 5000 && status.st_size <= bytes; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        stat(path, &status);
    }
    assert_true(status.st_size > bytes);
}

/* Its exit code; what it has printed is in text_out and text_err then. */
static int end_of(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    slurp("out", text_out, sizeof text_out);
    slurp("err", text_err, sizeof text_err);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void holds(const char *name, const char *content)
{
    slurp(name, text_out, sizeof text_out);
    assert_string_equal(text_out, content);
}

/* ---- runs that diverge ------------------------------------------------------------------------------ */

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

/* The loss of the last step is of the weights before it: the test sees what the step has made. */
static void a_last_step_that_diverges_saves_nothing(void **state)
{
    (void)state;
    const char *path = temp_write("good", "good", 4);
    assert_int_equal(RUN("train", "--lr", "1e30", "--limit-steps", "1", "--save", path), 70);
    assert_int_equal(strncmp(text_err, "wick train: step 1: the test loss is ", 37), 0);
    assert_non_null(strstr(text_err, "(--lr 1e+30 is too high?); nothing more is saved\n"));
    assert_null(strstr(text_out, "saved"));
    holds("good", "good");
}

/* ---- signals ---------------------------------------------------------------------------------------- */

/* Starts a run of a thousand epochs and waits until it is in the middle of the first. */
static pid_t start_long_run(const char *save)
{
    char out[300], log[300];
    own_path(out, "out");
    own_path(log, "steps.csv");
    temp_write("steps.csv", "", 0);
    pid_t child = start(out, (const char *const[]){"train", "--epochs", "1000", "--save", save, "--log", log,
                                                   "--batch-size", "8", NULL});
    await(log, 100);
    return child;
}

static void interrupted(int number)
{
    char save[300];
    own_path(save, "interrupted.safetensors");
    remove(save);
    pid_t child = start_long_run(save);
    kill(child, number);
    assert_int_equal(end_of(child), 128 + number);
    assert_non_null(strstr(text_out, "stopped after step "));
    assert_non_null(strstr(text_out, "; saved to "));
    assert_string_equal(text_err, "");
    assert_true(loads(save));
}

static void interrupts_save_and_stop(void **state)
{
    (void)state;
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGXCPU};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        interrupted(numbers[i]);
}

/* Before a test has seen this run's network, the file of an earlier run stays. */
static void an_early_interrupt_leaves_the_file(void **state)
{
    (void)state;
    char save[300], beside[320], want[700];
    snprintf(save, sizeof save, "%s", temp_write("model", "good", 4));
    snprintf(beside, sizeof beside, "%s.interrupted", save);
    pid_t child = start_long_run(save);
    kill(child, SIGINT);
    assert_int_equal(end_of(child), 130);
    snprintf(want, sizeof want, "%s is there: the first epoch's network will replace it\n", save);
    assert_int_equal(strncmp(text_out, want, strlen(want)), 0);
    snprintf(want, sizeof want, "; saved to %s, as no epoch was tested\n", beside);
    assert_non_null(strstr(text_out, want));
    holds("model", "good");
    assert_true(loads(beside));
    remove(beside);
}

/* Afterwards it is this run's. */
static void a_later_interrupt_replaces_the_file(void **state)
{
    (void)state;
    char save[300], out[300], beside[320];
    snprintf(save, sizeof save, "%s", temp_write("model", "good", 4));
    snprintf(beside, sizeof beside, "%s.interrupted", save);
    own_path(out, "out");
    remove(out);
    pid_t child = start(out, (const char *const[]){"train", "--epochs", "100000", "--save", save, "--model",
                                                   small_network(), NULL});
    await(out, 500); /* a line for what will be replaced, and some epochs */
    kill(child, SIGTERM);
    assert_int_equal(end_of(child), 143);
    assert_non_null(strstr(text_out, "stopped after step "));
    assert_int_equal(access(beside, F_OK), -1);
    assert_true(loads(save));
}

/* As nohup and a shell's background have it. */
static void what_was_ignored_stays_ignored(void **state)
{
    (void)state;
    char save[300], log[300];
    struct stat status;
    own_path(save, "model");
    own_path(log, "steps.csv");
    remove(save);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    pid_t child = start_long_run(save);
    signal(SIGINT, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    kill(child, SIGINT);
    kill(child, SIGHUP);
    assert_int_equal(stat(log, &status), 0);
    await(log, status.st_size + 10000); /* it goes on */
    kill(child, SIGTERM);
    assert_int_equal(end_of(child), 143);
    assert_true(loads(save));
}

/* ---- disks that are full ---------------------------------------------------------------------------- */

/* With a limit on the size of files, beyond which the system sends SIGXFSZ. */
static int run_limited(rlim_t bytes, const char *save, const char *log)
{
    struct rlimit before, limit;
    char out[300];
    own_path(out, "out");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = (struct rlimit){.rlim_cur = bytes, .rlim_max = before.rlim_max};
    const char *model = small_network();
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    pid_t child =
        start(out, (const char *const[]){"train", "--save", save, "--log", log, "--model", model, NULL});
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    return end_of(child);
}

static void a_full_log_ends_the_run_and_saves(void **state)
{
    (void)state;
    char save[300], log[300], want[700];
    own_path(save, "model");
    own_path(log, "steps.csv");
    remove(save);
    assert_int_equal(run_limited(8192, save, log), 74);
    snprintf(want, sizeof want, "wick train: cannot write %s: File too large\n", log);
    assert_string_equal(text_err, want);
    assert_non_null(strstr(text_out, "stopped after step "));
    assert_true(loads(save));
    remove(save);
}

static void a_full_disk_keeps_the_old_file(void **state)
{
    (void)state;
    char save[300], log[300];
    snprintf(save, sizeof save, "%s", temp_write("model", "good", 4));
    own_path(log, "steps.csv");
    assert_int_equal(run_limited(512, save, log), 74);
    assert_non_null(strstr(text_err, ": File too large\n"));
    holds("model", "good");
    int files = temp_files();
    remove(save);
    assert_int_equal(temp_files(), files - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loss_that_is_no_number_saves_nothing),
        cmocka_unit_test(a_last_step_that_diverges_saves_nothing),
        cmocka_unit_test(interrupts_save_and_stop),
        cmocka_unit_test(an_early_interrupt_leaves_the_file),
        cmocka_unit_test(a_later_interrupt_replaces_the_file),
        cmocka_unit_test(what_was_ignored_stays_ignored),
        cmocka_unit_test(a_full_log_ends_the_run_and_saves),
        cmocka_unit_test(a_full_disk_keeps_the_old_file),
    };
    return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
