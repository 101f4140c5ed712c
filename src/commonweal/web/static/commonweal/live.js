// Keeps a page up to date from its event stream (the address stands in <body data-live="…">).
//
// The server sends "change" events: {"regions": {"id of an element": "its new inside, as HTML"}, "say": "one sentence"}.
// The id of an event is the reader's last tick; a new connection asks for what came after it, so nothing is lost.
// "gone" with {"say": "…"} ends the stream: the office no longer reads here.

const PAUSES = [1, 2, 5, 10, 30]; // seconds before each new attempt; the last one repeats
const QUIET = 10000; // a screen reader hears at most one sentence in this many milliseconds

export function follow(document) {
  new Follower(document).connect();
}

export class Follower {
  constructor(document) {
    this.document = document;
    this.address = document.body.dataset.live;
    this.last = "";
    this.failures = 0;
    this.spokenAt = 0;
    this.calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  connect() {
    const address = new URL(this.address, this.document.baseURI);
    if (this.last) address.searchParams.set("after", this.last);
    this.source = new EventSource(address);
    this.source.addEventListener("open", () => this.state("This page updates by itself.", false));
    this.source.addEventListener("change", (event) => this.change(event));
    this.source.addEventListener("gone", (event) => this.gone(JSON.parse(event.data)));
    this.source.addEventListener("error", () => this.retry());
  }

  change(event) {
    this.failures = 0;
    this.last = event.lastEventId || this.last;
    const { regions = {}, say = "" } = JSON.parse(event.data);
    for (const [id, html] of Object.entries(regions)) this.replace(id, html);
    this.say(say);
  }

  replace(id, html) {
    const region = this.document.getElementById(id);
    // A reader who is typing or has moved into the region keeps it until the next change.
    if (!region || region.contains(this.document.activeElement)) return;
    region.innerHTML = html;
    if (this.calm) return;
    region.classList.remove("cw-new");
    requestAnimationFrame(() => region.classList.add("cw-new"));
  }

  say(sentence) {
    const now = Date.now();
    if (!sentence || now - this.spokenAt < QUIET) return;
    this.spokenAt = now;
    this.document.getElementById("live-says").textContent = sentence;
  }

  retry() {
    this.source.close();
    const pause = PAUSES[Math.min(this.failures, PAUSES.length - 1)];
    this.failures += 1;
    this.state("Not connected: the numbers may be behind. Trying again.", true);
    setTimeout(() => this.connect(), pause * 1000);
  }

  gone({ say }) {
    this.source.close();
    this.state(say, true);
    this.document.getElementById("live-says").textContent = say;
  }

  state(sentence, waiting) {
    const line = this.document.getElementById("live-state");
    line.hidden = false;
    line.textContent = sentence;
    line.classList.toggle("cw-live--waiting", waiting);
  }
}
