/** Measures the Worker, compared with plain JavaScript in the same workerd. */
import { readFileSync } from 'node:fs';
import { until, weeks } from '../browser/stack.mjs';
import { collect, institution } from './institution.mjs';
import { alternate, median, time } from './median.mjs';

const ms = (number) => `${Math.round(number)} ms`;

/** Reads a response to its end and returns its length in bytes. */
async function read(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  let length = 0;
  for await (const chunk of answer.body) length += chunk.byteLength;
  return length;
}

/** Stores bytes for the plain JavaScript. */
async function store(url, name, body) {
  const stored = await fetch(`${url}/bare/keep/${name}`, { method: 'PUT', body });
  if (!stored.ok) throw new Error(`not stored: ${stored.status}`);
}

/** Measures collecting, `/api/rows` and `/api/csv`. */
export async function measure({ runs, note }) {
  const place = await institution(400_000);
  try {
    const { stack, fileTimes } = place;
    const { url } = stack;
    const span = weeks(1, 1);
    const request = await collect(place, span);
    const [{ id, copy }] = request.windows;
    const file = await place.file(span.from);
    const collecting = async () => {
      const before = fileTimes.length;
      const { generation } = (await stack.api(`/api/requests/${request.id}`)).windows[0].copy;
      await stack.api(`/api/requests/${request.id}/retry`, { method: 'POST', body: { windows: [id] } });
      // Polling the Worker before that would slow it down.
      await until('the file is requested', () => fileTimes.length > before);
      let done;
      await until('the window is collected', async () => {
        const [window] = (await stack.api(`/api/requests/${request.id}`)).windows;
        done = Date.now();
        return window.copy.generation > generation;
      });
      return done - fileTimes[before];
    };
    const inflating = () => time(() => read(`${url}/bare/inflate?url=${encodeURIComponent(file)}`));
    const runTimes = await alternate(Math.min(runs, 5), { inflating, collecting });
    const name = `${Math.round(copy.bytes / 1e6)} MB of CSV`;
    let [plain, ours] = [median(runTimes.inflating), median(runTimes.collecting)];
    const numbers = () => `${ms(ours)} of ${ms(plain)}`;
    note(`collecting ${name}, of only inflating it`, { value: ours / plain, most: 2.5, plain: numbers() });

    const rows = `${url}/api/rows/videoview/${id}`;
    await store(url, 'rows', await (await fetch(rows)).arrayBuffer());
    await store(url, 'csv', await (await fetch(file)).arrayBuffer());
    const csv = `${url}/api/csv/videoview?from=${span.from}&to=${span.to}&tz=UTC&cells=raw`;
    const got = await alternate(Math.max(runs, 9), {
      bareRows: () => time(() => read(`${url}/bare/rows/rows`)),
      rows: () => time(() => read(rows)),
      bareCsv: () => time(() => read(`${url}/bare/csv/csv`)),
      csv: () => time(() => read(csv)),
    });
    [plain, ours] = [median(got.bareRows), median(got.rows)];
    note('/api/rows, throughput, of bare JavaScript', { value: plain / ours, least: 0.8, plain: numbers() });
    [plain, ours] = [median(got.bareCsv), median(got.csv)];
    note('/api/csv cells=raw, throughput, of bare JavaScript', { value: plain / ours, least: 0.8, plain: numbers() });
  } finally {
    await place.stop();
  }
  await measureMemory(note);
}

/** Compares the memory for collecting a file of 100 MB and one of 1 GB. */
async function measureMemory(note) {
  const peaks = [];
  for (const rows of [350_000, 3_500_000]) {
    const place = await institution(rows, { config: 'worker/wrangler.toml' });
    try {
      // Anonymous memory: without pages of files, which the kernel may drop.
      let peak = 0;
      const sample = setInterval(() => {
        for (const id of place.stack.processes()) {
          const status = readFileSync(`/proc/${id}/status`, 'utf8');
          peak = Math.max(peak, Number(/RssAnon:\s+(\d+)/.exec(status)[1]) / 1024);
        }
      }, 50);
      await collect(place, weeks(1, 1));
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
