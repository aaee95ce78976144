/* module.to(dtype): every floating parameter and buffer changes its dtype in place, so that who holds the
 * tensor sees it too; so do gradients. All conversions are made first: on failure nothing has changed. */
#include "autograd/engine.h"
#include "core/memory.h"
#include "nn/module.h"

/* The memory of `made`, which is contiguous, becomes the tensor's, and the other way round. */
static void trade_memory(wk_Tensor *t, wk_Tensor *made)
{
    wk_Storage *storage = t->storage;
    uint8_t dtype = t->dtype;
    t->storage = made->storage;
    t->dtype = made->dtype;
    t->offset = 0;
    t->contiguous = true;
    wk_shape_strides(t->ndim, t->shape, t->stride);
    made->storage = storage; /* of the old dtype and perhaps smaller: it is only to be released */
    made->dtype = dtype;
    /* A graph that saved the tensor has other values of another dtype. */
    atomic_store(&t->storage->version, wk_tensor_version(made) + 1);
    wk_accumulate_retype(t);
}

/* The tensor's values in the dtype, in the innermost scope; the tensor itself if there is nothing to do. */
static wk_Tensor *floating_to(wk_Tensor *t, wk_dtype dtype)
{
    return wk_is_floating(t->dtype) ? wk_to_dtype(t, dtype) : t;
}

/* made[i] for the i-th tensor, then for its gradient. */
static bool convert_all(int count, wk_Tensor *const *tensors, wk_Tensor **made, wk_dtype dtype)
{
    for (int i = 0; i < count; i++) {
        wk_Tensor *grad = wk_grad_of(tensors[i]);
        if (!(made[i] = floating_to(tensors[i], dtype)))
            return false;
        made[count + i] = grad ? floating_to(grad, dtype) : NULL;
        if (grad && !made[count + i])
            return false;
    }
    for (int i = 0; i < count; i++) {
        wk_Tensor *grad = made[count + i] ? wk_grad_of(tensors[i]) : NULL;
        if (made[i] != tensors[i])
            trade_memory(tensors[i], made[i]);
        if (grad && made[count + i] != grad)
            trade_memory(grad, made[count + i]);
    }
    return true;
}

static bool convert_module(wk_Module *module, wk_dtype dtype)
{
    wk_List parameters = wk_parameters(module);
    wk_NamedTensors buffers = wk_named_buffers(module);
    int count = parameters.count + buffers.count;
    if (!count)
        return wk_module_complete(module, "to");
    size_t bytes = (size_t)count * 3 * sizeof(wk_Tensor *);
    wk_Tensor **tensors = wk_alloc(bytes);
    if (!tensors)
        return false;
    for (int i = 0; i < parameters.count; i++)
        tensors[i] = parameters.tensors[i];
    for (int i = 0; i < buffers.count; i++)
        tensors[parameters.count + i] = buffers.items[i].tensor;
    bool done = convert_all(count, tensors, tensors + count, dtype);
    wk_release(tensors, bytes);
    return done;
}

wk_Module *wk_module_to_dtype(wk_Module *module, wk_dtype dtype)
{
    if (!wk_module_check(module, "to"))
        return NULL;
    if (dtype == wk_default_dtype)
        dtype = wk_get_default_dtype();
    if (!wk_is_floating((int)dtype))
        return wk_raise(WK_ERROR_DTYPE,
                        "to: nn.Module.to only accepts floating point dtypes, but got desired dtype=%s",
                        wk_dtype_name(dtype));
    wk_Scope scope = wk_scope_begin();
    if (!scope.id)
        return NULL;
    bool former = wk_set_grad_enabled(false);
    bool done = convert_module(module, dtype);
    wk_set_grad_enabled(former);
    wk_scope_end(scope);
    return done ? module : NULL;
}
