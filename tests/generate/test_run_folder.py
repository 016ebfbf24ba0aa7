import json

import pytest
from ase import Atoms
from ase.io import read

from amorphology.errors import ConfigError
from amorphology.generate.run_folder import output_folder, run_path, write_run

SETTINGS = {"seed": 0, "stages": [{"name": "melt", "duration": 10.0}]}
NAMES = ["one", "two"]
VERSIONS = {"engine": "1.0"}


def test_settings_and_versions_are_remembered(tmp_path):
    out = tmp_path / "new" / "folder"
    with output_folder(out, SETTINGS, NAMES, VERSIONS):
        pass
    record = json.loads((out / "generate.json").read_text())
    assert record == {"format": 1, "settings": SETTINGS, "made_with": VERSIONS}
    assert [p.name for p in out.iterdir()] == ["generate.json"]


def test_versions_of_later_calls_are_added_to_the_record(tmp_path):
    with output_folder(tmp_path, SETTINGS, NAMES, VERSIONS):
        pass
    for versions in ({"engine": "2.0"}, {}, {"engine": "2.0"}, {"engine": "1.0", "ase": "3"}):
        with output_folder(tmp_path, SETTINGS, NAMES, versions):
            pass
    record = json.loads((tmp_path / "generate.json").read_text())
    assert record["made_with"] == {"engine": "1.0 and 2.0", "ase": "3"}


def test_other_settings_are_refused(tmp_path):
    with output_folder(tmp_path, SETTINGS, NAMES, VERSIONS):
        pass
    with (
        pytest.raises(ConfigError, match=r"seed: 0 there, 1 here.*choose another folder"),
        output_folder(tmp_path, {**SETTINGS, "seed": 1}, NAMES, VERSIONS),
    ):
        pass


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"settings": 3}'])
def test_unreadable_settings_are_refused(tmp_path, text):
    (tmp_path / "generate.json").write_text(text)
    with (
        pytest.raises(ConfigError, match=r"generate\.json cannot be read"),
        output_folder(tmp_path, SETTINGS, NAMES, VERSIONS),
    ):
        pass


def test_runs_of_unknown_origin_are_refused(tmp_path):
    run_path(tmp_path, "two").touch()
    with (
        pytest.raises(ConfigError, match=r"holds two but no generate\.json"),
        output_folder(tmp_path, SETTINGS, NAMES, VERSIONS),
    ):
        pass


def test_a_file_is_no_folder(tmp_path):
    path = tmp_path / "file"
    path.touch()
    for out in (path, path / "below"):
        with (
            pytest.raises(ConfigError, match="is not a folder"),
            output_folder(out, SETTINGS, NAMES, VERSIONS),
        ):
            pass


def test_only_one_at_a_time(tmp_path):
    with output_folder(tmp_path, SETTINGS, NAMES, VERSIONS) as work:
        (work / "unfinished").touch()
        with (
            pytest.raises(ConfigError, match="another process"),
            output_folder(tmp_path, SETTINGS, NAMES, VERSIONS),
        ):
            pass
        assert (work / "unfinished").exists()
        (work / "unfinished").unlink()


def test_unfinished_work_is_cleared_by_the_next_one(tmp_path):
    with output_folder(tmp_path, SETTINGS, NAMES, VERSIONS) as work:
        (work / "unfinished").mkdir()
    assert (work / "unfinished").exists()
    with output_folder(tmp_path, SETTINGS, NAMES, VERSIONS) as work:
        assert list(work.iterdir()) == []
    assert not work.exists()


def test_a_run_is_written_whole(tmp_path):
    frames = [Atoms("C2", [[0, 0, 0], [0, 0, 1.5]], cell=[4, 4, 4], pbc=True) for _ in range(3)]
    with output_folder(tmp_path, SETTINGS, NAMES, VERSIONS):
        path = write_run(tmp_path, "one", frames)
    assert path == run_path(tmp_path, "one")
    assert len(read(path, ":")) == 3
    assert sorted(p.name for p in tmp_path.iterdir()) == ["generate.json", "one.extxyz"]
