/**
 * Opens invalid links of shares, `rate` per second for `seconds`, each from another network. A process of its own, so that it
 * does not delay the one that measures. Prints how many were opened, and how many were refused as such links are.
 */
import { Agent, request } from 'node:http';

const [, , url, rate, seconds] = process.argv;
// `fetch` would take more processor time than the Worker.
const agent = new Agent({ keepAlive: true, maxSockets: 32 });
const total = Number(rate) * Number(seconds);
const start = performance.now();
let refused = 0;

function openInvalidLink(number) {
  const token = Buffer.from(Array.from({ length: 36 }, (_, at) => (number * 31 + at * 7) & 255)).toString('base64url');
  const headers = {
    'content-type': 'application/json',
    'cf-connecting-ip': `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`,
  };
  return new Promise((resolve, reject) => {
    const call = request(`${url}/api/shared`, { method: 'POST', headers, agent }, (answer) => {
      if (answer.statusCode === 404 || answer.statusCode === 429) refused += 1;
      answer.resume().on('end', resolve);
    });
    call.on('error', reject).end(JSON.stringify({ token }));
  });
}

const calls = [];
for (let number = 0; number < total; number += 1) {
  const wait = start + (number * 1000) / Number(rate) - performance.now();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  calls.push(openInvalidLink(number));
}
await Promise.all(calls);
console.log(JSON.stringify({ opened: total, refused, seconds: (performance.now() - start) / 1000 }));
