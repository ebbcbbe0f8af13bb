// Sends files in pieces, several tries each: what the runtime has is never sent again, so a lost connection, a closed lid or a reload costs one piece.
const root = "/relay/uploads", pieceBytes = 4 << 20, hashUpTo = 64 << 20, mark = { "X-FlowForge": "1" };

class Refused extends Error {}

async function call(path, options = {}) {
  const answer = await fetch(root + path, { ...options, headers: { ...mark, ...options.headers } });
  if (answer.ok) return answer.json();
  const told = await answer.json().catch(() => ({}));
  const text = [told.message ?? `The workbench answered ${answer.status}.`, told.suggestion].filter(Boolean).join(" ");
  // FF4146: the place of the piece is another one: ask and go on. What else is refused no second try mends.
  throw answer.status >= 500 || told.code === "FF4146" ? new Error(text) : new Refused(text);
}

async function hashOf(file) {
  if (file.size > hashUpTo || !crypto.subtle) return null;
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return [...bytes].map(b => b.toString(16).padStart(2, "0")).join("");
}

/** Wires a drop zone; `page` is told of each file: Started, Moved, Ended. Gives what stops a file. */
export function watch(zone, input, page) {
  const running = new Map();
  let number = 0;

  async function send(file, replace) {
    const key = ++number, stop = new AbortController();
    running.set(key, stop);
    let id = null;
    stop.signal.addEventListener("abort", () => id && stop.signal.reason === "cancel" && call(`/${id}`, { method: "DELETE" }).catch(() => {}));
    try {
      await page.invokeMethodAsync("Started", key, file.name, file.size);
      let state = await call("", { method: "POST", signal: stop.signal, headers: { "Content-Type": "application/json" }, body: JSON.stringify({ name: file.name, size: file.size, sha256: await hashOf(file), modifiedAt: new Date(file.lastModified).toISOString(), replace }) });
      id = state.id;
      for (let tries = 0; !state.done;) {
        await page.invokeMethodAsync("Moved", key, state.offset);
        try {
          state = await call(`/${id}`, { method: "PATCH", signal: stop.signal, headers: { "Upload-Offset": `${state.offset}`, "Content-Type": "application/octet-stream" }, body: file.slice(state.offset, state.offset + pieceBytes) });
          tries = 0;
        } catch (e) {
          if (e instanceof Refused || stop.signal.aborted || ++tries > 8) throw e;
          await new Promise(r => setTimeout(r, Math.min(8000, 250 << tries)));
          state = await call(`/${id}`).catch(() => state);
        }
      }
      await page.invokeMethodAsync("Ended", key, null, state.path);
    } catch (e) {
      await page.invokeMethodAsync("Ended", key, stop.signal.aborted ? "cancelled" : e.message, null).catch(() => {});
    } finally {
      running.delete(key);
    }
  }

  const sendAll = files => { for (const file of files) send(file, zone.dataset.replace === "true"); };
  // Text that is dragged within an editor is none of ours.
  const files = e => [...e.dataTransfer.types].includes("Files");
  const over = e => { if (!files(e)) return; e.preventDefault(); zone.classList.add("over"); };
  const out = e => { if (!zone.contains(e?.relatedTarget ?? null)) zone.classList.remove("over"); };
  zone.addEventListener("dragover", over);
  zone.addEventListener("dragleave", out);
  zone.addEventListener("drop", e => { if (!files(e)) return; e.preventDefault(); zone.classList.remove("over"); sendAll(e.dataTransfer.files); });
  input.addEventListener("change", () => { sendAll([...input.files]); input.value = ""; });
  // Chosen before this script was here.
  if (input.files.length > 0) input.dispatchEvent(new Event("change"));
  return { cancel: key => running.get(key)?.abort("cancel"), leave: () => { for (const one of running.values()) one.abort("left"); } };
}
