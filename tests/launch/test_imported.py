"""Another's table becomes rows that name it, and nothing else."""

import pytest

from fatnn_bench import launch
from fatnn_bench.errors import UserError
from fatnn_bench.harness.worker import Request
from fatnn_bench.platforms import ImportedPlatform
from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.layers import bare_gemm

TABLE = """platform,network,layer,kernel,ms,remark
phone,,3x4x5,float32,2.5,fast
phone,,3x4x5,strange.int4,0.5,
other,,3x4x5,binary,0.1,
"""


def entry(path, **fields):
    given = {"file": str(path), "row_platform": "phone", "source": "A paper, table 3"}
    return ImportedPlatform(kind="imported", **given | fields)


def rows(platform, scope="kernel"):
    cases = [Case(kernel, bare_gemm(3, 4, 5), scope, 1) for kernel in ("float32", "binary")]
    ready, *events = launch.events(platform, Request(cases, None, 0))
    return ready, {event.row.kernel: event.row.to_json() for event in events if event.event == "row"}


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(TABLE)
    return path


def test_rows_have_the_tables_times_and_name_it(table):
    ready, found = rows(entry(table))
    assert {kernel: row["status"] for kernel, row in found.items()} == {
        "float32": "IMPORTED", "binary": "SKIPPED", "strange.int4": "IMPORTED",
    }  # fmt: skip
    assert found["float32"]["median_s"] == 0.0025
    assert found["float32"]["gmacs_per_s"] == pytest.approx(60 / 0.0025 * 1e-9)
    assert found["float32"]["reason"] == "A paper, table 3 (table.csv, line 2); not measured here"
    assert ready.machine["cpu"] == "phone, as A paper, table 3 has it"


def test_times_of_another_clock_are_left_out(table):
    assert {row["status"] for row in rows(entry(table), scope="layer")[1].values()} == {"SKIPPED"}


def test_a_table_that_is_not_there_is_skipped(tmp_path):
    assert {row["status"] for row in rows(entry(tmp_path / "none.csv"))[1].values()} == {"SKIPPED"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("platform,layer,kernel,ms\n", "line 1: no column network; expected platform, network, layer, kernel, ms"),
        (TABLE.replace("2.5", "-1"), "line 2, ms: found '-1', expected a time above 0, in milliseconds"),
        (TABLE.replace("2.5", "inf"), "line 2, ms: found 'inf'"),
        (TABLE.replace("2.5", "5e-324"), "line 2, ms: found '5e-324'"),
        (TABLE.replace("2.5", "1_0"), "line 2, ms: found '1_0'"),
        (TABLE.replace(",fast", ""), "line 2: 5 cells where the heading has 6; put cells that hold a comma in quotes"),
        (TABLE.replace("float32", ""), "line 2, kernel: found '', expected 1 to 1000 characters"),
        (TABLE.replace("strange.int4", "float32"), "line 3: line 2 has 'float32' on '3x4x5' as well; keep one of"),
        (TABLE.replace("fast", '"fast'), "no CSV (unexpected end of data)"),
        (TABLE.replace("remark", "ms"), "line 1: two columns are named 'ms'"),
        (TABLE.replace("phone", "tablet"), "has no row of platform 'phone'; it has tablet, other"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path, text, message):
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(UserError) as error:
        rows(entry(path))
    assert message in str(error.value)


@pytest.mark.parametrize("kernel", ["W1A1/xnor", "T-MAC|2bit", "Parser<t> & co_1", "[bold]ours[/bold]", 'a "b",\nc'])
def test_names_are_kept_whole_whatever_they_hold(tmp_path, kernel):
    path = tmp_path / "table.csv"
    quoted = kernel.replace('"', '""')
    path.write_bytes(f'{TABLE}phone,,3x4x5,"{quoted}",1,'.replace("\n", "\r\n").encode("utf-8-sig"))
    found = rows(entry(path))[1][kernel]
    assert (found["kernel"], found["shape"]["name"], found["median_s"]) == (kernel, "3x4x5", 0.001)
