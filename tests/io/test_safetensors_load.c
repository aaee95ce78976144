/* Reading safetensors: the official writer's file, every way in which a file can be wrong, and failures at each allocation and
 * operation. */
#include "io/temp.h"

#include "wick/tensor.h"

/* ---- making files ----------------------------------------------------------------------------------- */

static unsigned char made[1 << 16];

/* length (8 bytes), header, `data` bytes 0, 1, 0, 1, ...; returns the whole count. */
static size_t make(uint64_t length, const char *header, size_t data)
{
    size_t n = strlen(header);
    for (int i = 0; i < 8; i++)
        made[i] = (unsigned char)(length >> (8 * i));
    memcpy(made + 8, header, n);
    for (size_t i = 0; i < data; i++)
        made[8 + n + i] = i % 2;
    return 8 + n + data;
}

static void fails_bytes(const void *bytes, size_t count, wk_ErrorKind kind, const char *text)
{
    char want[2048];
    const char *path = temp_write("model", bytes, count);
    size_t memory = wk_memory_allocated();
    assert_null(wk_load_safetensors(path));
    snprintf(want, sizeof want, "load_safetensors: %s: %s", path, text);
    assert_error(kind, want);
    assert_int_equal(wk_memory_allocated(), memory);
}

static void fails(const char *header, size_t data, const char *text)
{
    fails_bytes(made, make(strlen(header), header, data), WK_ERROR_CORRUPT, text);
}

static void loads(const char *header, size_t data)
{
    wk_StateDict *dict = wk_load_safetensors(temp_write("model", made, make(strlen(header), header, data)));
    if (!dict)
        fail_msg("%s", wk_error());
    wk_state_dict_free(dict);
}

#define W(dtype, shape, begin, end) \
    "{\"w\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" #begin "," #end "]}}"
#define TWO(a, b, c, d)                                                    \
    "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[" #a "," #b \
    "]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],"                           \
    "\"data_offsets\":[" #c "," #d "]}}"

/* ---- the rows of what can be wrong ------------------------------------------------------------------ */

static void wrong_lengths(void **state)
{
    (void)state;
    fails_bytes("", 0, WK_ERROR_CORRUPT, "truncated at byte 0, header needs 8");
    fails_bytes("\2\0\0\0\0\0\0", 7, WK_ERROR_CORRUPT, "truncated at byte 7, header needs 8");
    fails_bytes(made, make(0, "{}", 0), WK_ERROR_CORRUPT, "a header of 0 bytes, must be 2 to 100000000");
    fails_bytes(made, make(UINT64_C(1) << 63, "{}", 0), WK_ERROR_CORRUPT,
                "a header of 9223372036854775808 bytes, must be 2 to 100000000");
    fails_bytes(made, make(200000000, "{}", 0), WK_ERROR_CORRUPT,
                "a header of 200000000 bytes, must be 2 to 100000000");
    fails_bytes(made, make(3, "{}", 0), WK_ERROR_CORRUPT, "a header of 3 bytes in a file of 10");
}

static void wrong_json(void **state)
{
    (void)state;
    fails("{\"\xff\":1}", 0, "invalid UTF-8 at byte 10");
    fails("{\"\xed\xa0\x80\":1}", 0, "invalid UTF-8 at byte 10");
    fails("{\"w\" 1}", 0, "expected ':', got '1' at byte 13");
    fails("{\"w\":{\"dtype\":\"F32\",", 0, "expected a key of a tensor, got the end at byte 28");
    fails("[]", 0, "a header that does not begin with '{' at byte 8");
    fails(" {}", 0, "a header that does not begin with '{' at byte 8");
    fails("{} x", 0, "text after the header's end at byte 11");
    fails("{\"a\\x\":1}", 0, "expected an escape, got 'x' at byte 12");
    fails("{\"\\ud800\":1}", 0, "not a unicode escape at byte 12");
    fails("{\"a\\u0000\":1}", 0, "a NUL in a string at byte 13");
    fails("{\"a\n\":1}", 0, "a control character in a string at byte 11");
    fails("{\"a", 0, "expected '\"', got the end at byte 11");
    fails(W("F32", "[18446744073709551616]", 0, 4), 4, "a number that is too large at byte 37");
    fails(W("F32", "[2.0]", 0, 8), 8, "expected a whole number in the shape, got '.' at byte 38");
    fails(W("F32", "[-1]", 0, 4), 4, "expected a whole number in the shape, got '-' at byte 37");
    fails(W("F32", "[01]", 0, 4), 4, "a number with leading zeros at byte 37");
    fails("{\"w\":7}", 0, "expected '{' of a tensor, got '7' at byte 13");
    fails("{\"w\":{\"dtype\":\"F32\",\"shape\":[]}}", 0, "tensor 'w': key 'data_offsets' is missing");
    fails("{\"w\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", 0, "tensor 'w': key 'dtype' comes twice");
    fails("{\"w\":{\"kind\":\"F32\"}}", 0, "tensor 'w': key 'dtype' is missing");
}

/* Keys that the format does not have are passed over, as the format's own library does; but they are JSON. */
#define EXTRA(value) \
    "{\"w\":{\"dtype\":\"F32\",\"x\":" value ",\"shape\":[1],\"data_offsets\":[0,4],\"y\":0}}"
static void unknown_keys(void **state)
{
    (void)state;
    static const char *const right[] = {EXTRA("\"cpu\""),
                                        EXTRA("null"),
                                        EXTRA("true"),
                                        EXTRA("false"),
                                        EXTRA("0"),
                                        EXTRA("-12.50e+03"),
                                        EXTRA("1E-7"),
                                        EXTRA("{}"),
                                        EXTRA("[]"),
                                        EXTRA("[ ]"),
                                        EXTRA("[1, 2 ]"),
                                        EXTRA("1e999"),
                                        EXTRA("{\"y\":[1,{\"z\":null},[[],{}]],\"\\u00e9\": {\"t\" :true} }"),
                                        EXTRA("1,\"x\":2")};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++)
        loads(right[i], 4);
    fails(EXTRA("01"), 4, "a number with leading zeros at byte 32");
    fails(EXTRA("-"), 4, "expected a digit, got ',' at byte 33");
    fails(EXTRA("1."), 4, "expected a digit, got ',' at byte 34");
    fails(EXTRA("1e+"), 4, "expected a digit, got ',' at byte 35");
    fails(EXTRA(".5"), 4, "expected a value, got '.' at byte 32");
    fails(EXTRA("nul"), 4, "expected a value, got 'n' at byte 32");
    fails(EXTRA("[1 2]"), 4, "expected ',' or ']', got '2' at byte 35");
    fails(EXTRA("[1,]"), 4, "expected a value, got ']' at byte 35");
    fails(EXTRA("{1:2}"), 4, "expected a key, got '1' at byte 33");
    fails(EXTRA("{\"a\" 2}"), 4, "expected ':', got '2' at byte 37");
    fails(EXTRA("{\"a\":2]"), 4, "expected ',' or '}', got ']' at byte 38");
    fails(EXTRA("\"\xff\""), 4, "invalid UTF-8 at byte 33");
    fails("{\"w\":{\"x\":[[{\"a\":", 0, "expected a value, got the end at byte 25");
    fails("{\"w\":{\"x\":t", 0, "expected a value, got 't' at byte 18");
}

/* As deep as the format's own library goes, and no deeper; 125 and 126 arrays. */
static void unknown_keys_nest_so_deep(void **state)
{
    (void)state;
    char text[400];
    for (int depth = 125; depth <= 126; depth++) {
        int n = sprintf(text, "{\"w\":{\"x\":");
        memset(text + n, '[', (size_t)depth), n += depth;
        memset(text + n, ']', (size_t)depth), n += depth;
        sprintf(text + n, ",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}");
        if (depth == 125)
            loads(text, 4);
        else
            fails(text, 4, "values that are nested too deeply at byte 143");
    }
}

static void deep_nesting(void **state)
{
    (void)state;
    size_t n = 100000;
    char *file = malloc(n + 16);
    memcpy(file, "\xa5\x86\1\0\0\0\0\0{\"w\":", 13);
    memset(file + 13, '[', n);
    fails_bytes(file, 13 + n, WK_ERROR_CORRUPT, "expected '{' of a tensor, got '[' at byte 13");
    free(file);
}

static void same_name_twice(void **state)
{
    (void)state;
    fails("{\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"\\u0077\":{\"dtype\":\"U8\","
          "\"shape\":[1],"
          "\"data_offsets\":[1,2]}}",
          2, "tensor 'w': the name comes twice");
}

static void wrong_places(void **state)
{
    (void)state;
    loads(TWO(4, 8, 0, 4), 8);
    fails(TWO(0, 4, 2, 6), 6, "tensor 'b': begins at 2, overlapping: the data before it end at 4");
    fails(TWO(0, 4, 0, 4), 4, "tensor 'b': begins at 0, overlapping: the data before it end at 4");
    fails(TWO(0, 4, 5, 9), 9, "tensor 'b': begins at 5, after a hole: the data before it end at 4");
    fails(TWO(1, 5, 5, 9), 9, "tensor 'a': begins at 1, after a hole: the data before it end at 0");
    fails(TWO(8, 4, 0, 4), 8, "tensor 'a': data_offsets [8, 4] end before they begin");
    fails(TWO(0, 4, 4, 8), 7, "tensor 'b': ends at 8, the file has 7 bytes of data");
    fails(TWO(0, 4, 4, 8), 11, "3 trailing bytes after the last tensor");
    fails("{}", 1, "1 trailing bytes after the last tensor");
}

static void wrong_shapes(void **state)
{
    (void)state;
    fails(W("F32", "[2,3]", 0, 20), 20,
          "tensor 'w': shape [2, 3] of F32 needs 24 bytes, data_offsets give 20");
    const char *huge = W("F32", "[4294967296,4294967296]", 0, 4);
    fails_bytes(made, make(strlen(huge), huge, 4), WK_ERROR_OVERFLOW,
                "tensor 'w': shape [4294967296, 4294967296] overflows");
}

static void other_dtypes(void **state)
{
    (void)state;
    const char *text = W("F31", "[1]", 0, 4);
    fails_bytes(made, make(strlen(text), text, 4), WK_ERROR_UNSUPPORTED,
                "tensor 'w': dtype F31 not supported");
    text = W("F8_E4M3", "[4]", 0, 4);
    fails_bytes(made, make(strlen(text), text, 4), WK_ERROR_UNSUPPORTED,
                "tensor 'w': dtype F8_E4M3 not supported");
    text = W("F4", "[8]", 0, 4);
    fails_bytes(made, make(strlen(text), text, 4), WK_ERROR_UNSUPPORTED,
                "tensor 'w': dtype F4 not supported");
    size_t n = strlen(W("BOOL", "[3]", 0, 3));
    make(n, W("BOOL", "[3]", 0, 3), 3);
    made[8 + n + 2] = 2;
    fails_bytes(made, 8 + n + 3, WK_ERROR_CORRUPT, "tensor 'w': element 2 is 2, not a BOOL");
}

static void odd_ranks(void **state)
{
    (void)state;
    char *text = malloc(100000), *end = text;
    end += sprintf(end, "{\"w\":{\"dtype\":\"U8\",\"shape\":[1");
    for (int i = 1; i < 10000; i++)
        end += sprintf(end, ",1");
    sprintf(end, "],\"data_offsets\":[0,1]}}");
    fails_bytes(made, make(strlen(text), text, 1), WK_ERROR_UNSUPPORTED, "tensor 'w': rank 10000, max 8");
    free(text);
    loads(W("F32", "[0,2]", 0, 0), 0);
    loads(W("F32", "[]", 0, 4), 4);
    loads(W("F32", "[1,1,1,1,1,1,1,1]", 0, 4), 4);
    loads("{}      ", 0);
}

static void metadata(void **state)
{
    (void)state;
    fails("{\"__metadata__\":{\"a\":1}}", 0, "expected a string in __metadata__, got '1' at byte 29");
    fails("{\"__metadata__\":[]}", 0, "expected '{' of __metadata__, got '[' at byte 24");
    fails("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0, "key 'a' of __metadata__ comes twice");
    fails("{\"__metadata__\":{},\"__metadata__\":{}}", 0, "a second __metadata__ at byte 42");
    fails("{\"__metadata__\":null,\"__metadata__\":null}", 0, "a second __metadata__ at byte 44");
    fails("{\"__metadata__\":nil}", 0, "expected a value, got 'n' at byte 24");
    fails("{\"__metadata__\":{\"a\":null}}", 0, "expected a string in __metadata__, got 'n' at byte 29");
    loads("{\"__metadata__\": null}", 0);
    loads("{\"__metadata__\":null,\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4);
    const char *text = "{\"__metadata__\":{\"format\":\"pt\",\"\":\"\\u00e9\\ud83d\\ude00\"}}";
    wk_StateDict *dict = wk_load_safetensors(temp_write("model", made, make(strlen(text), text, 0)));
    assert_non_null(dict);
    assert_int_equal(dict->metadata_count, 2);
    assert_string_equal(wk_state_dict_metadata(dict, "format"), "pt");
    assert_string_equal(wk_state_dict_metadata(dict, ""), "\xc3\xa9\xf0\x9f\x98\x80");
    assert_null(wk_state_dict_metadata(dict, "none"));
    wk_state_dict_free(dict);
}

/* Pairs of \u escapes from end to end of what they can be, and their neighbours. */
static void surrogates(void **state)
{
    (void)state;
    static const struct {
        const char *escape, *utf8;
    } right[] = {{"\\ud800\\udc00", "\xf0\x90\x80\x80"},
                 {"\\ud83d\\udc00", "\xf0\x9f\x90\x80"},
                 {"\\ud83d\\udfff", "\xf0\x9f\x9f\xbf"},
                 {"\\uDBFF\\uDFFF", "\xf4\x8f\xbf\xbf"},
                 {"\\ud7ff", "\xed\x9f\xbf"},
                 {"\\ue000", "\xee\x80\x80"},
                 {"\\u007f\\u0080", "\x7f\xc2\x80"},
                 {"\\u07ff\\u0800\\uffff", "\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"}};
    static const char *const wrong[] = {"\\ud83d\\udbff",  "\\ud83d\\ue000", "\\ud83d\\u0041", "\\ud83d",
                                        "\\ud83dx\\udc00", "\\udbff\\udbff", "\\udc00",        "\\udfff",
                                        "\\ud83d\\",       "\\ud83d\\n"};
    char text[100];
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        int n = sprintf(text, "{\"__metadata__\":{\"a\":\"%s\"}}", right[i].escape);
        wk_StateDict *dict = wk_load_safetensors(temp_write("model", made, make((uint64_t)n, text, 0)));
        assert_non_null(dict);
        assert_string_equal(wk_state_dict_metadata(dict, "a"), right[i].utf8);
        wk_state_dict_free(dict);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        sprintf(text, "{\"__metadata__\":{\"a\":\"%s\"}}", wrong[i]);
        fails(text, 0, "not a unicode escape at byte 32");
    }
}

static void a_million_tensors(void **state)
{
    (void)state;
    enum { MILLION = 1000000 };
    size_t room = 66u << 20, n = 8;
    char *file = malloc(room);
    file[n++] = '{';
    for (int i = 0; i < MILLION; i++)
        n += (size_t)sprintf(file + n, "%s\"t%d\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[%d,%d]}",
                             i ? "," : "", i, i, i + 1);
    file[n++] = '}';
    for (int i = 0; i < 8; i++)
        file[i] = (char)((n - 8) >> (8 * i));
    for (int i = 0; i < MILLION; i++)
        file[n++] = (char)(i * 31);
    const char *path = temp_write("million", file, n);
    free(file);
    wk_StateDict *dict = wk_load_safetensors(path);
    assert_non_null(dict);
    assert_int_equal(dict->count, MILLION);
    for (int i = 0; i < MILLION; i += 999) {
        char name[20];
        snprintf(name, sizeof name, "t%d", i);
        wk_Tensor *t = wk_state_dict_get(dict, name);
        assert_non_null(t);
        assert_int_equal(*wk_data(t, uint8_t), (uint8_t)(i * 31));
    }
    wk_state_dict_free(dict);
    wk_empty_cache();
    remove(path);
}

/* ---- right files ------------------------------------------------------------------------------------ */

static const char golden[] = "tests/golden/official.safetensors";
static const char strange[] = "a \"quoted\" \\ name\n\x01 \xc3\xa9\xe4\xb8\x96\xf0\x9f\x98\x80";

static void the_official_file_is_read(void **state)
{
    (void)state;
    wk_StateDict *dict = wk_load_safetensors(golden);
    assert_non_null(dict);
    assert_int_equal(dict->count, 9);
    assert_string_equal(dict->entries[0].name, "steps");
    assert_int_equal(wk_item_int64(dict->entries[0].tensor), -7);
    assert_memory_equal(wk_data_ptr(wk_state_dict_get(dict, "fc.weight")),
                        ((float[]){0, 0.25f, 0.5f, 0.75f, 1, 1.25f}), 24);
    assert_true(wk_at_index(wk_state_dict_get(dict, "double"), 2, (int64_t[]){0, 0}) == 1e300);
    assert_int_equal(wk_numel(wk_state_dict_get(dict, "empty")), 0);
    assert_memory_equal(wk_data_ptr(wk_state_dict_get(dict, "mask")), ((uint8_t[]){1, 0, 1}), 3);
    assert_memory_equal(wk_data_ptr(wk_state_dict_get(dict, "ints")), ((int32_t[]){1, -2}), 8);
    assert_true(wk_item(wk_state_dict_get(dict, strange)) == 1);
    assert_string_equal(wk_state_dict_metadata(dict, "format"), "pt");
    assert_null(wk_state_dict_get(dict, "nothing"));
    assert_null(wk_error());
    wk_state_dict_free(dict);
}

/* ---- damage and failure ----------------------------------------------------------------------------- */

static void every_prefix_is_an_error(void **state)
{
    (void)state;
    size_t count;
    unsigned char *bytes = temp_read(golden, &count);
    for (size_t n = 0; n < count; n++) {
        assert_null(wk_load_safetensors(temp_write("part", bytes, n)));
        assert_int_equal(wk_error_kind(), WK_ERROR_CORRUPT);
        wk_clear_error();
    }
    free(bytes);
}

static void every_flipped_bit_is_an_error_or_a_whole_file(void **state)
{
    (void)state;
    size_t count, memory = wk_memory_allocated();
    unsigned char *bytes = temp_read(golden, &count);
    for (size_t bit = 0; bit < count * 8; bit++) {
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        wk_StateDict *dict = wk_load_safetensors(temp_write("flipped", bytes, count));
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        assert_true(dict ? wk_error() == NULL : wk_error() != NULL);
        wk_clear_error();
        wk_state_dict_free(dict);
    }
    free(bytes);
    assert_int_equal(wk_memory_allocated(), memory);
}

static void memory_runs_out_while_loading(void **state)
{
    (void)state;
    for (int forever = 0; forever < 2; forever++) {
        wk_StateDict *dict = NULL;
        for (long at = 0; !dict; at++) {
            size_t memory = wk_memory_allocated();
            TempFault fault = {.at = at, .forever = forever};
            wk_set_memory_hook(temp_memory_hook, &fault);
            dict = wk_load_safetensors(golden);
            wk_set_memory_hook(NULL, NULL);
            assert_true((dict != NULL) == (fault.calls <= at));
            if (!dict) {
                assert_int_equal(wk_error_kind(), WK_ERROR_MEMORY);
                wk_clear_error();
                assert_int_equal(wk_memory_allocated(), memory);
            }
            assert_true(at < 300);
        }
        wk_state_dict_free(dict);
    }
}

static void files_fail_while_loading(void **state)
{
    (void)state;
    wk_StateDict *dict = NULL;
    for (long at = 0; !dict; at++) {
        size_t memory = wk_memory_allocated();
        TempFault fault = {.at = at};
        wk_set_io_hook(temp_io_hook, &fault);
        dict = wk_load_safetensors(golden);
        wk_set_io_hook(NULL, NULL);
        if (!dict) {
            assert_error(WK_ERROR_IO, "official.safetensors: Input/output error");
            assert_int_equal(wk_memory_allocated(), memory);
        }
        assert_true(at < 20);
    }
    wk_state_dict_free(dict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_lengths),
        cmocka_unit_test(wrong_json),
        cmocka_unit_test(deep_nesting),
        cmocka_unit_test(unknown_keys),
        cmocka_unit_test(unknown_keys_nest_so_deep),
        cmocka_unit_test(surrogates),
        cmocka_unit_test(same_name_twice),
        cmocka_unit_test(wrong_places),
        cmocka_unit_test(wrong_shapes),
        cmocka_unit_test(other_dtypes),
        cmocka_unit_test(odd_ranks),
        cmocka_unit_test(metadata),
        cmocka_unit_test(a_million_tensors),
        cmocka_unit_test(the_official_file_is_read),
        cmocka_unit_test(every_prefix_is_an_error),
        cmocka_unit_test(every_flipped_bit_is_an_error_or_a_whole_file),
        cmocka_unit_test(memory_runs_out_while_loading),
        cmocka_unit_test(files_fail_while_loading),
    };
    return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
