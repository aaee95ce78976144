/* Numbers as text, a row a line, commas between: float32 [rows, columns].
 *
 * A number is what C and Python take for one, with a point in every locale, and finite. Lines end with "\n" or "\r\n", as the format has
 * them both; blanks around a number and a byte order mark in front of all are passed over, as spreadsheets write them. Memory is
 * asked for rows that the file has bytes for. */
#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/tensor.h"
#include "core/text.h"
#include "io/files.h"

static const char csv_op[] = "load_csv";

enum { CSV_LINE = 1 << 20, CSV_FILE = 1 << 30 };

typedef struct Csv {
    const char *path, *at, *end;
    int64_t line, columns;
} Csv;

/* From `at` to before `stop`. */
typedef struct CsvSpan {
    const char *at, *stop;
} CsvSpan;

static bool csv_row_error(const Csv *csv, const char *what)
{
    wk_raise(WK_ERROR_CORRUPT, "%s:%lld: %s", WK_QUOTED(csv->path), (long long)csv->line, what);
    return false;
}

static bool csv_field_error(const Csv *csv, int64_t column, CsvSpan field, const char *what)
{
    char copy[64], text[48];
    size_t length = (size_t)(field.stop - field.at);
    length = length < sizeof copy ? length : sizeof copy - 1;
    memcpy(copy, field.at, length);
    copy[length] = 0;
    wk_raise(WK_ERROR_CORRUPT, "%s:%lld:%lld: '%s' %s", WK_QUOTED(csv->path), (long long)csv->line,
             (long long)column, wk_quote(text, sizeof text, copy), what);
    return false;
}

static bool csv_columns_error(const Csv *csv, int64_t columns)
{
    wk_raise(WK_ERROR_CORRUPT, "%s:%lld: %lld columns, expected %lld", WK_QUOTED(csv->path),
             (long long)csv->line, (long long)columns, (long long)csv->columns);
    return false;
}

/* Takes the next line; false with an error when it cannot be one. */
static bool csv_take_line(Csv *csv, CsvSpan *line)
{
    size_t left = (size_t)(csv->end - csv->at), most = left < CSV_LINE ? left : CSV_LINE;
    const char *stop = memchr(csv->at, '\n', most);
    csv->line++;
    if (!stop && left > CSV_LINE)
        return csv_row_error(csv, "a line of more than 1048576 bytes");
    size_t length = stop ? (size_t)(stop - csv->at) : left;
    *line = (CsvSpan){csv->at, csv->at + length};
    csv->at += length + (stop != NULL);
    if (memchr(line->at, 0, length))
        return csv_row_error(csv, "a NUL byte");
    line->stop -= length && line->stop[-1] == '\r';
    return line->stop > line->at || csv_row_error(csv, "an empty line");
}

/* Takes the next field of a line, without the blanks around it. False after the last one. */
static bool csv_take_field(CsvSpan *line, CsvSpan *field)
{
    if (!line->at)
        return false;
    const char *comma = memchr(line->at, ',', (size_t)(line->stop - line->at));
    *field = (CsvSpan){line->at, comma ? comma : line->stop};
    line->at = comma ? comma + 1 : NULL;
    while (field->at < field->stop && (*field->at == ' ' || *field->at == '\t'))
        field->at++;
    while (field->at < field->stop && (field->stop[-1] == ' ' || field->stop[-1] == '\t'))
        field->stop--;
    return true;
}

/* nan, inf, infinity, in any case and with a sign. */
static bool csv_not_finite(CsvSpan field)
{
    static const char *const words[] = {"nan", "inf", "infinity"};
    const char *at = field.at + (field.at < field.stop && (*field.at == '-' || *field.at == '+'));
    size_t length = (size_t)(field.stop - at);
    for (int i = 0; i < 3; i++) {
        size_t same = 0;
        while (same < length && words[i][same] && (at[same] | 0x20) == words[i][same])
            same++;
        if (same == length && !words[i][same])
            return true;
    }
    return false;
}

static bool csv_number(const Csv *csv, int64_t column, CsvSpan field, float *out)
{
    double value;
    if (field.at == field.stop)
        return csv_field_error(csv, column, field, "is empty");
    if (!wk_number_read(field.at, (size_t)(field.stop - field.at), &value))
        return csv_field_error(csv, column, field,
                               csv_not_finite(field) ? "is not a finite number" : "is not a number");
    *out = (float)value;
    return !isinf(*out) || csv_field_error(csv, column, field, "does not fit in float32");
}

/* Whether a first line names the columns: nothing in it is a number. */
static bool csv_is_header(CsvSpan line)
{
    double value;
    for (CsvSpan field; csv_take_field(&line, &field);)
        if (csv_not_finite(field) || field.at == field.stop ||
            wk_number_read(field.at, (size_t)(field.stop - field.at), &value))
            return false;
    return true;
}

static int64_t csv_count_fields(CsvSpan line)
{
    int64_t count = 0;
    for (CsvSpan field; csv_take_field(&line, &field);)
        count++;
    return count;
}

static bool csv_read_row(Csv *csv, float *row)
{
    CsvSpan line, field;
    int64_t column = 0;
    if (!csv_take_line(csv, &line))
        return false;
    for (CsvSpan rest = line; column < csv->columns && csv_take_field(&rest, &field); column++)
        if (!csv_number(csv, column + 1, field, &row[column]))
            return false;
    int64_t columns = csv_count_fields(line);
    return columns == csv->columns || csv_columns_error(csv, columns);
}

/* The number of lines that are left. A row has at least two bytes a column, so that of more lines than the bytes allow, one is wrong
 * before the rows are full. */
static int64_t csv_count_rows(const Csv *csv)
{
    int64_t lines = 0, most = ((csv->end - csv->at) + 1) / (2 * csv->columns) + 1;
    for (const char *at = csv->at; at < csv->end; lines++) {
        const char *newline = memchr(at, '\n', (size_t)(csv->end - at));
        at = newline ? newline + 1 : csv->end;
    }
    return lines < most ? lines : most;
}

/* How many columns there are; goes past a line that names them. */
static bool csv_begin(Csv *csv)
{
    CsvSpan line;
    if (csv->end - csv->at >= 3 && memcmp(csv->at, "\xef\xbb\xbf", 3) == 0)
        csv->at += 3;
    Csv first = *csv;
    if (first.at < first.end && !csv_take_line(&first, &line))
        return false;
    if (first.at > csv->at) {
        csv->columns = csv_count_fields(line);
        if (csv_is_header(line))
            *csv = (Csv){csv->path, first.at, first.end, first.line, csv->columns};
    }
    if (csv->at < csv->end)
        return true;
    csv->line++;
    return csv_row_error(csv, "no row of numbers");
}

static wk_Tensor *csv_read(Csv *csv, int64_t *first_line)
{
    if (!csv_begin(csv))
        return NULL;
    const int64_t dims[] = {csv_count_rows(csv), csv->columns}, start = csv->line + 1;
    wk_Tensor *tensor = wk_tensor_new(csv_op, wk_float32, 2, dims);
    if (!tensor)
        return NULL;
    float *row = wk_tensor_data(tensor);
    for (int64_t i = 0; i < dims[0]; i++, row += csv->columns)
        if (!csv_read_row(csv, row))
            return NULL;
    if (first_line)
        *first_line = start;
    return tensor;
}

/* Reads all of the file, and then of its bytes. */
static wk_Tensor *csv_load(wk_File *file, int64_t *first_line)
{
    size_t size = (size_t)file->size;
    if (file->size > CSV_FILE)
        return wk_raise(WK_ERROR_CORRUPT, "%s: %s: %llu bytes, at most %d are read", csv_op,
                        WK_QUOTED(file->path), (unsigned long long)file->size, CSV_FILE);
    char *bytes = wk_alloc(size);
    Csv csv = {.path = file->path, .at = bytes, .end = bytes + size};
    wk_Tensor *tensor = bytes && wk_file_read(file, bytes, size) ? csv_read(&csv, first_line) : NULL;
    wk_release(bytes, size);
    return tensor;
}

wk_Tensor *wk_load_csv(const char *path, int64_t *first_line)
{
    wk_File file;
    if (!wk_file_open(&file, csv_op, path))
        return NULL;
    wk_Scope scope = wk_scope_begin();
    wk_Tensor *tensor = scope.id ? csv_load(&file, first_line) : NULL;
    if (scope.id && !wk_scope_end_keeping(scope, tensor))
        tensor = NULL;
    wk_file_close(&file);
    return tensor;
}
