#!/usr/bin/env python3
"""Makes the whole library as a few files to drop into a program:  tools/amalgamate.py OUTPUT-FOLDER

    wick.h         the public headers
    wick.c         the library, with the kernels for every machine of its kind
    wick_avx2.c    the kernels again for x86-64-v3, and
    wick_avx512.c  for x86-64-v4; nothing on other machines. wick.c chooses among them when the program starts.

Every #include "..." is replaced by the file. A header goes in once, where it is first needed, unless that place is inside an
#if: then it goes in there too and its own guard decides. Files that are no headers (tables such as rows.def, templates) go in
each time. What one .c file defines as a macro ends with it.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ["core", "autograd", "ops", "nn", "optim", "data", "io"]
KERNELS = ROOT / "src/kernels/isa"
FUSED = re.compile(r"(gemm|conv)")  # a*b+c in one instruction, as cmake/library.cmake has it
INCLUDE = re.compile(r'\s*#\s*include\s*"([^"]+)"')
SYSTEM = re.compile(r"\s*#\s*include\s*<wick/([^>]+)>")
FEATURE = re.compile(r"\s*#\s*define\s+_(GNU|DEFAULT|POSIX_C|XOPEN)_SOURCE\b")

HEAD = """/* wick %s in a few files. Put wick.h, wick.c, wick_avx2.c and wick_avx512.c into your program:
 *     gcc -std=c17 -O3 -ffp-contract=off -fno-math-errno -fno-trapping-math -c wick.c wick_avx2.c wick_avx512.c
 * and link with -lm -pthread. clang wants -march=x86-64-v3 for wick_avx2.c and -march=x86-64-v4 for wick_avx512.c
 * besides. On machines other than x86-64 the last two are empty. -DWICK_HAS_ZLIB=1 (-lz) adds compressed files.
 * Made by tools/amalgamate.py; change the sources instead. */
"""

START = """#define _GNU_SOURCE
#define WICK_AMALGAMATED
#include "wick.h"
#pragma GCC diagnostic ignored "-Wchar-subscripts"  /* tables are indexed by wk_dtype */
#pragma GCC diagnostic ignored "-Wunused-function" /* of what were headers */
"""

# The kernels of wick.c. gcc takes the instruction set from here; clang compiles them for the set of its flags.
LOWEST = """
#if defined(__x86_64__) && defined(__LP64__)
#define WK_ISA portable
#ifndef __clang__
#pragma GCC target("arch=x86-64-v2")
#endif
#elif defined(__aarch64__)
#define WK_ISA neon
#endif
"""

# The kernels of the other files. A file whose instruction set is not on is an error there, never a slow program.
HIGHER = """
#if defined(__x86_64__) && defined(__LP64__)
#define WK_ISA %(isa)s
#ifndef __clang__
#pragma GCC target("%(target)s")
#endif
#ifndef %(macro)s
#error "compile wick_%(isa)s.c with %(flag)s"
#endif
"""
SETS = [
    {"isa": "avx2", "target": "arch=x86-64-v3", "macro": "__AVX2__", "flag": "-march=x86-64-v3"},
    {"isa": "avx512", "target": "arch=x86-64-v4,prefer-vector-width=512", "macro": "__AVX512F__",
     "flag": "-march=x86-64-v4 -mprefer-vector-width=512"},
]

FUSE = """
#ifdef __clang__
#pragma clang fp contract(fast)
#else
#pragma GCC optimize("fp-contract=fast")
#endif
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

    def add_sources(self, paths):
        """Appends .c files, each with its macros gone at its end."""
        for path in paths:
            self.lines.append(f"\n/* ======== src/{path.relative_to(ROOT / 'src')} ======== */")
            self.add(path)
            macros = re.findall(r"^\s*#\s*define\s+(\w+)", path.read_text(), re.M)
            self.lines += [f"#undef {name}" for name in dict.fromkeys(macros) if not name.startswith("_")]

    def add_kernels(self):
        """Appends the kernels of one instruction set, those with fused products last."""
        paths = sorted(KERNELS.glob("*.c"))
        self.add_sources(p for p in paths if not FUSED.match(p.name))
        self.lines.append(FUSE)
        self.add_sources(p for p in paths if FUSED.match(p.name))

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
    public = list((ROOT / "include/wick").resolve().glob("*.h"))

    header = Output(())
    header.lines.append(HEAD % version)
    header.add(ROOT / "include/wick/wick.h")
    header.write(folder / "wick.h")

    source = Output(public)
    source.lines += [HEAD % version, START]
    for name in FOLDERS:
        source.add_sources(sorted((ROOT / "src" / name).glob("*.c")))
    source.lines.append(LOWEST)
    source.add_sources(sorted((ROOT / "src/kernels").glob("*.c")))
    source.add_kernels()
    source.write(folder / "wick.c")

    for one in SETS:
        kernels = Output(public)
        kernels.lines += [HEAD % version, START, HIGHER % one]
        kernels.add_kernels()
        kernels.lines += ["#else", "typedef int wk_no_kernels_here;", "#endif"]
        kernels.write(folder / f"wick_{one['isa']}.c")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
