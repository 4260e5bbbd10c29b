/**
 * A stand-in for Cloudflare Access in front of a Worker, and for its sign-in page on another origin.
 *
 * Without a session, a request that says that a script sends it (`X-Requested-With: XMLHttpRequest`) gets 401 with a page
 * that is no problem of Lectern's; every other one is redirected to the sign-in page. With one, requests are forwarded.
 */
import { createServer, request } from 'node:http';

const listen = async (server) => {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server.address().port;
};

/**
 * Starts the proxy in front of a stack's Worker, and the sign-in page, on free ports.
 *
 * Returns the address (`url`), the `path` of every request so far and whether it `isScript` (`calls`), and functions:
 * `endSession()`; `signIn()`, as in another tab; `redirectScripts(doesSo)`, which answers scripts like everybody else;
 * `stop()`.
 */
export async function startAccessProxy(stack) {
  const calls = [];
  let hasSession = true;
  let doesRedirectScripts = false;
  const { hostname, port } = new URL(stack.url);

  // `localhost` and `127.0.0.1` are different origins.
  const team = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url, 'http://localhost');
    const back = url.searchParams.get('back') ?? '';
    if (url.pathname === '/continue') {
      hasSession = true;
      outgoing.writeHead(302, { location: back }).end();
      return;
    }
    outgoing.writeHead(200, { 'content-type': 'text/html' });
    const field = `<input type="hidden" name="back" value="${back.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}">`;
    outgoing.end(`<!doctype html><title>Sign in</title><form action="/continue">${field}<button>Continue</button></form>`);
  });
  const teamPort = await listen(team);

  const front = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const isScript = headers['x-requested-with'] === 'XMLHttpRequest';
    calls.push({ path: url, isScript });
    if (!hasSession) {
      incoming.resume();
      if (isScript && !doesRedirectScripts) {
        outgoing.writeHead(401, { 'content-type': 'text/html' }).end('<!doctype html><title>Unauthorized</title>');
      } else {
        const back = encodeURIComponent(`http://${headers.host}${url}`);
        outgoing.writeHead(302, { location: `http://localhost:${teamPort}/login?back=${back}` }).end();
      }
      return;
    }
    const forwarded = request({ hostname, port, method, path: url, headers }, (response) => {
      outgoing.writeHead(response.statusCode, response.headers);
      response.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    // If the client disconnects early, the forwarded request ends too.
    outgoing.on('close', () => forwarded.destroy());
    incoming.pipe(forwarded);
  });
  const frontPort = await listen(front);

  return {
    calls,
    url: `http://127.0.0.1:${frontPort}`,
    endSession() {
      hasSession = false;
    },
    signIn() {
      hasSession = true;
    },
    redirectScripts(doesSo) {
      doesRedirectScripts = doesSo;
    },
    stop() {
      for (const server of [front, team]) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}
