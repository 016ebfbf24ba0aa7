"""Classes of cycles by plain linear algebra over two elements, with nothing of the kernel's but
the complex."""

from collections.abc import Iterable
from functools import cache
from itertools import combinations

from .complexes import Simplex, canonical

Chain = frozenset[Simplex]


class Span:
    """The sums of some chains: bit masks in echelon form."""

    def __init__(self, chains: Iterable[int]) -> None:
        self.by_pivot: dict[int, int] = {}
        for chain in chains:
            rest = self.reduced(chain)
            if rest:
                self.by_pivot[rest.bit_length()] = rest

    def reduced(self, chain: int) -> int:
        while chain and chain.bit_length() in self.by_pivot:
            chain ^= self.by_pivot[chain.bit_length()]
        return chain

    def __contains__(self, chain: int) -> bool:
        return self.reduced(chain) == 0


def boundary(simplex: Simplex) -> Chain:
    """Faces of a simplex; those that coincide modulo the lattice cancel in pairs."""
    faces: set[Simplex] = set()
    for face in combinations(simplex, len(simplex) - 1):
        faces ^= {canonical(face)}
    return frozenset(faces)


class FilteredCycles:
    """The cycles of one dimension of a filtered complex."""

    def __init__(self, filtration: dict[Simplex, float], dimension: int) -> None:
        self.cells = {s: v for s, v in filtration.items() if len(s) == dimension + 1}
        self.fillings = {s: v for s, v in filtration.items() if len(s) == dimension + 2}
        self.bit = {simplex: 1 << i for i, simplex in enumerate(self.cells)}
        self.boundaries = {s: self.mask(boundary(s)) for s in self.fillings}

    def mask(self, chain: Iterable[Simplex]) -> int:
        return sum(self.bit[simplex] for simplex in chain)

    def is_cycle(self, chain: Chain) -> bool:
        total: set[Simplex] = set()
        for simplex in chain:
            total ^= boundary(simplex)
        return not total

    def bounds(self, chain: Chain, value: float, *, before: bool = False) -> bool:
        """Whether it is a boundary in the complex at a value, or just before."""
        return self.mask(chain) in self._span(value, before, -float("inf"))

    def is_older(self, chain: Chain, birth: float, value: float, *, before: bool = False) -> bool:
        """Whether, at a value or just before, it is homologous to a cycle from before a birth."""
        # That is so if boundaries agree with it in all cells from the birth on.
        return self.mask(chain) & self._since(birth) in self._span(value, before, birth)

    def _since(self, birth: float) -> int:
        return self.mask(s for s, v in self.cells.items() if v >= birth)

    @cache  # noqa: B019  these objects are as short-lived as their caches
    def _span(self, value: float, before: bool, birth: float) -> Span:
        """Boundaries in the complex at a value, their cells older than a birth left out."""
        since = self._since(birth)
        return Span(
            self.boundaries[s] & since
            for s, v in self.fillings.items()
            if (v < value if before else v <= value)
        )
