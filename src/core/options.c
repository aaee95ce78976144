/* How many arguments a macro was given by place, from the text of the call. */
#include "core/options.h"

#include <stddef.h>

#include "wick/arguments.h"

/* The next comma outside of brackets and quotes, or the end. */
static const char *end_of_argument(const char *text)
{
    int depth = 0;
    for (char quote = 0; *text; text++) {
        if (quote) {
            if (*text == '\\' && text[1])
                text++;
            else if (*text == quote)
                quote = 0;
        } else if (*text == '"' || *text == '\'') {
            quote = *text;
        } else if (*text == '(' || *text == '[' || *text == '{') {
            depth++;
        } else if (*text == ')' || *text == ']' || *text == '}') {
            depth--;
        } else if (*text == ',' && depth == 0) {
            break;
        }
    }
    return text;
}

int wk_by_place(const char *arguments)
{
    int count = 0;
    for (const char *at = arguments; at && *at; count++) {
        while (*at == ' ')
            at++;
        if (*at == '.' && !(at[1] >= '0' && at[1] <= '9'))
            break;
        at = end_of_argument(at);
        if (*at == ',')
            at++;
    }
    return count;
}
