import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { idSchema } from "@footnote/core";
import { writeTinyCrossEncoder } from "@footnote/embedding/testing";
import { pipelines } from "@footnote/retrieval";
import { createClient } from "@footnote/sdk";
import { availableEngines, sharedPostgresServer } from "@footnote/storage/testing";
import type { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openRuntime } from "@footnote/server/compose";
import { openDataFolder } from "@footnote/server/data-folder";
import { readEnvironment } from "@footnote/server/env";
import { unsupportedSentence } from "./print-answer.ts";
import { createProgram } from "./program.ts";
import { runFootnote, startFootnote } from "./testing/run-footnote.ts";
import { fakeTerminal, type RunOptions } from "@footnote/terminal/testing";
import { testBy } from "@footnote/storage/testing";

let root: string;
let docs: string;
let dataDir: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "footnote-cli-"));
  dataDir = join(root, "data");
  docs = join(root, "docs");
  await mkdir(docs);
  await writeFile(join(docs, "kettle.md"), "# Kettle\n\nThe kettle holds \u001b[31m2.5 litres\u001b[0m. Descale it every 30 days.\n");
  await writeFile(join(docs, "leave.md"), "# Leave\n\nEverybody has 25 days of paid leave a year.\n");
  await writeFile(join(docs, "empty.txt"), "");
});
afterAll(() => rm(root, { recursive: true }));

const footnote = (argv: string[], options: RunOptions = {}) => runFootnote(argv, { dataDir, cwd: root, ...options });

describe("the command line", () => {
  it("has an example in the help of every command", async () => {
    const program = createProgram({ terminal: fakeTerminal(), variables: {}, cwd: "/", signal: new AbortController().signal, exitCode: 0 });
    const paths: string[][] = [];
    const walk = (command: Command, path: string[]) => {
      for (const child of command.commands) {
        paths.push([...path, child.name()]);
        // The parts of `eval` stand under its own examples.
        if (child.name() !== "eval") walk(child, [...path, child.name()]);
      }
    };
    walk(program, []);
    expect(paths.length).toBeGreaterThan(12);
    for (const path of [[], ...paths]) {
      const { code, out } = await footnote([...path, "--help"]);
      expect([path, code, out]).toEqual([path, 0, expect.stringMatching(/Examples?:/u)]);
    }
  });

  it("has every evaluation that the documentation names, and the contributors' page names every one", async () => {
    const program = createProgram({ terminal: fakeTerminal(), variables: {}, cwd: "/", signal: new AbortController().signal, exitCode: 0 });
    const known = program.commands.find((command) => command.name() === "eval")?.commands.map((command) => command.name()) ?? [];
    const checkout = join(import.meta.dirname, "../../..");
    const figures = (await readdir(join(checkout, "docs/quality")))
      .filter((name) => name.endsWith(".md"))
      .map((name) => `docs/quality/${name}`);
    const pages = ["README.md", "AGENTS.md", "evals/README.md", "docs/evaluation.md", "docs/quality.md", ...figures];
    const texts = await Promise.all(pages.map((page) => readFile(join(checkout, page), "utf8")));
    const named = texts.join("\n").matchAll(/footnote eval ([a-z][a-z-]+)/gu);
    const absent = [...named].map(([, name = ""]) => name).filter((name) => !known.includes(name));
    expect(absent).toEqual([]);
    const table = (texts[1] ?? "").split("\n").filter((line) => line.startsWith("| `footnote eval "));
    expect(known.filter((name) => !table.some((line) => new RegExp(`[ \\x60<|]${name}(?![a-z-])`, "u").test(line)))).toEqual([]);
  });

  it("ends with 2 on wrong usage and suggests what was meant", async () => {
    expect(await footnote(["serch", "x"])).toMatchObject({ code: 2, err: expect.stringContaining("Did you mean search?") });
    for (const argv of [["ask"], ["ask", "q", "--bogus"], ["search", "q", "--limit", "900"], ["keys", "create", "--scopes", "bogus"], []]) {
      expect([argv, (await footnote(argv)).code]).toEqual([argv, 2]);
    }
  });

  it("says in a sentence what is wrong with the set-up", async () => {
    const failing: [string[], RegExp, RunOptions?][] = [
      [["ingest", "no-such-folder"], /no file or folder .*no-such-folder/u],
      [["ingest", join(root, "nothing")], /no files below/u],
      [["search", "q", "--data-dir", "/dev/null/x"], /data folder \/dev\/null\/x cannot be read/u],
      [["serve", "--no-api", "--no-worker"], /Nothing is left to serve/u],
      [["migrate"], /Set DATABASE_URL/u],
      [["backup", join(root, "b")], /DATABASE_ADMIN_URL/u, { variables: { DATABASE_URL: "postgres://app@127.0.0.1:1/x" } }],
      [["search", "q"], /FOOTNOTE_URL is set without FOOTNOTE_KEY/u, { variables: { FOOTNOTE_URL: "http://127.0.0.1:1" } }],
      [["search", "q"], /does not answer/u, { variables: { FOOTNOTE_URL: "http://127.0.0.1:1", FOOTNOTE_KEY: "fn_live_x" } }],
      [["tenants", "list"], /operator's key/u, { variables: { FOOTNOTE_URL: "http://127.0.0.1:1", FOOTNOTE_KEY: "fn_live_x" } }],
    ];
    await mkdir(join(root, "nothing"));
    for (const [argv, message, options] of failing) {
      const { code, err } = await footnote(argv, options);
      expect([argv, code, err]).toEqual([argv, 1, expect.stringMatching(message)]);
      expect(err.trim().split("\n")).toHaveLength(1);
      const json = await footnote([...argv, "--json"], options);
      expect(JSON.parse(json.err)).toMatchObject({ type: "error", message: expect.stringMatching(message) });
    }
  });

  it("says that the port is taken before it opens anything", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void taken.close());
    await new Promise((resolve) => taken.once("listening", resolve));
    const address = taken.address();
    const port = address !== null && typeof address === "object" ? String(address.port) : "";
    const { code, err } = await footnote(["serve", "--port", port, "--data-dir", join(root, "unused")]);
    expect([code, err]).toEqual([1, expect.stringContaining(`cannot listen on 127.0.0.1:${port}`)]);
    await expect(stat(join(root, "unused/postgres"))).rejects.toThrow("ENOENT");
  });
});

describe("with a server", () => {
  let server: Awaited<ReturnType<typeof startFootnote>> | undefined;
  let url: string;
  beforeAll(async () => {
    server = await startFootnote(["serve", "--demo"], { dataDir, until: /curl/u });
    url = (await (await openDataFolder(dataDir)).readServer())?.url ?? "";
  }, 300_000);
  afterAll(async () => void (await server?.stop()));

  it("makes the demo and its file, readable by its owner only", async () => {
    const path = join(dataDir, "demo.json");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const demo = JSON.parse(await readFile(path, "utf8"));
    expect(demo).toMatchObject({ url, collection: "handbook" });
    expect(server?.out()).toContain(demo.key);
    const { code, out } = await footnote(["ask", demo.question]);
    expect([code, out]).toEqual([0, expect.stringMatching(/\[1\][\s\S]*\n\[1\] .+\n {4}“.+”/u)]);
  });

  it("answers 3 where the documents do not, and 1 where the collection is unknown", async () => {
    const declined = await footnote(["ask", "Who won the 1998 football world cup?"]);
    expect([declined.code, declined.out]).toEqual([3, `${unsupportedSentence}\n`]);
    for (const argv of [
      ["ask", "q"],
      ["search", "q"],
    ]) {
      const { code, err } = await footnote([...argv, "--collection", "nowhere"]);
      expect([code, err]).toEqual([1, expect.stringContaining("no collection nowhere; make it from files")]);
    }
    expect(await footnote(["ask", "q", "--pipeline", "nothing"])).toMatchObject({ code: 1, err: expect.stringContaining("no pipeline") });
  });

  it("is the only one on its data folder", async () => {
    for (const argv of [["serve"], ["worker"], ["backup", join(root, "refused")], ["restore", root]]) {
      const { code, err } = await footnote(argv);
      expect([code, err]).toEqual([1, expect.stringMatching(/^A server .*data folder.*\n$/u)]);
    }
  });

  it("ingests a folder, tells what was refused and why, and leaves alone what is there", async () => {
    const first = await footnote(["ingest", "docs", "--collection", "house"], { isTTY: true });
    expect(first.code).toBe(1);
    expect(first.err).toContain("empty.txt: empty_file:");
    expect(first.err).toContain("█");
    expect(first.err).toContain("3 files: 2 ingested, 0 unchanged, 0 failed, 1 refused");
    await rm(join(docs, "empty.txt"));
    const second = await footnote(["ingest", docs, "--collection", "house", "--json"]);
    expect(second.code).toBe(0);
    expect(second.lines().at(-1)).toEqual({ type: "summary", files: 2, ingested: 0, unchanged: 2, failed: 0, refused: 0 });
    const pruned = await footnote(["ingest", join(docs, "leave.md"), "--collection", "house", "--prune"]);
    expect([pruned.code, pruned.out + pruned.err]).toEqual([0, "1 file: 0 ingested, 1 unchanged, 0 failed, 0 refused\n"]);
    expect((await footnote(["search", "kettle", "--collection", "house"])).out).not.toContain("2.5 litres");
  });

  it("searches, as text and as JSON, with either pipeline", async () => {
    await footnote(["ingest", docs, "--collection", "find"]);
    const text = await footnote(["search", "how much does the kettle hold", "--collection", "find", "--limit", "1"]);
    expect([text.code, text.out]).toEqual([0, expect.stringMatching(/^1\. Kettle \(\d\.\d{3}\)\n {3}.*2\.5 litres/u)]);
    expect(text.out).not.toContain("\u001b");
    const misspelt = await footnote(["search", "how much does the ketle hold", "--collection", "find", "--limit", "1"]);
    expect(misspelt.err).toContain('Searched for "kettle": no document says "ketle".');
    expect(misspelt.out).toBe(text.out);
    const json = await footnote(["search", "kettle", "--collection", "find", "--pipeline", "hybrid-rrf-rerank", "--json"]);
    expect(json.lines()[0]).toMatchObject({ chunk: { title: "Kettle" }, ranks: { rerank: 1 } });
  });

  it("makes tenants and keys and revokes them", async () => {
    const [tenant] = (await footnote(["tenants", "create", "Acme", "--json"])).lines();
    expect((await footnote(["tenants", "list"])).out).toContain(`${tenant.id}  Acme\n`);
    const [foreign] = (await footnote(["keys", "create", "--tenant", tenant.id, "--scopes", "read", "--json"])).lines();
    expect((await createClient({ url, key: foreign.key }).collections.list()).data).toEqual([]);
    const made = await footnote(["keys", "create", "--name", "website"]);
    expect(made.err).toContain("not shown again");
    const [, id = "", key = ""] = /^(key_\S+) {2}(fn_live_\S+)\n$/u.exec(made.out) ?? [];
    const variables = { FOOTNOTE_URL: url, FOOTNOTE_KEY: key };
    expect((await footnote(["search", "leave", "--data-dir", join(root, "elsewhere")], { variables })).code).toBe(0);
    expect((await footnote(["ingest", docs], { variables })).err).toMatch(/scope/u);
    expect((await footnote(["keys", "list"])).out).toContain(`${id}  website  read,ask\n`);
    expect((await footnote(["keys", "revoke", id])).out).toBe(`${id} is revoked.\n`);
    expect((await footnote(["keys", "list"])).out).toContain(`${id}  website  read,ask  revoked\n`);
    expect((await footnote(["search", "leave"], { variables })).err).toContain("key is not valid");
  });

  it("is looked at by doctor, here and from afar", async () => {
    const near = await footnote(["doctor"]);
    expect([near.code, near.out]).toEqual([0, expect.stringMatching(/ok +server: ready at .*\(process \d+\)/u)]);
    for (const check of [
      "database: pglite",
      "embedder: minilm",
      "queue:",
      "reranker: late interaction",
      "language:",
      "durability: not durable",
    ])
      expect(near.out).toContain(check);
    const [, key = ""] = /(fn_live_\S+)/u.exec((await footnote(["keys", "create"])).out) ?? [];
    const far = async (variables: Record<string, string>) =>
      (await footnote(["doctor", "--json"], { variables: { FOOTNOTE_URL: url, ...variables } }))
        .lines()
        .filter(({ status }) => status === "failed");
    expect(await far({ FOOTNOTE_KEY: key })).toEqual([]);
    expect(await far({})).toMatchObject([{ check: "key" }]);
    expect(await far({ FOOTNOTE_KEY: "fn_live_x" })).toMatchObject([{ detail: expect.stringContaining("key is not valid") }]);
    expect(await far({ FOOTNOTE_URL: "http://127.0.0.1:1" })).toMatchObject([
      { check: "server", detail: expect.stringContaining("nothing answers") },
    ]);
  });

  it("warns of documents in a language that the embedder does not serve", async () => {
    const folder = join(root, "deutsch");
    await mkdir(folder, { recursive: true });
    const text =
      "Der Wasserkocher fasst zweieinhalb Liter und wird alle dreißig Tage entkalkt. Das Gerät ist nur für die Küche bestimmt, und es darf nicht in das Wasser gestellt werden.";
    await writeFile(join(folder, "kocher.md"), `# Der Wasserkocher\n\n${text}\n`);
    expect((await footnote(["ingest", folder, "--collection", "deutsch"])).code).toBe(0);
    const warning = /1 of 1 document is in a language that the embedder .* was not trained for \(English\): German \(1\)/u;
    expect((await footnote(["doctor"])).out).toMatch(new RegExp(`note +collection deutsch: ${warning.source}`, "u"));
    expect((await footnote(["search", "Wasserkocher", "--collection", "deutsch"])).err).toMatch(warning);
  });

  it("drains when it is stopped, and leaves port and folder", async () => {
    expect(await server?.stop()).toBe(0);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow("fetch failed");
    expect(await (await openDataFolder(dataDir)).readServer()).toBeNull();
  });
});

describe("without a server", () => {
  it("answers from files, which are ingested once", async () => {
    const ask = () => footnote(["ask", "How often is the kettle descaled?", "--docs", join(docs, "kettle.md")]);
    const first = await ask();
    expect([first.code, first.out]).toEqual([0, expect.stringContaining("every 30 days. [1]\n\n[1] Kettle\n")]);
    expect(first.err).toBe("Ingesting 1 file…\n1 file: 1 ingested, 0 unchanged, 0 failed, 0 refused\n");
    expect((await ask()).err).toBe("");
  });

  it("backs up and restores into another folder, keys and search included", async () => {
    const before = (await footnote(["search", "kettle", "--collection", "find", "--json"])).lines();
    expect(before.length).toBeGreaterThan(0);
    const target = join(root, "backup");
    const backup = await footnote(["backup", "backup"]);
    expect([backup.code, backup.out]).toEqual([0, expect.stringContaining(`Written to ${target}: `)]);
    const again = await footnote(["backup", target]);
    expect([again.code, again.err.trim().split("\n").length]).toEqual([1, 1]);
    const restored = join(root, "restored");
    const restore = await footnote(["restore", target, "--data-dir", restored, "--json"]);
    expect([restore.code, restore.lines()[0]?.type]).toEqual([0, "restore"]);
    const after = await footnote(["search", "kettle", "--collection", "find", "--json"], { dataDir: restored });
    expect(after.lines()).toEqual(before);
    expect((await footnote(["restore", target, "--data-dir", restored])).code).toBe(1);
  });

  it("answers from the sample handbook when nothing else is named", async () => {
    const { question } = JSON.parse(await readFile(join(dataDir, "demo.json"), "utf8"));
    const { code, out, err } = await footnote(["ask", question]);
    expect([code, out, err]).toEqual([0, expect.stringContaining("\n[1] "), ""]);
  });

  it("is stopped by a signal, whatever it does", async () => {
    const aborted = AbortSignal.abort();
    expect((await footnote(["ask", "How much does it hold?", "--docs", docs], { signal: aborted })).code).toBe(130);
  });

  it("serves a pipeline whose reranker is the cross-encoder of RERANKER_MODEL, and doctor sees it", async () => {
    const modelDir = join(root, "tiny-reranker");
    writeTinyCrossEncoder(modelDir);
    const folder = await openDataFolder(dataDir);
    const env = readEnvironment({ variables: { FOOTNOTE_DATA_DIR: dataDir, RERANKER_MODEL: modelDir }, folder: root });
    const runtime = await openRuntime({ env, folder });
    try {
      const { key, tenantId } = await runtime.credentials();
      const client = runtime.client(key);
      const reranker = { type: "cross-encoder", candidates: 10, weight: 1 } as const;
      const tenant = idSchema("tenant").parse(tenantId);
      await runtime.store.pipelines.put(
        tenant,
        {
          ...pipelines.default,
          name: "crossed",
          reranker: { ...reranker, model: "tiny-reranker" },
        },
        testBy,
      );
      await runtime.store.pipelines.put(
        tenant,
        { ...pipelines.default, name: "absent", reranker: { ...reranker, model: "another" } },
        testBy,
      );
      const crossed = await client.search({ query: "kettle", collection: "find", limit: 2, pipeline: "crossed" });
      expect(crossed.degraded).toEqual([]);
      expect(crossed.hits[0]?.ranks.rerank).toBe(1);
      const absent = await client.search({ query: "kettle", collection: "find", limit: 2, pipeline: "absent" });
      expect(absent.degraded).toMatchObject([{ step: "rerank" }]);
    } finally {
      await runtime.close({ graceMs: 1000 });
    }
    const good = await footnote(["doctor"], { variables: { RERANKER_MODEL: modelDir } });
    expect([good.code, good.out]).toEqual([0, expect.stringContaining("reranker: the cross-encoder tiny-reranker")]);
    expect(good.out).toMatch(/embedder: minilm\S+ on this machine, \d+ ms a text/u);
    const bad = await footnote(["doctor"], { variables: { RERANKER_MODEL: root, FOOTNOTE_URL: "http://127.0.0.1:1", FOOTNOTE_KEY: "x" } });
    expect([bad.code, bad.out]).toEqual([1, expect.stringMatching(/FAILED {2}reranker: .*lacks tokenizer\.json/u)]);
  });
});

describe.skipIf(!(await availableEngines()).includes("postgres"))("on a Postgres server", () => {
  it("migrates, serves and works apart, backs up and restores into another database", async () => {
    const postgres = await sharedPostgresServer();
    const one = await postgres?.createDatabase();
    const two = await postgres?.createDatabase();
    if (!one || !two) throw new Error("There is no Postgres server.");
    const folder = join(root, "server");
    const variablesOf = (database: typeof one) => ({ DATABASE_URL: database.databaseUrl, DATABASE_ADMIN_URL: database.adminUrl });
    const on = (database: typeof one, argv: string[]) => footnote(argv, { dataDir: folder, variables: variablesOf(database) });

    expect((await on(one, ["search", "x"])).err).toContain("footnote migrate");
    expect((await on(one, ["migrate"])).out).toContain("Applied: ");
    expect((await on(one, ["migrate"])).out).toBe("The schema is up to date.\n");

    const started = { dataDir: folder, variables: variablesOf(one) };
    const server = await startFootnote(["serve", "--no-worker"], { ...started, until: /ready at/u });
    const worker = await startFootnote(["worker"], { ...started, until: /worker is ready/u });
    const ingested = await on(one, ["ingest", join(docs, "kettle.md"), join(docs, "leave.md"), "--collection", "house"]);
    expect([ingested.code, ingested.err]).toEqual([0, expect.stringContaining("2 ingested")]);
    expect(await worker.stop()).toBe(0);
    // The worker leaves the server's file alone.
    expect(await (await openDataFolder(folder)).readServer()).not.toBeNull();
    expect(await server.stop()).toBe(0);

    const doctor = await on(one, ["doctor"]);
    expect([doctor.code, doctor.out]).toEqual([
      0,
      expect.stringMatching(/database: postgres, schema up to date, as footnote_app: neither owner/u),
    ]);
    const before = (await on(one, ["search", "kettle", "--collection", "house", "--json"])).lines();
    expect(before.length).toBeGreaterThan(0);
    const target = join(root, "server-backup");
    expect((await on(one, ["backup", target])).code).toBe(0);
    const restored = join(root, "server-restored");
    expect(await footnote(["restore", target], { dataDir: restored, variables: variablesOf(two) })).toMatchObject({ code: 0 });
    const after = await footnote(["search", "kettle", "--collection", "house", "--json"], {
      dataDir: restored,
      variables: variablesOf(two),
    });
    expect([after.err, after.lines()]).toEqual(["", before]);
  });
});
