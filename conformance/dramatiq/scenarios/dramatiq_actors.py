import tempfile
import time

from actors import QUEUE, broker, give_up, note, succeed

from support import Notes, eventually, worker

DELAYED, DEAD = f"{QUEUE}.DQ", f"{QUEUE}.XQ"

with tempfile.TemporaryDirectory(prefix="notes-") as folder, worker():
    notes = Notes(f"{folder}")
    texts = [f"{number}" for number in range(50)]
    for text in texts:
        note.send(notes.path, text)
    notes.await_all(texts)

    notes.path += "-delayed"
    sent = time.time()
    delays = {"last": 2000, "first": 500}
    for text, delay in delays.items():
        note.send_with_options(args=(notes.path, text), delay=delay)
    ran = notes.await_all(delays)
    assert list(ran) == ["first", "last"], ran
    for text, delay in delays.items():
        assert ran[text] >= sent + delay / 1000, f"{text} ran too early"

    notes.path += "-retries"
    succeed.send(notes.path, after=2)
    ran = notes.await_all(["retry-0", "retry-1", "retry-2"])
    # The back-off doubles, less up to a half at random.
    assert ran["retry-1"] >= ran["retry-0"] + 0.2, ran
    assert ran["retry-2"] >= ran["retry-1"] + 0.4, ran

    hopeless = give_up.send()
    eventually(lambda: broker.get_queue_message_counts(QUEUE) == (0, 0, 1))
    _, _, body = broker.channel.basic_get(DEAD, auto_ack=True)
    assert hopeless.message_id.encode() in body and b"RuntimeError: on purpose" in body, body

for queue in (QUEUE, DELAYED, DEAD):
    broker.channel.queue_delete(queue)
broker.close()
