"""The network trained again on every fold: other seeds, other folds, labels that mean nothing."""

from voxplain.seeds import stream_seed


rule seeds:
    # How much the accuracy owes to one seed and one draw of folds.
    input:
        P.table("seeds"),


rule shuffled:
    input:
        P.table("shuffled"),


rule rerun_folds:
    # The folds that `snakemake repeats` draws for the other models.
    input:
        participants=P.participants,
    output:
        folds=P.rerun_folds,
        splits=expand(P.rerun_split, fold=[*FOLDS, WHOLE_COHORT], allow_missing=True),
    log:
        P.log("rerun_folds", "{rerun}"),
    wildcard_constraints:
        rerun=r"folds_\d\d",
    conda:
        ENVIRONMENT
    params:
        n_splits=len(FOLDS),
        seed=lambda wildcards: stream_seed(
            config["seed"], "repeat", wildcards.rerun.removeprefix("folds_")
        ),
        neighbours=0,
        code=code("make_folds.py"),
    script:
        "../scripts/make_folds.py"


rule shuffle_labels:
    input:
        participants=P.participants,
        folds=P.folds,
    output:
        participants=P.rerun_participants,
    log:
        P.log("shuffle_labels", "{rerun}"),
    wildcard_constraints:
        rerun=r"shuffled_\d\d",
    conda:
        ENVIRONMENT
    params:
        classes=CLASSES,
        seed=config["seed"],
        code=code("shuffle_labels.py"),
    script:
        "../scripts/shuffle_labels.py"


def rerun_inputs(wildcards):
    """Who is trained on: the run's participants and folds, or those of this one rerun."""
    shuffled = wildcards.rerun.startswith("shuffled")
    drawn = wildcards.rerun.startswith("folds")
    return {
        "participants": P.rerun_participants if shuffled else P.participants,
        "split": P.rerun_split if drawn else P.split,
    }


use rule train_cnn as retrain_cnn with:
    input:
        unpack(rerun_inputs),
        check=P.cnn_check if OWN_NETWORK else [],
        volumes=P.volumes,
    output:
        model=temp(P.rerun_model),
        history=P.rerun_history,
        metrics=P.rerun_metrics,
        predictions=P.rerun_predictions,
    log:
        P.log("retrain_cnn", "{rerun}/fold-{fold}"),
    benchmark:
        P.benchmark("retrain_cnn", "{rerun}/fold-{fold}")
    params:
        seed=lambda wildcards: stream_seed(config["seed"], "rerun", wildcards.rerun),


def rerun_predictions(*kinds):
    """Predictions of all folds by name of the rerun."""
    return {
        rerun: expand(P.rerun_predictions, rerun=rerun, fold=FOLDS)
        for kind in kinds
        for rerun in RERUNS[kind]
    }


rule seeds_table:
    input:
        **rerun_predictions("seeds", "folds"),
        cnn=expand(P.predictions, model="cnn", fold=FOLDS),
    output:
        table=P.table("seeds"),
    log:
        P.log("seeds_table"),
    conda:
        ENVIRONMENT
    params:
        reruns={kind: RERUNS[kind] for kind in ("seeds", "folds")},
        code=code("seeds_table.py"),
    script:
        "../scripts/seeds_table.py"


rule shuffled_table:
    input:
        **rerun_predictions("shuffled"),
        participants=P.participants,
        folds=P.folds,
        cnn=expand(P.predictions, model="cnn", fold=FOLDS),
    output:
        table=P.table("shuffled"),
    log:
        P.log("shuffled_table"),
    conda:
        ENVIRONMENT
    params:
        reruns=RERUNS["shuffled"],
        permutations=config["evaluation"]["permutations"],
        seed=config["seed"],
        code=code("shuffled_table.py"),
    script:
        "../scripts/shuffled_table.py"
