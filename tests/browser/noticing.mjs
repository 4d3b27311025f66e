// That the browser notices what pages must not do: a run without faults says something only where faults are seen.

import assert from "node:assert/strict";

export const prove = async (browser) => {
  const window = await browser.window("nobody");
  const page = await window.newPage();
  await page.goto("/sign-in");
  await page.evaluate(() => {
    document.body.setAttribute("style", "color: red");
    document.body.append(Object.assign(new Image(), { src: "http://other.example/" }));
    setTimeout(() => {
      throw new Error("an error of the page");
    });
  });
  const wanted = [/policy: style-src/, /asks another host: http:\/\/other\.example/, /policy: img-src/, /an error of the page/];
  const missing = () => wanted.filter((one) => !browser.faults.some((fault) => one.test(fault)));
  for (let waits = 0; missing().length > 0 && waits < 100; waits += 1) await page.waitForTimeout(50);
  assert.deepEqual(missing(), [], "the browser does not notice what a page does wrong");
  await window.close();
  browser.faults.length = 0;
};
