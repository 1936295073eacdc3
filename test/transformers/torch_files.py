"""What torch.save can write for a model's weights, and what it must not be believed: NAME.bin beside NAME.safetensors with
the same tensors, or NAME.bin in refused/."""

import collections
import os
from pathlib import Path

import torch
from safetensors.torch import save_file


def write(folder: Path, name: str, value, tensors: dict[str, torch.Tensor], **options) -> None:
    torch.save(value, folder / f"{name}.bin", **options)
    save_file({key: tensor.detach().clone().contiguous() for key, tensor in tensors.items()}, folder / f"{name}.safetensors")


class RunsCode:
    def __reduce__(self):
        return os.system, ("touch /tmp/llava-unpickled",)


class HasState:
    def __init__(self):
        self.value = 1


def write_torch_files(folder: Path) -> None:
    (folder / "refused").mkdir(parents=True)
    torch.manual_seed(1)
    base = torch.randn(6, 8)
    tensors = {
        "whole": base,
        "transposed": base.t(),
        "rows": base[2:5],
        "columns": base[:, 3:7],
        "every-other": base[::2, ::3],
        "permuted": torch.randn(2, 3, 4, 5).permute(3, 1, 0, 2),
        "number": torch.tensor(3.5),
        "empty": torch.zeros(0, 4),
        "one": torch.randn(1, 1, 7),
        "ключ": torch.randn(3),
    }
    for protocol in range(2, 6):
        write(folder, f"protocol-{protocol}", tensors, tensors, pickle_protocol=protocol)
        ordered = collections.OrderedDict(tensors)
        write(folder, f"ordered-{protocol}", ordered, tensors, pickle_protocol=protocol)
        parameters = {name: torch.nn.Parameter(tensor) for name, tensor in tensors.items()}
        write(folder, f"parameters-{protocol}", parameters, tensors, pickle_protocol=protocol)
    types = {
        str(kind).removeprefix("torch."): (torch.randn(4, 5) * 50).to(kind)
        for kind in [
            torch.float64,
            torch.float32,
            torch.float16,
            torch.bfloat16,
            torch.int64,
            torch.int32,
            torch.int16,
            torch.int8,
            torch.uint8,
            torch.bool,
        ]
    }
    write(folder, "types", types, types)
    module = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.BatchNorm1d(5))
    write(folder, "state-dict", module.state_dict(), dict(module.state_dict()))
    many = {f"layer.{index}": torch.full((3,), float(index)) for index in range(2000)}
    write(folder, "many", many, many)
    with_more = {"weight": base, "epoch": 3, "note": "text", "rates": [0.1, 0.2], "sizes": base.shape, "none": None}
    write(folder, "with-more", with_more, {"weight": base})

    refused = folder / "refused"
    torch.save({"weight": base, "code": RunsCode()}, refused / "posix.system.bin")
    torch.save({"weight": base, "code": HasState()}, refused / "torch_files.HasState.bin", pickle_protocol=2)
    torch.save(module, refused / "torch.nn.modules.container.Sequential.bin")
    torch.save({"weight": base.to_sparse()}, refused / "torch._utils._rebuild_sparse_tensor.bin")
    torch.save({"weight": base, "set": {1, 2}}, refused / "set.bin", pickle_protocol=2)
    torch.save({"weight": base}, refused / "torch before 1.6.bin", _use_new_zipfile_serialization=False)
    torch.save([base], refused / "no tensors by name.bin")
    torch.jit.script(torch.nn.Linear(2, 2)).save(str(refused / "TorchScript.bin"))
