"""The network: one model per fold, and the paper's model of the whole cohort (fold "all")."""

if OWN_NETWORK:

    rule check_network:
        # Depends only on what training depends on, so it never causes a new training.
        output:
            P.cnn_check,
        log:
            P.log("check_network"),
        benchmark:
            P.benchmark("check_network")
        priority: 100
        conda:
            ENVIRONMENT
        threads: config["threads"]
        resources:
            gpu=config["gpu"],
            mem_mb=memory("check_network"),
        params:
            network=NETWORK,
            gpu=config["gpu"],
            threads=config["threads"],
            code=code("check_network.py"),
        script:
            "../scripts/check_network.py"


rule train_cnn:
    input:
        check=P.cnn_check if OWN_NETWORK else [],
        participants=P.participants,
        volumes=P.volumes,
        grid=P.grid,
        split=P.split,
    output:
        model=P.cnn_model,
        history=P.cnn_history,
        metrics=P.cnn_metrics,
        predictions=P.predictions.format(model="cnn", fold="{fold}"),
    log:
        P.log("train_cnn", "fold-{fold}"),
    benchmark:
        P.benchmark("train_cnn", "fold-{fold}")
    conda:
        ENVIRONMENT
    threads: config["threads"]
    resources:
        gpu=config["gpu"],
        mem_mb=memory("train_cnn"),
    params:
        network=NETWORK,
        checkpoint=P.cnn_checkpoint,
        settings=TRAINING,
        input=MODEL_INPUT,
        seed=config["seed"],
        gpu=config["gpu"],
        threads=config["threads"],
        code=code("train_cnn.py"),
    script:
        "../scripts/train_cnn.py"
