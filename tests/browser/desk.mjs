// A clerk at the triage desk, with the keyboard alone: reads, decides, and the next complaint is there.

import assert from "node:assert/strict";

import { percentile } from "./figures.mjs";

// What a person sees of the complaint that they have.
const seen = (page) =>
  page.evaluate(() => {
    const main = document.querySelector("main");
    if (!main.dataset.renew) return null;
    return {
      id: document.querySelector("main h1").textContent.trim(),
      renew: main.dataset.renew,
      narrative: document.querySelector("main .narrative").textContent,
      usual: document.querySelector('main [data-key="c"]')?.value ?? "",
      product: [...document.querySelectorAll("main ol button[data-key]")].map((button) => ({
        key: button.dataset.key,
        product: button.closest("li").querySelector(".muted").textContent.trim(),
      })),
      teams: [...document.querySelectorAll("#to-team option")].map((option) => option.textContent.trim()),
    };
  });

// The next complaint, which is not the one at `renew`; null where nothing is left.
const next = async (page, renew) => {
  const isNext = (before) => (document.querySelector("main").dataset.renew ?? "") !== before;
  await page.waitForFunction(isNext, renew).catch(async (error) => {
    const said = await page.locator("main :is(.problem, .status)").allTextContents();
    throw new Error(`no other complaint comes after ${renew} on ${page.url()}: ${said.join(" ")}`, { cause: error });
  });
  return seen(page);
};

// The keys by which a person who knows the right `product` and its `team` decides.
const keysFor = ({ usual, product: likely, teams }, right) => {
  const found = likely.find(({ product }) => product === right.product);
  if (found) return found.key === "1" && usual === "1" ? ["c"] : [found.key];
  // No model thought of it: the list of teams, where letters choose.
  const letters = [...right.team].map((letter) => (letter === " " ? "Space" : letter));
  const alike = (count) => teams.filter((team) => team.toLowerCase().startsWith(right.team.slice(0, count).toLowerCase()));
  const enough = letters.findIndex((_, at) => alike(at + 1).length === 1) + 1;
  // The list may lack it, where it is the team that has the complaint: then that one is right.
  return alike(letters.length).length === 0 ? ["c"] : ["t", ...letters.slice(0, enough), "Tab", "Enter"];
};

// Decides `complaints` of them; `truth` has the right product and team of each id.
export const decide = async (clerk, { complaints, truth, album }) => {
  const { page } = clerk;
  await page.goto("/");
  assert.equal(new URL(page.url()).pathname, "/desk", "a clerk begins at the desk");
  await album.keep(page, "desk-begin");
  await clerk.press("c");
  let now = await next(page, "");
  const keys = [];
  const before = clerk.keys;
  while (now && keys.length < complaints) {
    const right = truth[now.id];
    assert(right, `${now.id} is no complaint of the file`);
    assert(now.narrative.length > 0);
    if (keys.length < 2) await album.keep(page, `desk-complaint-${keys.length + 1}`);
    const pressed = keysFor(now, right);
    await clerk.press(...pressed);
    keys.push(pressed.length);
    now = await next(page, now.renew);
  }
  assert.equal(keys.length, complaints, "the desk had too few complaints");
  // A time for each, once the last one was painted.
  await page.waitForFunction((count) => window.readableAfter.length >= count, complaints);
  const times = await page.evaluate(() => window.readableAfter);
  return {
    complaints,
    keys_in_all: clerk.keys - before,
    keys_median: percentile(keys, 0.5),
    keys_most: Math.max(...keys),
    readable_ms_p50: percentile(times, 0.5),
    readable_ms_p95: percentile(times, 0.95),
  };
};

// What is not the usual case: undo, skip for a reason, the sheet of keys, another team by its list.
export const change = async (clerk, { album }) => {
  const { page } = clerk;
  const first = await seen(page);
  await clerk.press("n");
  const second = await next(page, first.renew);
  await clerk.press("u");
  const again = await next(page, second.renew);
  assert.equal(again.id, first.id, "an undo brings the complaint back");
  assert.match(await clerk.status(), /Taken back/);
  await album.keep(page, "desk-undone");
  await clerk.press("?");
  await page.locator("dialog#keys[open]").waitFor();
  await album.keep(page, "desk-keys");
  await clerk.press("Escape");
  await clerk.press("s", "Enter");
  const skipped = await next(page, again.renew);
  assert.notEqual(skipped?.id, first.id, "what was skipped does not come again at once");
  return { undone: first.id };
};
