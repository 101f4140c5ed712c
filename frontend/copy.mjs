// Copies the built files of the packages in package.json into the Python package, without fonts, crest and source maps,
// and writes a manifest with version, licence and sha-256 of each. Run by a developer: npm ci && npm run vendor
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "../src/commonweal/web/static/commonweal/vendor");
const fonts = 'system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",Arial,sans-serif';

// The design system may be used by others "with the exception of branding (including logos and fonts)".
function withoutBranding(css) {
  const changed = css
    .replace(/@font-face\{[^}]*\}/g, "")
    .replaceAll("GDS Transport,arial,sans-serif", fonts)
    .replace(/(-webkit-mask|mask|background)-image:url\(\/assets\/images\/govuk-crest\.svg\);?/g, "");
  for (const trace of ["GDS Transport", "url(/assets", "@font-face"]) {
    if (changed.includes(trace)) throw new Error(`${trace} is still in the style sheet: mend withoutBranding in copy.mjs`);
  }
  return changed;
}

const withoutMap = (text) => text.replace(/\/[/*]# sourceMappingURL=\S+( \*\/)?\s*$/, "");

const files = [
  {
    package: "govuk-frontend",
    from: "dist/govuk/govuk-frontend.min.css",
    to: "govuk-frontend.css",
    changes: "fonts, crest and source map removed; system font stack",
    edit: (text) => withoutMap(withoutBranding(text)),
  },
  {
    package: "govuk-frontend",
    from: "dist/govuk/govuk-frontend.min.js",
    to: "govuk-frontend.js",
    changes: "source map removed",
    edit: withoutMap,
  },
];

const sha256 = (text) => createHash("sha256").update(text).digest("hex");

function copy(file) {
  const folder = join(here, "node_modules", file.package);
  const about = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const source = readFileSync(join(folder, file.from), "utf8");
  const built = `${file.edit(source).trimEnd()}\n`;
  writeFileSync(join(target, file.to), built);
  return [
    file.to,
    {
      package: about.name,
      version: about.version,
      licence: about.license,
      licence_file: `LICENSE-${about.name}.txt`,
      source: file.from,
      source_sha256: sha256(source),
      changes: file.changes,
      sha256: sha256(built),
    },
  ];
}

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
const manifest = { made_by: "frontend/copy.mjs", files: Object.fromEntries(files.map(copy)) };
for (const name of new Set(files.map((file) => file.package))) {
  writeFileSync(join(target, `LICENSE-${name}.txt`), readFileSync(join(here, "licences", `${name}.txt`)));
}
writeFileSync(join(target, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
