#!/usr/bin/env bash
# Builds the wheel, installs it without an index into a fresh environment, and runs the Python tests there: with
# pandas, polars, pyarrow and scikit-learn from PyPI, the example notebook, and pyright's strict check of the types.
# Exits with 75 where PyPI does not deliver.
set -euo pipefail
cd "$(dirname "$0")/.."

environment="$PWD/target/tools/python-tests"
rm -rf "$environment"
python3 -m venv "$environment"
pip="$environment/bin/pip --disable-pip-version-check --quiet"

# What the module works with when it is there; the module itself comes from the wheel alone.
if ! timeout 600 $pip install pytest pandas polars pyarrow scikit-learn skops nbclient nbformat ipykernel \
    'pyright[nodejs]'; then
    echo 'skipped: PyPI did not deliver in 10 minutes'
    exit 75
fi
scripts/build_wheel.sh
$pip install --no-index target/wheels/modelguard-*.whl
"$environment/bin/modelguard" --version
test -s "$environment/share/man/man1/modelguard.1"
test -s "$environment/share/bash-completion/completions/modelguard"

# From elsewhere, so that the installed module is what is tested.
(cd target && "$environment/bin/python" -m pytest --quiet --rootdir .. -c ../pyproject.toml ../python/tests)
"$environment/bin/pyright" --pythonpath "$environment/bin/python" --stats | tail -n 3
