/**
 * The numbers that every figure must show, computed from the sandbox's raw rows.
 *
 * Independent of the app's code and of its API's numbers: rows are grouped here again, in another language,
 * by the simplest means. Slow and short is right.
 */
import { monday, plusDays } from './stack.mjs';

/** The minutes of so many rows: each row of `videoview` is half a minute. */
const minutes = (rows) => rows / 2;

/**
 * Returns a function from an instant to its day, hour and weekday (0 is Monday) in a zone, clock changes
 * included.
 */
function localTimeIn(zone) {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit',
  });
  return (instant) => {
    const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
    const day = `${parts.year}-${parts.month}-${parts.day}`;
    return { day, hour: Number(parts.hour), weekday: (new Date(`${day}T12:00:00Z`).getUTCDay() + 6) % 7 };
  };
}

/** By role in the sandbox's rows, in lower case, the page's name of its group. */
const ROLES = { student: 'Students', instructor: 'Instructors', 'teaching assistant': 'Assistants', '': 'No role given' };

/** The groups of the roles that a cell names: `Student;Instructor`, `["Teaching Assistant"]`. */
function groupsOf(cell) {
  const names = cell.split(/[;,"[\]]/).map((name) => name.trim().toLowerCase()).filter(Boolean);
  return names.map((name) => {
    if (ROLES[name] === undefined) throw new Error(`unknown role in the sandbox's rows: ${cell}`);
    return ROLES[name];
  });
}

/**
 * The rows with the `group` of each row's person: the one that most of their rows name, and of equally frequent ones the first
 * that is not students. Nobody has two, and a row without a user id has the group of its own cell.
 */
function withGroups(rows) {
  const people = new Map();
  for (const row of rows) {
    const key = row.user || row;
    if (!people.has(key)) people.set(key, new Map());
    const counts = people.get(key);
    for (const group of groupsOf(row.role)) counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  const decide = (counts) => {
    const most = Math.max(...counts.values());
    const groups = Object.values(ROLES).filter((group) => counts.get(group) === most);
    return groups.find((group) => group !== ROLES.student) ?? groups[0] ?? ROLES[''];
  };
  const isAmbiguous = (counts) => counts.size > 1;
  return rows.map((row) => {
    const counts = people.get(row.user || row);
    return { ...row, group: decide(counts), isAmbiguous: Boolean(row.user) && isAmbiguous(counts) };
  });
}

/**
 * Every row of `videoview` in the days of a zone, both included, in order of time. `scope` has further parameters of the
 * sandbox's rows.
 */
export async function views(stack, { from, to }, zone = 'UTC', scope = {}) {
  const query = new URLSearchParams({
    report: 'videoview', start: `${plusDays(from, -1)}T00:00:00Z`, end: `${plusDays(to, 2)}T00:00:00Z`, ...scope,
  });
  const { columns, rows } = await stack.ask(`/sandbox/rows?${query}`);
  const indexOf = (pattern) => columns.findIndex((name) => pattern.test(name.replace(/[_ ]/g, '')));
  const places = {
    time: indexOf(/^eventtimestamp$/i), video: indexOf(/^videoid$/i), title: indexOf(/^videoname$/i), length: indexOf(/^durationminute$/i),
    course: indexOf(/^courseid$/i), code: indexOf(/^courseidentifier$/i), section: indexOf(/^sectionid$/i), number: indexOf(/^sectionnumber$/i),
    user: indexOf(/^userid$/i), first: indexOf(/^firstname$/i), last: indexOf(/^lastname$/i), role: indexOf(/^role$/i),
  };
  for (const [name, place] of Object.entries(places)) if (place < 0) throw new Error(`no column ${name} in ${columns}`);
  const local = localTimeIn(zone);
  return rows
    .map((cells) => {
      const row = Object.fromEntries(Object.entries(places).map(([name, place]) => [name, cells[place].trim()]));
      row.instant = new Date(`${row.time.replace(' ', 'T')}Z`);
      return { ...row, ...local(row.instant), person: [row.last, row.first].filter(Boolean).join(', ') };
    })
    .filter(({ day }) => from <= day && day <= to)
    .sort((a, b) => a.instant - b.instant);
}

/** Groups rows by a column, largest group first, equal ones in order of the key. */
function groupBy(rows, key) {
  const groups = new Map();
  for (const row of rows) {
    if (!groups.has(row[key])) groups.set(row[key], []);
    groups.get(row[key]).push(row);
  }
  return [...groups].sort(([a, left], [b, right]) => right.length - left.length || (a < b ? -1 : 1));
}

const countViewers = (rows) => new Set(rows.map(({ user }) => user).filter(Boolean)).size;

/**
 * The numbers of the figures for `all` rows. A chosen video, section or role filters every figure except the
 * one in which it was chosen, which keeps the others so that they can be chosen too.
 */
export function expected(rowsOfAll, { from, to, course, sections = [], roles = [], videos = [], student }) {
  // Only the course decides about roles: no other filter changes anybody's.
  const all = withGroups(rowsOfAll.filter((row) => course === undefined || row.course === course));
  /**
   * Whether a row passes the filters, except one (`except`); 'people' stands for those by student and role.
   */
  const passes = (row, except) =>
    (student === undefined || except === 'people' || row.user === student) &&
    (except === 'sections' || sections.length === 0 || sections.includes(row.section)) &&
    (except === 'roles' || except === 'people' || roles.length === 0 || roles.includes(row.group)) &&
    (except === 'videos' || videos.length === 0 || videos.includes(row.video));
  const filtered = (except) => all.filter((row) => passes(row, except));
  const rows = filtered();
  const days = [];
  for (let day = from; day <= to; day = plusDays(day, 1)) {
    const own = rows.filter((row) => row.day === day);
    days.push({ day, minutes: minutes(own.length), viewers: countViewers(own) });
  }
  const hours = Array.from({ length: 7 }, (_, weekday) =>
    Array.from({ length: 24 }, (_, hour) => minutes(rows.filter((row) => row.weekday === weekday && row.hour === hour).length)),
  );
  /** The 20 largest groups and the chosen ones. */
  const topGroups = (groups, chosen, describe) =>
    groups.filter(([id], place) => place < 20 || chosen.includes(id)).map(describe);
  const byVideo = topGroups(groupBy(filtered('videos'), 'video'), videos, ([id, own]) => {
    const identified = own.filter(({ user }) => user);
    const length = Number(own.at(-1).length);
    const share = identified.length > 0 && length > 0 ? minutes(identified.length) / countViewers(own) / length : undefined;
    return { id, name: own.at(-1).title, minutes: minutes(own.length), viewers: countViewers(own), percent: share && Math.round(share * 100) };
  });
  const bySection = topGroups(groupBy(filtered('sections').filter(({ section }) => section), 'section'), sections, ([id, own]) => {
    return { id, name: `${own.at(-1).code} · ${own.at(-1).number}`, minutes: minutes(own.length), viewers: countViewers(own) };
  });
  const byRole = Object.values(ROLES)
    .map((role) => [role, filtered('roles').filter(({ group }) => group === role)])
    .filter(([, own]) => own.length > 0)
    .map(([name, own]) => ({ name, minutes: minutes(own.length), viewers: countViewers(own) }));
  const students = groupBy(rows.filter(({ user, group }) => user && group === 'Students'), 'user')
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
  // A video's first day is that of its first view by anybody, so filters by people do not move it.
  const appeared = new Map();
  for (const { video, day } of filtered('people')) if (!(appeared.get(video) <= day)) appeared.set(video, day);
  const daysBetween = (from, to) => Math.round((new Date(`${to}T12:00:00Z`) - new Date(`${from}T12:00:00Z`)) / 86_400_000);
  const after = [[0, 0], [1, 1], [2, 3], [4, 7], [8, 14], [15, 28], [29, Infinity]].map(([least, most]) => {
    if (least >= days.length) return undefined;
    const own = rows.filter(({ video, day }) => least <= daysBetween(appeared.get(video), day) && daysBetween(appeared.get(video), day) <= most);
    return minutes(own.length);
  });
  const withoutCourse = minutes(rows.filter(({ course }) => !course).length);
  const withoutSection = minutes(filtered('sections').filter(({ section }) => !section).length);
  const ambiguous = countViewers(filtered('roles').filter((row) => row.isAmbiguous));
  const viewers = countViewers(rows);
  return { withoutCourse, withoutSection, rows, days, arrivals, after, hours, byVideo, bySection, byRole, students, ambiguous, viewers };
}

/**
 * The name of a section by its id and plain name: with its term, if on these days another section of its course could have
 * the same number.
 */
export async function sectionName(stack, { from, to }, { id, name }) {
  const { courses, terms } = await stack.api('/api/courses');
  const own = courses.find((course) => course.sections.some((section) => section.id === id));
  const termOf = ({ term }) => terms.find((known) => known.id === term);
  const listed = own.sections.filter((section) => !termOf(section) || (termOf(section).from <= to && from <= termOf(section).to));
  const section = own.sections.find((section) => section.id === id);
  const isRepeated = listed.some((other) => other.id !== id && other.number === section.number);
  return isRepeated && termOf(section) ? `${name} (${termOf(section).name})` : name;
}

/** The first course with at least two sections that have rows in these days, and those sections. */
export async function busyCourse(stack, { from, to }) {
  const { courses, terms } = await stack.api('/api/courses');
  const termIds = new Set(terms.filter((term) => term.from <= to && from <= term.to).map(({ id }) => id));
  for (const course of courses) {
    const sections = [];
    for (const section of course.sections.filter(({ term }) => term === undefined || termIds.has(term))) {
      const { rows } = await stack.truth(from, to, { course: course.id, section: section.id });
      if (rows > 0) sections.push(section);
    }
    if (sections.length > 1) return { course, sections };
  }
  throw new Error('the sandbox must have a course with two sections that have rows');
}

/**
 * The raw rows of a report in these days, as objects with column names in lower case without `_` and spaces.
 *
 * Added to the cells: `who` (id of the person) and `is` (their role), whatever the report calls them, and
 * `day` (in UTC).
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

/**
 * The rows of a share of a course, one per week: Monday, minutes and students, or 'withheld' for both, and of how many sections
 * they are the sum.
 */
export async function sharedWeeks(stack, days, course, smallest) {
  /**
   * Whether a share may show a number over these rows of a section: enough students, enough beside the two with the most
   * rows, and not about one row for each.
   */
  const isSafe = (rows) => {
    const people = new Map();
    for (const { user } of rows) people.set(user, (people.get(user) ?? 0) + 1);
    const [largest = 0, second = 0] = [...people.values()].sort((a, b) => b - a);
    const isSpread = (rows.length - largest - second) * 100 >= 15 * largest;
    return people.size >= smallest && isSpread && rows.length >= people.size + smallest;
  };
  const round = (number) => Math.floor(number / 5 + 0.5) * 5;
  const rows = (await views(stack, days)).filter((row) => row.course === course.id && row.role === 'Student' && row.user);
  const { terms } = await stack.api('/api/courses');
  const mondays = [];
  for (let day = days.from; day <= days.to; day = plusDays(day, 7)) mondays.push(day);
  return mondays.map((from) => {
    const own = rows.filter(({ day }) => monday(day) === from);
    const isTaught = ({ term }) =>
      terms.every((it) => it.id !== term || (it.from <= plusDays(from, 6) && from <= it.to));
    const shown = groupBy(own, 'section').filter(([, rows]) => isSafe(rows));
    const known = new Set([...course.sections.filter(isTaught).map(({ id }) => id), ...shown.map(([section]) => section)]);
    const sum = (count) => shown.reduce((sum, [, rows]) => sum + round(count(rows)), 0);
    const numbers = [sum((rows) => rows.length / 2), sum((rows) => new Set(rows.map(({ user }) => user)).size)];
    const cells = shown.length > 0 ? numbers : ['withheld', 'withheld'];
    return [from, ...cells, `${shown.length} of ${known.size}`];
  });
}
