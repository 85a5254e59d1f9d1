#!/usr/bin/env bash
# Plays years of hourly checks by library calls: one with a fault, and 20 copies without one in each of two settings.
# Takes about an hour and a half on two cores; prints the figures that docs/statistics.md states.
set -euo pipefail
cd "$(dirname "$0")/.."
# In memory where that can be had: what is measured is what people hear, not the disk.
if [ -d /dev/shm ]; then
    TMPDIR="$(mktemp -d /dev/shm/years.XXXXXX)"
    export TMPDIR
    trap 'rm -rf "$TMPDIR"' EXIT
fi
export CARGO_PROFILE_RELEASE_LTO=off
cargo test --release --test cli year_of_hours:: -- --ignored --nocapture --test-threads 2
