// What pages cost, as a browser sees them: one line of JSON a figure.
//
//   node pages.mjs '{"program": ..., "address": ..., "lead": COOKIE, "clerk": COOKIE, "turns": N, "visits": N}'

import { Browser } from "../../../tests/browser/browser.mjs";

const asked = JSON.parse(process.argv[2]);
const say = (figure) => console.log(JSON.stringify(figure));
const LINK_TIMEOUT_MS = 120_000;
const KINDS = { Document: "html", Stylesheet: "css", Script: "script", Image: "svg", Other: "svg" };

const signedIn = async (browser, who) => {
  const window = await browser.window(who);
  const [name, value] = asked[who].split("=");
  await window.addCookies([{ name, value, url: asked.address, httpOnly: true, sameSite: "Strict" }]);
  return window;
};

// From the start of the navigation to the end of its load event, in milliseconds.
const loadTime = (page) =>
  page.evaluate(async () => {
    const entry = performance.getEntriesByType("navigation")[0];
    while (entry.loadEventEnd === 0) await new Promise((later) => setTimeout(later, 1));
    return entry.loadEventEnd;
  });

const firstPaint = (page) =>
  page.evaluate(
    () =>
      new Promise((done) => {
        const look = (list) => {
          const paint = list.getEntriesByName("first-contentful-paint")[0];
          if (paint) done(paint.startTime);
        };
        new PerformanceObserver(look).observe({ type: "paint", buffered: true });
      }),
  );

const timed = async (page, what, addresses) => {
  const samples = [];
  for (let turn = 0; turn < asked.turns; turn += 1) {
    const path = addresses[turn % addresses.length];
    const answer = await page.goto(path);
    if (answer.status() !== 200) throw new Error(`${path}: ${answer.status()}`);
    samples.push(await loadTime(page));
  }
  say({ figure: "load", what, samples });
};

const json = async (window, path) => {
  const answer = await window.request.get(path, { headers: { accept: "application/json" } });
  if (!answer.ok()) throw new Error(`${path}: ${answer.status()} ${await answer.text()}`);
  return answer.json();
};

// Where the last page of a queue begins, as its pager would lead there.
const lastPage = async (window, team) => {
  const query = new URLSearchParams({ state: "OPEN,ACKNOWLEDGED", order: "due", limit: "200" });
  let last = "";
  for (;;) {
    const page = await json(window, `/api/queues/${encodeURIComponent(team)}?${query}`);
    if (!page.next) return last;
    last = page.next;
    query.set("after", last);
  }
};

// The address of the first link on a page that begins so. What a thread counts, such as the radar, takes its time; among few
// cases there may be none.
const firstLink = async (page, path, begin) => {
  const link = page.locator(`main a[href^="${begin}"]`).first();
  for (const until = Date.now() + LINK_TIMEOUT_MS; Date.now() < until; await page.waitForTimeout(500)) {
    await page.goto(path);
    if (await link.count()) return link.getAttribute("href");
  }
  console.error(`${path} leads to no ${begin}`);
  return undefined;
};

// A first visit: nothing is in the browser's cache. Bytes are those that came over the network, headers included.
const visit = async (browser, who, kind, path) => {
  const window = await signedIn(browser, who);
  const page = await window.newPage();
  const network = await window.newCDPSession(page);
  await network.send("Network.enable");
  const [kinds, bytes] = [new Map(), { html: 0, css: 0, script: 0, svg: 0 }];
  network.on("Network.responseReceived", ({ requestId, type }) => kinds.set(requestId, type));
  network.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const name = KINDS[kinds.get(requestId)] ?? "svg";
    bytes[name] += encodedDataLength;
  });
  const answer = await page.goto(path);
  if (answer.status() !== 200) throw new Error(`${path}: ${answer.status()}`);
  const paint = await firstPaint(page);
  // A browser without a window asks for no icon: one with a window does.
  await page.evaluate(() => fetch(document.querySelector("link[rel=icon]").href).then((icon) => icon.text()));
  await page.waitForTimeout(20);
  await window.close();
  say({ figure: "visit", what: kind, paint, ...bytes });
};

const browser = await Browser.start(asked.program, asked.address);
const lead = await signedIn(browser, "lead");
const page = await lead.newPage();

const { queues } = await json(lead, "/api/queues");
const open = (queue) => queue.open ?? 0;
const largest = queues.reduce((one, other) => (open(other) > open(one) ? other : one));
const team = `/teams/${encodeURIComponent(largest.team)}`;
say({ figure: "team", team: largest.team, open: open(largest), all: queues.reduce((sum, queue) => sum + open(queue), 0) });

const end = await lastPage(lead, largest.team);
const [soon, later] = [7, 30].map((days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10));
const item = (await json(lead, `/api/queues/${encodeURIComponent(largest.team)}?limit=1`)).items[0];
await page.goto(team);
await timed(page, "a team's page, the first", [team]);
await timed(page, "a team's page, at the end", [`${team}?${new URLSearchParams({ after: end })}`]);
await timed(page, "a team's page, filtered and in another order", [
  `${team}?${new URLSearchParams({ product: item.product ?? "" })}`,
  `${team}?vulnerable=POSSIBLE`,
  `${team}?vulnerable=VULNERABLE&needs_human=yes`,
  `${team}?due_before=${soon}`,
  `${team}?needs_human=yes&due_before=${later}`,
  `${team}?customer=customer-nobody`,
  `${team}?tab=mine`,
  `${team}?tab=waiting`,
  `${team}?tab=answered`,
]);
await timed(page, "all teams", ["/teams"]);

const id = encodeURIComponent(item.complaint_id);
const kinds = {
  home: "/",
  teams: "/teams",
  team,
  complaints: "/complaints",
  complaint: `/complaints/${id}`,
  narrative: `/complaints/${id}/narrative`,
  desk: "/desk",
  "desk, one": `/desk/${id}`,
  vulnerable: "/vulnerable",
  "vulnerable, one": await firstLink(page, "/vulnerable", "/vulnerable/"),
  sample: "/sample",
  "sample, one": await firstLink(page, "/sample", "/sample/"),
  trail: "/trail",
  models: "/models",
  model: await firstLink(page, "/models", "/models/"),
  strategy: "/strategy",
  history: "/strategy/history",
  requests: "/strategy/requests",
  quality: "/quality",
  radar: "/radar",
  cluster: await firstLink(page, "/radar", "/radar/"),
  health: "/health",
  settings: "/settings",
};
for (let turn = 0; turn < asked.visits; turn += 1) {
  for (const [kind, path] of Object.entries(kinds)) {
    if (path) await visit(browser, "lead", kind, path);
  }
}

// The desk: key after key, as fast as the next complaint can be read.
const desk = await (await signedIn(browser, "clerk")).newPage();
await desk.goto("/desk");
await desk.keyboard.press("c");
await desk.waitForSelector("main[data-renew] .narrative");
for (let turn = 1; turn <= asked.turns; turn += 1) {
  await desk.keyboard.press("c");
  await desk.waitForFunction((count) => window.readableAfter.length >= count, turn);
}
say({ figure: "key", what: "desk: from a key to the next complaint", samples: await desk.evaluate(() => window.readableAfter) });
await browser.stop();
