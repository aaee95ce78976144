/* What the readers need of the dictionary beyond its public face. */
#ifndef WICK_IO_STATE_DICT_H
#define WICK_IO_STATE_DICT_H

#include <stdint.h>

#include "wick/io.h"

/* A seed that no file can know, and the hash of a name under it. */
uint64_t wk_hash_seed(void);
uint64_t wk_hash_name(uint64_t seed, const char *name);

/* Adds metadata whose key is known to be new. */
bool wk_state_dict_push_metadata(wk_StateDict *dict, const char *key, const char *value);

#endif
