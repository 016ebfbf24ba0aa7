"""The libraries that come with the sources are those that the lock file names."""

import hashlib
import json
from importlib.resources import files

import pytest

from amorphology.viewer.page import LIBRARIES, SCRIPTS

WEB = files("amorphology.viewer") / "web"
SUMS = dict(reversed(line.split()) for line in (WEB / "vendor/SHA256SUMS").read_text().splitlines())


def test_every_library_has_a_checksum():
    assert set(SUMS) == set(LIBRARIES)


@pytest.mark.parametrize("name", LIBRARIES)
def test_library_is_what_the_registry_gave(name):
    content = (WEB / "vendor" / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == SUMS[name]
    assert b"</script" not in content.lower()


def test_lock_file_and_licences_name_the_same_versions():
    wanted = json.loads((WEB / "package.json").read_text())["dependencies"]
    locked = json.loads((WEB / "package-lock.json").read_text())["packages"]
    licences = (WEB / "vendor/LICENSES.txt").read_text()
    assert locked.pop("")["dependencies"] == wanted
    for place, package in locked.items():
        assert package["integrity"].startswith("sha512-")
        assert f"{place.removeprefix('node_modules/')} {package['version']} (" in licences
    for name, version in wanted.items():
        assert locked[f"node_modules/{name}"]["version"] == version


def test_every_script_is_in_the_page():
    assert {path.name for path in WEB.iterdir() if path.name.endswith(".js")} == set(SCRIPTS)
