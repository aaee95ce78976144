/* PyTorch's text of a tensor (torch/_tensor_str.py with its default options), to the letter.
 *
 * Two passes over the same elements: the first finds the common look (whole numbers, decimals or
 * scientific) and the width, the second writes. Above 1000 elements only three at each end of every
 * dimension are looked at, so printing a large tensor is cheap. The rules are followed where they look
 * odd, too: the width counts finite values other than 0 only, so that "0." in a tensor of zeros is wider
 * than its column, which shows in where lines break. */
#include "core/format.h"
#include "core/math_flags.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    FORMAT_PRECISION = 4,
    FORMAT_THRESHOLD = 1000,
    FORMAT_EDGE = 3,
    FORMAT_LINE = 80,
    FORMAT_NUMBER = 352
};

typedef struct FormatLook {
    bool floating, whole, scientific;
    size_t width;
    double least,
        most; /* magnitudes of the finite values other than 0; least is infinite while there are none */
} FormatLook;

typedef struct FormatPrinter {
    const wk_FormatInput *in;
    wk_Text *text;
    bool summarize;
    FormatLook look;
} FormatPrinter;

/* ---- one element ------------------------------------------------------------------------------------ */

static double format_float(const wk_FormatInput *in, int64_t index)
{
    return in->dtype == wk_float32 ? (double)((const float *)in->data)[index]
                                   : ((const double *)in->data)[index];
}

static size_t format_number(const FormatLook *look, double value, char out[FORMAT_NUMBER])
{
    if (look->scientific)
        return wk_number_format(out, FORMAT_NUMBER, value, FORMAT_PRECISION, 'e');
    if (!look->whole)
        return wk_number_format(out, FORMAT_NUMBER, value, FORMAT_PRECISION, 'f');
    size_t length = wk_number_format(out, FORMAT_NUMBER, value, 0, 'f');
    if (isfinite(value)) {
        out[length++] = '.';
        out[length] = 0;
    }
    return length;
}

static size_t format_whole(const wk_FormatInput *in, int64_t index, char out[FORMAT_NUMBER])
{
    if (in->dtype == wk_bool)
        return (size_t)snprintf(out, FORMAT_NUMBER, "%s",
                                ((const uint8_t *)in->data)[index] ? "True" : "False");
    int64_t value = in->dtype == wk_int64   ? ((const int64_t *)in->data)[index]
                    : in->dtype == wk_int32 ? ((const int32_t *)in->data)[index]
                                            : ((const uint8_t *)in->data)[index];
    return (size_t)snprintf(out, FORMAT_NUMBER, "%lld", (long long)value);
}

static size_t format_element(const FormatPrinter *printer, int64_t index, char out[FORMAT_NUMBER])
{
    if (!printer->look.floating)
        return format_whole(printer->in, index, out);
    return format_number(&printer->look, format_float(printer->in, index), out);
}

/* ---- first pass: the look --------------------------------------------------------------------------- */

/* The position after i in a dimension of the given size: the middle is skipped in a summary. */
static int64_t format_next(const FormatPrinter *printer, int64_t size, int64_t i)
{
    return printer->summarize && size > 2 * FORMAT_EDGE && i == FORMAT_EDGE - 1 ? size - FORMAT_EDGE : i + 1;
}

static void format_visit(FormatPrinter *printer, int dim, int64_t index,
                         void (*see)(FormatPrinter *, int64_t))
{
    const wk_FormatInput *in = printer->in;
    if (dim == in->ndim) {
        see(printer, index);
        return;
    }
    for (int64_t i = 0; i < in->shape[dim]; i = format_next(printer, in->shape[dim], i))
        format_visit(printer, dim + 1, index + i * in->strides[dim], see);
}

static void format_see_range(FormatPrinter *printer, int64_t index)
{
    FormatLook *look = &printer->look;
    double value = format_float(printer->in, index), size = fabs(value);
    if (!isfinite(value) || value == 0)
        return;
    look->whole = look->whole && value == ceil(value);
    look->least = size < look->least ? size : look->least;
    look->most = size > look->most ? size : look->most;
}

static void format_see_width(FormatPrinter *printer, int64_t index)
{
    FormatLook *look = &printer->look;
    if (look->floating) {
        double value = format_float(printer->in, index);
        if (!isfinite(value) || value == 0)
            return;
    }
    char out[FORMAT_NUMBER];
    size_t width = format_element(printer, index, out);
    look->width = width > look->width ? width : look->width;
}

static void format_find_look(FormatPrinter *printer)
{
    FormatLook *look = &printer->look;
    *look = (FormatLook){.floating = printer->in->dtype == wk_float32 || printer->in->dtype == wk_float64,
                         .whole = true,
                         .width = 1,
                         .least = INFINITY};
    if (look->floating) {
        format_visit(printer, 0, 0, format_see_range);
        if (isinf(look->least))
            return;
        look->scientific = look->most / look->least > 1000.0 || look->most > 1.0e8 || look->least < 1.0e-4;
    }
    format_visit(printer, 0, 0, format_see_width);
}

/* ---- second pass: the text -------------------------------------------------------------------------- */

static void format_put(FormatPrinter *printer, int64_t index)
{
    char out[FORMAT_NUMBER];
    size_t length = format_element(printer, index, out);
    if (length < printer->look.width)
        wk_text_repeat(printer->text, ' ', printer->look.width - length);
    wk_text_append_bytes(printer->text, out, length);
}

/* A row, broken into lines of as many elements as fit; the dots of a summary count as one. */
static void format_row(FormatPrinter *printer, int64_t index, size_t indent)
{
    const wk_FormatInput *in = printer->in;
    int64_t size = in->shape[in->ndim - 1], stride = in->strides[in->ndim - 1];
    size_t room = indent < FORMAT_LINE ? FORMAT_LINE - indent : 0,
           per_line = room / (printer->look.width + 2), written = 0;
    for (int64_t i = 0, next; i < size; i = next) {
        next = format_next(printer, size, i);
        for (int dots = 0; dots < (next == i + 1 ? 1 : 2); dots++, written++) {
            if (written) {
                bool fold = per_line <= 1 || written % per_line == 0;
                wk_text_append(printer->text, fold ? ",\n" : ", ");
                wk_text_repeat(printer->text, ' ', fold ? indent + 1 : 0);
            }
            if (dots)
                wk_text_append(printer->text, " ...");
            else
                format_put(printer, index + i * stride);
        }
    }
}

static void format_slices(FormatPrinter *printer, int dim, int64_t index, size_t indent)
{
    const wk_FormatInput *in = printer->in;
    int below = in->ndim - dim - 1;
    if (below < 0) {
        format_put(printer, index);
        return;
    }
    wk_text_append(printer->text, "[");
    if (below == 0)
        format_row(printer, index, indent);
    for (int64_t i = 0, next; below && i < in->shape[dim]; i = next) {
        next = format_next(printer, in->shape[dim], i);
        if (i) {
            wk_text_append(printer->text, ",");
            wk_text_repeat(printer->text, '\n', (size_t)below);
            wk_text_repeat(printer->text, ' ', indent + 1);
        }
        format_slices(printer, dim + 1, index + i * in->strides[dim], indent + 1);
        if (next != i + 1) {
            wk_text_append(printer->text, ",");
            wk_text_repeat(printer->text, '\n', (size_t)below);
            wk_text_repeat(printer->text, ' ', indent + 1);
            wk_text_append(printer->text, "...");
        }
    }
    wk_text_append(printer->text, "]");
}

/* ---- what follows the values ------------------------------------------------------------------------ */

/* Appends ", suffix", on a new line if it would pass the line's end; used is the length of the last line
 * as PyTorch counts it. */
static void format_suffix(wk_Text *text, const char *suffix, size_t indent, size_t *used)
{
    size_t length = strlen(suffix);
    if (*used + length + 2 > FORMAT_LINE) {
        wk_text_append(text, ",\n");
        wk_text_repeat(text, ' ', indent);
        *used = indent + length;
    } else {
        wk_text_append(text, ", ");
        *used += length + 2;
    }
    wk_text_append(text, suffix);
}

/* "size=(0, 3)" in the spelling of Python's tuples. */
static void format_size(wk_Text *text, const wk_FormatInput *in)
{
    wk_text_append(text, "size=(");
    for (int i = 0; i < in->ndim; i++)
        wk_text_printf(text, i ? ", %lld" : "%lld", (long long)in->shape[i]);
    wk_text_append(text, in->ndim == 1 ? ",)" : ")");
}

static void format_suffixes(const FormatPrinter *printer, bool empty, size_t start, size_t indent)
{
    const wk_FormatInput *in = printer->in;
    wk_Text *text = printer->text, suffix = {0};
    size_t used = 2; /* PyTorch counts the last line of the values two too long */
    for (size_t i = start; i < text->length; i++)
        used = text->data[i] == '\n' ? 2 : used + 1;
    if (empty && in->ndim != 1) {
        format_size(&suffix, in);
        if (!suffix.failed)
            format_suffix(text, wk_text_str(&suffix), indent, &used);
        text->failed = text->failed || suffix.failed;
        wk_text_free(&suffix);
    }
    wk_dtype common = in->default_dtype ? in->default_dtype : wk_float32;
    if (in->dtype != common && (empty || (in->dtype != wk_int64 && in->dtype != wk_bool))) {
        char name[48];
        snprintf(name, sizeof name, "dtype=torch.%s", wk_dtype_name(in->dtype));
        format_suffix(text, name, indent, &used);
    }
    if (in->grad_fn) {
        wk_text_printf(&suffix, "grad_fn=<%s>", in->grad_fn);
        if (!suffix.failed)
            format_suffix(text, wk_text_str(&suffix), indent, &used);
        text->failed = text->failed || suffix.failed;
        wk_text_free(&suffix);
    } else if (in->requires_grad) {
        format_suffix(text, "requires_grad=True", indent, &used);
    }
}

bool wk_format_tensor(wk_Text *text, const wk_FormatInput *in)
{
    static const char prefix[] = "tensor(";
    const size_t indent = sizeof prefix - 1;
    size_t start = text->length;
    bool empty = false, large = false;
    int64_t numel = 1;
    for (int i = 0; i < in->ndim; i++)
        empty = empty || in->shape[i] == 0;
    for (int i = 0; i < in->ndim && !empty && !large; i++) {
        large = in->shape[i] > FORMAT_THRESHOLD / numel;
        numel *= in->shape[i];
    }
    FormatPrinter printer = {.in = in, .text = text, .summarize = large};

    wk_text_append(text, prefix);
    if (empty) {
        wk_text_append(text, "[]");
    } else {
        format_find_look(&printer);
        format_slices(&printer, 0, 0, indent);
    }
    format_suffixes(&printer, empty, start, indent);
    return wk_text_append(text, ")") && !text->failed;
}
