"""What pip installed: one wheel for every Python 3, with the command and what belongs to it."""

import importlib.metadata
import re
import sys
from pathlib import Path


def test_the_wheel_is_for_any_python_3_and_many_systems() -> None:
    wheel = importlib.metadata.distribution("modelguard").read_text("WHEEL")
    assert wheel is not None
    tags = re.findall(r"^Tag: (.*)$", wheel, re.MULTILINE)
    assert tags
    assert all(tag.startswith("py3-none-") for tag in tags), tags
    if sys.platform == "linux":
        assert any(re.search(r"-(many|musl)linux_\d+_\d+_", tag) for tag in tags), tags


def test_the_wheel_needs_no_other_distribution_and_has_the_command_with_its_pages() -> None:
    distribution = importlib.metadata.distribution("modelguard")
    assert not distribution.requires
    names = [Path(str(file)).name for file in distribution.files or []]
    for name in ("modelguard", "modelguard.1", "_modelguard", "modelguard.fish", "py.typed"):
        assert name in names or f"{name}.exe" in names, name
