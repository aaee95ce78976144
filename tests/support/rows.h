/* ROW("A13"): what follows in the test asserts that row of docs/bad-inputs.md. It is noted when it is reached, so a row counts as tested only
 * if its test has run: tools/check_rows.sh. */
#ifndef WICK_TESTS_ROWS_H
#define WICK_TESTS_ROWS_H

#define ROW(name) row_reached(name)

void row_reached(const char *name);

#endif
