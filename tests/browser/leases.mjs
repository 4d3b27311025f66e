// Two people at one complaint in two browsers: one has it, the other is told; who closes the tab gives it back.

import assert from "node:assert/strict";

export const share = async (first, second, { album }) => {
  const page = first.page;
  await first.open("/desk");
  await first.press("c");
  await page.locator("main[data-renew]").waitFor();
  const path = new URL(page.url()).pathname;

  const other = second.page;
  await second.open(path);
  const text = await other.locator("main").textContent();
  assert(text.includes(`${first.name} has this complaint until`), text);
  assert.equal(await other.locator('main form[action$="/decide"]').count(), 0, "who has not got it decides nothing");
  await album.keep(other, "desk-held");

  const closedAt = performance.now();
  await page.close();
  for (;;) {
    await second.open(path);
    if (await other.locator("#free-title").count()) break;
    assert(performance.now() - closedAt < 10_000, "a closed tab does not give its complaint back");
    await other.waitForTimeout(50);
  }
  const freedAfter = performance.now() - closedAt;
  await album.keep(other, "desk-free");
  await second.press("c");
  await other.locator("main[data-renew]").waitFor();
  first.page = await first.window.newPage();
  await first.open(path);
  assert((await first.page.locator("main").textContent()).includes(`${second.name} has this complaint until`));
  return { freed_after_ms: Math.round(freedAfter) };
};
