/* Options of parameter groups by name, and the text of an optimizer. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/text.h"
#include "optim/optimizer.h"

int wk_param_group_count(const wk_Optimizer *optimizer)
{
    return wk_optimizer_check(optimizer, "param_group_count") ? optimizer->group_count : -1;
}

/* The index of the option, -1 if there is none. */
static int hyper_index(const wk_OptimizerClass *cls, const char *name)
{
    for (int i = 0; i < cls->hypers; i++)
        if (strcmp(cls->hyper[i].name, name) == 0)
            return i;
    return -1;
}

/* The same with an error, and the group checked. */
static int option_index(const wk_Optimizer *optimizer, int group, const char *name, const char *op)
{
    if (!wk_optimizer_check(optimizer, op))
        return -1;
    if (!name)
        return wk_raise_null(op, "name"), -1;
    const char *cls = optimizer->cls->name;
    if (group < 0 || group >= optimizer->group_count)
        return wk_raise(WK_ERROR_INDEX, "%s: %s has no parameter group %d, only %d", op, cls, group,
                        optimizer->group_count),
               -1;
    int index = hyper_index(optimizer->cls, name);
    char quoted[80];
    if (index < 0)
        wk_raise(WK_ERROR_ARGUMENT, "%s: %s has no option '%s'", op, cls,
                 wk_quote(quoted, sizeof quoted, name));
    return index;
}

double wk_get_option(const wk_Optimizer *optimizer, int group, const char *name)
{
    int index = option_index(optimizer, group, name, "get_option");
    return index < 0 ? NAN : optimizer->groups[group].hyper[index];
}

bool wk_set_option(wk_Optimizer *optimizer, int group, const char *name, double value)
{
    int index = option_index(optimizer, group, name, "set_option");
    if (index < 0)
        return false;
    double changed[WK_HYPERS];
    memcpy(changed, optimizer->groups[group].hyper, sizeof changed);
    changed[index] = value;
    if (!wk_optimizer_hypers_allowed(optimizer->cls, changed))
        return false;
    optimizer->groups[group].hyper[index] = value;
    return true;
}

double wk_get_lr(const wk_Optimizer *optimizer)
{
    return wk_optimizer_check(optimizer, "get_lr") ? optimizer->groups[0].hyper[0] : NAN;
}

bool wk_set_lr(wk_Optimizer *optimizer, double lr)
{
    if (!wk_optimizer_check(optimizer, "set_lr"))
        return false;
    for (int g = 0; g < optimizer->group_count; g++)
        if (!wk_set_option(optimizer, g, "lr", lr))
            return false;
    return true;
}

/* ---- text ------------------------------------------------------------------------------------------- */

/* PyTorch's zeros are ints, as written, until a scheduler computes them. */
static bool append_value(wk_Text *text, const wk_Hyper *hyper, double value, bool computed)
{
    if (hyper->flag)
        return wk_text_append(text, value != 0 ? "True" : "False");
    return value == 0 && !computed ? wk_text_append(text, "0") : wk_text_repr(text, value);
}

/* An option under its name; beta1 and beta2 are one line. */
static bool append_hyper(wk_Text *text, const wk_OptimizerClass *cls, const wk_ParamGroup *group, int index)
{
    if (strcmp(cls->hyper[index].name, "beta1") == 0)
        return wk_text_append(text, "    betas: (") && wk_text_repr(text, group->hyper[index]) &&
               wk_text_append(text, ", ") && wk_text_repr(text, group->hyper[index + 1]) &&
               wk_text_append(text, ")\n");
    if (wk_hyper_is_second(&cls->hyper[index]))
        return true;
    return wk_text_printf(text, "    %s: ", cls->hyper[index].name) &&
           append_value(text, &cls->hyper[index], group->hyper[index],
                        index == 0 && !isnan(group->initial_lr)) &&
           wk_text_append(text, "\n");
}

static bool append_initial_lr(wk_Text *text, const wk_ParamGroup *group)
{
    return wk_text_append(text, "    initial_lr: ") &&
           (group->initial_lr == 0 ? wk_text_append(text, "0") : wk_text_repr(text, group->initial_lr)) &&
           wk_text_append(text, "\n");
}

/* The lines are sorted by name: options, what PyTorch has beside them, and the rate that a scheduler began with. */
static bool append_group(wk_Text *text, const wk_OptimizerClass *cls, const wk_ParamGroup *group, int number)
{
    enum { ALSO = sizeof cls->also / sizeof *cls->also, MOST = WK_HYPERS + ALSO + 1 };
    const char *lines[MOST];
    int kinds[MOST], count = 0; /* an option's index, or -1 */
    for (int i = 0; i < cls->hypers; i++)
        lines[count] = cls->hyper[i].name, kinds[count++] = i;
    for (int i = 0; i < ALSO && cls->also[i]; i++)
        lines[count] = cls->also[i], kinds[count++] = -1;
    if (!isnan(group->initial_lr))
        lines[count] = "initial_lr", kinds[count++] = -1;
    if (!wk_text_printf(text, "%sParameter Group %d\n", number ? "\n" : "", number))
        return false;
    for (const char *last = "";;) {
        int next = -1;
        for (int i = 0; i < count; i++)
            if (strcmp(lines[i], last) > 0 && (next < 0 || strcmp(lines[i], lines[next]) < 0))
                next = i;
        if (next < 0)
            return true;
        last = lines[next];
        const bool done = kinds[next] >= 0                  ? append_hyper(text, cls, group, kinds[next])
                          : strcmp(last, "initial_lr") == 0 ? append_initial_lr(text, group)
                                                            : wk_text_printf(text, "    %s\n", last);
        if (!done)
            return false;
    }
}

char *wk_optimizer_str(const wk_Optimizer *optimizer)
{
    if (!wk_optimizer_check(optimizer, "str"))
        return NULL;
    wk_Text text = {0};
    bool done = wk_text_printf(&text, "%s (\n", optimizer->cls->name);
    for (int g = 0; done && g < optimizer->group_count; g++)
        done = append_group(&text, optimizer->cls, &optimizer->groups[g], g);
    char *copy = done && wk_text_append(&text, ")") ? wk_strdup(wk_text_str(&text)) : NULL;
    wk_text_free(&text);
    return copy;
}

bool wk_optimizer_print(const wk_Optimizer *optimizer)
{
    char *text = wk_optimizer_str(optimizer);
    if (!text)
        return false;
    bool written = puts(text) >= 0;
    wk_strfree(text);
    return written || (wk_raise(WK_ERROR_IO, "print: cannot write to stdout"), false);
}
