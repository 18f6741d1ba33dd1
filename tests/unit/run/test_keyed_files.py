"""Files are found by method and fold, and never by their place in a list."""

from itertools import product

import pytest

from voxplain.run.files import keyed


def test_the_last_names_change_fastest_as_in_snakemakes_expand():
    paths = [f"{method}/{fold}.npy" for method, fold in product("ab", ("01", "02", "all"))]
    files = keyed(paths, ["a", "b"], ["01", "02", "all"])
    assert files["b", "01"] == "b/01.npy"
    assert all(path == f"{method}/{fold}.npy" for (method, fold), path in files.items())


def test_one_kind_of_name_is_the_key_itself():
    assert keyed(["x", "y"], ["a", "b"]) == {"a": "x", "b": "y"}
    assert keyed([], [], ["01"]) == {}


def test_too_few_files_are_an_error_that_tells_the_numbers():
    with pytest.raises(ValueError, match=r"3 files for 4 keys, such as \[\('a', '01'\)"):
        keyed(["x", "y", "z"], ["a", "b"], ["01", "02"])
