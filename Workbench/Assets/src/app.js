// The page's own script: clocks, shortcuts, dialogs, and small things that must not wait for a round trip.
import "./time.js";
import "./keys.js";
import "./reconnect.js";
import "./menus.js";
export { download } from "./download.js";
export { dayStart } from "./time.js";

/** Shows a <dialog> as modal: the browser traps focus and gives Escape. Called by Parts/Dialog.razor. */
export function openDialog(dialog) {
  if (!dialog) return;
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("[autofocus]")?.focus();
}

export function closeDialog(dialog) { if (dialog?.open) dialog.close(); }

/** A click on the scrim closes: the dialog's own box is padded by its child, so only the scrim is the target. */
document.addEventListener("mousedown", e => {
  if (e.target instanceof HTMLDialogElement && e.target.open) e.target.dispatchEvent(new Event("cancel", { cancelable: true }));
});

/** Keeps a log at its end while the viewer has not scrolled away from it. */
export function followEnd(element) {
  if (!element) return; // the viewer has left the page meanwhile
  const atEnd = () => element.scrollHeight - element.scrollTop - element.clientHeight < 48;
  let follow = true;
  element.addEventListener("scroll", () => { follow = atEnd(); }, { passive: true });
  new MutationObserver(() => { if (follow) element.scrollTop = element.scrollHeight; }).observe(element, { childList: true, subtree: true });
  element.scrollTop = element.scrollHeight;
}
