'use strict';
const { retry } = require('../retry');
const { scenario } = require('../support');

scenario((connection) => retry(connection, 'classic'));
