// Draw pieces on the picture: a drag on the bare picture is a new one, a drag on a piece moves it, a click finds its line.
// The fields below are the truth; without this script they do the same.
const board = document.querySelector("[data-draw] svg");
const SIDES = ["x", "y", "width", "height"];
const LEAST = 1; // percents: less is a click
const field = (side, key) => document.getElementById(`${side}-${key}`);
const read = (key) => SIDES.map((side) => Number.parseFloat((field(side, key)?.value ?? "").replace(",", ".")));
const tidy = (percent) => String(Math.round(percent * 10) / 10);
const within = (low, value, high) => Math.min(Math.max(value, low), high);

if (board) {
  const [, , across, down] = board.getAttribute("viewBox").split(" ").map(Number);

  function mark(key) {
    let found = board.querySelector(`[data-piece="${key}"]`);
    if (!found) {
      const space = "http://www.w3.org/2000/svg";
      found = document.createElementNS(space, "g");
      found.setAttribute("class", "mark");
      found.dataset.piece = key;
      found.append(document.createElementNS(space, "rect"));
      board.append(found);
    }
    return found;
  }

  function show(key) {
    const place = read(key);
    if (place.some(Number.isNaN)) { board.querySelector(`[data-piece="${key}"]`)?.remove(); return; }
    const [x, y, width, height] = place.map((percent, one) => (percent * (one % 2 ? down : across)) / 100);
    const found = mark(key);
    Object.entries({ x, y, width, height }).forEach(([name, value]) => found.firstElementChild.setAttribute(name, value));
    const label = found.querySelector("text");
    if (label) { label.setAttribute("x", x + width / 2); label.setAttribute("y", y + height / 2); }
  }

  function put(key, place) {
    place.forEach((percent, one) => { field(SIDES[one], key).value = tidy(percent); });
    show(key);
  }

  function point(event) {
    const box = board.getBoundingClientRect();
    return [
      within(0, (100 * (event.clientX - box.left)) / box.width, 100),
      within(0, (100 * (event.clientY - box.top)) / box.height, 100),
    ];
  }

  let held = null;
  board.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    const key = event.target.closest("[data-piece]")?.dataset.piece ?? "new";
    held = { key, from: point(event), place: key === "new" ? null : read(key), moved: false };
    board.setPointerCapture(event.pointerId);
  });
  board.addEventListener("pointermove", (event) => {
    if (!held) return;
    const [x, y] = point(event);
    const [fromX, fromY] = held.from;
    held.moved ||= Math.abs(x - fromX) > LEAST || Math.abs(y - fromY) > LEAST;
    if (!held.moved) return;
    if (held.place) {
      const [left, top, width, height] = held.place;
      put(held.key, [within(0, left + x - fromX, 100 - width), within(0, top + y - fromY, 100 - height), width, height]);
    } else {
      put("new", [Math.min(x, fromX), Math.min(y, fromY), Math.max(LEAST, Math.abs(x - fromX)), Math.max(LEAST, Math.abs(y - fromY))]);
    }
  });
  board.addEventListener("pointerup", () => {
    if (!held) return;
    const name = field("title", held.key);
    if (held.moved) field("x", held.key).dispatchEvent(new Event("input", { bubbles: true }));
    if (name && (!held.place || !held.moved)) name.focus();
    held = null;
  });
  board.addEventListener("pointercancel", () => { held = null; });

  document.addEventListener("input", (event) => {
    const [side, key] = event.target.id.split("-");
    if (SIDES.includes(side)) show(key);
  });
  document.addEventListener("keydown", (event) => {
    const [side, key] = (event.target.id ?? "").split("-");
    const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!step || !SIDES.includes(side)) return;
    event.preventDefault();
    const now = Number.parseFloat(event.target.value.replace(",", ".")) || 0;
    event.target.value = tidy(within(0, now + step * (event.shiftKey ? 5 : 0.5), 100));
    event.target.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
