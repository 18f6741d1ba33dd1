"""Trust in the maps: control maps, faithfulness, sanity and stability."""


rule faithfulness_fold:
    # Also computes the control maps that a method must exceed: plain gradient, edges of the image,
    # group difference.
    input:
        participants=P.participants,
        volumes=P.volumes,
        brain_mask=P.brain_mask,
        split=P.split,
        model=P.cnn_model,
        maps=expand(P.maps, method=RUN.methods, allow_missing=True),
    output:
        maps=expand(P.maps, method=RUN.controls, allow_missing=True),
        rows=expand(P.map_rows, method=RUN.controls, allow_missing=True),
        areas=P.faithfulness_fold,
        curves=P.faithfulness_curves_fold,
    log:
        P.log("faithfulness_fold", "fold-{fold}"),
    benchmark:
        P.benchmark("faithfulness_fold", "fold-{fold}")
    conda:
        ENVIRONMENT
    threads: config["threads"]
    resources:
        gpu=config["gpu"],
        mem_mb=MEMORY.of("faithfulness_fold"),
    params:
        methods=RUN.methods,
        controls=RUN.controls,
        target=config["attribution"]["target"],
        settings=config["evaluation"]["faithfulness"],
        network=RUN.network,
        seed=config["seed"],
        gpu=config["gpu"],
        threads=config["threads"],
        code=code("faithfulness_fold.py"),
    script:
        "../scripts/faithfulness_fold.py"


rule faithfulness:
    input:
        areas=expand(P.faithfulness_fold, fold=RUN.map_folds),
        curves=expand(P.faithfulness_curves_fold, fold=RUN.map_folds),
    output:
        table=P.table("faithfulness"),
        curves=P.table("faithfulness_curves"),
    log:
        P.log("faithfulness"),
    benchmark:
        P.benchmark("faithfulness")
    conda:
        ENVIRONMENT
    params:
        code=code("faithfulness.py"),
    script:
        "../scripts/faithfulness.py"


rule train_variant:
    # The same fold's network with another seed, or with shuffled labels.
    input:
        participants=P.participants,
        volumes=P.volumes,
        split=P.split.format(fold=RUN.robustness_fold),
    output:
        model=P.variant_model,
    log:
        P.log("train_variant", "{variant}"),
    benchmark:
        P.benchmark("train_variant", "{variant}")
    conda:
        ENVIRONMENT
    threads: config["threads"]
    resources:
        gpu=config["gpu"],
        mem_mb=MEMORY.of("train_variant"),
    params:
        network=RUN.network,
        checkpoint=P.variant_checkpoint,
        settings=RUN.training,
        seed=config["seed"],
        gpu=config["gpu"],
        threads=config["threads"],
        code=code("train_variant.py"),
    script:
        "../scripts/train_variant.py"


rule robustness_method:
    input:
        participants=P.participants,
        volumes=P.volumes,
        brain_mask=P.brain_mask,
        split=P.split.format(fold=RUN.robustness_fold),
        model=P.cnn_model.format(fold=RUN.robustness_fold),
        variants=expand(P.variant_model, variant=RUN.variants),
    output:
        table=P.robustness_method,
    log:
        P.log("robustness_method", "{method}"),
    benchmark:
        P.benchmark("robustness_method", "{method}")
    conda:
        ENVIRONMENT
    threads: config["threads"]
    resources:
        gpu=config["gpu"],
        mem_mb=MEMORY.of("robustness_method"),
    params:
        names=RUN.variants,
        network=RUN.network,
        settings=lambda wildcards: config["attribution"][wildcards.method],
        # They take seconds, less than a separate job.
        controls=lambda wildcards: (
            RUN.sanity_controls if wildcards.method == RUN.methods[-1] else []
        ),
        target=config["attribution"]["target"],
        robustness=config["evaluation"]["robustness"],
        equal_area=config["evaluation"]["equal_area"],
        seed=config["seed"],
        gpu=config["gpu"],
        threads=config["threads"],
        code=code("robustness_method.py", chosen=chosen_method),
    script:
        "../scripts/robustness_method.py"


rule robustness:
    input:
        expand(P.robustness_method, method=RUN.methods),
    output:
        table=P.table("robustness"),
    log:
        P.log("robustness"),
    benchmark:
        P.benchmark("robustness")
    conda:
        ENVIRONMENT
    params:
        code=code("robustness.py"),
    script:
        "../scripts/robustness.py"
