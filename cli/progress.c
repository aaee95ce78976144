/* The progress bar: one line that is drawn over itself, as wide as the terminal and never wider. */
#define _GNU_SOURCE
#include "progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { PROGRESS_WIDEST = 200, PROGRESS_BAR = 40 };

static bool shown;

double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int terminal_width(void)
{
    struct winsize size;
    int width = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    return width < PROGRESS_WIDEST ? width : PROGRESS_WIDEST;
}

void progress_show(const char *title, int64_t done, int64_t total, const char *text)
{
    static int terminal = -1;
    static double last;
    char line[PROGRESS_WIDEST + 1], bar[PROGRESS_BAR + 1];
    if (terminal < 0)
        terminal = isatty(STDOUT_FILENO);
    if (!terminal || (seconds_now() - last < 0.1 && done < total))
        return;
    last = seconds_now();
    int room =
        terminal_width() - 1 - (int)strlen(title) - (int)strlen(text) - 10; /* "[", "] 100 % ", a space */
    int width = room < PROGRESS_BAR ? room : PROGRESS_BAR;
    double part = total > 0 ? (double)done / (double)total : 1;
    if (width < 4) {
        snprintf(line, sizeof line, "%s %3d %% %s", title, (int)(part * 100), text);
    } else {
        int full = (int)(part * width);
        memset(bar, '=', (size_t)full);
        memset(bar + full, ' ', (size_t)(width - full));
        bar[width] = 0;
        snprintf(line, sizeof line, "%s [%s] %3d %% %s", title, bar, (int)(part * 100), text);
    }
    printf("\r%.*s\x1b[K", terminal_width() - 1, line);
    fflush(stdout);
    shown = true;
}

void progress_clear(void)
{
    if (shown)
        fputs("\r\x1b[K", stdout);
    shown = false;
}
