"""A worker holds what is due later, and raises its prefetch to take more meanwhile."""

import datetime
import random

from tasks import QUEUE, app, clock

from support import PATIENCE, delete, eventually, prefetch, worker

TASKS, SOONEST, SPREAD = 50, 6, 2

PREFETCH = app.conf.worker_concurrency * app.conf.worker_prefetch_multiplier

with worker():
    clock.delay().get(timeout=PATIENCE)
    now = datetime.datetime.now(datetime.timezone.utc)
    etas = [now + datetime.timedelta(seconds=SOONEST + SPREAD * random.random()) for _ in range(TASKS)]
    results = [clock.apply_async(eta=eta) for eta in etas]
    # Each task that it holds raises the prefetch by one.
    eventually(lambda: prefetch(app) == PREFETCH + TASKS)
    for eta, result in zip(etas, results, strict=True):
        ran = result.get(timeout=SOONEST + SPREAD + PATIENCE)
        assert ran >= eta.timestamp(), f"{eta.timestamp() - ran} seconds too early"
    assert clock.delay().get(timeout=PATIENCE) >= max(etas).timestamp()
delete(app, QUEUE)
