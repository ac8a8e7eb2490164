import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
const ASSETS = join(ROOT, ".assets");
const SCRATCH = join(ROOT, ".wrangler/assets");

const DOCS_PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'">
    <title>Tieout API</title>
    <link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
    <link rel="stylesheet" href="/docs/swagger-ui.css">
  </head>
  <body>
    <div id="docs"></div>
    <noscript>This page needs JavaScript. The document itself is at <a href="/openapi.json">/openapi.json</a>.</noscript>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/docs.js"></script>
  </body>
</html>
`;

// validatorUrl is null because its default sends the document's address to validator.swagger.io.
const DOCS_SCRIPT = `window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  filter: true,
  validatorUrl: null,
});
`;

const VIEWER_FILES = [
  "swagger-ui.css",
  "swagger-ui-bundle.js",
  "swagger-ui-bundle.js.LICENSE.txt",
  "favicon-32x32.png",
  "LICENSE",
  "NOTICE",
];

const viewer = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
await mkdir(join(ASSETS, "docs"), { recursive: true });
await mkdir(SCRATCH, { recursive: true });
await Promise.all([
  ...VIEWER_FILES.map(async (name) => writeIfChanged(join("docs", name), await readFile(join(viewer, name)))),
  writeIfChanged("docs/index.html", Buffer.from(DOCS_PAGE)),
  writeIfChanged("docs/docs.js", Buffer.from(DOCS_SCRIPT)),
]);

async function writeIfChanged(path: string, content: Buffer): Promise<void> {
  const target = join(ASSETS, path);
  const present = await readFile(target).catch(() => undefined);
  if (present?.equals(content)) return;
  // `wrangler dev` watches and serves the folder: a file arrives in it whole or not at all.
  const scratch = join(SCRATCH, `${process.pid}-${path.replaceAll(/[\\/]/g, "-")}`);
  await writeFile(scratch, content);
  await rename(scratch, target);
}
