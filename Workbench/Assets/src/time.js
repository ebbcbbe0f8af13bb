// <ff-time at="2026-01-02T03:04:05Z" mode="ago|full|clock"> in the viewer's zone, UTC on hover.
// <ff-elapsed from="…"> counts up while a run is open. Both tick in the browser: no traffic for a moving clock.
const full = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });
const short = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hour12: false });
const live = new Set();

export function ago(ms) {
  const s = Math.round(ms / 1000);
  if (s < 5) return "just now";
  if (s < 60) return `${s} s ago`;
  if (s < 3600) return `${Math.floor(s / 60)} min ago`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ago`;
  return null;
}

export function elapsed(ms) {
  const s = Math.max(0, ms) / 1000;
  if (s < 10) return `${s.toFixed(1)} s`;
  if (s < 60) return `${Math.floor(s)} s`;
  const pad = n => String(Math.floor(n)).padStart(2, "0");
  return s < 3600 ? `${Math.floor(s / 60)}m ${pad(s % 60)}s` : `${Math.floor(s / 3600)}h ${pad((s % 3600) / 60)}m`;
}

class Ticking extends HTMLElement {
  connectedCallback() { live.add(this); this.draw(); }
  disconnectedCallback() { live.delete(this); }
  attributeChangedCallback() { if (this.isConnected) this.draw(); }
  show(text) { if (this.textContent !== text) this.textContent = text; }
}

customElements.define("ff-time", class extends Ticking {
  static observedAttributes = ["at", "mode"];
  draw() {
    const at = new Date(this.getAttribute("at"));
    if (isNaN(at)) return this.show("–");
    const mode = this.getAttribute("mode") ?? "ago";
    this.title = `${at.toISOString().replace("T", " ").replace(/\.000Z$/, "Z").replace("Z", " UTC")}\n${full.format(at)} here`;
    this.show(mode === "full" ? full.format(at) : mode === "clock" ? clock.format(at) : ago(Date.now() - at) ?? short.format(at));
  }
});

customElements.define("ff-elapsed", class extends Ticking {
  static observedAttributes = ["from"];
  draw() {
    const from = new Date(this.getAttribute("from"));
    this.show(isNaN(from) ? "–" : elapsed(Date.now() - from));
  }
});

setInterval(() => { if (!document.hidden) for (const e of live) e.draw(); }, 1000);

// <ff-time-options><select><option data-at="2026-01-02T03:04:05Z" data-before="Version 3 · " data-after=" · run_1">…: the options' moments in the viewer's zone.
// It is their label, not their text, so that who renders them finds the text as it left it.
customElements.define("ff-time-options", class extends HTMLElement {
  #watch = new MutationObserver(() => this.draw());
  connectedCallback() { this.#watch.observe(this, { childList: true, subtree: true, attributeFilter: ["data-at", "data-before", "data-after"] }); this.draw(); }
  disconnectedCallback() { this.#watch.disconnect(); }
  draw() {
    for (const option of this.querySelectorAll("option[data-at]")) {
      const label = `${option.dataset.before ?? ""}${full.format(new Date(option.dataset.at))}${option.dataset.after ?? ""}`;
      if (option.label !== label) option.label = label;
    }
  }
});

/** The moment when a day begins where the viewer is, as UTC. */
export function dayStart(year, month, day) { return new Date(year, month - 1, day).toISOString(); }
