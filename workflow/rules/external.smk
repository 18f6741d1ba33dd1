"""Another run's models on this cohort, and a comparison of both runs."""


rule external:
    # Models of another run: their accuracy on this cohort, and maps of it if both are in MNI152.
    input:
        lambda wildcards: other_run(
            [
                P.table("external"),
                *([P.table("external_maps")] if is_mni152(SPACE) else []),
            ]
        ),


rule compare:
    input:
        lambda wildcards: other_run(P.comparison),


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
                if HAS_MORPHOMETRY and Path(OTHER.morphometry).exists()
                else []
            ),
            provenance=[OTHER.provenance, P.provenance],
            accuracy=[P.table("accuracy"), OTHER.table("accuracy")],
            whole=OTHER.cnn_model.format(fold=WHOLE_COHORT),
            models=sorted(map(str, Path(OTHER.root).glob("cnn/fold-[0-9]*/model.pt"))),
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
            mem_mb=memory_of_transfer,
        params:
            run=config["run"],
            other_run=config["other_run"],
            models=MODELS[1:],
            settings=config["baselines"],
            network=NETWORK,
            input=MODEL_INPUT,
            permutations=config["evaluation"]["permutations"],
            bootstraps=config["evaluation"]["bootstraps"],
            seed=config["seed"],
            gpu=config["gpu"],
            threads=config["threads"],
            code=code("external_accuracy.py"),
        script:
            "../scripts/external_accuracy.py"

    use rule explain as external_explain with:
        input:
            **dict(rules.explain.input.items()) | {"model": OTHER.cnn_model},
        output:
            **elsewhere(rules.explain.output, EXTERNAL),
        log:
            P.log("external_explain", "{method}/fold-{fold}"),
        benchmark:
            P.benchmark("external_explain", "{method}/fold-{fold}")

    use rule group_maps as external_group_maps with:
        input:
            grid=P.grid,
            space=P.volumes_sidecar,
            maps=expand(EXTERNAL.maps, fold=WHOLE_COHORT, allow_missing=True),
            rows=expand(EXTERNAL.map_rows, fold=WHOLE_COHORT, allow_missing=True),
        output:
            **elsewhere(rules.group_maps.output, EXTERNAL)
            | {
                "class_maps": expand(
                    EXTERNAL.class_map,
                    fold=WHOLE_COHORT,
                    label=GROUPS,
                    allow_missing=True,
                )
            },
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
            own=expand(P.group_maps, method=METHODS),
            other=expand(OTHER.group_maps, method=METHODS),
            applied=expand(EXTERNAL.group_maps, method=METHODS),
        output:
            table=P.table("external_maps"),
        log:
            P.log("external_maps"),
        benchmark:
            P.benchmark("external_maps")
        conda:
            ENVIRONMENT
        params:
            methods=METHODS,
            run=config["run"],
            other_run=config["other_run"],
            surrogates=config["evaluation"]["surrogates"],
            seed=config["seed"],
            code=code("external_maps.py"),
        script:
            "../scripts/external_maps.py"

    rule comparison:
        input:
            tables=both_runs(all_tables()),
            figures=both_runs([P.figure(name)[0] for name in figure_names()]),
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
