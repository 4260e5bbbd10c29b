/**
 * Opens invalid links of shares, `rate` per second for `seconds`, each from another network. A process of its own, so that it
 * does not delay the one that measures. Prints how many were opened, and how many were refused as such links are.
 */
const [, , url, rate, seconds] = process.argv;
const total = Number(rate) * Number(seconds);
const start = performance.now();
let refused = 0;

async function openInvalidLink(number) {
  const token = Buffer.from(Array.from({ length: 36 }, (_, at) => (number * 31 + at * 7) & 255)).toString('base64url');
  const headers = {
    'content-type': 'application/json',
    'cf-connecting-ip': `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`,
  };
  const answer = await fetch(`${url}/api/shared`, { method: 'POST', headers, body: JSON.stringify({ token }) });
  const { code } = await answer.json();
  if (code === 'share-gone' || code === 'too-many-tries') refused += 1;
}

const calls = [];
for (let number = 0; number < total; number += 1) {
  const wait = start + (number * 1000) / Number(rate) - performance.now();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  calls.push(openInvalidLink(number));
}
await Promise.all(calls);
console.log(JSON.stringify({ opened: total, refused, seconds: (performance.now() - start) / 1000 }));
