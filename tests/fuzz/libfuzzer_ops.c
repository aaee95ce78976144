/* The entry point of libFuzzer. */
#include "fuzz/fuzz_ops.h"

#include "fuzz_calls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_run(fuzz_calls, sizeof fuzz_calls / sizeof *fuzz_calls, data, size);
    return 0;
}
