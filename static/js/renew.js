// Pages that nobody closes: load them again once a day, but only while the network answers; a failed reload would stay.
const DAY = 86_400_000;
const AGAIN = 600_000;

export function anew() {
  const tick = async () => {
    const answer = await fetch(location.href, { cache: "no-store" }).catch(() => null);
    if (answer?.ok) location.reload();
    else setTimeout(tick, AGAIN);
  };
  setTimeout(tick, DAY);
}
