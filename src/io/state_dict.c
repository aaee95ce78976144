/* The ordered dictionary of tensors: an array in order of insertion, and a hash table of indices into it.
 *
 * Names come from files, so the hash starts from a random seed: nobody can prepare a file whose names all collide. */
#define _GNU_SOURCE
#include <limits.h>
#include <string.h>
#include <sys/random.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/tensor.h"
#include "io/files.h"
#include "io/state_dict.h"

/* What stands behind the public struct. */
typedef struct DictParts {
    wk_StateDict dict;
    uint32_t magic;
    size_t capacity, metadata_capacity;
    uint64_t seed;
    size_t slots;    /* a power of two, or 0 */
    uint32_t *table; /* index + 1 of an entry; 0: free */
} DictParts;

uint64_t wk_hash_seed(void)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != sizeof seed)
        seed = (uint64_t)(uintptr_t)&seed;
    return seed;
}

uint64_t wk_hash_name(uint64_t seed, const char *name)
{
    uint64_t h = seed;
    for (const unsigned char *c = (const unsigned char *)name; *c; c++) {
        h = (h ^ *c) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    return h ^ h >> 32;
}

wk_StateDict *wk_StateDict_new(void)
{
    DictParts *d = wk_zalloc(sizeof *d);
    if (!d)
        return NULL;
    d->magic = WK_ALIVE;
    d->seed = wk_hash_seed();
    return &d->dict;
}

static DictParts *dict_parts(const wk_StateDict *dict, const char *op)
{
    DictParts *d = (DictParts *)dict;
    if (!dict)
        return wk_raise_null(op, "dict");
    if (d->magic != WK_ALIVE)
        return wk_raise(WK_ERROR_STATE, "%s: the state_dict has been freed", op);
    return d;
}

void wk_state_dict_free(wk_StateDict *dict)
{
    DictParts *d = dict ? dict_parts(dict, "free") : NULL;
    if (!d)
        return;
    for (int i = 0; i < dict->count; i++) {
        wk_strfree((char *)dict->entries[i].name);
        wk_tensor_release(dict->entries[i].tensor);
    }
    for (int i = 0; i < dict->metadata_count; i++) {
        wk_strfree((char *)dict->metadata[i].key);
        wk_strfree((char *)dict->metadata[i].value);
    }
    wk_release(dict->entries, d->capacity * sizeof *dict->entries);
    wk_release(dict->metadata, d->metadata_capacity * sizeof *dict->metadata);
    wk_release(d->table, d->slots * sizeof *d->table);
    d->magic = WK_FREED;
    wk_release_object(d, sizeof *d);
}

/* The slot where the name is, or the free one where it belongs. */
static uint32_t *dict_slot(const DictParts *d, const char *name)
{
    size_t at = (size_t)wk_hash_name(d->seed, name) & (d->slots - 1);
    while (d->table[at] && strcmp(d->dict.entries[d->table[at] - 1].name, name) != 0)
        at = (at + 1) & (d->slots - 1);
    return &d->table[at];
}

/* Room for one more entry in both, or nothing changed. */
static bool dict_reserve(DictParts *d)
{
    if (d->dict.count == INT_MAX / 2)
        return wk_raise(WK_ERROR_OVERFLOW, "state_dict: more than %d tensors", INT_MAX / 2), false;
    if (!wk_grow((void **)&d->dict.entries, &d->capacity, (size_t)d->dict.count, sizeof *d->dict.entries))
        return false;
    if ((size_t)d->dict.count * 2 < d->slots)
        return true;
    size_t old_slots = d->slots, slots = old_slots ? old_slots * 2 : 32;
    uint32_t *old = d->table, *table = wk_zalloc(slots * sizeof *table);
    if (!table)
        return false;
    d->table = table;
    d->slots = slots;
    for (int i = 0; i < d->dict.count; i++)
        *dict_slot(d, d->dict.entries[i].name) = (uint32_t)i + 1;
    wk_release(old, old_slots * sizeof *old);
    return true;
}

bool wk_state_dict_set(wk_StateDict *dict, const char *name, wk_Tensor *tensor)
{
    DictParts *d = dict_parts(dict, "state_dict");
    if (!d || !wk_tensor_check(tensor, "state_dict", "tensor"))
        return false;
    if (!name)
        return wk_raise_null("state_dict", "name"), false;
    if (!dict_reserve(d))
        return false;
    uint32_t *slot = dict_slot(d, name);
    if (*slot) {
        wk_NamedTensor *entry = &dict->entries[*slot - 1];
        wk_tensor_retain(tensor);
        wk_tensor_release(entry->tensor);
        entry->tensor = tensor;
        return true;
    }
    char *copy = wk_strdup(name);
    if (!copy)
        return false;
    dict->entries[dict->count++] = (wk_NamedTensor){copy, wk_tensor_retain(tensor)};
    *slot = (uint32_t)dict->count;
    return true;
}

wk_Tensor *wk_state_dict_get(const wk_StateDict *dict, const char *name)
{
    DictParts *d = dict_parts(dict, "state_dict");
    if (!d || !name || !d->slots)
        return d && !name ? wk_raise_null("state_dict", "name") : NULL;
    uint32_t slot = *dict_slot(d, name);
    return slot ? dict->entries[slot - 1].tensor : NULL;
}

static wk_Metadata *metadata_of(const wk_StateDict *dict, const char *key)
{
    for (int i = 0; i < dict->metadata_count; i++)
        if (strcmp(dict->metadata[i].key, key) == 0)
            return &dict->metadata[i];
    return NULL;
}

const char *wk_state_dict_metadata(const wk_StateDict *dict, const char *key)
{
    if (!dict_parts(dict, "state_dict"))
        return NULL;
    if (!key)
        return wk_raise_null("state_dict", "key");
    const wk_Metadata *found = metadata_of(dict, key);
    return found ? found->value : NULL;
}

static bool reserve_metadata(DictParts *d)
{
    if (d->dict.metadata_count > INT_MAX / 2)
        return wk_raise(WK_ERROR_OVERFLOW, "state_dict: more than %d lines of metadata",
                        d->dict.metadata_count),
               false;
    return wk_grow((void **)&d->dict.metadata, &d->metadata_capacity, (size_t)d->dict.metadata_count,
                   sizeof *d->dict.metadata);
}

bool wk_state_dict_push_metadata(wk_StateDict *dict, const char *key, const char *value)
{
    if (!reserve_metadata((DictParts *)dict))
        return false;
    char *key_copy = wk_strdup(key), *value_copy = key_copy ? wk_strdup(value) : NULL;
    if (!value_copy) {
        wk_strfree(key_copy);
        return false;
    }
    dict->metadata[dict->metadata_count++] = (wk_Metadata){key_copy, value_copy};
    return true;
}

bool wk_state_dict_set_metadata(wk_StateDict *dict, const char *key, const char *value)
{
    if (!dict_parts(dict, "state_dict"))
        return false;
    if (!key || !value)
        return wk_raise_null("state_dict", key ? "value" : "key"), false;
    wk_Metadata *found = metadata_of(dict, key);
    if (!found)
        return wk_state_dict_push_metadata(dict, key, value);
    char *copy = wk_strdup(value);
    if (!copy)
        return false;
    wk_strfree((char *)found->value);
    found->value = copy;
    return true;
}

/* ---- by place --------------------------------------------------------------------------------------- */

static bool has_place(const wk_StateDict *dict, int index, int count)
{
    if (!dict_parts(dict, "state_dict"))
        return false;
    if (index >= 0 && index < count)
        return true;
    wk_raise(WK_ERROR_INDEX, "state_dict: index %d is out of range, there are %d entries", index, count);
    return false;
}

int wk_state_dict_count(const wk_StateDict *dict)
{
    return dict_parts(dict, "state_dict") ? dict->count : -1;
}

const char *wk_state_dict_name(const wk_StateDict *dict, int index)
{
    return has_place(dict, index, dict ? dict->count : 0) ? dict->entries[index].name : NULL;
}

wk_Tensor *wk_state_dict_tensor(const wk_StateDict *dict, int index)
{
    return has_place(dict, index, dict ? dict->count : 0) ? dict->entries[index].tensor : NULL;
}

int wk_state_dict_metadata_count(const wk_StateDict *dict)
{
    return dict_parts(dict, "state_dict") ? dict->metadata_count : -1;
}

const char *wk_state_dict_metadata_key(const wk_StateDict *dict, int index)
{
    return has_place(dict, index, dict ? dict->metadata_count : 0) ? dict->metadata[index].key : NULL;
}

/* ---- files ------------------------------------------------------------------------------------------ */

bool wk_state_dict_save(const wk_StateDict *dict, const char *path)
{
    return dict_parts(dict, "save") &&
           wk_save_safetensors_with((wk_save_safetensors_options){.count = dict->count,
                                                                  .tensors = dict->entries,
                                                                  .path = path,
                                                                  .metadata_count = dict->metadata_count,
                                                                  .metadata = dict->metadata});
}

bool wk_tensor_save(const wk_Tensor *tensor, const char *path)
{
    if (!wk_tensor_check(tensor, "save", "tensor"))
        return false;
    const wk_NamedTensor named = {"tensor", (wk_Tensor *)tensor};
    return wk_save_safetensors(1, &named, path);
}

wk_Tensor *wk_load_tensor(const char *path)
{
    wk_StateDict *dict = wk_load_safetensors(path);
    wk_Tensor *tensor = NULL;
    if (dict && dict->count != 1) {
        wk_raise(WK_ERROR_CORRUPT, "load_tensor: %s holds %d tensors, expected 1", WK_QUOTED(path),
                 dict->count);
    } else if (dict) {
        const wk_Tensor *only = dict->entries[0].tensor;
        tensor = wk_tensor_alias(only, only->ndim, only->shape, only->stride, only->offset);
    }
    wk_state_dict_free(dict);
    return tensor;
}
