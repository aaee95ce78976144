#!/usr/bin/env python3
"""Changes the library in small ways and tells which changes no test sees.

    tools/mutants.py [--count 60] [--seed 1] [--only src/core] [--limit 10]

A copy of the tracked files is built in build/mutants. For each mutant one place is changed, the library is built, and the tests of
the same folder run first, then all others, until one fails. A mutant that passes them all is tried once more under
AddressSanitizer and UBSan. Survivors are listed with their change; more than --limit per cent of them is a failure. The same seed chooses
the same mutants in the same tree."""
import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORK = os.path.join(ROOT, "build", "mutants")
TREE = os.path.join(WORK, "tree")

# (what, pattern, replacement): each is one change of one place in a line of code.
OPERATORS = [
    ("bound", r"(?<![<\-])<(?![<=])(?= )", "<="),
    ("bound", r"(?<!>)(?<!-)>(?![>=])(?= )", ">="),
    ("bound", r"<=", "<"),
    ("bound", r">=", ">"),
    ("negation", r"==", "!="),
    ("negation", r"!=", "=="),
    ("negation", r"(?<=\()!(?=[a-z(])", ""),
    ("logic", r"&&", "||"),
    ("logic", r"\|\|", "&&"),
    ("arithmetic", r"(?<= )\+(?= )", "-"),
    ("arithmetic", r"(?<= )-(?= )", "+"),
    ("arithmetic", r"(?<= )\*(?= )", "+"),
    ("arithmetic", r"(?<= )/(?= )", "*"),
    ("arithmetic", r"\+=", "-="),
    ("constant", r"(?<![\w.])0(?![\w.])", "1"),
    ("constant", r"(?<![\w.])1(?![\w.])", "2"),
    ("constant", r"\btrue\b", "false"),
    ("constant", r"\bfalse\b", "true"),
    ("return", r"return (?!NULL|true|false|0;|;)[^;]+;", "return 0;"),
    ("statement", r"^(\s+)[a-z_]\w*(->\w+|\.\w+|\[\w+\])* [-+]?= [^;{]+;$", r"\1;"),
    ("statement", r"^(\s+)[a-z_]\w*\([^;{]*\);$", r"\1;"),
]

# A change there alters the time that something takes, not what it answers.
SPEED_ONLY = re.compile(r"pays|cost|prefetch|worth|split|chunk|panel", re.I)
SPEED_ONLY_LINES = re.compile(r"prefetch|_Static_assert|\bassert\(|#|\benum\b|__builtin_expect|static const|case .*:$")


def run(command, cwd, limit=900, quiet=True):
    out = subprocess.DEVNULL if quiet else None
    try:
        return subprocess.run(command, cwd=cwd, stdout=out, stderr=out, stdin=subprocess.DEVNULL, timeout=limit).returncode
    except subprocess.TimeoutExpired:
        return -1


def code_lines(path):
    """(number, text, function) of the lines that are code; strings are blanked so that no operator is found in them."""
    function, comment = "", False
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            text = line.rstrip("\n")
            if comment:
                comment = "*/" not in text
                continue
            if text.lstrip().startswith("/*"):
                comment = "*/" not in text
                continue
            if re.match(r"[a-z].*\w\(", text):
                function = re.search(r"(\w+)\(", text)[1]
            bare = re.sub(r'"(\\.|[^"\\])*"', lambda m: '"' + "x" * (len(m[0]) - 2) + '"', text)
            bare = re.sub(r"/\*.*?\*/", lambda m: " " * len(m[0]), bare)
            if text.startswith(" ") and not SPEED_ONLY.search(function) and not SPEED_ONLY_LINES.search(bare):
                yield number, text, bare


# At the bound itself x < c ? c : x is x either way, unless c is 0, whose sign may differ: another comparison changes nothing.
CLAMP = re.compile(r"(\w+) [<>]=? (-?(?!0\b)[\w.]+) \? \2 : \1\b")


def mutants_of(path):
    for number, text, bare in code_lines(path):
        for what, pattern, replacement in OPERATORS:
            clamps = [clamp.span() for clamp in CLAMP.finditer(bare)] if what == "bound" else []
            for match in re.finditer(pattern, bare):
                if any(start <= match.start() < end for start, end in clamps):
                    continue
                changed = text[:match.start()] + match.expand(replacement) + text[match.end():]
                if changed != text:
                    yield path, number, what, text, changed


def choose(only, count, seed):
    """Mutants of all folders, each file as likely as its lines are many, each operator's kind alike."""
    files = subprocess.run(["git", "ls-files", *only], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    by_line = {}
    for file in files:
        if re.search(r"\.(c|h|inc)$", file):
            for mutant in mutants_of(os.path.join(TREE, file)):
                by_line.setdefault((file, mutant[1]), []).append(mutant)
    chance = random.Random(seed)
    lines = sorted(by_line)
    chance.shuffle(lines)
    for line in lines:
        kinds = sorted({m[2] for m in by_line[line]})
        kind = chance.choice(kinds)
        yield chance.choice([m for m in by_line[line] if m[2] == kind])


def make_tree():
    shutil.rmtree(TREE, ignore_errors=True)
    os.makedirs(TREE)
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    for file in filter(None, files):
        target = os.path.join(TREE, file)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy2(os.path.join(ROOT, file), target)


def build(preset):
    return run(["cmake", "--build", "--preset", preset], TREE)


def test(preset, folder):
    """True if every test passes: those of the folder first."""
    command = ["ctest", "--preset", preset, "--stop-on-failure", "--timeout", "300" if preset == "asan" else "90"]
    return all(run(command + words, TREE, 3600) == 0 for words in (["-R", rf"^{folder}\."], ["-E", rf"^({folder}\.|install)"]))


def survives(mutant):
    """'killed', 'survived', or 'no build'."""
    path, number, _, text, changed = mutant
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    assert lines[number - 1] == text
    lines[number - 1] = changed
    former = os.stat(path)
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
        folder = os.path.relpath(path, TREE).split(os.sep)[1]
        if build("release") != 0:
            return "no build"
        if not test("release", folder):
            return "killed"
        return "survived" if build("asan") == 0 and test("asan", folder) else "killed"
    finally:
        lines[number - 1] = text
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
        os.utime(path, (time.time(), max(time.time(), former.st_mtime)))


def main():
    arguments = argparse.ArgumentParser(description="Which small changes of the library no test sees.")
    arguments.add_argument("--count", type=int, default=60)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--limit", type=float, default=10, help="per cent that may survive")
    arguments.add_argument("--only", nargs="*", default=["src"], help="files or folders")
    options = arguments.parse_args()
    make_tree()
    for preset in ("release", "asan"):
        if run(["cmake", "--preset", preset], TREE, quiet=False) or build(preset):
            sys.exit(f"mutants: the {preset} build fails without any change")
    if not test("release", "core"):
        sys.exit("mutants: the tests fail without any change")
    tried, survivors = 0, []
    for mutant in choose(options.only, options.count, options.seed):
        path, number, what, text, changed = mutant
        start, answer = time.time(), survives(mutant)
        if answer == "no build":
            continue
        tried += 1
        place = f"{os.path.relpath(path, TREE)}:{number}"
        print(f"{tried:3d} {answer:8s} {what:10s} {place}  ({time.time() - start:.0f} s)", flush=True)
        if answer == "survived":
            survivors.append(f"{place}\n    - {text.strip()}\n    + {changed.strip()}")
            print(f"    - {text.strip()}\n    + {changed.strip()}", flush=True)
        if tried == options.count:
            break
    share = 100 * len(survivors) / max(tried, 1)
    print(f"\n{tried} mutants, {len(survivors)} survived: {share:.1f} %")
    print("\n".join(survivors))
    sys.exit(share > options.limit)


main()
