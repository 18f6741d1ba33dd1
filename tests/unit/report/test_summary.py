import io

import pandas as pd
import pytest
from rich.console import Console

from voxplain.errors import VoxplainError
from voxplain.report.summary import main, print_summary
from voxplain.run.files import write_table, write_text


def write_run(folder, localisation):
    write_text(folder / "report.html", "<html></html>")
    accuracy = {
        "model": ["cnn", "head_size"], "accuracy": [0.881, 0.61], "ci_low": [0.8, 0.5],
        "ci_high": [0.93, 0.7], "majority": [0.5, 0.5], "evidence": [True, False],
    }  # fmt: skip
    write_table(folder / "tables/accuracy.tsv", pd.DataFrame(accuracy))
    if localisation:
        columns = {"method": ["grad_cam"], "auc": [0.77], "null_auc_p95": [0.6], "peak_inside": [1]}
        write_table(folder / "tables/localisation.tsv", pd.DataFrame(columns))
    regions = {
        "method": ["grad_cam"] * 4, "rank": [1, 2, 3, 4], "name": ["first", "b", "c", "fourth"],
        "score": [0.1] * 4, "p_fwe": [0.01] * 4,
    }  # fmt: skip
    write_table(folder / "tables/table2_tiny.tsv", pd.DataFrame(regions))


def printed(folder):
    stream = io.StringIO()
    print_summary(folder, Console(file=stream, width=100))
    return stream.getvalue()


def test_summary_shows_accuracy_truth_and_report(tmp_path):
    write_run(tmp_path, localisation=True)
    text = printed(tmp_path)
    assert "0.88" in text
    assert "0.92" in text  # the paper's
    assert "0.77" in text
    assert "first" not in text
    assert (tmp_path / "report.html").as_uri() in text


def test_summary_shows_regions_where_the_truth_is_unknown(tmp_path):
    write_run(tmp_path, localisation=False)
    text = printed(tmp_path)
    assert "first" in text
    assert "fourth" not in text


def test_unfinished_run_is_named(tmp_path, capsys):
    with pytest.raises(VoxplainError, match=r"no report\.html"):
        printed(tmp_path)
    assert main([str(tmp_path)]) == 1
    assert "finish the run" in capsys.readouterr().err
    assert main([]) == 2
