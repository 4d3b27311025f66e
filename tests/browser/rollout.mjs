// A canary: a model owner asks for it, a second person approves it, and later a promotion; then the owner goes back alone.

import assert from "node:assert/strict";

// Fills the form of a kind of change of the task product, and stops at the page that shows what would differ.
const draft = async (owner, fill) => {
  const { page } = owner;
  await owner.open("/strategy");
  const task = page.locator("main section.card", { has: page.locator('input[name="task"][value="product"]') });
  await task.locator("summary").first().click();
  await fill(task);
  await page.waitForURL("**/strategy/change**");
};

const ask = async (owner, reason) => {
  const { page } = owner;
  await page.getByLabel("Reason").fill(reason);
  await page.getByRole("button", { name: "Ask for approval" }).click();
  await page.waitForURL(/done=strategy-asked/);
};

const approve = async (approver) => {
  const { page } = approver;
  await approver.open("/strategy/requests");
  await page.getByRole("button", { name: "Approve" }).first().click();
  await page.waitForURL(/done=strategy-published/);
  return Number(new URL(page.url()).pathname.split("/").at(-1));
};

// Waits until a version decides.
const begun = async (person, version) => {
  const { page } = person;
  for (;;) {
    await person.open("/strategy");
    const said = await page.locator("main a[href^='/strategy/versions/']").first().textContent();
    if (said.includes(String(version))) return;
    await page.waitForTimeout(500);
  }
};

export const change = async (owner, approver, { candidate, album }) => {
  const { page } = owner;
  await page.goto("/");
  assert.match(page.url(), /\/strategy$/, "a model owner begins at the strategy");
  await album.keep(page, "strategy");
  await owner.press("g", "m");
  await page.waitForURL("**/models");
  await album.keep(page, "models");

  await draft(owner, async (task) => {
    const form = task.locator("form", { has: page.locator('input[name="change"][value="canary"]') });
    await form.locator("select").selectOption({ label: candidate.label });
    await form.locator('input[name="percent"]').fill("10");
    await album.keep(page, "strategy-forms");
    await form.getByRole("button").click();
  });
  await album.keep(page, "strategy-change");
  await ask(owner, "Try the version of June on a tenth");
  await album.keep(page, "strategy-requests-owner");
  assert.equal(await page.getByRole("button", { name: "Approve" }).count(), 0, "nobody approves what they asked for");
  await approver.open("/strategy/requests");
  await album.keep(approver.page, "strategy-requests-approver");
  const canary = await approve(approver);
  await album.keep(approver.page, "strategy-version");
  await begun(owner, canary);
  await album.keep(page, "strategy-canary");

  await draft(owner, async (task) => {
    const form = task.locator("form", { has: page.locator('input[name="change"][value="promote"]') });
    await form.getByRole("button").click();
  });
  await album.keep(page, "strategy-promote");
  await ask(owner, "As good on every product, and half as slow");
  const promoted = await approve(approver);
  await begun(owner, promoted);
  await owner.open(`/models/${candidate.model}/${candidate.version}`);
  await album.keep(page, "model-version");

  await owner.open("/strategy");
  await page.getByRole("link", { name: /Roll back to strategy/ }).first().click();
  await page.waitForURL("**/strategy/change**");
  await album.keep(page, "strategy-roll-back");
  await page.getByLabel("Reason").fill("Card disputes go astray");
  await page.getByRole("button", { name: "Publish now" }).click();
  await page.waitForURL(/done=strategy-published/);
  const back = Number(new URL(page.url()).pathname.split("/").at(-1));
  await begun(owner, back);
  await owner.open("/strategy/history");
  const history = await page.locator("main").textContent();
  for (const word of [owner.name, approver.name, "Card disputes go astray"]) assert(history.includes(word), `${word} is not in the history`);
  await album.keep(page, "strategy-history");
  return { canary, promoted, back };
};
