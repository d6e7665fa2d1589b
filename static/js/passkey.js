// Make a passkey, or prove that one has it. The page carries what is asked; the answer leaves in its form. Without this script there are codes.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
const words = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

async function made(asked) {
  const key = await navigator.credentials.create({ publicKey: {
    ...asked, challenge: bytes(asked.challenge), user: { ...asked.user, id: bytes(asked.user.id) }, excludeCredentials: known(asked.excludeCredentials) } });
  return { id: key.id, rawId: words(key.rawId), type: key.type, response: {
    clientDataJSON: words(key.response.clientDataJSON), attestationObject: words(key.response.attestationObject) } };
}

async function proved(asked) {
  const key = await navigator.credentials.get({ publicKey: {
    ...asked, challenge: bytes(asked.challenge), allowCredentials: known(asked.allowCredentials) } });
  return { id: key.id, rawId: words(key.rawId), type: key.type, response: {
    clientDataJSON: words(key.response.clientDataJSON), authenticatorData: words(key.response.authenticatorData), signature: words(key.response.signature),
    userHandle: key.response.userHandle ? words(key.response.userHandle) : null } };
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) break;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const told = form.querySelector("[data-failed]");
    told.hidden = true;
    try {
      const asked = JSON.parse(form.dataset.options);
      form.elements.credential.value = JSON.stringify(await (form.dataset.passkey === "new" ? made(asked) : proved(asked)));
      form.submit();
    } catch {
      told.hidden = false;
    }
  });
}
