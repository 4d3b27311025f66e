// The vulnerability desk: a specialist sees why a customer was called vulnerable, confirms or refuses it, and says whether we caused
// it. Nobody else gets any of it.

import assert from "node:assert/strict";

const at = (page) => new URL(page.url());
// Some wait for a blind judge: a specialist passes them by.
const pass = async (specialist) => {
  const { page } = specialist;
  while (await page.locator("#kept").count()) {
    const { pathname } = at(page);
    await specialist.go("n", (url) => url.pathname !== pathname);
  }
};

const id = (page) => decodeURIComponent(at(page).pathname.split("/").at(-1));

export const judge = (specialist, { album }) => specialist.browser.expecting(409, () => work(specialist, album));

const work = async (specialist, album) => {
  const { page } = specialist;
  await page.goto("/");
  await specialist.press("g", "v");
  await page.waitForURL("**/vulnerable");
  await album.keep(page, "vulnerable-list");
  await specialist.go("n", /\/vulnerable\/.+/);
  // One that says it in words: of others a score alone decided.
  while (!(await page.locator("mark.evidence").count())) {
    const { pathname } = at(page);
    await specialist.go("n", (url) => url.pathname !== pathname);
  }
  const first = id(page);
  const marked = await page.locator(".narrative mark.evidence").allTextContents();
  await album.keep(page, "vulnerable-one");

  // The cause, then the usual answer by its key.
  await page.locator('input[name="caused"][value="yes"]').focus();
  await specialist.press("Space", "c");
  await page.waitForURL(/done=vulnerable-confirmed/);
  await pass(specialist);
  const second = id(page);
  assert.notEqual(second, first, "the next one is there");
  await album.keep(page, "vulnerable-confirmed");
  await specialist.press("r");
  await page.waitForURL(/done=vulnerable-refused/);
  await specialist.press("u");
  await page.waitForURL(/done=vulnerable-undone/);
  assert.equal(id(page), second, "an undo leads back to what it takes back");

  // That nobody was vulnerable and that we failed them in it can't both be.
  await page.locator('input[name="caused"][value="yes"]').focus();
  await specialist.press("Space");
  await specialist.browser.expecting(422, async () => {
    await specialist.press("r");
    await page.locator("main .problem").first().waitFor();
  });
  await album.keep(page, "vulnerable-refused-cause");
  await page.goto(`/vulnerable/${encodeURIComponent(first)}`);
  assert.match(await page.locator("main").textContent(), /our failure to respond caused it/);
  return { first, marked };
};

// What a clerk of the same team gets of it.
export const see_nothing = async (clerk, { first, marked, album }) => {
  for (const path of ["/vulnerable", `/vulnerable/${encodeURIComponent(first)}`]) {
    await clerk.open(path, 403);
    assert.equal(await clerk.page.locator("mark").count(), 0);
  }
  await album.keep(clerk.page, "refused");
  assert.equal((await clerk.ask(`/api/cases/${first}/evidence`)).status, 403);
  const answer = await clerk.ask(`/api/cases/${first}`);
  assert.equal(answer.status, 200, "they see the complaint itself");
  for (const word of ["\"start\"", "\"category\"", "\"evidence\""]) assert(!answer.text.includes(word), `${word} in ${answer.text}`);
  for (const path of ["", "/narrative"]) {
    const page = await clerk.open(`/complaints/${encodeURIComponent(first)}${path}`);
    assert.equal(await page.locator("mark.evidence").count(), 0, "nothing says which words it was");
  }
  return { marked: marked.length };
};
