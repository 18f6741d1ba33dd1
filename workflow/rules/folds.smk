"""One set of folds for every model."""


checkpoint make_folds:
    # A checkpoint, because only the drawn folds show which model explains a participant.
    input:
        participants=P.participants,
    output:
        folds=SPLITS.folds,
        splits=expand(SPLITS.split, fold=[*RUN.folds, WHOLE_COHORT]),
    log:
        P.log("make_folds"),
    benchmark:
        P.benchmark("make_folds")
    conda:
        ENVIRONMENT
    params:
        n_splits=len(RUN.folds),
        groups=config["folds"]["groups"],
        seed=config["seed"],
        inner_splits=config["baselines"]["inner_splits"],
        neighbours=(
            max(config["baselines"]["knn"]["n_neighbors"])
            if RUN.has_morphometry
            else 0
        ),
        code=code("make_folds.py"),
    script:
        "../scripts/make_folds.py"
