"""One set of folds for every model."""


checkpoint make_folds:
    # A checkpoint, because only the drawn folds show which model explains a participant.
    input:
        participants=P.participants,
    output:
        folds=P.folds,
        splits=expand(P.split, fold=[*FOLDS, WHOLE_COHORT]),
    log:
        P.log("make_folds"),
    benchmark:
        P.benchmark("make_folds")
    conda:
        ENVIRONMENT
    params:
        n_splits=len(FOLDS),
        groups=config["folds"]["groups"],
        seed=config["seed"],
        inner_splits=config["baselines"]["inner_splits"],
        neighbours=(
            max(config["baselines"]["knn"]["n_neighbors"]) if HAS_MORPHOMETRY else 0
        ),
        code=code("make_folds.py"),
    script:
        "../scripts/make_folds.py"
