'use strict';
const assert = require('node:assert');
const { after, connect, control, inTime, ok, run } = require('../support');

function works(connection, next) {
  connection.createChannel(ok((channel) => channel.close(ok(next))));
}

run((done) => {
  const again = () => connect('?heartbeat=1', (connection) => {
    works(connection, () => connection.close(ok(done)));
  });
  connect('?heartbeat=1', (connection) => after(2.5, () => works(connection, () => {
    control('/broker/freeze', () => {
      connection.on('error', inTime('a broker that says nothing was not noticed', (error) => {
        assert.match(error.message, /Heartbeat timeout/);
        control('/broker/thaw', again);
      }));
    });
  })));
});
