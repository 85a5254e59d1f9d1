#!/usr/bin/env bash
# E-mail to a real mail server: aiosmtpd from PyPI, in a virtual environment below target/.
# Ends with 75 where PyPI did not deliver in time.
set -euo pipefail
cd "$(dirname "$0")/.."

environment="$PWD/target/notifications"
packages=(aiosmtpd==1.4.6 trustme==1.2.1)

if ! "$environment/bin/python" -c 'import aiosmtpd, trustme' 2> /dev/null; then
    rm -rf "$environment"
    python3 -m venv "$environment"
    if ! timeout 300 "$environment/bin/python" -m pip install --quiet --disable-pip-version-check "${packages[@]}"; then
        echo 'not tested: the mail server could not be fetched from PyPI within 5 minutes'
        exit 75
    fi
fi

MODELGUARD_TEST_PYTHON="$environment/bin/python" cargo test --test cli mail_servers -- --ignored
