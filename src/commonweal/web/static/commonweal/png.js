// Offers a picture as PNG, made from its SVG file in the browser: <a data-make-png href="…svg" download>PNG</a>.

const SCALE = 2;

export function offerPng(document) {
  for (const link of document.querySelectorAll("[data-make-png]")) {
    link.hidden = false;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      save(link);
    });
  }
}

async function save(link) {
  const text = await (await fetch(link.href)).text();
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth * SCALE;
  canvas.height = image.naturalHeight * SCALE;
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  const made = document.createElement("a");
  made.href = canvas.toDataURL("image/png");
  made.download = link.dataset.makePng;
  made.click();
  link.dataset.made = "yes";
}
