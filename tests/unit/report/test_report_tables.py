import numpy as np
import pandas as pd
import pytest

from voxplain.names import duration, number
from voxplain.report.tables import cell


@pytest.mark.parametrize(
    ("value", "column", "shown"),
    [
        (0.0004, "p_null", "< 0.001"),
        (0.04567, "q_fdr", "0.046"),
        (0.88123, "accuracy", "0.881"),
        (12.0, "n", "12"),
        (1450.4, "tiv", "1,450"),
        (0.00123, "score", "0.0012"),
        (float("nan"), "auc", "–"),
    ],
)
def test_number(value, column, shown):
    assert number(value, column) == shown


def test_cells_sort_by_value_and_spell_names_out():
    assert cell("grad_cam", "method_a").text == "Grad-CAM"
    assert cell(np.bool_(True), "evidence").text == "yes"
    assert cell(None, "age") == cell(float("nan"), "age") == cell(pd.NA, "age")
    assert float(cell(np.float64(0.1234567), "auc").key) == 0.1234567
    assert cell(5000.0, "seconds_per_map").text == "1.4 h"
    assert duration(90) == "1.5 min"
