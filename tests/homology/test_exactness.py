"""The predicates and their integers against Python's, and the kernel without its filters.

What is looked at is built by CMake with AMORPHOLOGY_TEST_MODULES into build/checks, from the
sources as they are: `make test-exact`, and part of `make test-slow`.
"""

import importlib.util
import shutil
import subprocess
import sys
from fractions import Fraction
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .strategies import structures

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "checks"
WIDTH = 320  # bits of the integers in the test module
GRID = 2**47  # largest difference of coordinates
SETTINGS = settings(
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(scope="session")
def build() -> Path:
    nanobind = pytest.importorskip("nanobind")
    cmake = shutil.which("cmake", path=Path(sys.executable).parent) or shutil.which("cmake")
    if cmake is None:
        pytest.skip("needs CMake")
    options = {
        "CMAKE_BUILD_TYPE": "Release",
        "AMORPHOLOGY_TEST_MODULES": "ON",
        "Python_EXECUTABLE": sys.executable,
        "nanobind_DIR": nanobind.cmake_dir(),
    }
    settings_ = [f"-D{name}={value}" for name, value in options.items()]
    for command in (
        [cmake, "-S", ROOT, "-B", BUILD, *settings_],
        [cmake, "--build", BUILD, "--parallel"],
    ):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return BUILD


def load(build: Path, file_name: str, module_name: str):
    (path,) = build.glob(f"{file_name}.*.so")
    spec = importlib.util.spec_from_file_location(module_name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def kernels(build):
    return load(build, "_kernel", "_kernel"), load(build, "_kernel_exact", "_kernel")


@pytest.fixture(scope="session")
def predicates(build):
    return load(build, "_predicates", "_predicates")


# --- the whole kernel, with and without filters ---------------------------------------------------


def arrays_of(result) -> list[np.ndarray]:
    if isinstance(result, np.ndarray):
        return [result]
    return [array for part in result for array in arrays_of(part)]


def same_bits(one, other) -> bool:
    pairs = zip(arrays_of(one), arrays_of(other), strict=True)
    return all(a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in pairs)


@settings(SETTINGS, max_examples=1500)
@given(structure=structures())
def test_filters_change_nothing(kernels, structure):
    usual, exact = kernels
    arguments = structure.arguments()
    assert same_bits(usual.alpha_diagrams(*arguments), exact.alpha_diagrams(*arguments))
    assert same_bits(usual.alpha_complex(*arguments), exact.alpha_complex(*arguments))


# --- integers -------------------------------------------------------------------------------------

EDGES = [0, 1, -1, 2**63, -(2**63), 2**64 - 1, 2**128, 2**256, 2**319 - 1, -(2**319)]
integers = (
    st.sampled_from(EDGES) | st.integers(-(2**319), 2**319 - 1) | st.integers(-(2**70), 2**70)
)


def digits(value: int) -> str:
    return format(value % 2**WIDTH, "x")


def signed(binary: str) -> int:
    value = int(binary, 2)
    return value - 2**WIDTH if value >= 2 ** (WIDTH - 1) else value


@settings(SETTINGS, max_examples=2000)
@given(a=integers, b=integers)
def test_integers(predicates, a, b):
    for operation, expected in (("+", a + b), ("-", a - b), ("*", a * b)):
        wrapped = signed(format(expected % 2**WIDTH, "b"))
        assert signed(predicates.binary(operation, digits(a), digits(b))) == wrapped
    sign, value = predicates.unary(digits(a))
    assert sign == (a > 0) - (a < 0)
    assert value == pytest.approx(float(a), rel=2**-50, abs=0)


# --- predicates -----------------------------------------------------------------------------------


def determinant(rows) -> int:
    """By permutations: slow, exact for Python's integers."""
    total = 0
    for order in permutations(range(len(rows))):
        inversions = sum(
            order[i] > order[j] for i in range(len(order)) for j in range(i + 1, len(order))
        )
        product = (-1) ** inversions
        for row, column in zip(rows, order, strict=True):
            product *= row[column]
        total += product
    return total


def sign(value) -> int:
    return (value > 0) - (value < 0)


def differences(points, origin) -> list[list[int]]:
    return [[a - b for a, b in zip(p, origin, strict=True)] for p in points]


def lifted(rows, dimension: int) -> list[list[int]]:
    return [[*row[:dimension], sum(x * x for x in row[:3]) - row[3]] for row in rows]


@st.composite
def grid_points(draw, n: int, dimension: int, weighted: bool = True) -> list[tuple[int, ...]]:
    """Points of the kernel's grid: anywhere, close together, or in special position."""
    width = 2 ** draw(st.integers(1, 46))
    step = draw(st.sampled_from([1, 1, max(1, width // 2), max(1, width // 3)]))
    coordinate = st.integers(-(width // step), width // step).map(lambda x: x * step)
    points = [
        [draw(coordinate) for _ in range(dimension)] + [0] * (3 - dimension) for _ in range(n)
    ]
    corner = draw(st.sampled_from(["free", "moved", "combined", "sphere", "beside sphere"]))
    if "sphere" in corner:  # one vector's mirror images about a common centre
        vector = [draw(st.integers(1, width)) for _ in range(dimension)]
        signs = st.sampled_from([-1, 1])
        for p in points:
            p[:dimension] = [draw(signs) * x for x in draw(st.permutations(vector))]
    if corner in ("moved", "beside sphere"):  # nearly a figure of the lattice
        points[-1][draw(st.integers(0, dimension - 1))] += draw(st.sampled_from([-1, 1]))
    if corner == "combined":  # on the others' plane or line, or a parallelogram's last corner
        points[-1] = [a + b - c for a, b, c in zip(points[0], points[1], points[2], strict=True)]
    weight = draw(st.sampled_from([0, 1, width, width**2])) if weighted else 0
    return [(*p, draw(st.integers(-1, 1)) * weight) for p in points]


def array(points) -> np.ndarray:
    values = np.array([[float(x) for x in p] for p in points])
    assert [[int(x) for x in p] for p in values] == [list(p) for p in points]
    return values


def extents(points) -> tuple[float, float]:
    """Bounds on differences as the kernel gives them; no filter of one's own is looser."""
    columns = np.ptp(array(points), axis=0)
    return float(columns[:3].max()), float(columns[3])


@pytest.mark.parametrize("dimension", [2, 3])
def test_orient(predicates, dimension):
    @settings(SETTINGS, max_examples=3000)
    @given(points=grid_points(dimension + 1, dimension, weighted=False))
    def agrees(points):
        expected = sign(determinant([r[:dimension] for r in differences(points[1:], points[0])]))
        orient = getattr(predicates, f"orient{dimension}")
        for extent in (0.0, extents(points)[0]):
            assert orient(array(points), extent) == expected

    agrees()


@pytest.mark.parametrize("dimension", [2, 3])
def test_insphere(predicates, dimension):
    @settings(SETTINGS, max_examples=3000)
    @given(points=grid_points(dimension + 2, dimension))
    def agrees(points):
        *corners, query = points
        orientation = sign(
            determinant([r[:dimension] for r in differences(corners[1:], corners[0])])
        )
        if orientation == 0:
            return
        if orientation < 0:
            corners[0], corners[1] = corners[1], corners[0]
        rows = lifted(differences(corners, query), dimension)
        # In the plane the lifted determinant is positive inside, in space negative.
        expected = sign(determinant(rows)) * (1 if dimension == 2 else -1)
        insphere = getattr(predicates, f"insphere{dimension}")
        ordered = array([*corners, query])
        results = {insphere(ordered, *bounds) for bounds in ((0.0, 0.0), extents(points))}
        assert len(results) == 1
        if expected:
            assert results == {expected}
        else:
            assert results <= {-1, 1}  # a tie is broken, and always in the same way

    agrees()


def test_ties_are_broken_alike_everywhere(predicates):
    """Eight corners of a cube, moved by any translation: the same triangulation."""
    rng = np.random.default_rng(0)
    cube = np.stack(np.meshgrid(*3 * [[0, 2**20]], indexing="ij"), -1).reshape(-1, 3)
    for _ in range(200):
        chosen = np.append(cube[rng.permutation(8)[:5]], np.zeros((5, 1)), axis=1)
        if predicates.orient3(chosen[:4], 0.0) <= 0:
            continue
        here = predicates.insphere3(chosen, 0.0, 0.0)
        shift = np.append(rng.integers(-(2**40), 2**40, 3), 0)
        there = predicates.insphere3(chosen + shift, 0.0, 0.0)
        assert here == there
        # Even permutations of the corners do not matter.
        assert predicates.insphere3(chosen[[1, 2, 0, 3, 4]], 0.0, 0.0) == here


@pytest.mark.parametrize("corners", [2, 3])
def test_smallest_sphere(predicates, corners):
    @settings(SETTINGS, max_examples=3000)
    @given(points=grid_points(corners + 1, 3))
    def agrees(points):
        rows = differences(points[1:], points[0])
        *edges, query = rows
        # The centre is sum_i x_i edge_i with 2 edge_j . centre = |edge_j|^2 - w_j.
        gram = [[Fraction(sum(a * b for a, b in zip(e[:3], f[:3], strict=True))) for f in edges]
                for e in edges]  # fmt: skip
        lifts = [Fraction(row[-1]) for row in lifted(edges, 3)]
        size = determinant(gram)
        if size == 0:
            return
        centre = [Fraction(0)] * 3
        for i, edge in enumerate(edges):
            replaced = [
                [lifts[j] if k == i else gram[j][k] for k in range(len(edges))]
                for j in range(len(edges))
            ]
            x = determinant(replaced) / (2 * size)
            centre = [c + x * e for c, e in zip(centre, edge[:3], strict=True)]
        power = lifted([query], 3)[0][-1] - 2 * sum(
            c * q for c, q in zip(centre, query[:3], strict=True)
        )
        assert predicates.inside_smallest_sphere(array(points)) == (power < 0)

    agrees()
