// Fills the field "near" with the device's position, rounded to a tenth of a degree (some ten kilometres), only when asked
// to. Nothing is kept; the visitor still sends the form.
export function near(button) {
  if (!button || !("geolocation" in navigator)) return;
  const field = document.querySelector("#near");
  const said = document.querySelector("[data-near-said]");
  button.hidden = false;
  button.addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        field.value = `${coords.latitude.toFixed(1)}, ${coords.longitude.toFixed(1)}`;
        said.textContent = button.dataset.found;
        field.focus();
      },
      () => {
        said.textContent = button.dataset.lost;
        field.focus();
      },
      { timeout: 10_000, maximumAge: 600_000 },
    );
  });
}

near(document.querySelector("[data-near]"));
