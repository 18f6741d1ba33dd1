"""From the scanner's images to brains and their way into MNI152, where the run prepares them."""

if RUN.prepares:

    rule prepare:
        # Whoever is finished stays in a folder of their own, so a job that is stopped resumes.
        input:
            batch=batch_of_images,
            wheel=P.wheel.format(wheel=EXTRACTOR) if RUN.may_extract_brains else [],
            images=(
                expand(P.source_images, batch=RUN.batches) if RUN.is_synthetic else []
            ),
        output:
            P.prepared_batch,
        log:
            P.log("prepare", "batch-{batch}"),
        benchmark:
            P.benchmark("prepare", "batch-{batch}")
        conda:
            ENVIRONMENT
        threads: config["threads"]
        resources:
            gpu=config["gpu"],
            mem_mb=MEMORY.of("prepare"),
        params:
            folder=P.preparation,
            settings=RUN.preparation,
            seed=config["seed"],
            gpu=config["gpu"],
            threads=config["threads"],
            code=code("prepare.py"),
        script:
            "../scripts/prepare.py"
