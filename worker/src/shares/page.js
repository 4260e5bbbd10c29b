const m=document.querySelector("main"),say=(t,h="Lectern")=>{m.innerHTML="<h1></h1><p></p>";m.firstChild.textContent=h;m.lastChild.textContent=t};
onhashchange=()=>location.reload();
fetch("/api/shared",{method:"POST",cache:"no-store",headers:{"content-type":"application/json"},body:JSON.stringify({token:location.hash.slice(1),id:location.pathname.split("/")[2]})}).then(async r=>{
const b=await r.json();if(!r.ok)return say(b.detail,b.title);
document.title=b.name;m.innerHTML=b.html;
const c=[...m.querySelectorAll("table")].map(t=>[[t.caption],...[...t.rows].map(r=>[...r.cells])].map(r=>r.map(c=>'"'+(c.dataset.n??c.textContent).replaceAll('"','""')+'"').join()).join("\r\n")).join("\r\n\r\n");
document.getElementById("csv").href=URL.createObjectURL(new Blob(["\ufeff"+c+"\r\n"],{type:"text/csv"}))
}).catch(()=>say(m.dataset.unreachable))
