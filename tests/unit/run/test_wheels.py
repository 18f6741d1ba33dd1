import hashlib
import zipfile

import pytest

from voxplain.errors import DownloadError
from voxplain.run.wheels import check_member


def test_wheel_members(tmp_path):
    wheel = tmp_path / "a-1.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("a/data.bin", b"bytes")
    digest = hashlib.sha256(b"bytes").hexdigest()
    check_member(wheel, "a/data.bin", digest)
    with pytest.raises(DownloadError, match=f"{digest}, expected {'0' * 64}"):
        check_member(wheel, "a/data.bin", "0" * 64)
    with pytest.raises(DownloadError, match="no member"):
        check_member(wheel, "b", digest)
    with pytest.raises(DownloadError, match="not a readable wheel"):
        check_member(tmp_path / "b.whl", "b", digest)
