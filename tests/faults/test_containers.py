import io
import random
import zipfile

import pyarrow.parquet
import safetensors.torch
import scipy.io
import torch

from tests.faults.containers import mutate_mat, mutate_parquet, mutate_safetensors, mutate_zip, pack_zip
from tests.faults.seed_models import mat_models
from tests.faults.seed_tables import parquet_tables


def readable(read, contents) -> int:
    count = 0
    for content in contents:
        try:
            read(content)
            count += 1
        except Exception:  # noqa: BLE001 - readers fail in many ways; how many get through is what is asked
            pass
    return count


def test_damage_to_tensors_and_archives_reaches_beyond_their_checksums():
    # A mutator that only ever breaks the outer shell tests nothing behind it.
    tensors = safetensors.torch.save({"a": torch.ones(2, 3), "b": torch.zeros(4)}, {"document": "{}", "sha256": ""})
    changed = [mutate_safetensors(random.Random(seed), tensors, True) for seed in range(60)]
    assert 10 < readable(safetensors.torch.load, changed) < 55
    archive = pack_zip({"xl/sheet1.xml": b"<a x='1'>text</a>", "other": b"2"})
    opened = readable(
        lambda content: zipfile.ZipFile(io.BytesIO(content)).testzip(),
        [mutate_zip(random.Random(seed), archive) for seed in range(60)],
    )
    assert opened > 30


def test_parquet_and_mat_keep_their_frame():
    tables = [mutate_parquet(random.Random(seed), parquet_tables("media")[0]) for seed in range(40)]
    assert all(content.startswith(b"PAR1") and content.endswith(b"PAR1") for content in tables)
    assert readable(lambda content: pyarrow.parquet.ParquetFile(io.BytesIO(content)), tables) > 3
    for model in mat_models():
        header = model[:128]
        assert all(mutate_mat(random.Random(seed), model).startswith(header) for seed in range(10))
        assert scipy.io.loadmat(io.BytesIO(model))["model"].size == 1
