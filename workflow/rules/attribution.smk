"""Attribution maps: per fold and method, group means, and single participants on request."""


wildcard_constraints:
    fold="[0-9]+|all",
    method="[a-z_]+",


rule explain:
    input:
        participants=P.participants,
        volumes=P.volumes,
        split=P.split,
        model=P.cnn_model,
    output:
        maps=P.maps,
        training_maps=P.training_maps,
        rows=P.map_rows,
        curves=P.map_curves,
        timing=P.map_timing,
    log:
        P.log("explain", "{method}/fold-{fold}"),
    benchmark:
        P.benchmark("explain", "{method}/fold-{fold}")
    wildcard_constraints:
        method="|".join(METHODS),
    conda:
        ENVIRONMENT
    threads: config["threads"]
    resources:
        gpu=config["gpu"],
        mem_mb=memory("explain"),
    params:
        checkpoint=P.map_checkpoint,
        network=NETWORK,
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
        maps=expand(P.maps, fold=MAP_FOLDS, allow_missing=True),
        rows=expand(P.map_rows, fold=MAP_FOLDS, allow_missing=True),
    output:
        maps=P.group_maps,
        counts=P.group_counts,
        images=expand(P.group_image, group=GROUPS, allow_missing=True),
        sidecars=expand(P.group_sidecar, group=GROUPS, allow_missing=True),
        class_maps=expand(P.class_map, fold=MAP_FOLDS, label=GROUPS, allow_missing=True),
    log:
        P.log("group_maps", "{method}"),
    benchmark:
        P.benchmark("group_maps", "{method}")
    conda:
        ENVIRONMENT
    params:
        folds=MAP_FOLDS,
        classes=CLASSES,
        code=code("group_maps.py"),
    script:
        "../scripts/group_maps.py"


rule participant_map:
    # Writes one map from the array of its fold; needs no torch.
    input:
        unpack(maps_of_participant),
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
