"""Network and voxel SVM on the same images at several grids: `snakemake grids`."""


wildcard_constraints:
    grid=r"\d+x\d+x\d+",


rule grids:
    input:
        P.table("grids"),


use rule downsample as grid_downsample with:
    output:
        **elsewhere(rules.downsample.output, ON_GRID)
        | {"volumes": temp(ON_GRID.batch_volumes)},
    log:
        P.log("grid_downsample", "{grid}/batch-{batch}"),
    benchmark:
        P.benchmark("grid_downsample", "{grid}/batch-{batch}")
    params:
        shape=shape_of,


use rule stack_volumes as grid_stack with:
    input:
        **elsewhere(rules.stack_volumes.input, ON_GRID)
        | {"participants": P.read_participants, "left_out": P.read_left_out},
    output:
        **elsewhere(rules.stack_volumes.output, ON_GRID),
    log:
        P.log("grid_stack", "{grid}"),
    benchmark:
        P.benchmark("grid_stack", "{grid}")


use rule gram_matrix as grid_gram with:
    input:
        **elsewhere(rules.gram_matrix.input, ON_GRID),
    output:
        **elsewhere(rules.gram_matrix.output, ON_GRID),
    log:
        P.log("grid_gram", "{grid}"),
    benchmark:
        P.benchmark("grid_gram", "{grid}")


use rule voxel_svm as grid_svm with:
    input:
        **elsewhere(rules.voxel_svm.input, ON_GRID)
        | {"splits": rules.voxel_svm.input.splits},
    output:
        **elsewhere(rules.voxel_svm.output, ON_GRID),
    log:
        P.log("grid_svm", "{grid}"),
    benchmark:
        P.benchmark("grid_svm", "{grid}")
    params:
        n_features=lambda wildcards: prod(shape_of(wildcards)),


use rule train_cnn as grid_cnn with:
    input:
        **elsewhere(rules.train_cnn.input, ON_GRID)
        | {"split": P.split, "check": rules.train_cnn.input.check},
    output:
        **elsewhere(rules.train_cnn.output, ON_GRID),
    log:
        P.log("grid_cnn", "{grid}/fold-{fold}"),
    benchmark:
        P.benchmark("grid_cnn", "{grid}/fold-{fold}")
    resources:
        gpu=config["gpu"],
        mem_mb=memory_on_grid,
    params:
        network=network_on,
        checkpoint=ON_GRID.cnn_checkpoint,
        input=lambda wildcards: MODEL_INPUT | {"shape": shape_of(wildcards)},


rule grids_table:
    input:
        participants=P.participants,
        grids=[P.grid, *expand(ON_GRID.grid, grid=GRIDS)],
        cnn=[
            *expand(P.predictions, model="cnn", fold=FOLDS),
            *expand(ON_GRID.predictions, model="cnn", grid=GRIDS, fold=FOLDS),
        ],
        voxel_svm=[
            *expand(P.predictions, model="voxel_svm", fold=FOLDS),
            *expand(ON_GRID.predictions, model="voxel_svm", grid=GRIDS, fold=FOLDS),
        ],
    output:
        table=P.table("grids"),
        figure=figure("grids", "Prediction", "grids"),
    log:
        P.log("grids_table"),
    benchmark:
        P.benchmark("grids_table")
    conda:
        ENVIRONMENT
    params:
        folds=FOLDS,
        permutations=config["evaluation"]["permutations"],
        bootstraps=config["evaluation"]["bootstraps"],
        seed=config["seed"],
        code=code("grids_table.py"),
    script:
        "../scripts/grids_table.py"
