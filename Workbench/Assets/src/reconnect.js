// A restarted workbench knows nothing of the old page: begin anew by itself, unless somebody would lose what they typed.
addEventListener("DOMContentLoaded", () => {
  const panel = document.getElementById("components-reconnect-modal");
  if (!panel) return;
  new MutationObserver(() => {
    if (panel.classList.contains("components-reconnect-rejected") && !document.querySelector("[data-unsaved]")) location.reload();
  }).observe(panel, { attributes: true, attributeFilter: ["class"] });
});
