"""Training: the same for a seed, resumed to the same bit, stopped by NaN; checkpoints, rows and the table."""

import dataclasses
import json
import math

import numpy as np
import pytest
from scipy import stats

torch = pytest.importorskip("torch")

from fatnn_bench.accuracy import augment, checkpoint, experiment, records, schemes, table, training  # noqa: E402
from fatnn_bench.accuracy.datasets.images import DataSet, InMemory  # noqa: E402
from fatnn_bench.accuracy.export import exported  # noqa: E402
from fatnn_bench.accuracy.networks import Architecture, start_from  # noqa: E402
from fatnn_bench.accuracy.summary import Summary, differences, summaries, t_half_width  # noqa: E402
from fatnn_bench.errors import Exit, UserError  # noqa: E402
from fatnn_bench.records.journal import Journal  # noqa: E402

ARCHITECTURE = Architecture("small-cnn", "fatnn", 1, 8, 2, pixel_bits=4)


@pytest.fixture(autouse=True)
def _deterministic():
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    yield
    torch.set_num_threads(before[0])
    torch.use_deterministic_algorithms(before[1])


def two_classes(images: int) -> InMemory:
    """Bright left or right halves, with noise."""
    rng = np.random.default_rng(images)
    classes = rng.integers(0, 2, images)
    pixels = rng.integers(0, 8, (images, 1, 8, 8), np.uint8)
    for image, label in zip(pixels, classes, strict=True):
        image[:, :, 4 * label : 4 * label + 4] += 8
    return InMemory(pixels, classes)


DATA = DataSet("halves", two_classes(64), two_classes(50), 2, channels=1, size=8, shift=1, pixel_bits=4)


def trained(path, epochs: int, seed: int = 0, rate: float = 0.05, architecture=ARCHITECTURE):
    torch.manual_seed(seed)
    graph = architecture.build()
    training.train(architecture, graph, DATA, training.Recipe(epochs, rate, 16), seed, path)
    return graph


def same(a, b) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def test_it_learns(tmp_path):
    assert training.accuracy(trained(tmp_path / "a.pt", 8), DATA) > 0.9


@pytest.mark.parametrize("scheme", schemes.SCHEMES)
def test_one_seed_gives_one_network_whatever_the_scheme(tmp_path, scheme):
    architecture = dataclasses.replace(ARCHITECTURE, scheme=scheme)
    a, b = (trained(tmp_path / f"{i}.pt", 2, architecture=architecture) for i in range(2))
    assert same(a, b)
    assert not same(a, trained(tmp_path / "other.pt", 2, seed=1, architecture=architecture))


def test_resumed_training_ends_in_the_same_bits(tmp_path, monkeypatch):
    whole = trained(tmp_path / "whole.pt", 6)
    monkeypatch.setattr(training, "CHECKPOINT_EVERY_S", 0.0)
    epochs = iter(range(6))

    def killed():
        if next(epochs) == 2:
            raise KeyboardInterrupt

    torch.manual_seed(0)
    graph = ARCHITECTURE.build()
    recipe = training.Recipe(6, 0.05, 16)
    with pytest.raises(KeyboardInterrupt):
        training.train(ARCHITECTURE, graph, DATA, recipe, 0, tmp_path / "killed.pt", killed)
    torch.manual_seed(77)  # nothing may hang on torch's own generator
    resumed = ARCHITECTURE.build()
    training.train(ARCHITECTURE, resumed, DATA, recipe, 0, tmp_path / "killed.pt")
    assert same(whole, resumed)


def test_nan_stops_with_the_step_and_the_loss(tmp_path):
    with pytest.raises(
        training.DivergedError, match=r"fatnn, seed 0: the loss is (nan|inf) at step \d+ \(epoch 0\)"
    ) as e:
        trained(tmp_path / "a.pt", 3, rate=1e30)
    assert e.value.exit_code == Exit.ERROR


def test_a_running_variance_that_overflowed_stops_with_its_name(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "CHECKPOINT_EVERY_S", 0.0)
    graph = ARCHITECTURE.build()
    recipe = training.Recipe(2, 0.05, 16)

    def overflow():
        graph.layers["norm1"].running_var.fill_(math.inf)

    with pytest.raises(training.DivergedError, match=r"norm1\.running_var holds inf at the end of epoch 1"):
        training.train(ARCHITECTURE, graph, DATA, recipe, 0, tmp_path / "a.pt", overflow)
    kept = checkpoint.read(tmp_path / "a.pt")["model"]
    assert all(tensor.isfinite().all() for tensor in kept.values())  # what has diverged is not saved


def diverging(monkeypatch, *schemes):
    """Trainings of these schemes diverge at once."""
    train = training.train

    def train_or_diverge(architecture, *arguments):
        if architecture.scheme in schemes:
            raise training.DivergedError(f"{architecture.scheme}: the loss is nan")
        train(architecture, *arguments)

    monkeypatch.setattr(training, "train", train_or_diverge)


def test_a_precision_that_diverges_ends_alone_and_is_not_tried_again(tmp_path, monkeypatch):
    whole = run_all(tmp_path / "whole.jsonl")
    diverging(monkeypatch, "xnor")
    path = tmp_path / "run.jsonl"
    run = run_all(path)
    assert facts(run) == [fact for fact in facts(whole) if fact[0] == "float32"]
    assert [(record.precision, record.seed) for record in run.diverged] == [("xnor", 0), ("xnor", 1)]
    assert experiment.missing(run) == []
    assert "xnor, seed 1 diverged and is left out: xnor: the loss is nan" in table.document(run).sheets[0].notes


def test_where_the_float_network_diverges_the_others_start_untrained(tmp_path, monkeypatch):
    diverging(monkeypatch, "float32")
    run = run_all(tmp_path / "run.jsonl")
    assert [(record.precision, record.seed) for record in run.diverged] == [("float32", 0), ("float32", 1)]
    assert [(row.precision, row.seed, row.start_trained) for row in run.rows] == [
        ("xnor", 0, False),
        ("xnor", 1, False),
    ]
    sentence = "seed 1: its float32 network diverged, and all precisions started untrained"
    assert sentence in table.document(run).sheets[0].notes
    model = dataclasses.replace(ARCHITECTURE, scheme="xnor")
    alone = trained(tmp_path / "alone.pt", 1, architecture=model)
    assert same(alone, checkpoint.load_network(tmp_path / "run" / "xnor-seed0.pt")[1])


def test_no_precision_ends_the_campaign_however_high_the_learning_rate(tmp_path):
    settings = dataclasses.replace(SETTINGS, learning_rate=1e30, seeds=1)
    run = run_all(tmp_path / "run.jsonl", settings)
    ends = {record.precision for record in run.diverged} | {row.precision for row in run.rows}
    assert ends == {"float32", "xnor"}
    assert "float32" in {record.precision for record in run.diverged}


def test_step_sizes_do_not_decay_and_clips_of_pact_do():
    graph = dataclasses.replace(ARCHITECTURE, scheme="pact-2bit").build()
    decaying, _ = training._groups(graph)
    assert graph.layers["conv1"].quantise_input.alpha in set(decaying["params"])
    graph = ARCHITECTURE.build()
    _, others = training._groups(graph)
    assert others["weight_decay"] == 0
    assert {id(p) for p in others["params"]} >= {id(graph.layers["conv1"].quantise_weight.alpha)}


def test_a_low_bit_network_starts_from_the_float_one():
    start = dataclasses.replace(ARCHITECTURE, scheme="float32").build()
    graph = ARCHITECTURE.build()
    start_from(graph, start)
    torch.testing.assert_close(graph.layers["conv2"].weight, start.layers["conv2"].weight)
    assert graph.layers["conv2"].quantise_weight.alpha.eq(0.5).all()


def test_images_move_whole_and_mirror():
    data = dataclasses.replace(DATA, shift=2, flip=True)
    x = torch.rand(200, 1, 8, 8) + 1
    moved = augment.varied(x, data, torch.Generator().manual_seed(0))
    padded = torch.nn.functional.pad(x, [2] * 4)
    for before, after in zip(padded, moved, strict=True):
        windows = [w[:, i : i + 8, j : j + 8] for w in (before, before.flip(2)) for i in range(5) for j in range(5)]
        assert any(torch.equal(after, window) for window in windows)


class Quiet:
    def begins(self, name):
        pass

    def epoch_done(self):
        pass

    def row_done(self, row):
        pass

    def diverged(self, record):
        pass

    def start_diverged(self, seed, reason):
        pass


SETTINGS = records.Settings(
    dataset="halves", network="small-cnn", order="cbsa", calibration=False, precisions=("float32", "xnor"), seeds=2,
    epochs=1, learning_rate=0.05, batch=16, threads=1,
)  # fmt: skip
HEADER = records.AccuracyHeader(
    created="2026-01-02T03:04:05+00:00", command=["fatnn-bench"], settings=SETTINGS, machine={"cpu": "µ"}, software={}
)


def run_all(path, settings=SETTINGS) -> records.AccuracyRun:
    with Journal(path) as journal:
        records.append(journal, dataclasses.replace(HEADER, settings=settings))
        experiment.run(settings, DATA, experiment.missing(records.read(path)), journal, Quiet())
    return records.read(path)


def facts(run: records.AccuracyRun) -> list[tuple]:
    return [(row.precision, row.seed, row.accuracy) for row in run.rows]


def test_an_experiment_killed_half_way_goes_on_to_the_same_rows(tmp_path):
    whole = run_all(tmp_path / "whole.jsonl")
    assert [row[:2] for row in facts(whole)] == [("float32", 0), ("xnor", 0), ("float32", 1), ("xnor", 1)]

    class Killer(Quiet):
        def row_done(self, row):
            if row.seed == 0 and row.precision == "xnor":
                raise KeyboardInterrupt

    path = tmp_path / "killed.jsonl"
    with Journal(path) as journal:
        records.append(journal, HEADER)
        with pytest.raises(KeyboardInterrupt):
            experiment.run(SETTINGS, DATA, experiment.missing(records.read(path)), journal, Killer())
    with path.open("a") as file:
        file.write('{"torn')
    kept = records.read(path)
    assert facts(kept) == facts(whole)[:1]
    with Journal(path, go_on=True) as journal:
        experiment.run(SETTINGS, DATA, experiment.missing(kept), journal, Quiet())
    assert facts(records.read(path)) == facts(whole)


def test_weights_are_counted_packed():
    graph = dataclasses.replace(ARCHITECTURE, scheme="xnor").build()
    low = 9 * (16 * 16 + 16 * 32 + 32 * 32)
    rest = 9 * 16 + 2 * (16 + 16 + 32 + 32) + 32 * 2 + 2
    assert experiment.weight_bytes(graph, schemes.SCHEMES["xnor"]) == low // 8 + 4 * rest


def test_the_interval_is_students():
    values = [0.9, 0.92, 0.97]
    low, high = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
    assert t_half_width(values) == pytest.approx((high - low) / 2)
    assert math.isnan(t_half_width([0.5]))


def test_differences_are_taken_seed_by_seed():
    a, b = (
        Summary("x", "", "", None, *of, 0, 0.0) for of in (((0, 1, 3), (0.9, 0.8, 0.7)), ((1, 0, 2), (0.5, 0.6, 0.1)))
    )
    assert differences(a, b) == pytest.approx([0.3, 0.3])


def test_the_table_has_a_line_a_precision_best_first(tmp_path):
    run = run_all(tmp_path / "run.jsonl")
    document = table.document(run)
    best = max(summaries(run.rows), key=lambda s: s.mean)
    first = document.sheets[0].rows[0]
    assert first[0] == best.precision
    assert float(first[3]) == pytest.approx(100 * best.mean, abs=0.005)
    json.dumps(document.data)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is not a results file of `fatnn-bench accuracy`: it is empty, "),
        ("\n \n", "is not a results file of `fatnn-bench accuracy`: it is empty, "),
        ('{"kind": "header", "schema": 1}\n', "its first line is not its header"),
        ('{"kind": "accuracy-header", "schema": 9}\n', "has schema 9, this fatnn-bench reads up to 1"),
        ('{"kind": "accuracy-header", "schema": 1}\n', "line 1, created: this field is missing"),
        ("nonsense\n", "line 1: not JSON"),
    ],
)
def test_files_that_are_refused(tmp_path, content, reason):
    path = tmp_path / "run.jsonl"
    path.write_text(content)
    with pytest.raises(UserError, match=reason):
        records.read(path)


def test_checkpoints_that_are_refused(tmp_path):
    path = tmp_path / "net.pt"
    trained(path, 1)
    content = path.read_bytes()
    for broken in (content[: len(content) // 2], b"", b"hello"):
        path.write_bytes(broken)
        with pytest.raises(UserError, match=r"net\.pt is not a checkpoint of fatnn-bench"):
            checkpoint.load_network(path)
    torch.save({"model": {}}, path)
    with pytest.raises(UserError, match="is not a checkpoint of fatnn-bench; name"):
        checkpoint.load_network(path)
    with pytest.raises(UserError, match=r"cannot read .*none\.pt: No such file or directory; name a \.pt file"):
        checkpoint.load_network(tmp_path / "none.pt")


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return print, ("this must not run",)

    torch.save({"format": checkpoint.FORMAT, "evil": Evil()}, tmp_path / "net.pt")
    with pytest.raises(UserError, match="holds more than tensors and plain values"):
        checkpoint.load_network(tmp_path / "net.pt")


@pytest.mark.parametrize(
    ("field", "value"),
    [("size", 10**9), ("size", "8"), ("classes", -1), ("order", "abc"), ("network", [])],
)
def test_an_architecture_that_is_none_is_refused(tmp_path, field, value):
    held = {"format": checkpoint.FORMAT, "architecture": ARCHITECTURE.to_json() | {field: value}, "model": {}}
    torch.save(held, tmp_path / "net.pt")
    with pytest.raises(UserError, match=r"net\.pt"):
        checkpoint.load_network(tmp_path / "net.pt")


def test_a_checkpoint_of_another_training_is_refused(tmp_path):
    trained(tmp_path / "a.pt", 1)
    with pytest.raises(UserError, match=r"a\.pt is of another training"):
        trained(tmp_path / "a.pt", 1, architecture=dataclasses.replace(ARCHITECTURE, classes=5))


def test_a_network_whose_numbers_overflow_is_not_exported():
    graph = ARCHITECTURE.build()
    graph.layers["classifier"].linear.weight.data.fill_(1e38)
    with pytest.raises(UserError, match="cannot be exported: operation classifier: its logits may reach"):
        exported(ARCHITECTURE, graph)


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    other = dataclasses.replace(ARCHITECTURE, size=8, classes=5)
    checkpoint.save(tmp_path / "net.pt", ARCHITECTURE, other.build())
    with pytest.raises(UserError, match="does not fit this fatnn-bench"):
        checkpoint.load_network(tmp_path / "net.pt")


def test_precisions_are_chosen_by_glob():
    assert [scheme.name for scheme in schemes.choose("xnor,fatnn*")] == ["fatnn", "fatnn-full", "xnor"]
    with pytest.raises(UserError, match="no precision matches 'int3'; there are float32"):
        schemes.choose("xnor,int3")
