"""Numbers that the page on explanations quotes are those of the committed report."""

import pytest
from tests.quoted.pages import page_text, report_numbers, table_rows

PAGE = page_text("explain")
REPORT = report_numbers("explanation")


def test_mean_persistence():
    table = table_rows(PAGE, "mean persistence (Å²) of")
    parts = ("raising", "lowering", "size", "histogram")
    expected = [
        REPORT["mean_persistence_angstrom2"]["where_pairs_are"][cells][part]
        for cells in ("largest_cells", "all_cells")
        for part in parts
    ]
    assert len(table) == len(expected)
    for row, numbers in zip(table, expected, strict=True):
        assert row[2:4] == [f"{numbers['liquid']:.2f}", f"{numbers['low']:.2f}"]
        assert row[4] == f"{numbers['n_runs_agreeing']} of {numbers['n_runs']}"
        assert float(row[5]) == pytest.approx(numbers["p_value"], abs=5e-5)


def test_ring_sizes():
    shares = REPORT["shares_by_ring_size_mev_per_atom"]
    table = {row[0]: row[1:] for row in table_rows(PAGE, "atoms of the ring")}
    for column, group in enumerate(("liquid", "low energy")):
        sizes = {int(size): share for size, share in shares[group]["sizes"].items()}
        expected = {
            "3": sizes[3],
            "4": sizes[4],
            "5 to 11": sum(sizes[size] for size in range(5, 12)),
            "12 and more": sizes[12],
        }
        assert {name: row[column] for name, row in table.items()} == {
            name: f"{share:.0f}" for name, share in expected.items()
        }


def test_randomisation():
    left = REPORT["weight_randomisation"]
    steps = zip(left["Grad-CAM"], left["gradients"], strict=True)
    for row, both in zip(table_rows(PAGE, "random weights from the end to"), steps, strict=True):
        assert row[0] == both[0]["layers"]
        assert row[1:] == [
            f"{step['rank_correlation']:.2f} (±{step['rank_correlation_size']:.2f})"
            for step in both
        ]


def test_threshold():
    assert f"Frames above {REPORT['threshold_ev_per_atom']:.2f} eV/atom" in PAGE
    assert f"({REPORT['on_the_wrong_side']} of {REPORT['n_frames']['all']} are" in PAGE
