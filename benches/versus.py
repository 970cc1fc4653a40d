#!/usr/bin/env python3
"""gadfly and Schemathesis on the same target, each on a fresh server, with the same wall budget, one after the other.

    benches/versus.py --spec openapi.json --url http://127.0.0.1:8080/api --start './serve.sh 8080' [--seconds 60]
        [--ready /health] [--header 'Name: value']... [--gadfly target/release/gadfly] [--schemathesis st]

Needs a Python with PyYAML and the command `st` of Schemathesis (pip install schemathesis). `--start` runs the target in
the foreground; it is ended by SIGTERM. Prints a Markdown table and, with --json FILE, all figures.

Operations and statuses of Schemathesis are read from its HAR report. "True 5xx" are operations with a 5xx other than 501
and 503; those of gadfly were re-sent and gave the same 3 times out of 3, those of Schemathesis are as they were seen.
"""
import argparse, datetime, json, os, re, shlex, signal, subprocess, sys, tempfile, time, urllib.error, urllib.parse, urllib.request

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace", "query"}
NOT_TRUE = {501, 503}


def of_target(text):
    """A parser of what says where the target is and what fuzzes it for how long."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--start", required=True)
    parser.add_argument("--ready", default="/")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--header", action="append", default=[])
    parser.add_argument("--gadfly", default="target/release/gadfly")
    return parser


def arguments():
    parser = of_target(__doc__)
    parser.add_argument("--spec", required=True)
    parser.add_argument("--schemathesis", default="st")
    parser.add_argument("--workers", default="auto", help="of Schemathesis")
    parser.add_argument("--json")
    return parser.parse_args()


class Target:
    """A fresh server for as long as the block lasts."""

    def __init__(self, options):
        self.options = options

    def __enter__(self):
        self.server = subprocess.Popen(
            shlex.split(self.options.start), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        base = urllib.parse.urlsplit(self.options.url)
        url = f"{base.scheme}://{base.netloc}{self.options.ready}"
        end = time.monotonic() + 120
        while time.monotonic() < end:
            if self.server.poll() is not None:
                sys.exit(f"the target ended with {self.server.returncode}")
            try:
                urllib.request.urlopen(url, timeout=5)
                return self
            except urllib.error.HTTPError as answer:
                if answer.code < 500:
                    return self
            except OSError:
                pass
            time.sleep(0.2)
        sys.exit(f"the target did not answer at {url} within 120 s")

    def __exit__(self, *_):
        try:
            os.killpg(self.server.pid, signal.SIGTERM)
            self.server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.server.pid, signal.SIGKILL)
            self.server.wait()
        except ProcessLookupError:
            pass


def run(command, folder):
    """Runs a command; answers its wall and CPU seconds and its standard output."""
    with open(os.path.join(folder, "out"), "wb") as out, open(os.path.join(folder, "err"), "wb") as err:
        began = time.monotonic()
        child = subprocess.Popen(command, stdout=out, stderr=err, cwd=folder)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - began
    with open(os.path.join(folder, "out"), "rb") as out:
        return wall, usage.ru_utime + usage.ru_stime, out.read()


def ask(options, folder, *command):
    """Runs a command of gadfly on the target; answers its wall and CPU seconds and the object that it prints."""
    headers = [part for header in options.header for part in ("-H", header)]
    command = [os.path.abspath(options.gadfly), *command, "--url", options.url, *headers, "--json"]
    wall, cpu, out = run(command, folder)
    try:
        return wall, cpu, json.loads(out)
    except ValueError:
        with open(os.path.join(folder, "err"), encoding="utf-8", errors="replace") as err:
            sys.exit(err.read())


def fuzz(options, folder):
    return ask(options, folder, "fuzz", os.path.abspath(options.spec), "--time", f"{options.seconds}s")


def gadfly(options, folder):
    wall, cpu, summary = fuzz(options, folder)
    first = {}
    for finding in summary["findings"]:
        is_true = finding["outcome"].isdigit() and 500 <= int(finding["outcome"]) and int(finding["outcome"]) not in NOT_TRUE
        if finding["oracle"] == "server_error" and finding["stable"] and is_true:
            first[finding["operation"]] = min(finding["seconds"], first.get(finding["operation"], wall))
    dropped = {f["operation"] for f in summary["findings"] if f["oracle"] == "connection_dropped" and f["stable"]}
    requests = summary["requests"]
    return row("gadfly", summary["operations"], summary["operations_with_2xx"], first, dropped, requests, wall, cpu)


def schemathesis(options, folder):
    har = os.path.join(folder, "traffic.har")
    command = [options.schemathesis, "run", os.path.abspath(options.spec), "--url", options.url, "--continue-on-failure"]
    command += ["--max-time", str(options.seconds), "--workers", options.workers, "--report-har-path", har]
    command += [part for header in options.header for part in ("-H", header.replace(": ", ":", 1))]
    wall, cpu, _ = run(command, folder)
    known = operations(options.spec)
    base = urllib.parse.urlsplit(options.url).path.rstrip("/")
    reached, first, dropped, began = set(), {}, set(), None
    with open(har, encoding="utf-8", errors="replace") as file:
        entries = json.load(file)["log"]["entries"]
    for entry in entries:
        at = datetime.datetime.fromisoformat(entry["startedDateTime"])
        began = at if began is None else min(began, at)
    for entry in entries:
        status = entry["response"]["status"]
        operation = of(known, entry["request"]["method"], urllib.parse.urlsplit(entry["request"]["url"]).path, base)
        if operation is None:
            continue
        seconds = (datetime.datetime.fromisoformat(entry["startedDateTime"]) - began).total_seconds()
        if 200 <= status < 300:
            reached.add(operation)
        elif status >= 500 and status not in NOT_TRUE:
            first[operation] = min(seconds, first.get(operation, seconds))
        elif status == 0:
            dropped.add(operation)
    return row("Schemathesis", len(known), len(reached), first, dropped, len(entries), wall, cpu)


def row(tool, total, reached, first, dropped, requests, wall, cpu):
    return {
        "tool": tool, "operations": total, "operations_with_2xx": reached, "operations_with_5xx": len(first),
        "operations_that_drop": len(dropped), "requests": requests, "wall_seconds": round(wall, 1), "cpu_seconds": round(cpu, 1),
        "first_5xx_seconds": {operation: round(at, 1) for operation, at in sorted(first.items())},
    }


def operations(path):
    """Method, template and a pattern for it; the more literal ones first."""
    with open(path, encoding="utf-8-sig") as file:
        text = file.read()
    if path.endswith((".yaml", ".yml")):
        import yaml

        document = yaml.safe_load(text)
    else:
        document = json.loads(text)
    known = []
    for template, item in document.get("paths", {}).items():
        pattern = "".join(
            "(.*)" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]*\})", template.rstrip("/"))
        )
        known += [(method.upper(), template, re.compile(pattern + "/?")) for method in item if method.lower() in METHODS]
    return sorted(known, key=lambda one: (one[1].count("{"), -len(one[1])))


def of(known, method, path, base):
    path = path[len(base):] if path.startswith(base) else path
    for one, template, pattern in known:
        if one == method and pattern.fullmatch(path):
            return f"{method} {template}"
    return None


def main():
    options = arguments()
    rows = []
    for tool in (gadfly, schemathesis):
        with tempfile.TemporaryDirectory() as folder, Target(options):
            rows.append(tool(options, folder))
    print("| tool | operations with 2xx | with a true 5xx | that drop | requests | wall s | CPU s | first 5xx: median, last (s) |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for one in rows:
        times = sorted(one["first_5xx_seconds"].values())
        when = f"{times[len(times) // 2]}, {times[-1]}" if times else "-"
        print(
            f"| {one['tool']} | {one['operations_with_2xx']} of {one['operations']} | {one['operations_with_5xx']} | "
            f"{one['operations_that_drop']} | {one['requests']:,} | {one['wall_seconds']} | {one['cpu_seconds']} | {when} |"
        )
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"spec": os.path.basename(options.spec), "seconds": options.seconds, "tools": rows}, file, indent=2)


if __name__ == "__main__":
    main()
