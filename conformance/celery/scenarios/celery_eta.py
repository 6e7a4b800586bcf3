"""A worker holds what is due later, and raises its prefetch to take more meanwhile."""

import datetime
import random

from celery.result import ResultSet
from tasks import QUEUE, app, clock

from support import PATIENCE, delete, eventually, is_done, prefetch, worker

TASKS, SOONEST, SPREAD = 50, 6, 2

PREFETCH = app.conf.worker_concurrency * app.conf.worker_prefetch_multiplier

with worker():
    clock.delay().get(timeout=PATIENCE)
    now = datetime.datetime.now(datetime.timezone.utc)
    etas = [now + datetime.timedelta(seconds=SOONEST + SPREAD * random.random()) for _ in range(TASKS)]
    results = [clock.apply_async(eta=eta) for eta in etas]
    # Each task that it holds raises the prefetch by one.
    eventually(lambda: prefetch(app) == PREFETCH + TASKS)
    # All at once: Celery 5.0 waits a second for each single result that is there already.
    times = ResultSet(results).get(timeout=SOONEST + SPREAD + PATIENCE)
    for eta, ran in zip(etas, times, strict=True):
        assert ran >= eta.timestamp(), f"{eta.timestamp() - ran} seconds too early"
    last = clock.delay()
    assert last.get(timeout=PATIENCE) >= max(etas).timestamp()
    # Up to Celery 5.2 SIGTERM raises an exception wherever the worker is. As it reads how a task ended it
    # forgets that, and the task's process waits 30 seconds for it.
    eventually(lambda: is_done(app, last))
delete(app, QUEUE)
