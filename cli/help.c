/* What wick help says, as wide as the terminal, and at most 80 columns. */
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "progress.h"
#include "report.h"

enum { HELP_WIDTH = 80, HELP_NARROW = 64, HELP_INDENT = 6 };

/* The text from column `column` on, where the line is already; its lines are broken between words. */
static void help_text(int column, int width, const char *text)
{
    for (int at = column; *text;) {
        const int word = (int)strcspn(text, " ");
        if (at > column && at + 1 + word > width) {
            out("\n%*s", column, "");
            at = column;
        }
        out("%s%.*s", at > column ? " " : "", word, text);
        at += word + (at > column);
        text += word + (text[word] == ' ');
    }
    out("\n");
}

/* "  name   text", the text from column `column` on; on a narrow terminal below the name. */
static void help_line(const char *name, int column, const char *text)
{
    const int width = terminal_width() < HELP_WIDTH ? terminal_width() : HELP_WIDTH;
    out("  ");
    if (width < HELP_NARROW) {
        help_text(2, width, name);
        out("%*s", HELP_INDENT, "");
        column = HELP_INDENT;
    } else {
        out("%-*s", column - 2, name);
    }
    help_text(column, width, text);
}

static void help_paragraph(const char *text)
{
    help_text(0, terminal_width() < HELP_WIDTH ? terminal_width() : HELP_WIDTH, text);
}

static void help_all(void)
{
    out("wick: PyTorch's torch.nn in C\n\n");
    for (const CommandRow *row = commands; row->name; row++)
        help_line(row->usage, 40, row->help);
    out("\n");
    help_paragraph("wick help COMMAND tells a command's options, wick --version the version.");
    out("\n");
    help_paragraph("Exit codes: 0 done; 2 the command line is wrong; 65 an input's bytes are wrong; 66 an "
                   "input cannot be read; 70 training has diverged, or memory is short; 73 an output cannot "
                   "be created; 74 an output cannot be written; 128 and a signal's number: stopped by it "
                   "(130: Ctrl-C).");
}

void settings_help(Command command)
{
    const CommandRow *row = command_row(command);
    if (!row || command == COMMAND_HELP) {
        help_all();
        return;
    }
    help_paragraph(row->usage);
    help_paragraph(row->help);
    out("\n");
    for (const Option *o = options; o->name; o++) {
        char name[64];
        if (!(o->commands & command) || !o->help)
            continue;
        snprintf(name, sizeof name, "--%s %s", o->name, o->value ? o->value : "");
        help_line(name, 33, o->help);
    }
    if (row->notes) {
        out("\n");
        help_paragraph(row->notes);
    }
}
