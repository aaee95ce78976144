/* Modules without parameters, one row each (nn/modules.def): the class, the maker, the description and the text layer of
 * a module come from its row.
 *
 * Such a module is a wk_Module and behind it the struct of options that the public maker takes. The maker resolves them
 * once: what is unset becomes the row's default, and a 0 that was meant, by place or as WK_ZERO, becomes WK_ZERO where
 * the default is another. So a call hands each option on as it stands. */
#ifndef WICK_NN_ROW_H
#define WICK_NN_ROW_H

#include "nn/module.h"
#include "nn/text.h"

/* The class comes first: a module finds its row through it. */
typedef struct wk_ModuleRow {
    wk_Class cls;
    wk_Layer layer;
    size_t bytes;      /* of the options */
    uint16_t by_place; /* offset of their count of options by place */
} wk_ModuleRow;

/* A module with these options, resolved; their tensors become its buffers. */
wk_Module *wk_row_module(const wk_ModuleRow *row, const void *options);

/* A module's own options. */
static inline const void *wk_row_options(const wk_Module *self)
{
    return self + 1;
}

/* wk_Class.describe of every row. */
bool wk_row_describe(const wk_Module *self, char *out, size_t size);

#endif
