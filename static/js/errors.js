// Put the reader on the list of errors when the server sends the form back.
document.getElementById("errors")?.focus();
