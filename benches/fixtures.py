#!/usr/bin/env python3
"""What fixtures are worth: gadfly records them from a fresh server, and replays them on others.

    benches/fixtures.py --spec openapi.json --url http://127.0.0.1:8080/api --start './serve.sh 8080' [--seconds 60]
        [--times 20] [--ready /health] [--header 'Name: value']... [--gadfly target/release/gadfly]
        [--recorded FOLDER] [--keep FOLDER]

Records for so many seconds with findings kept as they come; `--recorded` takes the fixtures of an earlier run instead. Then
only the fixtures are copied to another folder, without the specification and without the corpus, and replayed there so many
times, each time on a fresh server. Prints how many were red each time, and each one that was not with what it gave instead.
"""
import collections, os, shutil, sys, tempfile

from versus import Target, ask, fuzz, of_target


def arguments():
    parser = of_target(__doc__)
    parser.add_argument("--spec")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--recorded")
    parser.add_argument("--keep")
    options = parser.parse_args()
    if not options.recorded and not options.spec:
        parser.error("either --spec or --recorded says where fixtures come from")
    if options.keep and os.path.exists(options.keep):
        parser.error(f"{options.keep} exists already")
    return options


def main():
    options = arguments()
    with tempfile.TemporaryDirectory() as recorded, tempfile.TemporaryDirectory() as other:
        source = options.recorded or recorded
        if not options.recorded:
            with Target(options):
                _, _, summary = fuzz(options, recorded)
            print(f"recorded: {len(summary['findings'])} findings, {summary['requests']:,} requests")
        if options.keep:
            shutil.copytree(source, options.keep)
        if not os.path.isdir(os.path.join(source, "regressions")):
            sys.exit("no fixtures were recorded")
        shutil.copytree(os.path.join(source, "regressions"), os.path.join(other, "regressions"))
        outcomes = collections.defaultdict(collections.Counter)
        for _ in range(options.times):
            with Target(options):
                _, _, replayed = ask(options, other, "replay", "--pending")
            for fixture in replayed["fixtures"]:
                outcomes[fixture["file"]][fixture["verdict"]] += 1
    red = [file for file, verdicts in outcomes.items() if verdicts["fail"] == options.times]
    print(f"{len(red)} of {len(outcomes)} fixtures were red {options.times} times of {options.times}")
    for file, verdicts in sorted(outcomes.items()):
        if file not in red:
            print(f"  {file}: " + ", ".join(f"{verdict} {count}" for verdict, count in verdicts.most_common()))


if __name__ == "__main__":
    main()
