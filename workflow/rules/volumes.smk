"""From image files to one array on the run's grid, with quality control."""


rule downsample:
    input:
        batch=batch_of_images,
        template_mask=P.template_mask if TEMPLATE_MASK else [],
        reference=registration_reference(),
        images=expand(P.source_images, batch=BATCHES) if SYNTHETIC else [],
    output:
        volumes=temp(P.batch_volumes),
        quality=P.batch_quality,
        grid=P.batch_grid,
        space=P.batch_space,
        problems=P.batch_problems,
    log:
        P.log("downsample", "batch-{batch}"),
    benchmark:
        P.benchmark("downsample", "batch-{batch}")
    conda:
        ENVIRONMENT
    params:
        shape=config["volumes"]["shape"],
        registration=config["registration"],
        reference=NAMED[REFERENCE],
        space=SPACE,
        seed=config["seed"],
        code=code("downsample.py"),
    script:
        "../scripts/downsample.py"


rule stack_volumes:
    # All images have been read by now, so unusable ones are known before anything is trained.
    input:
        participants=P.read_participants,
        left_out=P.read_left_out,
        volumes=expand(P.batch_volumes, batch=BATCHES),
        quality=expand(P.batch_quality, batch=BATCHES),
        grids=expand(P.batch_grid, batch=BATCHES),
        spaces=expand(P.batch_space, batch=BATCHES),
        problems=expand(P.batch_problems, batch=BATCHES),
    output:
        participants=P.participants,
        left_out=P.left_out,
        volumes=P.volumes,
        grid=P.grid,
        brain_mask=P.brain_mask,
        mean=P.mean_volume,
        space=P.volumes_sidecar,
        sidecars=[P.brain_mask_sidecar, P.mean_volume_sidecar],
        quality=P.quality,
    log:
        P.log("stack_volumes"),
    benchmark:
        P.benchmark("stack_volumes")
    conda:
        ENVIRONMENT
    params:
        normalisation=config["volumes"]["normalisation"],
        on_missing=config["cohort"]["on_missing"],
        space=SPACE,
        claimed=CLAIMED_MNI152,
        code=code("stack_volumes.py"),
    script:
        "../scripts/stack_volumes.py"
