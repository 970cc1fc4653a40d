#!/usr/bin/env bash
# What our wire client, and the whole loop, reach of what the machine can do: `wrk`, the client alone and the loop are
# measured in turn against the same server on the loopback, in several rounds; the medians and their ratios are printed.
#
#   benches/compare.sh [ROUNDS [SECONDS]]        (3 rounds of 3 seconds for each of 1, 16 and 64 connections)
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-3}
export GADFLY_BENCH_SECONDS=${2:-3}
command -v wrk >/dev/null || { echo "compare.sh needs wrk (apt install wrk)" >&2; exit 2; }

# The path of a target that cargo built, from its JSON messages (one message a line; other executables are built as well).
built() {
  local target=$1
  shift
  cargo "$@" --message-format=json | grep "\"name\":\"$target\"" | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -n 1
}
server=$(built minimal_server build --release --example minimal_server)
transport=$(built transport bench --no-run --bench transport)
loop=$(built loop bench --no-run --bench loop)

work=$(mktemp -d)
"$server" >"$work/address" &
server_pid=$!
trap 'kill "$server_pid" 2>/dev/null || true; rm -rf "$work"' EXIT
until [ -s "$work/address" ]; do
  kill -0 "$server_pid" 2>/dev/null || { echo "the server did not start" >&2; exit 1; }
done
GADFLY_BENCH_URL=$(cat "$work/address")
export GADFLY_BENCH_URL

# One line per measurement, in the form of our own benches.
run_wrk() {
  local connections=$1 rate cpu
  { TIMEFORMAT='%U %S'; time wrk -t1 -c"$connections" -d"${GADFLY_BENCH_SECONDS}s" "$GADFLY_BENCH_URL/" >"$work/wrk"; } 2>"$work/cpu"
  rate=$(awk '/Requests\/sec/ { print $2 }' "$work/wrk")
  cpu=$(awk -v served="$(awk '/requests in/ { print $1 }' "$work/wrk")" 'END { print ($1 + $2) * 1e6 / served }' "$work/cpu")
  echo "wrk connections=$connections requests_per_second=$rate cpu_us_per_request=$cpu"
}

for round in $(seq "$rounds"); do
  echo "round $round of $rounds, load $(cut -d' ' -f1 /proc/loadavg 2>/dev/null || echo unknown)" >&2
  for connections in 1 16 64; do run_wrk "$connections"; done
  "$transport" --bench
  "$loop" --bench
done | tee "$work/lines" >&2

# Medians, and the ratio of each rate to that of wrk.
awk '
  function median(key,   values, n, i, j, swap) {
    n = split(lists[key], values, " ")
    for (i = 2; i <= n; i++)
      for (j = i; j > 1 && values[j - 1] + 0 > values[j] + 0; j--) {
        swap = values[j]; values[j] = values[j - 1]; values[j - 1] = swap
      }
    return n ? values[int((n + 1) / 2)] : 0
  }
  / connections=/ {
    split($2, c, "="); split($3, r, "="); split($4, u, "=")
    lists[$1 " " c[2] " rate"] = lists[$1 " " c[2] " rate"] " " r[2]
    lists[$1 " " c[2] " cpu"] = lists[$1 " " c[2] " cpu"] " " u[2]
  }
  END {
    printf "%-10s %12s %12s %14s %14s\n", "", "connections", "requests/s", "ratio to wrk", "us of CPU"
    split("wrk transport loop", names, " "); split("1 16 64", connections, " ")
    for (i = 1; i <= 3; i++)
      for (k = 1; k <= 3; k++) {
        rate = median(names[i] " " connections[k] " rate"); base = median("wrk " connections[k] " rate")
        cpu = median(names[i] " " connections[k] " cpu")
        if (rate) printf "%-10s %12d %12d %14.2f %14.1f\n", names[i], connections[k], rate, base ? rate / base : 0, cpu
      }
  }' "$work/lines"
