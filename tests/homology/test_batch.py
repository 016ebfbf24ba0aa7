import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
from ase.build import bulk

from amorphology.errors import ConfigError, StructureError
from amorphology.homology import alpha_persistence, alpha_persistence_many, batch


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


def test_skip_gives_the_error_in_place_of_the_diagrams(frames):
    frames[7].positions[3] = np.nan
    results = alpha_persistence_many(frames, on_error="skip", n_jobs=2)
    assert [isinstance(result, StructureError) for result in results] == [i == 7 for i in range(12)]
    assert str(results[7]).startswith("frame 7: atom 3")
    assert len(results[8][1]) == len(alpha_persistence(frames[8])[1])


def test_any_executor_does_the_work(frames, monkeypatch):
    monkeypatch.setattr(batch, "FRAMES_A_TASK", 5)
    frames[7].positions[3] = np.nan
    expected = alpha_persistence_many(frames, on_error="skip")
    seen = []
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        results = alpha_persistence_many(
            frames,
            executor=pool,
            on_error="skip",
            dims=[0, 1, 2],
            progress=lambda done, total: seen.append((done, total)),
        )
        with pytest.raises(StructureError, match="frame 7: atom 3"):
            alpha_persistence_many(frames, executor=pool)
        assert pool.submit(abs, -1).result() == 1  # it is left open
    assert seen == [(i + 1, 12) for i in range(12)]
    assert str(results[7]) == str(expected[7])
    assert np.array_equal(results[11][1].death_simplex, expected[11][1].death_simplex)


def test_tasks_are_taken_as_fast_as_results_are():
    taken = []

    def tasks():
        for task in range(100):
            taken.append(task)
            yield task

    results = batch.map_in_order(lambda task: 2 * task, tasks(), n_jobs=2)
    assert taken == []
    for number in range(100):
        assert next(results) == 2 * number
        assert len(taken) <= number + 8


def test_after_an_error_no_task_is_begun():
    begun = []

    def work(task):
        begun.append(task)
        if task == 2:
            raise ValueError("no good")
        return task

    with pytest.raises(ValueError, match="no good"):
        list(batch.map_in_order(work, range(1000), n_jobs=1))
    assert len(begun) < 10


@pytest.mark.parametrize("arguments", [{"on_error": "ignore"}, {"n_jobs": 0}])
def test_arguments(frames, arguments):
    with pytest.raises(ConfigError):
        alpha_persistence_many(frames, **arguments)
