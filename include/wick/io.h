/* Files: named tensors to and from safetensors, IDX and CSV files, and the hook that sees every file operation.
 *
 * A file is checked whole before anything is made of it, and written beside its name and then renamed: whatever happens, a name
 * holds the old file or the new one. Messages tell the path, the place in the file, what was there and what was wanted.
 */
#ifndef WICK_IO_H
#define WICK_IO_H

#include <stdbool.h>
#include <stddef.h>

#include "wick/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- named tensors ---------------------------------------------------------------------------------- */

typedef struct wk_NamedTensor {
    const char *name;
    wk_Tensor *tensor;
} wk_NamedTensor;

/* A line of text that travels with the tensors. */
typedef struct wk_Metadata {
    const char *key, *value;
} wk_Metadata;

/* An ordered dictionary of tensors. It owns its names, texts and a share of each tensor; wk_free it. Read the fields, and change
 * them only through the functions below.                                                torch: Module.state_dict() */
typedef struct wk_StateDict {
    int count;
    wk_NamedTensor *entries;
    int metadata_count;
    wk_Metadata *metadata;
} wk_StateDict;

WK_API wk_StateDict *wk_StateDict_new(void);
WK_API void wk_state_dict_free(wk_StateDict *dict);

/* Sets dict[name] = tensor; a name that is there keeps its place. On failure the dictionary is as it was. torch: d[name] = tensor */
WK_API bool wk_state_dict_set(wk_StateDict *dict, const char *name, wk_Tensor *tensor);

/* The tensor of that name, or NULL without an error when there is none. It stays the dictionary's.    torch: d.get(name) */
WK_API wk_Tensor *wk_state_dict_get(const wk_StateDict *dict, const char *name);

/* The metadata of that key (NULL when there is none), and setting one.           safetensors: metadata={key: value} */
WK_API const char *wk_state_dict_metadata(const wk_StateDict *dict, const char *key);
WK_API bool wk_state_dict_set_metadata(wk_StateDict *dict, const char *key, const char *value);

/* Its entries by their place, 0 <= index < count, for who does not read the fields; NULL, or -1, with an error.
 *                                                                                       torch: len(d), d.items() */
WK_API int wk_state_dict_count(const wk_StateDict *dict);
WK_API const char *wk_state_dict_name(const wk_StateDict *dict, int index);
WK_API wk_Tensor *wk_state_dict_tensor(const wk_StateDict *dict, int index);
WK_API int wk_state_dict_metadata_count(const wk_StateDict *dict);
WK_API const char *wk_state_dict_metadata_key(const wk_StateDict *dict, int index);

/* ---- safetensors ------------------------------------------------------------------------------------ */

/* Writes tensors to a safetensors file, byte for byte what the format's own writer makes of them: widest dtype first, then by name.
 *     wk_save_safetensors(2, (wk_NamedTensor[]){{"w", w}, {"b", b}}, "model.safetensors")
 * Differs from safetensors.torch.save_file: tensors over the same memory are allowed, and each is written.
 *                                                                      safetensors: safetensors.torch.save_file */
typedef struct wk_save_safetensors_options {
    int count;
    const wk_NamedTensor *tensors;
    const char *path;
    int metadata_count;
    const wk_Metadata *metadata;
} wk_save_safetensors_options;
WK_API bool wk_save_safetensors_with(wk_save_safetensors_options options);
#define wk_save_safetensors(...) wk_save_safetensors_with((wk_save_safetensors_options){.count = __VA_ARGS__})

/* Reads a safetensors file, in the order of its header. dtypes F64 F32 I64 I32 U8 BOOL; others are WK_ERROR_UNSUPPORTED.
 * Stricter than the format's own reader: a name that comes twice is an error, and so is a BOOL that is neither 0 nor 1.
 *                                                                      safetensors: safetensors.torch.load_file */
WK_API wk_StateDict *wk_load_safetensors(const char *path);

/* A dictionary with its metadata, and a single tensor under the name "tensor", as such files.
 *     wk_save(dict, path)   wk_save(x, path)              torch: torch.save(d, path), torch.save(x, path) */
WK_API bool wk_state_dict_save(const wk_StateDict *dict, const char *path);
WK_API bool wk_tensor_save(const wk_Tensor *tensor, const char *path);

/* The only tensor of a safetensors file, whatever its name; WK_ERROR_CORRUPT when there is not exactly one.  torch: torch.load */
WK_API wk_Tensor *wk_load_tensor(const char *path);

/* ---- IDX -------------------------------------------------------------------------------------------- */

/* Reads an IDX file (the format of MNIST), plain or compressed by gzip, as a tensor of its dtype: uint8, int32, float32 or float64. */
WK_API wk_Tensor *wk_load_idx(const char *path);

/* Writes a tensor of one of these dtypes as a plain IDX file. */
WK_API bool wk_save_idx(wk_Tensor *tensor, const char *path);

/* ---- CSV -------------------------------------------------------------------------------------------- */

/* Reads rows of numbers with commas between as float32 [rows, columns]. A first line without any number names the columns and is passed
 * over; *first_line (NULL: not wanted) is set to the line of the first row, 1 or 2. Every value must be a finite number, and every
 * row have as many as the first; what is wrong is told by line and column: "pixels.csv:3:17: 'x' is not a number".
 *                                                                                         torch: numpy.loadtxt */
WK_API wk_Tensor *wk_load_csv(const char *path, int64_t *first_line);

/* ---- bytes ------------------------------------------------------------------------------------------ */

/* The bytes of a file as a uint8 tensor [n]; WK_ERROR_CORRUPT when there are more than limit (0: no limit). torch: torchvision.io.read_file
 * And writing such a tensor: the whole file or nothing.                                    torch: torchvision.io.write_file */
WK_API wk_Tensor *wk_read_file(const char *path, int64_t limit);
WK_API bool wk_write_file(const char *path, wk_Tensor *data);

/* ---- the hook --------------------------------------------------------------------------------------- */

typedef enum wk_IoOperation {
    WK_IO_OPEN,
    WK_IO_READ,
    WK_IO_CREATE,
    WK_IO_WRITE,
    WK_IO_FSYNC,
    WK_IO_RENAME,
    WK_IO_FSYNC_DIR,
    WK_IO_UNLINK,
} wk_IoOperation;

/* Asked before every file operation of the library. It returns 0 to let it go on, or the errno with which it shall fail instead;
 * for reads and writes it may lower *bytes to see a short one. It counts, limits, traces, injects failures, and may end the process.
 * It may be called from any thread. NULL takes it away. */
typedef int (*wk_IoHook)(wk_IoOperation operation, const char *path, size_t *bytes, void *user);
WK_API void wk_set_io_hook(wk_IoHook hook, void *user);

/* The same; release(user), if given, is called when another hook, or none, takes its place. Set it while no other thread uses files. */
WK_API void wk_set_io_hook_owned(wk_IoHook hook, void *user, void (*release)(void *user));

#ifdef __cplusplus
}
#endif
#endif
