// The live total: asks every 20 s while the page is seen, changes text only when it moved, and announces at most
// one sentence a minute. The answer holds numbers, not words: {"raised_minor", "goal_minor", "currency", "donors"}: no names, since who came
// with which sum could be told from the two.
import { count, whole } from "./numbers.js";

const EVERY = 20_000;
const SAY = 60_000;
const END = 96.5; // the dot comes to rest at 96.5 % of the bar's width

const put = (element, text) => {
  if (element && element.textContent !== text) element.textContent = text;
};

export function live(block) {
  if (!block) return;
  let said = Date.now();
  let donors = null;
  const tick = async () => {
    if (document.visibilityState !== "visible") return;
    const answer = await fetch(block.dataset.live, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok) return;
    const now = await answer.json();
    for (const sum of document.querySelectorAll("[data-live-sum]")) put(sum, whole(now.raised_minor, now.currency));
    put(block.querySelector("[data-live-donors]"), count(now.donors));
    if (now.goal_minor) {
      const width = `${Math.min((now.raised_minor * END) / now.goal_minor, END).toFixed(2)}%`;
      block.querySelector(".bar .f")?.setAttribute("width", width);
      block.querySelector(".bar .h")?.setAttribute("cx", width);
    }
    const last = block.querySelector("[data-live-last]");
    if (last && donors !== null && now.donors > donors && Date.now() - said > SAY) {
      put(last, block.dataset.liveSaid.replace("{sum}", whole(now.raised_minor, now.currency)));
      said = Date.now();
    }
    donors = now.donors;
  };
  setInterval(tick, EVERY);
}
