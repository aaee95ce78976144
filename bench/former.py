#!/usr/bin/env python3
"""Two builds of wick on this machine, turn and turn about: is any row slower than before?

    python3 bench/former.py --former OLD/wick --wick build/release/wick [--match WORD] [--threads 1,2] [--rounds 5] [--limit 1.05]

Each round runs the row of one program and then that of the other, and the next round runs them the other way round. A row's ratio is
the median of the rounds' ratios. Rows over --limit are measured again, with twice the rounds and in full time, before they count;
any that stays over it makes the exit status 1."""
import argparse
import json
import os
import statistics
import sys
import tempfile

import compare


def ratio_of(options, name, threads, rounds, quick):
    """(former's microseconds, wick's, wick's over former's)."""
    pairs = []
    for number in range(rounds):
        times = {}
        for program in ("former", "wick") if number % 2 else ("wick", "former"):
            given = argparse.Namespace(wick=getattr(options, program), data=options.data, quick=quick)
            times[program] = compare.wick_row(given, name, threads)["median_us"]
        pairs.append((times["former"], times["wick"]))
    formers, news = zip(*pairs)
    return statistics.median(formers), statistics.median(news), statistics.median(new / former for former, new in pairs)


def measure_all(options, names):
    table = compare.Table(options.markdown, ["work", "T", "former", "now", "now / former"], [-28, 2, 8, 8, 12])
    slower = []
    for name in names:
        for threads in options.threads:
            result = ratio_of(options, name, threads, options.rounds, True)
            if result[2] > options.limit:
                result = ratio_of(options, name, threads, 2 * options.rounds, False)
            mark = " slower" if result[2] > options.limit else ""
            if mark:
                slower.append(f"{name} with {threads} thread(s): {result[2]:.3f}")
            cells = [compare.time_text(result[0]), compare.time_text(result[1]), f"{result[2]:.3f}{mark}"]
            table.line([name if threads == options.threads[0] else "", str(threads), *cells])
    return slower


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--former", required=True, help="the program of the former build")
    parser.add_argument("--wick", default="build/release/wick", help="the program of this build")
    parser.add_argument("--match", default="", help="the row of that name, or all whose names contain it")
    parser.add_argument("--threads", default="1,2", help="numbers of threads, with commas between")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--limit", type=float, default=1.05, help="the ratio from which a row is slower")
    parser.add_argument("--data", default=os.environ.get("WICK_MNIST"), help="MNIST's folder (else the built-in digits)")
    parser.add_argument("--markdown", action="store_true", help="print a table for a document")
    options = parser.parse_args()
    options.threads = [int(number) for number in options.threads.split(",")]
    known = [{line.split()[0] for line in compare.ask_wick(argparse.Namespace(wick=program), "--list").splitlines()}
             for program in (options.former, options.wick)]
    names = sorted(name for name in known[0] & known[1] if not name.startswith("limit_"))
    names = [options.match] if options.match in names else [name for name in names if options.match in name]
    with tempfile.TemporaryDirectory() as folder:
        if not options.data:
            compare.ask_wick(options, "--save-digits", folder)
            options.data = folder
        slower = measure_all(options, names)
    print("\nno row is slower" if not slower else "\nslower:\n  " + "\n  ".join(slower), f"(limit {options.limit})")
    sys.exit(bool(slower))


if __name__ == "__main__":
    main()
