/**
 * TLS in front of a Worker, as where it is deployed.
 *
 * A session's cookie is `Secure`. Chromium and Firefox take one from plain HTTP on this machine, WebKit does not.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import path from 'node:path';

/**
 * Listens on a free port and passes everything on to a stack's Worker.
 *
 * Gives the address, the `Set-Cookie` headers that came back so far, and what ends it.
 */
export async function encrypt(stack) {
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(stack.folder, name));
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const make = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', [...make, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const cookies = [];
  const { hostname, port } = new URL(stack.url);
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (asked, answer) => {
    const { method, url, headers } = asked;
    const passed = request({ hostname, port, method, path: url, headers }, (given) => {
      cookies.push(...(given.headers['set-cookie'] ?? []));
      answer.writeHead(given.statusCode, given.headers);
      given.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    // Who leaves early leaves there, too.
    answer.on('close', () => passed.destroy());
    asked.pipe(passed);
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
