/** Measures the Worker under load: reading with many grants, and while strangers flood it with invalid links. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { ROOT, Stack, until, weeks } from '../browser/stack.mjs';
import { median, time } from './median.mjs';
import { ADMIN, startSigner } from './signer.mjs';

/** Calls a route of the Worker as somebody, and returns the response's body. */
async function call(stack, headers, route, body, method = body ? 'POST' : 'GET') {
  const answer = await fetch(stack.url + route, {
    method,
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
    body: body && JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${route}: ${answer.status} ${await answer.text()}`);
  return Buffer.from(await answer.arrayBuffer());
}

/** People who read during the flood, each every quarter of a second. */
const READERS = 20;

/** Invalid links per second, and for how many seconds. */
const FLOOD = { rate: 300, seconds: 30 };

export async function measure({ runs, note }) {
  await measureGrants({ runs, note });
  await measureFlood({ note });
}

/** Measures reading the rows of 500 sections out of a week with some 40,000 slices. */
async function measureGrants({ runs, note }) {
  const signer = await startSigner();
  const stack = await Stack.start({
    sandbox: ['--students', '60000', '--courses', '12500', '--bulk-rows', '2000000', '--build-seconds', '0.1..0.1'],
    settings: { LECTERN_TIME_ZONE: 'UTC', ...signer.settings },
  });
  try {
    const admin = signer.headers(ADMIN);
    const as = async (...args) => JSON.parse(await call(stack, ...args));
    const span = weeks(1, 1);
    let request = await as(admin, '/api/requests', { report: 'videoview', ...span, tz: 'UTC' });
    await until('the week is collected', async () => {
      request = await as(admin, `/api/requests/${request.id}`);
      return request.windows[0].copy;
    });
    const { courses } = await as(admin, '/api/courses');
    const sections = courses.flatMap(({ id, sections }) => sections.map((section) => ({ course: id, section: section.id })));
    const step = Math.ceil(sections.length / 500);
    const grants = sections.filter((_, at) => at % step === 0);
    const instructor = 'instructor@bench.example';
    await call(stack, admin, '/api/roles', { email: instructor, role: 'instructor', grants }, 'PUT');
    const headers = signer.headers(instructor);
    const times = [];
    for (let run = 0; run < Math.max(runs, 5); run += 1) {
      times.push(await time(() => call(stack, headers, `/api/rows/videoview/${request.windows[0].id}`)));
    }
    const all = await call(stack, admin, `/api/rows/videoview/${request.windows[0].id}`);
    const plain = `${grants.length} grants, ${all.readUInt32LE(8)} slices`;
    note('rows of 500 granted sections, of a week with all', { value: median(times), unit: ' ms', most: 200, plain });
  } finally {
    await stack.stop();
    signer.stop();
  }
}

/** Measures what people who read notice of a flood of invalid links. */
async function measureFlood({ note }) {
  const signer = await startSigner();
  const stack = await Stack.start({ settings: { LECTERN_TIME_ZONE: 'UTC', ...signer.settings } });
  try {
    const admin = signer.headers(ADMIN);
    const as = async (...args) => JSON.parse(await call(stack, ...args));
    let request = await as(admin, '/api/requests', { report: 'videoview', ...weeks(1, 1), tz: 'UTC' });
    await until('the week is collected', async () => {
      request = await as(admin, `/api/requests/${request.id}`);
      return request.windows[0].copy;
    });
    const people = Array.from({ length: READERS }, (_, at) => `reader${at}@bench.example`);
    for (const email of people) await call(stack, admin, '/api/roles', { email, role: 'analyst', grants: [] }, 'PUT');
    const routes = ['/api/session', '/api/requests', `/api/rows/videoview/${request.windows[0].id}`];

    /** Lets everybody read for some seconds, and returns the 95th percentile of the times in milliseconds. */
    const readFor = async (seconds) => {
      const end = performance.now() + seconds * 1000;
      const times = [];
      const read = async (email, person) => {
        const headers = signer.headers(email);
        await new Promise((resolve) => setTimeout(resolve, (person * 250) / READERS));
        for (let turn = person; performance.now() < end; turn += 1) {
          const start = performance.now();
          await call(stack, headers, routes[turn % routes.length]);
          const took = performance.now() - start;
          times.push(took);
          await new Promise((resolve) => setTimeout(resolve, Math.max(0, 250 - took)));
        }
      };
      await Promise.all(people.map(read));
      return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.95)];
    };

    await readFor(3);
    const calm = await readFor(FLOOD.seconds / 2);
    const flood = spawn(process.execPath, [path.join(ROOT, 'tests/bench/flood.mjs'), stack.url, FLOOD.rate, FLOOD.seconds].map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    flood.stdout.on('data', (chunk) => (output += chunk));
    const ended = new Promise((resolve) => flood.once('exit', resolve));
    const flooded = await readFor(FLOOD.seconds);
    await ended;
    const { opened, refused, seconds } = JSON.parse(output);
    if (seconds > 1.1 * FLOOD.seconds) throw new Error(`the flood took ${Math.round(seconds)} s instead of ${FLOOD.seconds}`);
    if (refused !== opened) throw new Error(`${opened - refused} invalid links were not refused`);
    const plain = `${Math.round(flooded)} ms of ${Math.round(calm)} ms; ${opened} invalid links in ${Math.round(seconds)} s`;
    note(`95th percentile of ${READERS} people's reads, during a flood of invalid links of before it`, { value: flooded / calm, most: 2, plain });
  } finally {
    await stack.stop();
    signer.stop();
  }
}
