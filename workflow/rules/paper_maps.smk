"""Maps computed as in the paper, compared with the run's maps: `snakemake paper_maps`."""

# The network trained on all participants explains all of them; Grad-CAM uses the other upsampling.
EVERYBODY = P.below("evaluation/paper_maps/everybody")
PLACED = P.below("evaluation/paper_maps/placed")


use rule group_maps as everybodys_group_maps with:
    input:
        grid=P.grid,
        space=P.volumes_sidecar,
        maps=expand(P.maps, fold=WHOLE_COHORT, allow_missing=True),
        rows=expand(P.map_rows, fold=WHOLE_COHORT, allow_missing=True),
    output:
        maps=EVERYBODY.group_maps,
        counts=EVERYBODY.group_counts,
        images=expand(EVERYBODY.group_image, group=RUN.groups, allow_missing=True),
        sidecars=expand(EVERYBODY.group_sidecar, group=RUN.groups, allow_missing=True),
        class_maps=expand(
            EVERYBODY.class_map,
            fold=WHOLE_COHORT,
            label=RUN.groups,
            allow_missing=True,
        ),
    log:
        P.log("everybodys_group_maps", "{method}"),
    benchmark:
        P.benchmark("everybodys_group_maps", "{method}")
    params:
        folds=[WHOLE_COHORT],


use rule explain as placed_explain with:
    log:
        P.log("placed_explain", "{method}/fold-{fold}"),
    benchmark:
        P.benchmark("placed_explain", "{method}/fold-{fold}")
    pathvars:
        maps=PLACED.root,
    params:
        settings=lambda wildcards: config["attribution"][wildcards.method]
        | {"upsampling": RUN.other_upsampling},


use rule group_maps as placed_group_maps with:
    log:
        P.log("placed_group_maps", "{method}"),
    benchmark:
        P.benchmark("placed_group_maps", "{method}")
    pathvars:
        maps=PLACED.root,


rule paper_maps:
    input:
        brain_mask=P.brain_mask,
        own=expand(P.group_maps, method=RUN.methods),
        everybody=expand(EVERYBODY.group_maps, method=RUN.everybodys_methods),
        placed=expand(PLACED.group_maps, method=RUN.placed_methods),
        truth=[P.truth, P.truth_names] if RUN.has_truth else [],
    output:
        table=P.table("paper_maps"),
    log:
        P.log("paper_maps"),
    benchmark:
        P.benchmark("paper_maps")
    conda:
        ENVIRONMENT
    params:
        methods=RUN.methods,
        everybodys=RUN.everybodys_methods,
        placed=RUN.placed_methods,
        upsampling=RUN.other_upsampling,
        surrogates=config["evaluation"]["surrogates"],
        seed=config["seed"],
        code=code("paper_maps.py"),
    script:
        "../scripts/paper_maps.py"
