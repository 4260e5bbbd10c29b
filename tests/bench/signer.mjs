/** A stand-in for Cloudflare Access, as far as the Worker knows it: signed assertions, and the public key for checking them. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';

const TEAM = 'lectern-bench.cloudflareaccess.com';
const AUDIENCE = 'bench';

/** The administrator of a Worker with these settings. */
export const ADMIN = 'admin@bench.example';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/**
 * Starts it on a free port. Returns the Worker's `settings`; `headers(email)`, which sign a person in for an hour; and
 * `stop()`.
 */
export async function startSigner() {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'bench', alg: 'RS256', use: 'sig' }];
  const server = createServer((_, response) => response.end(JSON.stringify({ keys })));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const header = encode({ alg: 'RS256', kid: 'bench', typ: 'JWT' });
  return {
    settings: {
      LECTERN_LOCAL: '',
      LECTERN_ADMINS: ADMIN,
      ACCESS_TEAM_DOMAIN: TEAM,
      ACCESS_AUD: AUDIENCE,
      ACCESS_CERTS_URL: `http://127.0.0.1:${server.address().port}`,
    },
    headers(email) {
      const now = Math.floor(Date.now() / 1000);
      const claims = { iss: `https://${TEAM}`, aud: [AUDIENCE], email, type: 'app', exp: now + 3600, nbf: now, iat: now, sub: email };
      const text = `${header}.${encode(claims)}`;
      return { 'cf-access-jwt-assertion': `${text}.${sign('RSA-SHA256', Buffer.from(text), privateKey).toString('base64url')}` };
    },
    stop: () => server.close(),
  };
}
