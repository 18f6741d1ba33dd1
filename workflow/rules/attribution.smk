"""Attribution maps: per fold and method, group means, and single participants on request."""


rule explain:
    input:
        participants=P.participants,
        volumes=P.volumes,
        split=P.split,
        model=MODELS.cnn_model,
    output:
        maps=MAPS.maps,
        training_maps=MAPS.training_maps,
        rows=MAPS.map_rows,
        curves=MAPS.map_curves,
        timing=MAPS.map_timing,
    log:
        P.log("explain", "{method}/fold-{fold}"),
    benchmark:
        P.benchmark("explain", "{method}/fold-{fold}")
    wildcard_constraints:
        method="|".join(RUN.methods),
    conda:
        ENVIRONMENT
    threads: config["threads"]
    resources:
        gpu=config["gpu"],
        mem_mb=MEMORY.of("explain"),
    params:
        checkpoint=P.map_checkpoint,
        network=RUN.network,
        settings=lambda wildcards: config["attribution"][wildcards.method],
        target=config["attribution"]["target"],
        training_sample=config["attribution"]["training_sample"],
        seed=config["seed"],
        gpu=config["gpu"],
        threads=config["threads"],
        code=code("explain.py", chosen=chosen_method),
    script:
        "../scripts/explain.py"


rule group_maps:
    input:
        grid=P.grid,
        space=P.volumes_sidecar,
        maps=expand(MAPS.maps, fold=RUN.map_folds, allow_missing=True),
        rows=expand(MAPS.map_rows, fold=RUN.map_folds, allow_missing=True),
    output:
        maps=MAPS.group_maps,
        counts=MAPS.group_counts,
        images=expand(MAPS.group_image, group=RUN.groups, allow_missing=True),
        sidecars=expand(MAPS.group_sidecar, group=RUN.groups, allow_missing=True),
        class_maps=expand(
            MAPS.class_map, fold=RUN.map_folds, label=RUN.groups, allow_missing=True
        ),
    log:
        P.log("group_maps", "{method}"),
    benchmark:
        P.benchmark("group_maps", "{method}")
    conda:
        ENVIRONMENT
    params:
        folds=RUN.map_folds,
        classes=RUN.classes,
        code=code("group_maps.py"),
    script:
        "../scripts/group_maps.py"


rule participant_map:
    # Writes one map from the array of its fold; needs no torch.
    input:
        maps=lambda wildcards: P.maps.format(
            method=wildcards.method, fold=explaining_fold(wildcards)
        ),
        rows=lambda wildcards: P.map_rows.format(
            method=wildcards.method, fold=explaining_fold(wildcards)
        ),
        grid=P.grid,
        space=P.volumes_sidecar,
    output:
        image=P.participant_map,
        sidecar=P.participant_sidecar,
    log:
        P.log("participant_map", "{method}/{participant}"),
    benchmark:
        P.benchmark("participant_map", "{method}/{participant}")
    conda:
        ENVIRONMENT
    params:
        code=code("participant_map.py"),
    script:
        "../scripts/participant_map.py"
