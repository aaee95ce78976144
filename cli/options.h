/* The tables of options and commands, from which parsing, messages and help come. */
#ifndef WICK_CLI_OPTIONS_H
#define WICK_CLI_OPTIONS_H

#include <stddef.h>

#include "settings.h"

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

typedef struct CommandRow {
    const char *name;
    Command command;
    int least, most;                  /* arguments that are no options */
    const char *usage, *help, *notes; /* notes: below the options */
} CommandRow;

/* Each ends with a row without a name. */
extern const Option options[];
extern const CommandRow commands[];

/* The command's row; NULL when it has none. */
const CommandRow *command_row(Command command);

#endif
