"""Runs a reader on every document of a list, one process each, under bounds, and writes what came of it as JSON lines.

    measure.py NAME DOCUMENTS RESULTS COMMAND [ARGUMENT...]

`gadfly` is asked for its `spec --json`; other commands get the path as their last argument and print the number of operations.
"""

import json
import os
import resource
import subprocess
import sys
import time

MEMORY = 3 << 30
SECONDS = 60
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


def bounded():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def described(path):
    """The specification's version and its number of operations as the text has them; None if it is no document."""
    try:
        with open(path, "rb") as file:
            document = json.loads(file.read().decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    version = document.get("swagger", document.get("openapi")) if isinstance(document, dict) else None
    if version is None:
        return None
    paths = document.get("paths")
    items = [item for path, item in paths.items() if not path.startswith("x-")] if isinstance(paths, dict) else []
    items = [followed(document, item) for item in items]
    count = sum(len(METHODS.intersection(item)) for item in items if isinstance(item, dict))
    return {"version": str(version)[:3], "declared": count, "bytes": os.path.getsize(path)}


def followed(document, item):
    """What a path item's local reference leads to, besides its own operations."""
    reference = item.get("$ref") if isinstance(item, dict) else None
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return item
    target = document
    for token in reference[2:].split("/"):
        token = token.replace("~1", "/").replace("~0", "~")
        target = target.get(token, {}) if isinstance(target, dict) else {}
    return {**target, **item} if isinstance(target, dict) else item


def run(command, capture):
    begin = time.monotonic()
    with open(capture + ".out", "wb+") as out, open(capture + ".err", "wb+") as err:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, preexec_fn=bounded)
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() - begin > 4 * SECONDS:
                child.kill()
            time.sleep(0.001)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        return child.returncode, out.read(), err.read().decode("utf-8", "replace"), usage


def judged(name, code, out, err):
    if "panicked at" in err or code in (70, 101):
        return {"outcome": "panic", "message": err[-400:]}
    if code < 0:
        return {"outcome": "killed", "message": f"signal {-code}"}
    if name != "gadfly":
        return {"outcome": "loaded", "operations": int(out)} if code == 0 else {"outcome": "refused", "message": err[-400:]}
    try:
        told = json.loads(out)
    except ValueError:
        told = {}
    # Exit code 3 with an overview: read, and it describes no operation.
    if "operations" not in told:
        return {"outcome": "refused", "message": err[-400:]}
    skipped = [note["message"] for note in told["notes"] if note["level"] == "skipped"]
    return {"outcome": "loaded", "operations": len(told["operations"]), "notes": len(told["notes"]), "skipped": skipped,
            "assumed": [note["message"] for note in told["notes"] if note["level"] == "assumed"]}


def main():
    name, documents, results, *command = sys.argv[1:]
    command += ["spec", "--json", "--quiet"] if name == "gadfly" else []
    capture = os.path.join(results, name)
    with open(documents) as file, open(f"{capture}.jsonl", "w") as log:
        for path in file.read().splitlines():
            facts = described(path)
            if facts is None:
                log.write(json.dumps({"path": path, "outcome": "no document"}) + "\n")
                continue
            code, out, err, usage = run([*command, path], capture)
            facts |= judged(name, code, out, err)
            facts |= {"path": path, "kib": usage.ru_maxrss, "cpu": usage.ru_utime + usage.ru_stime}
            log.write(json.dumps(facts) + "\n")
            log.flush()


if __name__ == "__main__":
    main()
