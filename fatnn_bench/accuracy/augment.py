"""Images as a network reads them: moved and mirrored in training, scaled by a power of two."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from fatnn_bench.accuracy.datasets.images import DataSet, Images


def batch(images: Images, indices: Tensor, pixel_bits: int) -> tuple[Tensor, Tensor]:
    """Images as float32 [B, C, H, W], pixels / 2^pixel_bits, and their classes, int64 [B]."""
    chosen = np.asarray(indices)
    pixels = torch.from_numpy(images.pixels(chosen)).float()
    return pixels * 2.0**-pixel_bits, torch.from_numpy(images.classes[chosen])


def varied(x: Tensor, data: DataSet, generator: torch.Generator) -> Tensor:
    """Move every image by up to ``data.shift`` pixels each way, zeros coming in, and mirror half if ``data.flip``."""
    if data.flip:
        mirrored = torch.rand(len(x), generator=generator) < 0.5
        x = torch.where(mirrored[:, None, None, None], x.flip(3), x)
    if data.shift:
        size, shift = x.shape[-1], data.shift
        padded = functional.pad(x, [shift] * 4)
        offsets = torch.randint(0, 2 * shift + 1, (2, len(x), 1, 1, 1), generator=generator)
        line = torch.arange(size)
        rows = (offsets[0] + line[:, None]).expand(-1, x.shape[1], size, padded.shape[-1])
        columns = (offsets[1] + line).expand(-1, x.shape[1], size, size)
        x = padded.gather(2, rows).gather(3, columns)
    return x
