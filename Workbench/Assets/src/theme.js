// Runs before the first paint: the viewer's theme (kept per browser) or else the system's.
const key = "flowforge.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

function apply() {
  let choice = null;
  try { choice = localStorage.getItem(key); } catch { /* storage may be blocked: follow the system */ }
  const dark = choice ? choice === "dark" : system.matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  document.dispatchEvent(new CustomEvent("flowforge:theme", { detail: { dark } }));
}

system.addEventListener("change", apply);
addEventListener("storage", e => { if (e.key === key) apply(); });
document.addEventListener("click", e => {
  if (!e.target.closest?.("[data-toggle-theme]")) return;
  const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  try { localStorage.setItem(key, next); } catch { document.documentElement.dataset.theme = next; }
  apply();
});
apply();
