// Amounts as the server writes them: the page's language, no decimals when they are zero.
const locale = () => (document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang);

export function decimals(currency) {
  return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
}

// `minor` is a whole number of cents.
export function money(minor, currency, exact = false) {
  const unit = 10 ** decimals(currency);
  const digits = exact || minor % unit ? decimals(currency) : 0;
  return new Intl.NumberFormat(locale(), { style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits })
    .format(minor / unit);
}

// A public sum in whole units, rounded down as the server does it.
export function whole(minor, currency) {
  const unit = 10 ** decimals(currency);
  return money(minor - (minor % unit), currency);
}

export function count(value) {
  return new Intl.NumberFormat(locale()).format(value);
}

// What a person typed, as cents; null when it is not an amount. The server is stricter and has the last word.
export function typed(text, currency) {
  const match = /^\s*(\d{1,3}(?:[ \u00a0\u202f]?\d{3})*|\d+)(?:[.,](\d{1,3}))?\s*$/.exec(text ?? "");
  if (!match || (match[2] ?? "").length > decimals(currency)) return null;
  return Number(match[1].replace(/\D/g, "") + (match[2] ?? "").padEnd(decimals(currency), "0"));
}

// What remains to the donor: the relief is rounded to the cent as the server does it.
export function net(minor, share) {
  return minor - Math.floor((minor * share) / 10000);
}
