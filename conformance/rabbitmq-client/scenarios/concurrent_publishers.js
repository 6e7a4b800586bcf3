'use strict';
const assert = require('node:assert');
const { bodies, createPublisher, name, receive, scenario } = require('../support');

const PUBLISHERS = 8;
const MESSAGES = 250;
const count = (length) => Array.from({ length }, (_, number) => number);

scenario(async (connection) => {
  const queue = name('shared');
  await connection.queueDeclare({ queue, exclusive: true });
  const series = count(PUBLISHERS).map((number) => count(MESSAGES).map((n) => `${number} ${n}`));

  const publish = async (texts) => {
    const publisher = createPublisher(connection);
    await Promise.all(texts.map((text) => publisher.send(queue, text)));
  };
  await Promise.all(series.map(publish));

  const received = bodies(await receive(connection, queue, PUBLISHERS * MESSAGES));
  for (const [number, texts] of series.entries()) {
    assert.deepStrictEqual(received.filter((text) => text.startsWith(`${number} `)), texts);
  }
  assert.strictEqual((await connection.queueDelete(queue)).messageCount, 0);
});
