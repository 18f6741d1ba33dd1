"""Another run's models on this cohort, and a comparison of both runs."""

OTHER = RunPaths(config["other_run"]) if config["other_run"] else None
EXTERNAL = P.below("external")


rule external:
    # Models of another run: their accuracy on this cohort, and maps of it if both are in MNI152.
    input:
        lambda wildcards: with_other_run(
            [
                P.table("external"),
                *([P.table("external_maps")] if RUN.in_mni152 else []),
            ]
        ),


rule compare:
    input:
        lambda wildcards: with_other_run(P.comparison),


if OTHER:

    localrules:
        comparison,

    rule external_accuracy:
        input:
            # first the other run's table, which is fitted on, then this run's
            participants=[OTHER.participants, P.participants],
            volumes=[OTHER.volumes, P.volumes],
            quality=[OTHER.quality, P.quality],
            morphometry=(
                [OTHER.morphometry, P.morphometry]
                if RUN.has_morphometry and on_disk.is_there(OTHER.morphometry)
                else []
            ),
            provenance=[OTHER.provenance, P.provenance],
            accuracy=[P.table("accuracy"), OTHER.table("accuracy")],
            whole=OTHER.cnn_model.format(fold=WHOLE_COHORT),
            models=on_disk.fold_models(OTHER),
        output:
            table=P.table("external"),
        log:
            P.log("external_accuracy"),
        benchmark:
            P.benchmark("external_accuracy")
        conda:
            ENVIRONMENT
        threads: config["threads"]
        resources:
            gpu=config["gpu"],
            mem_mb=MEMORY.of_transfer,
        params:
            run=config["run"],
            other_run=config["other_run"],
            models=RUN.baseline_models,
            settings=config["baselines"],
            network=RUN.network,
            input=RUN.model_input,
            permutations=config["evaluation"]["permutations"],
            bootstraps=config["evaluation"]["bootstraps"],
            seed=config["seed"],
            gpu=config["gpu"],
            threads=config["threads"],
            code=code("external_accuracy.py"),
        script:
            "../scripts/external_accuracy.py"

    use rule explain as external_explain with:
        log:
            P.log("external_explain", "{method}/fold-{fold}"),
        benchmark:
            P.benchmark("external_explain", "{method}/fold-{fold}")
        pathvars:
            models=OTHER.root,
            maps=EXTERNAL.root,

    use rule group_maps as external_group_maps with:
        input:
            grid=P.grid,
            space=P.volumes_sidecar,
            maps=expand(EXTERNAL.maps, fold=WHOLE_COHORT, allow_missing=True),
            rows=expand(EXTERNAL.map_rows, fold=WHOLE_COHORT, allow_missing=True),
        output:
            maps=EXTERNAL.group_maps,
            counts=EXTERNAL.group_counts,
            images=expand(EXTERNAL.group_image, group=RUN.groups, allow_missing=True),
            sidecars=expand(
                EXTERNAL.group_sidecar, group=RUN.groups, allow_missing=True
            ),
            class_maps=expand(
                EXTERNAL.class_map,
                fold=WHOLE_COHORT,
                label=RUN.groups,
                allow_missing=True,
            ),
        log:
            P.log("external_group_maps", "{method}"),
        benchmark:
            P.benchmark("external_group_maps", "{method}")
        params:
            folds=[WHOLE_COHORT],

    rule external_maps:
        input:
            brain_masks=[P.brain_mask, OTHER.brain_mask],
            spaces=[P.volumes_sidecar, OTHER.volumes_sidecar],
            own=expand(P.group_maps, method=RUN.methods),
            other=expand(OTHER.group_maps, method=RUN.methods),
            applied=expand(EXTERNAL.group_maps, method=RUN.methods),
        output:
            table=P.table("external_maps"),
        log:
            P.log("external_maps"),
        benchmark:
            P.benchmark("external_maps")
        conda:
            ENVIRONMENT
        params:
            methods=RUN.methods,
            run=config["run"],
            other_run=config["other_run"],
            surrogates=config["evaluation"]["surrogates"],
            seed=config["seed"],
            code=code("external_maps.py"),
        script:
            "../scripts/external_maps.py"

    rule comparison:
        input:
            tables=on_disk.in_both_runs(TARGETS.page_tables(), P, OTHER),
            figures=on_disk.in_both_runs(TARGETS.pictures(), P, OTHER),
            provenance=[P.provenance, OTHER.provenance],
        output:
            report(P.comparison, category="Report", labels={"page": "comparison"}),
        log:
            P.log("comparison"),
        benchmark:
            P.benchmark("comparison")
        conda:
            ENVIRONMENT
        params:
            run=config["run"],
            other_run=config["other_run"],
            roots=[P.root, OTHER.root],
            code=code("comparison.py"),
        script:
            "../scripts/comparison.py"
