/** Runs alternatives alternately, so that a machine that is busy for a while slows all of them down. */

/** The median. */
export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/**
 * Runs all alternatives alternately, `runs` times after one warm-up. Returns the results of each, by name.
 */
export async function alternate(runs, alternatives) {
  const results = Object.fromEntries(Object.keys(alternatives).map((name) => [name, []]));
  for (let run = -1; run < runs; run += 1) {
    for (const [name, measure] of Object.entries(alternatives)) {
      const result = await measure();
      if (run >= 0) results[name].push(result);
    }
  }
  return results;
}

/** The time that `action` takes, in milliseconds. */
export async function time(action) {
  const start = performance.now();
  await action();
  return performance.now() - start;
}
