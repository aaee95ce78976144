/* The rows that a test program reaches, one a line in the file that WICK_ROWS names; nothing without it. */
#include "support/rows.h"

#include <stdio.h>
#include <stdlib.h>

static FILE *rows_open(const char *mode)
{
    const char *path = getenv("WICK_ROWS");
    return path && *path ? fopen(path, mode) : NULL;
}

/* What an earlier run has reached is no news of this one. */
__attribute__((constructor)) static void rows_begin(void)
{
    FILE *file = rows_open("w");
    if (file)
        fclose(file);
}

void row_reached(const char *name)
{
    FILE *file = rows_open("a");
    if (!file)
        return;
    fprintf(file, "%s\n", name);
    fclose(file);
}
