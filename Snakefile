"""Voxel-wise explanation of 3D CNNs on brain MRI: Kan et al. 2020, repeated and tested."""

from pathlib import Path

from snakemake.utils import min_version

from voxplain.plan.settings import check_config
from voxplain.run import lock
from voxplain.run.config import DEFAULTS, read_config
from voxplain.errors import ConfigError, RunLockError

min_version("9.27")


configfile: DEFAULTS


# Every job reads this file again; the main process has checked the configuration.
if workflow.is_main_process:
    try:
        check_config(config, Path(workflow.basedir))
    except ConfigError as error:
        raise WorkflowError(str(error)) from None


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"


# On a cluster these run beside Snakemake itself: they take less than a job costs to submit, and
# `wheel` needs the internet, which compute nodes rarely have. Elsewhere this changes nothing.
localrules:
    ablation_table,
    all,
    atlas,
    claims,
    confounds,
    crate,
    faithfulness,
    grids_table,
    learning,
    localisation,
    make_folds,
    masked_accuracy,
    optimism,
    page,
    participant_map,
    participant_page,
    repeats,
    rerun_folds,
    roar,
    robustness,
    seeds_table,
    shuffle_labels,
    shuffled_table,
    table3,
    truth_table,
    wheel,


rule all:
    default_target: True
    input:
        P.report,
        TARGETS.page_tables(),
        TARGETS.figure_files(),
        P.provenance,


include: "workflow/rules/cohort.smk"
include: "workflow/rules/preparation.smk"
include: "workflow/rules/volumes.smk"
include: "workflow/rules/folds.smk"
include: "workflow/rules/cnn.smk"
include: "workflow/rules/baselines.smk"
include: "workflow/rules/prediction.smk"
include: "workflow/rules/attribution.smk"
include: "workflow/rules/atlas.smk"
include: "workflow/rules/evaluation.smk"
include: "workflow/rules/trust.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/retraining.smk"
include: "workflow/rules/ablation.smk"
include: "workflow/rules/grids.smk"
include: "workflow/rules/roar.smk"
include: "workflow/rules/paper_maps.smk"
include: "workflow/rules/external.smk"
include: "workflow/rules/sweeps.smk"
include: "workflow/rules/export.smk"


onstart:
    # Snakemake's own lock would outlive a kill, and profiles/ leave it out.
    try:
        lock.hold(P.root)
    except RunLockError as error:
        raise WorkflowError(str(error)) from None


onsuccess:
    if INPUTS.fingerprints() != FINGERPRINTS:
        print(
            "\nInputs changed while the run read them. Run again to update the results."
        )
    if Path(P.report).exists():
        print(f"\nThe report is at {P.report}")


onerror:
    print(f"\nThe run stopped. The reason is above and in the log under {P.logs}/.")
