/* The choice of the instruction set. The lowest set of a build, which every machine of its kind can run, carries the chooser, so this
 * file compiles to nothing but wk_install for the others. Tables are filled in when the library is loaded, before any thread exists. */
#include "kernels/isa.h"

#include <stdlib.h>
#include <string.h>

void WK_KERNEL(wk_install)(wk_Kernels *table)
{
    WK_KERNEL(wk_install_loops)(table);
    wk_install_integer_loops(table);
    wk_install_scan(table);
    WK_KERNEL(wk_install_casts)(table);
    WK_KERNEL(wk_install_reduce)(table);
    WK_KERNEL(wk_install_softmax)(table);
    WK_KERNEL(wk_install_gemm)(table);
    WK_KERNEL(wk_install_conv)(table);
    WK_KERNEL(wk_install_conv_lanes)(table);
    wk_install_conv_taps(table);
    WK_KERNEL(wk_install_pool)(table);
    WK_KERNEL(wk_install_pool_winners)(table);
    WK_KERNEL(wk_install_optim)(table);
    WK_KERNEL(wk_install_norm)(table);
    WK_KERNEL(wk_install_adaptive_pool)(table);
}

#define WK_LOWEST_portable 1
#define WK_LOWEST_neon     1
#ifdef WK_ISA
#define WK_LOWEST_PASTE(isa)  WK_LOWEST_##isa
#define WK_LOWEST_EXPAND(isa) WK_LOWEST_PASTE(isa)
#define WK_LOWEST             WK_LOWEST_EXPAND(WK_ISA)
#else
#define WK_LOWEST 1
#endif

#if WK_LOWEST
typedef struct IsaEntry {
    const char *name;
    void (*install)(wk_Kernels *table);
    wk_Kernels table;
} IsaEntry;

#if defined(WK_ISA) && defined(__x86_64__) && defined(__LP64__)
void wk_install_avx2(wk_Kernels *table);
void wk_install_avx512(wk_Kernels *table);
static IsaEntry wk_isa_entries[] = {
    {.name = "portable", .install = wk_install_portable},
#ifndef WK_WITHOUT_avx2
    {.name = "avx2", .install = wk_install_avx2},
#endif
#ifndef WK_WITHOUT_avx512
    {.name = "avx512", .install = wk_install_avx512},
#endif
};
static bool isa_runs(const char *name)
{
    if (strcmp(name, "portable") == 0)
        return true;
    __builtin_cpu_init();
    bool avx2 =
        __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
    if (strcmp(name, "avx2") == 0)
        return avx2;
    return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}
#else
static IsaEntry wk_isa_entries[] = {
#if defined(__AVX512F__)
    {.name = "avx512", .install = WK_KERNEL(wk_install)},
#elif defined(__AVX2__)
    {.name = "avx2", .install = WK_KERNEL(wk_install)},
#elif defined(__aarch64__)
    {.name = "neon", .install = WK_KERNEL(wk_install)},
#else
    {.name = "portable", .install = WK_KERNEL(wk_install)},
#endif
};
static bool isa_runs(const char *name)
{
    return name != NULL;
}
#endif

const wk_Kernels *wk_kernels = &wk_isa_entries[0].table;

__attribute__((constructor)) static void isa_choose(void)
{
    const char *limit = getenv("WK_ISA");
    bool known = false, below = true;
    for (size_t i = 0; limit && i < sizeof wk_isa_entries / sizeof *wk_isa_entries; i++)
        known = known || strcmp(limit, wk_isa_entries[i].name) == 0;
    for (size_t i = 0; i < sizeof wk_isa_entries / sizeof *wk_isa_entries; i++) {
        IsaEntry *entry = &wk_isa_entries[i];
        if (!isa_runs(entry->name))
            continue;
        entry->table.isa = entry->name;
        entry->install(&entry->table);
        if (below)
            wk_kernels = &entry->table;
        if (known && strcmp(limit, entry->name) == 0)
            below = false;
    }
}

const wk_Kernels *wk_kernels_for(const char *isa)
{
    for (size_t i = 0; i < sizeof wk_isa_entries / sizeof *wk_isa_entries; i++)
        if (strcmp(wk_isa_entries[i].name, isa) == 0)
            return wk_isa_entries[i].table.isa ? &wk_isa_entries[i].table : NULL;
    return NULL;
}

const char *wk_isa(void)
{
    return wk_kernels->isa;
}
#endif
