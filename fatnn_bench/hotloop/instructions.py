"""What kinds of instructions there are, by the names that x86 and AArch64 give them."""

import re

__all__ = ["is_spill", "kind"]

#: By mnemonics; the first that fits.
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(rf"(?:{pattern})"))
    for name, pattern in (
        ("popcount", r"v?popcnt|cnt\b|vcpop"),
        ("multiply-add", r"v?pdp|v?pmadd|vf[n]?m(add|sub)|[su]dot\b|fml[as]\b|fmadd|mulss|mulps|vmul|mul"),
        ("shuffle", r"v?pshuf|v?perm|v?punpck|v?pal|v?insert|v?extract|v?pblend|v?shuf|v?unpck|tbl\b|zip|uzp|ext\b"),
        ("load, broadcast", r"v?p?broadcast|ld[pr1-4]|ldu?r|v?movddup"),
        ("gate", r"v?p?(and|or|xor|andn|ternlog)|eor|orr|bic|bsl|orn|mvn|not"),
        ("jump, compare", r"j[a-z]+$|cmp|test|b\.|cbn?z|tbn?z|subs\b|b$"),
        ("add", r"v?p?(add|sub|adc|sad)|[us]?ada|[us]addl|addv|inc|dec|lea"),
        ("shift", r"v?ps[rl]l|v?psra|[us]?shr|shl|ushr|sar|lsl|lsr"),
        ("move", r"v?mov|mov"),
    )
)


def kind(instruction: str) -> str:
    """Return the kind of an assembly line, in a word; ``spill`` to and from the stack, ``other`` if unknown."""
    if is_spill(instruction):
        return "spill"
    mnemonic, _, operands = instruction.partition("\t")
    name = next((name for name, pattern in _KINDS if pattern.match(mnemonic)), "other")
    reads_memory = name == "move" and "(" in operands.partition("#")[0]
    return "load, broadcast" if reads_memory else name


def is_spill(instruction: str) -> bool:
    """Whether LLVM's comment says that an instruction moves a register to the stack, or back from there."""
    return instruction.endswith((" Spill", " Reload"))
