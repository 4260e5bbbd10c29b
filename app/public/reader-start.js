// Starts a decode thread: a Web Worker of the data worker, which sends it the compiled program.
import init from "/thread.js";

onmessage = ({ data }) => init({ module_or_path: data });
