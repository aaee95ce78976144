/* What the program says, where, and with which exit code. */
#ifndef WICK_CLI_REPORT_H
#define WICK_CLI_REPORT_H

#include <stdbool.h>
#include <stddef.h>

/* A text of the user's for a message, as wk_quote shows it. */
typedef struct Quoted {
    char text[200];
} Quoted;
Quoted quoted(const char *text);

/* ". Did you mean: '--epochs'?" of a prefix and what wk_closer_word has found; "" for NULL. */
Quoted did_you_mean(const char *prefix, const char *word);

/* Prints "wick COMMAND: ..." and a newline to stderr, below a progress bar if there is one; returns code. */
__attribute__((format(printf, 3, 4))) int report(const char *command, int code, const char *format, ...);

/* The same for the library's error, with the exit code that its kind and the stage ask for. */
typedef enum Stage {
    STAGE_READING, /* of an input */
    STAGE_WRITING, /* of an output */
    STAGE_WORKING,
} Stage;
int report_wick(const char *command, Stage stage);

/* printf to stdout; what fails is remembered and found by out_failed. */
__attribute__((format(printf, 1, 2))) void out(const char *format, ...);

/* Flushes stdout: true when anything has not arrived there. Says so on stderr, once. */
bool out_failed(const char *command);

#endif
