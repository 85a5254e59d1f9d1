#!/usr/bin/env bash
# Builds the wheel into target/wheels and prints its path: the command, the Python module, man pages, completions.
# Needs Rust, Python 3.10 or newer with pip, and PyPI for maturin (once).
set -euo pipefail
cd "$(dirname "$0")/.."

tools="$PWD/target/tools/wheel-builder"
if [ ! -x "$tools/bin/maturin" ]; then
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check 'maturin>=1.9,<2' >&2
fi
export PATH="$tools/bin:$PATH"

rm -rf target/wheels
"$tools/bin/pip" wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir target/wheels . >&2
wheel=$(ls target/wheels/modelguard-*.whl)
size_bytes=$(stat -c %s "$wheel" 2> /dev/null || stat -f %z "$wheel")
if [ "$size_bytes" -gt 6000000 ]; then
    echo "$wheel has $size_bytes bytes; it may have 6000000" >&2
    exit 1
fi
printf '%s\n' "$wheel"
