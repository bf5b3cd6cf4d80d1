"""Every mistake on the command line is one sentence on stderr, and exit code 2."""

import pytest

PLATFORM = "mine:\n  kind: cpu\n  treads: 1\n"
NETWORK = "layers:\n  - {kind: conv, name: a, in_channels: 0, out_channels: 8, height: 5, width: 5, kernel: 3}\n"
GEMM = ("--shapes", "3x3x3")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("run", *GEMM, "--kernel", "ternry-*"), ("--kernel 'ternry-*' matches nothing", "ternary-fatnn")),
        (("run", *GEMM, "--kernel", "binary,foo"), ("--kernel 'foo' matches nothing",)),
        (("run", "--shapes", "resnet81"), ("'resnet81'", "did you mean 'resnet18'?", "MxNxK")),
        (("run", "--shapes", "0x3x3"), ("shape 0x3x3", "at least 1")),
        (("run", "--shapes", "3x3"), ("'3x3'", "MxNxK")),
        (("run", "--shapes", ""), ("names nothing", "resnet18")),
        (("run", "--shapes", "missing.yaml"), ("missing.yaml",)),
        (("run", "--shapes", "net.yaml"), ("net.yaml", "line 2", "in_channels")),
        (("run", "--layer", "conv9*"), ("--layer 'conv9*' matches nothing", "resnet18.conv2_x")),
        (("run", "--platform", "natve"), ("no platform is 'natve'", "did you mean 'native'?")),
        (("run", "--platform", ","), ("names nothing", "native")),
        (("run", "--platforms", "missing.yaml"), ("missing.yaml",)),
        (("run", "--platforms", "p.yaml", "--platform", "mine"), ("p.yaml", "treads", "line 3", "threads")),
        (("run", *GEMM, "--quick", "--rigorous"), ("--quick and --rigorous exclude each other",)),
        (("verify", *GEMM, "--kernel", "foo"), ("--kernel 'foo' matches nothing",)),
        (("list", "platforms", "--platforms", "missing.yaml"), ("missing.yaml",)),
        (("show", "missing.jsonl"), ("there is no results file missing.jsonl",)),
        (("show", "p.yaml"), ("p.yaml is not a results file",)),
        (("show", "."), ("no results file lies in",)),
        (("compare", "missing.jsonl"), ("there is no results file missing.jsonl",)),
        (("plot", "missing.jsonl"), ("there is no results file missing.jsonl",)),
    ],
    ids=lambda value: " ".join(value) if value[0] in ("run", "verify", "list", "show", "compare", "plot") else "",
)
def test_a_mistake_is_one_sentence(command, tmp_path, arguments, told):
    (tmp_path / "p.yaml").write_text(PLATFORM)
    (tmp_path / "net.yaml").write_text(NETWORK)
    done = command(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("fatnn-bench: ")
    assert done.err.count("\n") == 1
    for words in told:
        assert words in done.err
    assert {path.name for path in tmp_path.iterdir()} == {"p.yaml", "net.yaml"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--seed", "-1"),
        ("run", "--seed", "one"),
        ("run", "--seed", str(2**63)),
        ("run", "--timeout", "inf"),
        ("run", "--timeout", "nan"),
        ("verify", "--timeout", "1e308"),
        ("run", "--case-seconds", "inf"),
        ("run", "--tread", "2"),
        ("show",),
        ("compare",),
        ("list", "kernel"),
        ("plot", "a.jsonl", "--kind", "pie"),
        ("benchmark",),
    ],
    ids=" ".join,
)
def test_what_the_parser_refuses_is_a_usage_error(command, arguments):
    done = command(*arguments)
    assert (done.code, done.out) == (2, "")
    assert "Usage:" in done.err


def test_the_process_answers_without_a_traceback(shell):
    done = shell("run", "--shapes", "resnet81")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("fatnn-bench: ")
    assert "Traceback" not in done.stderr


def test_a_full_disk_is_one_sentence_too(shell):
    done = shell("run", "--shapes", "3x3x3", "--kernel", "blas.*", "-o", "/dev/full")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("fatnn-bench: cannot write to /dev/full")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("option", "value"),
    [("learning-rate", "inf"), ("seeds", 10**20), ("epochs", 2**31), ("batch", 2**31), ("threads", 10**11)],
)
def test_numbers_that_none_can_train_with(command, tmp_path, option, value):
    pytest.importorskip("torch")
    done = command("accuracy", "--precision", "float32", "--seeds", "1", "--epochs", "1", f"--{option}", value)
    assert (done.code, done.out, list(tmp_path.iterdir())) == (2, "", [])
    assert done.err.startswith(f"fatnn-bench: the options, {option.replace('-', '_')}: found {value}, expected ")


@pytest.mark.parametrize("name", ["class", "Mine", "a-b", "1a", "../x"])
def test_names_that_no_module_can_have(command, tmp_path, name):
    done = command("new-kernel", name)
    assert (done.code, done.out, list(tmp_path.iterdir())) == (2, "", [])
    assert "cannot be a kernel's name" in done.err
