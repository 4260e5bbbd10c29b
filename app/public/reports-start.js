// Starts the program of reports, a Web Worker of the page.
import init from "/reports.js";

await init();
