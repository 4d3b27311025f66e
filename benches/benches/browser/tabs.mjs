// Tabs that look at all teams, each in a browser of its own: one line of JSON whenever a badge on the screen says more.
//
//   node tabs.mjs '{"program": ..., "address": ..., "cookie": ..., "tabs": N}'
//
// It says "ready" when all of them listen, and ends with its standard input.

import { Browser } from "../../../tests/browser/browser.mjs";

const asked = JSON.parse(process.argv[2]);
const say = (what) => console.log(JSON.stringify(what));

// In the page: says what a badge says when it has been painted.
const watchBadges = () => {
  const seen = new Map();
  const look = () => {
    for (const badge of document.querySelectorAll("[data-live]")) {
      const count = Number(/\d+/.exec(badge.textContent)?.[0] ?? 0);
      if (count === (seen.get(badge.dataset.live) ?? 0)) continue;
      seen.set(badge.dataset.live, count);
      // Two frames: when the second begins, the first was painted.
      requestAnimationFrame(() => requestAnimationFrame(() => window.heard(badge.dataset.live, count, Date.now())));
    }
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true });
};

const browser = await Browser.start(asked.program, asked.address);
const [name, value] = asked.cookie.split("=");
for (let tab = 0; tab < asked.tabs; tab += 1) {
  const window = await browser.window(`tab ${tab}`);
  await window.addCookies([{ name, value, url: asked.address, httpOnly: true, sameSite: "Strict" }]);
  const page = await window.newPage();
  await page.exposeFunction("heard", (team, count, at) => say({ tab, team, count, at }));
  await page.addInitScript(watchBadges);
  const listens = page.waitForResponse((answer) => new URL(answer.url()).pathname === "/events");
  await page.goto("/teams");
  await listens;
}
console.log('"ready"');
process.stdin.on("end", async () => {
  await browser.stop();
  process.exit();
});
process.stdin.resume();
