"""Ways to spoil a file: its bytes, its values, its cells, its words, the members of a zip."""

import io
import json
import zipfile
from random import Random
from typing import Any

DEEP = 20_000
#: What stands where a number, a word or a list was expected.
HOSTILE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, -(10**400), 0.0, -0.0, 0.5, 5e-324, 1.8e308, -1.8e308,
    float("nan"), float("inf"), float("-inf"), "", " ", "nan", "1e999", "NaN", "0x10", "1_000", "../../x",
    "/dev/zero", "a" * 300, "a" * 70_000, "\x00", "\x1b[31mred\x1b[0m", "\n", "|", "<b>", '"', "$x_{", "\\frac",
    "\\input{/etc/passwd}", "=1+1", "@SUM(1)", "é", "\u202e", "\ud800", [], {}, [[]], [None], {"": None}, [0] * 3,
    ["x"], {"name": "x"},
)  # fmt: skip
#: What a person or a program may have put into a text.
WORDS = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r\n", b"\n", b"'", b'"', b"{", b"}", b"[", b"]", b":", b",", b"- ",
    b"&a ", b"*a", b"<<: *a", b"!!python/object:os.system ", b"!!int foo", b"!!timestamp 2001-99-99", b"2001-99-99",
    b"!!binary x", b"? ", b"%YAML 1.1\n---\n", b"---\n", b"...\n", b"0x", b"0o9", b".inf", b"-.inf", b".nan",
    b"1e400", b"-1", b"0", b"10" * 30, b"~", b"yes", b"#", b"|\n ", b">\n ", b"\t", b"\x1b[2J", b"null", b"NaN",
    b"Infinity", b"\xc3\x28", b"=", b"\\", b"/", b"..",
)  # fmt: skip


def spoiled_bytes(random: Random, content: bytes) -> bytes:
    """One to three changes of bytes or words anywhere."""
    for _ in range(random.randint(1, 3)):
        at, length = random.randrange(len(content) + 1), random.choice([1, 1, 2, 8, 64])
        match random.randrange(7):
            case 0:
                content = content[:at]
            case 1:
                content = content[:at] + content[at + length :]
            case 2:
                content = content[:at] + random.randbytes(length) + content[at + length :]
            case 3:
                content = content[:at] + content[at : at + length] * random.choice([2, 3, 500]) + content[at + length :]
            case 4 if content:
                flipped = bytearray(content)
                flipped[random.randrange(len(content))] ^= 1 << random.randrange(8)
                content = bytes(flipped)
            case _:
                content = content[:at] + random.choice(WORDS) + content[at + random.choice([0, length]) :]
    return content


def spoiled_value(random: Random, value: Any) -> Any:
    """The value with one to three of the values inside it replaced, removed, doubled, renamed or buried."""
    for _ in range(random.randint(1, 3)):
        value = _spoiled_once(random, value)
    return value


def _spoiled_once(random: Random, value: Any) -> Any:
    if not isinstance(value, dict | list) or not value or random.random() < 0.15:
        return _replaced(random, value)
    if isinstance(value, dict):
        key = random.choice(list(value))
        changed = dict(value)
        match random.randrange(12):
            case 0:
                del changed[key]
            case 1:
                changed[str(random.choice(HOSTILE))[:100]] = changed.pop(key)
            case _:
                changed[key] = _spoiled_once(random, value[key])
        return changed
    at = random.randrange(len(value))
    match random.randrange(12):
        case 0:
            return value[:at] + value[at + 1 :]
        case 1:
            return [*value, value[at]]
        case 2:
            return value * 50
    return [*value[:at], _spoiled_once(random, value[at]), *value[at + 1 :]]


def _replaced(random: Random, value: Any) -> Any:
    match random.randrange(8):
        case 0 if isinstance(value, int | float):
            return value * random.choice([-1, 0, 1e-300, 1e300, 1e9, 1e-9, 10**6]) if abs(value) < 1e100 else 0
        case 1 if isinstance(value, str):
            return spoiled_bytes(random, value.encode(errors="replace")).decode(errors="replace")
        case 2:
            return str(value)
    return random.choice(HOSTILE)


def spoiled_json(random: Random, content: bytes) -> bytes:
    """JSON with a spoiled value; now and then too deep, or spoiled as text."""
    match random.randrange(10):
        case 0:
            return spoiled_bytes(random, content)
        case 1 if random.random() < 0.3:
            return content.replace(b":", b":" + b"[" * DEEP, 1)
    return json.dumps(spoiled_value(random, json.loads(content))).encode(errors="replace")


def spoiled_lines(random: Random, content: bytes) -> bytes:
    """JSON Lines with one line spoiled, repeated, removed, or put elsewhere."""
    lines = content.splitlines()
    at = random.choice([0, random.randrange(len(lines))])
    match random.randrange(12):
        case 0:
            lines.insert(random.randrange(len(lines)), lines[at])
        case 1:
            del lines[at]
        case 2:
            lines.append(lines.pop(at))
        case _:
            lines[at] = spoiled_json(random, lines[at])
    return b"\n".join(lines) + random.choice([b"\n", b"\n", b"\r\n", b""])


def spoiled_table(random: Random, content: bytes) -> bytes:
    """CSV with a cell, a heading or a line replaced."""
    if random.random() < 0.3:
        return spoiled_bytes(random, content)
    rows = [line.split(b",") for line in content.splitlines()]
    for _ in range(random.randint(1, 3)):
        row = rows[random.choice([0, random.randrange(len(rows))])]
        row[random.randrange(len(row))] = str(random.choice(HOSTILE)).encode(errors="replace")
    return random.choice([b"\n", b"\r\n"]).join(b",".join(row) for row in rows)


def spoiled_yaml(random: Random, content: bytes) -> bytes:
    """YAML with a word put in, a line moved, or what follows a colon replaced; now and then too deep."""
    lines = content.splitlines(keepends=True)
    at = random.randrange(len(lines))
    match random.randrange(8):
        case 0 | 1:
            return spoiled_bytes(random, content)
        case 2:
            lines.insert(random.randrange(len(lines)), lines[at])
        case 3:
            lines[at] = b" " * random.randrange(5) + lines[at].lstrip()
        case 4 if random.random() < 0.3:
            lines[at] = lines[at].rstrip() + b"[" * random.choice([50, DEEP]) + b"\n"
        case _:
            key, colon, _ = lines[at].partition(b":")
            scalar = random.choice([*WORDS, *(json.dumps(value).encode() for value in HOSTILE)])
            lines[at] = key + colon + b" " + scalar + b"\n"
    return b"".join(lines)


def spoiled_zip(random: Random, content: bytes, spoil: dict[str, Any]) -> bytes:
    """A zip whose bytes are spoiled, or one of its members: by what ``spoil`` has for the end of its name."""
    if random.random() < 0.3:
        return spoiled_bytes(random, content)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        members = old.namelist()
        chosen = random.choice(members)
        for name in members:
            inside = old.read(name)
            if name == chosen:
                if random.random() < 0.1:
                    continue
                how = next((how for end, how in spoil.items() if name.endswith(end)), spoiled_bytes)
                inside = how(random, inside)
                name = random.choice([*[name] * 9, "../x", "/x", "a\\..\\..\\x", "con:", "a" * 300])
            new.writestr(name, inside)
    return out.getvalue()
