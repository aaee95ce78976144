/* Dropout: random zeros while training. */
#include <stdio.h>

#include "nn/module.h"
#include "nn/text.h"

typedef struct Dropout {
    wk_Module base;
    double p;
    bool inplace;
} Dropout;

static wk_Tensor *Dropout_forward(wk_Module *self, wk_Tensor *x)
{
    const Dropout *dropout = (const Dropout *)self;
    return dropout->inplace ? wk_dropout_(x, dropout->p, self->training)
                            : wk_dropout(x, dropout->p, self->training);
}

static bool Dropout_describe(const wk_Module *self, char *out, size_t size)
{
    const Dropout *dropout = (const Dropout *)self;
    wk_Text p = {0};
    bool done = wk_text_repr(&p, dropout->p);
    if (done)
        snprintf(out, size, "p=%s, inplace=%s", wk_text_str(&p), dropout->inplace ? "True" : "False");
    wk_text_free(&p);
    return done;
}

static const wk_Class dropout_class = {
    .name = "Dropout", .forward = Dropout_forward, .describe = Dropout_describe};

wk_Module *wk_Dropout_with(wk_Dropout_options options)
{
    if (!(options.p >= 0 && options.p <= 1))
        return wk_raise(WK_ERROR_ARGUMENT,
                        "Dropout: dropout probability has to be between 0 and 1, but got %s",
                        WK_NUMBER(options.p));
    Dropout *dropout = (Dropout *)wk_module_new(sizeof *dropout, &dropout_class);
    if (!dropout)
        return NULL;
    dropout->p = options.p;
    dropout->inplace = options.inplace;
    return &dropout->base;
}

static const wk_Dropout_options dropout_defaults = {.p = 0.5};

WK_MAKER(Dropout, wk_Dropout_options)
WK_LAYER(Dropout) = {
    .name = "Dropout",
    .make = Dropout_make,
    .defaults = &dropout_defaults,
    .bytes = sizeof dropout_defaults,
    .arguments = {WK_NUMBER_OF(wk_Dropout_options, p, 0), WK_IF(wk_Dropout_options, inplace)},
};
