/** The Worker, held against bare JavaScript in the same workerd. */
import { readFileSync } from 'node:fs';
import { until, weeks } from '../browser/stack.mjs';
import { collected, institution } from './institution.mjs';
import { inTurn, median, timed } from './median.mjs';

const of = (numbers) => median(numbers);
const ms = (number) => `${Math.round(number)} ms`;

/** Reads an answer to its end; gives its length. */
async function read(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  let length = 0;
  for await (const piece of answer.body) length += piece.byteLength;
  return length;
}

/** Keeps bytes for the bare Worker. */
async function keep(url, name, body) {
  const kept = await fetch(`${url}/bare/keep/${name}`, { method: 'PUT', body });
  if (!kept.ok) throw new Error(`not kept: ${kept.status}`);
}

/** Collecting, `/api/rows`, `/api/csv`. */
export async function measure({ runs, note }) {
  const place = await institution(400_000);
  try {
    const { stack, asked } = place;
    const { url } = stack;
    const span = weeks(1, 1);
    const request = await collected(place, span);
    const [{ id, copy }] = request.windows;
    const file = await place.file(span.from);
    const collecting = async () => {
      const before = asked.length;
      const { generation } = (await stack.api(`/api/requests/${request.id}`)).windows[0].copy;
      await stack.api(`/api/requests/${request.id}/retry`, { method: 'POST', body: { windows: [id] } });
      // Looking often would be measured, too.
      await until('the file is asked for', () => asked.length > before);
      let done;
      await until('the window is collected', async () => {
        const [window] = (await stack.api(`/api/requests/${request.id}`)).windows;
        done = Date.now();
        return window.copy.generation > generation;
      });
      return done - asked[before];
    };
    const inflating = () => timed(() => read(`${url}/bare/inflate?url=${encodeURIComponent(file)}`));
    const collect = await inTurn(Math.min(runs, 5), { inflating, collecting });
    const name = `${Math.round(copy.bytes / 1e6)} MB of CSV`;
    let [plain, ours] = [of(collect.inflating), of(collect.collecting)];
    const numbers = () => `${ms(ours)} of ${ms(plain)}`;
    note(`collecting ${name}, of only inflating it`, { value: ours / plain, most: 2.5, plain: numbers() });

    const rows = `${url}/api/rows/videoview/${id}`;
    await keep(url, 'rows', await (await fetch(rows)).arrayBuffer());
    await keep(url, 'csv', await (await fetch(file)).arrayBuffer());
    const csv = `${url}/api/csv/videoview?from=${span.from}&to=${span.to}&tz=UTC&cells=raw`;
    const got = await inTurn(Math.max(runs, 9), {
      bareRows: () => timed(() => read(`${url}/bare/rows/rows`)),
      rows: () => timed(() => read(rows)),
      bareCsv: () => timed(() => read(`${url}/bare/csv/csv`)),
      csv: () => timed(() => read(csv)),
    });
    [plain, ours] = [of(got.bareRows), of(got.rows)];
    note('/api/rows, throughput, of bare JavaScript', { value: plain / ours, least: 0.8, plain: numbers() });
    [plain, ours] = [of(got.bareCsv), of(got.csv)];
    note('/api/csv cells=raw, throughput, of bare JavaScript', { value: plain / ours, least: 0.8, plain: numbers() });
  } finally {
    await place.stop();
  }
  await flat(note);
}

/** Memory while collecting: a file of 100 MB, and one of 1 GB. */
async function flat(note) {
  const peaks = [];
  for (const rows of [350_000, 3_500_000]) {
    const place = await institution(rows, { config: 'worker/wrangler.toml' });
    try {
      // What nobody can give back, apart from pages of files that the kernel may drop.
      let peak = 0;
      const sample = setInterval(() => {
        for (const id of place.stack.processes()) {
          const status = readFileSync(`/proc/${id}/status`, 'utf8');
          peak = Math.max(peak, Number(/RssAnon:\s+(\d+)/.exec(status)[1]) / 1024);
        }
      }, 50);
      await collected(place, weeks(1, 1));
      clearInterval(sample);
      peaks.push(peak);
    } finally {
      await place.stop();
    }
  }
  const [small, large] = peaks;
  const plain = `${Math.round(small)} MB, ${Math.round(large)} MB of workerd's own memory`;
  note('memory while collecting, 1 GB of 100 MB', { value: large / small, most: 1.25, plain });
}
