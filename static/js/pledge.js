// The giving form: keeps the summary in step with the choices. The server computes everything again.
import { idle } from "./idle.js";
import { money, net, typed } from "./numbers.js";

idle();
document.documentElement.classList.add("js");

const form = document.querySelector("[data-pledge]");
const recap = document.querySelector(".recap");
const { currency, share } = form.dataset;

function gift() {
  const free = typed(form.elements.other_amount?.value ?? "", currency);
  if (free) return free;
  return typed(form.elements.amount?.value ?? "", currency);
}

function update() {
  const amount = gift();
  const set = (name, text) => {
    const place = recap?.querySelector(`[data-recap-${name}]`);
    if (place) place.textContent = text;
  };
  if (amount) {
    const fee = form.elements.cover_fees?.checked ? Number(form.elements.cover_fees.dataset.minor) : 0;
    set("gift", money(amount, currency, true));
    set("fee", money(fee, currency, true));
    set("total", money(amount + fee, currency, true));
    if (share) set("net", money(net(amount, Number(share)), currency));
    for (const line of recap?.querySelectorAll("[data-cost]") ?? []) {
      line.querySelector("[data-recap-net]").textContent = money(net(amount, Number(line.dataset.share)), currency);
    }
    const pay = form.querySelector("[data-pay]");
    if (pay) pay.textContent = pay.dataset.pay.replace("{sum}", money(amount + fee, currency));
  }
  const reward = form.querySelector("[name=reward]:checked");
  if (reward) set("reward", reward.dataset.title);
  const receipt = form.querySelector("[data-receipt]");
  if (receipt) receipt.hidden = !form.elements.wants_receipt.checked;
  const kind = form.elements.donor_kind?.value || "individual";
  const company = form.querySelector("[data-company]");
  if (company) company.hidden = kind !== "company";
  for (const line of recap?.querySelectorAll("[data-cost]") ?? []) line.hidden = line.dataset.cost !== kind;
  const dedication = form.querySelector("[data-dedication]");
  if (dedication) dedication.hidden = !form.elements.dedication_kind.value;
  const told = form.querySelector("[data-told]");
  if (told && form.elements.dedication_kind.value) told.open = true;
  for (const one of form.querySelectorAll("[data-for]")) one.hidden = one.dataset.for !== kind && !(one === told && told.open);
  const name = form.querySelector("[data-wall-name]");
  if (name) name.hidden = form.elements.wall.value !== "other";
}

form.addEventListener("input", (event) => {
  // a typed amount releases the presets, a preset empties the typed amount
  const { name, value } = event.target;
  if (name === "other_amount" && value) for (const radio of form.querySelectorAll("[name=amount]")) radio.checked = false;
  if (name === "amount" && form.elements.other_amount) form.elements.other_amount.value = "";
  // a reward to be reached says what it takes
  if (name === "reward" && event.target.dataset.missing && form.elements.other_amount) {
    form.elements.other_amount.value = event.target.dataset.missing;
    for (const radio of form.querySelectorAll("[name=amount]")) radio.checked = false;
  }
  update();
});
// who comes back finds the answers again, and what belongs to them
addEventListener("pageshow", update);
update();
