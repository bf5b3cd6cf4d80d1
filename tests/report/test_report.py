"""What a report says, and that nothing in a results file becomes markup."""

import base64
import re
from html.parser import HTMLParser

import pytest
from synthetic import counted, make_noise, make_row, make_run, mixed_run, ternary_run

from fatnn_bench.errors import NothingComparableError, UserError
from fatnn_bench.machine.findings import State
from fatnn_bench.records.run import Status
from fatnn_bench.report import answer, page, table, trust

EVIL = "<script>alert(1)</script>\"'&<img src=x onerror=alert(1)>"


class Page(HTMLParser):
    """The tags of a page, and the words in it."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.words.append(data)


def test_the_answer_compares_with_float32_and_with_two_bits():
    (sentence,) = answer.sentences(ternary_run())
    assert re.fullmatch(
        r"On Test & Co 9000 \(zen4\), ternary \(ternary-fatnn\) runs all layers of net 8.00× \[\d.*\] faster than the "
        r"best float32, 2.00× \[\d.*\] faster than 2-bit \(kernel scope · 1 thread\).",
        sentence,
    )


def tiles_run(int8_ms=0.8):
    """As on a CPU with matrix tiles: they are the best way of ternary but on fc, and of int8, which is as fast."""
    ways = {"ternary-tiles": "tiles", "ternary-fatnn": "popcount", "ternary-gated-xnor": "popcount"}
    ways |= {"ternary-lookup": "lookup", "int8-tiles": "tiles", "two-bit": "popcount", "binary": "popcount"}
    times = {"float32": 9.0, "int8-tiles": int8_ms, "two-bit": 3.0, "ternary-tiles": 1.0, "binary": 0.5}
    times |= {"ternary-fatnn": 2.0, "ternary-gated-xnor": 2.1, "ternary-lookup": 3.0}
    fc = times | {"ternary-tiles": 0.4, "ternary-fatnn": 0.1, "ternary-gated-xnor": 0.1}
    return make_run(
        *(
            make_row(kernel, layer, ms, way=ways.get(kernel))
            for layer, of_kernels in (("conv1", times), ("fc", fc))
            for kernel, ms in of_kernels.items()
        )
    )


def test_the_answer_names_ways_and_what_is_faster_than_ternary():
    (text,) = answer.sentences(tiles_run(0.4))
    for words in (
        r"ternary by matrix tiles \(ternary-tiles\) runs all layers of net 12\.9× \[",
        r"4\.29× \[\d.*?\] faster than 2-bit by popcounts \(kernel scope",
        r"In its other ways it gains 8\.57× by popcounts \(ternary-fatnn\), 3\.00× by look-up \(ternary-lookup\)\.",
        r"Not on every layer: ternary-fatnn is faster than ternary-tiles on fc 4\.00× \[",
        r"Faster than ternary here: int8 by matrix tiles \(int8-tiles\) 1\.75× \[.*?\]; beside it, ternary gains",
        r"Fewer bits gain more: binary by popcounts 18\.0× \[",
    ):
        assert re.search(words, text), words
    assert "gated" not in text  # one kernel a way is enough


def test_what_cannot_be_told_from_ternary_is_not_called_faster():
    (text,) = answer.sentences(tiles_run(0.7))
    assert re.search(r"as fast as int8 by matrix tiles \(int8-tiles\) as far as anyone can tell \(1\.00× \[", text)
    assert "Faster than ternary" not in text


def test_the_table_by_precision_has_the_best_way_of_each_or_all_ways():
    for all_ways, columns in ((False, 4), (True, 7)):
        parsed = Page(page.render([tiles_run()], all_ways=all_ways))
        words = " ".join(parsed.words)
        assert ("ternary: ternary-tiles, the fastest here; ternary-fatnn 8.57×" in words) != all_ways
        headings = words[words.index("M×N×K") : words.index("conv1")].split()
        assert len(headings) == 3 + columns  # and float32 ms


def test_a_slower_kernel_is_not_called_faster():
    (sentence,) = answer.sentences(make_run(make_row("float32", ms=1.0), make_row("int8", ms=2.0)))
    assert "0.50× [" in sentence
    assert "] as fast as the best float32" in sentence


def test_a_network_that_is_not_whole_is_told_by_its_mean():
    lacking = make_row("ternary-fatnn", "fc", status=Status.SKIPPED, reason="no time")
    (sentence,) = answer.sentences(make_run(*ternary_run().rows, make_row("float32", "fc", ms=1.0), lacking))
    assert "2 layers of net, by their geometric mean" in sentence


def test_the_table_shows_only_columns_that_tell_rows_apart():
    shown = table.lines(table.long([mixed_run()]))
    assert [name for name, _ in table.columns(shown)][-2:] == ["status", "M×N×K"]
    two = table.lines(table.long([mixed_run(), make_run(*mixed_run().rows, platform="other")]))
    assert [name for name, _ in table.columns(two)][-1] == "run"
    assert len(two) == 2 * len(shown)


def test_trust_names_what_is_doubtful_and_wrong():
    run = make_run(*mixed_run().rows, noise=make_noise(0.031))
    assert trust.verdict(run).startswith("Differences of 3.1% and more were resolved")
    assert "1 of 6 times are MISTRUSTED" in trust.verdict(run)
    faults = "\n".join(trust.faults(run))
    for words in ("the clock fell by 12%", "needs VNNI", "3 of 9 outputs differ"):
        assert words in faults


def test_what_made_times_doubtful_comes_first_with_what_mends_it():
    machine = {"cpu": "c", "turbo": False, "pinned_core": 3, "governor": "powersave", "load_average": [0.2, 3.0, 3.0]}
    run = ternary_run(machine=machine)
    first, *others = trust.conditions(run)
    assert (first.what, first.state) == ("governor", State.DOUBTFUL)
    assert {"turbo", "pinned", "load"} <= {finding.what for finding in others}
    words = " ".join("".join(Page(page.render([run])).words).split())
    assert "doubtful · powersave: clocks follow the load sudo cpupower frequency-set -g performance" in words


def test_a_load_before_the_run_is_doubtful():
    machine = {"cpu": "c", "load_average": [2.4, 1.0, 1.0]}
    (load,) = [each for each in trust.conditions(ternary_run(machine=machine)) if each.what == "load"]
    assert load.state is State.DOUBTFUL


def test_everything_from_a_results_file_is_escaped():
    rows = [
        make_row(kernel, EVIL, ms=ms, network=EVIL, shape={**counted(EVIL, 1), "name": EVIL})
        for kernel, ms in (("float32", 2.0), (EVIL.replace("/", ""), 1.0))
    ]
    rows.append(make_row("int8", "conv2", status=Status.ERROR, reason=EVIL, network=EVIL))
    run = make_run(*rows, platform=EVIL, source=EVIL, machine={"cpu": EVIL, "governor": EVIL, "virtualisation": EVIL})
    parsed = Page(page.render([run]))
    assert [tag for tag, _ in parsed.tags].count("script") == 1
    assert not [name for _, attributes in parsed.tags for name in attributes if name.startswith("on")]
    assert all(attributes["src"].startswith("data:") for tag, attributes in parsed.tags if tag == "img")
    assert EVIL in "".join(parsed.words)


def test_nothing_is_asked_of_the_outside():
    parsed = Page(page.render([ternary_run()]))
    links = [value for _, attributes in parsed.tags for name, value in attributes.items() if name in ("href", "src")]
    assert all(link.startswith(("data:", "#")) for link in links)
    policies = [attributes["content"] for _, attributes in parsed.tags if "http-equiv" in attributes]
    assert policies[0].startswith("default-src 'none'; img-src data:;")


def test_behind_every_figure_are_its_data():
    parsed = Page(page.render([ternary_run()]))
    figures = [attributes["src"] for tag, attributes in parsed.tags if tag == "img"]
    links = [a for tag, a in parsed.tags if tag == "a" and a.get("download", "rows.csv") != "rows.csv"]
    assert len(figures) == len(links) > 2
    for link in links:
        data = base64.b64decode(link["href"].removeprefix("data:text/csv;base64,")).decode()
        assert data.count("\n") > 1
    assert all("<text" in base64.b64decode(figure.partition(",")[2]).decode() for figure in figures)


def test_ids_are_unique_and_what_points_at_them_finds_them():
    parsed = Page(page.render([ternary_run(), mixed_run()]))
    ids = [attributes["id"] for _, attributes in parsed.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    pointed = [a[name].removeprefix("#") for _, a in parsed.tags for name in ("href", "aria-labelledby") if name in a]
    assert {target for target in pointed if not target.startswith("data:")} <= set(ids)


def test_a_run_with_nothing_to_compare():
    with pytest.raises(NothingComparableError, match="nothing to compare"):
        page.render([make_run(make_row("binary", ms=1.0))])


def test_a_page_that_cannot_be_written(tmp_path):
    with pytest.raises(UserError, match=r"cannot write .*name another file with -o"):
        page.write([ternary_run()], tmp_path / "nowhere" / "r.html")
