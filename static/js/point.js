// A click on the picture fills in the two numbers of the point that matters most.
const image = document.querySelector("[data-point] img");
const [x, y] = ["focus_x", "focus_y"].map((name) => document.getElementById(name));
if (image && x && y) {
  image.classList.add("pointed");
  image.addEventListener("click", (event) => {
    const box = image.getBoundingClientRect();
    x.value = String(Math.round((100 * (event.clientX - box.left)) / box.width));
    y.value = String(Math.round((100 * (event.clientY - box.top)) / box.height));
  });
}
