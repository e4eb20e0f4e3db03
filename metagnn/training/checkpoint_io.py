"""Lightning checkpoints without pickle: tensors in safetensors, everything else in JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lightning.pytorch.plugins.io import CheckpointIO
from torch import Tensor

from metagnn.errors import FolderError
from metagnn.files.tensor_file import read_tensors, write_tensors


class SafetensorsCheckpointIO(CheckpointIO):
    """Checkpoint files of Lightning: weights, optimiser, schedule and position of the loops."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write a checkpoint atomically."""
        tensors: dict[str, Tensor] = {}
        document = _encode(checkpoint, tensors)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        write_tensors(Path(path), tensors, document)

    def load_checkpoint(self, path: Any, map_location: Any = None, weights_only: bool | None = None) -> dict[str, Any]:
        """Read a checkpoint.

        Raises:
            FolderError: The checkpoint is missing or damaged.
        """
        tensors, document = read_tensors(Path(path))
        try:
            decoded: dict[str, Any] = _decode(document, tensors)
        except (KeyError, TypeError, ValueError) as error:
            raise FolderError(f"'{path}' is not a checkpoint of a training run ({error})") from error
        return decoded

    def remove_checkpoint(self, path: Any) -> None:
        """Delete a checkpoint."""
        Path(path).unlink(missing_ok=True)


def _encode(value: Any, tensors: dict[str, Tensor]) -> Any:
    """Convert nested containers to JSON; replace each tensor by a reference. Keys keep their types."""
    if isinstance(value, Tensor):
        name = f"tensor_{len(tensors)}"
        tensors[name] = value
        return {"tensor": name}
    if isinstance(value, dict):
        return {"dict": [[_encode(key, tensors), _encode(item, tensors)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return {type(value).__name__: [_encode(item, tensors) for item in value]}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"a checkpoint cannot hold a {type(value).__name__}")


def _decode(value: Any, tensors: dict[str, Tensor]) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "dict":
        return {_decode(key, tensors): _decode(item, tensors) for key, item in content}
    items = [_decode(item, tensors) for item in content]
    return tuple(items) if kind == "tuple" else items
