from pathlib import Path

import pytest

from amorphology.studies.comparison.rows import SHEET, SPACE, comparison_rows
from amorphology.training import load_config

EXAMPLES = Path(__file__).parents[3] / "examples" / "comparison"
ROWS = {row.name: row for row in comparison_rows(SPACE)}


def test_every_row_has_an_example():
    assert {path.stem for path in EXAMPLES.glob("*.yaml")} == set(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_the_example_of_a_row_means_the_same(name):
    config, row = load_config(EXAMPLES / f"{name}.yaml"), ROWS[name]
    assert config.out == f"runs/{name}"
    assert (config.descriptor, config.local) == (row.descriptor, row.local)
    assert (tuple(config.also), config.model) == (row.also, row.model)
    assert (config.ensemble, config.optimisation.forces) == (row.ensemble, row.forces)


def test_no_row_of_a_sheet_looks_for_cavities():
    for row in comparison_rows(SHEET):
        for section in row.sections:
            if section.kind == "persistence_histogram":
                assert section.homology in (1, [0, 1])
    assert [row.name for row in comparison_rows(SHEET)] == list(ROWS)


def test_matrices_of_a_kernel_are_counted():
    # A matrix of distances for each of the eight parts, their sum, and what it is made from.
    assert ROWS["pd_environments_kernel_ridge"].kernels == 8 + 2
    assert ROWS["pd_environments_kernel_and_hdnnp"].kernels == 8 + 2
    assert ROWS["pd_kernel_ridge"].kernels == 3 + 2
    assert ROWS["soap_kernel_ridge"].kernels == 1 + 2
    assert ROWS["soap_ridge"].kernels == 1


def test_networks_that_read_atoms_are_told_apart():
    networks = {name for name, row in ROWS.items() if row.reads_atoms}
    assert networks == {
        "acsf_hdnnp",
        "soap_hdnnp",
        "soap_hdnnp_forces",
        "soap_hdnnp_paper",
        "pd_environments_kernel_and_hdnnp",
    }
