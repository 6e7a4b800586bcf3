'use strict';
const assert = require('node:assert');
const support = require('../support');
const { acquire, bodies, connect, consume, createPublisher, name } = support;
const { redelivered, refuseArguments, scenario, take } = support;

const queue = name('single');
const TEXT = "invalid arg 'x-single-active-consumer' for queue '{queue}' in vhost '/': ";
const CASES = [[{ 'x-single-active-consumer': 'true' }, `${TEXT}{unacceptable_type,longstr}`]];

scenario(async (connection) => {
  const publisher = createPublisher(connection);
  const single = { 'x-single-active-consumer': true };
  await connection.queueDeclare({ queue, autoDelete: true, arguments: single });
  const [active, next] = [await acquire(connection), await acquire(connection)];
  const last = await acquire(await connect());
  await active.basicQos({ prefetchCount: 2 });
  const atActive = await consume(active, queue);
  const atNext = await consume(next, queue);
  const atLast = await consume(last, queue);
  for (const text of ['1', '2']) await publisher.send(queue, text);
  const held = await take(atActive, 2);
  assert.deepStrictEqual(bodies(held), ['1', '2']);
  assert.strictEqual(atNext.length, 0);

  await active.basicCancel(atActive.consumerTag);
  await publisher.send(queue, '3');
  assert.deepStrictEqual(bodies(await take(atNext, 1)), ['3']);
  active.basicNack({ deliveryTag: held[1].deliveryTag });
  const again = await take(atNext, 1);
  assert.deepStrictEqual([bodies(again), redelivered(again)], [['2'], [true]]);
  active.basicAck(held[0]);

  assert.strictEqual(atLast.length, 0);
  await next.close();
  const rest = await take(atLast, 2);
  assert.deepStrictEqual([bodies(rest), redelivered(rest)], [['2', '3'], [true, true]]);
  last.basicAck({ deliveryTag: rest[1].deliveryTag, multiple: true });
  await publisher.send(queue, '4');
  assert.deepStrictEqual(bodies(await take(atLast, 1)), ['4']);

  await refuseArguments(connection, CASES);
});
