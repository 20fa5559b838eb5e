// Loaded before a client (`node --import`): vendors' names lead to the loopback. The client stays
// as it is and still verifies the certificate against the name it meant.
import net from 'node:net';

const names = JSON.parse(process.env.LOOPBACK_NAMES);
const connect = net.Socket.prototype.connect;

net.Socket.prototype.connect = function (...given) {
  const [options] = Array.isArray(given[0]) ? given[0] : given;
  if (options && typeof options === 'object' && options.host in names) {
    options.port = names[options.host];
    options.host = '127.0.0.1';
  } else if (options && typeof options === 'object' && options.host !== '127.0.0.1') {
    throw new Error(`${options.host} is nowhere near here`);
  }
  return connect.apply(this, given);
};
