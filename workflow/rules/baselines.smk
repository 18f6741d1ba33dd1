"""All models except the network, on the same folds."""

from math import prod


rule gram_matrix:
    # Computed once for all folds; each fold uses its rows and columns.
    input:
        volumes=P.volumes,
    output:
        gram=P.gram,
        sums=P.gram_sums,
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
        participants=P.participants,
        splits=expand(P.split, fold=FOLDS),
        gram=P.gram,
        sums=P.gram_sums,
        quality=P.quality,
    output:
        predictions=expand(P.predictions, model="voxel_svm", fold=FOLDS),
        residuals=expand(P.predictions, model=VOXEL_RESIDUAL, fold=FOLDS),
    log:
        P.log("voxel_svm"),
    benchmark:
        P.benchmark("voxel_svm")
    conda:
        ENVIRONMENT
    resources:
        mem_mb=memory_of_fits,
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
        morphometry=P.morphometry if HAS_MORPHOMETRY else [],
    output:
        **per_model(P.predictions, [*MORPHOMETRY_MODELS, "head_size"]),
        **{
            f"{kind}_{model}": path
            for kind, pattern, models in (
                ("parameters", P.parameters, MORPHOMETRY_MODELS),
                ("importances", P.importances, WITH_IMPORTANCES),
            )
            for model, path in per_model(pattern, models).items()
        },
    log:
        P.log("tabular_models", "fold-{fold}"),
    benchmark:
        P.benchmark("tabular_models", "fold-{fold}")
    conda:
        ENVIRONMENT
    threads: config["threads"]
    params:
        models=[*MORPHOMETRY_MODELS, "head_size"],
        settings=config["baselines"],
        seed=config["seed"],
        threads=config["threads"],
        code=code("tabular_models.py"),
    script:
        "../scripts/tabular_models.py"
