"""What the documentation shows is run.

The blocks of a page run in order, in one folder and one namespace, as a reader would run them:

- ``python`` is executed; ``pycon`` is executed and its output compared; ``sh`` may hold commands of
  ``amorph``, which are run;
- a block whose first line is ``# NAME.yaml`` (or another file name) becomes that file;
- a block whose first line is ``# Not tested: WHY`` is not run; its commands of ``amorph`` must
  still exist, with their options. So it is for the README and for the pages of results.

A page finds `carbon.extxyz`, `more_frames.extxyz` and `new_frames.extxyz`, the files of
`runs/*.extxyz`, and a network trained on them, `runs/carbon`. It also finds
`demo/models/cnn_paper_seed0`, the same.
"""

import contextlib
import doctest
import importlib
import io
import pkgutil
import re
import runpy
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from typer.main import get_command

import amorphology
from amorphology import cli
from amorphology.training import example_config

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
MODULES = [m.name for m in pkgutil.walk_packages(amorphology.__path__, "amorphology.")]
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
LANGUAGES = {"python", "pycon", "sh", "yaml", "text", "bibtex", "{toctree}", "{include}"}
FILE = re.compile(r"# ([\w./-]+\.\w+)\n")
NOT_TESTED = re.compile(r"# Not tested: \S")


@dataclass(frozen=True)
class Block:
    """Code of a page."""

    page: Path
    line: int
    language: str
    code: str

    @property
    def is_run(self) -> bool:
        only_read = self.page.name == "README.md" or "results" in self.page.parts
        return not NOT_TESTED.match(self.code) and not (self.language == "sh" and only_read)

    def commands(self) -> Iterator[list[str]]:
        """Words of each command of a block of sh."""
        for line in self.code.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words:
                yield words


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = re.finditer(r"^```(\S*)[^\n]*\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [
        Block(page, text.count("\n", 0, match.start()) + 1, match[1], match[2]) for match in found
    ]


ALL_BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name):
    results = doctest.testmod(importlib.import_module(name), raise_on_error=False)
    assert results.failed == 0


def test_every_module_is_found():
    assert "amorphology.homology.alpha" in MODULES


def carbon(seed: int) -> Atoms:
    """Make a distorted diamond with 64 atoms; its energy follows the distortion."""
    frame = bulk("C", cubic=True) * (2, 2, 2)
    size = 0.02 + 0.03 * (seed % 8)
    frame.rattle(size, seed=seed)
    energy = (-9.0 + 10.0 * size**2) * len(frame)
    frame.calc = SinglePointCalculator(frame, energy=energy)
    return frame


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the folder that every page starts with."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "runs").mkdir()
    frames = [carbon(seed) for seed in range(32)]
    for start in range(0, 32, 8):
        write(folder / "runs" / f"quench{start // 8}.extxyz", frames[start : start + 8])
    for name, part in (("carbon", frames), ("more_frames", frames[:3]), ("new_frames", frames[:2])):
        write(folder / f"{name}.extxyz", part)
    config = {
        "out": "runs/carbon",
        "data": {"frames": ["runs/*.extxyz"]},
        "descriptor": {"bins": 32, "range": [0.0, 4.0]},
        "model": {"hidden": 16},
        "optimisation": {"epochs": 4, "device": "cpu", "precision": "float32"},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    with contextlib.chdir(folder):
        run_command(["amorph", "train", "config.yaml"])
    (folder / "config.yaml").unlink()
    shutil.copytree(folder / "runs" / "carbon", folder / "demo" / "models" / "cnn_paper_seed0")
    write_dump(folder / "quench.lammpstrj", frames[:2])
    return folder


def write_dump(path: Path, frames: list[Atoms]) -> None:
    """Write frames as LAMMPS does where it was asked for energies of atoms."""
    with path.open("w", encoding="utf-8") as dump:
        for step, frame in enumerate(frames):
            energy = frame.get_potential_energy() / len(frame)
            bounds = "\n".join(f"0.0 {length}" for length in frame.cell.lengths())
            print(f"ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{len(frame)}", file=dump)
            print(f"ITEM: BOX BOUNDS pp pp pp\n{bounds}", file=dump)
            print("ITEM: ATOMS id element x y z c_energy", file=dump)
            for number, (x, y, z) in enumerate(frame.positions, 1):
                print(number, "C", x, y, z, energy, file=dump)


def run_command(words: list[str]) -> None:
    """Run a command of `amorph` in this process, to spare the seconds of importing torch."""
    out = None
    if ">" in words:
        out = words[words.index(">") + 1]
        words = words[: words.index(">")]
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as said:
        while re.fullmatch(r"\w+=\S*", words[0]):
            patch.setenv(*words[0].split("=", 1))
            words = words[1:]
        assert words[0] == "amorph", f"only amorph can be run, not {words[0]}: mark the block"
        patch.setattr(sys, "argv", words)
        status = None
        try:
            cli.main()
        except SystemExit as stop:
            status = stop.code
        assert not status, f"{shlex.join(words)} ends with status {status}"
    if out is not None:
        Path(out).write_text(said.getvalue(), encoding="utf-8")


def run_block(block: Block, namespace: dict[str, object]) -> None:
    if file := FILE.match(block.code):
        Path(file[1]).write_text(block.code, encoding="utf-8")
        if file[1].endswith(".py"):  # as if imported
            runpy.run_path(file[1])
    elif block.language == "python":
        # Lines are counted as in the page.
        code = "\n" * block.line + block.code
        exec(compile(code, str(block.page), "exec"), namespace)
    elif block.language == "pycon":
        test = doctest.DocTestParser().get_doctest(
            block.code, namespace, block.page.name, str(block.page), block.line
        )
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        said: list[str] = []
        runner.run(test, out=said.append, clear_globs=False)
        namespace |= test.globs
        assert not runner.failures, "".join(said)
    elif block.language == "sh":
        for words in block.commands():
            run_command(words)


@pytest.mark.parametrize("page", [page for page in PAGES if blocks_of(page)], ids=name_of)
def test_code_of_a_page(page, inputs, tmp_path, monkeypatch):
    folder = tmp_path / "work"
    shutil.copytree(inputs, folder)
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    namespace: dict[str, object] = {"__name__": "__page__"}
    for block in blocks_of(page):
        if block.is_run:
            run_block(block, namespace)


@pytest.mark.parametrize("block", ALL_BLOCKS, ids=lambda b: f"{name_of(b.page)}:{b.line}")
def test_a_block_is_of_a_kind_that_is_run(block):
    assert block.language in LANGUAGES
    if block.language == "yaml":
        assert FILE.match(block.code), "say which file this is: # config.yaml"


def commands_of_amorph() -> list[tuple[str, list[str]]]:
    return [
        (f"{name_of(block.page)}:{block.line}", words[words.index("amorph") :])
        for block in ALL_BLOCKS
        if block.language == "sh" and not block.is_run
        for words in block.commands()
        if "amorph" in words
    ]


@pytest.mark.parametrize(("place", "words"), commands_of_amorph())
def test_commands_that_are_not_run_exist(place, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = words[1 : words.index(">")] if ">" in words else words[1:]
    command = get_command(cli.app)
    if words == ["--version"]:
        return
    while hasattr(command, "commands"):
        assert words[0] in command.commands, place
        command = command.commands[words.pop(0)]
    command.make_context(place, [word for word in words if word not in ("&", "\\")])


def test_few_blocks_are_not_tested():
    blocks = [b for b in ALL_BLOCKS if b.language in ("python", "pycon", "sh", "yaml")]
    assert sum(bool(NOT_TESTED.match(b.code)) for b in blocks) < len(blocks) / 3


def test_a_wrong_block_fails(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for language, code in (
        ("python", "assert False\n"),
        ("pycon", ">>> 1 + 1\n3\n"),
        ("sh", "amorph train missing.yaml\n"),
        ("sh", "make tea\n"),
    ):
        with pytest.raises(AssertionError):
            run_block(Block(tmp_path / "page.md", 1, language, code), {})


@pytest.fixture
def script(monkeypatch):
    """Import a file of the documentation."""

    def load(folder: str, name: str):
        monkeypatch.syspath_prepend(DOCS / folder)
        return importlib.import_module(name)

    return load


def test_every_public_name_is_in_the_reference_once(script):
    api_pages = pytest.importorskip("sphinx") and script("extensions", "api_pages")
    packages: dict[str, list[str]] = {}
    for name in api_pages.public_modules():
        packages.setdefault(name.split(".")[1], []).append(name)
    for names in packages.values():
        lines = list(api_pages.page(names))
        described = [line.split("::")[1].rsplit(".", 1)[-1] for line in lines if ":: amor" in line]
        modules = map(importlib.import_module, names)
        public = {member for module in modules for member in getattr(module, "__all__", ())}
        assert public <= set(described)
        classes = [line for line in lines if line.startswith(".. autoclass")]
        assert len(classes) == len(set(classes))


def test_every_attribute_is_described(script):
    docstrings = pytest.importorskip("sphinx") and script("extensions", "docstrings")
    lines = ["A pair.", "", "Attributes", "----------", "birth, death : float", "    Radii.", ""]
    lines += ["Notes", "-----", "Some."]
    docstrings.part_attributes(None, lines)
    assert lines[4:9] == ["birth : float", "    Radii.", "", "death : float", "    Radii."]
    assert lines[-3:] == ["Notes", "-----", "Some."]


def test_arrays_are_written_short(script):
    short = (pytest.importorskip("sphinx") and script("extensions", "docstrings")).short
    long = "list[ndarray[tuple[Any, ...], dtype[float64]] | None]"
    assert short(long) == "list[NDArray[float64] | None]"


def test_settings_and_verbs_are_all_described(script):
    pages = pytest.importorskip("sphinx") and script("extensions", "settings_pages")
    settings, verbs = "\n".join(pages.settings()), "\n".join(pages.verbs(pages.command(), "amorph"))
    example = yaml.safe_load(example_config())
    keys = {*example, *(key for part in example.values() if isinstance(part, dict) for key in part)}
    assert {"frames", "bins", "patience"} < keys
    for key in keys:
        assert f"`{key}`" in settings or f"## {key}" in settings
    for verb in ("amorph train", "amorph generate carbon", "amorph reproduce"):
        assert f"## {verb}" in verbs


def test_pictures_are_drawn(tmp_path, script):
    script("figures", "draw").draw(tmp_path)
    drawn = {path.name for path in tmp_path.iterdir()}
    assert drawn == {path.name for path in (DOCS / "images" / "homology").iterdir()}


def test_pictures_of_pages_exist():
    for page in PAGES:
        for link in re.findall(r"!\[[^\]]*\]\(([^)\s]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).is_file(), f"{name_of(page)}: {link}"


def test_the_readme_has_two_set_up_commands():
    readme = (ROOT / "README.md").read_text()
    assert "make demo" in readme
    assert "make test" in readme
