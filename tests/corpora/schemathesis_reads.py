"""What Schemathesis makes of a fixed sample of the documents: operations that it can use, and those that it can't.

    schemathesis_reads.py DOCUMENTS RESULTS

The library is imported once; each document is read in a fork of its own under the bounds of measure.py.
"""

import hashlib
import json
import os
import sys

import schemathesis
from measure import bounded, described

SAMPLE = 300


def sample(paths):
    """Those whose names have the smallest hashes: the same ones each time, and no choice of ours."""
    package = "/node_modules/"
    return sorted(paths, key=lambda path: hashlib.sha256(path.split(package)[-1].encode()).digest())[:SAMPLE]


def read(path):
    try:
        schema = schemathesis.openapi.from_path(path)
        usable = [type(operation).__name__ == "Ok" for operation in schema.get_all_operations()]
    except Exception as error:
        return {"outcome": "refused", "message": f"{type(error).__name__}: {error}"[:400]}
    return {"outcome": "loaded", "operations": sum(usable), "skipped": [""] * (len(usable) - sum(usable))}


def forked(path):
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        bounded()
        with os.fdopen(writer, "w") as out:
            json.dump(read(path), out)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        text = answer.read()
    _, status, usage = os.wait4(pid, 0)
    told = json.loads(text) if status == 0 and text else {"outcome": "killed", "message": f"status {status}"}
    return told | {"kib": usage.ru_maxrss, "cpu": usage.ru_utime + usage.ru_stime}


def main():
    documents, results = sys.argv[1:]
    with open(documents) as file, open(os.path.join(results, "schemathesis.jsonl"), "w") as log:
        for path in sample(file.read().splitlines()):
            facts = described(path)
            if facts is not None:
                log.write(json.dumps(facts | forked(path) | {"path": path}) + "\n")
                log.flush()


if __name__ == "__main__":
    main()
