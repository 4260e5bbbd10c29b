/** Measures how the Worker reads with many grants. */
import { Stack, until, weeks } from '../browser/stack.mjs';
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

/** Measures reading the rows of 500 sections out of a week with some 37,500. */
export async function measure({ runs, note }) {
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
