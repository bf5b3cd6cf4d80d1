"""A SIMD vector under construction: Python operators that append LLVM instructions.

Calling a product's ``step`` with these values writes its instructions into the function that is being built. What the
operators do on NumPy arrays one word at a time, they do here on every lane at once.
"""

from dataclasses import dataclass
from typing import Self

from llvmlite import ir

I8, I16, I32, I64, F32 = ir.IntType(8), ir.IntType(16), ir.IntType(32), ir.IntType(64), ir.FloatType()


#: x86's multiply-and-add of int16 pairs, by the bits of a vector.
_PMADDWD = {128: "llvm.x86.sse2.pmadd.wd", 256: "llvm.x86.avx2.pmadd.wd", 512: "llvm.x86.avx512.pmaddw.d.512"}


@dataclass(frozen=True)
class Vector:
    """Lanes of one type: i32 (words, sums), float (sums), or i8 (counts in bytes)."""

    builder: ir.IRBuilder
    value: ir.Value

    @property
    def element(self) -> ir.Type:
        """The type of a lane."""
        return self.value.type.element

    @property
    def bits(self) -> int:
        """Bits of the whole vector."""
        width = 32 if self.element == F32 else self.element.width
        return int(self.value.type.count * width)

    def of(self, value: ir.Value) -> Self:
        """Another value in its place."""
        return type(self)(self.builder, value)

    def as_lanes(self, element: ir.Type) -> ir.Value:
        """The same bits, seen as lanes of another type."""
        width = 32 if element == F32 else element.width
        return self.builder.bitcast(self.value, ir.VectorType(element, self.bits // width))

    def _is_float(self) -> bool:
        return bool(self.element == F32)

    def __and__(self, other: Self | int) -> Self:
        return self.of(self.builder.and_(self.value, self._lanes_of(other)))

    def __or__(self, other: Self) -> Self:
        return self.of(self.builder.or_(self.value, other.value))

    def __xor__(self, other: Self | int) -> Self:
        return self.of(self.builder.xor(self.value, self._lanes_of(other)))

    def __invert__(self) -> Self:
        return self.of(self.builder.not_(self.value))

    def __rshift__(self, bits: int) -> Self:
        return self.of(self.builder.lshr(self.value, constants(self.value.type, bits)))

    def __add__(self, other: Self) -> Self:
        add = self.builder.fadd if self._is_float() else self.builder.add
        return self.of(add(self.value, other.value))

    def __sub__(self, other: Self | int) -> Self:
        subtract = self.builder.fsub if self._is_float() else self.builder.sub
        return self.of(subtract(self.value, self._lanes_of(other)))

    def _lanes_of(self, other: Self | int) -> ir.Value:
        """Another vector, or a number in every lane."""
        return constants(self.value.type, other) if isinstance(other, int) else other.value

    def reaches(self, bound: Self) -> Self:
        """A mask: this ≥ bound; false of a NaN."""
        compare = self.builder.fcmp_ordered if self._is_float() else self.builder.icmp_signed
        return self.of(compare(">=", self.value, bound.value))

    def popcount(self) -> Self:
        """One-bits of each lane."""
        return self.of(call(self.builder, "llvm.ctpop", self.value))

    def multiply_add(self, acc: Self, other: Self) -> Self:
        """Fused where the target has such an instruction."""
        return self.of(call(self.builder, "llvm.fmuladd", self.as_lanes(F32), other.as_lanes(F32), acc.value))

    def dot_pairs(self, acc: Self, other: Self) -> Self:
        """acc + even + odd products of int16: ``pmaddwd`` on x86, which LLVM loses sight of behind a broadcast."""
        name = _PMADDWD.get(self.bits) if "x86" in self.builder.module.triple else None
        if name is None:
            even, odd = (self.builder.mul(self._half(half), other._half(half)) for half in (0, 1))
            return acc + self.of(self.builder.add(even, odd))
        pairs = ir.VectorType(I16, self.bits // 16)
        function = _declare(self.builder, name, ir.FunctionType(ir.VectorType(I32, self.bits // 32), [pairs, pairs]))
        return acc + self.of(self.builder.call(function, [self.as_lanes(I16), other.as_lanes(I16)]))

    def _half(self, half: int) -> ir.Value:
        """The even (0) or odd (1) int16 lanes, widened."""
        lanes = self.as_lanes(I16)
        picks = ir.Constant(ir.VectorType(I32, self.bits // 32), list(range(half, self.bits // 16, 2)))
        chosen = self.builder.shuffle_vector(lanes, ir.Constant(lanes.type, ir.Undefined), picks)
        return self.builder.sext(chosen, ir.VectorType(I32, self.bits // 32))

    def _bytes(self, half: int) -> Self:
        """The even (0) or odd (1) bytes as int16, two to a lane."""
        pairs = self.as_lanes(I16)
        byte = constants(pairs.type, 8)
        value = self.builder.ashr(pairs if half else self.builder.shl(pairs, byte), byte)
        return self.of(self.builder.bitcast(value, self.value.type))

    def dot_quads(self, acc: Self, other: Self) -> Self:
        """VNNI: u8 × s8, four products a lane, wrapping. LLVM has no target-neutral form that selects it."""
        lanes = self.value.type
        name = f"llvm.x86.avx512.vpdpbusd.{self.bits}"
        quads = ir.VectorType(I8, self.bits // 8)
        function = _declare(self.builder, name, ir.FunctionType(lanes, [lanes, quads, quads]))
        return self.of(self.builder.call(function, [acc.value, self.as_lanes(I8), other.as_lanes(I8)]))

    def dot_signed_quads(self, acc: Self, other: Self) -> Self:
        """LLVM selects ``sdot`` on Arm for a partial reduction of widened products; elsewhere it sums other bytes."""
        if "aarch64" not in self.builder.module.triple:
            for half in (0, 1):
                acc = self._bytes(half).dot_pairs(acc, other._bytes(half))
            return acc
        lanes = self.value.type
        wide = ir.VectorType(I32, self.bits // 8)
        product = self.builder.mul(
            self.builder.sext(self.as_lanes(I8), wide), self.builder.sext(other.as_lanes(I8), wide)
        )
        name = f"llvm.vector.partial.reduce.add.v{lanes.count}i32.v{wide.count}i32"
        function = _declare(self.builder, name, ir.FunctionType(lanes, [lanes, wide]))
        return self.of(self.builder.call(function, [acc.value, product]))


class ByteCounted(Vector):
    """Words whose popcount is four counts in bytes, 0 to 8 each, for machines that cannot count wide lanes."""

    def popcount(self) -> Self:
        """One-bits of each byte."""
        return self.of(call(self.builder, "llvm.ctpop", self.as_lanes(I8)))


def widen_bytes(counts: Vector) -> Vector:
    """Counts in bytes -> their sum in each 32-bit lane."""
    builder = counts.builder
    for narrow, wide in ((I8, I16), (I16, I32)):
        lanes = counts.as_lanes(wide)
        low = builder.and_(lanes, constants(lanes.type, (1 << narrow.width) - 1))
        high = builder.lshr(lanes, constants(lanes.type, narrow.width))
        counts = counts.of(builder.add(low, high))
    return counts


def load(builder: ir.IRBuilder, pointer: ir.Value, lanes: ir.VectorType, align: int = 4) -> ir.Value:
    """A vector from memory, which begins at a multiple of ``align`` bytes."""
    return builder.load(builder.bitcast(pointer, lanes.as_pointer()), align=align)


def store(builder: ir.IRBuilder, value: ir.Value, pointer: ir.Value, align: int = 4) -> None:
    """A vector to memory, which begins at a multiple of ``align`` bytes."""
    builder.store(value, builder.bitcast(pointer, value.type.as_pointer()), align=align)


def splat(builder: ir.IRBuilder, scalar: ir.Value, count: int) -> ir.Value:
    """A scalar in every lane."""
    lanes = ir.VectorType(scalar.type, count)
    first = builder.insert_element(ir.Constant(lanes, ir.Undefined), scalar, ir.Constant(I32, 0))
    return builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(I32, count), None))


def constants(lanes: ir.VectorType, value: float) -> ir.Constant:
    """A number in every lane."""
    return ir.Constant(lanes, [value] * lanes.count)


def call(builder: ir.IRBuilder, name: str, *args: ir.Value) -> ir.Value:
    """An intrinsic of LLVM's, named without the type that it is overloaded on, which all arguments have."""
    lanes = args[0].type
    element = "f32" if lanes.element == F32 else f"i{lanes.element.width}"
    function = _declare(builder, f"{name}.v{lanes.count}{element}", ir.FunctionType(lanes, [arg.type for arg in args]))
    return builder.call(function, args)


def _declare(builder: ir.IRBuilder, name: str, signature: ir.FunctionType) -> ir.Function:
    declared = builder.module.globals.get(name)
    return declared if declared is not None else ir.Function(builder.module, signature, name)


#: Shuffles whose indices are no constants, by the bytes of a vector and the entries that an index tells apart.
_SHUFFLES = {
    (16, 16): "llvm.x86.ssse3.pshuf.b.128",
    (32, 16): "llvm.x86.avx2.pshuf.b",
    (64, 16): "llvm.x86.avx512.pshuf.b.512",
    (64, 64): "llvm.x86.avx512.permvar.qi.512",
}


def look_up_bytes(builder: ir.IRBuilder, row: ir.Value, indices: ir.Value, entries: int) -> ir.Value:
    """row[index] for each byte; a row of fewer entries than bytes is there several times, once for each that many."""
    arm = "aarch64" in builder.module.triple
    name = "llvm.aarch64.neon.tbl1.v16i8" if arm else _SHUFFLES[row.type.count, entries]
    function = _declare(builder, name, ir.FunctionType(row.type, [row.type, row.type]))
    return builder.call(function, [row, indices])
