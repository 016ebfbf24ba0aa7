// Copies the libraries that npm installed into vendor/, with their licences and checksums.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const FILES = {
  "plotly-cartesian.min.js": "plotly.js-cartesian-dist-min/plotly-cartesian.min.js",
  "3Dmol-min.js": "3dmol/build/3Dmol-min.js",
};
// What the two bundles contain: 3Dmol.js is built with the packages it depends on.
const PACKAGES = [
  "plotly.js-cartesian-dist-min", "3dmol", "iobuffer", "netcdfjs", "pako", "upng-js",
  "upng-js/node_modules/pako",
];

function licence(name) {
  const { version, license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
  const text = readFileSync(`node_modules/${name}/LICENSE`, "utf8").replace(/[ \t\r]+$/gm, "").trim();
  return `${"=".repeat(79)}\n${name} ${version} (${license})\n${"=".repeat(79)}\n\n${text}\n`;
}

mkdirSync("vendor", { recursive: true });
const sums = Object.entries(FILES).map(([name, source]) => {
  // A line that names a source map would make a browser's developer tools ask for a file.
  const text = readFileSync(`node_modules/${source}`, "utf8").replace(/^\/\/# sourceMappingURL=.*\n?/m, "");
  if (/<\/script|<!--/i.test(text)) throw new Error(`${name} would end the script element it stands in`);
  writeFileSync(`vendor/${name}`, text);
  return `${createHash("sha256").update(text).digest("hex")}  ${name}\n`;
});
writeFileSync("vendor/SHA256SUMS", sums.join(""));
writeFileSync("vendor/LICENSES.txt", PACKAGES.map(licence).join("\n"));
