// Bundles what the browser loads into ../wwwroot/lib. Run by the project's build; `node build.mjs` by hand does the same.
import { build } from "esbuild";
import { copyFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const outdir = fileURLToPath(new URL("../wwwroot/lib", import.meta.url));
await rm(outdir, { recursive: true, force: true });

const common = {
  absWorkingDir: here,
  outdir,
  bundle: true,
  minify: true,
  target: ["chrome120", "firefox121", "safari17"],
  logLevel: "warning",
  legalComments: "linked",
  loader: { ".woff2": "file", ".ttf": "file", ".svg": "dataurl" },
  assetNames: "[name]-[hash]",
  nodePaths: [`${here}node_modules`],
};

// theme.js blocks the first paint on purpose (no flash of the wrong theme), so it is a classic script on its own.
await build({ ...common, entryPoints: { theme: "src/theme.js" }, format: "iife" });
await build({ ...common, entryPoints: { "editor.worker": "monaco-editor/editor/editor.worker.js" }, format: "iife" });
await build({
  ...common,
  entryPoints: { app: "src/app.js", editor: "src/editor.js", notebook: "src/notebook.js", chart: "src/chart.js", uploads: "src/uploads.js" },
  format: "esm",
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
});
await copyFile(`${here}src/favicon.svg`, `${outdir}/favicon.svg`);
// Last: its time stamp tells the build that all is done.
await build({ ...common, entryPoints: { app: "src/app.css" } });
