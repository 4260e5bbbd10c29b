/**
 * Every state of the page, and how to bring each about with real processes.
 *
 * The states of a group share a stack. `prepare` does the slow setup once. A state's `before` waits for what
 * only it needs, and `show` only navigates, so that it can be repeated in another theme and size. Used by the
 * tests of states and by the screenshots.
 */
import assert from 'node:assert/strict';
import { monday, plusDays, until, weeks } from './stack.mjs';
import { busyCourse } from './truth.mjs';

/** Today in UTC, as `YYYY-MM-DD`. */
const today = () => new Date().toISOString().slice(0, 10);

/** The address of a view. */
export function address(stack, days, { report = 'videoview', ...rest } = {}) {
  const query = new URLSearchParams({ v: '1', report, ...days, ...rest });
  return `${stack.url}/?${query}`;
}

/** The address of a course, or of one of its students. */
export function courseAddress(stack, days, rest = {}) {
  return `${stack.url}/course?${new URLSearchParams({ v: '1', ...days, ...rest })}`;
}

/** Made-up values of the sign-in key and the session key, strong enough for the Worker to accept. */
export const KEYS = { key: 'westmere-Trial-key-4f1c9d27a8e35b06', session: 'signing-Sessions-with-91b7e2d04c8a6f35' };

/** Selector of a course's figures, once they show the current view. */
const COURSE = '[data-testid="course"][aria-busy="false"] .figure';

/** Selector of the chart of minutes, drawn from at least one row. */
const CHART = '[data-testid="minutes"]:not([data-rows="0"]) svg';

/** Goes to a view and waits for a marker in it. */
async function visit(page, url, marker) {
  await page.goto(url);
  await page.locator(marker).first().waitFor();
}

/** A complete week without rows, according to the sandbox. */
async function quietWeek(stack) {
  const { from } = weeks(70);
  const { days } = await stack.truth(from, plusDays(today(), -1));
  const busy = new Set(days.map(({ day }) => day));
  for (let back = 2; back < 68; back += 1) {
    const week = weeks(1, back);
    const all = Array.from({ length: 7 }, (_, index) => plusDays(week.from, index));
    if (!all.some((day) => busy.has(day))) return week;
  }
  throw new Error('every week of the sandbox has rows');
}

const failing = weeks(2, 20);
/** Up to yesterday, in one window. */
const recent = () => ({ from: monday(plusDays(today(), -1)), to: plusDays(today(), -1) });

export const GROUPS = [
  {
    name: 'usual',
    start: {},
    async prepare(stack) {
      const videos = (days) => ({ report: 'videoview', ...days });
      await stack.injectFaults({ fault: 'failed', always: true, report: 'videoview', start: failing.from });
      stack.quiet = await quietWeek(stack);
      const failed = await stack.request(videos(failing), { wait: false });
      await stack.request(videos(weeks(4)));
      await stack.request(videos(weeks(4, 4)));
      await stack.request(videos(recent()));
      await stack.request(videos(stack.quiet));
      const others = ['presentation', 'polling', 'qanda', 'confused', 'notes'];
      const requests = [weeks(4, 4), recent()].flatMap((days) => others.map((report) => ({ report, ...days })));
      // One after the other, since the list of requests is in the order of creation; then waits for all.
      for (const request of requests) await stack.request(request, { wait: false });
      await Promise.all(requests.map((request) => stack.request(request)));
      // Three attempts take a while; other states are shown meanwhile.
      stack.waitForFailure = () =>
        until('a week has failed', async () => {
          const { windows } = await stack.api(`/api/requests/${failed.id}`);
          return windows.every(({ state }) => ['failed', 'ready'].includes(state));
        });
    },
    states: [
      { name: 'first-visit', show: (page, stack) => visit(page, stack.url, '.first .plan:not(:empty)') },
      { name: 'plan', show: (page, stack) => visit(page, address(stack, weeks(12)), '.progress button.main') },
      {
        name: 'menu-open',
        hasSnapshot: false,
        async show(page, stack) {
          await visit(page, address(stack, weeks(4, 4)), CHART);
          await page.locator('.menu:has(.long) > summary').click();
        },
      },
      {
        name: 'ready',
        show: (page, stack) => visit(page, address(stack, weeks(4, 4)), CHART),
      },
      {
        name: 'ready-details',
        async show(page, stack) {
          await visit(page, address(stack, weeks(4, 4)), CHART);
          await page.locator('.progress > details > summary').click();
        },
      },
      {
        // The figures themselves, with menus and tables open; the other snapshots have the rest of the page.
        name: 'figures',
        isOfFigures: true,
        async show(page, stack) {
          await visit(page, address(stack, weeks(4, 4)), CHART);
          await page.getByRole('button', { name: 'Show every row' }).click();
          for (const numbers of await page.getByText('Numbers', { exact: true }).all()) await numbers.click();
          await page.locator('#minutes .reader').press('Home');
          await page.locator('#minutes .figure-menu > summary').click();
        },
      },
      {
        name: 'course',
        async show(page, stack) {
          const days = weeks(4, 4);
          const { course, sections: [section] } = await busyCourse(stack, days);
          await visit(page, address(stack, days, { course: course.id, section: section.id }), CHART);
        },
      },
      {
        // Compared with the days before, with names hidden.
        name: 'compared',
        hasSnapshot: false,
        async show(page, stack) {
          await visit(page, address(stack, weeks(4), { compare: 'before', names: 'hidden' }), '#minutes svg .bar');
          await page.locator('#minutes svg .other').first().waitFor({ state: 'attached' });
        },
      },
      {
        name: 'student',
        hasSnapshot: false,
        async show(page, stack) {
          await visit(page, address(stack, weeks(4, 4)), CHART);
          await page.locator('#students .row-menu > summary').first().click();
          await page.getByRole('button', { name: 'Only this student' }).click();
          await page.locator('.chip', { hasText: 'Student' }).waitFor();
          await page.locator('#students .row-menu > summary').first().click();
        },
      },
      {
        // Another report of one section, compared with another section; on a phone a row of its table is
        // open.
        name: 'slides',
        hasSnapshot: false,
        async show(page, stack) {
          const days = weeks(4, 4);
          const { course, sections: [one, other] } = await busyCourse(stack, days);
          const view = { report: 'presentation', course: course.id, section: one.id, compare: other.id };
          await visit(page, address(stack, days, view), '#slide-views svg .bar');
          const opener = page.locator('#every-deck .opener').first();
          if (await opener.isVisible()) await opener.click();
        },
      },
      {
        name: 'polls',
        hasSnapshot: false,
        async show(page, stack) {
          const { course } = await busyCourse(stack, weeks(4, 4));
          await visit(page, address(stack, weeks(4, 4), { report: 'polling', course: course.id }), '#poll-answers svg .bar');
        },
      },
      {
        name: 'course-unchosen',
        show: (page, stack) => visit(page, courseAddress(stack, weeks(4, 4)), 'h1'),
      },
      {
        // One report of the course and the days before are missing.
        name: 'course-overview',
        async show(page, stack) {
          const { course } = await busyCourse(stack, weeks(4, 4));
          await visit(page, courseAddress(stack, weeks(4, 4), { course: course.id, compare: 'before' }), COURSE);
          await page.locator('#activity .reader').press('Home');
          await page.getByText('How the score is computed').click();
        },
      },
      {
        name: 'course-provisional',
        async show(page, stack) {
          const { course } = await busyCourse(stack, weeks(4, 4));
          await visit(page, courseAddress(stack, recent(), { course: course.id }), COURSE);
        },
      },
      {
        name: 'course-student',
        async show(page, stack) {
          const { course } = await busyCourse(stack, weeks(4, 4));
          await visit(page, courseAddress(stack, weeks(4, 4), { course: course.id, names: 'hidden' }), COURSE);
          await page.getByRole('link', { name: 'Student 1', exact: true }).click();
          await page.locator('#totals').waitFor();
        },
      },
      {
        name: 'provisional',
        show: (page, stack) => visit(page, address(stack, recent()), '.coverage [data-state="provisional"]'),
      },
      {
        name: 'empty',
        async show(page, stack) {
          await visit(page, address(stack, stack.quiet), '.coverage [data-state="ready"]');
          await page.getByText('No recorded activity on these days').waitFor();
        },
      },
      {
        name: 'too-large',
        async show(page, stack) {
          await page.addInitScript(() => {
            Object.defineProperty(Navigator.prototype, 'deviceMemory', { get: () => 0.0001 });
          });
          await visit(page, address(stack, weeks(4, 4)), '[data-code="too-large"]');
        },
      },
      {
        name: 'not-over',
        show: (page, stack) =>
          visit(page, address(stack, { from: today(), to: plusDays(today(), 6) }), '[data-code="range-in-future"]'),
      },
      {
        name: 'unknown-report',
        show: (page, stack) => visit(page, address(stack, weeks(1), { report: 'nonesuch' }), 'p.notice'),
      },
      {
        name: 'another-report',
        show: (page, stack) => visit(page, address(stack, {}, { report: 'asset' }), '.progress button.main'),
      },
      {
        name: 'offline',
        // A prefetch may still be running.
        expected: [/ERR_INTERNET_DISCONNECTED/, /chunks\.js/],
        async show(page, stack) {
          await visit(page, address(stack, weeks(4, 4)), CHART);
          await page.context().setOffline(true);
          await page.getByRole('button', { name: /^Previous/ }).click();
          await page.locator('[data-code="unreachable"]').waitFor();
        },
      },
      {
        // What Cloudflare Access answers to a script once the session has ended.
        name: 'signed-out',
        hasSnapshot: false,
        expected: [/status of 401/],
        async show(page, stack) {
          await visit(page, address(stack, weeks(4, 4)), CHART);
          await page.route('**/api/**', (route) => route.fulfill({ status: 401, contentType: 'text/html', body: '<title>Sign in</title>' }));
          await page.getByRole('button', { name: /^Previous/ }).click();
          await page.locator('[data-code="sign-in-needed"]').waitFor();
        },
      },
      {
        // Code of the page is gone after a deployment: the site answers with its page.
        name: 'updated',
        hasSnapshot: false,
        expected: [/is outdated/],
        async show(page, stack) {
          await page.route('**/split_rest-*.wasm', (route) => route.fulfill({ contentType: 'text/html', body: '<title>Lectern</title>' }));
          await visit(page, address(stack, weeks(4, 4)), CHART);
          await page.locator('.figure-menu > summary').first().click();
          await page.locator('[data-code="updated"]').waitFor();
        },
      },
      {
        name: 'unsupported',
        hasSnapshot: false,
        async show(page, stack) {
          await page.addInitScript(() => delete globalThis.WebAssembly);
          await visit(page, address(stack, weeks(4, 4)), '[data-code="unsupported"]');
        },
      },
      {
        name: 'failed',
        before: (stack) => stack.waitForFailure(),
        show: (page, stack) => visit(page, address(stack, failing), '.coverage [data-state="failed"]'),
      },
      { name: 'requests', show: (page, stack) => visit(page, `${stack.url}/requests`, '.board .failure') },
    ],
  },
  {
    name: 'slow',
    start: { sandbox: ['--build-seconds', '600'] },
    states: [
      {
        name: 'nothing-yet',
        show: (page, stack) => visit(page, `${stack.url}/requests`, 'h1'),
      },
      {
        name: 'building',
        async before(stack) {
          await stack.request({ report: 'videoview', ...weeks(6) }, { wait: false });
          await until('three are being built', async () => {
            const { requests } = await stack.api('/api/requests');
            return requests[0].windows.filter(({ state }) => state === 'building').length === 3;
          });
        },
        show: (page, stack) => visit(page, address(stack, weeks(6)), '.coverage [data-state="building"]'),
      },
      {
        name: 'queued',
        async before(stack) {
          await stack.request({ report: 'videoview', ...weeks(1, 20) }, { wait: false });
        },
        show: (page, stack) => visit(page, address(stack, weeks(1, 20)), '.coverage [data-state="queued"]'),
      },
      {
        name: 'partly',
        async before(stack) {
          await fetch(`${stack.sandbox}/sandbox/clock`, {
            method: 'POST',
            body: JSON.stringify({ advance_seconds: 601 }),
          });
          // Waits until all three slots are building again, since a slot that is being requested shows
          // another state.
          await until('three are here and three more are being built', async () => {
            const { requests } = await stack.api('/api/requests');
            const windows = requests.flatMap((request) => request.windows);
            const among = (...states) => new Set(windows.filter(({ state }) => states.includes(state)).map(({ id }) => id));
            return among('ready', 'provisional').size >= 3 && among('building').size === 3;
          });
        },
        async show(page, stack) {
          await visit(page, address(stack, weeks(6)), CHART);
          await page.locator('.coverage [data-state="building"]').nth(1).waitFor();
        },
      },
      { name: 'requests-waiting', show: (page, stack) => visit(page, `${stack.url}/requests`, '.board-line') },
    ],
  },
  {
    name: 'taken',
    start: { sandbox: ['--build-seconds', '600'] },
    async prepare(stack) {
      for (const back of [30, 31, 32]) {
        const { from, to } = weeks(1, back);
        const body = { report: 'notes', parameters: { start: from, end: plusDays(to, 1) }, build_seconds: 600 };
        const answer = await fetch(`${stack.sandbox}/sandbox/requests`, { method: 'POST', body: JSON.stringify(body) });
        assert.ok(answer.ok, await answer.text());
      }
      await stack.request({ report: 'videoview', ...weeks(4) }, { wait: false });
    },
    states: [
      {
        name: 'limit-reached',
        show: (page, stack) => visit(page, address(stack, weeks(4)), '[data-code="limit-reached"]'),
      },
    ],
  },
  {
    name: 'down',
    start: {},
    async prepare(stack) {
      await stack.injectFaults({ fault: 'server-error', always: true });
      await stack.request({ report: 'videoview', ...weeks(4) }, { wait: false });
    },
    states: [
      {
        name: 'upstream-down',
        show: (page, stack) => visit(page, address(stack, weeks(4)), '[data-code="upstream-down"]'),
      },
    ],
  },
  {
    name: 'revoked',
    start: { sandbox: ['--build-seconds', '600'] },
    async prepare(stack) {
      // Fetches the list of reports while the credentials are still valid.
      await stack.api('/api/reports');
      await stack.injectFaults({ fault: 'unauthorized', always: true });
      await stack.request({ report: 'videoview', ...weeks(4) }, { wait: false });
      // The page asks only when it is loaded.
      await until('the credentials are refused', async () => (await stack.api('/api/session')).upstream_failure);
    },
    states: [
      {
        name: 'credentials-revoked',
        show: (page, stack) => visit(page, address(stack, weeks(4)), '[data-code="credentials-refused"]'),
      },
    ],
  },
  {
    name: 'refused',
    start: { settings: { ECHO360_CLIENT_SECRET: 'not the secret' } },
    async prepare(stack) {
      await stack.request({ report: 'videoview', ...weeks(4) }, { wait: false });
    },
    states: [
      {
        name: 'credentials-refused',
        expected: [/status of 502/],
        show: (page, stack) => visit(page, address(stack, weeks(4)), '[data-code="credentials-refused"]'),
      },
    ],
  },
  {
    name: 'unset',
    start: { settings: { ECHO360_CLIENT_SECRET: '' } },
    states: [
      {
        name: 'settings-wrong',
        expected: [/status of 503/],
        show: (page, stack) => visit(page, stack.url, '[data-code="settings-wrong"]'),
      },
    ],
  },
  {
    name: 'guarded',
    start: { settings: { LECTERN_LOCAL: '', LECTERN_KEY: KEYS.key, LECTERN_SESSION_KEY: KEYS.session } },
    states: [
      {
        name: 'sign-in',
        expected: [/status of 401/],
        show: (page, stack) => visit(page, stack.url, 'input[type="password"]'),
      },
      {
        name: 'key-wrong',
        hasSnapshot: false,
        expected: [/status of 4(01|29)/],
        async show(page, stack) {
          await visit(page, stack.url, 'input[type="password"]');
          await page.getByLabel('Key').fill('a wrong one');
          await page.getByRole('button', { name: 'Sign in' }).click();
          await page.locator('.notice').waitFor();
        },
      },
    ],
  },
  {
    name: 'administration',
    start: {},
    async prepare(stack) {
      await stack.request({ report: 'videoview', ...weeks(2, 2) });
      const { courses } = await stack.api('/api/courses');
      const [one, two, three] = courses;
      const grants = [
        { course: one.id, section: null },
        { course: two.id, section: null },
      ];
      const put = (email, role, grants) => stack.api('/api/roles', { method: 'PUT', body: { email, role, grants } });
      await put('ana@westmere.example', 'instructor', grants);
      await put('bo@westmere.example', 'analyst', []);
      await stack.api('/api/forget', { method: 'POST', body: { course: three.id } });
      await until('the course is forgotten', async () => {
        const { forgettings } = await stack.api('/api/forget');
        return forgettings.every(({ state }) => state === 'done');
      });
    },
    states: [
      { name: 'you', show: (page, stack) => visit(page, `${stack.url}/you`, '.facts') },
      { name: 'people', show: (page, stack) => visit(page, `${stack.url}/people`, '[data-testid="people"]') },
      {
        name: 'record',
        hasSnapshot: false,
        show: (page, stack) => visit(page, `${stack.url}/record`, '[data-testid="record"]'),
      },
      {
        name: 'forgetting',
        show: (page, stack) => visit(page, `${stack.url}/forgetting`, '[data-testid="forgettings"] [data-state="done"]'),
      },
      { name: 'quality', show: (page, stack) => visit(page, `${stack.url}/quality`, '[data-testid="quality"] > *') },
    ],
  },
  {
    name: 'shared',
    start: { sandbox: ['--students', '160'], settings: { LECTERN_SMALLEST: '5', LECTERN_TIME_ZONE: 'UTC' } },
    async prepare(stack) {
      const days = weeks(3, 3);
      for (const report of ['videoview', 'presentation']) await stack.request({ report, ...days });
      const { id, windows } = await stack.request({ report: 'videoview', ...days });
      await stack.injectFaults({ fault: 'missing-section' });
      await stack.api(`/api/requests/${id}/retry`, { method: 'POST', body: { windows: [windows[0].id] } });
      await until('a week has lost rows', async () => (await stack.api('/api/shrunken')).windows.length > 0);
      const { course } = await busyCourse(stack, days);
      const share = { report: 'course', course: course.id, ...days, name: 'For the department' };
      const { token } = await stack.api('/api/shares', { method: 'POST', body: share });
      stack.shares = { view: address(stack, days, { course: course.id }), token };
    },
    states: [
      {
        name: 'share',
        hasSnapshot: false,
        async show(page, stack) {
          await visit(page, stack.shares.view, CHART);
          await page.locator('.share-bar summary').filter({ hasText: /^Share$/ }).click();
          await page.getByTestId('contents').waitFor();
        },
      },
      {
        name: 'shrunken',
        hasSnapshot: false,
        show: (page, stack) => visit(page, `${stack.url}/requests`, '[data-testid="shrunken"] button'),
      },
      { name: 'shares', show: (page, stack) => visit(page, `${stack.url}/shares`, '[data-testid="shares"]') },
      { name: 'shared', hasSnapshot: false, show: (page, stack) => visit(page, `${stack.url}/s#${stack.shares.token}`, 'h2') },
      {
        name: 'shared-gone',
        hasSnapshot: false,
        expected: [/status of 4(04|29)/],
        async show(page, stack) {
          await page.goto(`${stack.url}/s#${stack.shares.token.replace(/.$/, '')}`);
          await page.getByRole('heading').first().waitFor();
        },
      },
    ],
  },
  {
    name: 'closed',
    start: { settings: { LECTERN_LOCAL: '' } },
    states: [
      {
        name: 'sign-in-needed',
        expected: [/status of 401/],
        show: (page, stack) => visit(page, stack.url, '[data-code="sign-in-needed"]'),
      },
    ],
  },
];
