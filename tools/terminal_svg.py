#!/usr/bin/env python3
"""Runs a command on a terminal of 80 columns and draws what stands there, as an SVG.

    tools/terminal_svg.py OUT.svg [--until REGEX] -- COMMAND...

The picture is of the end of the run, or of the first moment at which a line matches REGEX. The command runs in an empty folder that is
removed. What it prints may hold carriage returns and newlines; an escape sequence is an error, as wick prints none.
"""
import argparse
import fcntl
import os
import pty
import re
import shutil
import struct
import sys
import tempfile
import termios
from html import escape

COLUMNS, ROWS = 80, 24
LINE, LEFT, TOP, WIDTH = 22, 18, 58, 760


class Screen:
    def __init__(self):
        self.lines, self.column = [""], 0

    def feed(self, text):
        for c in text:
            if c == "\r":
                self.column = 0
            elif c == "\n":
                self.lines.append("")
                self.column = 0
            elif c < " ":
                sys.exit(f"terminal_svg: a control character, {c!r}")
            else:
                line = self.lines[-1].ljust(self.column)
                self.lines[-1] = line[:self.column] + c + line[self.column + 1:]
                self.column += 1


def run(command, folder, until):
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.environ["TERM"] = "xterm"
        os.execvp(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    screen = Screen()
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # the other end has been closed
            data = b""
        screen.feed(data.decode())
        found = until and any(until.search(line) for line in screen.lines)
        if not data or found:
            break
    os.close(terminal)  # which ends a command that still runs by SIGHUP
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if until and not found:
        sys.exit("terminal_svg: no line matched " + until.pattern)
    if not until and status != 0:
        sys.exit(f"terminal_svg: exit code {status}")
    return [line.rstrip() for line in screen.lines if line.strip()]


def draw(title, lines):
    height = TOP + LINE * (len(lines) - 1) + 26
    rows = "\n".join(
        f'  <text x="{LEFT}" y="{TOP + LINE * i}" fill="{"#8bd5ca" if i == 0 else "#f5e0b7" if "[=" in line else "#d8dee9"}"'
        f' xml:space="preserve">{escape(line)}</text>' for i, line in enumerate(lines))
    return f'''<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">
  <rect width="{WIDTH}" height="{height}" rx="8" fill="#1f2430"/>
  <circle cx="20" cy="18" r="6" fill="#ed6a5e"/><circle cx="40" cy="18" r="6" fill="#f5bf4f"/><circle cx="60" cy="18" r="6" fill="#61c554"/>
  <g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14.5">
{rows}
  </g>
</svg>
'''


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--until", type=re.compile)
    parser.add_argument("command", nargs="+")
    args = parser.parse_args()
    args.command[0] = os.path.abspath(args.command[0])
    folder = tempfile.mkdtemp()
    try:
        lines = run(args.command, folder, args.until)
    finally:
        shutil.rmtree(folder)
    words = " ".join([os.path.basename(args.command[0])] + args.command[1:])
    with open(args.out, "w", encoding="utf-8") as file:
        file.write(draw(words + ", in a terminal", ["$ " + words] + lines))


main()
