/* The command line.
 *
 * Each option is one row: its name, what its value may be, where it goes and what it is for. Numbers are read by strtod and strtoll in
 * the C locale (setlocale is never called), whole, in decimal, and held against the row's range. */
#include "settings.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wick/wick.h>

#include "report.h"

typedef enum Kind {
    KIND_FLAG,
    KIND_WHOLE,
    KIND_NUMBER,
    KIND_CHOICE,
    KIND_TEXT,
} Kind;

typedef struct Option {
    const char *name;
    Kind kind;
    unsigned commands;
    size_t offset;     /* in Settings */
    double low, high;  /* of numbers */
    const char *value; /* how help calls the value; of KIND_CHOICE the words, with | between */
    const char *help;  /* NULL: for the program itself, not shown */
} Option;

#define AT(field) offsetof(Settings, field)
#define EVERY     (COMMAND_TRAIN | COMMAND_TEST | COMMAND_PREDICT | COMMAND_DATA | COMMAND_BENCH)
#define RUNS      (COMMAND_TRAIN | COMMAND_TEST | COMMAND_PREDICT)

static const Option options[] = {
    {"data", KIND_TEXT, COMMAND_TRAIN | COMMAND_TEST | COMMAND_BENCH, AT(data), 0, 0, "digits|DIR",
     "pictures to work on: drawn digits, or a folder with MNIST's files (default: digits)"},
    {"model", KIND_TEXT, COMMAND_TRAIN, AT(model), 0, 0, "lenet|FILE",
     "the network: LeNet, or what FILE says, a layer a line as PyTorch writes it (default: lenet)"},
    {"epochs", KIND_WHOLE, COMMAND_TRAIN, AT(epochs), 1, 1e6, "N", "times through the data (default: 3)"},
    {"batch-size", KIND_WHOLE, COMMAND_TRAIN, AT(batch_size), 1, 1e6, "N",
     "pictures of one step (default: 64)"},
    {"optimizer", KIND_CHOICE, COMMAND_TRAIN, AT(optimizer), 0, 0, "sgd|adam|rmsprop",
     "how weights are changed (default: sgd)"},
    {"lr", KIND_NUMBER, COMMAND_TRAIN, AT(lr), 0, 1e30, "X",
     "learning rate (default: 0.05 for sgd, 0.001 for adam and rmsprop)"},
    {"momentum", KIND_NUMBER, COMMAND_TRAIN, AT(momentum), 0, 1e30, "X",
     "(default: 0.9 for sgd, 0 for rmsprop)"},
    {"seed", KIND_WHOLE, COMMAND_TRAIN, AT(seed), 0, 0x1p62, "N", "of all random numbers (default: 0)"},
    {"resize", KIND_CHOICE, RUNS, AT(resize), 0, 0, "bilinear|pad|none",
     "how 28x28 becomes 32x32; none: it does not (default: bilinear, or as the model was trained)"},
    {"threads", KIND_WHOLE, RUNS | COMMAND_BENCH, AT(threads), 1, 256, "N",
     "(default: one for each processor)"},
    {"workers", KIND_WHOLE, COMMAND_TRAIN, AT(workers), 0, 256, "N",
     "threads that prepare batches ahead (default: 0)"},
    {"save", KIND_TEXT, COMMAND_TRAIN, AT(save), 0, 0, "FILE",
     "write the weights there after each epoch (safetensors)"},
    {"log", KIND_TEXT, COMMAND_TRAIN, AT(log), 0, 0, "FILE.csv",
     "write step,epoch,loss,lr there, a row a step"},
    {"limit-steps", KIND_WHOLE, COMMAND_TRAIN, AT(limit_steps), 1, 1e15, "N", "stop after so many steps"},
    {"invert", KIND_FLAG, COMMAND_PREDICT, AT(invert), 0, 0, NULL,
     "pictures are dark on light, as on paper; what is transparent is white"},
    {"mirror", KIND_TEXT, COMMAND_DATA, AT(mirror), 0, 0, "URL", "download from there"},
    {"match", KIND_TEXT, COMMAND_BENCH, AT(match), 0, 0, "WORD",
     "the row of that name, or all whose names contain it"},
    {"quick", KIND_FLAG, COMMAND_BENCH, AT(quick), 0, 0, NULL, "half the time for each row"},
    {"json", KIND_FLAG, COMMAND_BENCH, AT(json), 0, 0, NULL,
     "print name, threads, median_us, gflops or gbs, of_limit"},
    {"list", KIND_FLAG, COMMAND_BENCH, AT(list), 0, 0, NULL, "list the rows and what each does"},
    {"save-digits", KIND_TEXT, COMMAND_BENCH, AT(save_digits), 0, 0, "DIR",
     "write the drawn digits there, as MNIST's files"},
    {"child", KIND_TEXT, COMMAND_BENCH, AT(child), 0, 0, "WORK", NULL},
    {"help", KIND_FLAG, EVERY | COMMAND_HELP, AT(help), 0, 0, NULL, "show this"},
};
enum { OPTIONS = sizeof options / sizeof *options };

static const struct {
    const char *name;
    Command command;
    const char *usage, *help;
} commands[] = {
    {"train", COMMAND_TRAIN, "wick train [OPTIONS]",
     "trains a network and tells its test accuracy after each epoch"},
    {"test", COMMAND_TEST, "wick test MODEL [OPTIONS]", "tells the test accuracy of a saved network"},
    {"predict", COMMAND_PREDICT, "wick predict MODEL IMAGE... [OPTIONS]",
     "tells the digit on pictures: PNG files, IDXFILE:INDEX, or rows of FILE.csv"},
    {"data", COMMAND_DATA, "wick data get mnist [DIR] [OPTIONS]", "downloads MNIST (to data/mnist)"},
    {"bench", COMMAND_BENCH, "wick bench [OPTIONS]", "measures wick, and the limits of the machine"},
    {"help", COMMAND_HELP, "wick help [COMMAND]", "tells more"},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

Command command_find(const char *name)
{
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return commands[i].command;
    return COMMAND_NONE;
}

int unknown_command(const char *command, const char *name)
{
    const char *near_word = NULL;
    for (int i = 0; i < COMMANDS; i++)
        near_word = wk_closer_word(name, near_word, commands[i].name);
    return report(command, EXIT_USAGE, "there is no command '%s'%s (see: wick help)", quoted(name).text,
                  did_you_mean("", near_word).text);
}

/* ---- help ------------------------------------------------------------------------------------------- */

enum { HELP_WIDTH = 80 };

/* "  name   text", the text from column `column` on, its lines broken between words. */
static void help_line(const char *name, int column, const char *text)
{
    out("  %-*s", column - 2, name);
    for (int at = column; *text;) {
        const int word = (int)strcspn(text, " ");
        if (at > column && at + 1 + word > HELP_WIDTH) {
            out("\n%*s", column, "");
            at = column;
        }
        out("%s%.*s", at > column ? " " : "", word, text);
        at += word + (at > column);
        text += word + (text[word] == ' ');
    }
    out("\n");
}

void settings_help(Command command)
{
    if (command == COMMAND_NONE || command == COMMAND_HELP)
        out("wick: PyTorch's torch.nn in C\n\n");
    for (int i = 0; i < COMMANDS; i++)
        if (command == COMMAND_NONE || command == COMMAND_HELP)
            help_line(commands[i].usage, 40, commands[i].help);
        else if (command == commands[i].command)
            out("%s\n%s\n\n", commands[i].usage, commands[i].help);
    if (command == COMMAND_NONE || command == COMMAND_HELP) {
        out("\nwick help COMMAND tells a command's options, wick --version the version.\n");
        return;
    }
    for (int i = 0; i < OPTIONS; i++) {
        char name[64];
        if (!(options[i].commands & command) || !options[i].help)
            continue;
        snprintf(name, sizeof name, "--%s %s", options[i].name, options[i].value ? options[i].value : "");
        help_line(name, 33, options[i].help);
    }
}

/* ---- parsing ---------------------------------------------------------------------------------------- */

static int bad_range(const Settings *s, const Option *o, const char *text)
{
    return report(s->command_name, EXIT_USAGE, "--%s: %s is out of range, must be %.15g to %.*g", o->name,
                  quoted(text).text, o->low, o->kind == KIND_WHOLE ? 19 : 15, o->high);
}

/* The whole text as a whole number; false if it is none. One that is too large becomes the largest. */
static bool whole_number(const char *text, long long *value)
{
    const char *digits = text + (*text == '-');
    *value = strtoll(text, NULL, 10);
    return *digits && strspn(digits, "0123456789") == strlen(digits);
}

static int set_whole(Settings *s, const Option *o, const char *text)
{
    long long value;
    if (!whole_number(text, &value))
        return report(s->command_name, EXIT_USAGE, "--%s: '%s' is not a whole number", o->name,
                      quoted(text).text);
    if (value < (long long)o->low || value > (long long)o->high)
        return bad_range(s, o, text);
    *(int64_t *)(void *)((char *)s + o->offset) = value;
    return EXIT_OK;
}

static int set_number(Settings *s, const Option *o, const char *text)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || strspn(text, "0123456789+-.eE") < strlen(text))
        return report(s->command_name, EXIT_USAGE, "--%s: '%s' is not a number", o->name, quoted(text).text);
    if (!(value >= o->low && value <= o->high))
        return bad_range(s, o, text);
    *(double *)(void *)((char *)s + o->offset) = value;
    return EXIT_OK;
}

/* Is the text one of the words, "sgd|adam|rmsprop"? */
static bool is_one_of(const char *text, const char *words)
{
    for (size_t length; *words; words += length + (words[length] == '|')) {
        length = strcspn(words, "|");
        if (strlen(text) == length && strncmp(words, text, length) == 0)
            return true;
    }
    return false;
}

static int set_choice(Settings *s, const Option *o, const char *text)
{
    if (!is_one_of(text, o->value))
        return report(s->command_name, EXIT_USAGE, "--%s: '%s' is none of %s", o->name, quoted(text).text,
                      o->value);
    *(const char **)(void *)((char *)s + o->offset) = text;
    return EXIT_OK;
}

static int set_option(Settings *s, const Option *o, const char *text)
{
    switch (o->kind) {
    case KIND_FLAG:
        *(bool *)((char *)s + o->offset) = true;
        return EXIT_OK;
    case KIND_WHOLE:
        return set_whole(s, o, text);
    case KIND_NUMBER:
        return set_number(s, o, text);
    case KIND_CHOICE:
        return set_choice(s, o, text);
    case KIND_TEXT:
        if (!*text)
            return report(s->command_name, EXIT_USAGE, "--%s: the value is empty", o->name);
        *(const char **)(void *)((char *)s + o->offset) = text;
        return EXIT_OK;
    }
    return EXIT_INTERNAL;
}

static const Option *find_option(const char *name, size_t length)
{
    for (int i = 0; i < OPTIONS; i++)
        if (strlen(options[i].name) == length && strncmp(options[i].name, name, length) == 0)
            return &options[i];
    return NULL;
}

static int unknown_option(const Settings *s, const char *word)
{
    char name[64];
    const char *near_word = NULL;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    for (int i = 0; i < OPTIONS && name[0] == '-' && name[1]; i++)
        if ((options[i].commands & s->command) && options[i].help)
            near_word = wk_closer_word(name + 1 + (name[1] == '-'), near_word, options[i].name);
    return report(s->command_name, EXIT_USAGE, "unknown option '%s'%s (see: wick help %s)", quoted(word).text,
                  did_you_mean("--", near_word).text, s->command_name);
}

/* The value behind an option: not another option that stands where it was forgotten. */
static const char *next_value(int argc, char **argv, int *at)
{
    if (*at + 1 >= argc)
        return NULL;
    const char *next = argv[*at + 1];
    if (strncmp(next, "--", 2) == 0 && find_option(next + 2, strcspn(next + 2, "=")))
        return NULL;
    ++*at;
    return next;
}

/* Takes argv[*at] (that begins with "--") and its value; moves *at to the last word taken. */
static int take_option(Settings *s, int argc, char **argv, int *at)
{
    const char *name = argv[*at] + 2, *equals = strchr(name, '='), *value = equals ? equals + 1 : NULL;
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    const Option *o = find_option(name, length);
    if (!o)
        return unknown_option(s, argv[*at]);
    if (!(o->commands & s->command))
        return report(s->command_name, EXIT_USAGE, "--%s is no option of %s (see: wick help %s)", o->name,
                      s->command_name, s->command_name);
    if (o->kind == KIND_FLAG && value)
        return report(s->command_name, EXIT_USAGE, "--%s takes no value", o->name);
    if (o->kind != KIND_FLAG && !value && !(value = next_value(argc, argv, at)))
        return report(s->command_name, EXIT_USAGE, "--%s: the value is missing (%s)", o->name, o->value);
    return set_option(s, o, value);
}

/* What the environment says must be right too, as the library itself only ignores what it cannot use. */
static int check_environment(const Settings *s)
{
    const char *threads = getenv("WK_NUM_THREADS"), *isa = getenv("WK_ISA");
    long long value = 1;
    if (threads && *threads && (!whole_number(threads, &value) || value < 1 || value > 256))
        return report(s->command_name, EXIT_USAGE, "WK_NUM_THREADS: '%s' is no whole number from 1 to 256",
                      quoted(threads).text);
    if (isa && *isa && !is_one_of(isa, "avx512|avx2|portable|neon"))
        return report(s->command_name, EXIT_USAGE, "WK_ISA: '%s' is none of avx512, avx2, portable, neon",
                      quoted(isa).text);
    if (isa && *isa && strcmp(isa, wk_isa()) != 0)
        return report(s->command_name, EXIT_USAGE, "WK_ISA: this machine has no %s, its best is %s", isa,
                      wk_isa());
    return EXIT_OK;
}

/* What the commands want of their arguments and of options together. */
static int check_settings(const Settings *s)
{
    static const struct {
        Command command;
        int least, most;
    } wanted[] = {{COMMAND_TRAIN, 0, 0}, {COMMAND_TEST, 1, 1},  {COMMAND_PREDICT, 2, 1 << 30},
                  {COMMAND_DATA, 2, 3},  {COMMAND_BENCH, 0, 0}, {COMMAND_HELP, 0, 1}};
    for (int i = 0; i < COMMANDS; i++) {
        if (wanted[i].command != s->command)
            continue;
        if (s->count < wanted[i].least)
            return report(s->command_name, EXIT_USAGE, "an argument is missing: %s (see: wick help %s)",
                          commands[i].usage, s->command_name);
        if (s->count > wanted[i].most)
            return report(s->command_name, EXIT_USAGE, "what is '%s'? %s (see: wick help %s)",
                          quoted(s->arguments[wanted[i].most]).text, commands[i].usage, s->command_name);
    }
    if (s->momentum >= 0 && strcmp(s->optimizer, "adam") == 0)
        return report(s->command_name, EXIT_USAGE, "--momentum is no option of adam");
    return check_environment(s);
}

int settings_parse(Settings *s, int argc, char **argv)
{
    *s = (Settings){.model = "lenet",
                    .data = "digits",
                    .optimizer = "sgd",
                    .epochs = 3,
                    .batch_size = 64,
                    .lr = -1,
                    .momentum = -1};
    if (argc < 2)
        return report(NULL, EXIT_USAGE, "what shall be done? See: wick help");
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        s->version = argv[1][2] == 'v';
        s->help = !s->version;
        return EXIT_OK;
    }
    s->command = command_find(argv[1]);
    s->command_name = argv[1];
    s->arguments = argv + 2;
    if (s->command == COMMAND_NONE)
        return unknown_command(NULL, argv[1]);
    bool only_arguments = false;
    for (int i = 2; i < argc; i++) {
        if (only_arguments || argv[i][0] != '-' || !argv[i][1]) {
            s->arguments[s->count++] = argv[i];
        } else if (strcmp(argv[i], "--") == 0) {
            only_arguments = true;
        } else if (strcmp(argv[i], "-h") == 0) {
            s->help = true;
        } else if (argv[i][1] != '-') {
            return unknown_option(s, argv[i]);
        } else {
            int code = take_option(s, argc, argv, &i);
            if (code != EXIT_OK)
                return code;
        }
    }
    return s->help ? EXIT_OK : check_settings(s);
}
