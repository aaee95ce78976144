#!/usr/bin/env python3
"""Packs the fuzzer's inputs into one file and unpacks them, as libFuzzer wants a folder:

    tools/fuzz_corpus.py pack FOLDER FILE      after libFuzzer has merged the folder
    tools/fuzz_corpus.py unpack FILE FOLDER

Each input is its length in two bytes, the lower first, and its bytes."""
import hashlib
import os
import sys


def pack(folder, file):
    with open(file, "wb") as out:
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), "rb") as one:
                data = one.read()
            out.write(len(data).to_bytes(2, "little") + data)


def unpack(file, folder):
    os.makedirs(folder, exist_ok=True)
    with open(file, "rb") as packed:
        while length := packed.read(2):
            data = packed.read(int.from_bytes(length, "little"))
            with open(os.path.join(folder, hashlib.sha1(data).hexdigest()), "wb") as one:
                one.write(data)


if len(sys.argv) != 4 or sys.argv[1] not in ("pack", "unpack"):
    sys.exit(__doc__)
{"pack": pack, "unpack": unpack}[sys.argv[1]](*sys.argv[2:])
