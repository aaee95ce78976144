/* What a file is, by its first bytes: so that one in the wrong place is told as such. */
#ifndef WICK_CLI_KINDS_H
#define WICK_CLI_KINDS_H

typedef enum Wanted {
    WANTED_MODEL,   /* a saved network */
    WANTED_NETWORK, /* a network's text */
    WANTED_PICTURE, /* a PNG */
} Wanted;

/* EXIT_OK when the file is what is wanted, or when nothing can be said: its reader will. Else says what it is and what to do, and returns
 * EXIT_DATA. */
int check_kind(const char *command, const char *path, Wanted wanted);

#endif
