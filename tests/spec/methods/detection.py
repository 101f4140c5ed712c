"""Pages on detection in one series and in space and time."""

from tests.spec.methods.pages import Page, Spec

EARS = Page(
    name="ears",
    title="EARS: C1, C2 and C3",
    words="Is today far above the last week? For new diseases and new feeds: eight to twelve days of history are enough. "
    "One row an area; all areas in one call.",
    rule="C1 compares day t with mean and standard deviation (n - 1) of days t - 7 to t - 1; C2 of days t - 9 to t - 3. "
    "The statistic is (count - mean)/sd, the bound mean + 3.09 sd. C3 is the sum over today and the two days before of "
    "max(0, C2 - 1), with the limit 1.96. A standard deviation below 0.5 is taken as 0.5. A count not above the mean never "
    "alarms.",
    limits="Seven days of baseline make alarms frequent at low or overdispersed counts (2 to 7 % of quiet weeks), and an "
    "outbreak of a week becomes its own baseline.",
    sources='Hutwagner 2003; Fricker, Hegler and Dunfee 2008. `compat="surveillance"` gives C3 as the R package '
    "`surveillance` does, which leaves today's count out.",
    imports="from commonweal.core.epi.aberration.ears import ears",
    specs=(
        Spec(
            "A quiet week, then seven cases",
            {"counts": [2, 4, 3, 2, 4, 3, 3, 7, 3]},
            'ears(counts, method="C1")',
            {
                "day": "np.arange(9)",
                "mean": "result.mean",
                "sd": "result.sd",
                "bound": "result.upper",
                "alarm": "result.alarm",
            },
            [
                [0, float("nan"), float("nan"), float("nan"), False],
                [1, float("nan"), float("nan"), float("nan"), False],
                [2, float("nan"), float("nan"), float("nan"), False],
                [3, float("nan"), float("nan"), float("nan"), False],
                [4, float("nan"), float("nan"), float("nan"), False],
                [5, float("nan"), float("nan"), float("nan"), False],
                [6, float("nan"), float("nan"), float("nan"), False],
                [7, 3, 0.8165, 5.5232, True],
                [8, 3.7143, 1.6036, 8.6697, False],
            ],
            4,
            "Days 0 to 6 have the mean 21/7 = 3 and the variance 4/6, so the bound of day 7 is 3 + 3.0902 x 0.8165. The seven "
            "cases then widen the bound of day 8.",
        ),
        Spec(
            "A baseline without spread",
            {"counts": [1, 1, 1, 1, 1, 1, 1, 2, 3]},
            'ears(counts, method="C1")',
            {"bound": "result.upper[7:]", "alarm": "result.alarm[7:]"},
            [[2.5451, False], [2.688, True]],
            4,
            "Days 0 to 6 do not vary; the least standard deviation of 0.5 puts the bound of "
            "day 7 at 1 + 3.0902 x 0.5. The baseline of day 8 holds the 2: mean 8/7.",
        ),
    ),
)

FARRINGTON = Page(
    name="farrington",
    title="Farrington Flexible",
    words="Is this week far above the same weeks of earlier years? For diseases with years of weekly counts; the method of "
    "national weekly exceedance reports. `farrington_daily` is the form for days, with weekdays and bank holidays.",
    rule="A quasi-Poisson regression (log link, trend, seasonal levels) is fitted to the weeks around the same week of the "
    "last `years` years. Weeks with Anscombe residuals above `weights_threshold` are weighed down and the fit repeated. The "
    "trend stays if it is significant and the prediction does not exceed the counts seen. The bound is the 1 - alpha quantile "
    'of a negative binomial with mean mu and variance phi mu (`threshold="nbPlugin"`) or a limit on the 2/3 power scale '
    "(`delta`). No alarm below five cases in four weeks.",
    limits="Needs years of history. Standard errors follow the reference implementation, which makes them too small for means "
    'above 1; `se="corrected"` does not.',
    sources="Farrington et al. 1996; Noufaily et al. 2013. Agrees with R `surveillance::farringtonFlexible` to 1e-12.",
    imports="from commonweal.core.epi.aberration.farrington import FarringtonOptions, farrington",
    specs=(
        Spec(
            "Three flat years of four steps each",
            {"counts": [10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 20]},
            "farrington(\n"
            "    counts,\n"
            "    steps=[13],\n"
            '    options=FarringtonOptions(years=3, half_window=0, trend=False, threshold="nbPlugin", alpha=0.01),\n'
            "    period=4,\n"
            ")",
            {
                "expected": "result.expected",
                "dispersion": "result.dispersion",
                "bound": "result.upper",
                "P(20 or more)": "result.p_value",
                "alarm": "result.alarm",
            },
            [[10, 1, 18, 0.00345, True]],
            5,
            "Reference points are steps 9, 5 and 1, all 10. There is no extra spread, so the bound is the 99 % quantile of a "
            "Poisson distribution with mean 10.",
        ),
    ),
)

CUSUM = Page(
    name="cusum",
    title="CUSUM",
    words="Do small excesses add up? Finds slow rises that never make a single day remarkable.",
    rule="S_t = max(0, S_(t-1) + z_t - k); alarm when S_t >= h (k = 1.04, h = 2.26). z = (count - mean)/sqrt(mean), or "
    "the Rossi or Anscombe transform.",
    sources="Rossi et al. 1999; Hoehle 2007. `recent_negative_binomial` is the form for a new disease with four weeks of history.",
    imports="from commonweal.core.epi.aberration.cusum import cusum",
    specs=(
        Spec(
            "Four expected, six to eight seen",
            {"counts": [4, 6, 7, 8, 8], "mean": 4.0},
            "cusum(counts, mean)",
            {"day": "np.arange(5)", "S": "result.statistic", "alarm": "result.alarm"},
            [[0, 0, False], [1, 0, False], [2, 0.46, False], [3, 1.42, False], [4, 2.38, True]],
            4,
            "z is (count - 4)/2: 0, 1, 1.5, 2, 2; each adds z - 1.04 while the sum stays above 0.",
        ),
    ),
)

LIKELIHOOD_RATIO = Page(
    name="likelihood-ratio",
    title="Likelihood ratio detectors (LR, GLR)",
    words="CUSUM of the evidence for a rise of given size (LR) or of any size (GLR), Poisson or negative binomial.",
    rule="LR: S_t = max(0, S_(t-1) + log f(y_t; mean e^shift)/f(y_t; mean)); for Poisson the step is "
    "shift y - mean (e^shift - 1). GLR maximises over the time of change and the size. Alarm at 5, then it starts again.",
    sources="Hoehle and Paul 2008.",
    imports="from commonweal.core.epi.aberration.likelihood_ratio import likelihood_ratio",
    specs=(
        Spec(
            "Looking for a doubling of 2",
            {"counts": [2, 5, 6], "mean": 2.0},
            "likelihood_ratio(counts, mean, shift=np.log(2))",
            {"S": "result.statistic", "alarm": "result.alarm"},
            [[0, False], [1.4657, False], [3.6246, False]],
            4,
            "Each step adds 0.6931 y - 2: -0.614 (held at 0), 1.466, 2.159.",
        ),
    ),
)

BAYES = Page(
    name="bayes",
    title="Bayes and RKI systems",
    words="A bound from the counts of the last weeks and of the same weeks of earlier years, without regression.",
    rule="With n comparison counts of sum s, the bound is the 1 - alpha quantile of a negative binomial of size s + 1/2 and "
    "probability n/(n + 1). Alarm above it.",
    sources="Riebler 2004; Hoehle 2007.",
    imports="from commonweal.core.epi.aberration.bayes import bayes",
    specs=(
        Spec(
            "Six comparison weeks",
            {"counts": [2, 3, 1, 2, 3, 1, 6, 7]},
            "bayes(counts, [6, 7], years=0, half_window=6)",
            {"bound": "result.upper", "alarm": "result.alarm"},
            [[5, True], [6, True]],
        ),
    ),
)

SCAN = Page(
    name="scan",
    title="Space-time scan statistics",
    words="Where and since when are there too many cases? Looks at every circle of places and every recent period, and says "
    "how often chance alone gives so strong a cluster. Models: Poisson (people at risk), permutation (cases only), Bernoulli "
    "(positive of tested), expectation-based Poisson.",
    rule="A window with c of C cases and an expectation e has the log likelihood ratio c ln(c/e) + (C - c) ln((C - c)/(C - e)) "
    "if c > e, else 0. The strongest window of the data is ranked among the strongest windows of simulated data without "
    "clusters: p = rank/(1 + simulations). The recurrence interval of a prospective scan is days/p. Circles grow from every "
    "place by distance and stop before they hold more than `max_share` of the expectation; periods end today.",
    limits="Circles follow distance, not travel. The last days are incomplete: pass `completeness`, or end a few days ago. Many "
    "diseases looked at every day give chance alarms; a recurrence interval of 365 days means one a year and disease.",
    sources="Kulldorff 1997, 2001; Kulldorff et al. 2005; Neill 2009. Ratios agree with SaTScan 10.3 to its printed digits.",
    imports="from commonweal.core.epi.scan import prepare\nfrom commonweal.core.epi.scan.analysis import Inference, run",
    specs=(
        Spec(
            "Four places, two days; the pair in the west rises on the second day",
            {
                "count": [[1, 6], [1, 5], [1, 1], [1, 0]],
                "population": [[100, 100], [100, 100], [100, 100], [100, 100]],
                "coordinates": [[0, 0], [1, 0], [5, 0], [6.5, 0]],
            },
            "run(prepare.poisson(count, population, coordinates, prepare.Windows(longest=1)), Inference(replicates=0), seed=1)",
            {
                "places": "[' '.join(map(str, sorted(m.tolist()))) for m in result.members]",
                "first day": "result.first",
                "cases": "result.cases",
                "expected": "result.expected",
                "log likelihood ratio": "result.ratio",
            },
            [["0 1", 1, 11, 4, 6.7503]],
            4,
            "16 cases over 8 place-days of equal population: 2 expected in each. The two western places on day 1 hold 11 of 16 "
            "where 4 are expected: 11 ln(11/4) + 5 ln(5/12) = 6.7503.",
        ),
    ),
)

PAGES = (EARS, FARRINGTON, CUSUM, LIKELIHOOD_RATIO, BAYES, SCAN)
