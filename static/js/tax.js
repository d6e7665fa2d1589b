// "What does my gift really cost?": the same sum the server does, without a round trip.
import { money, net, typed } from "./numbers.js";

export function taxes(root) {
  for (const form of root.querySelectorAll("[data-tax]")) {
    const { currency } = form.dataset;
    const part = (name) => form.querySelector(`[data-tax-${name}]`);
    form.addEventListener("input", () => {
      const gift = typed(form.elements.tax_amount.value, currency);
      const picked = form.querySelector("[name=tax]:checked");
      for (const said of root.querySelectorAll("[data-tax-said]")) said.hidden = said.dataset.taxSaid !== picked?.value;
      if (!gift || !picked) return;
      const kept = net(gift, Number(picked.dataset.share));
      part("gift").textContent = money(gift, currency);
      part("net").textContent = money(kept, currency);
      part("back").textContent = money(gift - kept, currency);
      part("rect").setAttribute("width", `${((kept * 100) / gift).toFixed(2)}%`);
    });
  }
}
