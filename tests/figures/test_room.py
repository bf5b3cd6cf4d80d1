"""Of a run that no figure has room for, the first part is drawn, and a word tells so."""

from synthetic import make_row, make_run

from fatnn_bench.figures import room, saving


def test_a_run_that_fits_is_drawn_whole():
    run = make_run(make_row("float32", ms=2.0), make_row("binary", ms=1.0))
    assert room.drawable(run) is run
    assert room.left_out([run]) == ""


def test_a_float32_kernel_and_the_first_layers_stay_of_many():
    rows = [make_row(f"k{i}", f"l{i}", 1.0) for i in range(500)]
    run = make_run(*rows, make_row("float32", "l0", 2.0), make_row("binary", "l0", 1.0), source="r.jsonl")
    kept = room.drawable(run)
    assert {"float32", "binary"} <= {row.kernel for row in kept.rows}
    assert {row.layer for row in kept.rows} <= {f"net.l{i}" for i in range(room.MOST_LAYERS)}
    words = room.left_out([run])
    assert words.startswith("a figure has room for 80 of 500 layers of r.jsonl, 24 of 502 kernels of r.jsonl; ")


def test_only_what_fits_is_drawn():
    run = make_run(*[make_row(kernel, f"l{i}", 1.0) for i in range(300) for kernel in ("float32", "int8")])
    table, _ = saving.svg("heatmap", [run])
    assert table["layer"].nunique() == room.MOST_LAYERS
