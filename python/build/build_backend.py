"""Builds the wheel: maturin, with the man pages and completions that the command itself writes."""

import subprocess
import sys
from pathlib import Path

import maturin
from maturin import (
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_wheel",
]

ROOT = Path(__file__).resolve().parents[2]
SHARE = ROOT / "python" / "modelguard.data" / "data" / "share"
COMPLETIONS = {
    "bash": "bash-completion/completions/modelguard",
    "zsh": "zsh/site-functions/_modelguard",
    "fish": "fish/vendor_completions.d/modelguard.fish",
}


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    SHARE.mkdir(parents=True, exist_ok=True)
    return maturin.prepare_metadata_for_build_wheel(metadata_directory, config_settings)


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    write_data()
    return maturin.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    write_data()
    return maturin.build_editable(wheel_directory, config_settings, metadata_directory)


def write_data():
    """Writes the man pages and completions with a command of the same sources."""
    subprocess.run(["cargo", "build", "--release", "--locked"], cwd=ROOT, check=True)
    name = "modelguard.exe" if sys.platform == "win32" else "modelguard"
    command = target_directory() / "release" / name
    pages = SHARE / "man" / "man1"
    pages.mkdir(parents=True, exist_ok=True)
    subprocess.run([command, "man", "--dir", pages, "-q"], check=True)
    for shell, place in COMPLETIONS.items():
        script = subprocess.run([command, "completions", shell], check=True, stdout=subprocess.PIPE).stdout
        (SHARE / place).parent.mkdir(parents=True, exist_ok=True)
        (SHARE / place).write_bytes(script)


def target_directory():
    import json

    words = ["cargo", "metadata", "--format-version=1", "--no-deps", "--offline"]
    answer = subprocess.run(words, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    return Path(json.loads(answer)["target_directory"])
