"""What the documentation shows is run."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest
from ase.build import bulk
from ase.io import write

import amorphology

ROOT = Path(__file__).parents[1]
MODULES = [m.name for m in pkgutil.walk_packages(amorphology.__path__, "amorphology.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name):
    results = doctest.testmod(importlib.import_module(name), raise_on_error=False)
    assert results.failed == 0


def test_every_module_is_found():
    assert "amorphology.homology.alpha" in MODULES


def test_python_in_the_readme(tmp_path, monkeypatch):
    frames = []
    for seed in range(4):
        frame = bulk("C", cubic=True)
        frame.rattle(0.1, seed=seed)
        frames.append(frame)
    write(tmp_path / "carbon.extxyz", frames)
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})


def test_the_readme_has_two_set_up_commands():
    readme = (ROOT / "README.md").read_text()
    assert "make demo" in readme
    assert "make test" in readme
