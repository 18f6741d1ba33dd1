"""Network and voxel SVM on the same images at several grids: `snakemake grids`."""


wildcard_constraints:
    grid=r"\d+x\d+x\d+",


ON_GRID = P.below("evaluation/grids/{grid}")


rule grids:
    input:
        P.table("grids"),


use rule downsample as grid_downsample with:
    log:
        P.log("grid_downsample", "{grid}/batch-{batch}"),
    benchmark:
        P.benchmark("grid_downsample", "{grid}/batch-{batch}")
    pathvars:
        cohort=ON_GRID.root,
    params:
        shape=lambda wildcards: grid_shape(wildcards.grid),


use rule stack_volumes as grid_stack with:
    log:
        P.log("grid_stack", "{grid}"),
    benchmark:
        P.benchmark("grid_stack", "{grid}")
    pathvars:
        cohort=ON_GRID.root,


use rule gram_matrix as grid_gram with:
    log:
        P.log("grid_gram", "{grid}"),
    benchmark:
        P.benchmark("grid_gram", "{grid}")
    pathvars:
        cohort=ON_GRID.root,
        models=ON_GRID.root,


use rule voxel_svm as grid_svm with:
    log:
        P.log("grid_svm", "{grid}"),
    benchmark:
        P.benchmark("grid_svm", "{grid}")
    pathvars:
        cohort=ON_GRID.root,
        models=ON_GRID.root,
    params:
        n_features=lambda wildcards: prod(grid_shape(wildcards.grid)),


use rule train_cnn as grid_cnn with:
    log:
        P.log("grid_cnn", "{grid}/fold-{fold}"),
    benchmark:
        P.benchmark("grid_cnn", "{grid}/fold-{fold}")
    pathvars:
        cohort=ON_GRID.root,
        models=ON_GRID.root,
    resources:
        gpu=config["gpu"],
        mem_mb=MEMORY.on_grid,
    params:
        network=lambda wildcards: RUN.network_on(grid_shape(wildcards.grid)),
        checkpoint=ON_GRID.cnn_checkpoint,
        input=lambda wildcards: RUN.model_input | {"shape": grid_shape(wildcards.grid)},


rule grids_table:
    input:
        participants=P.participants,
        grids=[P.grid, *expand(ON_GRID.grid, grid=RUN.grids)],
        cnn=[
            *expand(P.predictions, model="cnn", fold=RUN.folds),
            *expand(ON_GRID.predictions, model="cnn", grid=RUN.grids, fold=RUN.folds),
        ],
        voxel_svm=[
            *expand(P.predictions, model="voxel_svm", fold=RUN.folds),
            *expand(
                ON_GRID.predictions, model="voxel_svm", grid=RUN.grids, fold=RUN.folds
            ),
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
        folds=RUN.folds,
        permutations=config["evaluation"]["permutations"],
        bootstraps=config["evaluation"]["bootstraps"],
        seed=config["seed"],
        code=code("grids_table.py"),
    script:
        "../scripts/grids_table.py"
