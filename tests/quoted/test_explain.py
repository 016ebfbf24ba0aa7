"""Numbers that the page on explanations quotes are those of the committed reports."""

import json

from tests.quoted.pages import DOCS, page_text, table_rows

PAGE = page_text("explain")
NETWORKS = [
    json.loads((DOCS / f"results/explanation/network_{number}.json").read_text(encoding="utf-8"))
    for number in (1, 2, 3)
]


def test_mean_persistence():
    table = table_rows(PAGE, "mean persistence (Å²), liquid → low energy")
    found = [
        network["mean_persistence_angstrom2"]["where_pairs_are"]["all_cells"]
        for network in NETWORKS
    ]
    parts = ("raising", "lowering", "size", "histogram")
    assert [row[1:] for row in table] == [
        [
            f"{one[part]['liquid']:.2f} → {one[part]['low']:.2f}, "
            f"{one[part]['n_runs_agreeing']} of {one[part]['n_runs']}"
            for one in found
        ]
        for part in parts
    ]


def test_half_plane():
    anywhere = NETWORKS[1]["mean_persistence_angstrom2"]["half_plane"]["all_cells"]["raising"]
    liquid, low = anywhere["liquid"], anywhere["low"]
    assert f"{liquid:.2f} Å² for the liquid and {low:.2f} Å² at low energy" in PAGE


def test_ring_sizes():
    table = {row[0]: row[1:] for row in table_rows(PAGE, "atoms of the ring")}
    for column, group in enumerate(("liquid", "low energy")):
        shares = []
        for network in NETWORKS:
            found = network["shares_by_ring_size_mev_per_atom"][group]
            sizes = {int(size): share for size, share in found["sizes"].items()}
            middle = sum(sizes[size] for size in range(5, 12))
            shares.append((sizes[3], sizes[4], middle, sizes[12]))
            assert found["n_frames"] == 20
        expected = [
            ", ".join(f"{share:.0f}" for share in of_size) for of_size in zip(*shares, strict=True)
        ]
        assert [row[column] for row in table.values()] == expected


def test_randomisation():
    left = NETWORKS[0]["weight_randomisation"]
    steps = zip(left["Grad-CAM"], left["gradients"], strict=True)
    for row, both in zip(table_rows(PAGE, "random weights from the end to"), steps, strict=True):
        assert row[0] == both[0]["layers"]
        assert row[1:] == [
            f"{step['rank_correlation']:.2f} (±{step['rank_correlation_size']:.2f})"
            for step in both
        ]


def test_sums():
    worst = max(one["largest_error_of_sums"]["bins_beside_predictions"] for one in NETWORKS)
    assert f"within {100 * worst:.2f} %" in PAGE


def test_threshold():
    for report in NETWORKS:
        assert f"Frames above {report['threshold_ev_per_atom']:.2f} eV/atom" in PAGE
        wrong, frames = report["on_the_wrong_side"], report["n_frames"]["all"]
        assert f"({wrong} of {frames:,} are" in PAGE
