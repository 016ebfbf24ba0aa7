import numpy as np
import pytest
from matplotlib.figure import Figure

from amorphology.errors import StructureError
from amorphology.plots import (
    plot_calibration,
    plot_energy_distribution,
    plot_learning_curve,
    plot_parity,
    plot_training_size,
)


def test_parity_writes_the_errors_of_what_it_draws():
    axes = Figure().subplots()
    energies = np.array([-8.0, -7.5, -7.0])
    predictions = energies + np.array([0.03, -0.03, 0.06])
    assert plot_parity(axes, energies, predictions, title="Unseen", limits=(-9, -6)) is axes
    np.testing.assert_array_equal(
        axes.collections[0].get_offsets(), np.stack([energies, predictions], axis=1)
    )
    (text,) = axes.texts
    assert text.get_text() == "RMSE 42.4 meV/atom\nMAE 40.0 meV/atom\n3 frames"
    assert axes.get_title() == "Unseen"
    assert axes.get_xlim() == axes.get_ylim() == (-9.0, -6.0)
    assert axes.get_aspect() == 1.0
    assert axes.get_xlabel() == "Reference energy (eV/atom)"
    assert axes.get_ylabel() == "Predicted energy (eV/atom)"


def test_parity_shows_all_points_when_not_told_otherwise():
    axes = Figure().subplots()
    plot_parity(axes, [-8.0, -7.0], [-8.5, -6.0], title="")
    low, high = axes.get_xlim()
    assert low < -8.5
    assert high > -6.0


def test_parity_of_no_frames_is_an_error():
    with pytest.raises(StructureError, match="no frames"):
        plot_parity(Figure().subplots(), [], [], title="Unseen")


def test_learning_curve_marks_the_best_epoch():
    axes = Figure().subplots()
    assert plot_learning_curve(axes, [1, 2, 3], [90, 50, 30], [95, 60, 70], best_epoch=2) is axes
    train, validation, best = axes.lines
    np.testing.assert_array_equal(train.get_xydata(), [[1, 90], [2, 50], [3, 30]])
    np.testing.assert_array_equal(validation.get_xydata(), [[1, 95], [2, 60], [3, 70]])
    np.testing.assert_array_equal(best.get_xydata(), [[2, 60]])
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["training", "validation", "kept: epoch 2, 60.0 meV/atom"]
    assert axes.get_yscale() == "log"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Epoch", "RMSE (meV/atom)")


def test_distributions_are_fractions_over_the_same_bins():
    axes = Figure().subplots()
    energies = {"train": np.linspace(-8, -7, 30), "test": [-7.9, -7.1]}
    plot_energy_distribution(axes, energies, {"train": "C0", "test": "C1"}, n_bins=4)
    train, test = axes.patches
    np.testing.assert_allclose(train.get_data().values.sum(), 1.0)
    np.testing.assert_array_equal(test.get_data().values, [0.5, 0.0, 0.0, 0.5])
    np.testing.assert_array_equal(train.get_data().edges, test.get_data().edges)
    assert [train.get_label(), test.get_label()] == ["train (30)", "test (2)"]
    assert axes.get_ylabel() == "Energy (eV/atom)"


def test_many_points_become_a_picture():
    few, many = Figure().subplots(), Figure().subplots()
    plot_parity(few, np.zeros(10), np.zeros(10), title="")
    plot_parity(many, np.zeros(2000), np.zeros(2000), title="")
    assert not few.collections[0].get_rasterized()
    assert many.collections[0].get_rasterized()
    assert many.texts[0].get_text().endswith("2,000 frames")


def test_training_sizes_are_marked_on_a_logarithmic_axis():
    axes = Figure().subplots()
    curves = {"one": ([100, 200, 400], [80, 60, 50]), "other": ([200, 400], [40, 30])}
    assert plot_training_size(axes, curves, ["C0", "C1"]) is axes
    one, other = axes.lines
    np.testing.assert_array_equal(one.get_xydata(), [[100, 80], [200, 60], [400, 50]])
    np.testing.assert_array_equal(other.get_xydata(), [[200, 40], [400, 30]])
    assert [text.get_text() for text in axes.get_xticklabels()] == ["100", "200", "400"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["one", "other"]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Training frames", "RMSE (meV/atom)")


def test_calibration_is_drawn_on_equal_axes():
    axes = Figure().subplots()
    bins = {"as it is": ([5, 10], [10, 20]), "times 2": ([10, 20], [10, 20])}
    assert plot_calibration(axes, bins, ["C0", "C1"]) is axes
    line, first, second = axes.lines
    np.testing.assert_array_equal(*line.get_xydata().T)
    np.testing.assert_array_equal(first.get_xydata(), [[5, 10], [10, 20]])
    np.testing.assert_array_equal(*second.get_xydata().T)
    assert axes.get_xlim() == axes.get_ylim()
    assert axes.get_xlim()[1] > 20
    assert axes.get_aspect() == 1.0
    assert axes.get_xlabel() == "Predicted standard deviation (meV/atom)"
