import numpy as np
import pytest
from ase.io import read

from amorphology.errors import StructureError
from amorphology.structures import mean_energy_per_atom
from amorphology.studies.comparison.datasets import CARBON, read_dft, read_simulations, sizes_text


def test_the_smallest_cells_are_learned_from(simulations):
    data = read_simulations(CARBON, simulations)
    assert (len(data.frames), data.n_learned) == (56, 48)
    assert (data.learned_sizes, data.larger_sizes) == ([27], [64])
    assert len(set(data.groups[:48])) == 6
    assert [path.name for path in data.files][-1] == "large_64_6.extxyz"
    assert np.array_equal(data.energies, mean_energy_per_atom(data.frames))


def test_larger_cells_can_be_left_out(simulations):
    data = read_simulations(CARBON, simulations).learned()
    assert (len(data.frames), data.n_learned, data.larger_sizes) == (48, 48, [])


def test_thinned_frames_are_evenly_spaced(simulations):
    data = read_simulations(CARBON, simulations)
    some = data.thinned(16, "part")
    assert (some.key, some.n_learned, some.larger_sizes) == ("part", 16, [64])
    assert np.array_equal(some.energies, data.energies[[*range(0, 48, 3), 48]])
    assert set(np.unique(some.runs[:16], return_counts=True)[1]) == {2, 3}
    assert np.array_equal(data.thinned(1000, CARBON).energies, data.energies)
    assert len(data.learned().thinned(16, "part").frames) == 16


def test_images_are_left_out_of_copies_only(simulations):
    data = read_simulations(CARBON, simulations)
    alone = data.without_images()
    assert not any(frame.pbc.any() for frame in alone.frames)
    assert all(frame.pbc.all() for frame in data.frames)
    assert np.array_equal(alone.frames[3].positions, data.frames[3].positions)


def test_near_copies_are_in_a_group(dft_frames):
    data = read_dft(dft_frames)
    assert data.n_learned == len(data.frames) == 48
    assert np.array_equal(data.groups, np.repeat(data.groups[::3], 3))
    assert len(set(data.groups)) == 16
    assert len(read(dft_frames, ":")) == 48


def test_a_part_of_the_frames_keeps_its_groups(dft_frames):
    whole = read_dft(dft_frames)
    part = whole.thinned(24, whole.key)
    assert part.runs.tolist() == whole.runs[::2].tolist()


def test_an_empty_folder(tmp_path):
    with pytest.raises(StructureError, match="holds no"):
        read_simulations(CARBON, tmp_path)


def test_sizes_are_written_short():
    assert sizes_text([216]) == "216"
    assert sizes_text([680, 2720]) == "680 and 2,720"
    assert sizes_text([27, 64, 125]) == "27 to 125"
    assert sizes_text([]) == ""
