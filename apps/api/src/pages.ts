import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Hono } from "hono";

const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** In the page itself: a browser would otherwise ask for /favicon.ico and report a 404. */
const icon = `<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='3' fill='%23234'/%3E%3Ctext x='8' y='12' font-size='11' text-anchor='middle' fill='white'%3E1%3C/text%3E%3C/svg%3E">`;

const reference = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">${icon}<title>Footnote API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="reference"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body>
</html>
`;
const start = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#reference", deepLinking: true, persistAuthorization: false, validatorUrl: null });\n`;
const landing = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">${icon}<title>Footnote</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem}pre{background:#f4f4f4;color:#111;padding:1rem;overflow:auto}</style></head>
<body><h1>Footnote</h1>
<p>This server answers questions over your documents. Every sentence of an answer carries a footnote to the exact characters of its source.</p>
<p>The <a href="/docs">API reference</a> lists every route; <a href="/readyz">/readyz</a> tells how the server is. Ask with a key that has the scope <code>ask</code>:</p>
<pre>curl -s "$FOOTNOTE_URL/v1/answers" \\
  -H "authorization: Bearer $FOOTNOTE_KEY" -H "content-type: application/json" \\
  -d '{"question": "How many days of parental leave do I have?",
       "collection": "handbook", "stream": false}'</pre>
</body></html>
`;

/** The index page and the browsable reference; every file comes from this server. */
export function addPages(app: Hono): void {
  const page = (html: string) => () =>
    new Response(html, { headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": pagePolicy } });
  app.get("/", page(landing));
  app.get("/docs", page(reference));
  app.get("/docs/start.js", () => new Response(start, { headers: { "content-type": "text/javascript; charset=utf-8" } }));
  for (const [name, source, type] of [
    ["swagger-ui.css", import.meta.resolve("swagger-ui-dist/swagger-ui.css"), "text/css; charset=utf-8"],
    ["swagger-ui-bundle.js", import.meta.resolve("swagger-ui-dist/swagger-ui-bundle.js"), "text/javascript; charset=utf-8"],
  ] as const) {
    app.get(
      `/docs/${name}`,
      async () =>
        new Response(await readFile(fileURLToPath(source)), { headers: { "content-type": type, "cache-control": "max-age=3600" } }),
    );
  }
}
