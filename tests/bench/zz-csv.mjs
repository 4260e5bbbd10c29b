import { weeks } from '../browser/stack.mjs';
import { collected, institution } from './institution.mjs';
import { inTurn, median, timed } from './median.mjs';
async function read(url) { const a = await fetch(url); if(!a.ok) throw new Error(a.status); let n=0; for await (const p of a.body) n+=p.byteLength; return n; }
const keep=(url,name,body)=>fetch(`${url}/bare/keep/${name}`,{method:'PUT',body});
const place = await institution(400_000);
const { url } = place.stack; const span = weeks(1,1);
const request = await collected(place, span);
const [{id}] = request.windows;
const file = await place.file(span.from);
const rows = `${url}/api/rows/videoview/${id}`;
await keep(url,'rows',await (await fetch(rows)).arrayBuffer());
await keep(url,'csv',await (await fetch(file)).arrayBuffer());
const csv = `${url}/api/csv/videoview?from=${span.from}&to=${span.to}&tz=UTC&cells=raw`;
const got = await inTurn(15,{bareRows:()=>timed(()=>read(`${url}/bare/rows/rows`)),rows:()=>timed(()=>read(rows)),bareCsv:()=>timed(()=>read(`${url}/bare/csv/csv`)),csv:()=>timed(()=>read(csv))});
for (const [k,v] of Object.entries(got)) console.log(k, median(v).toFixed(1), v.map(x=>x.toFixed(0)).join(' '));
await place.stop();
