"""Transforms against points worked out otherwise; ANTs itself is asked in tests/oracles."""

import gzip
import hashlib
import zipfile
from pathlib import Path

import h5py
import nibabel as nib
import numpy as np
import pytest
from scipy.io import savemat

from voxplain.errors import TransformError
from voxplain.image.grid import Grid
from voxplain.preparation.readers import check_exists, read_transform

RNG = np.random.default_rng(0)
# native to MNI152 in world mm: a little turned and sheared, larger, moved
TURN = np.array([[1.02, 0.1, -0.05], [-0.09, 1.1, 0.2], [0.04, -0.21, 1.05]])
SHIFT = np.array([3.0, -18.0, 11.0])
POINTS = RNG.uniform(-50, 50, (3, 20))  # of MNI152
EXPECTED = np.linalg.solve(TURN, POINTS - SHIFT[:, None])  # where they are in the native image

LAS = Grid((91, 109, 91), [[-2, 0, 0, 90], [0, 2, 0, -126], [0, 0, 2, -72], [0, 0, 0, 1]])
RAS = Grid((91, 109, 91), [[2, 0, 0, -90], [0, 2, 0, -126], [0, 0, 2, -72], [0, 0, 0, 1]])
PSR = Grid(
    (120, 130, 90), [[0, 0, 1.5, -68], [-1.2, 0, 0, 75], [0, 1.1, 0, -80], [0, 0, 0, 1]]
)  # left-handed
OBLIQUE = Grid(
    (80, 90, 70),
    [[-1.9, 0.2, 0.1, 70], [0.2, 2.1, -0.3, -90], [0.1, 0.3, 2.2, -60], [0, 0, 0, 1]],
)


def fsl_mm(grid, world):
    """FSL's coordinates of world points, one at a time, as its documentation words them."""
    out = []
    for point in world.T:
        voxel = nib.affines.apply_affine(np.linalg.inv(grid.affine), point)
        if np.linalg.det(grid.affine) > 0:
            voxel[0] = grid.shape[0] - 1 - voxel[0]
        out.append([v * nib.affines.voxel_sizes(grid.affine)[k] for k, v in enumerate(voxel)])
    return np.array(out).T


def flirt_matrix(source, reference):
    """The matrix between FSL's coordinates of corresponding points, by least squares."""
    native = RNG.uniform(-60, 60, (3, 40))
    from_points = np.vstack([fsl_mm(source, native), np.ones(40)])
    to_points = fsl_mm(reference, TURN @ native + SHIFT[:, None])
    top = np.linalg.lstsq(from_points.T, to_points.T, rcond=None)[0].T
    return np.vstack([top, [0, 0, 0, 1]])


@pytest.mark.parametrize("source", [LAS, RAS, PSR, OBLIQUE])
@pytest.mark.parametrize("reference", [LAS, RAS])
def test_flirt_needs_both_grids(tmp_path, source, reference):
    path = str(tmp_path / "acpc2MNILinear.mat")
    np.savetxt(path, flirt_matrix(source, reference), fmt="%.12g")
    file = read_transform(path, source, reference)
    np.testing.assert_allclose(file.transform(POINTS), EXPECTED, atol=1e-6)
    assert file.sha256 == hashlib.sha256(Path(path).read_bytes()).hexdigest()
    with pytest.raises(TransformError, match=r"acpc2MNILinear\.mat is a FLIRT .*reference"):
        read_transform(path, source)


def warp_values(source, reference, absolute):
    """Where every voxel of the reference lies in the source, in FSL's mm."""
    voxels = np.indices(reference.shape).reshape(3, -1)
    world = reference.world(voxels.T).T
    native = np.linalg.solve(TURN, world - SHIFT[:, None])
    goes_to = fsl_mm(source, native)
    values = goes_to if absolute else goes_to - fsl_mm(reference, world)
    return values.T.reshape(*reference.shape, 3).astype(np.float32)


@pytest.mark.parametrize("absolute", [True, False])
@pytest.mark.parametrize("intent", [0, 2006])
@pytest.mark.parametrize(("source", "reference"), [(LAS, "LAS"), (OBLIQUE, "RAS"), (PSR, "RAS")])
def test_fsl_warps_of_both_conventions(tmp_path, source, reference, absolute, intent):
    if absolute and intent:
        pytest.skip("FNIRT writes relative fields only")
    sign = -1 if reference == "LAS" else 1
    coarse = Grid(
        (12, 14, 12),
        [[sign * 16, 0, 0, -sign * 88], [0, 16, 0, -124], [0, 0, 16, -70], [0, 0, 0, 1]],
    )
    image = nib.Nifti1Image(warp_values(source, coarse, absolute), coarse.affine)
    image.header["intent_code"] = intent
    path = tmp_path / "acpc_dc2standard.nii.gz"
    nib.save(image, path)
    transform = read_transform(str(path), source).transform
    assert transform.kind.endswith("absolute" if absolute else "relative")
    np.testing.assert_allclose(transform(POINTS), EXPECTED, atol=1e-3)  # stored as float32


def test_a_warp_inside_a_package(tmp_path):
    coarse = Grid((12, 14, 12), np.diag([16.0, 16, 16, 1]))
    image = nib.Nifti1Image(np.zeros((12, 14, 12, 3), np.float32), coarse.affine)
    member = "100307/MNINonLinear/xfms/acpc_dc2standard.nii.gz"
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as package:
        package.writestr(member, gzip.compress(image.to_bytes()))
    transform = read_transform(f"{tmp_path}/p.zip!/{member}", coarse).transform
    np.testing.assert_allclose(transform(POINTS), POINTS, atol=1e-9)
    check_exists(f"{tmp_path}/p.zip!/{member}")
    with pytest.raises(TransformError, match="is not in its archive"):
        check_exists(f"{tmp_path}/p.zip!/100307/none.nii.gz")


def itk_parameters(centre):
    """ITK's affine from MNI152 to native in LPS, worked out point by point."""
    flip = np.diag([-1.0, -1.0, 1.0])
    matrix = flip @ np.linalg.inv(TURN) @ flip
    offset = flip @ (-np.linalg.solve(TURN, SHIFT))
    return [*matrix.ravel(), *(offset - centre + matrix @ centre)]


@pytest.mark.parametrize("kind", ["AffineTransform", "MatrixOffsetTransformBase"])
def test_itk_affines_as_text_and_binary(tmp_path, kind):
    centre = np.array([2.0, -21.0, 10.5])
    parameters = itk_parameters(centre)
    text = tmp_path / "affine.txt"
    text.write_text(
        "#Insight Transform File V1.0\n#Transform 0\n"
        f"Transform: {kind}_double_3_3\nParameters: {' '.join(map(repr, map(float, parameters)))}\n"
        f"FixedParameters: {' '.join(map(repr, map(float, centre)))}\n"
    )
    binary = tmp_path / "0GenericAffine.mat"
    columns = {f"{kind}_double_3_3": np.reshape(parameters, (12, 1)), "fixed": centre[:, None]}
    savemat(binary, columns, format="4")
    for path in (text, binary):
        file = read_transform(str(path), OBLIQUE)  # the image's grid plays no part
        np.testing.assert_allclose(file.transform(POINTS), EXPECTED, atol=1e-9)


def write_composite(path, members, typo):
    """ITK's HDF5; the names with the error are those of ITK 4."""
    prefix = "Tranform" if typo else "Transform"
    with h5py.File(path, "w") as file:
        for number, (kind, parameters, fixed) in enumerate(members):
            group = file.create_group(f"TransformGroup/{number}")
            group["TransformType"] = np.array([kind.encode()], dtype="S")
            if parameters is not None:
                group[f"{prefix}Parameters"] = parameters
                group[f"{prefix}FixedParameters"] = fixed


@pytest.mark.parametrize("typo", [True, False])
def test_fmriprep_composites(tmp_path, typo):
    # The field: 4-mm LPS voxels of a box of its own; each voxel's vector depends on its place.
    size, spacing, origin = (50, 60, 45), 4.0, np.array([100.0, 120.0, -80.0])
    direction = np.diag([-1.0, -1.0, 1.0])
    vectors = np.zeros((45, 60, 50, 3))  # z, y, x: x runs fastest
    for x in range(50):  # an LPS vector (x/10, -2, 0) mm at the voxel's x index
        vectors[:, :, x] = (x / 10, -2, 0)
    fixed = [*size, *origin, *[spacing] * 3, *direction.ravel()]
    centre = np.array([1.0, 2.0, 3.0])
    write_composite(
        tmp_path / "a.h5",
        [
            ("CompositeTransform_double_3_3", None, None),
            ("AffineTransform_double_3_3", itk_parameters(centre), centre),
            ("DisplacementFieldTransform_double_3_3", vectors.ravel(), fixed),
        ],
        typo,
    )
    transform = read_transform(str(tmp_path / "a.h5"), OBLIQUE).transform
    assert transform.kind == "ITK composite: affine, displacement field"
    for point, moved in zip(POINTS.T, transform(POINTS).T, strict=True):
        x_index = (-point[0] - 100) / -4  # LPS x = 100 - 4 index
        displaced = np.add(point, (-x_index / 10, 2, 0))  # the field first, turned back to RAS
        np.testing.assert_allclose(moved, np.linalg.solve(TURN, displaced - SHIFT), atol=1e-4)


def test_what_mirrors_or_swells_is_refused(tmp_path):
    mirror = flirt_matrix(LAS, LAS) @ np.diag([-1, 1, 1, 1])
    for matrix, message in (
        (mirror, "m.mat mirrors left and right"),
        (np.diag([3.0, 3, 3, 1]), "changes volumes by a factor of 27"),
        (np.diag([1.0, 1, 0, 1]), "cannot be inverted"),
    ):
        np.savetxt(tmp_path / "m.mat", matrix)
        with pytest.raises(TransformError, match=message):
            read_transform(str(tmp_path / "m.mat"), LAS, LAS)


def coefficients():
    image = nib.Nifti1Image(np.zeros((9, 9, 9, 3), np.float32), np.eye(4))
    image.header["intent_code"] = 2007
    return gzip.compress(image.to_bytes())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"hello", "is not an FSL warp"),
        (bytes(500), "is not an FSL warp"),
        (b"1 2 3\n4 5 6\n", "is not an FSL warp"),
        (gzip.compress(b"x" * 5000)[:-20], "is a damaged gzip"),
        (gzip.compress(nib.Nifti1Image(np.zeros((3, 3, 3)), np.eye(4)).to_bytes()), "not an FSL"),
        (coefficients(), "fnirtfileutils"),
        (b"\x89HDF\r\n\x1a\n" + bytes(50), "not an ITK transform in HDF5"),
        (b"#Insight Transform File V1.0\nTransform: Euler3DTransform_double_3_3\n", "holds"),
        (
            b"#Insight Transform File V1.0\nTransform: Euler3DTransform_double_3_3\n"
            b"Parameters: 0 0 0 1 2 3\nFixedParameters: 0 0 0\n",
            "is an ITK Euler3D",
        ),
        (
            b"#Insight Transform File V1.0\nTransform: AffineTransform_double_3_3\n"
            b"Parameters: a b\nFixedParameters: 0 0 0\n",
            "are not numbers",
        ),
    ],
    # not the contents, in which gzip writes the time: workers would collect other names
    ids=lambda value: value if isinstance(value, str) else "content",
)
def test_files_that_are_no_transform(tmp_path, content, message):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(TransformError, match=message):
        read_transform(str(tmp_path / "x"), LAS, LAS)


def test_a_missing_file(tmp_path):
    with pytest.raises(TransformError, match=r"none\.mat does not exist"):
        check_exists(str(tmp_path / "none.mat"))
