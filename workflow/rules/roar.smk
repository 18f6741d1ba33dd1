"""The network retrained without the voxels that a method marks: `snakemake roar`."""


rule roar_fold:
    # The mask comes from the group map of the fold's training sample, so no test data leak.
    input:
        participants=P.participants,
        volumes=P.volumes,
        brain_mask=P.brain_mask,
        split=P.split,
        maps=P.training_maps,
        rows=P.map_rows,
    output:
        table=P.roar_fold,
    log:
        P.log("roar_fold", "{method}/fold-{fold}"),
    benchmark:
        P.benchmark("roar_fold", "{method}/fold-{fold}")
    conda:
        ENVIRONMENT
    threads: config["threads"]
    resources:
        gpu=config["gpu"],
        mem_mb=MEMORY.of("roar_fold"),
    params:
        roar=config["evaluation"]["roar"],
        sigma=config["evaluation"]["faithfulness"]["sigma"],
        network=RUN.network,
        checkpoint=P.roar_checkpoint,
        settings=RUN.training,
        seed=config["seed"],
        gpu=config["gpu"],
        threads=config["threads"],
        code=code("roar_fold.py"),
    script:
        "../scripts/roar_fold.py"


rule roar:
    input:
        folds=expand(P.roar_fold, method=RUN.methods, fold=RUN.folds),
        cnn=expand(P.predictions, model="cnn", fold=RUN.folds),
    output:
        table=P.table("roar"),
    log:
        P.log("roar"),
    benchmark:
        P.benchmark("roar")
    conda:
        ENVIRONMENT
    params:
        code=code("roar.py"),
    script:
        "../scripts/roar.py"
