"""What a run consists of, and the files that rules find through the configuration or folds."""


def default_tables():
    names = [
        "accuracy",
        "calibration",
        "comparisons",
        "head_size",
        "confounds",
        "permutations_voxel_svm",
        "table1",
        "table3",
        "masked_accuracy",
        "first_layer",
        "agreement",
        "map_properties",
        "runtime",
    ]
    names += region_tables()
    names += ["optimism"] if HAS_MORPHOMETRY else []
    names += ["faithfulness", "faithfulness_curves", "robustness"]
    names += (
        ["localisation", "localisation_controls", "localisation_regions"]
        if HAS_TRUTH
        else []
    )
    return [P.table(name) for name in names]


def claim_tables():
    """Tables that the claims are judged by; of the studies, those that have been asked for."""
    studies = [P.table(name) for name in CLAIM_STUDIES if Path(P.table(name)).exists()]
    importances = [P.table("importances")] if HAS_MORPHOMETRY else []
    return [*default_tables(), *importances, *studies]


def all_tables():
    """The run's tables, and those of the targets of their own that have been asked for."""
    later = [*STUDY_TABLES, *(f"permutations_{model}" for model in PERMUTED_MODELS[1:])]
    asked = [P.table(name) for name in later if Path(P.table(name)).exists()]
    return [*default_tables(), P.table("claims"), *asked]


def region_tables():
    """Tables of what the maps do in atlas regions."""
    names = [f"table2_{atlas}" for atlas in TABLE2_ATLASES]
    names += ["laterality"] if TABLE2_ATLASES else []
    names += ["networks"] if NETWORKS else []
    if TABLE2_ATLASES and HAS_MORPHOMETRY:
        names += ["morphometry_regions", "morphometry_overlap"]
    return names


def table_rules():
    """Which rule makes each table that the claims are judged by."""
    judged = {P.participants, *claim_tables()}
    return {
        Path(path).stem: rule.name
        for rule in workflow.rules
        for path in map(str, rule.output)
        if path in judged
    }


def reference_files():
    """Claims and participants of the paper's protocol: asked for, or there by themselves."""
    other = RunPaths(KAN2020_RUN)
    files = [other.table("claims"), other.participants]
    found = config["kan2020_run"] or Path(files[0]).exists()
    return files if found else []


def figure(name, category, label):
    """Files of a figure: picture, vector drawing, data; Snakemake's report shows the picture.

    The job of the page writes the captions; a study's figure may be newer than the page.
    """
    png, svg, data = P.figure(name)
    caption = Path(P.caption(name)).absolute()
    shown = report(
        png,
        caption=caption if caption.exists() else NO_CAPTION,
        category=category,
        labels={"figure": label},
    )
    return [shown, svg, data]


def figure_names():
    """The run's figures, and those of the targets of their own that have been asked for."""
    names = [
        "fig1",
        "fig2a",
        "fig2b",
        "fig2c",
        "fig3",
        "accuracy",
        "calibration",
        "head_size",
        "history",
        "quality",
        "masked_accuracy",
        "table3",
        "agreement",
        "runtime",
        "subjects",
    ]
    names += ["stability"] if VIEWER_FOLDS else []
    names += ["projections"] if is_mni152(SPACE) else []
    names += ["regions"] if TABLE2_ATLASES else []
    names += ["localisation"] if HAS_TRUTH else []
    names += ["convergence"] if PERTURBS else []
    names += ["faithfulness", "robustness"]
    return names + [name for name in STUDY_FIGURES if Path(P.figure(name)[0]).exists()]


def perturbation_files(path):
    """A file of every fold's Meaningful Perturbations, where the run has them."""
    folds = MAP_FOLDS if PERTURBS else []
    return expand(path, method="meaningful_perturbation", fold=folds)


def atlas_files(atlas):
    """Files of an entry of the configuration's atlases."""
    if "wheel" in atlas:
        return {"wheel": P.wheel.format(wheel=atlas["wheel"])}
    return {"image": atlas["image"], "labels": atlas["labels"]}


def per_model(path, models):
    """Named outputs, one per model."""
    return {model: path.replace("{model}", model) for model in models}


def drawn_folds():
    """The fold that each participant is held out of; waits for the folds to be drawn."""
    with open(checkpoints.make_folds.get().output.folds) as file:
        next(file)  # column names
        return dict(line.split("\t")[:2] for line in file)


def held_out_fold(participant):
    """The fold that a participant is held out of."""
    rows = drawn_folds()
    if participant not in rows:
        raise WorkflowError(f"{participant} is not in this cohort ({P.participants})")
    return rows[participant]


def fold_of(participant):
    """The fold whose model explains a participant."""
    fold = held_out_fold(participant)
    return fold if HELD_OUT_MAPS else WHOLE_COHORT


def maps_of_participant(wildcards):
    fold = fold_of(wildcards.participant)
    return {
        "maps": P.maps.format(method=wildcards.method, fold=fold),
        "rows": P.map_rows.format(method=wildcards.method, fold=fold),
    }


def page_of_participant(wildcards):
    fold = fold_of(wildcards.participant)
    return {
        "maps": expand(P.maps, method=METHODS, fold=fold),
        "rows": expand(P.map_rows, method=METHODS, fold=fold),
        "predictions": expand(
            P.predictions, model=MODELS, fold=held_out_fold(wildcards.participant)
        ),
    }


def group_sources(wildcards):
    """Maps that a fold's group masks are made of: its own training sample, or the paper's model."""
    if HELD_OUT_MAPS:
        maps, fold = P.training_maps, wildcards.fold
    else:
        maps, fold = P.maps, WHOLE_COHORT
    return {
        "maps": expand(maps, method=METHODS, fold=fold),
        "rows": expand(P.map_rows, method=METHODS, fold=fold),
    }


def cohort_files(_):
    """Tables that a cohort is read from."""
    if SYNTHETIC:
        return {"table": P.source_participants, "morphometry": P.source_morphometry}
    root = Path(config["cohort_root"])
    names = [
        LAYOUT_SETTINGS.get(key)
        for key in ("participants", "behavioural", "restricted")
    ]
    files = {"table": [root / name for name in names if name]}
    if HAS_MORPHOMETRY:
        tables = LAYOUT_SETTINGS["morphometry"]
        tables = [tables] if isinstance(tables, str) else tables
        files["morphometry"] = [root / table for table in tables]
    return files


def cohort_tables():
    """The same in one list."""
    found = cohort_files(None).values()
    return [
        path
        for paths in found
        for path in (paths if isinstance(paths, list) else [paths])
    ]


def tables_to_record(_):
    """Tables whose checksums are recorded: not the restricted one, which one job alone may read."""
    restricted = LAYOUT_SETTINGS.get("restricted")
    hidden = restricted and Path(config["cohort_root"], restricted).resolve()
    return [path for path in cohort_tables() if Path(path).resolve() != hidden]


def image_files():
    """What reading the cohort depends on beside tables: sizes and times of the images' files."""
    if SYNTHETIC:
        return "made here"
    root = Path(config["cohort_root"])
    templates = [LAYOUT_SETTINGS.get("mask")] if LAYOUT == "table" else []
    templates += [REGISTRATION["transform"]] if TRANSFORMS else []
    named = [
        path
        for template in templates
        if template
        for path in root.glob(re.sub(r"\{[^{}]+\}", "*", template.partition("!/")[0]))
    ]
    if LAYOUT == "table":
        images = images_fingerprint(
            root, LAYOUT_SETTINGS["participants"], LAYOUT_SETTINGS["image"]
        )
        return images + files_fingerprint(named)
    folder = root / (LAYOUT_SETTINGS.get("derivatives") or "")
    found = [path for pattern in PATTERNS[LAYOUT] for path in folder.glob(pattern)]
    return files_fingerprint([*found, *named])


def table_files():
    """What reading the cohort depends on: a replaced table is noticed also if it is an old file."""
    if SYNTHETIC:
        return "made here"
    return files_fingerprint(cohort_tables())


REFERENCE = "registration.reference"


def named_files():
    """The same of atlases given as files, by name, and of the registration's reference."""
    files = {
        name: [] if "wheel" in atlas else map(Path, atlas_files(atlas).values())
        for name, atlas in ATLASES.items()
    }
    files[REFERENCE] = [registration_reference()] if registration_reference() else []
    return {name: files_fingerprint(paths) for name, paths in files.items()}


def registration_reference():
    """The image whose geometry FLIRT's matrices need."""
    reference = REGISTRATION["reference"] if TRANSFORMS else None
    return Path(config["cohort_root"], reference) if reference else []


# Snakemake compares and records them in its main process alone: jobs need not ask every file again.
IMAGES, TABLES, NAMED = (
    (image_files(), table_files(), named_files())
    if workflow.is_main_process
    else (None, None, dict.fromkeys([*ATLASES, REFERENCE]))
)


def batch_of_images(wildcards):
    """The images of a batch with sizes and times of their files; waits for the cohort to be read."""
    checkpoints.read_cohort.get()
    return P.batch.format(batch=wildcards.batch)


def elsewhere(files, paths):
    """A rule's named files below another root, for a rule that does the same to something else."""
    return {
        name: (
            path.replace(P.root, paths.root, 1)
            if isinstance(path, str)
            else [one.replace(P.root, paths.root, 1) for one in path]
        )
        for name, path in files.items()
    }


def rerun_participants(wildcards):
    """Who is trained on: shuffled reruns have labels of their own."""
    own = wildcards.rerun.startswith("shuffled")
    return (RERUN if own else P).participants.format(**wildcards)


def rerun_split(wildcards):
    """On which folds: the run's, or newly drawn ones."""
    own = wildcards.rerun.startswith("folds")
    return (RERUN if own else P).split.format(**wildcards)


def rerun_predictions(*kinds):
    """Predictions of all folds by name of the rerun."""
    return {
        rerun: expand(RERUN.predictions, rerun=rerun, model="cnn", fold=FOLDS)
        for kind in kinds
        for rerun in RERUNS[kind]
    }


def shape_of(wildcards):
    """The shape that a grid is named after."""
    return [int(size) for size in wildcards.grid.split("x")]


def memory_on_grid(wildcards, attempt):
    """What `memory` says of training, for another grid."""
    volumes = config["volumes"] | {"shape": shape_of(wildcards)}
    needed = Costs(config | {"volumes": volumes}, LARGE, 0).memory_mb("train_cnn")
    return attempt * ceil(needed)


def network_on(wildcards):
    """The run's network for another grid."""
    return NETWORK | {
        "arguments": NETWORK["arguments"] | {"shape": shape_of(wildcards)}
    }


def other_run(files):
    """Files made of another run's; refuses where there is none."""
    if OTHER is None:
        raise WorkflowError(
            "other_run is null; name a finished run under results/, for example: "
            "--config other_run=demo"
        )
    if config["other_run"] == config["run"] or not Path(OTHER.provenance).exists():
        raise WorkflowError(
            f"other_run: '{config['other_run']}' is not another finished run, there is no "
            f"{OTHER.provenance}; run it first, under another name than '{config['run']}'"
        )
    return files


def both_runs(files):
    """Those result files of this run that the other run has too."""
    return [
        path for path in files if Path(path.replace(P.root, OTHER.root, 1)).exists()
    ]
