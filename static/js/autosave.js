// Keep a form while one types: a few seconds after the last sign, and never over somebody else's words.
// Without this script the button does the same.
const form = document.querySelector("form[data-autosave]");
const PAUSE = 4000;

if (form) {
  const kept = form.querySelector("[data-kept]");
  const law = form.querySelector("[data-law]");
  const revision = form.querySelector("[name=revision]");
  let waiting = 0;
  let busy = false;
  let stopped = false;

  const say = (text) => { if (kept) kept.textContent = text; };

  async function keep() {
    if (busy || stopped) return;
    busy = true;
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { Accept: "application/json" },
      });
      const told = await answer.json();
      say(told.said);
      if (answer.ok) {
        revision.value = String(told.revision);
        if (law && told.law) {
          law.textContent = told.law;
          law.classList.toggle("note--ok", told.fine);
          law.classList.toggle("note--warn", !told.fine);
        }
      }
      stopped = answer.status === 409; // the button shows both versions side by side
    } catch {
      say(""); // no network: the words stay in the form, the next pause tries again
    } finally {
      busy = false;
    }
  }

  form.addEventListener("input", () => {
    say("");
    clearTimeout(waiting);
    waiting = setTimeout(keep, PAUSE);
  });
  form.addEventListener("submit", () => { clearTimeout(waiting); stopped = true; });
}
