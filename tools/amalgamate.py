#!/usr/bin/env python3
"""Makes the whole library as two files, to drop into a program:  tools/amalgamate.py OUTPUT-FOLDER

    wick.h   the public headers
    wick.c   the library, with the kernels once for each instruction set; it chooses among them when the program starts

Every #include "..." is replaced by the file. A header goes in once, where it is first needed, unless that place is inside an
#if: then it goes in there too and its own guard decides. Files that are no headers (tables such as rows.def, templates) go in
each time. What one .c file defines as a macro ends with it. The kernels' own headers and static names come once for each
instruction set, the names with that of the set behind them.
"""
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ["core", "kernels", "autograd", "ops", "nn", "optim", "data", "io"]
KERNELS = ROOT / "src/kernels/isa"
# The kernels' own headers and templates, which come with each instruction set.
REPEATED = {p.resolve() for p in [*KERNELS.glob("*.h"), *KERNELS.glob("*.inc"), *(ROOT / "src/kernels").glob("*.h")]
            if p.name not in ("kernels.h", "conv_span.h")}
FUSED = re.compile(r"(gemm|conv)")  # a*b+c in one instruction, as cmake/library.cmake has it
INCLUDE = re.compile(r'\s*#\s*include\s*"([^"]+)"')
SYSTEM = re.compile(r"\s*#\s*include\s*<wick/([^>]+)>")
FEATURE = re.compile(r"\s*#\s*define\s+_(GNU|DEFAULT|POSIX_C|XOPEN)_SOURCE\b")

HEAD = """/* wick %s in one file. Put wick.c and wick.h into your program and compile with gcc or clang:
 *     cc -std=c17 -O3 -ffp-contract=off -fno-math-errno -fno-trapping-math -c wick.c
 * and link with -lm -pthread. -DWICK_HAS_ZLIB=1 (-lz) adds compressed files. The kernels are there for each instruction
 * set of x86-64, whatever -march says.
 * Made by tools/amalgamate.py; change the sources instead. */
"""

START = """#define _GNU_SOURCE
#define WICK_AMALGAMATED
#include "wick.h"
#pragma GCC diagnostic ignored "-Wchar-subscripts" /* tables are indexed by wk_dtype */
#pragma GCC diagnostic ignored "-Wunused-function" /* of what were headers */
#pragma GCC diagnostic ignored "-Wpsabi" /* vectors wider than the registers of -march: of static functions only */
#if defined(__x86_64__)
#include <immintrin.h>
#endif
"""

# The instruction sets, those that choose among them last: the macros that compilers define for them, and what turns them on in a
# file. The lowest of clang is that of its flags.
X86 = "defined(__x86_64__) && defined(__LP64__)"
V3 = ["__AVX__", "__AVX2__", "__FMA__"]
V4 = V3 + ["__AVX512F__", "__AVX512VL__", "__AVX512DQ__"]
SETS = [
    {"isa": "avx2", "when": X86, "macros": V3, "gcc": "arch=x86-64-v3", "clang": "avx2,fma,bmi,bmi2,f16c,lzcnt,movbe"},
    {"isa": "avx512", "when": X86, "macros": V4, "gcc": "arch=x86-64-v4,prefer-vector-width=512",
     "clang": "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma,bmi,bmi2,f16c,lzcnt,movbe"},
    {"isa": "portable", "when": X86, "macros": [], "gcc": "arch=x86-64-v2"},
    {"isa": "neon", "when": "defined(__aarch64__)", "macros": []},
    {"isa": "builtin", "when": f"!({X86}) && !defined(__aarch64__)", "macros": []},
]

# Not the kernels' own: what the rest of the library calls.
SHARED = {"wk_kernels", "wk_kernels_for", "wk_isa"}

FUSE = """
#ifdef __clang__
#pragma clang fp contract(fast)
#else
#pragma GCC optimize("fp-contract=fast")
#endif"""


class Output:
    def __init__(self, once):
        self.lines = []
        self.seen = set(once)
        self.renamed = {}  # names that are macros here, for the set's name behind them

    def add(self, path):
        """Appends a file, and in it what it includes."""
        text = path.read_text()
        both = [name for name in macros_of(text) if name in self.renamed]
        self.lines += [f"#undef {name}" for name in both]
        depth = 0  # of #if, the header's own guard not counted
        guard = path.suffix in (".h", ".hpp")
        for line in text.splitlines():
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
            if target.suffix in (".h", ".hpp") and depth == guard:
                self.seen.add(target)
            self.add(target)
        if path.suffix in (".c", ".inc"):
            self.lines += [f"#undef {name}" for name in macros_of(text) if path.suffix == ".c" or name in both]
            self.lines += [f"#define {name} {self.renamed[name]}" for name in both]

    def add_sources(self, paths):
        for path in paths:
            self.lines.append(f"\n/* ======== src/{path.relative_to(ROOT / 'src')} ======== */")
            self.add(path)

    def add_kernels(self, one, names):
        """Appends the kernels of one instruction set, those with fused products last."""
        before, isa, clang = set(self.seen), one["isa"], "clang" in one
        self.renamed = {name: f"{name}_{isa}" for name in names}
        self.seen -= REPEATED
        self.lines += [f"\n#if {one['when']}", "#ifndef __clang__", "#pragma GCC push_options"]
        if "gcc" in one:
            self.lines.append(f'#pragma GCC target("{one["gcc"]}")')
        if clang:
            self.lines += ["#else", f'#pragma clang attribute push(__attribute__((target("{one["clang"]}"))), apply_to = function)']
            for name in one["macros"]:
                self.lines += [f"#ifndef {name}", f"#define {name} 1", f"#define WK_SET_{name}", "#endif"]
        self.lines.append("#endif")
        if isa != "builtin":
            self.lines.append(f"#define WK_ISA {isa}")
        self.lines += [f"#define {name} {text}" for name, text in self.renamed.items()]
        start, paths = len(self.lines), sorted(KERNELS.glob("*.c"))
        self.add_sources(p for p in paths if not FUSED.match(p.name))
        self.lines.append(FUSE)
        self.add_sources(p for p in paths if FUSED.match(p.name))
        macros = macros_of("\n".join(self.lines[start:]))
        self.lines += [f"#undef {name}" for name in dict.fromkeys([*macros, *names, "WK_ISA"])]
        self.lines.append("#ifdef __clang__\n#pragma clang fp contract(off)")
        if clang:
            self.lines.append("#pragma clang attribute pop")
            for name in one["macros"]:
                self.lines += [f"#ifdef WK_SET_{name}", f"#undef {name}", f"#undef WK_SET_{name}", "#endif"]
        self.lines += ["#else", "#pragma GCC pop_options", "#endif", "#endif"]
        self.seen, self.renamed = before, {}

    def write(self, path):
        path.write_text("\n".join(self.lines) + "\n")


def macros_of(text):
    return list(dict.fromkeys(re.findall(r"^\s*#\s*define\s+([A-Za-z]\w*)", text, re.M)))


def find(path, name):
    for folder in (path.parent, ROOT / "src", ROOT / "include"):
        if (folder / name).is_file():
            return (folder / name).resolve()
    sys.exit(f"{path}: cannot find {name}")


def names_at_file_scope(text):
    """What C text without preprocessor lines declares outside of functions: functions, variables, types, enumerators."""
    names, depth, head, in_enum = set(), 0, [], False
    text = re.sub(r'"(\\.|[^"\\])*"|\'(\\.|[^\'\\])*\'', "0", text)
    for token in re.findall(r"[A-Za-z_]\w*|[{};]|[^\s\w{};]|\d[\w.]*", text):
        if token == "{":
            if depth == 0:
                in_enum = "enum" in head
                after = [w for w, before in zip(head[1:], head) if before in ("struct", "union", "enum")]
                names.update(w for w in after[-1:] if re.match(r"[A-Za-z_]", w))
                if "=" not in head and "(" in head:
                    names.update(declared(head))
                head.append("{}")
            depth += 1
            expected = True
        elif token == "}":
            depth -= 1
            if depth == 0 and "(" in head and "=" not in head and "typedef" not in head:
                head = []
        elif depth == 0 and token == ";":
            names.update(declared(head))
            head = []
        elif depth == 0:
            head.append(token)
        elif depth == 1 and in_enum:
            if expected and re.match(r"[A-Za-z_]", token):
                names.add(token)
            expected = token == ","
    return names


def declared(head):
    """The name that a declaration's tokens declare, or none."""
    while "__attribute__" in head:
        at = head.index("__attribute__")
        end, depth = at + 1, 0
        while True:
            depth += (head[end] == "(") - (head[end] == ")")
            end += 1
            if depth == 0:
                break
        head = head[:at] + head[end:]
    if not head or head[0] in ("_Static_assert", "extern"):
        return []
    stop = next((i for i, t in enumerate(head) if t in "=([," and i), len(head))
    if head[stop : stop + 2] == ["(", "*"]:
        return [t for t in head[stop + 2 :] if re.match(r"[A-Za-z_]", t) and t != "const"][:1]
    return [head[stop - 1]] if re.match(r"[A-Za-z_]", head[stop - 1]) and stop > 1 else []


def kernel_names(common):
    """The static names of the kernels of all instruction sets, as the preprocessor leaves them."""
    names = set()
    for one in SETS:
        kernels = Output(common)
        kernels.add_sources(sorted(KERNELS.glob("*.c")))
        lines = [l for l in kernels.lines if not re.match(r"\s*#\s*(include\b|pragma\b|error\b)", l)]
        flags = [f"-D{m}=1" for m in one["macros"] + ["__SSE2__"] * (one["when"] == X86)]
        flags += [f"-DWK_ISA={one['isa']}"] * (one["isa"] != "builtin")
        flags += ["-D__x86_64__=1", "-D__LP64__=1"] * (one["when"] == X86) + ["-D__aarch64__=1"] * (one["isa"] == "neon")
        command = [os.environ.get("CC", "cc"), "-E", "-P", "-undef", "-w", *flags, "-x", "c", "-"]
        done = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, check=True)
        found = names_at_file_scope(done.stdout)
        names |= {n for n in found if not n.endswith("_" + one["isa"])}
    return sorted(n for n in names if n not in SHARED and not n.startswith("wk_install_"))


def main(folder):
    version = re.search(r'WK_VERSION "(.+)"', (ROOT / "include/wick/runtime.h").read_text())[1]
    folder.mkdir(parents=True, exist_ok=True)

    header = Output(())
    header.lines.append(HEAD % version)
    header.add(ROOT / "include/wick/wick.h")
    header.write(folder / "wick.h")

    source = Output((ROOT / "include/wick").resolve().glob("*.h"))
    source.lines += [HEAD % version, START]
    for name in FOLDERS:
        source.add_sources(sorted((ROOT / "src" / name).glob("*.c")))
    names = kernel_names(source.seen - REPEATED)
    source.lines += [f"#undef {name}" for path in sorted(REPEATED & source.seen) for name in macros_of(path.read_text())]
    for one in SETS:
        source.add_kernels(one, names)
    source.write(folder / "wick.c")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
