// The page of one gift: copies the link, unfolds the form a link points at, and looks again by itself while the bank is being waited for.
import { copying } from "./copy.js";
import { idle } from "./idle.js";

const EVERY = 2_000;
const UNTIL = Date.now() + 180_000;

copying(document);
idle();

function unfold() {
  const form = ["#shown", "#receipt"].includes(location.hash) && document.querySelector(`${location.hash} details`);
  if (form) form.open = true;
}

unfold();
addEventListener("hashchange", unfold);

async function look() {
  if (document.visibilityState === "visible") {
    const answer = await fetch(location.href, { cache: "no-store" }).catch(() => null);
    if (answer?.ok && !(await answer.text()).includes("data-waiting")) {
      location.reload();
      return;
    }
  }
  if (Date.now() < UNTIL) setTimeout(look, EVERY);
}

if (document.querySelector("[data-waiting]")) setTimeout(look, EVERY);
