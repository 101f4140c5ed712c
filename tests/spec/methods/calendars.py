"""Pages on detection by calendar and in company: Farrington on days, pooled detection; and on BYM2 smoothing."""

from tests.spec.methods.pages import Page, Spec

FARRINGTON_DAILY = Page(
    name="farrington-daily",
    title="Farrington Flexible on days",
    words="Is today far above the same days of earlier years? For daily counts with at least one year of history: weekdays, "
    "bank holidays and the working day after one are told apart.",
    rule="Each day is of a kind: a weekday, a bank holiday, or the first working day after one. The factor of a kind is what "
    "all areas together count on such days over the mean of the seven days around them, in turns with the factors of those "
    "days, with 30 cases of prior weight on a factor of 1; weekdays have the mean 1. Factors enter the regression of the "
    "[weekly method](farrington.md) as an offset. A year has 364 days, so that reference days fall on the same weekday.",
    limits="Factors are shared by all areas of a call: an authority whose laboratory rests on other days than the others' "
    "needs a call of its own. Less than a year of history is refused; EARS takes over there.",
    sources="Noufaily et al. 2019 (Bioinformatics 35:3110).",
    imports="from datetime import date, timedelta\n"
    "from commonweal.core.epi.aberration.daily import day_factors, day_kinds, farrington_daily",
    specs=(
        Spec(
            "Kinds of day around a bank holiday",
            {},
            "day_kinds([date(2020, 5, 21) + timedelta(i) for i in range(7)], {date(2020, 5, 25)})",
            {"day of May": "np.arange(21, 28)", "kind": "result"},
            [[21, 3], [22, 4], [23, 5], [24, 6], [25, 7], [26, 8], [27, 2]],
            0,
            "Thursday 21 is 3. Monday 25 is a bank holiday: 7. Tuesday 26 is the working day after one: 8.",
        ),
        Spec(
            "Factors of a quiet Sunday",
            {"week": [110, 110, 110, 110, 110, 110, 40]},
            "day_factors(np.tile(week, 8).astype(float), np.tile(np.arange(7), 8))",
            {"kind": "np.arange(9)", "factor": "result"},
            [[0, 1.1], [1, 1.1], [2, 1.1], [3, 1.1], [4, 1.1], [5, 1.1], [6, 0.42], [7, 1], [8, 1]],
            2,
            "Every week has 700 cases, so a factor is close to the count over 100; 30 cases of prior weight draw it to 1. "
            "Holidays never occurred: 1.",
        ),
        Spec(
            "Sixty cases after two flat years of twenty",
            {"counts": [20] * 800 + [60]},
            "farrington_daily(counts, [date(2018, 1, 1) + timedelta(i) for i in range(801)], steps=[800])",
            {
                "expected": "result.result.expected",
                "bound": "result.result.upper",
                "alarm": "result.result.alarm",
            },
            [[20, 31, True]],
            2,
            "Nothing varies, so the dispersion is 1 and the bound the 99 % quantile of a Poisson count with mean 20.",
        ),
    ),
)

POOLED = Page(
    name="pooled",
    title="Pooled detection",
    words="Is this week far above what all areas together lead to expect of this area? For areas whose own few cases cannot "
    "tell a season.",
    rule="Areas of a group share the seasonal curve, the trend and (on days) weekdays and holidays; each has its own level. "
    "Dispersions are drawn to the group's. Past weeks with Anscombe residuals above 2 are weighed down; the latest 26 "
    "weeks are left out. The p-value is the mid-p of a negative binomial; an alarm is a p below alpha.",
    limits="A rise that all areas of a group share in the weeks used is taken for season. At least a year and the weeks left "
    "out must lie behind.",
    sources="Farrington et al. 1996 and Noufaily et al. 2013 for the weights and the weeks left out; pooling is our own. On "
    "series with known outbreaks it finds 0.505 of them at 0.0095 false alarms a week, Farrington Flexible 0.438 at 0.008.",
    imports="from commonweal.core.epi.aberration.pooled import PooledOptions, pooled",
    specs=(
        Spec(
            "Two flat areas, then twice as many in the first",
            {"counts": [[10] * 120 + [20], [40] * 120 + [40]]},
            "pooled(counts, steps=[120])",
            {"expected": "result.expected", "p": "result.p_value", "alarm": "result.alarm"},
            [[10, 0.0025, True], [40, 0.4896, False]],
            4,
            "Each area keeps its own level. P is P(more than 20) and half of P(20) of a Poisson count with mean 10.",
        ),
    ),
)

BYM2 = Page(
    name="bym2",
    title="BYM2: relative risks smoothed by chance and neighbourhood",
    words="How high is each small area's risk, when its own few cases are weighed with those of its neighbours?",
    rule="Counts are Poisson around expected times risk. Log risks are an intercept plus sigma (sqrt(1 - rho) v + sqrt(rho) u): "
    "v independent, u intrinsic autoregressive over neighbours and scaled to variance 1. Priors: intercept N(0, 1), sigma "
    "half-normal(1), rho Beta(1/2, 1/2). Over a grid of sigma and rho the posterior is approximated by the closest Gaussian "
    "and the grid is mixed by its evidence.",
    limits="One set of at most 2,500 areas a call. Islands have no neighbours and are drawn to the common mean only.",
    sources="Riebler et al. 2016; Freni-Sterrantino et al. 2018; Rue, Martino and Chopin 2009. Agrees with Stan on 100 counties "
    "within 2.9 Monte Carlo errors of the mean risks.",
    imports="from commonweal.core.epi.rates.bym2 import bym2\n"
    "from commonweal.core.epi.rates.neighbours import from_pairs",
    specs=(
        Spec(
            "Six areas in a row: high to the left, low to the right",
            {
                "events": [9, 16, 8, 2, 3, 1],
                "expected": [6, 6, 6, 6, 6, 6],
                "left": [0, 1, 2, 3, 4],
                "right": [1, 2, 3, 4, 5],
            },
            "bym2(events, expected, from_pairs(6, np.r_[left, right], np.r_[right, left]))",
            {
                "crude risk": "np.array([9, 16, 8, 2, 3, 1]) / 6",
                "mean": "result.mean",
                "P(risk > 1)": "result.above_one",
            },
            [
                [1.5, 1.55, 0.9],
                [2.67, 2.37, 1],
                [1.33, 1.26, 0.72],
                [0.33, 0.53, 0.05],
                [0.5, 0.5, 0.04],
                [0.17, 0.33, 0.01],
            ],
            2,
            "The 16 of the second area are drawn to its neighbours; the 1 of the last is raised.",
        ),
        Spec(
            "The same counts where nobody has neighbours",
            {"events": [9, 16, 8, 2, 3, 1], "expected": [6, 6, 6, 6, 6, 6]},
            "bym2(events, expected, from_pairs(6, [], []))",
            {"mean": "result.mean"},
            [[1.39], [2.39], [1.25], [0.5], [0.61], [0.39]],
            2,
        ),
    ),
)

PAGES = (FARRINGTON_DAILY, POOLED, BYM2)
