'use strict';
const assert = require('node:assert');
const { drain, name, publish, refused, scenario } = require('../support');

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  const queue = name('user_id');
  await channel.assertQueue(queue, { exclusive: true });
  await publish(channel, queue, 'mine', { userId: 'guest' });
  const text = "user_id property set to 'nobody' but authenticated user was 'guest'";
  const put = (other) => other.sendToQueue(queue, Buffer.from('not mine'), { userId: 'nobody' });
  await refused(connection, 406, text, put);
  const messages = await drain(channel, queue);
  const found = messages.map(({ properties, content }) => [properties.userId, `${content}`]);
  assert.deepStrictEqual(found, [['guest', 'mine']]);
});
