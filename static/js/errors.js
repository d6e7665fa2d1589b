// Put the reader on the list of errors when the server sends the form back.
document.getElementById("errors")?.focus();

// Such a page is the answer to a form, which no browser shows again when one goes back to it. It takes the address of the
// step instead, and what stands in its fields counts as typed, so that the browser keeps it as it keeps everything typed.
const form = document.querySelector("form[data-here]");
if (form?.dataset.here) {
  history.replaceState(null, "", form.dataset.here);
  for (const field of form.querySelectorAll("input:not([type=hidden]), textarea")) {
    if (field.type === "radio" || field.type === "checkbox") {
      const { checked } = field;
      field.defaultChecked = false;
      field.checked = checked;
    } else {
      const { value } = field;
      field.defaultValue = "";
      field.value = value;
    }
  }
}
