/**
 * A TLS proxy in front of a Worker, as in a deployment.
 *
 * The session cookie is `Secure`. Chromium and Firefox accept it over plain HTTP from loopback, WebKit does
 * not.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import path from 'node:path';

/**
 * Listens on a free port and forwards all requests to a stack's Worker.
 *
 * Returns the address (`url`), the `Set-Cookie` headers of all responses so far (`cookies`), and `stop()`.
 */
export async function encrypt(stack) {
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(stack.folder, name));
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const make = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', [...make, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const cookies = [];
  const { hostname, port } = new URL(stack.url);
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const forwarded = request({ hostname, port, method, path: url, headers }, (response) => {
      cookies.push(...(response.headers['set-cookie'] ?? []));
      outgoing.writeHead(response.statusCode, response.headers);
      response.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    // If the client disconnects early, the forwarded request ends too.
    outgoing.on('close', () => forwarded.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    cookies,
    url: `https://127.0.0.1:${server.address().port}`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
