"""Participants, labels and images: a synthetic cohort is written first, then read like any other."""

if RUN.is_synthetic:

    localrules:
        gather_cohort,
        plan_cohort,

    rule plan_cohort:
        input:
            labels=expand(P.atlas_labels, atlas=RUN.atlases),
            names=expand(P.atlas_names, atlas=RUN.atlases),
        output:
            plan=P.plan,
            weights=P.effect_weights,
            truth=P.truth,
            truth_names=P.truth_names,
        log:
            P.log("plan_cohort"),
        benchmark:
            P.benchmark("plan_cohort")
        conda:
            ENVIRONMENT
        params:
            settings=config["cohort"]["synthetic"],
            classes=RUN.classes,
            atlases=list(RUN.atlases),
            seed=config["seed"],
            code=code("plan_cohort.py"),
        script:
            "../scripts/plan_cohort.py"

    rule make_images:
        input:
            plan=P.plan,
            weights=P.effect_weights,
            labels=expand(P.atlas_labels, atlas=RUN.atlases),
            names=expand(P.atlas_names, atlas=RUN.atlases),
        output:
            images=directory(P.source_images),
            rows=P.source_rows,
        log:
            P.log("make_images", "batch-{batch}"),
        benchmark:
            P.benchmark("make_images", "batch-{batch}")
        conda:
            ENVIRONMENT
        params:
            settings=config["cohort"]["synthetic"],
            n_batches=len(RUN.batches),
            atlases=list(RUN.atlases),
            seed=config["seed"],
            code=code("make_images.py"),
        script:
            "../scripts/make_images.py"

    rule gather_cohort:
        input:
            plan=P.plan,
            images=expand(P.source_images, batch=RUN.batches),
            rows=expand(P.source_rows, batch=RUN.batches),
        output:
            participants=P.source_participants,
            morphometry=P.source_morphometry,
        log:
            P.log("gather_cohort"),
        benchmark:
            P.benchmark("gather_cohort")
        conda:
            ENVIRONMENT
        params:
            code=code("gather_cohort.py"),
        script:
            "../scripts/gather_cohort.py"


checkpoint read_cohort:
    # A checkpoint, because a batch of images is read again only if its files have changed.
    input:
        unpack(lambda wildcards: INPUTS.cohort_files()),
    output:
        participants=P.read_participants,
        left_out=P.read_left_out,
        batches=expand(P.batch, batch=RUN.batches),
        template_mask=P.template_mask if RUN.cuts_out_template else [],
        morphometry=P.morphometry if RUN.has_morphometry else [],
    log:
        P.log("read_cohort"),
    benchmark:
        P.benchmark("read_cohort")
    conda:
        ENVIRONMENT
    params:
        layout=RUN.layout,
        root=P.source if RUN.is_synthetic else config["cohort_root"],
        settings=RUN.layout_settings,
        space=config["cohort"]["space"],
        registration=asdict(RUN.registration),
        contrast=config["cohort"]["contrast"],
        classes=config["cohort"]["classes"],
        exclude=config["cohort"]["exclude"],
        on_missing=config["cohort"]["on_missing"],
        images=FINGERPRINTS.images,
        tables=FINGERPRINTS.tables,
        n_splits=config["folds"]["n_splits"],
        groups=config["folds"]["groups"],
        shape=config["volumes"]["shape"],
        code=code("read_cohort.py", chosen=chosen_layout),
    script:
        "../scripts/read_cohort.py"
