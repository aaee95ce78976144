/* The progress bar: one line that is drawn over itself, with spaces and carriage returns only, as wide as the terminal and never wider. */
#define _GNU_SOURCE
#include "progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { PROGRESS_WIDEST = 200, PROGRESS_BAR = 40, PROGRESS_LEAST_BAR = 6 };

static int shown; /* columns that are to be taken away */

double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int terminal_width(void)
{
    struct winsize size;
    int width = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    return width < PROGRESS_WIDEST ? width : PROGRESS_WIDEST;
}

/* Where a line can be drawn over itself: a terminal that says what it is. */
static bool can_redraw(void)
{
    const char *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

/* Appends " [=====     ]" in `room` columns; nothing where that is too little. */
static void put_bar(char *line, double part, int room)
{
    const int width = room - 3 < PROGRESS_BAR ? room - 3 : PROGRESS_BAR, full = (int)(part * width);
    if (width < PROGRESS_LEAST_BAR)
        return;
    strcat(line, " [");
    for (int i = 0; i < width; i++)
        strcat(line, i < full ? "=" : " ");
    strcat(line, "]");
}

void progress_line(char line[PROGRESS_LINE], int width, const char *title, double part,
                   const char *const *facts)
{
    char percent[16], told[PROGRESS_LINE] = "";
    part = part < 0 ? 0 : part > 1 ? 1 : part;
    int room = width - snprintf(percent, sizeof percent, "%3d %%", (int)(part * 100));
    line[0] = 0;
    if (room < 0)
        return;
    if ((int)strlen(title) < room) {
        strcat(line, title);
        room -= (int)strlen(title) + 1;
    }
    for (; *facts && (int)strlen(*facts) + 2 <= room; facts++) {
        strcat(strcat(told, "  "), *facts);
        room -= (int)strlen(*facts) + 2;
    }
    if (line[0]) {
        put_bar(line, part, room);
        strcat(line, " ");
    }
    strcat(strcat(line, percent), told);
}

void progress_show(const char *title, int64_t done, int64_t total, const char *const *facts)
{
    static int redraw = -1;
    static double last;
    char line[PROGRESS_LINE];
    if (redraw < 0)
        redraw = can_redraw();
    if (!redraw || (seconds_now() - last < 0.1 && done < total))
        return;
    last = seconds_now();
    progress_line(line, terminal_width() - 1, title, total > 0 ? (double)done / (double)total : 1, facts);
    const int length = (int)strlen(line), blank = length < shown ? shown - length : 0;
    printf("\r%s%*s", line, blank, "");
    fflush(stdout);
    shown = length + blank;
}

/* No wider than the terminal is now: what is wider has been broken into lines that are not to be reached. */
void progress_clear(void)
{
    if (shown) {
        const int width = terminal_width() - 1;
        printf("\r%*s\r", shown < width ? shown : width, "");
    }
    shown = 0;
}
