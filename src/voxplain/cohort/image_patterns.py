"""Where layouts keep their images; apart, because reading the rules should not load pandas."""

# acpc: the paper's input, rigidly aligned to the line of the commissures; mni: warped to MNI152.
HCP_IMAGES = {
    "acpc": "T1w/T1w_acpc_dc_restore_brain.nii.gz",
    "mni": "MNINonLinear/T1w_restore_brain.nii.gz",
}
# Where ConnectomeDB's downloads put a participant's package.
HCP_PACKAGES = tuple(
    f"{folder}{{participant_id}}_3T_Structural_preproc.zip"
    for folder in ("", "{participant_id}/preproc/")
)
# What may be an image or a mask below a cohort's folder; `table` names its images itself.
PATTERNS = {
    "hcp": [
        *(f"*/{image}" for image in HCP_IMAGES.values()),
        *(package.replace("{participant_id}", "*") for package in HCP_PACKAGES),
    ],
    "bids": [
        f"sub-*/{folders}/*_{kind}.nii*"
        for folders in ("*", "*/*")
        for kind in ("T1w", "desc-brain_mask")
    ],
    "oasis": ["OAS1_*_MR?/mwrc1*"],
}
