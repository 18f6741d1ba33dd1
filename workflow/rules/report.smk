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
            if RUN.has_truth
            else []
        ),
        faithfulness=P.table("faithfulness_curves"),
        robustness=P.table("robustness"),
        histories=expand(P.cnn_history, fold=RUN.folds),
        curves=expand(
            P.map_curves,
            method="meaningful_perturbation",
            fold=RUN.perturbation_folds,
        ),
        rows=expand(
            P.map_rows,
            method="meaningful_perturbation",
            fold=RUN.perturbation_folds,
        ),
        importances=P.table("importances") if RUN.has_morphometry else [],
        runtime=P.table("runtime"),
        table2=expand(P.table("table2_{atlas}"), atlas=RUN.table2_atlases),
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
            figure("localisation", "Explanation", "localisation")
            if RUN.has_truth
            else []
        ),
        regions=(
            figure("regions", "Explanation", "regions") if RUN.table2_atlases else []
        ),
        convergence=(
            figure("convergence", "Explanation", "convergence") if RUN.perturbs else []
        ),
    log:
        P.log("statistics_figures"),
    benchmark:
        P.benchmark("statistics_figures")
    conda:
        ENVIRONMENT
    params:
        classes=RUN.classes,
        methods=RUN.methods,
        atlases=RUN.table2_atlases,
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
        maps=expand(P.group_maps, method=RUN.methods),
        fold_maps=expand(
            P.class_map, method=RUN.methods, fold=RUN.viewer_folds, label="conjoined"
        ),
        subject_maps=expand(P.maps, method=RUN.methods, fold=RUN.map_folds[0]),
        rows=expand(P.map_rows, method=RUN.methods, fold=RUN.map_folds[0]),
    output:
        fig2a=figure("fig2a", "Paper", "Fig. 2a"),
        fig2b=figure("fig2b", "Paper", "Fig. 2b"),
        fig2c=figure("fig2c", "Paper", "Fig. 2c"),
        projections=(
            figure("projections", "Explanation", "glass brain and surface")
            if RUN.in_mni152
            else []
        ),
        stability=(
            figure("stability", "Explanation", "folds' maps")
            if RUN.viewer_folds
            else []
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
        methods=RUN.methods,
        folds=RUN.viewer_folds,
        classes=RUN.classes,
        thresholds=config["evaluation"]["thresholds"],
        images=expand(P.group_image, method=RUN.methods, group="conjoined"),
        code=code("map_figures.py"),
    script:
        "../scripts/map_figures.py"


rule provenance:
    input:
        tables=lambda wildcards: INPUTS.tables_to_record(),
        participants=P.participants,
        metrics=expand(P.cnn_metrics, fold=[*RUN.folds, WHOLE_COHORT]),
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
        config=RUN.settings,
        code=code("provenance.py"),
    script:
        "../scripts/provenance.py"


rule claims:
    input:
        tables=TARGETS.claim_tables(),
        participants=P.participants,
        reference=TARGETS.reference_files(),
    output:
        table=P.table("claims"),
    log:
        P.log("claims"),
    benchmark:
        P.benchmark("claims")
    conda:
        ENVIRONMENT
    params:
        classes=RUN.classes,
        same_cohort=RUN.layout == "hcp",
        kan2020_run=RUN.kan2020_run,
        rules=lambda wildcards: TARGETS.rules_of_claims(
            {rule.name: map(str, rule.output) for rule in workflow.rules}
        ),
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
        tables=TARGETS.page_tables(),
        counts=expand(P.group_counts, method=RUN.methods),
        mean=P.mean_volume,
        brain_mask=P.brain_mask,
        maps=expand(P.group_maps, method=RUN.methods),
        fold_maps=expand(
            P.class_map, method=RUN.methods, fold=RUN.viewer_folds, label=RUN.groups
        ),
        atlas_labels=expand(P.atlas_labels, atlas=RUN.table2_atlases),
        atlas_names=expand(P.atlas_names, atlas=RUN.table2_atlases),
        figures=TARGETS.pictures(),
    output:
        page=report(P.report, category="Report", labels={"page": "report"}),
        quality=report(
            P.quality_page, category="Report", labels={"page": "every participant"}
        ),
        captions=[P.caption(name) for name in TARGETS.figures()],
        # In this job, because everything else is finished before the page.
        manifest=P.manifest,
    log:
        P.log("page"),
    benchmark:
        P.benchmark("page")
    conda:
        ENVIRONMENT
    params:
        config=RUN.settings,
        settings_file=lambda wildcards: (
            None if RUN.has_defaults(Path(workflow.basedir, DEFAULTS)) else P.settings
        ),
        methods=RUN.methods,
        folds=RUN.viewer_folds,
        groups=RUN.groups,
        atlases=RUN.table2_atlases,
        benchmarks=P.benchmarks,
        code=code("page.py"),
    script:
        "../scripts/page.py"


rule participant_page:
    # One participant's image, maps and predictions: snakemake results/RUN/participants/ID.html
    input:
        maps=lambda wildcards: expand(
            P.maps, method=RUN.methods, fold=explaining_fold(wildcards)
        ),
        rows=lambda wildcards: expand(
            P.map_rows, method=RUN.methods, fold=explaining_fold(wildcards)
        ),
        predictions=lambda wildcards: expand(
            P.predictions, model=RUN.models, fold=fold_of(wildcards)
        ),
        participants=P.participants,
        volumes=P.volumes,
        grid=P.grid,
        brain_mask=P.brain_mask,
        quality=P.quality,
        accuracy=P.table("accuracy"),
        atlas_labels=expand(P.atlas_labels, atlas=RUN.table2_atlases),
        atlas_names=expand(P.atlas_names, atlas=RUN.table2_atlases),
    output:
        P.participant_page,
    log:
        P.log("participant_page", "{participant}"),
    benchmark:
        P.benchmark("participant_page", "{participant}")
    conda:
        ENVIRONMENT
    params:
        config=RUN.settings,
        methods=RUN.methods,
        models=RUN.models,
        atlases=RUN.table2_atlases,
        map_fold=explaining_fold,
        code=code("participant_page.py"),
    script:
        "../scripts/participant_page.py"
