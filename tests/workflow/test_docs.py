"""The documentation builds without a warning, and every command in it is run.

Each page is followed as a reader would: its YAML files are written, its shell blocks are run in
order, in a folder that looks like a checkout with the demo's results and small data under /data.
Snakemake is run dry and make only says what it would do. A block that needs what is not here says
so in the line above it: ``<!-- needs: gpu -->``.
"""

import json
import os
import re
import shutil
import subprocess
import sys

import nibabel as nib
import numpy as np
import pytest

from support.places import ROOT
from support.workflow import BIN

pytestmark = pytest.mark.slow

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHELLS = ("bash", "console", "sh", "shell", "zsh")
NEEDS = (
    "gpu",
    "internet",
    "slurm",
    "kubernetes",
    "conda",
    "a shell of your own",
    "a network of yours",
    "FreeSurfer",
    "your data",
    "ANTsPy",
)
FENCE = re.compile(
    r"^(?P<indent> *)(?:<!-- needs: (?P<needs>[^>]+?) -->\n\s*)?```(?P<kind>\w*)[^\n]*\n"
    r"(?P<text>.*?)^ *```$",
    re.M | re.S,
)
N = 24


def blocks(page):
    """Every fenced block of a page: language, text, and what it needs."""
    return [
        (block["kind"], block["text"], block["needs"])
        for block in FENCE.finditer(page.read_text(encoding="utf-8"))
    ]


def commands(page):
    return [(text, needs) for kind, text, needs in blocks(page) if kind in SHELLS]


def test_no_block_is_forgotten():
    """As many fences as blocks; every need is one that this test knows."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        fences = len(re.findall(r"^ *```", text, re.M))
        assert fences == 2 * len(blocks(page)), page
        assert len(re.findall("<!-- needs:", text)) == sum(
            needs is not None for _, _, needs in blocks(page)
        ), f"{page}: a need stands above its block"
        for _, needs in commands(page):
            assert needs is None or needs in NEEDS, f"{page}: {needs}"
    assert sum(len(commands(page)) for page in PAGES) > 25


def brain(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    data = np.zeros((60, 72, 60), np.uint8)  # no coarser than the paper's grid
    data[8:-8, 8:-8, 8:-8] = 1
    nib.save(nib.Nifti1Image(data, np.diag([2.0, 2, 2, 1])), path)


def write(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def make_data(data):
    """Small data of every layout that the pages speak of, under the names that they use."""
    people = [f"sub-{k:02d}" for k in range(N)]
    rows = ["participant_id\tsex\tage\tdiagnosis\ttiv_ml\tscanner\tsite"]
    rows += [
        f"{person}\t{'FM'[k % 2]}\t30\t{('CN', 'AD')[k % 2]}\t1400\ta\tb"
        for k, person in enumerate(people)
    ]
    write(data / "my_study/participants.tsv", *rows)
    for person in people:
        brain(data / f"my_study/{person}/anat/{person}_space-MNI152_T1w.nii.gz")
        brain(data / f"my_study/{person}/{person}_T1w_brain.nii.gz")
    bids = data / "ds000001"
    write(bids / "participants.tsv", *rows)
    write(bids / "dataset_description.json", json.dumps({"Name": "x", "BIDSVersion": "1.10.0"}))
    for person in people:
        stem = bids / f"derivatives/fmriprep/{person}/anat/{person}_space-MNI152NLin6Asym_res-2"
        brain(stem.with_name(f"{stem.name}_desc-preproc_T1w.nii.gz"))
        brain(stem.with_name(f"{stem.name}_desc-brain_mask.nii.gz"))
    shutil.copytree(bids, data / "my_dataset")
    ids = [str(100307 + k) for k in range(N)]
    table = [f"{i},{'FM'[k % 2]},26-30,1400000" for k, i in enumerate(ids)]
    name = "unrestricted_me_3_23_2020_5_34_27.csv"
    for behavioural in (name, "unrestricted.csv"):
        write(data / "hcp" / behavioural, "Subject,Gender,Age,FS_IntraCranial_Vol", *table)
    restricted = [f"{i},{k // 2}" for k, i in enumerate(ids)]
    write(data / "hcp" / f"RESTRICTED_{name[13:]}", "Subject,Family_ID", *restricted)
    write(data / "hcp/unrestricted_hcp_freesurfer.csv", "Subject,FS_X", *(f"{i},1" for i in ids))
    for i in ids:
        brain(data / f"hcp/{i}/T1w/T1w_acpc_dc_restore_brain.nii.gz")
    scans = [f"OAS1_{k:04d}_MR1" for k in range(N)]
    table = [f"{s},{'FM'[k % 2]},R,30,1400" for k, s in enumerate(scans)]
    write(data / "oasis1/oasis_cross-sectional.csv", "ID,M/F,Hand,Age,eTIV", *table)
    for s in scans:
        brain(data / f"oasis1/{s}/mwrc1{s}_mpr_anon_fslswapdim_bet.nii.gz")
    write(data / "ixi/participants.tsv", *rows)
    for person in people:
        brain(data / f"ixi/mni2mm/{person}_space-MNI152NLin6Asym_desc-brain_T1w.nii.gz")


SHIMS = {
    "snakemake": 'exec {bin}/python -m snakemake --dry-run --nolock --quiet host "$@"',
    "voxplain": 'exec {bin}/python -m voxplain "$@"',
    "make": 'exec /usr/bin/make --dry-run -f {root}/Makefile "$@"',
    "pip": "exit 0",
    "activate": "true",
}


@pytest.fixture(scope="module")
def place(finished, tmp_path_factory):
    """A folder like a checkout whose demo has been run on the tiny cohort, and small data."""
    folder = tmp_path_factory.mktemp("reader") / "voxplain"
    folder.mkdir()
    for name in ("Snakefile", "workflow", "profiles", "src", "config.yaml", "benchmarks", "tests"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(finished.path("tiny"), folder / "results/demo")
    (folder / "results/wheels").symlink_to(finished.path("wheels"))
    atlases = folder.parent / "shared/data/atlases"  # as the preset for IXI names them
    for name in re.findall(r"atlases/(\S+)\"", (ROOT / "workflow/presets/ixi.yaml").read_text()):
        write(atlases / name, "")
    make_data(folder.parent / "data")
    shims = folder.parent / "bin"
    for name, text in SHIMS.items():
        write(shims / name, "#!/bin/sh", text.format(bin=BIN, root=ROOT))
        (shims / name).chmod(0o755)
    return folder


def run(text, place):
    """Run a block as it stands, but for the place of the data and of the environment."""
    data = place.parent / "data"
    text = re.sub(r"(?<![\w.])/data/", f"{data}/", text)
    text = text.replace(".venv/bin/", f"{place.parent}/bin/")
    path = os.pathsep.join([str(place.parent / "bin"), str(BIN), os.environ["PATH"]])
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=place,
        env=os.environ | {"PATH": path, "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def files(page):
    """YAML files that a page shows, by the name in their first line."""
    shown = [text for kind, text, _ in blocks(page) if kind == "yaml"]
    named = [(re.match(r"# (\w+\.yaml)\b", text), text) for text in shown]
    return {name[1]: text for name, text in named if name}


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any(needs is None for _, needs in commands(page))],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_every_command_works(page, place):
    before = set(place.iterdir())
    try:
        for other in (*PAGES, page):  # a page may take for granted what another shows
            for name, text in files(other).items():
                (place / name).write_text(text.replace("/data/", f"{place.parent}/data/"))
        for text in [text for text, needs in commands(page) if needs is None]:
            if "voxplain init" in text:  # keeps a file that is there
                (place / "my_study.yaml").unlink(missing_ok=True)
            done = run(text, place)
            assert done.returncode == 0, f"{page}:\n{text}\n{done.stdout[-3000:]}"
    finally:
        for path in set(place.iterdir()) - before:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def test_the_site_builds_without_a_warning(tmp_path):
    # With --quiet mkdocs would not count warnings at all.
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    pages = {
        path.relative_to(tmp_path).as_posix(): path.read_text() for path in tmp_path.rglob("*.html")
    }
    for name, text in pages.items():  # nothing is fetched when a page is read
        fetched = re.findall(
            r"<(?:script|link|img|iframe)[^>]+(?:src|href)=\"(https?:[^\"]+)", text
        )
        assert fetched == [], name
    assert "attribution.grad_cam.upsampling" in pages["reference/config.html"]
    assert "--on-input-grid" in pages["reference/cli.html"]
    assert "cut to its positive part at every ReLU" in pages["reference/api.html"]
    assert pages["explanation/methods-equations.html"].count("data:image/svg+xml") > 10


def test_the_pages_name_files_that_runs_have():
    """Each path in the table of result files is one of the workflow's."""
    from voxplain.run.paths import RunPaths

    known = {path.removeprefix("results/x/") for path in vars(RunPaths("x")).values()}
    text = (ROOT / "docs/reference/results.md").read_text().partition("## Tables")[0]
    named = re.findall(r"^\| `([^`]+)` \|", text, re.M)
    assert len(named) > 12
    assert [path for path in named if path not in known] == []
