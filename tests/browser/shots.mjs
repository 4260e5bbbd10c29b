/**
 * Screenshots of every state in both themes and three sizes, in `target/shots`. Run by `cargo xtask shots`.
 */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Browser, ROOT, Stack, freeze } from './stack.mjs';
import { GROUPS } from './states.mjs';

const FOLDER = path.join(ROOT, 'target/shots');
const SIZES = {
  phone: { width: 360, height: 740 },
  desktop: { width: 1280, height: 900 },
  wall: { width: 2560, height: 1440 },
};
/** Names of the wanted states; empty means all. */
const wanted = process.argv.slice(2);

if (wanted.length === 0) rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
const browser = await Browser.start();
for (const group of GROUPS) {
  const states = group.states.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  if (states.length === 0) continue;
  const stack = await Stack.start(group.start);
  try {
    await group.prepare?.(stack);
    for (const state of group.states) {
      await state.before?.(stack);
      if (!states.includes(state)) continue;
      for (const [size, viewport] of Object.entries(SIZES)) {
        for (const colorScheme of ['light', 'dark']) {
          // Problems on the console are checked by the tests, not here.
          const tab = await browser.open({ viewport, colorScheme });
          await state.show(tab.page, stack);
          await freeze(tab.page);
          const fullPage = size !== 'wall' && state.name !== 'menu-open';
          await tab.page.screenshot({ path: path.join(FOLDER, `${state.name}.${size}.${colorScheme}.png`), fullPage });
          await tab.context.close();
        }
      }
    }
  } finally {
    await stack.stop();
  }
}
await browser.stop();
