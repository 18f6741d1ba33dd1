"""Setting up torch: device, threads, determinism and the memory allocator.

Every job that computes with torch calls `prepare_device` once, before it allocates anything.
"""

import ctypes
import os
import platform

import torch

from voxplain.errors import ConfigError
from voxplain.network import gpu_lease
from voxplain.run.threads import use_threads

# glibc's mallopt parameters (malloc.h).
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4


def prepare_device(threads: int = 1, gpus: int = 0) -> torch.device:
    """Set torch up for reproducible work and return the device to use.

    Parameters
    ----------
    threads : int
        CPU threads of this process. The number changes the order of floating-point sums, so only
        the same number gives the same bits.
    gpus : int
        0 computes on the CPU, 1 on a visible CUDA device that no other job has
        (`voxplain.network.gpu_lease`).

    Returns
    -------
    torch.device
        The device to compute on.

    Raises
    ------
    ConfigError
        A GPU is asked for and none is visible.
    """
    if gpus and not torch.cuda.is_available():
        raise ConfigError(
            "gpu: 1 is set, but torch sees no CUDA device here; set gpu: 0 to compute on the CPU, "
            "or install a CUDA build of torch (docs/howto/gpu-memory.md)"
        )
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    use_threads(threads)
    torch.set_num_threads(threads)
    # The same as use_deterministic_algorithms(True), which would import torch's compiler and cost
    # every job over a second.
    torch.set_deterministic_debug_mode("error")
    # Every tensor is computed in full before it is read; filling it first costs a tenth of a pass.
    # (A property of torch's module, which mypy cannot see.)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = False
    _keep_freed_memory()
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        print(f"CUDA_VISIBLE_DEVICES={os.environ['CUDA_VISIBLE_DEVICES']}", flush=True)
    if not gpus:
        return torch.device("cpu")
    visible = map(torch.cuda.get_device_properties, range(torch.cuda.device_count()))
    device = torch.device("cuda", gpu_lease.lease([str(gpu.uuid) for gpu in visible]))
    torch.cuda.set_device(device)
    return device


def describe_device(device: torch.device) -> str:
    """Return the name of the GPU, or "CPU" with its architecture and threads."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU ({platform.machine()}, {torch.get_num_threads()} thread(s))"


def _keep_freed_memory() -> None:
    """Keep glibc from returning freed activations to the system.

    Each activation is larger than glibc's mmap threshold, so by default every pass maps, faults in
    and unmaps the same pages again, which is half of the run time of a batched pass on a CPU.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    libc = ctypes.CDLL(None)
    libc.mallopt(_M_MMAP_MAX, 0)
    libc.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
    libc.mallopt(_M_TOP_PAD, 256 * 2**20)
