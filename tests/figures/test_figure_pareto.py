import io
import itertools
from dataclasses import asdict

import matplotlib as mpl
import pytest
from accuracies import ACCURACY, SPEED, make_accuracy
from matplotlib.text import Annotation
from typer.testing import CliRunner

from fatnn_bench.accuracy import records
from fatnn_bench.cli.main import app
from fatnn_bench.comparison.tradeoff import joined
from fatnn_bench.errors import UserError
from fatnn_bench.figures import Options, pareto, saving, style
from fatnn_bench.records import store
from fatnn_bench.records.journal import Journal


def draw(accuracy=ACCURACY):
    with mpl.rc_context(style.rc(style.Width.SCREEN)):
        figure = pareto.draw(pareto.table(joined(accuracy, SPEED)), SPEED, "digits")
        figure.savefig(io.BytesIO())
    return figure


@pytest.fixture
def files(tmp_path):
    """The two runs, on disk."""
    speed, accuracy = tmp_path / "speed.jsonl", tmp_path / "accuracy.jsonl"
    with store.Writer(speed) as writer:
        writer.begin(SPEED.header)
        for row in SPEED.rows:
            writer.write(row)
    with Journal(accuracy) as journal:
        for record in (ACCURACY.header, *ACCURACY.rows):
            records.append(journal, record)
    assert asdict(records.read(accuracy).rows[0]) == asdict(ACCURACY.rows[0])
    return speed, accuracy


def invoke(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_table_has_what_is_drawn():
    table = pareto.table(joined(ACCURACY, SPEED)).set_index("precision")
    assert table.loc["fatnn", "latency_s"] == pytest.approx(1e-3)
    assert table.loc["fatnn", "accuracy"] == pytest.approx(0.97533, abs=1e-5)
    assert table.loc["float32", "weight_bytes"] == 65536


def test_every_precision_is_a_point_and_a_label_in_both_panels():
    for ax in draw().axes:
        labels = [child for child in ax.get_children() if isinstance(child, Annotation)]
        assert len(labels) == 5
        heights = sorted(label.xyann[1] for label in labels)
        assert min(b - a for a, b in itertools.pairwise(heights)) > 0.06
        assert heights[-1] <= 1


def test_the_line_joins_what_nothing_beats():
    left, _ = draw().axes
    (front,) = (line for line in left.lines if line.get_drawstyle() == "steps-post")
    assert [round(x * 1e3, 3) for x in front.get_xdata()] == [0.5, 1.0, 2.0, 4.0]


def bars(ax):
    """The lengths of the upright ones, in parts of all images; the level ones are of the latency."""
    ends = [segment for lines in ax.collections for segment in lines.get_segments()]
    return sorted(high / 100 - low / 100 for (left, low), (right, high) in ends if left == right and high > low)


def test_a_bar_is_as_long_as_the_interval_over_seeds():
    table = pareto.table(joined(ACCURACY, SPEED))
    for ax in draw().axes:
        assert bars(ax) == pytest.approx(sorted(table["accuracy_high"] - table["accuracy_low"]))


def test_one_seed_has_no_bar_and_is_drawn():
    for ax in draw(make_accuracy(fatnn=[0.9], xnor=[0.8])).axes:
        assert bars(ax) == []
        assert {float(line.get_ydata()[0]) for line in ax.lines if line.get_marker() == "o"} == {90, 80}


def test_figure_and_csv(tmp_path):
    for path in saving.save("pareto", [SPEED], tmp_path / "pareto.svg", Options(accuracy=ACCURACY)):
        assert path.stat().st_size > 0


def test_commands(files, tmp_path):
    speed, accuracy = files
    drawn = invoke("plot", speed, "--kind", "pareto", "--accuracy", accuracy, "-o", tmp_path / "x.png")
    assert drawn.exit_code == 0
    assert (tmp_path / "x.csv").exists()
    advice = invoke("recommend", speed, "--accuracy", accuracy, "--max-latency", "1500us")
    assert advice.stdout.startswith("fatnn: 97.53% ± 1.25 accuracy, 1 ms [990 µs, 1.01 ms] an image by ternary-fatnn")
    unsure = invoke("recommend", speed, "--accuracy", accuracy, "--min-accuracy", "0.965")
    assert "cannot tell whether it keeps the limit: fatnn" in unsure.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("recommend", "--max-latency", "2"), "expected a time with its unit"),
        (("recommend",), "nothing to decide by"),
        (("plot", "--kind", "stages"), "--accuracy is for --kind pareto"),
    ],
)
def test_options_that_make_no_sense(files, arguments, message):
    speed, accuracy = files
    error = invoke(arguments[0], speed, "--accuracy", accuracy, *arguments[1:]).exception
    assert isinstance(error, UserError)
    assert message in str(error)


def test_a_pareto_figure_needs_an_accuracy_run(files):
    error = invoke("plot", files[0], "--kind", "pareto").exception
    assert "needs --accuracy" in str(error)
