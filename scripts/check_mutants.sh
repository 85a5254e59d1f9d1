#!/usr/bin/env bash
# Tests the test: each patch in tests/mutants/ breaks one rule of "live, previous, undo" in a copy of the tree, and the
# state machine must turn red. A patch that no longer applies, or a mutant that lives, is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
copy=$root/target/mutants/tree
# The dependencies are those of the tree itself, copied, so that a mutant never takes the place of the tree's binary.
cargo test --quiet --no-run --test state_machine
export CARGO_TARGET_DIR=$root/target/mutants/build
rm -rf "$CARGO_TARGET_DIR"
mkdir -p "$CARGO_TARGET_DIR/debug"
cp -a "$root"/target/debug/{.fingerprint,build,deps} "$CARGO_TARGET_DIR/debug/"
failed=0
for patch in "$root"/tests/mutants/*.patch; do
    name=$(basename "$patch" .patch)
    rm -rf "$copy"
    mkdir -p "$copy"
    git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
        if [ -f "$file" ]; then printf '%s\0' "$file"; fi
    done | tar --null -T - -cf - | tar -xf - -C "$copy"
    if ! patch -s -p1 -d "$copy" <"$patch"; then
        echo "$name: the patch does not apply any more"
        failed=1
        continue
    fi
    if ! cargo test --quiet --no-run --test state_machine --manifest-path "$copy/Cargo.toml"; then
        echo "$name: the mutant does not compile"
        failed=1
    elif cargo test --quiet --manifest-path "$copy/Cargo.toml" \
        --test state_machine sequences >"$root/target/mutants/$name.log" 2>&1; then
        echo "$name: LIVES"
        failed=1
    else
        echo "$name: caught"
    fi
done
exit "$failed"
