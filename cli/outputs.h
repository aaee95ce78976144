/* Files that the program is to write: checked before hours are spent on what goes into them. */
#ifndef WICK_CLI_OUTPUTS_H
#define WICK_CLI_OUTPUTS_H

#include "settings.h"

/* That a file can be written there. Else says so, with the option's name (NULL: none) in front, and returns the exit code. */
int check_output(const char *command, const char *option, const char *path);

/* That no output of training is an input or the other output, and that each can be written. */
int check_outputs(const Settings *settings);

#endif
