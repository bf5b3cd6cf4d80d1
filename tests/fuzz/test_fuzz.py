"""Every format is read: a fuzzer that spoils what nobody reads finds nothing. ``make fuzz`` tries mutants."""

import pytest
from fuzzing import trial
from fuzzing.formats import ALL


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
