/* The bar on a terminal. Elsewhere nothing of it is printed. */
#ifndef WICK_CLI_PROGRESS_H
#define WICK_CLI_PROGRESS_H

#include <stdint.h>

/* Seconds of a clock that only goes forward. */
double seconds_now(void);

/* Redraws the bar, at most ten times a second: done of total, and a text behind it that says more. */
void progress_show(const char *title, int64_t done, int64_t total, const char *text);

/* Takes the bar away, so that something else can be printed. */
void progress_clear(void);

#endif
