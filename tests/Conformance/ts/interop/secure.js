// TLS and the key of a connection, when the test names a folder of certificates: ca.pem, client.pem, client.key.
const fs = require('fs');
const path = require('path');

const folder = process.env.INTEROP_TLS;
module.exports = folder ? {
  tls: {
    serverRootCACertificate: fs.readFileSync(path.join(folder, 'ca.pem')),
    clientCertPair: { crt: fs.readFileSync(path.join(folder, 'client.pem')), key: fs.readFileSync(path.join(folder, 'client.key')) },
  },
  apiKey: process.env.INTEROP_KEY,
} : {};
