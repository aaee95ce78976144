/* wick: the program. Trains, tests and predicts with the library's public functions only. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "commands.h"
#include "report.h"

/* A file that is opened must never become stdout because that was closed: fills such gaps with what cannot be written to. */
static void fill_standard_files(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDONLY) != fd)
            _exit(EXIT_INTERNAL);
}

static int run(const Settings *s)
{
    if (s->version)
        return out("wick %s\n", wk_version()), EXIT_OK;
    if (s->help)
        return settings_help(s->command), EXIT_OK;
    if (s->threads && !wk_set_num_threads((int)s->threads))
        return report_wick(s->command_name, STAGE_WORKING);
    switch (s->command) {
    case COMMAND_TRAIN:
        return command_train(s);
    case COMMAND_TEST:
        return command_test(s);
    case COMMAND_PREDICT:
        return command_predict(s);
    case COMMAND_DATA:
        return command_data(s);
    case COMMAND_BENCH:
        return command_bench(s);
    default: {
        Command about = s->count ? command_find(s->arguments[0]) : COMMAND_NONE;
        if (s->count && about == COMMAND_NONE)
            return unknown_command("help", s->arguments[0]);
        return settings_help(about), EXIT_OK;
    }
    }
}

int main(int argc, char **argv)
{
    Settings settings;
    fill_standard_files();
    signal(SIGPIPE, SIG_IGN); /* these are errors of write, with a message */
    signal(SIGXFSZ, SIG_IGN);
    int code = settings_parse(&settings, argc, argv);
    if (code == EXIT_OK)
        code = run(&settings);
    return code == EXIT_OK && out_failed(settings.command_name) ? EXIT_IOERR : code;
}
