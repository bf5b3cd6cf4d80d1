"""Every format is read, and mutants of it are taken or refused in one sentence; ``make fuzz`` tries many more."""

import pytest
from fuzzing import trial
from fuzzing.campaign import search
from fuzzing.formats import ALL

MUTANTS = 300


@pytest.fixture(params=ALL, ids=lambda form: form.name)
def form(request):
    if reason := request.param.missing():
        pytest.skip(reason)
    return request.param


def test_a_file_that_is_right_is_taken(form, tmp_path):
    form.write_samples(tmp_path)
    for _, action in form.readers:
        before = set(tmp_path.iterdir())
        assert trial.fault(tmp_path, action, taken=True) is None, action
        for made in set(tmp_path.iterdir()) - before:
            made.unlink()


@pytest.mark.campaign
def test_a_mutant_is_taken_or_refused_in_one_sentence(form):
    assert [str(found) for found in search(form, seed=1, mutants=range(MUTANTS))] == []
