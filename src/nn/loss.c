/* Losses: the functions of their names as modules of two inputs. A weight of classes is a buffer. */
#include "core/options.h"
#include "nn/module.h"

typedef struct Loss {
    wk_Module base;
    wk_Reduction reduction;
    wk_Tensor *weight;
    int64_t ignore_index;
    double label_smoothing;
} Loss;

static wk_loss_options loss_call(const wk_Module *self, wk_Tensor *input, wk_Tensor *target)
{
    return (wk_loss_options){.input = input, .target = target, .reduction = ((const Loss *)self)->reduction};
}

static wk_nll_loss_options class_loss_call(const wk_Module *self, wk_Tensor *input, wk_Tensor *target)
{
    const Loss *loss = (const Loss *)self;
    return (wk_nll_loss_options){.input = input,
                                 .target = target,
                                 .weight = loss->weight,
                                 .ignore_index = loss->ignore_index,
                                 .reduction = loss->reduction,
                                 .label_smoothing = loss->label_smoothing};
}

static wk_Tensor *MSELoss_forward(wk_Module *self, wk_Tensor *input, wk_Tensor *target)
{
    return wk_mse_loss_with(loss_call(self, input, target));
}

static wk_Tensor *L1Loss_forward(wk_Module *self, wk_Tensor *input, wk_Tensor *target)
{
    return wk_l1_loss_with(loss_call(self, input, target));
}

static wk_Tensor *NLLLoss_forward(wk_Module *self, wk_Tensor *input, wk_Tensor *target)
{
    return wk_nll_loss_with(class_loss_call(self, input, target));
}

static wk_Tensor *CrossEntropyLoss_forward(wk_Module *self, wk_Tensor *input, wk_Tensor *target)
{
    return wk_cross_entropy_with(class_loss_call(self, input, target));
}

static const wk_Class mse_loss_class = {.name = "MSELoss", .forward2 = MSELoss_forward};
static const wk_Class l1_loss_class = {.name = "L1Loss", .forward2 = L1Loss_forward};
static const wk_Class nll_loss_class = {.name = "NLLLoss", .forward2 = NLLLoss_forward};
static const wk_Class cross_entropy_loss_class = {.name = "CrossEntropyLoss",
                                                  .forward2 = CrossEntropyLoss_forward};

static wk_Module *loss_new(const wk_Class *cls, wk_ClassLoss_options options)
{
    WK_PLACED(options, 2, ignore_index);
    if ((unsigned)options.reduction > wk_reduction_none)
        return wk_raise(WK_ERROR_ARGUMENT, "%s: %d is not a valid value for reduction", cls->name,
                        (int)options.reduction);
    Loss *loss = (Loss *)wk_module_new(sizeof *loss, cls);
    if (!loss)
        return NULL;
    loss->reduction = options.reduction;
    loss->ignore_index = options.ignore_index;
    loss->label_smoothing = options.label_smoothing;
    if (options.weight &&
        !(loss->weight = wk_register_shared_buffer(&loss->base, "weight", options.weight))) {
        wk_module_free(&loss->base);
        return NULL;
    }
    return &loss->base;
}

wk_Module *wk_MSELoss_with(wk_Loss_options options)
{
    return loss_new(&mse_loss_class, (wk_ClassLoss_options){.reduction = options.reduction});
}

wk_Module *wk_L1Loss_with(wk_Loss_options options)
{
    return loss_new(&l1_loss_class, (wk_ClassLoss_options){.reduction = options.reduction});
}

wk_Module *wk_NLLLoss_with(wk_ClassLoss_options options)
{
    if (options.label_smoothing != 0)
        return wk_raise(WK_ERROR_ARGUMENT, "NLLLoss: unexpected keyword argument 'label_smoothing'");
    return loss_new(&nll_loss_class, options);
}

wk_Module *wk_CrossEntropyLoss_with(wk_ClassLoss_options options)
{
    return loss_new(&cross_entropy_loss_class, options);
}
