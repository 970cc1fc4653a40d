"""The table of tests/corpora/run.sh, and below it what was refused, skipped or killed, and why.

    table.py RESULTS

Fails if gadfly misses a bar: no panic, no breach of the bounds, 99.5 % of the documents load, 99 % of their operations usable.
"""

import collections
import json
import os
import re
import sys

READERS = ["gadfly", "openapiv3", "oas3", "schemathesis"]


def rows(results, name):
    path = os.path.join(results, f"{name}.jsonl")
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [row for row in map(json.loads, file) if row["outcome"] != "no document"]


def share(part, whole):
    return f"{part:,} ({100 * part / whole:.2f} %)" if whole else "-"


def line(title, rows):
    loaded = [row for row in rows if row["outcome"] == "loaded"]
    declared, usable = sum(row["declared"] for row in rows), sum(row["operations"] for row in loaded)
    faults = collections.Counter(row["outcome"] for row in rows)
    memory, seconds = max(rows, key=lambda row: row["kib"]), max(rows, key=lambda row: row["cpu"])
    cells = [title, f"{len(rows):,}", share(len(loaded), len(rows)), f"{declared:,}", share(usable, declared), f"{faults['panic']}",
             f"{faults['killed']}", f"{memory['kib'] / 1024:.0f} MiB", f"{seconds['cpu']:.2f} s", f"{sum(row['cpu'] for row in rows):.0f} s"]
    print(f"| {' | '.join(cells)} |")


def general(message):
    """A message without the names in it."""
    return re.sub(r"\d+", "N", re.sub(r"`[^`]*`", "`…`", message))[:160]


def tell(title, messages):
    print(f"\n{title}: {len(messages)}")
    for message, count in collections.Counter(map(general, messages)).most_common(12):
        print(f"  {count:6}  {message}")


def main():
    results = sys.argv[1]
    ours = rows(results, "gadfly")
    print("| reader | documents | loaded | operations in them | usable | panics | killed | most memory | most CPU | CPU of all |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    line("gadfly", ours)
    for version in sorted({row["version"] for row in ours}):
        line(f"gadfly, {version}", [row for row in ours if row["version"] == version])
    for name in READERS[1:]:
        if theirs := rows(results, name):
            line(name, theirs)
            if len(theirs) < len(ours):
                same = {row["path"] for row in theirs}
                line(f"gadfly on the sample of {name}", [row for row in ours if row["path"] in same])
    loaded = [row for row in ours if row["outcome"] == "loaded"]
    for row in ours:
        if row["outcome"] != "loaded":
            print(f"\n{row['outcome']}: {row['path']}: {row.get('message', '').strip()[:300]}")
        elif row["operations"] != row["declared"]:
            print(f"\n{row['operations']} of {row['declared']}: {row['path']}: {'; '.join(sorted(set(row['skipped'])))[:300]}")
    tell("skipped", [message for row in loaded for message in row["skipped"]])
    tell("assumed", [message for row in loaded for message in row["assumed"]])
    declared, usable = sum(row["declared"] for row in ours), sum(min(row["operations"], row["declared"]) for row in loaded)
    met = all(row["outcome"] not in ("panic", "killed") for row in ours)
    met = met and len(loaded) >= 0.995 * len(ours) and usable >= 0.99 * declared
    print(f"\nthe bars are {'met' if met else 'MISSED'}")
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
