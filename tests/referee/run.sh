#!/usr/bin/env bash
# Lets Prism, which checks requests against a document with code that is none of ours, judge what gadfly calls valid and
# malformed. Prints each difference, and a line with the share as expected for each document and intent.
#
#   tests/referee/run.sh [DOCUMENT...]      (default: the documents of tests/documents that Prism can read)
#
# REFEREE_CACHE   where Prism is kept (default: gadfly-referee in the temporary folder)
# REFEREE_CASES   cases per operation and generator (default: 20)
# REFEREE_SHOW    differences shown per document and intent (default: 5)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=${REFEREE_CACHE:-${TMPDIR:-/tmp}/gadfly-referee}
prism=$cache/node_modules/.bin/prism
if [ ! -x "$prism" ]; then
  mkdir -p "$cache"
  npm install --silent --no-save --ignore-scripts --no-audit --no-fund --prefix "$cache" @stoplight/prism-cli@5.14.2
fi
referee=$(cargo build --quiet --example referee --manifest-path "$root/Cargo.toml" --message-format=json |
  sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -n 1)
if [ $# -eq 0 ]; then
  set -- "$root"/tests/documents/{alertmanager.yaml,nexmo-sms.yml,rekor/openapi.yaml,matrix/api/client-server/rooms.yaml}
fi

# Prism falls over at some requests, such as a form with a broken percent-encoding; it is started anew then. What it has
# against a request is in its answers, so that its log, which would fill the disk, is left out.
serve() {
  trap 'kill "$child"; exit' TERM
  while true; do
    "$prism" mock --errors --multiprocess false --verboseLevel silent --host 127.0.0.1 --port "$1" "$2" >"$log" 2>&1 &
    child=$!
    wait "$child" || true
    sleep 1
  done
}

server=
log=$(mktemp)
stop() { if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi; server=; }
trap 'stop; rm -f "$log"' EXIT

for document; do
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  serve "$port" "$document" &
  server=$!
  for _ in $(seq 300); do
    curl -s -o /dev/null "http://127.0.0.1:$port/" && break
    sleep 0.2
  done
  if ! curl -s -o /dev/null "http://127.0.0.1:$port/"; then
    echo "prism does not read $document:" >&2
    tail -n 3 "$log" >&2
    stop
    continue
  fi
  for intent in valid boundary malformed; do
    "$referee" "$document" --url "http://127.0.0.1:$port" --intent "$intent" \
      --cases "${REFEREE_CASES:-20}" --show "${REFEREE_SHOW:-5}"
  done
  stop
done
