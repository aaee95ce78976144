/* Pieces of the descriptions of modules. */
#ifndef WICK_NN_PRINT_H
#define WICK_NN_PRINT_H

#include "nn/module.h"

typedef struct wk_PairText {
    char text[48];
} wk_PairText;

/* "(5, 5)" */
wk_PairText wk_pair_text(const int64_t pair[2]);
/* An option as it was given: "5" or "(5, 3)". */
wk_PairText wk_option_text(int64_t number, const int64_t pair[2], int64_t unset);

extern const wk_Class wk_module_list_class;

#endif
