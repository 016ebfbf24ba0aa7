import numpy as np
import pytest
from ase.build import bulk

from amorphology.errors import StructureError
from amorphology.homology import alpha_persistence, alpha_persistence_many


@pytest.fixture
def frames():
    frames = []
    for seed in range(12):
        frame = bulk("Si", cubic=True)
        frame.rattle(0.2, seed=seed)
        frames.append(frame)
    return frames


def test_threads_give_what_one_frame_at_a_time_gives(frames):
    expected = [alpha_persistence(frame) for frame in frames]
    for n_jobs in (1, 2, 5):
        results = alpha_persistence_many(frames, n_jobs=n_jobs)
        for one, other in zip(expected, results, strict=True):
            for dim in range(3):
                assert np.array_equal(one[dim].birth, other[dim].birth)
                assert np.array_equal(one[dim].death, other[dim].death)
                assert np.array_equal(one[dim].death_simplex, other[dim].death_simplex)


def test_progress_counts_every_frame(frames):
    seen = []
    alpha_persistence_many(frames, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(i + 1, 12) for i in range(12)]


def test_no_frames():
    assert alpha_persistence_many([]) == []


def test_the_bad_frame_is_named(frames):
    frames[7].positions[3] = np.nan
    with pytest.raises(StructureError, match="frame 7: atom 3"):
        alpha_persistence_many(frames)
    frames[7].info["source"] = "silicon.extxyz frame 7"
    with pytest.raises(StructureError, match=r"silicon\.extxyz frame 7: atom 3"):
        alpha_persistence_many(frames)
