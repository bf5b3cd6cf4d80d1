"""Matrix tiles: blocks of sums in the two-dimensional registers of a CPU (Intel AMX), or an emulation of them.

A register has up to 16 rows of 64 bytes. ``tdpbssd`` adds to 16 × 16 sums the products of 16 rows of 64 int8 values and
16 columns of as many: a step. Four registers hold sums, two take rows of x and two columns of y, so that each is used
twice. Columns lie in a *panel*, [step][word][column], 16 words of 32 columns; rows in one too, [step][row][word], or
in an image, where they are as far apart as its pixels.

What the 16 words of a row are multiplied by at a step is what a product's ``step`` multiplies them by: it is run once,
on stand-ins that remember it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import llvmlite.binding as llvm
from llvmlite import ir
from numba.core import cgutils

from fatnn_kernels.epilogue import StoreResults
from fatnn_kernels.operands import RegisterOperand, TappedRows
from fatnn_kernels.product import Product
from fatnn_kernels.sums import Sums, Words
from fatnn_kernels.tile import Body, Tile, constant, loop, sum_type
from fatnn_kernels.vector import I8, I32, I64, Vector, load, splat, store

#: Of a block of four registers; it may have fewer rows.
ROWS, COLUMNS = 32, 32
#: Words of a row or column that a step takes: 64 bytes.
WORDS = 16
#: Words of a panel of columns that a step takes.
STEP_WORDS = COLUMNS * WORDS

#: Without it, LLVM takes no assembly but an empty one.
llvm.initialize_native_asmparser()

_CLEAR = "tilezero %tmm0\ntilezero %tmm1\ntilezero %tmm2\ntilezero %tmm3"
#: $0 what the columns begin at, $1 no bytes from a row of it to the next.
_BEGIN = """tileloadd ($0,$1,1), %tmm0
tileloadd 64($0,$1,1), %tmm1
tileloadd ($0,$1,1), %tmm2
tileloadd 64($0,$1,1), %tmm3"""
#: $0 and $1 the two tiles of rows, $2 columns; $3 and $4 the bytes from a row of theirs to the next.
_LOADED_STEP = """tileloadd ($2,$4,1), %tmm6
tileloadd ($0,$3,1), %tmm4
tdpbssd %tmm6, %tmm4, %tmm0
tileloadd 64($2,$4,1), %tmm7
tdpbssd %tmm7, %tmm4, %tmm1
tileloadd ($1,$3,1), %tmm5
tdpbssd %tmm6, %tmm5, %tmm2
tdpbssd %tmm7, %tmm5, %tmm3"""
#: $0 a row, $1 columns; $2 and $3 the bytes from a row of theirs to the next.
_LOAD = """tileloadd ($0,$2,1), %tmm4
tileloadd ($0,$2,1), %tmm5
tileloadd ($1,$3,1), %tmm6
tileloadd ($1,$3,1), %tmm7"""
_REGISTER_STEP = """tdpbssd %tmm6, %tmm4, %tmm0
tdpbssd %tmm7, %tmm4, %tmm1
tdpbssd %tmm6, %tmm5, %tmm2
tdpbssd %tmm7, %tmm5, %tmm3"""
#: $0 and $1 the sums of each tile of rows, $2 the bytes from a row of them to the next.
_STORE = """tilestored %tmm0, ($0,$2,1)
tilestored %tmm1, 64($0,$2,1)
tilestored %tmm2, ($1,$2,1)
tilestored %tmm3, 64($1,$2,1)"""


def check_block(tile: Tile) -> None:
    """Raise a ValueError unless the tile is a block of registers: its columns lie in panels of their width."""
    if tile.columns != COLUMNS or tile.rows % 2 or not 2 <= tile.rows <= ROWS:
        raise ValueError(
            f"{tile.product.name}: a tile of {tile.rows} rows and {tile.columns} columns; "
            f"expected {COLUMNS} columns and an even number of rows, at most {ROWS}"
        )


@dataclass(frozen=True)
class PanelRows:
    """Rows of x, [step][row][word]."""

    pointer: ir.Value  #: u32*

    def words(self, builder: ir.IRBuilder, tile: Tile, step: ir.Value, index: int) -> list[ir.Value]:
        """The words of a row at a step lie side by side."""
        at = builder.gep(self.pointer, [builder.mul(step, constant(tile.rows * WORDS))])
        return [builder.load(builder.gep(at, [constant(index * WORDS + word)])) for word in range(WORDS)]


@dataclass(frozen=True)
class PanelColumns:
    """Columns of y, [step][word][column]."""

    pointer: ir.Value  #: u32*

    def words(self, builder: ir.IRBuilder, tile: Tile, step: ir.Value, index: int) -> list[ir.Value]:
        """A vector of each word lies a row of columns behind that of the one before."""
        lanes = ir.VectorType(I32, tile.lanes)
        at = builder.gep(self.pointer, [builder.mul(step, constant(STEP_WORDS))])
        return [
            load(builder, builder.gep(at, [constant(word * COLUMNS + index * tile.lanes)]), lanes)
            for word in range(WORDS)
        ]


@dataclass(frozen=True)
class StoredSums:
    """The sums of a block, in memory."""

    tile: Tile
    pointer: ir.Value  #: i32*, [row][column]

    def row(self, builder: ir.IRBuilder, row: int) -> list[list[Vector]]:
        """The sums of a row: a product by tiles has one accumulator."""
        lanes, first = sum_type(self.tile), row * COLUMNS
        starts = range(first, first + COLUMNS, self.tile.lanes)
        return [[Vector(builder, load(builder, builder.gep(self.pointer, [constant(at)]), lanes))] for at in starts]


@dataclass(frozen=True)
class _Rows:
    """Where the two tiles of rows lie at a step."""

    bases: Sequence[ir.Value]  #: u32*, a tile each
    stride: ir.Value  #: i64, words from a row to the next
    offset: Callable[[ir.Value], ir.Value]  #: step -> i64, words from the bases on

    @staticmethod
    def of(builder: ir.IRBuilder, words: Words) -> "_Rows":
        """Those of a panel, or of an image, whose rows lie evenly in each tile."""
        rows, half = words.rows, words.tile.rows // 2
        if isinstance(rows, TappedRows):
            taps, (one, two) = rows.taps, (builder.ptrtoint(base, I64) for base in rows.bases[:2])
            stride = builder.sdiv(builder.sub(two, one), constant(4))

            def first_word(step: ir.Value) -> ir.Value:
                return builder.load(builder.gep(taps, [builder.mul(step, constant(WORDS))]))

            return _Rows((rows.bases[0], rows.bases[half]), stride, first_word)
        assert isinstance(rows, PanelRows)
        second = builder.gep(rows.pointer, [constant(half * WORDS)])
        return _Rows(
            (rows.pointer, second), constant(WORDS), lambda step: builder.mul(step, constant(2 * half * WORDS))
        )

    def at(self, builder: ir.IRBuilder, step: ir.Value) -> list[ir.Value]:
        """The first word of each tile."""
        offset = self.offset(step)
        return [builder.gep(base, [offset]) for base in self.bases]


def sum_tiles(builder: ir.IRBuilder, words: Words, steps: ir.Value) -> Sums:
    """Sums of a block over so many steps; of registers, what is in them."""
    room = cgutils.alloca_once(builder, ir.ArrayType(I32, ROWS * COLUMNS))
    room.align = 64
    block = _Block(builder.bitcast(room, I32.as_pointer()), constant(COLUMNS), None)
    _sum_into(builder, words, steps, block)
    return StoredSums(words.tile, block.pointer)


def store_tiles(builder: ir.IRBuilder, words: Words, steps: ir.Value, results: StoreResults) -> None:
    """The same straight into a result: of x, products by tiles have no term, and all of K goes in at once."""
    _sum_into(builder, words, steps, _Block(results.c, results.c_stride, results.terms.y_term))


@dataclass(frozen=True)
class _Block:
    """Where sums go, and what they begin at."""

    pointer: ir.Value  #: i32*
    stride: ir.Value  #: i64, items from a row to the next
    y_term: ir.Value | None  #: i32*, [columns]; None for 0

    def row(self, builder: ir.IRBuilder, row: ir.Value) -> ir.Value:
        """The address of a row."""
        return builder.gep(self.pointer, [builder.mul(row, self.stride)])

    def begin(self, builder: ir.IRBuilder, tile: Tile, vector: int) -> ir.Value:
        """What a vector of the sums of any row begins at."""
        lanes = sum_type(tile)
        if self.y_term is None:
            return ir.Constant(lanes, None)
        return load(builder, builder.gep(self.y_term, [constant(vector * tile.lanes)]), lanes)


def _sum_into(builder: ir.IRBuilder, words: Words, steps: ir.Value, block: _Block) -> None:
    (_multiply if words.tile.counting == "amx" else _emulate)(builder, words, steps, block)


def configure(builder: ir.IRBuilder, tile: Tile) -> None:
    """Give this thread tiles; :func:`release` takes them back. The configuration lives on through context switches."""
    half = tile.rows // 2
    palette, bytes_of_rows, rows = [1, *[0] * 15], [64, 0] * 8 + [0] * 16, [half] * 6 + [16] * 2 + [0] * 8
    content = ir.Constant(ir.ArrayType(I8, 64), palette + bytes_of_rows + rows)
    _assembly(builder, "ldtilecfg ($0)", cgutils.alloca_once_value(builder, content))


def release(builder: ir.IRBuilder) -> None:
    """Leave the registers empty, so that nobody has to save them."""
    _assembly(builder, "tilerelease")


def _multiply(builder: ir.IRBuilder, words: Words, steps: ir.Value, block: _Block) -> None:
    if block.y_term is None:
        _assembly(builder, _CLEAR)
    else:
        _assembly(builder, _BEGIN, block.y_term, constant(0))
    if isinstance(words.rows, RegisterOperand):
        _load_registers(builder, words)
        loop(builder, constant(0), steps, 1, [], lambda step, _: _assembly(builder, _REGISTER_STEP))
    else:
        loop(builder, constant(0), steps, 1, [], _loaded_step(builder, words))
    first, second = (block.row(builder, constant(row)) for row in (0, words.tile.rows // 2))
    _assembly(builder, _STORE, first, second, builder.mul(block.stride, constant(4)))


def _load_registers(builder: ir.IRBuilder, words: Words) -> None:
    """The words that are used again and again, as one row and one vector of columns, in all of both."""
    tile = words.tile
    x, y = words.x(builder, constant(0), 0), _factors(tile.product, words.y(builder, constant(0), 0))
    row, columns = (
        builder.bitcast(cgutils.alloca_once(builder, ir.ArrayType(I32, count)), I32.as_pointer())
        for count in (WORDS, 16 * WORDS)
    )
    for word in range(WORDS):
        first = builder.extract_element(x[word].value, ir.Constant(I32, 0))
        builder.store(first, builder.gep(row, [constant(word)]))
        for column in range(0, 16, tile.lanes):
            store(builder, y[word].value, builder.gep(columns, [constant(16 * word + column)]))
    _assembly(builder, _LOAD, row, columns, constant(0), constant(4 * 16))


def _loaded_step(builder: ir.IRBuilder, words: Words) -> Body:
    rows, columns = _Rows.of(builder, words), words.columns
    assert isinstance(columns, PanelColumns)
    row_bytes, column_bytes = builder.mul(rows.stride, constant(4)), constant(4 * COLUMNS)

    def body(step: ir.Value, _: Sequence[ir.Value]) -> list[ir.Value]:
        at = builder.gep(columns.pointer, [builder.mul(step, constant(STEP_WORDS))])
        return _assembly(builder, _LOADED_STEP, *rows.at(builder, step), at, row_bytes, column_bytes)

    return body


def _assembly(builder: ir.IRBuilder, text: str, *inputs: ir.Value) -> list[ir.Value]:
    """Instructions that take pointers and numbers, and may read and write any memory; no values come out."""
    signature = ir.FunctionType(ir.VoidType(), [value.type for value in inputs])
    constraints = ",".join([*["r"] * len(inputs), "~{memory}"])
    builder.call(ir.InlineAsm(signature, text, constraints, side_effect=True), inputs)
    return []


def _emulate(builder: ir.IRBuilder, words: Words, steps: ir.Value, block: _Block) -> None:
    """The same sums by instructions that every CPU has, row by row."""
    tile = words.tile
    begin = [block.begin(builder, tile, v) for v in range(tile.vectors)]
    of_step = _kept_step(builder, words) if isinstance(words.rows, RegisterOperand) else _read_step(builder, words)

    def row(index: ir.Value, _: Sequence[ir.Value]) -> list[ir.Value]:
        sums = loop(builder, constant(0), steps, 1, begin, of_step(index))
        for total, at in zip(sums, _starts(builder, tile, block.row(builder, index)), strict=True):
            store(builder, total, at)
        return []

    loop(builder, constant(0), constant(tile.rows), 1, [], row)


def _starts(builder: ir.IRBuilder, tile: Tile, row: ir.Value) -> list[ir.Value]:
    """Where each vector of a row of columns begins."""
    return [builder.gep(row, [constant(v * tile.lanes)]) for v in range(tile.vectors)]


def _kept_step(builder: ir.IRBuilder, words: Words) -> Callable[[ir.Value], Body]:
    """A row's products at a step, of words that stay in registers."""
    tile = words.tile

    def body(step: ir.Value, sums: Sequence[ir.Value]) -> list[ir.Value]:
        x = words.x(builder, step, 0)
        y = [_factors(tile.product, words.y(builder, step, v)) for v in range(tile.vectors)]
        return [_dotted(builder, total, x, y[v]) for v, total in enumerate(sums)]

    return lambda index: body


def _read_step(builder: ir.IRBuilder, words: Words) -> Callable[[ir.Value], Body]:
    """A row's products at a step, word by word from memory: unrolled, they would take seconds to compile."""
    tile, rows, columns = words.tile, _Rows.of(builder, words), words.columns
    assert isinstance(columns, PanelColumns)
    half = constant(tile.rows // 2)

    def of_row(index: ir.Value) -> Body:
        is_first = builder.icmp_signed("<", index, half)
        within = builder.mul(builder.select(is_first, index, builder.sub(index, half)), rows.stride)

        def body(step: ir.Value, sums: Sequence[ir.Value]) -> list[ir.Value]:
            x = builder.gep(builder.select(is_first, *rows.at(builder, step)), [within])
            y = builder.gep(columns.pointer, [builder.mul(step, constant(STEP_WORDS))])

            def of_word(word: ir.Value, sums: Sequence[ir.Value]) -> list[ir.Value]:
                quad = Vector(builder, splat(builder, builder.load(builder.gep(x, [word])), tile.lanes))
                row = builder.gep(y, [builder.mul(word, constant(COLUMNS))])
                lanes = quad.value.type
                return [
                    _dotted(builder, total, [quad], [Vector(builder, load(builder, at, lanes))])
                    for total, at in zip(sums, _starts(builder, tile, row), strict=True)
                ]

            return loop(builder, constant(0), constant(WORDS), 1, sums, of_word)

        return body

    return of_row


def _dotted(builder: ir.IRBuilder, total: ir.Value, x: Sequence[Vector], y: Sequence[Vector]) -> ir.Value:
    """total + Σ x·y, as ``tdpbssd`` has it."""
    acc = Vector(builder, total)
    for quad, other in zip(x, y, strict=True):
        acc = quad.dot_signed_quads(acc, other)
    return acc.value


class _Remembering:
    """Stands for a word of x: remembers what it is multiplied by."""

    def __init__(self) -> None:
        self.factor: Vector | None = None

    def dot_signed_quads(self, acc: "_Remembering", other: Vector) -> "_Remembering":
        """Add nothing."""
        self.factor = other
        return acc


def unpack(builder: ir.IRBuilder, words: Words, steps: ir.Value, panel: ir.Value) -> None:
    """Append a loop that stores what a product multiplies x by as columns of a panel, ``panel`` u32*."""
    tile = words.tile

    def body(step: ir.Value, _: Sequence[ir.Value]) -> list[ir.Value]:
        at = builder.gep(panel, [builder.mul(step, constant(STEP_WORDS))])
        for v in range(tile.vectors):
            for word, factor in enumerate(_factors(tile.product, words.y(builder, step, v))):
                store(builder, factor.value, builder.gep(at, [constant(word * COLUMNS + v * tile.lanes)]))
        return []

    loop(builder, constant(0), steps, 1, [], body)


def _factors(product: Product, y: Sequence[Vector]) -> list[Vector]:
    """What a step multiplies each word of x by."""
    x = [_Remembering() for _ in range(WORDS)]
    product.step([_Remembering()], x, y)
    factors = [word.factor for word in x if word.factor is not None]
    if len(factors) != WORDS:
        raise ValueError(f"{product.name}: step multiplies {len(factors)} words of x; expected each of {WORDS} once")
    return factors
