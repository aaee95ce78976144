/* The measuring code of `wick bench` as a program of its own, for as long as the command line of wick does
 * not have the command. It takes the same words: wick_bench bench --match WORD ... */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "report.h"
#include "settings.h"

static bool parse(int argc, char **argv, BenchCommand *command)
{
    const char *threads = NULL;
    const struct {
        const char *name;
        const char **value;
        bool *flag;
    } known[] = {
        {"--match", &command->options.match, NULL},
        {"--threads", &threads, NULL},
        {"--data", &command->options.data, NULL},
        {"--child", &command->child, NULL},
        {"--save-digits", &command->save_digits, NULL},
        {"--quick", NULL, &command->options.quick},
        {"--json", NULL, &command->json},
        {"--list", NULL, &command->list},
    };
    for (int i = 2; i < argc; i++) {
        size_t k = 0, count = sizeof known / sizeof *known;
        while (k < count && strcmp(known[k].name, argv[i]))
            k++;
        if (k == count || (known[k].value && i + 1 == argc))
            return false;
        if (known[k].value)
            *known[k].value = argv[++i];
        else
            *known[k].flag = true;
    }
    return !threads || wk_set_num_threads(atoi(threads));
}

int main(int argc, char **argv)
{
    BenchCommand command = {0};
    if (argc < 2 || strcmp(argv[1], "bench") || !parse(argc, argv, &command))
        return report("bench", EXIT_USAGE, "what is asked is not understood");
    command.options.threads = wk_get_num_threads();
    int code = bench_run(&command);
    return code == EXIT_OK && out_failed("bench") ? EXIT_IOERR : code;
}
