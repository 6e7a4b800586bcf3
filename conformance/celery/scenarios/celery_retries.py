import time

from tasks import QUEUE, Unready, app, give_up, succeed

from support import PATIENCE, delete, worker

with worker():
    began = time.monotonic()
    assert succeed.delay(after=2).get(timeout=PATIENCE) == 2
    assert time.monotonic() - began >= 1 + 2, "the back-off doubles"

    hopeless = give_up.delay()
    try:
        hopeless.get(timeout=PATIENCE)
        raise AssertionError("a task that always fails gave a result")
    except Unready as reason:
        assert reason.args == (2,), reason
    assert hopeless.state == "FAILURE"
delete(app, QUEUE)
