"""BYM2: relative risks smoothed by a mix of independent and neighbourly effects, without MCMC.

Sources: Riebler et al. 2016 (SMMR 25:1145) for the model and its scaling, Freni-Sterrantino et al. 2018 for islands,
Rue, Martino and Chopin 2009 for the nested approximation. Model for area i with expected count e_i:

    y_i ~ Poisson(e_i exp(eta_i)),  eta = b0 + sigma (sqrt(1 - rho) v + sqrt(rho) u),
    b0 ~ N(0, 1), sigma ~ half-normal(1), rho ~ Beta(1/2, 1/2), v independent N(0, 1),
    u intrinsic autoregressive, scaled so that the geometric mean of its variances is 1.

For each (sigma, rho) of a grid eta is Gaussian a priori; its posterior is approximated by the Gaussian that is
closest in the variational sense (which corrects the skewness that a plain Laplace approximation ignores, at the same
price), and the grid is mixed by the evidence bound that comes with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg, special

from commonweal.core.epi import checks
from commonweal.core.epi.checks import FloatArray
from commonweal.core.epi.rates.neighbours import Neighbours
from commonweal.core.errors import Refused

MOST_AREAS = 2500
"""Beyond this the dense covariance no longer fits comfortably in memory and time."""
MOST_STEPS = 50
PRECISION = 1e-3
"""Largest change of a log risk or its variance between two steps at which a fit is taken as found."""
COARSE_POINTS = 10
NEGLIGIBLE = 6.0


@dataclass(frozen=True)
class SmoothedRisk:
    """Posterior of each area's relative risk, and of the parameters.

    mean, sd: of the relative risk; quantiles `[area, level]`; above_one: P(risk > 1). intercept, sigma, rho: posterior
    means; log_mean and log_sd: of log risk. scaling: geometric mean variance of the unscaled neighbour model, one a
    connected part.
    """

    mean: FloatArray
    sd: FloatArray
    quantiles: FloatArray
    levels: FloatArray
    above_one: FloatArray
    intercept: float
    sigma: float
    rho: float
    scaling: FloatArray


def bym2(
    events: ArrayLike,
    expected: ArrayLike,
    neighbours: Neighbours,
    *,
    levels: tuple[float, ...] = (0.025, 0.5, 0.975),
    sigma_points: int = 7,
    rho_points: int = 5,
) -> SmoothedRisk:
    """Fit the model to one set of areas; raises `Refused` for bad counts or more areas than fit."""
    y, e = checks.counts("events", events), checks.positive("expected", expected)
    checks.same_shape("events", y, "expected", e)
    if y.shape != (neighbours.size,):
        raise Refused(f"events has shape {y.shape} for {neighbours.size} areas; pass one count for each area.")
    if y.size > MOST_AREAS:
        raise Refused(f"{y.size} areas exceed {MOST_AREAS}; smooth regions one at a time.")
    structure, scaling = scaled_structure(neighbours)
    # Beta(1/2, 1/2) is uniform in t where rho = sin^2(pi t/2)
    rhos = np.sin(np.pi / 2 * (np.arange(rho_points) + 0.5) / rho_points) ** 2
    sigmas, fit = _sigma_grid(y, e, structure, sigma_points)
    fits = []
    for i, sigma in enumerate(sigmas):
        # to and fro, so that each fit starts from a neighbour on the grid
        for rho in rhos if i % 2 == 0 else rhos[::-1]:
            fit = _closest(y, e, _covariance(structure, float(sigma), float(rho)), fit, PRECISION)
            fits.append((fit, float(sigma), float(rho), fit.log_evidence - 0.5 * sigma**2 + np.log(sigma)))
    return _mixed(fits, levels, scaling)


def scaled_structure(neighbours: Neighbours) -> tuple[FloatArray, FloatArray]:
    """Generalised inverse of the neighbour precision, scaled part by part; islands get variance 1 of their own."""
    labels = neighbours.components()
    structure, scaling = np.zeros((neighbours.size, neighbours.size)), []
    adjacency = neighbours.adjacency().toarray()
    adjacency = np.maximum(adjacency, adjacency.T)
    for label in np.unique(labels):
        part = np.flatnonzero(labels == label)
        if part.size == 1:
            structure[part[0], part[0]] = 1.0
            continue
        own = adjacency[np.ix_(part, part)]
        precision = np.diag(own.sum(axis=1)) - own
        # inverse on the space orthogonal to the constant
        constant = np.full((part.size, part.size), 1 / part.size)
        inverse = np.linalg.inv(precision + constant) - constant
        scale = float(np.exp(np.mean(np.log(np.diag(inverse)))))
        structure[np.ix_(part, part)] = inverse / scale
        scaling.append(scale)
    return structure, np.array(scaling)


def _covariance(structure: FloatArray, sigma: float, rho: float) -> FloatArray:
    """Of eta: the intercept's variance 1 everywhere, plus the mixed effect."""
    covariance = structure * (sigma**2 * rho) + 1.0
    covariance[np.diag_indices_from(covariance)] += sigma**2 * (1 - rho)
    return np.asarray(covariance)


@dataclass(frozen=True)
class _Fit:
    mean: FloatArray
    variance: FloatArray
    intercept: float
    log_evidence: float


def _closest(y: FloatArray, e: FloatArray, covariance: FloatArray, start: _Fit, precision: float) -> _Fit:
    """The Gaussian closest to the posterior: a fixed point with expected intensities w = e exp(m + v/2).

    mean: m = K (y - w); variance: diagonal of (K^-1 + W)^-1, found through B = I + W^1/2 K W^1/2. The evidence bound is
    y'm - sum w - (m' K^-1 m - sum w v + log det B)/2, all of which the last step has at hand.
    """
    mean, variance = start.mean, start.variance
    for _ in range(MOST_STEPS):
        weight = e * np.exp(mean + variance / 2)
        root = np.sqrt(weight)
        b = covariance * root
        b *= root[:, None]
        b[np.diag_indices_from(b)] += 1.0
        lower, _ = linalg.lapack.dpotrf(b.T, lower=1, overwrite_a=1)
        log_det = 2 * float(np.log(np.diag(lower)).sum())
        pull = y - weight + weight * mean
        inner, _ = linalg.lapack.dpotrs(lower, root * (covariance @ pull), lower=1)
        moved = covariance @ (pull - root * inner)
        inverse, _ = linalg.lapack.dtrtri(lower, lower=1, overwrite_c=1)
        # diagonal of (K^-1 + W)^-1 = (1 - diagonal of B^-1)/w, and B^-1 = L^-T L^-1
        fresh = (1 - np.einsum("ij,ij->j", inverse, inverse)) / weight
        change = max(float(np.max(np.abs(moved - mean))), float(np.max(np.abs(fresh - variance))))
        dual = pull - weight * moved
        mean, variance = mean + np.clip(moved - mean, -1.0, 1.0), fresh
        if change < precision:
            break
    weight = e * np.exp(mean + variance / 2)
    evidence = y @ mean - weight.sum() - 0.5 * (mean @ dual - weight @ variance + log_det)
    # E[b0 | eta] = 1' K^-1 eta
    return _Fit(mean, variance, float(dual.sum()), float(evidence))


def _sigma_grid(y: FloatArray, e: FloatArray, structure: FloatArray, points: int) -> tuple[FloatArray, _Fit]:
    """Log-spaced sigmas over the part of the axis where the evidence (at rho = 1/2) is not negligible, and a start."""
    coarse = np.exp(np.linspace(np.log(0.02), np.log(2.5), COARSE_POINTS))
    fit = _Fit(np.log((y + 1) / (e + 1)), np.zeros(y.size), 0.0, 0.0)
    height = np.empty(coarse.size)
    for i, sigma in enumerate(coarse[::-1]):
        fit = _closest(y, e, _covariance(structure, float(sigma), 0.5), fit, 0.05)
        height[-1 - i] = fit.log_evidence - 0.5 * sigma**2 + np.log(sigma)
    kept = np.flatnonzero(height > height.max() - NEGLIGIBLE)
    low, high = coarse[max(kept[0] - 1, 0)], coarse[min(kept[-1] + 1, coarse.size - 1)]
    return np.exp(np.linspace(np.log(low), np.log(high), points)), fit


def _mixed(
    fits: list[tuple[_Fit, float, float, float]], levels: tuple[float, ...], scaling: FloatArray
) -> SmoothedRisk:
    height = np.array([fit[3] for fit in fits])
    weight = np.exp(height - height.max())
    weight /= weight.sum()
    mean = np.stack([fit[0].mean for fit in fits])
    variance = np.stack([fit[0].variance for fit in fits])
    first = weight @ np.exp(mean + variance / 2)
    second = weight @ np.exp(2 * mean + 2 * variance)
    above = weight @ special.ndtr(mean / np.sqrt(variance))
    probability = np.array(levels)
    return SmoothedRisk(
        mean=first,
        sd=np.sqrt(np.maximum(second - first**2, 0.0)),
        quantiles=_mixture_quantiles(weight, mean, np.sqrt(variance), probability),
        levels=probability,
        above_one=above,
        intercept=float(weight @ np.array([fit[0].intercept for fit in fits])),
        sigma=float(weight @ np.array([fit[1] for fit in fits])),
        rho=float(weight @ np.array([fit[2] for fit in fits])),
        scaling=scaling,
    )


def _mixture_quantiles(weight: FloatArray, mean: FloatArray, sd: FloatArray, levels: FloatArray) -> FloatArray:
    """Quantiles of exp(mixture of normals) by bisection, `[area, level]`."""
    low = (mean - 8 * sd).min(axis=0)[:, None] + np.zeros(levels.size)
    high = (mean + 8 * sd).max(axis=0)[:, None] + np.zeros(levels.size)
    for _ in range(50):
        middle = (low + high) / 2
        reached = (
            np.einsum("k,kil->il", weight, special.ndtr((middle[None] - mean[..., None]) / sd[..., None])) >= levels
        )
        low, high = np.where(reached, low, middle), np.where(reached, middle, high)
    return np.asarray(np.exp((low + high) / 2))
