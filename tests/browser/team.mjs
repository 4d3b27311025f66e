// A team works its queue: takes, acknowledges, passes on what is not its own with a reason, does with many what it does with one,
// and takes that back.

import assert from "node:assert/strict";

const rows = (page) =>
  page.evaluate(() => [...document.querySelectorAll("main tr[data-row]")].map((row) => row.querySelector("th a").textContent.trim()));

// Chooses the rows of these complaints, from the top of the table down.
const choose = async (person, ids) => {
  for (const id of await rows(person.page)) {
    await person.press("j");
    // The row has the focus: the next stop of the keyboard is its box.
    if (ids.includes(id)) await person.press("Tab", "Space");
  }
};

export const work = async (clerk, { team, other, album }) => {
  const { page } = clerk;
  await page.goto("/");
  await clerk.press("g", "t");
  await page.waitForURL("**/teams");
  await album.keep(page, "teams");
  await page.goto(`/teams/${team}`);
  const [first] = await rows(page);
  assert(first, `${team} has nothing to do`);
  await album.keep(page, "team-queue");

  // One: take it, acknowledge it.
  await clerk.press("j");
  await clerk.go("Enter", `**/complaints/${encodeURIComponent(first)}`);
  await album.keep(page, "complaint");
  await clerk.go("t", /done=complaint-lease-take/);
  await album.keep(page, "complaint-taken");
  await clerk.go("a", /done=complaint-acknowledged/);
  assert.equal(await clerk.status(), "Acknowledged.");
  await page.goto(`/teams/${team}?tab=mine`);
  assert.deepEqual(await rows(page), [first], "what one has taken is among one's own");
  await album.keep(page, "team-mine");

  // Not ours: one key, a team and a reason.
  await page.goto(`/teams/${team}`);
  const foreign = (await rows(page)).find((id) => id !== first);
  await page.locator(`input[name="complaint"][value="${foreign}"]`).focus();
  await clerk.press("Space", "x");
  await page.locator("#to-team").waitFor();
  await album.keep(page, "team-not-ours");
  await page.locator("#to-team").selectOption(other);
  await page.locator("#move-reason").fill("WRONG_PRODUCT");
  await clerk.press("Enter");
  await page.waitForURL(/done=team-move/);
  assert(!(await rows(page)).includes(foreign), "what was passed on is in this queue no more");
  await album.keep(page, "team-moved");

  // Many at once, asked once and undone once.
  const before = await rows(page);
  await choose(clerk, before.filter((id) => id !== first).slice(0, 3));
  await clerk.press("a");
  await page.locator("main form button[type=submit]").first().waitFor();
  await album.keep(page, "team-bulk-asked");
  await page.locator('main form[action$="/work"] button[type="submit"]').focus();
  await clerk.go("Enter", /done=team-acknowledge/);
  assert.match(await clerk.status(), /3 complaints acknowledged/);
  await album.keep(page, "team-bulk-done");
  await clerk.go("u", /done=team-undone/);
  assert.deepEqual((await rows(page)).slice(0, 3), before.slice(0, 3));
  return { taken: first, moved: foreign, bulk: 3 };
};

// A lead takes away what the table shows: no narrative is in it.
export const take_away = async (lead, { team, narratives }) => {
  const answer = await lead.window.request.get(`/teams/${team}/export`);
  assert.equal(answer.status(), 200);
  const csv = await answer.text();
  for (const narrative of narratives) assert(!csv.includes(narrative.slice(0, 40)), "a narrative is in the download");
  return { csv_rows: csv.trim().split("\n").length - 1 };
};
