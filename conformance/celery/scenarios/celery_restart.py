import tempfile
from pathlib import Path

from tasks import QUEUE, app, note

from support import control, delete, eventually, worker

TASKS = 200

with tempfile.TemporaryDirectory(prefix="notes-") as folder:
    notes = Path(folder) / "notes"
    notes.touch()

    def ran():
        return {int(line) for line in notes.read_text().split()}

    with worker():
        for number in range(TASKS):
            note.apply_async((str(notes), number), ignore_result=True)
        eventually(lambda: len(ran()) >= 10)

        control("/broker/kill")
        assert len(ran()) < TASKS
        control("/broker/start")

        eventually(lambda: ran() == set(range(TASKS)), patience=30)
    delete(app, QUEUE)
