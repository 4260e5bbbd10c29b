// What the bundle has in place of the library `fflate`: its own `zip` starts further workers from blobs, which the page's
// policy forbids. This program is in a worker already.
import { strToU8, zipSync } from "../../node_modules/fflate/esm/browser.js";

export { strToU8, zipSync };

export function zip(files, callback) {
  callback(null, zipSync(files));
}
