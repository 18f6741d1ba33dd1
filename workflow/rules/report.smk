"""Figures, claims and the report page."""


rule statistics_figures:
    input:
        accuracy=P.table("accuracy"),
        calibration=P.table("calibration"),
        head_size=P.table("head_size"),
        first_layer=P.table("first_layer"),
        masked=P.table("masked_accuracy"),
        table3=P.table("table3"),
        agreement=P.table("agreement"),
        localisation=(
            [P.table("localisation"), P.table("localisation_controls")]
            if HAS_TRUTH
            else []
        ),
        faithfulness=P.table("faithfulness_curves"),
        robustness=P.table("robustness"),
        histories=expand(P.cnn_history, fold=FOLDS),
        curves=perturbation_files(P.map_curves),
        rows=perturbation_files(P.map_rows),
        importances=P.table("importances") if HAS_MORPHOMETRY else [],
    output:
        fig1=report(P.figure("fig1"), category="Paper", labels={"figure": "Fig. 1"}),
        fig3=report(P.figure("fig3"), category="Paper", labels={"figure": "Fig. 3"}),
        accuracy=report(
            P.figure("accuracy"), category="Prediction", labels={"figure": "accuracy"}
        ),
        calibration=report(
            P.figure("calibration"),
            category="Prediction",
            labels={"figure": "calibration"},
        ),
        head_size=report(
            P.figure("head_size"),
            category="Prediction",
            labels={"figure": "head size"},
        ),
        history=report(
            P.figure("history"), category="Prediction", labels={"figure": "history"}
        ),
        masked_accuracy=report(
            P.figure("masked_accuracy"),
            category="Explanation",
            labels={"figure": "masked accuracy"},
        ),
        table3=report(
            P.figure("table3"), category="Explanation", labels={"figure": "overlap"}
        ),
        agreement=report(
            P.figure("agreement"),
            category="Explanation",
            labels={"figure": "agreement over areas"},
        ),
        localisation=P.figure("localisation") if HAS_TRUTH else [],
        faithfulness=report(
            P.figure("faithfulness"),
            category="Explanation",
            labels={"figure": "faithfulness"},
        ),
        robustness=report(
            P.figure("robustness"),
            category="Explanation",
            labels={"figure": "robustness"},
        ),
        convergence=(
            report(
                P.figure("convergence"),
                category="Explanation",
                labels={"figure": "convergence"},
            )
            if PERTURBS
            else []
        ),
    log:
        P.log("statistics_figures"),
    benchmark:
        P.benchmark("statistics_figures")
    conda:
        ENVIRONMENT
    params:
        classes=CLASSES,
        code=code("statistics_figures.py"),
    script:
        "../scripts/statistics_figures.py"


rule map_figures:
    input:
        participants=P.participants,
        volumes=P.volumes,
        grid=P.grid,
        mean=P.mean_volume,
        brain_mask=P.brain_mask,
        quality=P.quality,
        maps=expand(P.group_maps, method=METHODS),
    output:
        fig2a=report(P.figure("fig2a"), category="Paper", labels={"figure": "Fig. 2a"}),
        fig2b=report(P.figure("fig2b"), category="Paper", labels={"figure": "Fig. 2b"}),
        fig2c=report(P.figure("fig2c"), category="Paper", labels={"figure": "Fig. 2c"}),
        quality=report(
            P.figure("quality"), category="Cohort", labels={"figure": "quality"}
        ),
    log:
        P.log("map_figures"),
    benchmark:
        P.benchmark("map_figures")
    conda:
        ENVIRONMENT
    params:
        methods=METHODS,
        classes=CLASSES,
        thresholds=config["evaluation"]["thresholds"],
        code=code("map_figures.py"),
    script:
        "../scripts/map_figures.py"


rule provenance:
    input:
        participants=P.participants,
        metrics=expand(P.cnn_metrics, fold=[*FOLDS, WHOLE_COHORT]),
    output:
        P.provenance,
    log:
        P.log("provenance"),
    conda:
        ENVIRONMENT
    params:
        config=config,
        code=code("provenance.py"),
    script:
        "../scripts/provenance.py"


rule claims:
    input:
        tables=claim_tables(),
        participants=P.participants,
        reference=reference_files(),
    output:
        table=P.table("claims"),
    log:
        P.log("claims"),
    benchmark:
        P.benchmark("claims")
    conda:
        ENVIRONMENT
    params:
        classes=CLASSES,
        same_cohort=LAYOUT == "hcp",
        kan2020_run=KAN2020_RUN,
        rules=lambda _: table_rules(),
        code=code("claims.py"),
    script:
        "../scripts/claims.py"


rule page:
    input:
        provenance=P.provenance,
        participants=P.participants,
        left_out=P.left_out,
        quality=P.quality,
        volumes=P.volumes,
        tables=all_tables(),
        counts=expand(P.group_counts, method=METHODS),
        grid=P.grid,
        mean=P.mean_volume,
        brain_mask=P.brain_mask,
        maps=expand(P.group_maps, method=METHODS),
        fold_maps=expand(P.class_map, method=METHODS, fold=VIEWER_FOLDS, label=GROUPS),
        atlas_labels=expand(P.atlas_labels, atlas=TABLE2_ATLASES),
        atlas_names=expand(P.atlas_names, atlas=TABLE2_ATLASES),
        figures=[path for path in all_figures() if path.endswith(".png")],
    output:
        page=report(P.report, category="Report", labels={"page": "report"}),
        quality=report(
            P.quality_page, category="Report", labels={"page": "every participant"}
        ),
        # Here, because everything else is made by the time of the page.
        manifest=P.manifest,
    log:
        P.log("page"),
    benchmark:
        P.benchmark("page")
    conda:
        ENVIRONMENT
    params:
        config=config,
        methods=METHODS,
        folds=VIEWER_FOLDS,
        atlases=TABLE2_ATLASES,
        code=code("page.py"),
    script:
        "../scripts/page.py"


rule participant_page:
    # One participant's image, maps and predictions: snakemake results/RUN/participants/ID.html
    input:
        unpack(page_of_participant),
        participants=P.participants,
        volumes=P.volumes,
        grid=P.grid,
        brain_mask=P.brain_mask,
        quality=P.quality,
        accuracy=P.table("accuracy"),
        atlas_labels=expand(P.atlas_labels, atlas=TABLE2_ATLASES),
        atlas_names=expand(P.atlas_names, atlas=TABLE2_ATLASES),
    output:
        P.participant_page,
    log:
        P.log("participant_page", "{participant}"),
    conda:
        ENVIRONMENT
    params:
        config=config,
        methods=METHODS,
        models=MODELS,
        atlases=TABLE2_ATLASES,
        map_fold=lambda wildcards: fold_of(wildcards.participant),
        code=code("participant_page.py"),
    script:
        "../scripts/participant_page.py"
