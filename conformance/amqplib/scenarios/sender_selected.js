'use strict';
const assert = require('node:assert');
const { drain, name, publish, refused, scenario, texts } = require('../support');

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  const exchange = name('keys');
  await channel.assertExchange(exchange, 'direct', { autoDelete: true });
  const queues = ['a', 'b', 'c'].map(name);
  for (const [index, key] of ['a', 'b', 'c'].entries()) {
    await channel.assertQueue(queues[index], { exclusive: true });
    await channel.bindQueue(queues[index], exchange, key);
  }
  // Per queue, its messages, of which none may have BCC.
  const received = async () => {
    const found = [];
    for (const queue of queues) found.push(await drain(channel, queue));
    assert(found.flat().every((message) => !('BCC' in message.properties.headers)));
    return found;
  };
  const receivedTexts = async () => (await received()).map(texts);

  await publish(channel, 'a', 'to all', { exchange, CC: ['b', 'a'], BCC: 'c' });
  for (const messages of await received()) {
    assert.deepStrictEqual(texts(messages), ['to all']);
    assert.strictEqual(messages[0].fields.routingKey, 'a');
    assert.deepStrictEqual(messages[0].properties.headers.CC, ['b', 'a']);
  }

  await publish(channel, 'nowhere', 'only copies', { exchange, CC: 'c' });
  assert.deepStrictEqual(await receivedTexts(), [[], [], ['only copies']]);

  const copies = { CC: [queues[1], name('nowhere')], BCC: [queues[2]] };
  await publish(channel, queues[0], 'by the default exchange', copies);
  assert.deepStrictEqual(await receivedTexts(), Array(3).fill(['by the default exchange']));

  for (const header of ['CC', 'BCC']) {
    const text = `invalid message: {unacceptable_type_in_header,"${header}",longstr}`;
    const headers = { [header]: 'b' };
    const put = (other) => other.sendToQueue('a', Buffer.from('x'), { headers });
    await refused(connection, 406, text, put);
  }
});
