// On a kiosk, the next person must not find the last one's answers: without a touch for 90 seconds, back to its first page.
// Nor may anybody be led to a page of the browser's own, from which there is no way back: the network is asked first.
const PATIENCE = 90_000;
const AGAIN = 10_000;

export function idle() {
  let home = null;
  try { home = sessionStorage.getItem("kiosk"); } catch { return; }
  if (!home?.startsWith("/kiosk/")) return;
  const reached = () => fetch(home, { cache: "no-store" }).then((answer) => answer.ok, () => false);
  let timer = 0;
  const leave = async () => {
    if (await reached()) location.replace(home);
    else timer = setTimeout(leave, AGAIN);
  };
  const touched = () => {
    clearTimeout(timer);
    timer = setTimeout(leave, PATIENCE);
  };
  for (const kind of ["pointerdown", "keydown", "input", "scroll"]) addEventListener(kind, touched, { passive: true });
  touched();
  const note = document.querySelector("[data-no-network]");
  if (note) guard(note, reached);
}

// Let forms and links wait for the network; without it, what was typed stays and the page says so.
function guard(note, reached) {
  const first = async (event, go) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    note.hidden = await reached();
    if (note.hidden) go();
    else note.focus();
  };
  let sent = false;
  addEventListener("submit", (event) => {
    const { target, submitter } = event;
    if (!sent) first(event, () => { sent = true; target.requestSubmit(submitter); sent = false; });
  }, { capture: true });
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (link && !link.getAttribute("href").startsWith("#")) first(event, () => location.assign(link.href));
  }, { capture: true });
}
