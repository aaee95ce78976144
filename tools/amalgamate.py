#!/usr/bin/env python3
"""Makes wick.c and wick.h, the whole library in two files:  tools/amalgamate.py OUTPUT-FOLDER

Every #include "..." is replaced by the file. A header goes in once, where it is first needed, unless that place is inside an
#if: then it goes in there too and its own guard decides. Files that are no headers (tables such as rows.def, templates) go in
each time. What one .c file defines as a macro ends with it.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ["core", "kernels", "kernels/isa", "autograd", "ops", "nn", "optim", "data", "io"]
INCLUDE = re.compile(r'\s*#\s*include\s*"([^"]+)"')
SYSTEM = re.compile(r"\s*#\s*include\s*<wick/([^>]+)>")
FEATURE = re.compile(r"\s*#\s*define\s+_(GNU|DEFAULT|POSIX_C|XOPEN)_SOURCE\b")

HEAD = """/* wick %s in one file. Put wick.c and wick.h into your program and compile with:
 *     cc -std=c17 -O3 -ffp-contract=off -c wick.c      and link with -lm -pthread
 * -DWICK_HAS_ZLIB=1 (-lz) adds compressed files.
 * Made by tools/amalgamate.py; change the sources instead. */
"""


class Output:
    def __init__(self, once):
        self.lines = []
        self.seen = set(once)

    def add(self, path):
        """Appends a file, and in it what it includes."""
        depth = 0  # of #if, the header's own guard not counted
        guard = path.suffix == ".h"
        for line in path.read_text().splitlines():
            if re.match(r"\s*#\s*if", line):
                depth += 1
            elif re.match(r"\s*#\s*endif", line):
                depth -= 1
            match = INCLUDE.match(line) or SYSTEM.match(line)
            if FEATURE.match(line):
                continue
            if not match:
                self.lines.append(line)
                continue
            target = find(path, match[1] if INCLUDE.match(line) else "wick/" + match[1])
            if target in self.seen:
                continue
            if target.suffix == ".h" and depth == guard:
                self.seen.add(target)
            self.add(target)

    def write(self, path):
        path.write_text("\n".join(self.lines) + "\n")


def find(path, name):
    for folder in (path.parent, ROOT / "src", ROOT / "include"):
        if (folder / name).is_file():
            return (folder / name).resolve()
    sys.exit(f"{path}: cannot find {name}")


def main(folder):
    version = re.search(r'WK_VERSION "(.+)"', (ROOT / "include/wick/runtime.h").read_text())[1]
    folder.mkdir(parents=True, exist_ok=True)

    header = Output(())
    header.lines.append(HEAD % version)
    header.add(ROOT / "include/wick/wick.h")
    header.write(folder / "wick.h")

    source = Output((ROOT / "include/wick").resolve().glob("*.h"))
    source.lines.append(HEAD % version)
    source.lines += ["#define _GNU_SOURCE", '#include "wick.h"']
    for path in (p for name in FOLDERS for p in sorted((ROOT / "src" / name).glob("*.c"))):
        source.lines.append(f"\n/* ======== src/{path.relative_to(ROOT / 'src')} ======== */")
        source.add(path)
        macros = re.findall(r"^\s*#\s*define\s+(\w+)", path.read_text(), re.M)
        source.lines += [f"#undef {name}" for name in dict.fromkeys(macros) if not name.startswith("_")]
    source.write(folder / "wick.c")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
