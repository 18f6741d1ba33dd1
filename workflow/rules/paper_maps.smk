"""Maps computed as in the paper, compared with the run's maps: `snakemake paper_maps`."""

# The network trained on all participants explains all of them; Grad-CAM uses the other upsampling.
EVERYBODY = RunPaths("everybody", f"{P.root}/evaluation/paper_maps")
PLACED = RunPaths("placed", f"{P.root}/evaluation/paper_maps")
UPSAMPLING = {"paper": "receptive_field", "receptive_field": "paper"}[
    config["attribution"]["grad_cam"]["upsampling"]
]
EVERYBODYS_METHODS = METHODS if HELD_OUT_MAPS else []  # else the run has these maps
PLACED_METHODS = [method for method in METHODS if method == "grad_cam"]


use rule group_maps as everybodys_group_maps with:
    input:
        grid=P.grid,
        space=P.volumes_sidecar,
        maps=expand(P.maps, fold=WHOLE_COHORT, allow_missing=True),
        rows=expand(P.map_rows, fold=WHOLE_COHORT, allow_missing=True),
    output:
        **elsewhere(rules.group_maps.output, EVERYBODY)
        | {
            "class_maps": expand(
                EVERYBODY.class_map,
                fold=WHOLE_COHORT,
                label=GROUPS,
                allow_missing=True,
            )
        },
    log:
        P.log("everybodys_group_maps", "{method}"),
    benchmark:
        P.benchmark("everybodys_group_maps", "{method}")
    params:
        folds=[WHOLE_COHORT],


use rule explain as placed_explain with:
    output:
        **elsewhere(rules.explain.output, PLACED),
    log:
        P.log("placed_explain", "{method}/fold-{fold}"),
    benchmark:
        P.benchmark("placed_explain", "{method}/fold-{fold}")
    params:
        settings=lambda wildcards: config["attribution"][wildcards.method]
        | {"upsampling": UPSAMPLING},


use rule group_maps as placed_group_maps with:
    input:
        grid=P.grid,
        space=P.volumes_sidecar,
        maps=expand(PLACED.maps, fold=MAP_FOLDS, allow_missing=True),
        rows=expand(PLACED.map_rows, fold=MAP_FOLDS, allow_missing=True),
    output:
        **elsewhere(rules.group_maps.output, PLACED),
    log:
        P.log("placed_group_maps", "{method}"),
    benchmark:
        P.benchmark("placed_group_maps", "{method}")


rule paper_maps:
    input:
        brain_mask=P.brain_mask,
        own=expand(P.group_maps, method=METHODS),
        everybody=expand(EVERYBODY.group_maps, method=EVERYBODYS_METHODS),
        placed=expand(PLACED.group_maps, method=PLACED_METHODS),
        truth=[P.truth, P.truth_names] if HAS_TRUTH else [],
    output:
        table=P.table("paper_maps"),
    log:
        P.log("paper_maps"),
    benchmark:
        P.benchmark("paper_maps")
    conda:
        ENVIRONMENT
    params:
        methods=METHODS,
        everybodys=EVERYBODYS_METHODS,
        placed=PLACED_METHODS,
        upsampling=UPSAMPLING,
        surrogates=config["evaluation"]["surrogates"],
        seed=config["seed"],
        code=code("paper_maps.py"),
    script:
        "../scripts/paper_maps.py"
