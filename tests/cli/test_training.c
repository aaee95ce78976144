/* wick train against PyTorch: LeNet on MNIST with seed 0, step by step (tests/golden/mnist_lenet_seed0.txt), and the accuracy that it
 * comes to. The real MNIST is looked for in WICK_MNIST and beside the project; without it the built-in digits stand in for accuracy. */
#include "io/temp.h"

#include <math.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOW_BUILD 1
#else
#define SLOW_BUILD 0
#endif

enum { STEPS = 50 };

static const char *real_mnist(void)
{
    const char *folder = getenv("WICK_MNIST");
    if (!folder)
        folder = "../shared/data/mnist";
    return access(folder, R_OK) == 0 && WICK_HAS_ZLIB ? folder : NULL;
}

/* Runs `wick train OPTIONS` and gives what it printed. */
static const char *train(const char *options)
{
    static char text[8192];
    char command[1024];
    const char *program = getenv("WICK_PROGRAM");
    snprintf(command, sizeof command, "%s train --seed 0 %s", program ? program : "build/release/wick",
             options);
    FILE *out = popen(command, "r");
    assert_non_null(out);
    text[fread(text, 1, sizeof text - 1, out)] = 0;
    assert_int_equal(pclose(out), 0);
    return text;
}

static double last_test_accuracy(const char *text)
{
    const char *at = NULL;
    for (const char *next = text; (next = strstr(next, "test accuracy ")) != NULL; next++)
        at = next;
    assert_non_null(at);
    return atof(at + strlen("test accuracy "));
}

/* The golden losses under the heading that begins with `title`. */
static void golden_losses(const char *title, double losses[STEPS])
{
    char line[256];
    int count = 0;
    bool ours = false;
    FILE *file = fopen("tests/golden/mnist_lenet_seed0.txt", "r");
    assert_non_null(file);
    while (count < STEPS && fgets(line, sizeof line, file)) {
        int step;
        double loss;
        if (strncmp(line, "## ", 3) == 0)
            ours = strncmp(line + 3, title, strlen(title)) == 0;
        else if (ours && sscanf(line, "step %d loss %lf", &step, &loss) == 2 && step == count + 1)
            losses[count++] = loss;
    }
    fclose(file);
    assert_int_equal(count, STEPS);
}

static void follows(const char *title, const char *options)
{
    double golden[STEPS];
    char command[700], log[300], line[256];
    const char *folder = real_mnist();
    if (!folder)
        SKIP("no MNIST folder; set WICK_MNIST");
    golden_losses(title, golden);
    snprintf(log, sizeof log, "%s", temp_path("log.csv"));
    snprintf(command, sizeof command, "--data %s %s --limit-steps %d --log %s", folder, options, STEPS, log);
    train(command);
    FILE *file = fopen(log, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    assert_string_equal(line, "step,epoch,loss,lr\n");
    for (int i = 0; i < STEPS; i++) {
        int step;
        double loss;
        assert_non_null(fgets(line, sizeof line, file));
        assert_int_equal(sscanf(line, "%d,%*d,%lf", &step, &loss), 2);
        assert_int_equal(step, i + 1);
        if (!(fabs(loss - golden[i]) <= 1e-3))
            fail_msg("step %d: loss %f, PyTorch %f", step, loss, golden[i]);
    }
    fclose(file);
}

static void follows_pytorch_with_sgd(void **state)
{
    (void)state;
    follows("SGD", "");
}

static void follows_pytorch_with_adam(void **state)
{
    (void)state;
    follows("Adam", "--optimizer adam");
}

static void reaches(const char *optimizer, double real, double digits)
{
    char command[700];
    const char *folder = real_mnist();
    if (SLOW_BUILD)
        SKIP("three epochs take too long in a build with sanitizers");
    snprintf(command, sizeof command, "--data %s --optimizer %s --epochs 3", folder ? folder : "digits",
             optimizer);
    double accuracy = last_test_accuracy(train(command)), wanted = folder ? real : digits;
    if (!(accuracy >= wanted))
        fail_msg("%s: test accuracy %.2f %% after 3 epochs, wanted %.2f %%", optimizer, accuracy, wanted);
}

static void accuracy_with_sgd(void **state)
{
    (void)state;
    reaches("sgd", 98.0, 98.0);
}

static void accuracy_with_adam(void **state)
{
    (void)state;
    reaches("adam", 98.5, 98.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_pytorch_with_sgd),
        cmocka_unit_test(follows_pytorch_with_adam),
        cmocka_unit_test(accuracy_with_sgd),
        cmocka_unit_test(accuracy_with_adam),
    };
    return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
