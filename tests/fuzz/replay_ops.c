/* Runs the inputs of a packed corpus (tools/fuzz_corpus.py), so that what the fuzzer once found stays mended: replay_ops FILE [NUMBER]
 * With a number only that input, counted from 0. */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz/fuzz_ops.h"

#include "fuzz_calls.h"

int main(int count, char **words)
{
    FILE *file = count > 1 ? fopen(words[1], "rb") : NULL;
    if (!file) {
        fprintf(stderr, "replay_ops: cannot read %s\n", count > 1 ? words[1] : "without a file");
        return 1;
    }
    const int only = count > 2 ? atoi(words[2]) : -1;
    int number = 0;
    for (uint8_t head[2]; fread(head, 1, 2, file) == 2; number++) {
        uint8_t data[1 << 16];
        size_t size = (size_t)(head[0] | head[1] << 8);
        if (fread(data, 1, size, file) != size) {
            fprintf(stderr, "replay_ops: %s ends within input %d\n", words[1], number);
            return 1;
        }
        if (only >= 0 && number != only)
            continue;
        fprintf(stderr, "%d\n", number); /* the last line names the input of a crash */
        fuzz_run(fuzz_calls, sizeof fuzz_calls / sizeof *fuzz_calls, data, size);
    }
    fclose(file);
    printf("%d inputs\n", number);
    return number == 0;
}
