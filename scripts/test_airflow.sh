#!/usr/bin/env bash
# Runs the DAGs of integrations/airflow in a real Airflow against real stores; see scripts/test_airflow.py.
# Airflow comes from PyPI into target/airflow/venv (291 MB). Where that can't be had within 10 minutes it says so and
# ends with 75: nothing was tested. The program is target/debug/modelguard, or the one that is given.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=$(realpath "${1:-target/debug/modelguard}")
packages=(apache-airflow==3.3.2 aiosmtpd==1.4.6)
venv=$PWD/target/airflow/venv

if [ "$(cat "$venv/packages" 2>/dev/null)" != "${packages[*]}" ]; then
    rm -rf "$venv"
    # shellcheck disable=SC2016
    if ! timeout 600 bash -c '
        set -e
        python3 -m venv "$0"
        "$0/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
    ' "$venv" "${packages[@]}"; then
        rm -rf "$venv"
        echo "Airflow could not be installed from PyPI within 10 minutes: its DAGs were NOT tested."
        exit 75
    fi
    echo "${packages[*]}" >"$venv/packages"
fi
exec "$venv/bin/python" scripts/test_airflow.py "$binary"
