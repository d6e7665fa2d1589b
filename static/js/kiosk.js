// A kiosk whose network may go: the last total stays, with the time it was true; what needs the network says so.
import { money, count } from "./numbers.js";
import { anew } from "./renew.js";

const EVERY = 20_000;
const END = 96.5; // the dot comes to rest at 96.5 % of the bar's width
const block = document.querySelector("[data-live]");
const note = document.querySelector("[data-offline]");
const lang = document.documentElement.lang;
let since = new Date(); // when the total shown was true
let offline = false;

document.documentElement.classList.add("js");
try { sessionStorage.setItem("kiosk", document.querySelector("[data-kiosk]").dataset.kiosk); } catch { /* not kept: no way back by itself */ }

function show(now) {
  for (const sum of document.querySelectorAll("[data-live-sum]")) sum.textContent = money(now.raised_minor, now.currency);
  const donors = block.querySelector("[data-live-donors]");
  if (donors) donors.textContent = count(now.donors);
  if (now.goal_minor) {
    const width = `${Math.min((now.raised_minor * END) / now.goal_minor, END).toFixed(2)}%`;
    block.querySelector(".bar .f")?.setAttribute("width", width);
    block.querySelector(".bar .h")?.setAttribute("cx", width);
  }
}

function say() {
  const time = new Intl.DateTimeFormat(lang === "en" ? "en-GB" : lang, { hour: "2-digit", minute: "2-digit" }).format(since);
  note.textContent = offline ? note.dataset.said.replaceAll("{time}", time) : "";
  for (const link of document.querySelectorAll("[data-needs-network]")) {
    if (offline) link.setAttribute("aria-disabled", "true");
    else link.removeAttribute("aria-disabled");
  }
}

async function tick() {
  const answer = await fetch(block.dataset.live, { headers: { Accept: "application/json" }, cache: "no-store" }).catch(() => null);
  const lost = !answer?.ok;
  if (!lost) {
    show(await answer.json());
    since = new Date();
  }
  if (lost !== offline) {
    offline = lost;
    say();
  }
}

for (const link of document.querySelectorAll("[data-needs-network]")) {
  link.addEventListener("click", (event) => {
    if (!offline) return;
    event.preventDefault();
    document.querySelector("#code").focus();
  });
}
addEventListener("online", tick);
addEventListener("offline", tick);
setInterval(tick, EVERY);
anew();
