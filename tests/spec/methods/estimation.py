"""Pages on reproduction numbers and nowcasts."""

from tests.spec.methods.pages import Page, Spec

NAN = float("nan")

SERIAL_INTERVAL = Page(
    name="serial-interval",
    title="Serial intervals in whole days",
    words="The chance that an infector's onset lies 1, 2, 3, ... days before the infected person's.",
    rule="A gamma distribution shifted by one day, spread over days in proportion to its overlap. Weights are not rescaled: "
    "what lies beyond the longest lag is missing from the sum.",
    sources="Cori et al. 2013, web appendix 11. Agrees with `EpiEstim::discr_si` to 1e-12.",
    imports="from commonweal.core.epi.reproduction.serial_interval import discretised",
    specs=(
        Spec(
            "Mean 3 days, standard deviation 1 day",
            {"mean": 3.0, "sd": 1.0},
            "discretised(mean, sd, 7)",
            {"days": "np.arange(8)", "weight": "result"},
            [[0, 0], [1, 0.0376], [2, 0.3156], [3, 0.3726], [4, 0.1875], [5, 0.0638], [6, 0.0175], [7, 0.0042]],
            4,
        ),
    ),
)

CORI = Page(
    name="cori",
    title="Reproduction number: Cori",
    words="How many does one case infect now? A sliding window of days, one gamma distribution a window, all areas at once.",
    rule="Lambda_t = sum over lags of w_s I_(t-s). In a window R is gamma distributed with shape a + local cases and rate "
    "1/b + sum of Lambda, prior mean a b. Without a column of imported cases the first day's are imported. Nothing is given "
    "until the mean serial interval has passed. `reliable` is no below 11 local cases.",
    limits="Recent days are too low while reports are still coming in: use `renewal` on a nowcast. A window without cases "
    "gives back the prior.",
    sources="Cori et al. 2013; Thompson et al. 2019. Agrees with EpiEstim to 1e-14.",
    imports="from commonweal.core.epi.reproduction.cori import cori",
    specs=(
        Spec(
            "Cases double every day, everybody infects on the next day",
            {"incidence": [1, 2, 4, 8, 16], "serial_interval": [0, 1]},
            "cori(incidence, serial_interval, window=2, prior=(1.0, 1.0))",
            {
                "first day": "result.first",
                "last day": "result.last",
                "shape": "result.shape",
                "rate": "1/result.scale",
                "mean R": "result.mean",
            },
            [[1, 2, 7, 4, 1.75], [2, 3, 13, 7, 1.8571], [3, 4, 25, 13, 1.9231]],
            4,
            "The window of days 1 and 2 holds 2 + 4 cases, infected by 1 + 2: shape 1 + 6, rate 1 + 3, mean 7/4.",
        ),
    ),
)

WALLINGA_TEUNIS = Page(
    name="wallinga-teunis",
    title="Reproduction number of cases: Wallinga and Teunis",
    words="How many did the cases of a day infect in the end? Looks forward, so the last days are divided by the share of the "
    "serial interval that has passed, or hidden.",
    rule="Each case is shared out among earlier cases in proportion to the serial interval; R of a day is what its cases "
    "receive, a head.",
    sources="Wallinga and Teunis 2004; Cauchemez et al. 2006.",
    imports="from commonweal.core.epi.reproduction.wallinga_teunis import wallinga_teunis",
    specs=(
        Spec(
            "One case, then two, then six; everybody infects on the next day",
            {"incidence": [1, 2, 6], "serial_interval": [0, 1]},
            "wallinga_teunis(incidence, serial_interval, window=1)",
            {"day": "np.arange(3)", "R of the day's cases": "result.by_day"},
            [[0, 2], [1, 3], [2, NAN]],
            3,
            "The case of day 0 infected the two of day 1, and these the six of day 2. Whom those infect is not known yet.",
        ),
    ),
)

RENEWAL = Page(
    name="renewal",
    title="Reproduction number: pooled renewal model",
    words="R day by day in every area, also in the last ten days. Areas lean on a common path as far as their own counts are "
    "few; given draws of a nowcast the intervals carry its uncertainty.",
    rule="log R of the areas' total is a random walk; each area deviates from it and comes back slowly. Infections are hidden: "
    "their mean is R times the force of infection, and counts are infections seen with a delay, by weekday. An extended Kalman "
    "filter follows R and infections; sizes of moves and noises are the likeliest under the counts of all areas.",
    limits="Some three weeks after the serial interval are needed. Intervals are widened by a tenth because moves and noises "
    "are learnt from the same counts. On simulated epidemics 90 % intervals hold 0.90 to 0.92 at horizons of one to seven days.",
    sources="Cori et al. 2013; Gostic et al. 2020; Anderson and Moore 1979.",
    imports="from commonweal.core.epi.reproduction.renewal import renewal",
    specs=(
        Spec(
            "A steady epidemic: 200 cases a day in each of three areas",
            {"counts": [[200] * 40, [200] * 40, [200] * 40], "serial_interval": [0, 0.25, 0.5, 0.25]},
            "renewal(counts, serial_interval, levels=(0.5,), samples=200)",
            {
                "area": "np.arange(3)",
                "R of the last day, to one decimal": "result.quantiles[:, -1, 0].round(1)",
                "R ten days before": "result.quantiles[:, -11, 0].round(1)",
            },
            [[0, 1, 1], [1, 1, 1], [2, 1, 1]],
        ),
    ),
)

CHAIN_LADDER = Page(
    name="chain-ladder",
    title="Nowcast: chain ladder",
    words="How many will there be in the end? Earlier days show by what factor counts grow from one delay to the next.",
    rule="f_j = sum of counts at delay j + 1 over sum at delay j, over days where both are known. The final count is the "
    "latest times the factors still to come. Mack's standard errors.",
    limits="A latest count of 0 stays 0. One factor for all weekdays.",
    sources="Mack 1993 (agrees with his published example: 52,135 with standard error 26,909).",
    imports="from commonweal.core.epi.nowcast.chain_ladder import chain_ladder",
    specs=(
        Spec(
            "Three days, delays of 0, 1 and 2 days",
            {"cumulative": [[10, 15, 18], [20, 30, NAN], [30, NAN, NAN]]},
            "chain_ladder(cumulative)",
            {"day": "np.arange(3)", "latest": "result.latest[0]", "final": "result.ultimate[0]"},
            [[0, 18, 18], [1, 30, 36], [2, 30, 54]],
            3,
            "The first factor is (15 + 30)/(10 + 20) = 1.5, the second 18/15 = 1.2; 30 x 1.2 = 36, 30 x 1.5 x 1.2 = 54.",
        ),
    ),
)

LAWLESS = Page(
    name="nowcast-delays",
    title="Nowcast: delay distributions",
    words="Lawless's estimate, and the Bayesian nowcasts with and without correction for truncation, one area at a time.",
    rule="g_x = reports with delay x over reports with delay at most x, on days where delay x can have been seen. "
    "Completeness at delay x is the product over longer delays of 1 - g. The estimate is reported/completeness.",
    limits="Delays must be stable. `reverse_hazard` handles weekdays, drift and many small areas.",
    sources="Lawless 1994; Hoehle and an der Heiden 2014.",
    imports="from commonweal.core.epi.nowcast import classical\nfrom commonweal.core.epi.nowcast.triangle import masked",
    specs=(
        Spec(
            "Half of the reports on the day, half on the next",
            {"counts": [[5, 5], [10, 10], [8, 0]]},
            "classical.lawless(masked(counts, first_event=0, now=2), support=60)",
            {"day": "result.event", "reported": "result.reported[0]", "completeness": "result.completeness[0]"},
            [[0, 10, 1], [1, 20, 1], [2, 8, 0.5]],
            3,
            "g_1 = (5 + 10)/(10 + 20) = 0.5: of the last day half is in, so about 16 are to be expected.",
        ),
    ),
)

REVERSE_HAZARD = Page(
    name="nowcast-pooled",
    title="Nowcast: pooled reverse hazards",
    words="The nowcast to use on many areas together: weekdays of reporting, drift of delays, areas that are slower, late "
    "batches and withdrawn counts.",
    rule="Reverse hazards are fitted to all areas on the logit scale (delay, weekday, drift, area; shrunk). What is still to "
    "come is negative binomial around the level of the day. The spread of each horizon, a correction of its mean, and how fast "
    "levels move are those under which the reports since earlier nowcasts of the same kind are likeliest.",
    limits="Needs three weeks and the longest delay of history. A batch that is being held back cannot be foreseen; once it "
    "has come, tell the method (`series.late_batches` finds it). Whole intervals of small counts hold more than their level.",
    sources="Lawless 1994; Hoehle and an der Heiden 2014; Guenther et al. 2021; West and Harrison 1997.",
    imports="from commonweal.core.epi.nowcast.reverse_hazard import reverse_hazard\n"
    "from commonweal.core.epi.nowcast.triangle import masked",
    specs=(
        Spec(
            "Forty days of 100 events: 50 reported on the day, 30 on the next, 20 on the one after",
            {"day_of_delay": [50, 30, 20]},
            "reverse_hazard(masked(np.tile(day_of_delay, (40, 1)), first_event=0, now=39))",
            {
                "day": "result.event",
                "reported": "result.reported[0]",
                "share in, to one decimal": "result.completeness[0].round(1)",
                "expected in the end, to the nearest ten": "result.mean()[0].round(-1)",
            },
            [[37, 100, 1, 100], [38, 80, 0.8, 100], [39, 50, 0.5, 100]],
        ),
    ),
)

SCORES = Page(
    name="scores",
    title="Scores of forecasts",
    words="Was the nowcast sharp, and was it honest?",
    rule="CRPS: the area between the forecast's distribution function and the step at the truth, in cases. Weighted interval "
    "score: half the distance from the median plus each interval's width and its misses, weighted by 1 - level. Fair "
    "coverage: an interval of whole counts holds more than its level; the chance that one with randomised ends holds the "
    "truth averages to the level exactly.",
    sources="Gneiting and Raftery 2007; Bracher et al. 2021; Czado, Gneiting and Held 2009.",
    imports="from commonweal.core.epi.nowcast import scoring",
    specs=(
        Spec(
            "Heads or tails: 0 or 1 case, each with probability one half; one case came",
            {"probability": [[0.5, 0.5]], "truth": [1]},
            "scoring.crps(probability, truth)",
            {"CRPS": "result"},
            [[0.25]],
            3,
            "F(0) = 0.5 against 0, F(1) = 1 against 1: 0.5 squared.",
        ),
        Spec(
            "The same forecast and a fair interval of 80 %",
            {"probability": [[0.5, 0.5]], "truth": [1]},
            "scoring.fair_cover(probability, truth, 0.8)",
            {"chance that the interval holds it": "result"},
            [[0.8]],
        ),
    ),
)

PAGES = (
    SERIAL_INTERVAL,
    CORI,
    WALLINGA_TEUNIS,
    RENEWAL,
    CHAIN_LADDER,
    LAWLESS,
    REVERSE_HAZARD,
    SCORES,
)
