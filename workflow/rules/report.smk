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
        runtime=P.table("runtime"),
        table2=expand(P.table("table2_{atlas}"), atlas=TABLE2_ATLASES),
    output:
        fig1=figure("fig1", "Paper", "Fig. 1"),
        fig3=figure("fig3", "Paper", "Fig. 3"),
        accuracy=figure("accuracy", "Prediction", "accuracy"),
        calibration=figure("calibration", "Prediction", "calibration"),
        head_size=figure("head_size", "Prediction", "head size"),
        history=figure("history", "Prediction", "training curves"),
        masked_accuracy=figure("masked_accuracy", "Explanation", "masked accuracy"),
        table3=figure("table3", "Explanation", "overlap"),
        agreement=figure("agreement", "Explanation", "agreement over areas"),
        runtime=figure("runtime", "Explanation", "run times"),
        faithfulness=figure("faithfulness", "Explanation", "deletion and insertion"),
        robustness=figure("robustness", "Explanation", "sanity and stability"),
        localisation=(
            figure("localisation", "Explanation", "localisation") if HAS_TRUTH else []
        ),
        regions=figure("regions", "Explanation", "regions") if TABLE2_ATLASES else [],
        convergence=(
            figure("convergence", "Explanation", "convergence") if PERTURBS else []
        ),
    log:
        P.log("statistics_figures"),
    benchmark:
        P.benchmark("statistics_figures")
    conda:
        ENVIRONMENT
    params:
        classes=CLASSES,
        methods=METHODS,
        atlases=TABLE2_ATLASES,
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
        fold_maps=expand(
            P.class_map, method=METHODS, fold=VIEWER_FOLDS, label="conjoined"
        ),
        subject_maps=expand(P.maps, method=METHODS, fold=MAP_FOLDS[0]),
        rows=expand(P.map_rows, method=METHODS, fold=MAP_FOLDS[0]),
    output:
        fig2a=figure("fig2a", "Paper", "Fig. 2a"),
        fig2b=figure("fig2b", "Paper", "Fig. 2b"),
        fig2c=figure("fig2c", "Paper", "Fig. 2c"),
        projections=(
            figure("projections", "Explanation", "glass brain and surface")
            if is_mni152(SPACE)
            else []
        ),
        stability=(
            figure("stability", "Explanation", "folds' maps") if VIEWER_FOLDS else []
        ),
        subjects=figure("subjects", "Explanation", "participants"),
        quality=figure("quality", "Cohort", "quality"),
    log:
        P.log("map_figures"),
    benchmark:
        P.benchmark("map_figures")
    conda:
        ENVIRONMENT
    params:
        methods=METHODS,
        folds=VIEWER_FOLDS,
        classes=CLASSES,
        thresholds=config["evaluation"]["thresholds"],
        images=expand(P.group_image, method=METHODS, group="conjoined"),
        code=code("map_figures.py"),
    script:
        "../scripts/map_figures.py"


rule provenance:
    input:
        tables=tables_to_record,
        participants=P.participants,
        metrics=expand(P.cnn_metrics, fold=[*FOLDS, WHOLE_COHORT]),
    output:
        record=P.provenance,
        settings=P.settings,
    log:
        P.log("provenance"),
    benchmark:
        P.benchmark("provenance")
    conda:
        ENVIRONMENT
    params:
        config=SETTINGS,
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
        mean=P.mean_volume,
        brain_mask=P.brain_mask,
        maps=expand(P.group_maps, method=METHODS),
        fold_maps=expand(P.class_map, method=METHODS, fold=VIEWER_FOLDS, label=GROUPS),
        atlas_labels=expand(P.atlas_labels, atlas=TABLE2_ATLASES),
        atlas_names=expand(P.atlas_names, atlas=TABLE2_ATLASES),
        figures=[P.figure(name)[0] for name in figure_names()],
    output:
        page=report(P.report, category="Report", labels={"page": "report"}),
        quality=report(
            P.quality_page, category="Report", labels={"page": "every participant"}
        ),
        captions=[P.caption(name) for name in figure_names()],
        # In this job, because everything else is finished before the page.
        manifest=P.manifest,
    log:
        P.log("page"),
    benchmark:
        P.benchmark("page")
    conda:
        ENVIRONMENT
    params:
        config=SETTINGS,
        settings_file=SETTINGS_FILE,
        methods=METHODS,
        folds=VIEWER_FOLDS,
        groups=GROUPS,
        atlases=TABLE2_ATLASES,
        benchmarks=P.benchmarks,
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
    benchmark:
        P.benchmark("participant_page", "{participant}")
    conda:
        ENVIRONMENT
    params:
        config=SETTINGS,
        methods=METHODS,
        models=MODELS,
        atlases=TABLE2_ATLASES,
        map_fold=lambda wildcards: fold_of(wildcards.participant),
        code=code("participant_page.py"),
    script:
        "../scripts/participant_page.py"
