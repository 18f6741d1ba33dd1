"""A Slurm of one's own: one node, no privileges, no munge, no database, on the loopback only.

For throw-away machines: without munge, any local user could act as any other.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import psutil

PROGRAMS = ("slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol", "scancel", "sinfo")
SEARCH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
# A GPU of the controller's books has to be a character device; any that exists will do.
DEVICES = ("/dev/null", "/dev/zero")


def missing():
    """Return the programs of Slurm that this machine lacks."""
    return [program for program in PROGRAMS if shutil.which(program, path=SEARCH) is None]


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _settings(folder, cores):
    host = socket.gethostname().split(".")[0]
    user = psutil.Process().username()
    memory = int(psutil.virtual_memory().total / 2**20 * 0.9)
    settings = {
        "ClusterName": "test",
        "SlurmctldHost": f"{host}(127.0.0.1)",
        "SlurmctldPort": _free_port(),
        "SlurmdPort": _free_port(),
        "CommunicationParameters": "NoCtldInAddrAny,NoInAddrAny",  # listen on the loopback alone
        "SlurmUser": user,
        "SlurmdUser": user,
        "AuthType": "auth/none",
        "CredType": "cred/none",
        "StateSaveLocation": folder / "state",
        "SlurmdSpoolDir": folder / "spool",
        "SlurmctldPidFile": folder / "slurmctld.pid",
        "SlurmdPidFile": folder / "slurmd.pid",
        "SlurmctldLogFile": folder / "slurmctld.log",
        "SlurmdLogFile": folder / "slurmd.log",
        "ProctrackType": "proctrack/linuxproc",
        "TaskPlugin": "task/none",
        "SwitchType": "switch/none",
        "MpiDefault": "none",
        "ReturnToService": 2,
        "MinJobAge": 86400,  # the tests read the record of jobs long after their end
        "SchedulerParameters": "batch_sched_delay=0,sched_min_interval=0,bf_interval=1",
        "SelectType": "select/cons_tres",
        "SelectTypeParameters": "CR_Core_Memory",
        "DefMemPerCPU": 500,
        "KillWait": 5,
        "AccountingStorageType": "accounting_storage/none",
        "JobCompType": "jobcomp/none",
        # Without cgroups a job over its memory is found by looking, and ended.
        "JobAcctGatherType": "jobacct_gather/linux",
        "JobAcctGatherFrequency": "task=1",
        "JobAcctGatherParams": "OverMemoryKill",
        "GresTypes": "gpu",
    }
    lines = [f"{key}={value}" for key, value in settings.items()]
    lines.append(
        f"NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory={memory} "
        f"Gres=gpu:{len(DEVICES)} State=UNKNOWN"
    )
    lines += [
        f"PartitionName={name} Nodes={host} MaxTime=60 State=UP Default={default}"
        for name, default in (("cpu", "YES"), ("gpu", "NO"))
    ]
    devices = [f"NodeName={host} Name=gpu File={device}" for device in DEVICES]
    return lines, ["AutoDetect=off", *devices]


@contextlib.contextmanager
def private_slurm(folder):
    """Run the two daemons while the block does; yield the environment that its clients need."""
    folder = Path(folder)
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir(parents=True)
    cluster, devices = _settings(folder, os.cpu_count())
    (folder / "slurm.conf").write_text("\n".join(cluster) + "\n")
    (folder / "gres.conf").write_text("\n".join(devices) + "\n")
    environment = os.environ | {"SLURM_CONF": str(folder / "slurm.conf")}
    # The executor's job step drops SLURM_CONF before it calls srun.
    srun = folder / "bin" / "srun"
    srun.write_text(
        f"#!/bin/sh\nSLURM_CONF={folder / 'slurm.conf'} exec {shutil.which('srun', path=SEARCH)} "
        '"$@"\n'
    )
    srun.chmod(0o755)
    environment["PATH"] = f"{folder / 'bin'}:{SEARCH}"
    try:
        for daemon in ("slurmctld", "slurmd"):
            subprocess.run(
                [shutil.which(daemon, path=SEARCH), "-f", str(folder / "slurm.conf")],
                env=environment,
                check=True,
            )
        _await_node(environment, folder)
        yield environment
    finally:
        for daemon in ("slurmd", "slurmctld"):
            pid = folder / f"{daemon}.pid"
            if pid.is_file() and pid.read_text().strip():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid.read_text()), signal.SIGTERM)


def _await_node(environment, folder):
    end = time.monotonic() + 30
    while ask(environment, "sinfo", "-h", "-o", "%T").split() not in (["idle"], ["idle", "idle"]):
        if time.monotonic() > end:
            logs = [path.read_text()[-2000:] for path in folder.glob("*.log")]
            raise RuntimeError("\n".join(["the node does not come up", *logs]))
        time.sleep(0.2)


def ask(environment, *command):
    """Return what a client of this Slurm prints."""
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False
    ).stdout


def jobs(environment):
    """Return the controller's record of every job, oldest first: one dictionary of strings each."""
    lines = ask(environment, "scontrol", "-d", "show", "jobs", "-o").splitlines()
    records = [dict(word.split("=", 1) for word in line.split() if "=" in word) for line in lines]
    return [{"Comment": ""} | record for record in records if "JobId" in record]
