// Keeps a page up to date from its event stream (the address stands in <body data-live="…?since=…">).
//
// "counts" events say what became known since the event before: {"new": {"case": 3, "negative": 12, …}, "places": 2}.
// Their id is the instant up to which that holds; a new connection asks for what came after it, so nothing is lost.
// "news" events {"say": "…"} say one sentence and have the regions read again at once.
// "closed" with {"reason": "…"} ends the stream: the office no longer reads here.
//
// The sentence in #live-counts changes at once. Elements marked data-live-region are then taken from the page itself,
// read again at most every fifteen seconds and a little apart for each reader, so that many readers do not come at once.

const PAUSES = [1, 2, 5, 10, 30]; // seconds before each new attempt; the last one repeats
const QUIET = 10000; // a screen reader hears at most one sentence in this many milliseconds
const AGAIN = 15000;
const SPREAD = 3000;

const WORDS = [
  ["case", "more person tested positive", "more people tested positive"],
  ["positive", "positive result", "positive results"],
  ["negative", "negative result", "negative results"],
  ["void", "void result", "void results"],
];

export function sentence(counts) {
  const said = WORDS.filter(([key]) => counts[key]).map(([key, one, many]) => {
    const count = counts[key];
    return `${count.toLocaleString("en-GB")} ${count === 1 ? one : many}`;
  });
  return said.length ? `New since you opened this: ${said.join(", ")}.` : "";
}

export function follow(document) {
  new Follower(document).connect();
}

export class Follower {
  constructor(document) {
    this.document = document;
    this.address = new URL(document.body.dataset.live, document.baseURI);
    this.totals = {};
    this.failures = 0;
    this.spokenAt = 0;
    this.readAt = 0;
    this.waiting = null;
    this.calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  connect() {
    this.source = new EventSource(this.address);
    this.source.addEventListener("open", () => this.opened());
    this.source.addEventListener("counts", (event) => this.counts(event));
    this.source.addEventListener("news", (event) => this.news(JSON.parse(event.data).say));
    this.source.addEventListener("closed", (event) => this.closed(JSON.parse(event.data).reason));
    this.source.addEventListener("error", () => this.retry());
  }

  opened() {
    this.failures = 0;
    this.state("This page updates by itself.", false);
  }

  counts(event) {
    if (event.lastEventId) this.address.searchParams.set("since", event.lastEventId);
    for (const [key, count] of Object.entries(JSON.parse(event.data).new)) {
      this.totals[key] = (this.totals[key] || 0) + count;
    }
    const line = this.document.getElementById("live-counts");
    line.textContent = sentence(this.totals);
    line.dataset.knownAt = event.lastEventId; // up to which instant the sentence tells
    line.hidden = false;
    this.flash(line);
    this.say(line.textContent);
    this.readAgainSoon();
  }

  news(sentence) {
    const line = this.document.getElementById("live-counts");
    line.textContent = sentence;
    line.hidden = false;
    this.flash(line);
    this.say(sentence);
    if (!this.waiting) this.readAgain();
  }

  readAgainSoon() {
    if (this.waiting || !this.document.querySelector("[data-live-region]")) return;
    const due = Math.max(0, this.readAt + AGAIN - Date.now()) + Math.random() * SPREAD;
    this.waiting = setTimeout(() => this.readAgain(), due);
  }

  async readAgain() {
    this.waiting = null;
    this.readAt = Date.now();
    const answer = await fetch(this.document.location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const region of this.document.querySelectorAll("[data-live-region]")) {
      const newer = fresh.getElementById(region.id);
      // A reader whose focus is in a region keeps it until the next reading.
      if (newer && !region.contains(this.document.activeElement)) region.replaceChildren(...newer.childNodes);
    }
  }

  flash(element) {
    if (this.calm) return;
    element.classList.remove("cw-new");
    requestAnimationFrame(() => element.classList.add("cw-new"));
  }

  say(text) {
    const now = Date.now();
    if (!text || now - this.spokenAt < QUIET) return;
    this.spokenAt = now;
    this.document.getElementById("live-says").textContent = text;
  }

  retry() {
    this.source.close();
    const pause = PAUSES[Math.min(this.failures, PAUSES.length - 1)];
    this.failures += 1;
    this.state("Not connected: the numbers may be behind. Trying again.", true);
    setTimeout(() => this.connect(), pause * 1000);
  }

  closed(reason) {
    this.source.close();
    this.state(reason, true);
    this.document.getElementById("live-says").textContent = reason;
  }

  state(text, waiting) {
    const line = this.document.getElementById("live-state");
    line.hidden = false;
    line.textContent = text;
    line.classList.toggle("cw-live--waiting", waiting);
  }
}
