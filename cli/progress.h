/* The bar on a terminal. Elsewhere nothing of it is printed. */
#ifndef WICK_CLI_PROGRESS_H
#define WICK_CLI_PROGRESS_H

#include <stdint.h>

/* Seconds of a clock that only goes forward. */
double seconds_now(void);

/* Columns of the terminal that stdout is; 80 where it is none. */
int terminal_width(void);

/* Redraws the bar, at most ten times a second: done of total, and behind it as many of the facts (NULL ends them) as have room. */
void progress_show(const char *title, int64_t done, int64_t total, const char *const *facts);

/* What it draws in `width` columns: "epoch 1/3 [====      ]  41 %  loss 0.3342  91.20 %". Facts, the bar and the title are there whole or
 * not at all. */
enum { PROGRESS_LINE = 256 };
void progress_line(char line[PROGRESS_LINE], int width, const char *title, double part,
                   const char *const *facts);

/* Takes the bar away, so that something else can be printed. */
void progress_clear(void);

#endif
