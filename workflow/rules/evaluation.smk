"""Evaluation of the maps, each number with its null distribution."""


rule masked_accuracy_fold:
    input:
        # The fold's own training sample, or all maps of the paper's model.
        maps=expand(
            P.training_maps if RUN.held_out else P.maps,
            method=RUN.methods,
            fold="{fold}" if RUN.held_out else WHOLE_COHORT,
        ),
        rows=expand(
            P.map_rows,
            method=RUN.methods,
            fold="{fold}" if RUN.held_out else WHOLE_COHORT,
        ),
        participants=P.participants,
        volumes=P.volumes,
        brain_mask=P.brain_mask,
        split=P.split,
        model=P.cnn_model,
    output:
        table=P.masked_fold,
    log:
        P.log("masked_accuracy_fold", "fold-{fold}"),
    benchmark:
        P.benchmark("masked_accuracy_fold", "fold-{fold}")
    conda:
        ENVIRONMENT
    threads: config["threads"]
    resources:
        gpu=config["gpu"],
        mem_mb=MEMORY.of("masked_accuracy_fold"),
    params:
        methods=RUN.methods,
        classes=RUN.classes,
        network=RUN.network,
        map_set="train" if RUN.held_out else "test",
        random_masks=config["evaluation"]["random_masks"],
        seed=config["seed"],
        gpu=config["gpu"],
        threads=config["threads"],
        code=code("masked_accuracy_fold.py"),
    script:
        "../scripts/masked_accuracy_fold.py"


rule masked_accuracy:
    input:
        folds=expand(P.masked_fold, fold=RUN.folds),
    output:
        table=P.table("masked_accuracy"),
    log:
        P.log("masked_accuracy"),
    benchmark:
        P.benchmark("masked_accuracy")
    conda:
        ENVIRONMENT
    params:
        groups=dict(zip(RUN.groups, ["negative", "positive", "conjoined"])),
        code=code("masked_accuracy.py"),
    script:
        "../scripts/masked_accuracy.py"


rule table3:
    input:
        brain_mask=P.brain_mask,
        maps=expand(P.group_maps, method=RUN.methods),
        controls=expand(P.group_maps, method=RUN.controls),
        fold_maps=expand(P.maps, method=RUN.methods, fold=RUN.map_folds),
    output:
        table=P.table("table3"),
        agreement=P.table("agreement"),
    log:
        P.log("table3"),
    benchmark:
        P.benchmark("table3")
    conda:
        ENVIRONMENT
    params:
        methods=RUN.methods,
        controls=RUN.controls,
        folds=RUN.map_folds,
        thresholds=config["evaluation"]["thresholds"],
        equal_area=config["evaluation"]["equal_area"],
        surrogates=config["evaluation"]["surrogates"],
        seed=config["seed"],
        code=code("table3.py"),
    script:
        "../scripts/table3.py"


rule localisation:
    input:
        truth=P.truth,
        truth_names=P.truth_names,
        brain_mask=P.brain_mask,
        maps=expand(P.group_maps, method=RUN.methods),
        controls=expand(P.group_maps, method=RUN.controls),
        fold_maps=expand(P.maps, method=RUN.methods + RUN.controls, fold=RUN.map_folds),
        fold_means=expand(
            P.class_map,
            method=RUN.methods + RUN.controls,
            fold=RUN.map_folds,
            label="conjoined",
        ),
    output:
        table=P.table("localisation"),
        controls=P.table("localisation_controls"),
        regions=P.table("localisation_regions"),
    log:
        P.log("localisation"),
    benchmark:
        P.benchmark("localisation")
    conda:
        ENVIRONMENT
    params:
        methods=RUN.methods,
        controls=RUN.controls,
        folds=RUN.map_folds,
        surrogates=config["evaluation"]["surrogates"],
        seed=config["seed"],
        code=code("localisation.py"),
    script:
        "../scripts/localisation.py"


rule first_layer:
    # Held-out participants with every fold's model, and the paper's in-sample model.
    input:
        participants=P.participants,
        volumes=P.volumes,
        quality=P.quality,
        splits=expand(P.split, fold=[*RUN.folds, WHOLE_COHORT]),
        models=expand(P.cnn_model, fold=[*RUN.folds, WHOLE_COHORT]),
    output:
        table=P.table("first_layer"),
    log:
        P.log("first_layer"),
    benchmark:
        P.benchmark("first_layer")
    conda:
        ENVIRONMENT
    threads: config["threads"]
    resources:
        gpu=config["gpu"],
        mem_mb=MEMORY.of("first_layer"),
    params:
        folds=[*RUN.folds, WHOLE_COHORT],
        classes=RUN.classes,
        network=RUN.network,
        gpu=config["gpu"],
        threads=config["threads"],
        code=code("first_layer.py"),
    script:
        "../scripts/first_layer.py"


rule map_properties:
    input:
        participants=P.participants,
        brain_mask=P.brain_mask,
        mean=P.mean_volume,
        maps=expand(P.group_maps, method=RUN.methods),
        fold_maps=expand(P.maps, method=RUN.methods, fold=RUN.map_folds),
        rows=expand(P.map_rows, method=RUN.methods, fold=RUN.map_folds),
        timing=expand(P.map_timing, method=RUN.methods, fold=RUN.map_folds),
    output:
        table=P.table("map_properties"),
        runtime=P.table("runtime"),
    log:
        P.log("map_properties"),
    benchmark:
        P.benchmark("map_properties")
    conda:
        ENVIRONMENT
    params:
        methods=RUN.methods,
        folds=RUN.map_folds,
        target=config["attribution"]["target"],
        permutations=config["evaluation"]["permutations"],
        surrogates=config["evaluation"]["surrogates"],
        seed=config["seed"],
        code=code("map_properties.py"),
    script:
        "../scripts/map_properties.py"
