"""All models except the network, on the same folds."""

from math import prod


rule gram_matrix:
    # Computed once for all folds; each fold uses its rows and columns.
    input:
        volumes=COHORT.volumes,
    output:
        gram=MODELS.gram,
        sums=MODELS.gram_sums,
    log:
        P.log("gram_matrix"),
    benchmark:
        P.benchmark("gram_matrix")
    conda:
        ENVIRONMENT
    params:
        code=code("gram_matrix.py"),
    script:
        "../scripts/gram_matrix.py"


rule voxel_svm:
    # All folds in one job: with the Gram matrix, a fit takes less time than starting a job.
    input:
        participants=COHORT.participants,
        splits=expand(P.split, fold=RUN.folds),
        gram=MODELS.gram,
        sums=MODELS.gram_sums,
        quality=COHORT.quality,
    output:
        predictions=expand(MODELS.predictions, model="voxel_svm", fold=RUN.folds),
        residuals=expand(MODELS.predictions, model=RUN.voxel_residual, fold=RUN.folds),
    log:
        P.log("voxel_svm"),
    benchmark:
        P.benchmark("voxel_svm")
    conda:
        ENVIRONMENT
    resources:
        mem_mb=MEMORY.of_fits,
    params:
        n_features=prod(config["volumes"]["shape"]),
        svm_c=config["baselines"]["svm_c"],
        code=code("voxel_svm.py"),
    script:
        "../scripts/voxel_svm.py"


rule tabular_models:
    # All tabular models of a fold in one job: the imports take longer than the fits.
    input:
        participants=P.participants,
        split=P.split,
        quality=P.quality,
        morphometry=P.morphometry if RUN.has_morphometry else [],
    output:
        **TARGETS.tabular_outputs(),
    log:
        P.log("tabular_models", "fold-{fold}"),
    benchmark:
        P.benchmark("tabular_models", "fold-{fold}")
    conda:
        ENVIRONMENT
    threads: config["threads"]
    params:
        models=RUN.tabular_models,
        settings=config["baselines"],
        seed=config["seed"],
        threads=config["threads"],
        code=code("tabular_models.py"),
    script:
        "../scripts/tabular_models.py"
