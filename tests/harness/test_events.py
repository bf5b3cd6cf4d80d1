"""Events on their way: what is said is what is heard, and says so as it always has."""

import json

import pytest
from synthetic import make_row

from fatnn_bench.harness import events
from fatnn_bench.records import run as records

NOISE = records.Noise(block="1", floor=0.01, pairs=[{"case": "a", "ratio": 1.0}], canary_s=[0.5])
EVENTS = {
    "hello": events.Hello("0.1", 1),
    "ready": events.Ready({"cpu": "Test 1", "boards": 3}, {"numpy": "2"}),
    "note": events.Note("no home"),
    "layer": events.Layer("net.conv1"),
    "turn": events.Turn("a/b/kernel@1", 0.25),
    "row": events.Row(make_row("int8", ms=2.0)),
    "noise": events.Noise(NOISE),
    "done": events.Done(),
}


@pytest.mark.parametrize("name", EVENTS)
def test_what_is_said_is_heard(name):
    line = json.dumps(events.to_json(EVENTS[name])).encode()
    assert events.heard(line, "the worker") == EVENTS[name]
    assert json.loads(line)["event"] == name


def test_on_the_wire_an_event_has_its_fields_and_those_of_its_record():
    assert events.to_json(EVENTS["turn"]) == {"event": "turn", "case": "a/b/kernel@1", "progress": 0.25}
    assert events.to_json(EVENTS["hello"]) == {"event": "hello", "version": "0.1", "schema": 1}
    assert events.to_json(EVENTS["noise"])["noise"] == NOISE.to_json()
    assert events.to_json(EVENTS["row"])["row"] == EVENTS["row"].row.to_json()
