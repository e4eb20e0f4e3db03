"""Facts of the machine that a report of a failure needs."""

from __future__ import annotations

import locale
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

import torch

PACKAGES = ("metagnn", "torch", "torch-geometric", "lightning", "numpy", "scipy", "pandas", "highspy", "piqp", "cobra")

VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LC_ALL", "LANG", "PYTHONUTF8", "TMPDIR")


def environment_facts() -> dict[str, str]:
    """Return versions, processor, threads and locale, by name, in words."""
    affinity = getattr(os, "sched_getaffinity", None)
    allowed = len(affinity(0)) if affinity else os.cpu_count()
    return {
        "Python": f"{platform.python_version()} ({sys.executable})",
        "system": platform.platform(),
        "processor": f"{_processor()}, {allowed} of {os.cpu_count()} cores",
        "threads of torch": str(torch.get_num_threads()),
        "linear algebra": _linear_algebra(),
        "packages": ", ".join(f"{name} {_version(name)}" for name in PACKAGES),
        "encoding": f"files {sys.getfilesystemencoding()}, text {locale.getpreferredencoding(False)}",
        "environment": ", ".join(f"{name}={os.environ[name]}" for name in VARIABLES if name in os.environ) or "–",
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _linear_algebra() -> str:
    """Return the libraries of dense linear algebra that are loaded, with their threads."""
    # scikit-learn needs this package.
    from threadpoolctl import threadpool_info

    pools = {(pool["internal_api"], pool.get("version"), pool["num_threads"]) for pool in threadpool_info()}
    return ", ".join(
        f"{name} {number or ''}".strip() + f", {threads} threads" for name, number, threads in sorted(pools, key=str)
    )


def _processor() -> str:
    """Return the name of the processor."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()
