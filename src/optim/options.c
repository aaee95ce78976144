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

static bool append_value(wk_Text *text, const wk_Hyper *hyper, double value)
{
    if (hyper->range == WK_HYPER_FLAG)
        return wk_text_append(text, value != 0 ? "True" : "False");
    return value == 0 ? wk_text_append(text, "0") : wk_text_repr(text, value); /* PyTorch's zeros are ints */
}

static bool append_line(wk_Text *text, const wk_OptimizerClass *cls, const wk_ParamGroup *group,
                        const char *line)
{
    if (!wk_text_printf(text, "    %s", line))
        return false;
    if (strcmp(line, "betas") == 0) {
        int first = hyper_index(cls, "beta1");
        if (!wk_text_append(text, ": (") || !wk_text_repr(text, group->hyper[first]) ||
            !wk_text_append(text, ", ") || !wk_text_repr(text, group->hyper[first + 1]) ||
            !wk_text_append(text, ")"))
            return false;
    }
    int index = hyper_index(cls, line);
    if (index >= 0 &&
        (!wk_text_append(text, ": ") || !append_value(text, &cls->hyper[index], group->hyper[index])))
        return false;
    return wk_text_append(text, "\n");
}

static bool append_group(wk_Text *text, const wk_OptimizerClass *cls, const wk_ParamGroup *group, int number)
{
    if (!wk_text_printf(text, "%sParameter Group %d\n", number ? "\n" : "", number))
        return false;
    for (int i = 0; i < (int)(sizeof cls->text / sizeof *cls->text) && cls->text[i]; i++)
        if (!append_line(text, cls, group, cls->text[i]))
            return false;
    return true;
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
