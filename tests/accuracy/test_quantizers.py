"""Quantizers: forward against float64 NumPy, gradients against finite differences of the surrogate."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from fatnn_bench.accuracy.quantizers.dorefa import DoReFaActivation, DoReFaWeight  # noqa: E402
from fatnn_bench.accuracy.quantizers.fatnn import FATNN  # noqa: E402
from fatnn_bench.accuracy.quantizers.identity import Identity  # noqa: E402
from fatnn_bench.accuracy.quantizers.lsq import LSQ  # noqa: E402
from fatnn_bench.accuracy.quantizers.pact import PACT  # noqa: E402
from fatnn_bench.accuracy.quantizers.ttq import TTQ  # noqa: E402
from fatnn_bench.accuracy.quantizers.twn import TWN  # noqa: E402
from fatnn_bench.accuracy.quantizers.xnor import XNORActivation, XNORWeight  # noqa: E402


def data(*shape: int, seed: int = 0, spread: float = 1.5) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, spread, shape)


def quantised(quantizer, x: np.ndarray) -> np.ndarray:
    levels, scale = quantizer(torch.from_numpy(x))
    assert quantizer.levels is None or np.isin(levels.detach().numpy(), quantizer.levels).all()
    return (levels * scale).detach().numpy()


def gradients(quantizer, x: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Of Σ weights · x̂, by x and by the quantizer's parameters."""
    leaf = torch.from_numpy(x).requires_grad_()
    levels, scale = quantizer(leaf)
    (levels * scale * torch.from_numpy(weights)).sum().backward()
    return leaf.grad.numpy(), [p.grad.numpy() for p in quantizer.parameters()]


def slope(function, x: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """Central differences of a scalar function of an array."""
    result = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[i] += step
        below[i] -= step
        result[i] = (function(above) - function(below)) / (2 * step)
    return result


def clip(x, low, high):
    return np.minimum(np.maximum(x, low), high)


def fatnn(x, a0, a1, half: bool, rounding):
    if half:
        return rounding(clip(a0 * x, 0, 1)) + rounding(clip(a1 * (x - 1 / a0), 0, 1))
    return rounding(clip(a0 * x, -1, 0)) + rounding(clip(a1 * x, 0, 1))


def no_rounding(x):
    return x


class TestFATNN:
    @pytest.mark.parametrize("half", [False, True])
    def test_forward_and_gradients(self, half):
        x, weights, alpha = data(6, 5), data(6, 5, seed=1), np.array([0.7, -0.4])
        quantizer = FATNN(half_range=half).double()
        quantizer.alpha.data = torch.from_numpy(alpha)
        np.testing.assert_array_equal(quantised(quantizer, x), fatnn(x, 0.7, 0.4, half, np.rint))

        def surrogate(x, alpha):
            return (weights * fatnn(x, *np.abs(alpha), half, no_rounding)).sum()

        by_x, (by_alpha,) = gradients(quantizer, x, weights)
        np.testing.assert_allclose(by_x, slope(lambda x: surrogate(x, alpha), x), atol=1e-6)
        np.testing.assert_allclose(by_alpha, slope(lambda a: surrogate(x, a), alpha), atol=1e-6)

    @pytest.mark.parametrize(
        ("half", "thresholds"), [(False, (-0.5 / 0.7, 0.5 / 0.4)), (True, (0.5 / 0.7, 1 / 0.7 + 0.5 / 0.4))]
    )
    def test_levels_change_at_the_stated_thresholds(self, half, thresholds):
        quantizer = FATNN(half_range=half).double()
        quantizer.alpha.data = torch.tensor([0.7, 0.4], dtype=torch.float64)
        around = np.array([t + e for t in thresholds for e in (-1e-9, 1e-9)])
        low = quantizer.levels[0]
        np.testing.assert_array_equal(quantised(quantizer, around), [low, low + 1, low + 1, low + 2])

    def test_ends_of_the_ranges_pass_the_gradient(self):
        by_x, _ = gradients(FATNN().double(), np.array([-2.0, 0.0, 2.0, 2.1]), np.ones(4))
        np.testing.assert_array_equal(by_x, [0.5, 1.0, 0.5, 0.0])

    def test_a_pair_of_steps_a_channel(self):
        x = data(3, 2, 2, 2)
        quantizer = FATNN(channels=3).double()
        quantizer.alpha.data = torch.tensor([[0.2, 0.6, 1.5], [0.9, 0.3, 0.4]], dtype=torch.float64)
        expected = [fatnn(x[c], *quantizer.alpha.detach().numpy()[:, c], False, np.rint) for c in range(3)]
        np.testing.assert_array_equal(quantised(quantizer, x), expected)

    @pytest.mark.parametrize("channels", [None, 3])
    def test_normalisation_is_constant_backward(self, channels):
        x, weights = data(3, 8) * 0.1 + 0.3, data(3, 8, seed=1)
        axis = None if channels is None else 1
        mean, std = x.mean(axis=axis, keepdims=True), x.std(axis=axis, keepdims=True, ddof=1)
        quantizer = FATNN(channels=channels, normalise=True).double()
        np.testing.assert_array_equal(quantised(quantizer, x), fatnn((x - mean) / std, 0.5, 0.5, False, np.rint))

        def surrogate(x):
            return (weights * fatnn((x - mean) / std, 0.5, 0.5, False, no_rounding)).sum()

        np.testing.assert_allclose(gradients(quantizer, x, weights)[0], slope(surrogate, x), atol=1e-5)

    def test_gradient_scale(self):
        x, weights = data(40), data(40, seed=1)
        plain, scaled = (gradients(FATNN(gradient_scale=on).double(), x, weights)[0] for on in (False, True))
        below, above = (0.5 * x >= -1) & (x <= 0), (0.5 * x <= 1) & (x >= 0)
        factor = np.where(below, math.sqrt(40 / below.sum()), math.sqrt(40 / above.sum()))
        np.testing.assert_allclose(scaled, plain * factor)

    def test_closed_form_scale_is_least_squares_in_training_and_its_running_mean_after(self):
        x = data(100)
        quantizer = FATNN(closed_form_scale=True).double()
        q, scale = (t.detach().numpy() for t in quantizer(torch.from_numpy(x)))
        np.testing.assert_allclose(((x - q * scale) * q).sum(), 0, atol=1e-9)  # the normal equation
        _, later = quantizer.eval()(torch.from_numpy(x))
        np.testing.assert_allclose(later.detach().numpy(), 0.9 + 0.1 * scale)


def test_identity():
    x = data(4, 3)
    np.testing.assert_array_equal(quantised(Identity(), x), x)
    np.testing.assert_array_equal(gradients(Identity(), x, np.ones_like(x))[0], 1)


def test_dorefa_weight():
    x, weights = data(4, 6), data(4, 6, seed=1)

    def unit(x):
        return np.tanh(x) / (2 * np.abs(np.tanh(x)).max()) + 0.5

    np.testing.assert_allclose(quantised(DoReFaWeight(), x), 2 * np.rint(3 * unit(x)) / 3 - 1)
    by_x, _ = gradients(DoReFaWeight(), x, weights)
    np.testing.assert_allclose(by_x, slope(lambda x: (weights * (2 * unit(x) - 1)).sum(), x), atol=1e-6)


def test_dorefa_activation():
    x, weights = data(30), data(30, seed=1)
    np.testing.assert_allclose(quantised(DoReFaActivation(), x), np.rint(3 * clip(x, 0, 1)) / 3)
    by_x, _ = gradients(DoReFaActivation(), x, weights)
    np.testing.assert_allclose(by_x, slope(lambda x: (weights * clip(x, 0, 1)).sum(), x), atol=1e-6)


def test_pact():
    x, weights, alpha = data(60, spread=2), data(60, seed=1), np.array(2.0)
    quantizer = PACT().double()
    quantizer.alpha.data.fill_(2.0)
    np.testing.assert_allclose(quantised(quantizer, x), np.rint(clip(x, 0, 2) * 1.5) / 1.5)
    by_x, (by_alpha,) = gradients(quantizer, x, weights)
    np.testing.assert_allclose(by_x, slope(lambda x: (weights * clip(x, 0, 2)).sum(), x), atol=1e-6)
    np.testing.assert_allclose(by_alpha, slope(lambda a: (weights * clip(x, 0, a)).sum(), alpha), atol=1e-6)


@pytest.mark.parametrize(("low", "high"), [(-2, 1), (-1, 1), (0, 2), (0, 3)])
def test_lsq(low, high):
    x, weights, s = data(5, 12), data(5, 12, seed=1), 0.6
    quantizer = LSQ(low, high).double().eval()
    quantizer.step.data.fill_(s)
    np.testing.assert_allclose(quantised(quantizer, x), np.rint(clip(x / s, low, high)) * s)
    by_x, (by_s,) = gradients(quantizer, x, weights)
    np.testing.assert_allclose(by_x, slope(lambda x: (weights * clip(x / s, low, high) * s).sum(), x), atol=1e-6)
    inside = (x / s >= low) & (x / s <= high)
    paper = np.where(inside, np.rint(x / s) - x / s, clip(x / s, low, high))  # equation 3
    features = 60 if low < 0 else 12
    np.testing.assert_allclose(by_s, (weights * paper).sum() / math.sqrt(features * high))


def test_lsq_starts_at_the_first_batch_of_training_only():
    quantizer = LSQ(0, 3).double()
    first = data(50)
    quantizer(torch.from_numpy(first))
    quantizer(torch.from_numpy(data(50, spread=9)))
    np.testing.assert_allclose(quantizer.step.item(), 2 * np.abs(first).mean() / math.sqrt(3))


def test_twn():
    x = data(4, 30)
    kept = np.abs(x) > 0.7 * np.abs(x).mean()
    np.testing.assert_allclose(quantised(TWN(), x), np.sign(x) * kept * np.abs(x)[kept].mean())
    np.testing.assert_allclose(gradients(TWN(), x, data(4, 30, seed=1))[0], data(4, 30, seed=1))


def test_ttq():
    x, weights = data(80), data(80, seed=1)
    delta = 0.05 * np.abs(x).max()
    quantizer = TTQ().double().eval()
    quantizer.positive.data.fill_(1.7)
    quantizer.negative.data.fill_(0.6)
    above, below = x > delta, x < -delta
    np.testing.assert_allclose(quantised(quantizer, x), 1.7 * above - 0.6 * below)
    by_x, (by_positive, by_negative) = gradients(quantizer, x, weights)
    np.testing.assert_allclose(by_x, weights * np.select([above, below], [1.7, 0.6], 1))
    np.testing.assert_allclose([by_positive, by_negative], [weights[above].mean(), -weights[below].mean()])


def test_ttq_starts_at_the_means_of_its_sides():
    x = data(80)
    delta = 0.05 * np.abs(x).max()
    quantizer = TTQ().double()
    quantizer(torch.from_numpy(x))
    np.testing.assert_allclose(quantizer.positive.item(), x[x > delta].mean())
    np.testing.assert_allclose(quantizer.negative.item(), -x[x < -delta].mean())


def test_xnor_weight():
    x, weights = data(4, 9, spread=0.8), data(4, 9, seed=1)
    sign = np.where(x >= 0, 1, -1)
    np.testing.assert_allclose(quantised(XNORWeight(), x), sign * np.abs(x).mean(axis=1, keepdims=True))

    def surrogate(y):  # the sign is clipped to a line where only its own gradient counts, and α moves with the weights
        alpha = np.abs(y).mean(axis=1, keepdims=True)
        return (weights * alpha * (sign + clip(y, -1, 1) - clip(x, -1, 1))).sum()

    np.testing.assert_allclose(gradients(XNORWeight(), x, weights)[0], slope(surrogate, x), atol=1e-6)


def test_xnor_activation_and_the_sign_of_zero():
    np.testing.assert_array_equal(quantised(XNORActivation(), np.array([-2.0, -0.0, 0.0, 0.3])), [-1, 1, 1, 1])
    by_x, _ = gradients(XNORActivation(), np.array([-1.5, -0.5, 0.5, 1.5]), np.ones(4))
    np.testing.assert_array_equal(by_x, [0, 1, 1, 0])
