// Why a complaint was answered so: asked on its page, by a form that works with script and without; and what a clerk sees of it and a
// specialist.

import assert from "node:assert/strict";

// The first explanation starts who explains, and a machine that is busy with tests is slow at it.
const EXPLAIN_TIMEOUT_MS = 150_000;

const form = "main form[action$='/explain']";

// On the page of a complaint: has one of its answers explained, the first or that of `task`.
export const explain = async (page, task) => {
  const button = task ? `button[name=task][value=${task}]` : "button";
  await page.locator(`${form} ${button}`).first().click({ noWaitAfter: true });
  await page.locator("main .narrative mark").first().waitFor({ timeout: EXPLAIN_TIMEOUT_MS });
};

// Opens a complaint of `team` that may be explained: not one that waits for its judge.
export const open_one = async (person, team) => {
  const page = await person.open(`/teams/${team}`);
  const links = await page.locator("main tr[data-row] th a").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
  for (const href of links) {
    await person.open(href);
    if (await page.locator(form).count()) return page;
  }
  return assert.fail(`${team} has no complaint that may be explained`);
};

// What a clerk of the same team sees of a complaint in which a specialist sees evidence, and a lead takes away.
export const see = async (clerk, specialist, { lead, first, album }) => {
  const path = `/complaints/${encodeURIComponent(first)}`;
  const page = await specialist.open(path);
  await explain(page, "vulnerable");
  await album.keep(page, "explained-evidence");
  const categories = (await page.locator("main p.categories span").textContent()).split(", ");
  assert((await page.locator("mark.evidence").count()) > 0, "a specialist sees what it says outright");

  const seen = await clerk.open(path);
  await album.keep(seen, "complaint-why");
  await explain(seen, "vulnerable");
  await album.keep(seen, "explained");
  const source = await seen.content();
  assert.equal(await seen.locator("mark.evidence, p.categories").count(), 0);
  const narrative = await seen.locator("main .narrative").textContent();
  for (const category of categories) {
    assert(narrative.includes(category) || !source.includes(category), `a clerk sees ${category}`);
  }
  assert.match(await seen.locator("main").textContent(), /rather than .* in log-odds/);
  assert((await seen.locator("main svg.bar").count()) > 0, "bars are drawn");

  const answer = await lead.window.request.get(`${path}/dossier`);
  assert.equal(answer.status(), 200);
  assert.match(answer.headers()["content-disposition"], /^attachment; filename="ombud-dossier-/);
  const file = await answer.text();
  assert(!file.includes(narrative.slice(0, 40)), "the text is in no dossier that gives no reason for it");
  return { categories: categories.length, dossier_bytes: file.length };
};
