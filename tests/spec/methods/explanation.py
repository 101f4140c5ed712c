"""Pages on rates, testing, decomposition, chains, and what is not an outbreak."""

from tests.spec.methods.pages import Page, Spec

NAN = float("nan")

INTERVALS = Page(
    name="intervals",
    title="Intervals of counts and proportions",
    words="How far might chance have moved this number?",
    rule="Byar: O (1 - 1/(9 O) - z/(3 sqrt O))^3 and (O + 1)(1 - 1/(9(O + 1)) + z/(3 sqrt(O + 1)))^3. Exact: chi-square "
    "quantiles with 2 O and 2 O + 2 degrees of freedom, halved. Wilson for proportions. Below ten events use the exact one "
    "(`byar_or_exact` does).",
    sources="Breslow and Day 1987; Wilson 1927.",
    imports="from commonweal.core.epi.rates.intervals import byar, exact_poisson, wilson",
    specs=(
        Spec(
            "Ten events, Byar",
            {"events": [10]},
            "byar(events)",
            {"lower": "result.lower", "upper": "result.upper"},
            [[4.787, 18.391]],
            3,
        ),
        Spec(
            "Three events, exact",
            {"events": [3]},
            "exact_poisson(events)",
            {"lower": "result.lower", "upper": "result.upper"},
            [[0.6187, 8.7673]],
            4,
        ),
        Spec(
            "Five positives of fifty tests, Wilson",
            {"events": [5], "trials": [50]},
            "wilson(events, trials)",
            {"share": "result.value", "lower": "result.lower", "upper": "result.upper"},
            [[0.1, 0.0435, 0.2136]],
            4,
        ),
    ),
)

STANDARDISED = Page(
    name="standardised-rates",
    title="Standardised rates and ratios",
    words="Rates as if every area had the same ages; or cases against what the ages of an area would lead to expect.",
    rule="Direct: sum of age-specific rates times the standard population, over its sum. Indirect: observed over the sum of "
    "reference rate times population. Limits by Dobson from Byar's, by Fay and Feuer, and exact.",
    sources="Dobson et al. 1991; Fay and Feuer 1997; Breslow and Day 1987.",
    imports="from commonweal.core.epi.rates.standardised import direct, indirect",
    specs=(
        Spec(
            "Two age groups, a standard that is one quarter old",
            {"events": [10, 30], "population": [1000, 1000], "standard": [3, 1]},
            "direct(events, population, standard, per=1000)",
            {"crude": "result.crude", "standardised": "result.value"},
            [[20, 15]],
            3,
            "Rates of 10 and 30 per thousand, weighted 3 to 1: 15.",
        ),
        Spec(
            "The same cases against reference rates of 8 and 22 per thousand",
            {"events": [40], "population": [[1000, 1000]], "reference_rate": [0.008, 0.022]},
            "indirect(events, population, reference_rate)",
            {"expected": "result.expected", "ratio": "result.ratio"},
            [[30, 1.3333]],
            4,
        ),
    ),
)

FUNNEL = Page(
    name="funnel",
    title="Funnel limits",
    words="Which areas differ from the common ratio by more than their size allows?",
    rule="Limits of observed/expected are interpolated Poisson quantiles over the expected number, at 95 and 99.8 %. "
    "Overdispersion by winsorised phi or an additive variance.",
    sources="Spiegelhalter 2005.",
    imports="from commonweal.core.epi.rates.funnel import ratio_limits",
    specs=(
        Spec(
            "Limits of small and large areas",
            {"expected": [10, 100]},
            "ratio_limits(expected, levels=[0.025, 0.975])",
            {"lower": "result.exact[0]", "upper": "result.exact[1]"},
            [[0.3775, 1.616], [0.8037, 1.1958]],
            4,
        ),
    ),
)

SMOOTHING = Page(
    name="smoothing",
    title="Smoothed rates",
    words="Rates of small areas jump by chance; smoothing draws each towards the mean of all (or of its neighbours) as far as "
    "its numbers are small. BYM2 does both with probabilities.",
    rule="Marshall: m = events/population of all, A the variance between areas (at least 0); "
    "smoothed = m + A/(A + m/n)(rate - m).",
    sources="Marshall 1991; Riebler et al. 2016 for `bym2`.",
    imports="from commonweal.core.epi.rates.smoothing import global_rates",
    specs=(
        Spec(
            "Two large areas that differ, a small one without events",
            {"events": [10, 30, 0], "population": [1000, 1000, 100]},
            "global_rates(events, population)",
            {"rate": "result.raw", "smoothed": "result.smoothed"},
            [[0.01, 0.0116], [0.03, 0.028], [0, 0.0131]],
            4,
            "m = 40/2100 = 0.01905 and A = 0.0000862: the large areas keep 82 % of their distance from m, the small one 31 %.",
        ),
    ),
)

AUTOCORRELATION = Page(
    name="autocorrelation",
    title="Do neighbours resemble each other? Moran and Getis-Ord",
    words="Moran's I: near 1 if high lies beside high, below 0 if high lies beside low. Gi*: which places are the middle of a "
    "high patch.",
    rule="I = (n/W) sum over neighbours of (x_i - mean)(x_j - mean) over sum of squares. Expectation -1/(n - 1).",
    sources="Cliff and Ord 1981; Getis and Ord 1992. Agrees with R `spdep`.",
    imports="from commonweal.core.epi.rates.autocorrelation import moran\n"
    "from commonweal.core.epi.rates.neighbours import from_pairs",
    specs=(
        Spec(
            "A chain of four places that rises from end to end",
            {"values": [1, 2, 3, 4], "origin": [0, 1, 1, 2, 2, 3], "target": [1, 0, 2, 1, 3, 2]},
            "moran(values, from_pairs(4, origin, target))",
            {"Moran's I": "result.statistic", "expected by chance": "result.expectation"},
            [[0.4, -0.3333]],
            4,
            "Each place weighs its neighbours equally. Differences from the mean are -1.5, -0.5, 0.5, 1.5: "
            "the ends give 0.75 each, the middle places 0.25 each, over 5.",
        ),
    ),
)

TESTING = Page(
    name="positivity",
    title="More tests or more infection?",
    words="Three views belong together: the count, the positivity, and the count given the number of tests.",
    rule="cases = level of the area x tests^beta, fitted by quasi-Poisson; beta = 1 says every test is as likely positive, "
    "beta = 0 that tests do not matter. The p-value is that of so many cases or more, negative binomial.",
    limits="beta cannot be told where tests never vary. A tripling of tests at equal positivity does not alarm; the Bernoulli "
    "scan is the counterpart in space and time.",
    sources="Wilson 1927 for positivity; the model is our own.",
    imports="from commonweal.core.epi.testing import cases_given_tests",
    specs=(
        Spec(
            "Cases follow tests, until the last day brings more than they explain",
            {"cases": [[10, 20, 30, 20, 40]], "tests": [[100, 200, 300, 200, 200]]},
            "cases_given_tests(cases, tests, baseline=slice(0, 4))",
            {
                "beta": "np.repeat(result.beta, 5)",
                "expected": "result.expected[0]",
                "P(so many or more)": "result.p_value[0]",
            },
            [[1, 10, 0.5421], [1, 20, 0.5297], [1, 30, 0.5243], [1, 20, 0.5297], [1, 20, 0.0001]],
            4,
        ),
    ),
)

DECOMPOSITION = Page(
    name="decomposition",
    title="Why is it rising?",
    words="Splits a change in cases exactly into more testing, testing of other people, and more infection, by stratum.",
    rule="Cases of a stratum are total tests x its share of tests x its positivity. Each cause gets its mean effect over all "
    "orders in which the three could have changed (Shapley); the parts add up to the change.",
    sources="Shapley 1953; Das Gupta 1993.",
    imports="from commonweal.core.epi.decomposition import split_change",
    specs=(
        Spec(
            "Tests double, positivity stays",
            {"before": [10, 20], "after": [20, 40], "tests_before": [100, 100], "tests_after": [200, 200]},
            "split_change((before, after), (tests_before, tests_after))",
            {"volume": "result.total[0]", "targeting": "result.total[1]", "positivity": "result.total[2]"},
            [[30, 0, 0]],
        ),
        Spec(
            "Tests stay, positivity doubles in the second stratum",
            {"before": [10, 20], "after": [10, 40], "tests_before": [100, 100], "tests_after": [100, 100]},
            "split_change((before, after), (tests_before, tests_after))",
            {
                "volume": "result.total[0]",
                "targeting": "result.total[1]",
                "positivity": "result.total[2]",
                "stratum that explains it": "result.explaining",
            },
            [[0, 0, 20, 1]],
        ),
        Spec(
            "As many tests as before, moved to where more is found",
            {"before": [10, 20], "after": [5, 30], "tests_before": [100, 100], "tests_after": [50, 150]},
            "split_change((before, after), (tests_before, tests_after))",
            {"volume": "result.total[0]", "targeting": "result.total[1]", "positivity": "result.total[2]"},
            [[0, 5, 0]],
        ),
    ),
)

CHAINS = Page(
    name="chains",
    title="Who may have infected whom",
    words="For backward tracing: probabilities among the known cases, not findings about people.",
    rule="Weights are the serial interval at the days between onsets, times exp(-distance/scale) and any evidence of contact, "
    "shared out over all earlier cases and an unknown source.",
    sources="Wallinga and Teunis 2004; Endo et al. 2020 for the gain of backward tracing.",
    imports="from commonweal.core.epi.chains import backward_gain, common_exposures, links",
    specs=(
        Spec(
            "Three cases; the third fell ill one and two days after the others",
            {"onset": [0, 1, 2], "serial_interval": [0, 0.4, 0.6]},
            "links(onset, serial_interval, outside_weight=0.1)",
            {"infected": "result.infectee", "by": "result.infector", "probability": "result.weight"},
            [[1, 0, 0.8], [2, 0, 0.5455], [2, 1, 0.3636]],
            4,
            "Case 1: 0.4 against 0.1 unknown. Case 2: 0.6 and 0.4 against 0.1.",
        ),
        Spec(
            "Two of three cases were at one place that a tenth of people visit",
            {
                "onset": [10, 11, 12],
                "case": [0, 1, 2],
                "setting": [0, 0, 1],
                "day": [7, 8, 9],
                "background": [0.1, 0.5],
            },
            "common_exposures(onset, (case, setting, day), background)",
            {
                "setting": "result.setting",
                "cases": "result.cases",
                "expected": "result.expected",
                "p": "result.p_value",
            },
            [[0, 2, 0.3, 0.0369], [1, 1, 1.5, 0.7769]],
            4,
        ),
        Spec(
            "Gain of looking backwards, R = 2 and dispersion 0.5",
            {"reproduction": 2.0, "dispersion": 0.5},
            "backward_gain(reproduction, dispersion)",
            {"other cases of the source": "result"},
            [[6]],
        ),
    ),
)

SERIES = Page(
    name="series",
    title="What is not an outbreak: shared steps and late batches",
    words="A change of definition moves many areas between two days; a late batch brings many old events on one day.",
    rule="Late batch: a report day with more than twice the usual number (median of seven days before and after) of events at "
    "least `least_delay` days old, beyond chance. Days right before it with less than two thirds of the usual were held back. "
    "Shared step: the jump between two weeks, the growth before and after taken off, pooled over areas.",
    sources="Our own; checked on the publications of 2 to 5 October 2020, when about 15,800 cases came late.",
    imports="from commonweal.core.epi.series import late_batches",
    specs=(
        Spec(
            "Ten old events a day; none on days 8 and 9, thirty on day 10",
            {"old": [10, 10, 10, 10, 10, 10, 10, 10, 0, 0, 30, 10]},
            "late_batches(np.stack([np.full(12, 100), old], axis=1), least_delay=1)",
            {
                "report day": "np.arange(12)",
                "usual": "result.usual",
                "batch": "result.flagged",
                "held back": "result.held_back",
            },
            [[day, 10, day == 10, day in (8, 9)] for day in range(12)],
        ),
    ),
)

PAGES = (
    INTERVALS,
    STANDARDISED,
    FUNNEL,
    SMOOTHING,
    AUTOCORRELATION,
    TESTING,
    DECOMPOSITION,
    CHAINS,
    SERIES,
)
