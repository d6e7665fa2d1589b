// On a kiosk, the next person must not find the last one's answers: without a touch for 90 seconds, back to its first page.
const PATIENCE = 90_000;

export function idle() {
  let home = null;
  try { home = sessionStorage.getItem("kiosk"); } catch { return; }
  if (!home?.startsWith("/kiosk/")) return;
  let timer = 0;
  const touched = () => {
    clearTimeout(timer);
    timer = setTimeout(() => location.replace(home), PATIENCE);
  };
  for (const kind of ["pointerdown", "keydown", "input", "scroll"]) addEventListener(kind, touched, { passive: true });
  touched();
}
