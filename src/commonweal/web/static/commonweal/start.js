// Marks the page as scripted and starts what makes it more comfortable. Every page works fully without this file.
import { ErrorSummary, PasswordInput, SkipLink, Button, createAll } from "./vendor/govuk-frontend.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
for (const component of [Button, ErrorSummary, PasswordInput, SkipLink]) createAll(component);

if (document.body.dataset.live) import("./live.js").then(({ follow }) => follow(document));
if (document.querySelector("[data-make-png]")) import("./png.js").then(({ offerPng }) => offerPng(document));
const talk = document.querySelector("a[data-talk]");
if (talk) import("./about.js").then(({ takeWords }) => takeWords(document, talk));
document.documentElement.dataset.ready = "yes";
