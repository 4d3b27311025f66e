// Every flow in a browser that runs no script: plain forms and links, and what they did stands on the page that they lead to.

import assert from "node:assert/strict";

import { explain, open_one } from "./explain.mjs";
import { Person } from "./people.mjs";

// The same person in a window without script.
const plainly = async (person) => {
  const window = await person.browser.window(`${person.name} without script`, {
    javaScriptEnabled: false,
    storageState: await person.window.storageState(),
  });
  const plain = new Person(person.browser, person.name, window);
  plain.page = await window.newPage();
  return plain;
};

// Presses a button or a link, and waits for the page to which it leads.
const press = async (page, selector, then) => {
  await Promise.all([page.waitForURL(then), page.locator(selector).first().click()]);
};

const heading = async (page) => (await page.locator("main h1").textContent()).trim();

const desk = async ({ page, open }) => {
  await open("/desk");
  await press(page, "main form[action='/desk/next'] button", /\/desk\/[^/]+$/);
  const first = await heading(page);
  await press(page, "main button[data-key=n]", /done=desk-no-complaint/);
  assert.notEqual(await heading(page), first, "the next one is there");
  await press(page, "main form[action='/desk/undo'] button", /done=desk-undone/);
  assert.equal(await heading(page), first, "and the one before, when it is taken back");
  await press(page, "main button[name=reason][value=LATER]", /done=desk-skipped/);
  assert.notEqual(await heading(page), first, "what was skipped does not come again at once");
  await press(page, "main form[action$='/release'] button", /\/desk(\?|$)/);
};

const team = async ({ page, open }, { team, other_team: other }) => {
  const rows = () => page.locator("main tr[data-row] th a").allTextContents();
  await open(`/teams/${team}`);
  const before = await rows();
  await press(page, "main tr[data-row] a", "**/complaints/**");
  await press(page, "main form[action$='/lease'] button", /done=complaint-lease-take/);
  await press(page, "main button[value=ACKNOWLEDGED]", /done=complaint-acknowledged/);
  await press(page, "main button[value=UNDONE]", /done=complaint-undone/);
  await press(page, "main form[action$='/lease'] button[value=release]", /done=complaint-lease-release/);

  await open(`/teams/${team}`);
  const moved = before.at(1);
  await page.locator(`input[name=complaint][value="${moved}"]`).check();
  await page.locator("main form:has(table) [data-key=x]").click();
  await page.locator("#to-team").selectOption(other);
  await page.locator("#move-reason").fill("WRONG_PRODUCT");
  await press(page, "main form[action$='/not-ours'] button", /done=team-move/);
  assert(!(await rows()).includes(moved), "what was passed on is in this queue no more");

  await open(`/teams/${team}`);
  const boxes = page.locator("main input[name=complaint]");
  for (const at of [1, 2]) await boxes.nth(at).check();
  await page.locator("main form:has(table) [data-key=a]").click();
  await press(page, "main form[action$='/work'] button[type=submit]", /done=team-acknowledge/);
  await press(page, "main form[action$='/undo'] button", /done=team-undone/);
};

const vulnerable = async ({ page, open }) => {
  await open("/vulnerable");
  await press(page, "main [data-key=n]", /\/vulnerable\/.+/);
  const first = await heading(page);
  await page.locator("input[name=caused][value=no]").check();
  await press(page, "main button[data-key=c]", /done=vulnerable-confirmed/);
  assert.notEqual(await heading(page), first);
  await press(page, "main [data-key=u]", /done=vulnerable-undone/);
  assert.equal(await heading(page), first);
};

const sample = async ({ page, open }) => {
  await open("/sample?go=next");
  const product = page.locator("main input[name=product]").first();
  await ((await product.getAttribute("type")) === "radio" ? product.check() : product.fill("Mortgage"));
  await page.locator("#answer-issue").fill("Fraud or scam");
  await page.locator("input[name=vulnerable][value=no]").check();
  await press(page, "main button[data-key=a]", /done=sample-given/);
  assert.equal(await page.locator("main table").count() > 0, true, "what was decided stands beside it");
};

const explanation = async (clerk, { team }) => {
  await explain(await open_one(clerk, team));
  assert.match(clerk.page.url(), /\/explain$/);
};

const settings = async ({ page, open }) => {
  await open("/settings");
  await page.locator("input[name=language][value=es]").check();
  await press(page, "main form button", /done=settings-kept/);
  assert.equal(await page.locator("html").getAttribute("lang"), "es");
  await page.locator("input[name=language][value=auto]").check();
  await press(page, "main form button", /done=settings-kept/);
};

const strategy = async (owner, approver) => {
  const { page } = owner;
  await owner.open("/strategy");
  const section = page.locator("main section.card", { has: page.locator("input[name=task][value=product]") }).first();
  await section.locator("summary").first().click();
  await section.locator("form", { has: page.locator("input[name=change][value=canary]") }).locator("button").click();
  await page.waitForURL("**/strategy/change**");
  await page.getByLabel("Reason").fill("Try it on a tenth");
  await press(page, "main form[method=post] button", /done=strategy-asked/);
  await approver.open("/strategy/requests");
  await press(approver.page, "main form[action$='/approve'] button", /done=strategy-published/);
};

const health = async ({ page, open }) => {
  await open("/health");
  await page.locator("main input[name=letter]").first().check();
  await press(page, "main form[action='/health/redrive'] button", /done=redriven/);
  assert((await page.locator("main [role=status]").count()) > 0, "the page says what became of it");
};

export const work = async (people, plan) => {
  const plain = {};
  for (const [role, person] of Object.entries(people)) {
    plain[role] = await plainly(person);
    plain[role].open = plain[role].open.bind(plain[role]);
  }
  const flows = {
    desk: () => desk(plain.clerk),
    team: () => team(plain.clerk, plan),
    vulnerable: () => vulnerable(plain.specialist),
    sample: () => sample(plain.lead),
    explanation: () => explanation(plain.clerk, plan),
    settings: () => settings(plain.clerk),
    strategy: () => strategy(plain.owner, plain.approver),
    health: () => health(plain.keeper),
  };
  for (const [name, flow] of Object.entries(flows)) {
    try {
      await flow();
    } catch (error) {
      error.message = `${name} without script: ${error.message}`;
      throw error;
    }
  }
  for (const person of Object.values(plain)) await person.leave();
  return Object.keys(flows).length;
};
