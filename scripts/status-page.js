import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

/**
 * Builds the status page: one document that contains its style and script, and a policy that lets it load nothing else.
 * So it needs no network, whether a coordinator serves it or a browser opens it as a file, and HTML in an error message
 * of an app cannot run. The policy names style and script by their hashes.
 */
export async function buildStatusPage(path) {
  const bundle = async (entryPoint) => {
    const options = { bundle: true, minify: true, write: false, format: "iife", target: "es2022", charset: "utf8" };
    const { outputFiles } = await build({ ...options, entryPoints: [entryPoint], logLevel: "warning" });
    return outputFiles[0].text.trim();
  };
  const [script, style] = await Promise.all(["main.ts", "style.css"].map((name) => bundle(`src/status/page/${name}`)));
  const policy = [
    "default-src 'none'",
    `script-src '${sourceHash(script)}'`,
    `style-src '${sourceHash(style)}'`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const parts = {
    "<!--policy-->": `<meta http-equiv="Content-Security-Policy" content="${policy}" />`,
    "<!--style-->": `<style>${style}</style>`,
    "<!--script-->": `<script>${script}</script>`,
  };
  let page = readFileSync("src/status/page/index.html", "utf8");
  for (const [mark, part] of Object.entries(parts)) {
    if (page.split(mark).length !== 2) throw new Error(`the status page has no place for ${mark}`);
    page = page.replace(mark, () => part);
  }
  writeFileSync(path, page);
}

function sourceHash(text) {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
