// The hall screen: the live total, the last name on the wall, and once a day the page itself anew.
import { live } from "./live.js";
import { anew } from "./renew.js";

document.documentElement.classList.add("js");
live(document.querySelector("[data-live]"));
anew();
