"""The scale of the unusual: close to exact tails where chance rules, plain where hours share what happens."""

from __future__ import annotations

from math import exp, lgamma, log, sqrt
from statistics import NormalDist

import pytest

from nocd.domain.deviation import Law


def exact(mean: float, total: int) -> float:
    """Return the normal deviate of a Poisson tail as far out as `total`."""
    upto = total if total < mean else total - 1
    below = sum(exp(count * log(mean) - mean - lgamma(count + 1)) for count in range(upto + 1))
    return NormalDist().inv_cdf(below)


def chance(mean: float) -> Law:
    return Law(mean, mean, 0.0, leans=True)


@pytest.mark.parametrize("mean", [1.0, 4.0, 12.0, 40.0, 150.0])
def test_chance_is_as_unusual_as_its_exact_tail(mean):
    for away in (-3, -2, 2, 3, 4):
        total = round(mean + away * sqrt(mean))
        if total >= 0 and abs(total - mean) >= 1:
            assert chance(mean).z(total) == pytest.approx(exact(mean, total), abs=0.35)


def test_silence_stands_out_where_plain_spreads_have_no_room():
    law = Law(40.0, 40.0, 16.0, leans=True)
    assert law.plain_z(0) > -3
    assert law.z(0) < -3


def test_what_hours_share_stands_out_above_as_it_is():
    law = Law(1_000.0, 1_000.0, 300.0, leans=True)
    assert law.z(2_000) == pytest.approx(law.plain_z(2_000), rel=0.02)


@pytest.mark.parametrize(
    "law", [chance(0.0)._replace(own=0.5), Law(7.0, 7.0, 2.0, leans=True), Law(3.0, 0.0, 1.0, leans=True)]
)
@pytest.mark.parametrize("z", [0.5, 3.0, 5.0])
def test_the_inverse_is_one(law, z):
    assert law.z(law.at(z)) == pytest.approx(z)
    assert law.at(-z) == 0.0 or law.z(law.at(-z)) == pytest.approx(-z)


def test_what_leans_to_neither_side_is_plain():
    law = Law(-4.0, 0.0, 2.0, leans=False)
    assert (law.z(0.0), law.z(-8.0), law.at(-2.0)) == (2.0, -2.0, -8.0)


def test_a_law_of_nothing_is_finite_on_both_sides():
    law = Law(0.0, 0.0, 1e-6, leans=True)
    assert law.z(-1.0) < 0 < law.z(1.0)
    assert Law(0.0, 0.5, 0.0, leans=True).z(0.0) == 0.0
