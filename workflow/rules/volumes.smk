"""From image files to one array on the run's grid, with quality control."""


rule downsample:
    input:
        batch=P.prepared_batch if RUN.prepares else batch_of_images,
        template_mask=P.template_mask if RUN.cuts_out_template else [],
        reference=INPUTS.reference(),
        images=expand(P.source_images, batch=RUN.batches) if RUN.is_synthetic else [],
    output:
        volumes=temp(COHORT.batch_volumes),
        quality=COHORT.batch_quality,
        grid=COHORT.batch_grid,
        space=COHORT.batch_space,
        problems=COHORT.batch_problems,
    log:
        P.log("downsample", "batch-{batch}"),
    benchmark:
        P.benchmark("downsample", "batch-{batch}")
    conda:
        ENVIRONMENT
    params:
        shape=config["volumes"]["shape"],
        registration=asdict(RUN.registration),
        reference=FINGERPRINTS.reference,
        space=RUN.space,
        seed=config["seed"],
        code=code("downsample.py"),
    script:
        "../scripts/downsample.py"


rule stack_volumes:
    # All images have been read by now, so unusable ones are known before anything is trained.
    input:
        participants=P.read_participants,
        left_out=P.read_left_out,
        volumes=expand(COHORT.batch_volumes, batch=RUN.batches),
        quality=expand(COHORT.batch_quality, batch=RUN.batches),
        grids=expand(COHORT.batch_grid, batch=RUN.batches),
        spaces=expand(COHORT.batch_space, batch=RUN.batches),
        problems=expand(COHORT.batch_problems, batch=RUN.batches),
    output:
        participants=COHORT.participants,
        left_out=COHORT.left_out,
        volumes=COHORT.volumes,
        grid=COHORT.grid,
        brain_mask=COHORT.brain_mask,
        mean=COHORT.mean_volume,
        space=COHORT.volumes_sidecar,
        sidecars=[COHORT.brain_mask_sidecar, COHORT.mean_volume_sidecar],
        quality=COHORT.quality,
    log:
        P.log("stack_volumes"),
    benchmark:
        P.benchmark("stack_volumes")
    conda:
        ENVIRONMENT
    params:
        normalisation=config["volumes"]["normalisation"],
        on_missing=config["cohort"]["on_missing"],
        space=RUN.space,
        claimed=RUN.claims_mni152,
        code=code("stack_volumes.py"),
    script:
        "../scripts/stack_volumes.py"
