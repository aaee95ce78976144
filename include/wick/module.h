/* Modules: networks that own their parameters.
 *
 * A module is a struct that begins with wk_Module and a forward function:
 *
 *     typedef struct { wk_Module base; wk_Module *fc1, *fc2; } Net;
 *     static wk_Tensor *net_forward(wk_Module *self, wk_Tensor *x) { ... }
 *     Net *net = wk_module(Net, net_forward);
 *     wk_attr(net, fc1, wk_Linear(784, 128));
 *
 * Tensors go in as a list and results come out as one. A forward of one tensor and one result may be written in the short
 * form above; any other takes a wk_List and returns wk_Results:
 *
 *     static wk_Results cell_forward(wk_Module *self, wk_List in)
 *     {
 *         wk_Tensor *x = in.tensors[0], *h = in.tensors[1];        NULL where none was given
 *         ...
 *         return wk_results(h, c);
 *     }
 *     h = wk_call(cell, x, h);                                     the first result
 *     wk_Results r = wk_call_all(cell, wk_list(x, h));             r.tensors[0], r.tensors[1]
 *
 * A module owns its children, parameters and buffers: wk_attr hands them over, and wk_free(&net->base) frees
 * them all. What could not be made (NULL) makes the module incomplete: it will not run, be saved or be
 * trained, and tells the first error.
 *
 * Threads: any number may call a module in evaluation at once, whether they record or not, and take gradients
 * of inputs of their own with wk_grad. wk_backward adds to the parameters' gradients: for that, in training, and
 * for all that changes or lists a module, it belongs to one thread at a time; builds with assertions notice a
 * call in training while another thread is in one.
 */
#ifndef WICK_MODULE_H
#define WICK_MODULE_H

#include "wick/autograd.h"
#include "wick/io.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wk_Module wk_Module;

/* What a module returns: tensors that belong to the caller's scope, like an operation's result. Entries from count on are
 * NULL, and so is tensors[0] of a call that failed. */
enum { WK_MOST_INPUTS = 8, WK_MOST_RESULTS = 8 };
typedef struct wk_Results {
    int count;
    wk_Tensor *tensors[WK_MOST_RESULTS];
} wk_Results;
#define wk_results(...) ((wk_Results){WK_ARGUMENTS(__VA_ARGS__), {__VA_ARGS__}})

/* What all modules of a class share. wk_module makes one of a name and a forward; layers of your own may give the rest.
 *
 * forward is the short form, of one tensor. forward_all takes any number of tensors, or one where there is no forward. A
 * NULL among the results it counts is a failure; results that were not asked for are left off at the end.
 * inputs names what forward_all takes, with a ? behind what may be left out or NULL: {"input", "hx?", "cx?"}. Calls are checked
 * against it. Unset: any number, and forward_all looks for itself. Entries up to the 8th that were not given are NULL. */
typedef struct wk_Class {
    const char *name; /* "Linear" */
    wk_Tensor *(*forward)(wk_Module *self, wk_Tensor *x);
    wk_Results (*forward_all)(wk_Module *self, wk_List inputs);
    const char *inputs[WK_MOST_INPUTS];
    bool (*describe)(const wk_Module *self, char *out,
                     size_t size);    /* the text in the parentheses: "in_features=2, out_features=3" */
    bool (*reset)(wk_Module *self);   /* PyTorch's reset_parameters */
    void (*release)(wk_Module *self); /* of what the struct holds besides children and tensors */
} wk_Class;

/* The head of every module; read it, but change it through functions only. A module is counted by those who
 * hold it: its maker or the first module that it is registered in, each further place, and each
 * wk_module_keep. */
struct wk_Module {
    uint64_t wk_head[2];
    const wk_Class *cls;
    bool training;
    struct wk_ModuleParts *parts;
};

/* ---- making one ------------------------------------------------------------------------------------- */

/* A zeroed struct of `bytes` bytes that begins with wk_Module; the class must outlive it.
 *                                                                              torch: class Net(nn.Module) */
WK_API wk_Module *wk_module_new(size_t bytes, const wk_Class *cls);
WK_API wk_Module *wk_module_named(size_t bytes, const char *name,
                                  wk_Tensor *(*forward)(wk_Module *self, wk_Tensor *x));
WK_API wk_Module *wk_module_named_all(size_t bytes, const char *name,
                                      wk_Results (*forward)(wk_Module *self, wk_List inputs));
#define wk_module(type, forward) ((type *)WK_MODULE_NAMED(forward)(sizeof(type), #type, forward))
#define WK_MODULE_NAMED(forward) \
    _Generic((forward), wk_Results(*)(wk_Module *, wk_List) : wk_module_named_all, default : wk_module_named)

/* A pointer of yours that goes with the module; release(user), if given, is called once the module is gone, or another pointer takes
 * its place, also when the call fails. For forward functions that are one for many classes. */
WK_API bool wk_module_set_user(wk_Module *module, void *user, void (*release)(void *user));
WK_API void *wk_module_user(const wk_Module *module);

/* Lets go of a module: of all below it too, when nobody else holds it. A child that only its module holds is
 * refused. wk_module_keep asks for one more wk_module_free, so that a child can outlive its module. */
WK_API void wk_module_free(wk_Module *module);
WK_API wk_Module *wk_module_keep(wk_Module *module);

/* Adds a child, a parameter (a leaf) or a buffer under a name, and takes it over, even when it fails. They
 * return what they were given, or NULL. A child that has a place already gets a second one and is shared: its
 * parameters are listed once. A tensor that only the scope holds, such as wk_zeros(3), gets one more owner. A
 * module cannot hold itself, however far below. A name that an entry of the same kind has is replaced in its
 * position, and the former entry is released: members of the module's struct that pointed to it point to the new one. A
 * name that an entry of another kind has is an error.
 *                                              torch: register_module, register_parameter, register_buffer */
WK_API wk_Module *wk_register_module(wk_Module *self, const char *name, wk_Module *child);
WK_API wk_Tensor *wk_register_parameter(wk_Module *self, const char *name, wk_Tensor *parameter);
WK_API wk_Tensor *wk_register_buffer(wk_Module *self, const char *name, wk_Tensor *buffer, bool persistent);

/* self->name = value, registered as "name": a module or a parameter. A second value replaces the first.
 *                                                                                 torch: self.name = value */
#define wk_attr(self, name, value)                                                    \
    ((self) ? ((self)->name = WK_REGISTER((self)->name)(&(self)->base, #name, value)) \
            : WK_REGISTER((self)->name)(NULL, #name, value))
#define WK_REGISTER(slot) \
    _Generic((slot), wk_Module * : wk_register_module, wk_Tensor * : wk_register_parameter)

/* A leaf of your own over the values of a tensor (a copy if they are not contiguous), requiring a gradient;
 * for wk_attr.
 *                                                                                      torch: nn.Parameter */
WK_API wk_Tensor *wk_Parameter(wk_Tensor *data);

/* ---- using it --------------------------------------------------------------------------------------- */

/* Runs the module's forward. All that it computes goes when it returns, but for the result (and what its graph needs): of
 * several the first. NULL stands for an optional tensor that is not given.
 *     wk_call(net, x)      wk_call(criterion, output, target)      wk_call(cell, x, h, c)              torch: module(x) */
WK_API wk_Tensor *wk_call(wk_Module *module, wk_Tensor *x);
WK_API wk_Tensor *wk_call_list(wk_Module *module, wk_List inputs);
#ifndef __cplusplus
#define wk_call(module, ...)    WK_PASTE(WK_CALL_, WK_1_2_OR_3(__VA_ARGS__))(module, __VA_ARGS__)
#define WK_CALL_1(module, x)    (wk_call)(module, x)
#define WK_CALL_2(module, x, y) WK_CALL_3(module, x, y)
#define WK_CALL_3(module, ...) \
    wk_call_list(module, (wk_List){WK_ARGUMENTS(__VA_ARGS__), (wk_Tensor *[]){__VA_ARGS__}})
#endif

/* The same with all results: wk_Results r = wk_call_all(cell, wk_list(x, h, c)).       torch: h, c = module(x, (h, c)) */
WK_API wk_Results wk_call_all(wk_Module *module, wk_List inputs);

/* Adds a hook, which runs after each forward with what the module took and gave, and returns what it gives from then on: `results` for no
 * change. Hooks run in order of registration; one may remove any. release(user), if given, is called once the hook is removed or the
 * module is gone, also when the call fails. Returns an id for wk_remove_forward_hook, 0 on error.
 *                                                                                    torch: register_forward_hook */
typedef wk_Results (*wk_ForwardHook)(wk_Module *module, wk_List inputs, wk_Results results, void *user);
WK_API uint64_t wk_register_forward_hook(wk_Module *module, wk_ForwardHook hook, void *user,
                                         void (*release)(void *user));
WK_API bool wk_remove_forward_hook(wk_Module *module, uint64_t id);

/* Training or evaluation, for the module and all below it.                              torch: train, eval */
WK_API wk_Module *wk_train(wk_Module *module, bool mode);
WK_API wk_Module *wk_eval(wk_Module *module);

/* Calls fn on every module below, then on the module itself; once for each place of a shared module.
 *                                                                                            torch: apply */
WK_API wk_Module *wk_module_apply(wk_Module *module, void (*fn)(wk_Module *module, void *user), void *user);

/* Every parameter's gradient to NULL, or to zeros.                      torch: zero_grad(set_to_none=True) */
WK_API bool wk_module_zero_grad(wk_Module *module, bool set_to_none);
WK_API wk_Module *wk_module_requires_grad_(wk_Module *module, bool requires_grad);
/* Parameters and floating buffers to another floating dtype, in place.             torch: module.to(dtype) */
WK_API wk_Module *wk_module_to_dtype(wk_Module *module, wk_dtype dtype);

/* PyTorch's text; wk_module_str's result is yours and goes back with wk_str_free.       torch: repr, print */
WK_API char *wk_module_str(const wk_Module *module);
WK_API bool wk_module_print(const wk_Module *module);

/* ---- looking inside --------------------------------------------------------------------------------- */

/* The parameters below a module in order of registration, each once: tensors, or names such as "fc1.weight"
 * with them. The lists are lent: they are the module's and stay valid until the same list is asked for again.
 *                                                       torch: parameters, named_parameters, named_buffers */
typedef struct wk_NamedTensors {
    int count;
    const wk_NamedTensor *items;
} wk_NamedTensors;
WK_API wk_List wk_parameters(wk_Module *module);
WK_API wk_NamedTensors wk_named_parameters(wk_Module *module);
WK_API wk_NamedTensors wk_named_buffers(wk_Module *module);

/* Children in order of registration; a module or parameter by its path, "layer1.conv".
 *                                                      torch: named_children, get_submodule, get_parameter */
WK_API int wk_child_count(const wk_Module *module);
WK_API wk_Module *wk_child(const wk_Module *module, int index);
WK_API const char *wk_child_name(const wk_Module *module, int index);
WK_API wk_Module *wk_get_submodule(wk_Module *module, const char *path);
WK_API wk_Tensor *wk_get_parameter(wk_Module *module, const char *path);

/* Its class, "Linear", and whether it is in training.        torch: type(module).__name__, module.training */
WK_API const char *wk_class_name(const wk_Module *module);
WK_API bool wk_is_training(const wk_Module *module);

/* ---- saving and loading ----------------------------------------------------------------------------- */

/* Parameters and persistent buffers by name; the tensors share memory with the module, the list is yours
 * (wk_free).                                                                             torch: state_dict */
WK_API wk_StateDict *wk_state_dict(wk_Module *module);

/* Copies values in, converted to the module's dtypes. Strict unless .not_strict; every missing or unexpected
 * key and every wrong shape is told in one message, and then nothing is changed. A BatchNorm's
 * num_batches_tracked may be missing. A shape [1] fits one of no dimensions.
 *                                                                                  torch: load_state_dict */
typedef struct wk_load_options {
    wk_Module *module;
    const wk_StateDict *state;
    bool not_strict;
    int by_place;
} wk_load_options;
WK_API bool wk_load_state_dict_with(wk_load_options options);
#define wk_load_state_dict(to, ...) \
    wk_load_state_dict_with(        \
        WK_OPTIONS(wk_load_options, #to "," #__VA_ARGS__, .module = to, .state = __VA_ARGS__))

/* The state_dict to a safetensors file, written whole or not at all; and back. wk_save(net, path) of wick.h is the same.
 *                                                                torch: torch.save(net.state_dict(), path) */
WK_API bool wk_module_save(wk_Module *module, const char *path);
WK_API bool wk_load(wk_Module *module, const char *path);

#ifdef __cplusplus
}
#endif
#endif
