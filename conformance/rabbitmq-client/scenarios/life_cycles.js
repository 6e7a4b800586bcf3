'use strict';
const assert = require('node:assert');
const { connect, eventually, isThere, name, refused, scenario } = require('../support');

const ignore = () => {};

async function exclusive(other) {
  const queue = name('exclusive');
  const owner = await connect();
  await owner.queueDeclare({ queue, exclusive: true });
  const check = (channel) => channel.queueDeclare({ queue, passive: true });
  const text = `RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '${queue}'`;
  const consume = (channel) => channel.basicConsume({ queue }, ignore);
  for (const use of [check, consume, (channel) => channel.queueDelete(queue)]) {
    await refused(other, 'RESOURCE_LOCKED', text, use);
  }
  await owner.close();
  await eventually(async () => !(await isThere(other, check)));
}

async function autoDeleteQueue(connection) {
  const channel = await connection.acquire();
  const queue = name('auto-delete');
  const there = () => isThere(connection, (other) => other.queueDeclare({ queue, passive: true }));
  await channel.queueDeclare({ queue, autoDelete: true });
  const first = await channel.basicConsume({ queue }, ignore);
  const second = await channel.basicConsume({ queue }, ignore);
  await channel.basicCancel(first);
  assert(await there());
  await channel.basicCancel(second);
  assert(!(await there()));
  await channel.queueDeclare({ queue, autoDelete: true });
  await channel.basicConsume({ queue }, ignore);
  await channel.close();
  await eventually(async () => !(await there()));
}

async function autoDeleteExchange(connection) {
  const exchange = name('exchange');
  const check = (channel) => channel.exchangeDeclare({ exchange, passive: true });
  await connection.exchangeDeclare({ exchange, type: 'fanout', autoDelete: true });
  const { queue: first } = await connection.queueDeclare({ exclusive: true });
  const { queue: second } = await connection.queueDeclare({ exclusive: true });
  for (const queue of [first, second]) await connection.queueBind({ queue, exchange });
  await connection.queueUnbind({ queue: first, exchange });
  assert(await isThere(connection, check));
  await connection.queueDelete(second);
  assert(!(await isThere(connection, check)));
}

scenario(async (connection) => {
  await exclusive(connection);
  await autoDeleteQueue(connection);
  await autoDeleteExchange(connection);
});
