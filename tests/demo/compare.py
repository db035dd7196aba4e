#!/usr/bin/env python3
"""Compares the transcript of the demo with the one that README.md shows.

usage: compare.py TRANSCRIPT README [--update]

Digests, times, sizes and ids differ from machine to machine and are masked. With --update the README is rewritten.
"""

import re
import sys

BEGIN, END = "<!-- demo:begin -->", "<!-- demo:end -->"
MOST_LINES = 40
MASKS = [
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "ID"),
    (re.compile(r"\b(sha256:)?[0-9a-f]{8,64}…?"), "DIGEST"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:?\d\d)?"), "TIME"),
    (re.compile(r"\b\d+(\.\d+)? ?(ms|µs|us|ns|s|min)\b"), "DURATION"),
    (re.compile(r"\b\d+(\.\d+)? ?(bytes|B|kB|KB|KiB|MB|MiB|GB|GiB)\b"), "SIZE"),
]


def masked(line):
    line = line.rstrip()
    for pattern, name in MASKS:
        line = pattern.sub(name, line)
    # A masked cell of a table may be narrower or wider than the next one.
    return re.sub(r" {2,}", "  ", line)


def shown(readme):
    start, end = readme.find(BEGIN), readme.find(END)
    if start < 0 or end < start:
        sys.exit(f"compare: README.md lacks the markers {BEGIN} and {END}")
    return start + len(BEGIN), end


def main():
    words = [word for word in sys.argv[1:] if word != "--update"]
    if len(words) != 2:
        sys.exit(__doc__)
    with open(words[0], encoding="utf-8") as file:
        transcript = file.read().rstrip("\n")
    with open(words[1], encoding="utf-8") as file:
        readme = file.read()
    lines = transcript.split("\n")
    if len(lines) >= MOST_LINES:
        sys.exit(f"compare: the transcript has {len(lines)} lines, a first minute must have under {MOST_LINES}")
    start, end = shown(readme)
    if "--update" in sys.argv:
        with open(words[1], "w", encoding="utf-8") as file:
            file.write(readme[:start] + "\n```text\n" + transcript + "\n```\n" + readme[end:])
        return
    expected = [line for line in readme[start:end].strip("\n").split("\n") if not line.startswith("```")]
    for number, (have, want) in enumerate(zip(lines, expected), 1):
        if masked(have) != masked(want):
            sys.exit(f"compare: line {number} of the transcript is not that of README.md\n  demo:   {have}\n  README: {want}"
                     "\nif the demo is right: python3 tests/demo/compare.py .demo/transcript.txt README.md --update")
    if len(lines) != len(expected):
        sys.exit(f"compare: the transcript has {len(lines)} lines, README.md shows {len(expected)}")
    print(f"compare: README.md shows this transcript ({len(lines)} lines)")


if __name__ == "__main__":
    main()
