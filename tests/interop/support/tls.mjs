// Certificates for tests, made by openssl in a temporary folder, and clients that trust exactly them.
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import { WebSocket } from 'ws';

import { temporary_folder } from './folder.mjs';
import { binary_path } from './server.mjs';

/** Makes a certificate of its own for 127.0.0.1: {certificate, key}, names of files, and `ca`, what to trust. */
export function make_certificate(folder, name) {
  const [certificate, key] = [path.join(folder, `${name}.crt`), path.join(folder, `${name}.key`)];
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate,
  ], { stdio: 'pipe' });
  return { certificate, key, ca: readFileSync(certificate) };
}

/** Puts the files of a certificate in the place of another one's. */
export function replace_certificate(old, by) {
  copyFileSync(by.certificate, old.certificate);
  copyFileSync(by.key, old.key);
}

/**
 * Makes the certificates of a cluster by `troupe cluster make-certificates`, once by each of two authorities, `ours` and
 * `other`. Returns a function: of(authority, node) are the files {certificate, key, ca}.
 */
export function make_cluster_certificates(nodes) {
  const folder = temporary_folder();
  for (const authority of ['ours', 'other'])
    execFileSync(binary_path(), ['cluster', 'make-certificates', path.join(folder, authority), ...nodes.flatMap((name) => ['--node', name])]);
  return (authority, node) => {
    const file = (name) => path.join(folder, authority, name);
    return { certificate: file(`${node}.pem`), key: file(`${node}.key`), ca: file('ca.pem') };
  };
}

/** The value of `cluster.tls` in a configuration file. */
export const cluster_tls_section = ({ certificate, key, ca }) => `{certificate: ${certificate}, key: ${key}, ca: ${ca}}`;

export const tls_settings = ({ certificate, key }) => ({ 'server.tls.certificate': certificate, 'server.tls.key': key });

/** What y-websocket opens its sockets with, so that they trust `ca` and nothing else. */
export const socket_trusting = (ca) =>
  class extends WebSocket {
    constructor(url, protocols) {
      super(url, protocols, { ca });
    }
  };

/** Shakes hands and resolves to {name, protocol} of what the server showed, or {error}. `options` as tls.connect. */
export function shake_hands(port, options = {}) {
  return new Promise((resolve) => {
    const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
    socket.once('secureConnect', () => {
      resolve({ name: socket.getPeerCertificate().subject?.CN, protocol: socket.getProtocol(), session: socket });
      if (!options.keep) socket.destroy();
    });
    socket.on('error', (error) => resolve({ error: error.code ?? error.message }));
    socket.setTimeout(5000, () => socket.destroy(new Error('no handshake in 5 s')));
  });
}
