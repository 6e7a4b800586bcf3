"""By a folder of files, for results by rpc:// cannot have chords."""

import os
import tempfile

with tempfile.TemporaryDirectory(prefix="results-") as folder:
    os.environ["RESULT_BACKEND"] = f"file://{folder}"

    from celery import chord
    from celery.exceptions import ChordError
    from tasks import QUEUE, add, app, fail, total

    from support import PATIENCE, delete, eventually, worker

    with worker():
        squares = chord(add.s(number, number) for number in range(10))(total.s())
        assert squares.get(timeout=PATIENCE) == 90
        broken = chord([add.s(1, 1), fail.s("on purpose")])(total.s())
        eventually(broken.ready)
        assert isinstance(broken.result, ChordError), broken.result
        assert "on purpose" in str(broken.result), broken.result
    delete(app, QUEUE)
