// Progressive enhancement of a campaign page. Everything works without it.
import { copying } from "./copy.js";
import { live } from "./live.js";
import { taxes } from "./tax.js";

document.documentElement.classList.add("js");
taxes(document);
copying(document);
live(document.querySelector("[data-live]"));
