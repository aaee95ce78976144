/* The command line. Numbers are read by strtod and strtoll in the C locale (setlocale is never called), whole, in decimal, and held
 * against the row's range. */
#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wick/wick.h>

#include "options.h"
#include "report.h"

Command command_find(const char *name)
{
    for (const CommandRow *row = commands; row->name; row++)
        if (strcmp(row->name, name) == 0)
            return row->command;
    return COMMAND_NONE;
}

int unknown_command(const char *command, const char *name)
{
    const char *near_word = NULL;
    for (const CommandRow *row = commands; row->name; row++)
        near_word = wk_closer_word(name, near_word, row->name);
    return report(command, EXIT_USAGE, "there is no command '%s'%s (see: wick help)", quoted(name).text,
                  did_you_mean("", near_word).text);
}

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
    for (const Option *o = options; o->name; o++)
        if (strlen(o->name) == length && strncmp(o->name, name, length) == 0)
            return o;
    return NULL;
}

static int unknown_option(const Settings *s, const char *word)
{
    char name[64];
    const char *near_word = NULL;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    for (const Option *o = options; o->name && name[0] == '-' && name[1]; o++)
        if ((o->commands & s->command) && o->help)
            near_word = wk_closer_word(name + 1 + (name[1] == '-'), near_word, o->name);
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
    const CommandRow *row = command_row(s->command);
    if (s->count < row->least)
        return report(s->command_name, EXIT_USAGE, "an argument is missing: %s (see: wick help %s)",
                      row->usage, s->command_name);
    if (s->count > row->most)
        return report(s->command_name, EXIT_USAGE, "what is '%s'? %s (see: wick help %s)",
                      quoted(s->arguments[row->most]).text, row->usage, s->command_name);
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
