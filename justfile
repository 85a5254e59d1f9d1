# Lists what can be done.
default:
    @just --list

# All that a change must pass, quickest first.
check: fmt clippy test deny docs

fmt:
    cargo fmt --all --check

clippy:
    cargo clippy --all-targets -- -D warnings

test:
    cargo nextest run
    cargo test --doc

# Needs cargo-deny; .ci/run installs one below target/.
deny:
    cargo deny --locked check --hide-inclusion-graph bans licenses sources

docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items

# What the build machine does, from a clean clone.
ci:
    .ci/run

# The story that the README begins with.
demo:
    cargo run --release -- demo
