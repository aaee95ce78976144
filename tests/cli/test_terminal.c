/* What is drawn on terminals of every width and kind. */
#include "cli/program.h"

#include <poll.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "../cli/progress.c"

/* ---- the line --------------------------------------------------------------------------------------- */

static void a_line_of_every_width(void **state)
{
    (void)state;
    static const char *const facts[] = {"loss 0.3342", "91.20 %", "1:05 left", "17794 img/s", NULL};
    char line[PROGRESS_LINE], rest[PROGRESS_LINE];
    for (int width = 0; width <= 200; width++) {
        progress_line(line, width, "epoch 1/3", 0.419, facts);
        assert_true((int)strlen(line) <= width);
        strcpy(rest, line);
        bool whole = true; /* each part is there whole, and the parts before it too */
        for (int i = -1; i < 4; i++) {
            const char *part = i < 0 ? " 41 %" : facts[i];
            char *at = strstr(rest, part);
            assert_true(whole || !at);
            whole = at != NULL;
            if (at)
                memset(at, ' ', strlen(part));
        }
        char *title = strstr(rest, "epoch 1/3");
        if (title)
            memset(title, ' ', 9);
        assert_int_equal(strspn(rest, " [=]"), strlen(rest));
    }
    progress_line(line, 39, "epoch 1/3", 0.419, facts);
    assert_string_equal(line, "epoch 1/3  41 %  loss 0.3342  91.20 %");
    progress_line(line, 79, "epoch 1/3", 0.419, facts);
    assert_string_equal(line,
                        "epoch 1/3 [======         ]  41 %  loss 0.3342  91.20 %  1:05 left  17794 img/s");
    progress_line(line, 9, "epoch 1/3", 2, facts);
    assert_string_equal(line, "100 %");
}

/* ---- the program on a terminal ---------------------------------------------------------------------- */

static char drawn[1 << 20];

/* Runs it on a terminal of that width; what it has drawn. */
static const char *draw(int columns, const char *term, const char *const *arguments)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY), status;
    struct winsize size = {.ws_row = 24, .ws_col = (unsigned short)columns};
    assert_true(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    assert_int_equal(ioctl(terminal, TIOCSWINSZ, &size), 0);
    setenv("TERM", term, 1);
    int held =
        open(ptsname(terminal), O_RDWR | O_NOCTTY); /* that the end is not told before the child is there */
    pid_t child = start(ptsname(terminal), arguments);
    size_t used = 0;
    for (bool ended = false;;) {
        struct pollfd ready = {.fd = terminal, .events = POLLIN};
        if (poll(&ready, 1, 50) > 0) {
            ssize_t got = read(terminal, drawn + used, sizeof drawn - 1 - used);
            assert_true(got > 0);
            used += (size_t)got;
        } else if (ended) {
            break;
        }
        ended = ended || waitpid(child, &status, WNOHANG) == child;
    }
    close(held);
    close(terminal);
    drawn[used] = 0;
    assert_int_equal(status, 0);
    return drawn;
}

/* The longest of what stands between carriage returns and newlines. */
static int widest(const char *text)
{
    int most = 0;
    for (size_t length; *text; text += length + (text[length] != 0)) {
        length = strcspn(text, "\r\n");
        most = (int)length > most ? (int)length : most;
    }
    return most;
}

static const char *const training[] = {"train", "--limit-steps", "200", "--epochs", "1", NULL};

static void narrow_terminals(void **state)
{
    (void)state;
    static const int widths[] = {12, 20, 40, 80, 132};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        char *text = (char *)draw(widths[i], "xterm", training);
        assert_null(strchr(text, 0x1b));
        char *result = strstr(text, "epoch 1/1  loss "); /* the line of the epoch is no bar */
        assert_non_null(result);
        *result = 0;
        assert_non_null(strstr(text, " %"));
        assert_true(widest(text) < widths[i]);
    }
}

static void terminals_that_cannot_redraw(void **state)
{
    (void)state;
    static const char *const terms[] = {"dumb", ""};
    for (size_t i = 0; i < 2; i++) {
        const char *text = draw(80, terms[i], training);
        assert_int_equal(strncmp(text, "epoch 1/1  loss ", 16), 0);
        assert_null(strchr(text, 0x1b));
    }
}

static void help_on_narrow_terminals(void **state)
{
    (void)state;
    static const int widths[] = {30, 40, 60, 80, 200};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        assert_true(widest(draw(widths[i], "xterm", (const char *const[]){"help", NULL})) <= widths[i]);
        assert_true(widest(draw(widths[i], "xterm", (const char *const[]){"help", "train", NULL})) <=
                    widths[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_of_every_width),
        cmocka_unit_test(narrow_terminals),
        cmocka_unit_test(terminals_that_cannot_redraw),
        cmocka_unit_test(help_on_narrow_terminals),
    };
    return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
