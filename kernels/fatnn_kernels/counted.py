"""What stands for words in a ``step`` to find how many popcounts and accumulators it has, without computing any."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Counted:
    """A word, or a sum of so many popcounts."""

    popcounts: int = 0

    def popcount(self) -> "Counted":
        """One."""
        return Counted(1)

    def __add__(self, other: "Counted") -> "Counted":
        return Counted(self.popcounts + other.popcounts)

    def __and__(self, other: "Counted | int") -> "Counted":
        return Counted()

    def __or__(self, other: "Counted") -> "Counted":
        return Counted()

    def __xor__(self, other: "Counted") -> "Counted":
        return Counted()

    def __sub__(self, other: "Counted") -> "Counted":
        return Counted()

    def __rshift__(self, bits: int) -> "Counted":
        return Counted()

    def __invert__(self) -> "Counted":
        return Counted()

    def multiply_add(self, acc: "Counted", other: "Counted") -> "Counted":
        """A sum that counts nothing more."""
        return acc

    def look_up(self, table: object, *codes: "Counted") -> "Counted":
        return Counted()

    dot_pairs = dot_quads = dot_signed_quads = multiply_add
