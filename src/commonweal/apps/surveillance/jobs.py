"""Work that goes on by itself: the morning's sweep of every place, and soon after results the places they touched.

Each kind of sweep has a lock of its own: a sweep of every place takes minutes, and places touched meanwhile do not wait
for it. Only the keeping of what they found is one after the other (`keeping`).
"""

from __future__ import annotations

from procrastinate.contrib.django import app

from commonweal.apps.surveillance import sweeps, telling_back
from commonweal.apps.surveillance.executors import configured
from commonweal.web import db

FIRST_HOUR = 5  # London: the night's results are in, and nobody has started work


@app.periodic(cron="* * * * *")
@app.task(queue="surveillance", queueing_lock="sweep-every-place", lock="sweep-every-place", pass_context=False)
def sweep_every_place(timestamp: int) -> int | None:
    """Sweep every place once a morning; returns the sweep's number."""
    if not sweeps.whole_is_due(db.value("engine", "select commonweal.now()"), FIRST_HOUR):
        return None
    return sweeps.run(configured()).sweep


@app.periodic(cron="* * * * * */10")  # the sixth field is seconds
@app.task(queue="surveillance", queueing_lock="sweep-touched", lock="sweep-touched", pass_context=False)
def sweep_what_was_touched(timestamp: int) -> int | None:
    """Sweep the places whose counts changed since the sweep before; what comes meanwhile waits for the next one."""
    ran = sweeps.run_touched(configured())
    return None if ran is None else ran.sweep


@app.periodic(cron="*/5 * * * *")
@app.task(queue="surveillance", queueing_lock="tell-back", pass_context=False)
def tell_back(timestamp: int) -> int:
    """Tell those whose answer could not be sent before that there is one, and those whose words stay hidden; returns
    how many were told."""
    return telling_back.deliver() + telling_back.deliver_hidden()


@app.periodic(cron="*/5 * * * *")
@app.task(queue="surveillance", queueing_lock="sweep-series", lock="sweep-series", pass_context=False)
def sweep_loaded_series(timestamp: int) -> list[int | None]:
    """Sweep the loaded series that were added to, and each of them once a morning; returns the sweeps' numbers."""
    return [ran.sweep for ran in sweeps.run_series_due(configured(), FIRST_HOUR)]
