
/**
 * Fetches a chunk. If that fails, `lecternChunkFailure` says why until the next fetch: "signed-out", where something in front
 * of Lectern asks for a sign-in; "outdated", where the site has no such file since it is of another build, and answers with
 * its page; otherwise "unreachable".
 */
async function fetchChunk(url) {
  delete globalThis.lecternChunkFailure;
  let failure = "unreachable";
  try {
    const response = await fetch(url, { headers: { "x-requested-with": "XMLHttpRequest" }, redirect: "manual" });
    const isPage = response.headers.get("content-type")?.startsWith("text/html");
    if (response.ok && !isPage) return response;
    if (response.type === "opaqueredirect" || response.status === 401) failure = "signed-out";
    else if (response.ok || response.status === 404) failure = "outdated";
    throw new Error(`${url} is ${failure}`);
  } catch (error) {
    globalThis.lecternChunkFailure = failure;
    throw error;
  }
}
