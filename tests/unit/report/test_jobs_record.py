import base64
import json
import os

import pandas as pd

from voxplain.report.jobs import drawn, recorded_edges, time_per_rule, time_span


def test_time_is_summed_over_a_rules_jobs(tmp_path):
    head = "s\th:m:s\tmax_rss\tmean_load\tcpu_time\n"
    (tmp_path / "page.tsv").write_text(head + "2.5\t0:00:02\t100.0\t90\t2.0\n")
    folder = tmp_path / "explain" / "grad_cam"
    folder.mkdir(parents=True)
    for fold, seconds, memory in (("01", 3, 50), ("02", 4, 70)):
        row = f"{seconds}\t0:00:03\t{memory}\t90\t1\n"
        (folder / f"fold-{fold}.tsv").write_text(head + row)
    (folder / "fold-03.tsv").write_text(head + "1\t0:00:01\t-\t0\t-\n")  # too short to measure
    table = time_per_rule(tmp_path)
    assert table.to_dict("records") == [
        {"rule": "explain", "jobs": 3, "seconds": 8, "cpu_seconds": 2, "max_rss_mb": 70},
        {"rule": "page", "jobs": 1, "seconds": 2.5, "cpu_seconds": 2, "max_rss_mb": 100},
    ]


def record(folder, file, rule, sources, chunk=1000):
    name = base64.urlsafe_b64encode(file.encode()).decode()
    parts = [name[k : k + chunk] for k in range(0, len(name), chunk)]
    path = folder.joinpath(*(f"@{part}" for part in parts[:-1]), parts[-1])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"rule": rule, "input": sources}))


def test_edges_come_from_snakemakes_records_of_this_run(tmp_path):
    record(tmp_path, "results/a/x.tsv", "first", ["/data/table.csv"])
    record(tmp_path, "results/a/y.tsv", "second", ["results/a/x.tsv"], chunk=6)
    record(tmp_path, "results/a/z.tsv", "third", ["results/a/x.tsv", "results/a/y.tsv"])
    record(tmp_path, "results/ab/z.tsv", "other run", ["results/a/x.tsv"])
    edges = recorded_edges(tmp_path, "results/a")
    assert edges == [("first", "second"), ("first", "third"), ("second", "third")]
    assert recorded_edges(tmp_path / "none", "results/a") == []


def test_a_run_lasts_from_its_first_job_to_its_manifest(tmp_path):
    folder, manifest = tmp_path / "benchmarks", tmp_path / "manifest.tsv"
    manifest.touch()
    assert time_span(folder, manifest) is None
    (folder / "explain").mkdir(parents=True)
    for name, seconds, end in (("explain/fold-01", 10.5, 86410.5), ("page", 2, 90000)):
        (folder / f"{name}.tsv").write_text(f"s\th:m:s\n{seconds}\t0:00:10\n")
        os.utime(folder / f"{name}.tsv", (end, end))
    os.utime(manifest, (89999, 89999))
    assert time_span(folder, manifest) == ("1970-01-02T00:00:00+00:00", "1970-01-02T00:59:59+00:00")


def test_the_drawing_leaves_out_what_follows_and_escapes():
    markup = drawn([("a", "b"), ("a", "<c>"), ("b", "<c>")])
    assert markup.count("<path") == 2
    assert "&lt;c&gt;" in markup
    assert "<c>" not in markup


def test_missing_benchmarks_are_an_empty_table(tmp_path):
    assert list(time_per_rule(tmp_path)) == ["rule", "jobs", "seconds", "cpu_seconds", "max_rss_mb"]
    assert isinstance(time_per_rule(tmp_path), pd.DataFrame)
