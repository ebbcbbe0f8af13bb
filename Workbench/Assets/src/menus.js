// A menu closes when something of it is chosen, at Escape, and when one clicks elsewhere.
const close = menu => { menu.open = false; };
const open = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("click", e => {
  for (const menu of open()) if (!menu.contains(e.target) || e.target.closest(".menu-items button, .menu-items a")) close(menu);
});
// A file chooser answers to its input, so the menu goes once files are chosen.
document.addEventListener("change", e => { const menu = e.target.closest?.("details.menu[open]"); if (menu) close(menu); });
document.addEventListener("keydown", e => {
  if (e.key !== "Escape") return;
  for (const menu of open()) { close(menu); menu.querySelector("summary")?.focus(); }
});
