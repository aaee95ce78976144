/* Words from outside in messages: how they are shown, and which known word a misspelt one was to be. */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"

/* The character at c as a message shows it, in `shown`. Returns how many bytes of the text it takes. */
static int show_character(const unsigned char *c, char shown[5])
{
    const int length = wk_utf8_length(c, strnlen((const char *)c, 4));
    const bool control = *c < 0x20 || *c == 0x7f || (length == 2 && *c == 0xc2 && c[1] < 0xa0);
    if (length == 0 || control) {
        snprintf(shown, 5, "\\x%02x", *c);
        return 1;
    }
    memcpy(shown, c, (size_t)length);
    shown[length] = 0;
    return length;
}

const char *wk_quote(char *out, size_t size, const char *text)
{
    size_t used = 0;
    if (!out || !text)
        return wk_raise_null("quote", out ? "text" : "out");
    if (size == 0)
        return out;
    for (const unsigned char *c = (const unsigned char *)text; *c;) {
        char shown[5];
        c += show_character(c, shown);
        size_t need = strlen(shown);
        if (used + need + 4 > size) {
            used += (size_t)snprintf(out + used, size - used, "%.*s", (int)(size - used - 1), "...");
            break;
        }
        memcpy(out + used, shown, need);
        used += need;
    }
    out[used] = 0;
    return out;
}

/* ---- misspelt words --------------------------------------------------------------------------------- */

enum { WORD_LONGEST = 40, WORD_FAR = 1000 };

static int smallest(int a, int b, int c)
{
    int least = a < b ? a : b;
    return least < c ? least : c;
}

/* Letters to add, drop, change or exchange with their neighbour to make b of a, whatever their case. */
static int word_edits(const char *a, const char *b)
{
    int rows[3][WORD_LONGEST + 1];
    const int m = (int)strlen(a), n = (int)strlen(b);
    for (int i = 0; i <= m; i++) {
        int *now = rows[i % 3];
        const int *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        for (int j = 0; j <= n; j++) {
            if (i == 0 || j == 0) {
                now[j] = i + j;
                continue;
            }
            const int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);
            now[j] = smallest(last[j] + 1, now[j - 1] + 1, last[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
                y == tolower((unsigned char)a[i - 2]) && before[j - 2] + 1 < now[j])
                now[j] = before[j - 2] + 1;
        }
    }
    return rows[m % 3][n];
}

/* Conv3d is no misspelt Conv2d. */
static bool same_digits(const char *word, const char *known)
{
    static const char digits[] = "0123456789";
    const char *a = strpbrk(word, digits), *b = strpbrk(known, digits);
    if (!a)
        return true;
    for (; a && b && *a == *b; a = strpbrk(a + 1, digits), b = strpbrk(b + 1, digits))
        ;
    return !a && !b;
}

/* How far `word` is from `known`; a third of its letters may be wrong, and the end may be missing. */
static int word_distance(const char *word, const char *known)
{
    const size_t length = strlen(word), whole = strlen(known);
    if (length == 0 || length > WORD_LONGEST || whole > WORD_LONGEST || !same_digits(word, known))
        return WORD_FAR;
    const int edits = word_edits(word, known), allowed = length < 6 ? 1 : (int)length / 3;
    if (edits <= allowed)
        return edits;
    return length >= 3 && strncmp(word, known, length) == 0 ? allowed + 1 : WORD_FAR;
}

const char *wk_closer_word(const char *word, const char *best, const char *known)
{
    if (!word || !known)
        return wk_raise_null("closer_word", word ? "known" : "word");
    const int distance = word_distance(word, known);
    return distance < WORD_FAR && (!best || distance < word_distance(word, best)) ? known : best;
}
