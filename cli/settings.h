/* What the command line says: one table of options, from which parsing, messages and help come. */
#ifndef WICK_CLI_SETTINGS_H
#define WICK_CLI_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

enum {
    EXIT_OK = 0,
    EXIT_USAGE = 2,
    EXIT_DATA = 65,    /* the input's bytes are wrong */
    EXIT_NOINPUT = 66, /* the input is not there or not readable */
    EXIT_INTERNAL = 70,
    EXIT_CANTCREATE = 73,
    EXIT_IOERR = 74,
    EXIT_SIGNAL = 128, /* + the signal's number */
};

/* A set of commands. */
typedef enum Command {
    COMMAND_NONE = 0,
    COMMAND_TRAIN = 1,
    COMMAND_TEST = 2,
    COMMAND_PREDICT = 4,
    COMMAND_DATA = 8,
    COMMAND_HELP = 16,
    COMMAND_BENCH = 32,
} Command;

typedef struct Settings {
    Command command;
    const char *command_name;
    const char *model, *data, *optimizer, *resize, *save, *log, *mirror;
    const char *match, *save_digits, *child; /* of bench */
    int64_t epochs, batch_size, seed, threads, workers, limit_steps;
    double lr, momentum; /* negative: not given */
    bool invert, help, version, json, list, quick;
    int count; /* of arguments that are no options */
    char **arguments;
} Settings;

/* Reads the command line; reorders argv. Returns EXIT_OK, or prints one line to stderr and returns EXIT_USAGE. */
int settings_parse(Settings *settings, int argc, char **argv);

/* Prints the help for a command (COMMAND_NONE: for all) to stdout. */
void settings_help(Command command);

/* Says that there is no command of that name, and which may be meant; command is the one that is running, NULL for none. */
int unknown_command(const char *command, const char *name);

/* The command of that name, COMMAND_NONE when there is none. */
Command command_find(const char *name);

#endif
