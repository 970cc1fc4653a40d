#!/usr/bin/env python3
"""What fixtures are worth: gadfly records them from a fresh server, and replays them on others.

    benches/fixtures.py --spec openapi.json --url http://127.0.0.1:8080/api --start './serve.sh 8080' [--seconds 60]
        [--times 20] [--ready /health] [--header 'Name: value']... [--gadfly target/release/gadfly]
        [--recorded FOLDER] [--keep FOLDER]

Records for so many seconds with findings kept as they come; `--recorded` takes the fixtures of an earlier run instead. Then
only the fixtures are copied to another folder, without the specification and without the corpus, and replayed there so many
times, each time on a fresh server. Prints how many were red each time, and each one that was not with what it gave instead.
"""
import argparse, collections, json, os, shutil, sys, tempfile

from versus import Target, run


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spec")
    parser.add_argument("--url", required=True)
    parser.add_argument("--start", required=True)
    parser.add_argument("--ready", default="/")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--header", action="append", default=[])
    parser.add_argument("--gadfly", default="target/release/gadfly")
    parser.add_argument("--recorded")
    parser.add_argument("--keep")
    options = parser.parse_args()
    if not options.recorded and not options.spec:
        parser.error("either --spec or --recorded says where fixtures come from")
    if options.keep and os.path.exists(options.keep):
        parser.error(f"{options.keep} exists already")
    return options


def gadfly(options, folder, *command):
    headers = [part for header in options.header for part in ("-H", header)]
    command = [os.path.abspath(options.gadfly), *command, "--url", options.url, *headers, "--json"]
    _, _, out = run(command, folder)
    try:
        return json.loads(out)
    except ValueError:
        with open(os.path.join(folder, "err"), encoding="utf-8", errors="replace") as err:
            sys.exit(err.read())


def main():
    options = arguments()
    with tempfile.TemporaryDirectory() as recorded, tempfile.TemporaryDirectory() as other:
        source = options.recorded or recorded
        if not options.recorded:
            with Target(options):
                summary = gadfly(options, recorded, "fuzz", os.path.abspath(options.spec), "--time", f"{options.seconds}s")
            print(f"recorded: {len(summary['findings'])} findings, {summary['requests']:,} requests")
        if options.keep:
            shutil.copytree(source, options.keep)
        if not os.path.isdir(os.path.join(source, "regressions")):
            sys.exit("no fixtures were recorded")
        shutil.copytree(os.path.join(source, "regressions"), os.path.join(other, "regressions"))
        outcomes = collections.defaultdict(collections.Counter)
        for _ in range(options.times):
            with Target(options):
                replayed = gadfly(options, other, "replay", "--pending")
            for fixture in replayed["fixtures"]:
                outcomes[fixture["file"]][fixture["verdict"]] += 1
    red = [file for file, verdicts in outcomes.items() if verdicts["fail"] == options.times]
    print(f"{len(red)} of {len(outcomes)} fixtures were red {options.times} times of {options.times}")
    for file, verdicts in sorted(outcomes.items()):
        if file not in red:
            print(f"  {file}: " + ", ".join(f"{verdict} {count}" for verdict, count in verdicts.most_common()))


if __name__ == "__main__":
    main()
