#!/usr/bin/env bash
# What the Python module costs, as ratios within the same run; needs a Python with modelguard, pandas and pyarrow.
#   log_predictions of 1 M rows / writing the same frame as Parquet and `modelguard ingest` of it   at most 1.5
#   import modelguard / (2 x import json + 10 ms)                                                    at most 1
# Usage: scripts/bench_python.sh [PYTHON]
set -euo pipefail
cd "$(dirname "$0")/.."
exec "${1:-python3}" scripts/bench_python.py
