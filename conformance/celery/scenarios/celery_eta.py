"""A worker holds what is due later, and raises its prefetch to take more meanwhile."""

import datetime
import random

from tasks import QUEUE, app, clock

from support import PATIENCE, delete, eventually, ready, worker

TASKS, SOONEST, SPREAD = 50, 6, 2

with worker():
    clock.delay().get(timeout=PATIENCE)
    now = datetime.datetime.now(datetime.timezone.utc)
    etas = [now + datetime.timedelta(seconds=SOONEST + SPREAD * random.random()) for _ in range(TASKS)]
    results = [clock.apply_async(eta=eta) for eta in etas]
    eventually(lambda: ready(app, QUEUE) == 0)
    assert not any(result.ready() for result in results), "the prefetch was not raised"
    for eta, result in zip(etas, results, strict=True):
        ran = result.get(timeout=SOONEST + SPREAD + PATIENCE)
        assert ran >= eta.timestamp(), f"{eta.timestamp() - ran} seconds too early"
    assert clock.delay().get(timeout=PATIENCE) >= max(etas).timestamp()
delete(app, QUEUE)
