"""Participants, labels and images: a synthetic cohort is written first, then read like any other."""

if SYNTHETIC:

    localrules:
        gather_cohort,
        plan_cohort,

    rule plan_cohort:
        input:
            labels=expand(P.atlas_labels, atlas=ATLASES),
            names=expand(P.atlas_names, atlas=ATLASES),
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
            classes=CLASSES,
            atlases=list(ATLASES),
            seed=config["seed"],
            code=code("plan_cohort.py"),
        script:
            "../scripts/plan_cohort.py"

    rule make_images:
        input:
            plan=P.plan,
            weights=P.effect_weights,
            labels=expand(P.atlas_labels, atlas=ATLASES),
            names=expand(P.atlas_names, atlas=ATLASES),
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
            n_batches=len(BATCHES),
            atlases=list(ATLASES),
            seed=config["seed"],
            code=code("make_images.py"),
        script:
            "../scripts/make_images.py"

    rule gather_cohort:
        input:
            plan=P.plan,
            images=expand(P.source_images, batch=BATCHES),
            rows=expand(P.source_rows, batch=BATCHES),
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
        unpack(cohort_files),
    output:
        participants=P.read_participants,
        left_out=P.read_left_out,
        batches=expand(P.batch, batch=BATCHES),
        template_mask=P.template_mask if TEMPLATE_MASK else [],
        morphometry=P.morphometry if HAS_MORPHOMETRY else [],
    log:
        P.log("read_cohort"),
    benchmark:
        P.benchmark("read_cohort")
    conda:
        ENVIRONMENT
    params:
        layout=LAYOUT,
        root=P.source if SYNTHETIC else config["cohort_root"],
        settings=LAYOUT_SETTINGS,
        space=config["cohort"]["space"],
        registration=config["registration"],
        contrast=config["cohort"]["contrast"],
        classes=config["cohort"]["classes"],
        exclude=config["cohort"]["exclude"],
        on_missing=config["cohort"]["on_missing"],
        images=IMAGES,
        tables=TABLES,
        n_splits=config["folds"]["n_splits"],
        groups=config["folds"]["groups"],
        shape=config["volumes"]["shape"],
        code=code("read_cohort.py", chosen=chosen_layout),
    script:
        "../scripts/read_cohort.py"
