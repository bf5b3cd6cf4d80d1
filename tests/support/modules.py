"""PyTorch modules as people write them, and what forward hooks see of them: the oracle of whatever finds layers."""

import torch
from torch import nn


class Residual(nn.Module):
    """A block of ResNet-18 (He et al., CVPR 2016)."""

    def __init__(self, channels, filters, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.downsample = None
        if stride != 1 or channels != filters:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters)
            )

    def forward(self, x):
        skip = x if self.downsample is None else self.downsample(x)
        return torch.relu(self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))) + skip)


class ResNet18(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1, self.maxpool = nn.BatchNorm2d(64), nn.MaxPool2d(3, 2, 1)
        stages = [(64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2)]
        self.layers = nn.Sequential(*(nn.Sequential(Residual(i, o, s), Residual(o, o, 1)) for i, o, s in stages))
        self.fc = nn.Linear(512, 1000)

    def forward(self, x):
        x = self.layers(self.maxpool(torch.relu(self.bn1(self.conv1(x)))))
        return self.fc(x.mean((2, 3)))


class Inverted(nn.Module):
    """A block of MobileNetV2 (Sandler et al., CVPR 2018)."""

    def __init__(self, channels, filters, stride, expansion):
        super().__init__()
        hidden = channels * expansion
        wide = [nn.Conv2d(channels, hidden, 1, bias=False), nn.BatchNorm2d(hidden), nn.ReLU6()]
        deep = [nn.Conv2d(hidden, hidden, 3, stride, 1, groups=hidden, bias=False), nn.BatchNorm2d(hidden), nn.ReLU6()]
        parts = deep if expansion == 1 else wide + deep
        self.conv = nn.Sequential(*parts, nn.Conv2d(hidden, filters, 1, bias=False), nn.BatchNorm2d(filters))
        self.skips = stride == 1 and channels == filters

    def forward(self, x):
        return x + self.conv(x) if self.skips else self.conv(x)


class MobileNetV2(nn.Module):
    #: Expansion, filters, blocks and stride of the first: table 2.
    TABLE = (
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)
    )  # fmt: skip

    def __init__(self):
        super().__init__()
        blocks, channels = [nn.Conv2d(3, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU6()], 32
        for expansion, filters, times, stride in self.TABLE:
            for i in range(times):
                blocks.append(Inverted(channels, filters, stride if i == 0 else 1, expansion))
                channels = filters
        blocks += [nn.Conv2d(320, 1280, 1, bias=False), nn.BatchNorm2d(1280), nn.ReLU6()]
        self.features, self.classifier = nn.Sequential(*blocks), nn.Linear(1280, 1000)

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


class Block(nn.Module):
    """A block of a transformer, before whose products stand layer norms."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        batch, tokens, width = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = (q @ k.transpose(-2, -1) / 8).softmax(-1) @ v
        x = x + self.proj(mixed.transpose(1, 2).reshape(batch, tokens, width))
        return x + self.down(torch.relu(self.up(self.norm2(x))))


class Transformer(nn.Module):
    def __init__(self, width=32, heads=4, blocks=2, words=50):
        super().__init__()
        self.embed_tokens = nn.Embedding(words, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(blocks))
        self.head = nn.Linear(width, words, bias=False)

    def forward(self, words):
        x = self.embed_tokens(words)
        for block in self.blocks:
            x = block(x)
        return self.head(x)


class Odd(nn.Module):
    """What convolutions may be: rectangular, strided by side, dilated, grouped, of one side, padded alike to "same"."""

    def __init__(self):
        super().__init__()
        self.wide = nn.Conv2d(3, 8, (1, 7), padding=(0, 3))
        self.tall = nn.Conv2d(8, 8, (5, 3), stride=(2, 1), padding=(2, 0), dilation=(1, 2))
        self.atrous = nn.Conv2d(8, 12, 3, padding=2, dilation=2, groups=4)
        self.line = nn.Conv1d(12, 6, 5, stride=3, padding=1, dilation=2)
        self.fc = nn.Linear(6, 5)

    def forward(self, x):
        x = self.atrous(self.tall(self.wide(x))).flatten(2)
        return self.fc(self.line(x).mean(2))


def seen_by_hooks(module, example):
    """By name of each layer: its kind, M, N, K, groups, and stride, padding and dilation, as forward hooks see them."""
    seen, hooks = {}, []

    def look(name):
        def hook(layer, inputs, output):
            x = inputs[0]
            if isinstance(layer, nn.Linear):
                seen[name] = ("linear", x.numel() // x.shape[-1], layer.out_features, layer.in_features, 1, ())
            else:
                rows = output.numel() // output.shape[1]
                over = (layer.stride, layer.padding, layer.dilation)
                if isinstance(layer, nn.Conv1d):  # an image of one row
                    over = tuple((one, *sides) for one, sides in zip((1, 0, 1), over, strict=True))
                seen[name] = ("conv", rows, output.shape[1], layer.weight[0].numel(), layer.groups, over)

        return hook

    for name, layer in module.named_modules():
        if isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d):
            hooks.append(layer.register_forward_hook(look(name)))
    with torch.no_grad():
        module.eval()(example)
    for hook in hooks:
        hook.remove()
    return seen


def told(found):
    """The same of what was found, each layer under all its names."""
    layers = {}
    for layer in found.layers:
        window = layer.window
        top, left, bottom, right = window.padding
        assert (top, left) == (bottom, right)
        over = (window.stride, (top, left), window.dilation)
        names = found.members[layer.name]
        assert layer.count == len(names)
        over = () if layer.kind == "linear" else over
        layers |= dict.fromkeys(names, (layer.kind, layer.m, layer.n, layer.k, layer.groups, over))
    return layers
