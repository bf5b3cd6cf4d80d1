from synthetic import make_noise, make_row, make_run, mixed_run

from fatnn_bench.printing import speedups, tables
from fatnn_bench.records.run import Status


def test_speedups_sheet():
    (sheet,) = speedups.document(mixed_run(), all_ways=True).sheets
    assert sheet.title == "net · kernel scope · 1 thread · × over the fastest float32 of each layer"
    assert sheet.columns == ("layer", "M×N×K", "best float32 ms", "float32", "blas.float32", "int8", "binary")
    assert sheet.rows == (
        ("conv1", "49×512×4608", "8.00", "0.80", "1.00", "SKIPPED", "16.0†"),
        ("conv2_x ×3", "784×128×1152", "4.00", "1.00", "0.80", "FAILED", "10.0"),
    )
    assert sheet.closing[0] == ("total", "Σ count×time", "20.0", "0.91", "0.87", "—", "11.8")
    assert sheet.closing[1] == ("geom. mean", "", "", "0.89", "0.89", "—", "12.6")


def test_speedups_notes_say_why():
    (sheet,) = speedups.document(mixed_run(), all_ways=True).sheets
    assert sheet.notes[:4] == (
        "† MISTRUSTED binary on conv1: the clock fell by 12%",
        "SKIPPED int8 on conv1: needs VNNI",
        "FAILED int8 on conv2_x: 3 of 9 outputs differ",
        "int8: no total and no mean; left out: conv1, conv2_x",
    )
    assert sheet.notes[4].startswith("Geometric means with 95% intervals: float32 0.89× [")


def test_one_baseline_for_all_layers_has_its_name_and_no_column_of_ones():
    (sheet,) = speedups.document(mixed_run(), "blas.float32", all_ways=True).sheets
    assert sheet.title.endswith("× over blas.float32")
    assert sheet.columns[2:5] == ("blas.float32 ms", "float32", "int8")


def by_ways():
    times = {"float32": 8.0, "blas.float32": 9.0, "int8": 2.0, "ternary-naive": 1.5, "ternary-fatnn": 0.8, "mine": 3.0}
    easy = [make_row("ternary-lookup", "conv1", ms=0.1), make_row("ternary-lookup", "conv2_x", status=Status.SKIPPED)]
    return [make_row(kernel, layer, ms=ms) for layer in ("conv1", "conv2_x") for kernel, ms in times.items()] + easy


def test_a_precision_is_a_column_of_its_fastest_kernel_on_all_layers():
    """What was not timed on a layer is not the best way, however fast on the others."""
    (sheet,) = speedups.document(make_run(*by_ways())).sheets
    assert sheet.columns == ("layer", "M×N×K", "float32 ms", "int8", "ternary", "mine")
    assert [row[3:] for row in sheet.rows] == [("4.00", "10.0", "2.67")] * 2
    assert [row[3:] for row in sheet.closing] == [("4.00", "10.0", "2.67")] * 2
    assert sheet.notes[:3] == (
        "ternary: ternary-fatnn, the fastest here; ternary-naive 5.33×, ternary-lookup 80.0×",
        "ternary, but not on every layer: ternary-lookup is faster than ternary-fatnn on conv1 8.00× [7.90, 8.10]",
        "--ways has a column for each",
    )


def test_a_precision_that_was_skipped_everywhere_has_no_column_but_a_note():
    rows = [make_row("float32", "conv1", ms=8.0), make_row("int8", "conv1", ms=2.0)]
    skipped = make_row("ternary-fatnn", "conv1", status=Status.SKIPPED, reason="needs a popcount")
    (sheet,) = speedups.document(make_run(*rows, skipped)).sheets
    assert sheet.columns[3:] == ("int8",)
    assert "SKIPPED ternary-fatnn on conv1: needs a popcount" in sheet.notes
    wrong = make_row("ternary-naive", "conv1", status=Status.FAILED, reason="3 of 9 outputs differ")
    (sheet,) = speedups.document(make_run(*rows, skipped, wrong)).sheets
    assert sheet.columns[3:] == ("int8", "ternary")
    (sheet,) = speedups.document(make_run(rows[0], make_row("blas.float32", "conv1", ms=9.0), skipped)).sheets
    assert sheet.columns[3:] == ("ternary",)


def test_all_ways_have_a_column_a_kernel():
    (sheet,) = speedups.document(make_run(*by_ways()), all_ways=True).sheets
    assert set(sheet.columns[3:]) == {
        "blas.float32",
        "int8",
        "ternary-naive",
        "ternary-fatnn",
        "ternary-lookup",
        "mine",
    }
    assert not any("fastest here" in note for note in sheet.notes)


def test_a_baseline_that_was_asked_for_hides_its_own_precision():
    (sheet,) = speedups.document(make_run(*by_ways()), "int8").sheets
    assert sheet.columns[2:] == ("int8 ms", "float32", "ternary", "mine")


def test_kernels_of_one_precision_alone_are_columns():
    rows = [make_row(kernel, ms=ms) for kernel, ms in {"float32": 8.0, "blas.float32": 9.0}.items()]
    (sheet,) = speedups.document(make_run(*rows)).sheets
    assert sheet.columns[3:] == ("blas.float32",)


def test_a_layer_without_baseline_has_a_dash_and_a_note():
    rows = [make_row("float32", ms=4.0), make_row("binary", ms=1.0), make_row("binary", "fc", ms=1.0)]
    (sheet,) = speedups.document(make_run(*rows)).sheets
    assert sheet.rows[1] == ("fc", "49×512×4608", "—", "—")
    assert "No speedup on fc: no baseline was timed there" in sheet.notes


def test_speedups_over_a_mistrusted_baseline_are_marked():
    rows = [make_row("float32", ms=4.0, status=Status.MISTRUSTED, reason="throttled"), make_row("binary", ms=1.0)]
    (sheet,) = speedups.document(make_run(*rows)).sheets
    assert sheet.rows[0][3:] == ("4.00†",)
    assert sheet.notes[0] == "† MISTRUSTED float32 on conv1: throttled"


def test_a_sheet_a_network_and_none_named_for_bare_products():
    rows = [make_row(k, ms=m, network=n) for n in ("a", "b", None) for k, m in (("float32", 4.0), ("binary", 1.0))]
    sheets = speedups.document(make_run(*rows)).sheets
    assert [sheet.title.split(" · ")[0] for sheet in sheets] == ["a", "b", "GEMM"]
    assert [len(sheet.closing) for sheet in sheets] == [2, 2, 1]


def test_runs_sheet():
    a = make_run(make_row("binary", ms=2.0), make_row("int8", ms=2000.0), source="a.jsonl")
    b = make_run(
        make_row("binary", ms=1.0, status=Status.MISTRUSTED, reason="noise"),
        make_row("two-bit", ms=1.0),
        source="b.jsonl",
    )
    document = tables.runs_document([a, b])
    (sheet,) = document.sheets
    assert sheet.title == "× over a, the first run: above 1 is faster"
    assert sheet.columns == ("case", "a ms", "b")
    cases = {row[0].split("/")[0]: row[1:] for row in sheet.rows}
    assert cases["int8"] == ("2000", "absent")
    assert cases["two-bit"] == ("absent", "—")
    assert cases["binary"][1].startswith("UNCLEAR 2.00× [1.9")
    assert cases["binary"][1].endswith("]†")
    assert sheet.notes == (
        "a: absent two-bit/net.conv1/kernel@1",
        "b: † MISTRUSTED binary/net.conv1/kernel@1: noise",
        "b: absent int8/net.conv1/kernel@1",
        "b: 1 UNCLEAR; less than 2.0% does not count",
        "b: the mean is over 1 of 3 cases; the others lack a time",
    )
    assert dict(document.heading)["a"] == "Test & Co 9000 (zen4) · native · 2026-03-01T12:00:00Z · a.jsonl"


def test_verdicts_are_counted_and_the_noise_floor_is_told():
    base = [make_row(kernel, ms=1.0) for kernel in ("binary", "int8", "two-bit", "float32")]
    times = {"binary": 0.5, "int8": 2.0, "two-bit": 1.0}
    later = make_run(*(make_row(k, ms=ms) for k, ms in times.items()), source="b.jsonl", noise=make_noise(0.0447))
    (sheet,) = tables.runs_document([make_run(*base, source="a.jsonl"), later], min_effect=0.01).sheets
    assert [row[2].split()[0] for row in sheet.rows] == ["FASTER", "SLOWER", "UNCLEAR", "absent"]
    assert "b: 1 FASTER, 1 SLOWER, 1 UNCLEAR; less than 3.1% does not count" in sheet.notes


def test_machines_that_differ_are_named_above_the_table():
    runs = [make_run(make_row("binary", ms=1.0), source=f"{cpu}.jsonl", machine={"cpu": cpu}) for cpu in ("A", "B")]
    assert dict(tables.runs_document(runs).heading)["machines differ"] == "cpu is A in A and B in B"


def test_what_cannot_be_told_from_the_baseline_is_marked():
    rows = [make_row("float32", ms=1.0), make_row("int8", ms=0.995), make_row("binary", ms=0.5)]
    (sheet,) = speedups.document(make_run(*rows)).sheets
    assert sheet.rows[0][3:] == ("1.01≈", "2.00")
    assert "≈ no difference, or none that is sure; less than 2.0% does not count" in sheet.notes


def test_rows_document():
    document = tables.rows_document(mixed_run())
    (sheet,) = document.sheets
    assert sheet.title == "8 cases · kernel scope · 1 thread"
    assert sheet.rows[0] == ("net.conv1", "float32", "10.0", "1.0%", "11.6", "—", "93%", "PASSED")
    assert sheet.rows[2][2] == "0.500†"
    assert sheet.rows[3] == ("net.conv1", "int8", "—", "—", "—", "—", "—", "SKIPPED")
    assert "SKIPPED int8 on net.conv1: needs VNNI" in sheet.notes
    heading = dict(document.heading)
    assert heading["software"] == "python 3.11.9, commit 0123456789 with changes"
    assert heading["settings"] == "samples 21, seed 7"
    assert "resolves" not in heading


def test_show_tells_bytes_a_second_and_where_reading_is_the_limit():
    fc = make_row("binary", "fc", ms=0.001, bytes=64_000, peak_fraction=0.87, limit="bandwidth")
    (sheet,) = tables.rows_document(make_run(make_row("binary", ms=1.0, bytes=10**6), fc)).sheets
    assert [row[5:7] for row in sheet.rows] == [("1.00", "93%"), ("64.0", "87% read")]
    assert sheet.notes[-1].startswith("read: ")


def test_where_reading_is_no_limit_show_does_not_speak_of_it():
    (sheet,) = tables.rows_document(make_run(make_row("binary", ms=1.0, limit="operations"))).sheets
    assert sheet.rows[0][6] == "93%"
    assert not any(note.startswith("read: ") for note in sheet.notes)


def test_show_says_what_the_run_resolves():
    run = make_run(make_row("binary", ms=1.0), noise=make_noise(0.018))
    assert dict(tables.rows_document(run).heading)["resolves"] == "differences of 1.8% and more"


def test_rows_of_several_places_say_theirs():
    run = make_run(make_row("binary", ms=1.0), make_row("binary", ms=1.0, threads=2, platform="board"))
    (sheet,) = tables.rows_document(run).sheets
    assert [row[0] for row in sheet.rows] == ["net.conv1/kernel@1", "net.conv1/kernel@2 board"]


def test_a_run_without_rows_can_be_shown():
    (sheet,) = tables.rows_document(make_run()).sheets
    assert (sheet.title, sheet.rows) == ("0 cases", ())
