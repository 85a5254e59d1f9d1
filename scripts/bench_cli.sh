#!/usr/bin/env bash
# Measures the reading commands on a store with 5,000 versions and 1 M predictions with their truth.
# Needs hyperfine, sqlite3, GNU time and Python 3. It makes the store through the command line, in a folder of its own:
#   scripts/bench_cli.sh [FOLDER]     a FOLDER that has the store already is used again
# Fails where `status` takes more than 3 × `sqlite3 FILE 'select 1'`, or a reading command more than 64 MiB.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --quiet
binary="$PWD/target/release/modelguard"
folder="${1:-$(mktemp -d)}"
versions="${VERSIONS:-5000}"
predictions="${PREDICTIONS:-1000000}"
ratio_limit=3
memory_limit_kib=65536

mkdir -p "$folder"
cd "$folder"
export MODELGUARD_ACTOR=bench MODELGUARD_NOW=2026-01-01T00:00:00Z NO_COLOR=1
unset MODELGUARD_DB MODELGUARD_CONFIG MODELGUARD_MODEL

make_store() {
    "$binary" init --model bench --task classification --quiet
    # A version a second, from 1 January 2026 on.
    for number in $(seq "$versions"); do
        echo "model $number" | MODELGUARD_NOW=$((1767225600 + number)) "$binary" register - --param "number=$number" -qq
    done
    MODELGUARD_NOW=2026-01-01T12:00:00Z "$binary" promote latest --yes --quiet
    # Seeded: every run of the script writes the same rows, one a second, nine in ten of them right.
    python3 - "$predictions" <<'PYTHON'
import datetime, random, sys

count = int(sys.argv[1])
seeded = random.Random(20260101)
begin = datetime.datetime(2026, 1, 2)
with open("predictions.csv", "w") as predictions, open("truth.csv", "w") as truth:
    predictions.write("id,predicted_at,prediction\n")
    truth.write("id,truth,truth_at\n")
    for number in range(count):
        at = begin + datetime.timedelta(seconds=number)
        known = at + datetime.timedelta(hours=1)
        right = seeded.random() < 0.9
        label = "yes" if seeded.random() < 0.3 else "no"
        other = "no" if label == "yes" else "yes"
        predictions.write(f"r{number:08},{at:%Y-%m-%dT%H:%M:%SZ},{label if right else other}\n")
        truth.write(f"r{number:08},{label},{known:%Y-%m-%dT%H:%M:%SZ}\n")
PYTHON
    export MODELGUARD_NOW=2026-01-15T00:00:00Z
    time "$binary" ingest predictions predictions.csv --quiet
    time "$binary" ingest truth truth.csv --quiet
    "$binary" check --quiet || true
    rm predictions.csv truth.csv
    touch made
}

if [ ! -e made ]; then
    echo "making the store in $folder"
    time make_store
fi
export MODELGUARD_NOW=2026-01-15T00:00:00Z
ls -l modelguard.db

echo
echo "== time"
hyperfine --style basic -N --warmup 20 --min-runs 100 --export-json times.json \
    "sqlite3 modelguard.db 'select 1'" "$binary status" "$binary --version" 2> /dev/null
status=0
python3 - "$ratio_limit" <<'PYTHON' || status=1
import json, sys

limit = float(sys.argv[1])
results = json.load(open("times.json"))["results"]
for kind in "min", "median":
    plain, status, _ = (result[kind] for result in results)
    ratio = status / plain
    print(f"{kind:6}  status {1000 * status:.2f} ms, sqlite3 {1000 * plain:.2f} ms: ratio {ratio:.2f}, limit {limit:g}")
print("The medians count. A machine that does other work at the same time shows larger ones than it should.")
sys.exit(ratio > limit)
PYTHON

echo
echo "== memory"
live="$("$binary" status --json | python3 -c 'import json, sys
print(json.load(sys.stdin)["data"]["models"][0]["production"]["version"])')"
while read -r words; do
    # A verdict is a status of its own; only what is below 10 and no error can be measured.
    # shellcheck disable=SC2086
    /usr/bin/time -o memory.txt -f '%M %e' "$binary" $words > /dev/null || [ $? -lt 7 ]
    read -r kib seconds < <(tail -n 1 memory.txt)
    verdict=
    if [ "$kib" -gt "$memory_limit_kib" ]; then
        verdict='over 64 MiB'
        status=1
    fi
    printf '%8.1f MiB %7.2f s  %-40s %s\n' "$(echo "$kib / 1024" | bc -l)" "$seconds" "$words" "$verdict"
done <<WORDS
status
history
history 5000
show @production
log
log -n 6000
check --no-record
check --no-record --window 7d
monitor --dry-run
compare @production $live
alerts list
alias list
ingest list
config show
fetch @production -o -
store verify
WORDS
exit "$status"
