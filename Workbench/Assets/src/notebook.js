// The notebook's editors and keys. Typing, moving between cells and folding never wait for the server; what changes a notebook is told to the page.
import "monaco-editor/features/parameterHints/register.js";
import "monaco-editor/features/placeholderText/register.js";
import { editor, languages, MarkerSeverity, Range, useTheme } from "./editor.js";

const books = new Map(); // model → { page, id }
const kinds = () => languages.CompletionItemKind;
const kindOf = word => ({ method: kinds().Method, property: kinds().Property, field: kinds().Field, event: kinds().Event, type: kinds().Class, namespace: kinds().Module, local: kinds().Variable, parameter: kinds().Variable, keyword: kinds().Keyword }[word] ?? kinds().Text);

/** Asks the page; a page that is gone or a kernel that cannot answer gives nothing. */
async function ask(model, method, position) {
  const book = books.get(model);
  if (!book) return null;
  try { return await book.page.invokeMethodAsync(method, book.id, model.getValue(), position ? model.getOffsetAt(position) : 0); } catch { return null; }
}

for (const language of ["csharp", "sql"]) {
  languages.registerCompletionItemProvider(language, {
    triggerCharacters: ["."],
    async provideCompletionItems(model, position) {
      const found = await ask(model, "Complete", position);
      if (!found) return { suggestions: [] };
      const from = model.getPositionAt(found.start);
      const range = new Range(from.lineNumber, from.column, position.lineNumber, position.column);
      return { suggestions: found.items.map((i, n) => ({ label: i.text, insertText: i.text, kind: kindOf(i.kind), detail: i.detail ?? undefined, range, sortText: String(n).padStart(5, "0") })) };
    },
  });
}
languages.registerHoverProvider("csharp", {
  async provideHover(model, position) {
    const found = await ask(model, "Hover", position);
    if (!found?.text) return null;
    const a = model.getPositionAt(found.start), b = model.getPositionAt(found.start + found.length);
    return { range: new Range(a.lineNumber, a.column, b.lineNumber, b.column), contents: [{ value: "```csharp\n" + found.text + "\n```" }] };
  },
});
languages.registerSignatureHelpProvider("csharp", {
  signatureHelpTriggerCharacters: ["(", ","],
  async provideSignatureHelp(model, position) {
    const found = await ask(model, "Signatures", position);
    if (!found?.signatures.length) return null;
    return {
      value: { activeSignature: found.active, activeParameter: found.activeParameter, signatures: found.signatures.map(s => ({ label: s.label, parameters: s.parameters.map(p => ({ label: p })) })) },
      dispose() { /* nothing is held */ },
    };
  },
});

const widgets = ".suggest-widget.visible, .find-widget.visible, .parameter-hints-widget.visible, .rename-box";

/** Begins a notebook in its root element. page: OnText(id, text), OnCommand(name, id, text, offset), OnFocus(id), Complete, Hover, Signatures, Diagnose. */
export function open(root, page) {
  for (const href of ["/lib/editor.css", "/lib/notebook.css"])
    if (!document.querySelector(`link[href="${href}"]`)) document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href }));
  useTheme();
  const cells = new Map(); // id → { host, text, language, label, model, view, timers }
  let lastD = 0, wantFocus = null;

  const near = new IntersectionObserver(found => { for (const f of found) if (f.isIntersecting) make(f.target.dataset.editor); }, { root: null, rootMargin: "600px 0px" });

  function make(id) {
    const cell = cells.get(id);
    if (!cell || cell.view || !cell.host.isConnected) return cell;
    near.unobserve(cell.host);
    const model = cell.model ??= editor.createModel(cell.text, cell.language);
    model.updateOptions({ tabSize: 4, insertSpaces: true });
    books.set(model, { page, id });
    cell.host.replaceChildren();
    const view = cell.view = editor.create(cell.host, {
      model, automaticLayout: true, fontFamily: '"JetBrains Mono Variable", monospace', fontSize: 13, lineHeight: 20, fontLigatures: false, minimap: { enabled: false }, scrollBeyondLastLine: false,
      renderLineHighlight: "none", padding: { top: 8, bottom: 8 }, folding: true, glyphMargin: false, lineNumbersMinChars: 3, lineDecorationsWidth: 6, overviewRulerLanes: 0, overviewRulerBorder: false, hideCursorInOverviewRuler: true,
      fixedOverflowWidgets: true, wordBasedSuggestions: "off", quickSuggestions: { other: cell.language !== "markdown", comments: false, strings: false }, scrollbar: { vertical: "auto", verticalScrollbarSize: 8, horizontalScrollbarSize: 8, alwaysConsumeMouseWheel: false, handleMouseWheel: true },
      ariaLabel: cell.label, wordWrap: cell.language === "markdown" ? "on" : "off", stickyScroll: { enabled: false }, "semanticHighlighting.enabled": false, dropIntoEditor: { enabled: false }, unicodeHighlight: { ambiguousCharacters: false }, contextmenu: true, tabFocusMode: false,
      placeholder: { sql: "SELECT … FROM gold.…", csharp: "C#", markdown: "Markdown" }[cell.language],
    });
    const fit = () => { const h = Math.min(Math.max(view.getContentHeight(), 36), 640); if (cell.host.style.height !== `${h}px`) { cell.host.style.height = `${h}px`; view.layout(); } };
    view.onDidContentSizeChange(fit);
    fit();
    model.onDidChangeContent(() => {
      cell.text = model.getValue();
      clearTimeout(cell.tell); clearTimeout(cell.check);
      cell.tell = setTimeout(() => tell(id), 250);
      if (cell.language !== "markdown") cell.check = setTimeout(() => diagnose(id), 600);
    });
    view.onDidFocusEditorText(() => page.invokeMethodAsync("OnFocus", id).catch(gone));
    if (cell.language !== "markdown" && cell.text.trim()) cell.check = setTimeout(() => diagnose(id), 1200);
    if (wantFocus === id) { wantFocus = null; view.focus(); }
    return cell;
  }

  const gone = () => { /* the circuit is gone; the page says so */ };

  function tell(id) {
    const cell = cells.get(id);
    if (!cell) return Promise.resolve();
    clearTimeout(cell.tell); cell.tell = 0;
    return page.invokeMethodAsync("OnText", id, cell.text).catch(gone);
  }

  async function diagnose(id) {
    const cell = cells.get(id);
    if (!cell?.model) return;
    const version = cell.model.getVersionId();
    const found = await ask(cell.model, "Diagnose");
    if (!found || cell.model.isDisposed() || cell.model.getVersionId() !== version) return;
    editor.setModelMarkers(cell.model, "kernel", found.map(f => ({
      startLineNumber: f.line, startColumn: f.column, endLineNumber: f.endLine, endColumn: f.endColumn, message: f.message, code: f.code,
      severity: f.level === "error" ? MarkerSeverity.Error : f.level === "warning" ? MarkerSeverity.Warning : MarkerSeverity.Info,
    })));
  }

  const order = () => [...root.querySelectorAll("[data-cell]")];
  const frame = id => root.querySelector(`[data-cell="${CSS.escape(id)}"]`);
  const idOf = element => element?.closest?.("[data-cell]")?.dataset.cell;

  function step(id, by, edit) {
    const all = order();
    const next = all[all.findIndex(c => c.dataset.cell === id) + by];
    if (!next) return false;
    if (edit && cells.has(next.dataset.cell)) focusEditor(next.dataset.cell, by);
    else focusFrame(next);
    return true;
  }

  function focusFrame(element) {
    wantFocus = null;
    element.focus({ preventScroll: true });
    element.scrollIntoView({ block: "nearest" });
    page.invokeMethodAsync("OnFocus", element.dataset.cell).catch(gone);
  }

  function focusEditor(id, by = 0) {
    const cell = make(id);
    if (!cell?.view) { wantFocus = id; return; }
    if (by) cell.view.setPosition(by > 0 ? { lineNumber: 1, column: 1 } : cell.model.getFullModelRange().getEndPosition());
    cell.view.focus();
    frame(id)?.scrollIntoView({ block: "nearest" });
  }

  function command(name, id) {
    const cell = cells.get(id);
    if (cell) { clearTimeout(cell.tell); cell.tell = 0; }
    const offset = cell?.view ? cell.model.getOffsetAt(cell.view.getPosition()) : 0;
    return page.invokeMethodAsync("OnCommand", name, id ?? "", cell?.text ?? null, offset).catch(gone);
  }

  // Keys come faster than cells are made: those pressed meanwhile wait, and then go to the cell that has the focus.
  const waiting = [];
  let pending = 0;
  async function change(name, id) {
    pending++;
    try { await command(name, id); } finally {
      if (--pending === 0) setTimeout(() => { while (!pending && waiting.length) { const e = waiting.shift(); document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", e)); } });
    }
  }

  const inCommandMode = { a: "above", b: "below", m: "to-markdown", y: "to-code", z: "undo", x: "cut", c: "copy", v: "paste", s: "save", l: "fold", o: "fold-outputs" };

  function onKey(e) {
    const id = idOf(e.target);
    const ctrl = e.ctrlKey || e.metaKey;
    const stop = () => { e.preventDefault(); e.stopPropagation(); };
    if (ctrl && !e.altKey && e.key.toLowerCase() === "s") { stop(); flush().then(() => command("save", id)); return; }
    if (ctrl && e.shiftKey && e.key.toLowerCase() === "f") { stop(); command("find", id); return; }
    if (!id) return;
    if (pending && e.target.dataset.cell === id) { stop(); if (waiting.length < 20) waiting.push({ key: e.key, code: e.code, shiftKey: e.shiftKey, ctrlKey: e.ctrlKey, metaKey: e.metaKey, altKey: e.altKey, bubbles: true, cancelable: true }); return; }
    if (e.key === "Enter" && (e.shiftKey || ctrl || e.altKey)) { if (e.target.closest("input, select, button")) return; stop(); if (!e.repeat) change(e.shiftKey ? "run-next" : ctrl ? "run" : "run-insert", id); return; }
    const inEditor = e.target.closest(".monaco-editor");
    if (inEditor) {
      const cell = cells.get(id);
      if (e.key === "Escape" && !document.querySelector(widgets)) { stop(); focusFrame(frame(id)); if (cell?.language === "markdown") command("render", id); return; }
      if (ctrl && e.shiftKey && (e.code === "Minus" || e.key === "_")) { stop(); command("split", id); return; }
      if (!cell?.view || e.shiftKey || ctrl || e.altKey || document.querySelector(widgets)) return;
      const at = cell.view.getPosition();
      if (e.key === "ArrowUp" && at.lineNumber === 1 && step(id, -1, true)) stop();
      else if (e.key === "ArrowDown" && at.lineNumber === cell.model.getLineCount() && step(id, 1, true)) stop();
      return;
    }
    if (e.target.dataset.cell !== id || ctrl || e.altKey) return; // a button or a field of the cell
    if (e.key === "Enter") { stop(); if (cells.has(id)) focusEditor(id); else command("edit", id); return; }
    if (e.key === "ArrowUp" || e.key === "k") { stop(); step(id, -1); return; }
    if (e.key === "ArrowDown" || e.key === "j") { stop(); step(id, 1); return; }
    if (e.key === "d") { stop(); if (Date.now() - lastD < 700) { lastD = 0; change("delete", id); } else lastD = Date.now(); return; }
    if (e.key === "f") { stop(); command("find", id); return; }
    if (e.shiftKey && e.key === "M") { stop(); change("merge", id); return; }
    if (e.shiftKey && e.key === "V") { stop(); change("paste-above", id); return; }
    if (!e.shiftKey && inCommandMode[e.key]) { stop(); change(inCommandMode[e.key], id); }
  }

  async function flush() { await Promise.all([...cells].filter(([, c]) => c.tell).map(([id]) => tell(id))); }

  root.addEventListener("keydown", onKey, true);
  const onFocus = e => { if (e.target.matches?.("[data-cell]")) page.invokeMethodAsync("OnFocus", e.target.dataset.cell).catch(gone); };
  root.addEventListener("focusin", onFocus);
  const onMouse = e => { const f = e.target.closest?.("[data-cell]"); if (f && !e.target.closest("a, button, input, select, textarea, .monaco-editor, [tabindex]:not([data-cell]), iframe")) f.focus({ preventScroll: true }); };
  root.addEventListener("mousedown", onMouse);
  // A link may name a cell; its editor may not be there yet, its frame is.
  const linked = location.hash.length > 1 && frame(decodeURIComponent(location.hash.slice(1)));
  const early = idOf(document.activeElement);
  if (early && root.contains(document.activeElement)) page.invokeMethodAsync("OnFocus", early).catch(gone);
  else if (linked) { focusFrame(linked); linked.scrollIntoView({ block: "start" }); }
  const leaving = () => { for (const [id, c] of cells) if (c.tell) tell(id); };
  addEventListener("pagehide", leaving);

  return {
    /** An editor in a host, made when it comes near the viewport. */
    attach(id, host, options) {
      if (!host) return; // the cell is gone meanwhile
      const old = cells.get(id);
      if (old?.host === host) return;
      if (old) this.detach(id, old.host);
      host.dataset.editor = id;
      cells.set(id, { host, ...options });
      near.observe(host);
      if (wantFocus === id) make(id);
    },
    detach(id, host) {
      const cell = cells.get(id);
      if (!cell || (host && cell.host !== host)) return;
      if (cell.tell) tell(id);
      clearTimeout(cell.check);
      near.unobserve(cell.host);
      cell.view?.dispose();
      if (cell.model) { books.delete(cell.model); cell.model.dispose(); }
      cells.delete(id);
    },
    setText(id, text) {
      const cell = cells.get(id);
      if (!cell || cell.text === text) return;
      cell.text = text;
      if (cell.model) { cell.model.pushEditOperations([], [{ range: cell.model.getFullModelRange(), text }], () => null); clearTimeout(cell.tell); cell.tell = 0; }
      else if (cell.host.firstChild) cell.host.textContent = text;
    },
    setLanguage(id, language) { const cell = cells.get(id); if (cell) { cell.language = language; if (cell.model) { editor.setModelLanguage(cell.model, language); editor.setModelMarkers(cell.model, "kernel", []); } } },
    focus(id, edit) { if (edit) focusEditor(id); else { const f = frame(id); if (f) { f.focus({ preventScroll: true }); f.scrollIntoView({ block: "nearest" }); } } },
    reveal(id, line, column, length) {
      const cell = make(id);
      if (!cell?.view) { wantFocus = id; return; }
      frame(id)?.scrollIntoView({ block: "nearest" });
      cell.view.setSelection(new Range(line, column ?? 1, line, (column ?? 1) + (length ?? 0)));
      cell.view.revealLineInCenterIfOutsideViewport(line);
      cell.view.focus();
    },
    flush,
    focusFind() { requestAnimationFrame(() => document.getElementById("book-find")?.focus()); },
    dispose() {
      root.removeEventListener("keydown", onKey, true);
      root.removeEventListener("focusin", onFocus);
      root.removeEventListener("mousedown", onMouse);
      removeEventListener("pagehide", leaving);
      near.disconnect();
      for (const id of [...cells.keys()]) this.detach(id);
    },
  };
}

export { copyText, download } from "./download.js";

/** Foreign HTML stands in a frame without scripts; its height is taken from it, and given it are the theme's colours, of another theme anew. */
export function frame(element, html) {
  if (!element) return; // the output is gone meanwhile
  if (element.foreignHtml === undefined) element.addEventListener("load", () => {
    const body = element.contentDocument?.documentElement;
    if (body) element.style.height = `${Math.min(body.scrollHeight + 2, 900)}px`;
  });
  element.foreignHtml = html;
  const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  element.srcdoc = `<!doctype html><meta charset=utf-8><style>body{margin:0;font:13px/1.5 system-ui,sans-serif;color:${css("--text")};background:${css("--panel")}}table{border-collapse:collapse}td,th{border:1px solid ${css("--line")};padding:3px 9px;text-align:left}</style>${html}`;
}
document.addEventListener("flowforge:theme", () => { for (const one of document.querySelectorAll("iframe.out-frame")) if (one.foreignHtml !== undefined) frame(one, one.foreignHtml); });
