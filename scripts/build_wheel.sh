#!/usr/bin/env bash
# Builds the wheel into target/wheels and prints its path: the command, the Python module, man pages, completions.
# Needs Rust, Python 3.10 or newer with pip, and PyPI for maturin and auditwheel (once).
#   scripts/build_wheel.sh           runs where the C library is as new as what this machine's build needs
#   scripts/build_wheel.sh 2_17      runs with that glibc and newer: compiled anew by Zig, which PyPI has too
# On Linux auditwheel checks that the tag is true.
set -euo pipefail
cd "$(dirname "$0")/.."

glibc="${1:-}"
tools="$PWD/target/tools/wheel-builder"
if [ ! -x "$tools/bin/auditwheel" ]; then
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check 'maturin>=1.9,<2' 'auditwheel>=6,<7' >&2
fi
export PATH="$tools/bin:$PATH"
# The lowest tag that is true. Left to itself, maturin tags a wheel that pip asked for with this machine's system alone.
export MATURIN_PEP517_ARGS='--compatibility pypi'
if [ -n "$glibc" ]; then
    "$tools/bin/pip" install --quiet --disable-pip-version-check 'ziglang>=0.15,<0.18' >&2
    export MATURIN_PEP517_ARGS="--zig --compatibility manylinux_$glibc --target-dir target/tools/zig-target"
fi

rm -rf target/wheels
"$tools/bin/pip" wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir target/wheels . >&2
wheel=$(ls target/wheels/modelguard-*.whl)
size_bytes=$(stat -c %s "$wheel" 2> /dev/null || stat -f %z "$wheel")
if [ "$size_bytes" -gt 6000000 ]; then
    echo "$wheel has $size_bytes bytes; it may have 6000000" >&2
    exit 1
fi
if [ "$(uname)" = Linux ]; then
    family='(many|musl)linux_[0-9]+_[0-9]+'
    claimed=$(basename "$wheel" | grep -oE "$family" | head -n 1 || true)
    needed=$("$tools/bin/auditwheel" show --json "$wheel" | grep -oE "\"overall_tag\": \"$family" | grep -oE "$family" || true)
    if [ -z "$claimed" ] || [ -z "$needed" ] || [ "$(printf '%s\n' "$needed" "$claimed" | sort -V | tail -n 1)" != "$claimed" ]; then
        echo "$wheel claims ${claimed:-this system alone}; auditwheel says that it needs ${needed:-more than any tag has}" >&2
        exit 1
    fi
fi
printf '%s\n' "$wheel"
