// "Copy the link" buttons; the system's share sheet where there is one (phones).
export function toast(text) {
  const box = document.createElement("p");
  box.className = "toast";
  box.setAttribute("role", "status");
  document.body.append(box);
  requestAnimationFrame(() => { box.textContent = text; });
  setTimeout(() => box.remove(), 5000);
}

export function copying(root) {
  for (const button of root.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const url = button.dataset.copy;
      if (!("plain" in button.dataset) && navigator.share && matchMedia("(pointer: coarse)").matches) {
        await navigator.share({ url, title: document.title }).catch(() => {});
        return;
      }
      await navigator.clipboard.writeText(url);
      toast(button.dataset.done);
    });
  }
}
