// Starts the page: the content security policy allows no inline script.
import init from "/page.js";

await init();
