"""The network retrained on every fold: with other seeds, other folds and permuted labels."""

from voxplain.run.seeds import stream_seed

RERUN = P.below("evaluation/retraining/{rerun}")


wildcard_constraints:
    rerun=r"[a-z]+_\d\d",


rule seeds:
    # How much the accuracy depends on the seed and the draw of folds.
    input:
        P.table("seeds"),


rule shuffled:
    input:
        P.table("shuffled"),


use rule make_folds as rerun_folds with:
    # The folds that `snakemake repeats` also draws for the other models.
    log:
        P.log("rerun_folds", "{rerun}"),
    benchmark:
        P.benchmark("rerun_folds", "{rerun}")
    pathvars:
        splits=RERUN.root,
    wildcard_constraints:
        rerun=r"folds_\d\d",
    params:
        seed=lambda wildcards: stream_seed(
            config["seed"], "repeat", wildcards.rerun.removeprefix("folds_")
        ),
        neighbours=0,


rule shuffle_labels:
    input:
        participants=P.participants,
        folds=P.folds,
    output:
        participants=RERUN.participants,
    log:
        P.log("shuffle_labels", "{rerun}"),
    benchmark:
        P.benchmark("shuffle_labels", "{rerun}")
    wildcard_constraints:
        rerun=r"shuffled_\d\d",
    conda:
        ENVIRONMENT
    params:
        classes=RUN.classes,
        seed=config["seed"],
        code=code("shuffle_labels.py"),
    script:
        "../scripts/shuffle_labels.py"


use rule train_cnn as retrain_cnn with:
    input:
        check=P.cnn_check if RUN.has_own_network else [],
        # Shuffled reruns have labels of their own, and those on other folds have splits.
        participants=lambda wildcards: (
            RERUN if wildcards.rerun.startswith("shuffled") else P
        ).participants.format(**wildcards),
        volumes=P.volumes,
        grid=P.grid,
        split=lambda wildcards: (
            RERUN if wildcards.rerun.startswith("folds") else P
        ).split.format(**wildcards),
    log:
        P.log("retrain_cnn", "{rerun}/fold-{fold}"),
    benchmark:
        P.benchmark("retrain_cnn", "{rerun}/fold-{fold}")
    pathvars:
        models=RERUN.root,
    params:
        checkpoint=RERUN.cnn_checkpoint,
        seed=lambda wildcards: stream_seed(config["seed"], "rerun", wildcards.rerun),


rule seeds_table:
    input:
        **{
            rerun: expand(RERUN.predictions, rerun=rerun, model="cnn", fold=RUN.folds)
            for rerun in [*RUN.reruns["seeds"], *RUN.reruns["folds"]]
        },
        cnn=expand(P.predictions, model="cnn", fold=RUN.folds),
    output:
        table=P.table("seeds"),
    log:
        P.log("seeds_table"),
    benchmark:
        P.benchmark("seeds_table")
    conda:
        ENVIRONMENT
    params:
        reruns={kind: RUN.reruns[kind] for kind in ("seeds", "folds")},
        code=code("seeds_table.py"),
    script:
        "../scripts/seeds_table.py"


rule shuffled_table:
    input:
        **{
            rerun: expand(RERUN.predictions, rerun=rerun, model="cnn", fold=RUN.folds)
            for rerun in RUN.reruns["shuffled"]
        },
        participants=P.participants,
        folds=P.folds,
        cnn=expand(P.predictions, model="cnn", fold=RUN.folds),
    output:
        table=P.table("shuffled"),
    log:
        P.log("shuffled_table"),
    benchmark:
        P.benchmark("shuffled_table")
    conda:
        ENVIRONMENT
    params:
        reruns=RUN.reruns["shuffled"],
        permutations=config["evaluation"]["permutations"],
        seed=config["seed"],
        code=code("shuffled_table.py"),
    script:
        "../scripts/shuffled_table.py"
