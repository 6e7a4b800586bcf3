from celery import group
from tasks import QUEUE, add, app, fail

from support import PATIENCE, delete, worker

with worker():
    assert add.delay(2, 3).get(timeout=PATIENCE) == 5
    # Results come to one queue of the caller, in the order in which the tasks run.
    results = [add.delay(number, number) for number in range(50)]
    assert [result.get(timeout=PATIENCE) for result in results] == list(range(0, 100, 2))
    several = group(add.s(number, 1) for number in range(20)).delay()
    assert several.get(timeout=PATIENCE) == list(range(1, 21))
    failed = fail.delay("on purpose")
    try:
        failed.get(timeout=PATIENCE)
        raise AssertionError("a task that failed gave a result")
    except ValueError as reason:
        assert str(reason) == "on purpose", reason
    assert failed.state == "FAILURE"
    # The worker answers what is broadcast to all workers.
    (answer,) = app.control.ping(timeout=1)
    assert list(answer.values()) == [{"ok": "pong"}], answer
delete(app, QUEUE)
