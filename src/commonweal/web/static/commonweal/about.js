// Whoever has marked some words and asks about the page asks about these words: they go along in the address.
const MOST = 80;

export function takeWords(document, link) {
  const whole = link.href;
  const text = link.textContent;
  document.addEventListener("selectionchange", () => {
    const words = String(document.getSelection()).replace(/\s+/g, " ").trim().slice(0, MOST);
    link.href = words ? whole.replace("?", `?words=${encodeURIComponent(words)}&`) : whole;
    link.textContent = words ? "Ask or say something about the words you marked" : text;
  });
}
