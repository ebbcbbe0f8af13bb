// Ctrl+K or / opens the search; g then a letter goes to a page; n starts a run. Never while typing.
const go = { o: "/", p: "/pipelines", r: "/runs", b: "/notebooks", c: "/catalog", u: "/sources", s: "/system", t: "/temporal" };
let leader = 0;

const typing = t => t instanceof HTMLElement && (t.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(t.tagName) || t.closest(".monaco-editor"));

addEventListener("keydown", e => {
  if ((e.ctrlKey || e.metaKey) && !e.altKey && e.key.toLowerCase() === "k") {
    e.preventDefault();
    document.querySelector("[data-search]")?.click();
    return;
  }
  if (e.ctrlKey || e.metaKey || e.altKey || typing(e.target) || document.querySelector("dialog[open]")) return;
  if (e.key === "/") { e.preventDefault(); document.querySelector("[data-search]")?.click(); return; }
  if (e.key === "n") { document.querySelector("[data-new-run]")?.click(); return; }
  if (e.key === "g") { leader = Date.now(); return; }
  if (Date.now() - leader < 1200 && go[e.key]) {
    leader = 0;
    const link = document.querySelector(`nav a[href="${go[e.key]}"]`);
    link?.click();
  }
});

// Rows that open something: Enter follows the row's link, arrows move between rows.
document.addEventListener("keydown", e => {
  const row = e.target instanceof HTMLElement ? e.target.closest("tr[data-row]") : null;
  if (!row || e.target !== row) return;
  const rows = [...row.parentElement.querySelectorAll("tr[data-row]")];
  const move = { ArrowDown: 1, ArrowUp: -1 }[e.key];
  if (move) { e.preventDefault(); rows[rows.indexOf(row) + move]?.focus(); }
  if (e.key === "Enter") row.querySelector("a")?.click();
});
document.addEventListener("click", e => {
  if (e.defaultPrevented || e.button !== 0 || !(e.target instanceof Element)) return;
  const row = e.target.closest("tr[data-row]");
  if (!row || e.target.closest("a,button,input,label,select") || String(getSelection())) return;
  row.querySelector("a")?.click();
});
