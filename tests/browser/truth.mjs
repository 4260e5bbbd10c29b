/**
 * What every figure ought to show, worked out from the sandbox's raw rows.
 *
 * Nothing of it is the page's own code or an answer of it: rows are grouped here once more, in another language, by
 * the plainest means. Slow and short is right.
 */
import { monday, plusDays } from './stack.mjs';

/** The row of the truth that is `minutes` of `rows`. */
const minutes = (rows) => rows / 2;

/** Reads days, weekdays and hours of a zone out of `Intl`, which knows what the clocks did. */
function clockOf(zone) {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit',
  });
  return (instant) => {
    const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
    const day = `${parts.year}-${parts.month}-${parts.day}`;
    return { day, hour: Number(parts.hour), weekday: (new Date(`${day}T12:00:00Z`).getUTCDay() + 6) % 7 };
  };
}

/** A role as the page groups them: what the sandbox's institution has. */
const ROLES = { Student: 'Students', Instructor: 'Instructors', 'Teaching Assistant': 'Assistants', '': 'No role given' };

/** Every view of the days, both included, in a zone; in the order of time. */
export async function views(stack, { from, to }, zone = 'UTC') {
  const query = new URLSearchParams({
    report: 'videoview', start: `${plusDays(from, -1)}T00:00:00Z`, end: `${plusDays(to, 2)}T00:00:00Z`,
  });
  const { columns, rows } = await stack.ask(`/sandbox/rows?${query}`);
  const at = (pattern) => columns.findIndex((name) => pattern.test(name.replace(/[_ ]/g, '')));
  const places = {
    time: at(/^eventtimestamp$/i), video: at(/^videoid$/i), title: at(/^videoname$/i), length: at(/^durationminute$/i),
    course: at(/^courseid$/i), code: at(/^courseidentifier$/i), section: at(/^sectionid$/i), number: at(/^sectionnumber$/i),
    user: at(/^userid$/i), first: at(/^firstname$/i), last: at(/^lastname$/i), role: at(/^role$/i),
  };
  for (const [name, place] of Object.entries(places)) if (place < 0) throw new Error(`no column ${name} in ${columns}`);
  const local = clockOf(zone);
  return rows
    .map((cells) => {
      const row = Object.fromEntries(Object.entries(places).map(([name, place]) => [name, cells[place].trim()]));
      row.instant = new Date(`${row.time.replace(' ', 'T')}Z`);
      const group = ROLES[row.role];
      if (group === undefined) throw new Error(`a role that the test does not know: ${row.role}`);
      return { ...row, ...local(row.instant), group, person: [row.last, row.first].filter(Boolean).join(', ') };
    })
    .filter(({ day }) => from <= day && day <= to)
    .sort((a, b) => a.instant - b.instant);
}

/** Rows by a key, most first, those of equal rows by key. */
function grouped(rows, key) {
  const groups = new Map();
  for (const row of rows) {
    if (!groups.has(row[key])) groups.set(row[key], []);
    groups.get(row[key]).push(row);
  }
  return [...groups].sort(([a, left], [b, right]) => right.length - left.length || (a < b ? -1 : 1));
}

const viewers = (rows) => new Set(rows.map(({ user }) => user).filter(Boolean)).size;

/**
 * What the figures show of `all` rows. A chosen video, section or role filters every figure but that in which it was
 * chosen: there the others stay, to be chosen too.
 */
export function expected(all, { from, to, course, sections = [], roles = [], videos = [], student }) {
  const passes = (row, but) =>
    (student === undefined || but === 'anybody' || row.user === student) &&
    (course === undefined || row.course === course) &&
    (but === 'sections' || sections.length === 0 || sections.includes(row.section)) &&
    (but === 'roles' || but === 'anybody' || roles.length === 0 || roles.includes(row.group)) &&
    (but === 'videos' || videos.length === 0 || videos.includes(row.video));
  const of = (but) => all.filter((row) => passes(row, but));
  const rows = of();
  const days = [];
  for (let day = from; day <= to; day = plusDays(day, 1)) {
    const own = rows.filter((row) => row.day === day);
    days.push({ day, minutes: minutes(own.length), viewers: viewers(own) });
  }
  const hours = Array.from({ length: 7 }, (_, weekday) =>
    Array.from({ length: 24 }, (_, hour) => minutes(rows.filter((row) => row.weekday === weekday && row.hour === hour).length)),
  );
  const named = (groups, chosen, spell) => groups.filter(([id], place) => place < 20 || chosen.includes(id)).map(spell);
  const byVideo = named(grouped(of('videos'), 'video'), videos, ([id, own]) => {
    const counted = own.filter(({ user }) => user);
    const length = Number(own.at(-1).length);
    const share = counted.length > 0 && length > 0 ? minutes(counted.length) / viewers(own) / length : undefined;
    return { id, name: own.at(-1).title, minutes: minutes(own.length), viewers: viewers(own), percent: share && Math.round(share * 100) };
  });
  const bySection = named(grouped(of('sections'), 'section'), sections, ([id, own]) => {
    return { id, name: `${own.at(-1).code} · ${own.at(-1).number}`, minutes: minutes(own.length), viewers: viewers(own) };
  });
  const byRole = Object.values(ROLES)
    .map((role) => [role, of('roles').filter(({ group }) => group === role)])
    .filter(([, own]) => own.length > 0)
    .map(([name, own]) => ({ name, minutes: minutes(own.length), viewers: viewers(own) }));
  const students = grouped(rows.filter(({ user, group }) => user && group === 'Students'), 'user')
    .map(([user, own]) => ({
      user, name: own.at(-1).person, rows: own.length, minutes: minutes(own.length),
      days: days.map(({ day }) => own.filter((row) => row.day === day).length),
    }))
    .sort((a, b) => b.rows - a.rows || Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)) || (a.user < b.user ? -1 : 1));
  const known = new Set();
  const arrivals = days.map(({ day }) => {
    const own = new Set(rows.filter((row) => row.user && row.day === day).map(({ user }) => user));
    const fresh = [...own].filter((user) => !known.has(user));
    fresh.forEach((user) => known.add(user));
    return { day, fresh: fresh.length, again: own.size - fresh.length };
  });
  // Whoever watched it first, of whatever role: what is filtered by people does not move a video's first day.
  const appeared = new Map();
  for (const { video, day } of of('anybody')) if (!(appeared.get(video) <= day)) appeared.set(video, day);
  const apart = (from, to) => Math.round((new Date(`${to}T12:00:00Z`) - new Date(`${from}T12:00:00Z`)) / 86_400_000);
  const after = [[0, 0], [1, 1], [2, 3], [4, 7], [8, 14], [15, 28], [29, Infinity]].map(([least, most]) => {
    if (least >= days.length) return undefined;
    const own = rows.filter(({ video, day }) => least <= apart(appeared.get(video), day) && apart(appeared.get(video), day) <= most);
    return minutes(own.length);
  });
  return { rows, days, arrivals, after, hours, byVideo, bySection, byRole, students, viewers: viewers(rows) };
}

/** A course of which at least two sections have rows in these days, and those sections. */
export async function busyCourse(stack, { from, to }) {
  const { courses, terms } = await stack.api('/api/courses');
  const meant = new Set(terms.filter((term) => term.from <= to && from <= term.to).map(({ id }) => id));
  for (const course of courses) {
    const sections = [];
    for (const section of course.sections.filter(({ term }) => term === undefined || meant.has(term))) {
      const { rows } = await stack.truth(from, to, { course: course.id, section: section.id });
      if (rows > 0) sections.push(section);
    }
    if (sections.length > 1) return { course, sections };
  }
  throw new Error('no course of the sandbox has two sections with rows');
}

/**
 * The raw rows of a report in these days: cells by the names of their columns without `_` and spaces, in lower case.
 *
 * Beside the cells, `who` is the id of the person and `is` their role, whatever the report calls these, and `day` the
 * day in UTC.
 */
export async function rowsOf(stack, report, { from, to }, scope = {}) {
  const query = { report, start: `${from}T00:00:00Z`, end: `${plusDays(to, 1)}T00:00:00Z`, ...scope };
  const { columns, rows } = await stack.ask(`/sandbox/rows?${new URLSearchParams(query)}`);
  const names = columns.map((name) => name.replaceAll(/[_ ]/g, '').toLowerCase());
  return rows.map((cells) => {
    const row = Object.fromEntries(cells.map((cell, place) => [names[place], cell]));
    const who = (row.userid ?? row.answeruserid ?? '').toLowerCase();
    return { ...row, who, is: row.role ?? row.answerrole, day: row.eventtimestamp?.slice(0, 10) };
  });
}

/** What a share of a course shows of each week: minutes and students, or that they are withheld. */
export async function sharedWeeks(stack, days, course, smallest) {
  /** Whether a number over these rows may be shown: enough students, and none of them more than half of it. */
  const isSafe = (rows) => {
    const people = new Map();
    for (const { user } of rows) people.set(user, (people.get(user) ?? 0) + 1);
    return people.size >= smallest && [...people.values()].every((count) => 2 * count <= rows.length);
  };
  const rows = (await views(stack, days)).filter((row) => row.course === course.id && row.role === 'Student' && row.user);
  const { terms } = await stack.api('/api/courses');
  const mondays = [];
  for (let day = days.from; day <= days.to; day = plusDays(day, 7)) mondays.push(day);
  return mondays.map((from) => {
    const own = rows.filter(({ day }) => monday(day) === from);
    const isTaught = ({ term }) =>
      terms.every((it) => it.id !== term || (it.from <= plusDays(from, 6) && from <= it.to));
    const ids = new Set([...course.sections.filter(isTaught).map(({ id }) => id), ...own.map(({ section }) => section)]);
    // Sections that are too small have to be hidden among others, even from those who teach one of them.
    const without = [...ids].map((id) => own.filter(({ section }) => section !== id));
    const isHidden = [...ids].some((id) => !isSafe(own.filter(({ section }) => section === id)));
    const isShown = isSafe(own) && (!isHidden || without.every(isSafe));
    const students = new Set(own.map(({ user, section }) => `${user} ${section}`)).size;
    return [from, ...(isShown ? [own.length / 2, students] : ['withheld', 'withheld'])];
  });
}
