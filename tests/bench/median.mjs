/** Several ways of doing one thing, turn and turn about: a machine that is busy for a while is busy for all of them. */

/** The number in the middle. */
export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Does every way `runs` times after one that does not count; gives for each way what its runs gave. */
export async function inTurn(runs, ways) {
  const gave = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  for (let run = -1; run < runs; run += 1) {
    for (const [name, way] of Object.entries(ways)) {
      const got = await way();
      if (run >= 0) gave[name].push(got);
    }
  }
  return gave;
}

/** The milliseconds that `act` takes. */
export async function timed(act) {
  const start = performance.now();
  await act();
  return performance.now() - start;
}
