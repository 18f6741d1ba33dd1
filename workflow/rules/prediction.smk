"""How well the models predict, each number with its null distribution."""


rule prediction_tables:
    input:
        **{
            model: expand(P.predictions, model=model, fold=RUN.folds)
            for model in [*RUN.models, RUN.voxel_residual]
        },
        importances=(
            expand(P.importances, model="logistic_regression", fold=RUN.folds)
            if RUN.has_morphometry
            else []
        ),
        participants=P.participants,
        quality=P.quality,
    output:
        accuracy=P.table("accuracy"),
        predictions=P.table("predictions"),
        table1=P.table("table1"),
        calibration=P.table("calibration"),
        comparisons=P.table("comparisons"),
        head_size=P.table("head_size"),
        importances=P.table("importances") if RUN.has_morphometry else [],
    log:
        P.log("prediction_tables"),
    benchmark:
        P.benchmark("prediction_tables")
    conda:
        ENVIRONMENT
    params:
        models=RUN.models,
        residual=RUN.voxel_residual,
        permutations=config["evaluation"]["permutations"],
        bootstraps=config["evaluation"]["bootstraps"],
        caliper=config["evaluation"]["head_size_caliper"],
        seed=config["seed"],
        code=code("prediction_tables.py"),
    script:
        "../scripts/prediction_tables.py"


rule confounds:
    input:
        participants=P.participants,
        quality=P.quality,
        folds=P.folds,
    output:
        table=P.table("confounds"),
    log:
        P.log("confounds"),
    benchmark:
        P.benchmark("confounds")
    conda:
        ENVIRONMENT
    params:
        permutations=config["evaluation"]["permutations"],
        seed=config["seed"],
        code=code("confounds.py"),
    script:
        "../scripts/confounds.py"


rule optimism:
    # By how much choosing hyper-parameters on the reported folds, as in the paper, raises accuracy.
    input:
        participants=P.participants,
        folds=P.folds,
        morphometry=P.morphometry,
        accuracy=P.table("accuracy"),
    output:
        table=P.table("optimism"),
    log:
        P.log("optimism"),
    benchmark:
        P.benchmark("optimism")
    conda:
        ENVIRONMENT
    threads: config["threads"]
    params:
        models=RUN.table1_models,
        settings=config["baselines"],
        seed=config["seed"],
        threads=config["threads"],
        code=code("optimism.py"),
    script:
        "../scripts/optimism.py"


rule label_permutations:
    # One model refitted to permuted labels: seconds for the SVM, minutes for the regression.
    input:
        participants=P.participants,
        folds=P.folds,
        gram=P.gram,
        sums=P.gram_sums,
        morphometry=P.morphometry if RUN.has_morphometry else [],
        quality=P.quality,
    output:
        table=P.table("permutations_{model}"),
    log:
        P.log("label_permutations", "{model}"),
    benchmark:
        P.benchmark("label_permutations", "{model}")
    wildcard_constraints:
        model="|".join(RUN.baseline_models),
    conda:
        ENVIRONMENT
    threads: config["threads"]
    resources:
        mem_mb=MEMORY.of_fits,
    params:
        permutations=config["evaluation"]["refits"],
        n_voxels=prod(config["volumes"]["shape"]),
        settings=config["baselines"],
        seed=config["seed"],
        threads=config["threads"],
        code=code("label_permutations.py"),
    script:
        "../scripts/label_permutations.py"


rule permutations:
    # Nulls from refitting all fast models: `snakemake permutations`, then `snakemake` for the page.
    input:
        expand(P.table("permutations_{model}"), model=RUN.baseline_models),


rule repeat:
    # New folds, once with families kept together and once divided, for all but the network.
    input:
        participants=P.participants,
        quality=P.quality,
        gram=P.gram,
        sums=P.gram_sums,
        morphometry=P.morphometry if RUN.has_morphometry else [],
    output:
        table=P.repeat,
    log:
        P.log("repeat", "repeat-{repeat}"),
    benchmark:
        P.benchmark("repeat", "repeat-{repeat}")
    wildcard_constraints:
        repeat=r"\d\d",
    conda:
        ENVIRONMENT
    threads: config["threads"]
    resources:
        mem_mb=MEMORY.of_fits,
    params:
        models=RUN.baseline_models,
        n_splits=len(RUN.folds),
        groups=config["folds"]["groups"],
        n_voxels=prod(config["volumes"]["shape"]),
        settings=config["baselines"],
        seed=config["seed"],
        threads=config["threads"],
        code=code("repeat.py"),
    script:
        "../scripts/repeat.py"


rule repeats:
    # Repeated k-fold: `snakemake repeats`, then `snakemake` for the page.
    input:
        repeats=expand(P.repeat, repeat=RUN.repeats),
    output:
        table=P.table("repeats"),
    log:
        P.log("repeats"),
    benchmark:
        P.benchmark("repeats")
    conda:
        ENVIRONMENT
    params:
        code=code("repeats.py"),
    script:
        "../scripts/repeats.py"


rule learning_draw:
    # Smaller training sets inside the folds, for the models that are fast to fit.
    input:
        participants=P.participants,
        quality=P.quality,
        splits=expand(P.split, fold=RUN.folds),
        gram=P.gram,
        sums=P.gram_sums,
        morphometry=P.morphometry if RUN.has_morphometry else [],
    output:
        table=P.learning_draw,
    log:
        P.log("learning_draw", "draw-{draw}"),
    benchmark:
        P.benchmark("learning_draw", "draw-{draw}")
    wildcard_constraints:
        draw=r"\d\d",
    conda:
        ENVIRONMENT
    threads: config["threads"]
    resources:
        mem_mb=MEMORY.of_fits,
    params:
        models=RUN.learning_models,
        shares=config["evaluation"]["learning"]["shares"],
        n_voxels=prod(config["volumes"]["shape"]),
        settings=config["baselines"],
        seed=config["seed"],
        threads=config["threads"],
        code=code("learning_draw.py"),
    script:
        "../scripts/learning_draw.py"


rule learning:
    # Learning curves over cohort size: `snakemake learning`, then `snakemake` for the page.
    input:
        draws=expand(P.learning_draw, draw=RUN.learning_draws),
        accuracy=P.table("accuracy"),
    output:
        table=P.table("learning"),
        figure=figure("learning", "Prediction", "learning curves"),
    log:
        P.log("learning"),
    benchmark:
        P.benchmark("learning")
    conda:
        ENVIRONMENT
    params:
        code=code("learning.py"),
    script:
        "../scripts/learning.py"
