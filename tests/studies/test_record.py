import json
import re
import shutil
import subprocess

import pytest

from amorphology.parallel import available_cores
from amorphology.studies import record
from amorphology.studies.record import SecondsFile, machine, source_commit, versions


def test_seconds_add_up_over_calls_and_interruptions(tmp_path):
    path = tmp_path / "new" / "seconds.json"
    seconds = SecondsFile(path)
    assert seconds.get("simulation") is None
    with pytest.raises(KeyboardInterrupt), seconds.adding("simulation"):
        raise KeyboardInterrupt
    first = SecondsFile(path).get("simulation")
    assert first > 0
    with SecondsFile(path).adding("simulation"):
        pass
    with seconds.adding("other"):
        pass
    assert seconds.get("simulation") > first
    assert set(json.loads(path.read_text())) == {"simulation", "other"}
    assert list(path.parent.iterdir()) == [path]


def test_machine_is_this_one():
    here = machine()
    assert here.cores == available_cores()
    assert here.processor
    assert set(here.as_dict()) == {"processor", "cores", "system"}


def test_versions_include_what_made_the_data(tmp_path):
    (tmp_path / "generate.json").write_text('{"made_with": {"lammps": "22 Jul 2025"}}')
    found = versions(tmp_path)
    assert found["lammps"] == "22 Jul 2025"
    assert "torch" in found


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_commit_is_that_of_the_checkout(tmp_path, monkeypatch):
    package = tmp_path / "src" / "amorphology"
    (package / "studies").mkdir(parents=True)
    monkeypatch.setattr(record, "__file__", str(package / "studies" / "record.py"))
    assert source_commit() is None

    def git(*arguments):
        who = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", "-C", tmp_path, *who, *arguments], check=True, capture_output=True)

    git("init")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "-m", "one")
    assert re.fullmatch("[0-9a-f]{40}", source_commit())
    (tmp_path / "file").write_text("two")
    assert re.fullmatch("[0-9a-f]{40}-dirty", source_commit())
