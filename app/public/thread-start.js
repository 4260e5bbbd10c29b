// Starts the data worker, a Web Worker of the page.
import init from "/thread.js";

await init();
