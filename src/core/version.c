/* The version, from the one place that names it. */
#include "wick/runtime.h"

const char *wk_version(void)
{
    return WK_VERSION;
}
