// People: each signs in with a password of their own, chosen at the page that `ombud users add` printed, and works in a window of
// their own.

import assert from "node:assert/strict";

const PASSWORD = "a-long-enough-secret-17";

export class Person {
  // `link` is the page where they choose a password.
  static async arrive(browser, name, link, options = {}) {
    const person = new Person(browser, name, await browser.window(name, options));
    const page = person.page = await person.window.newPage();
    await page.goto(link);
    await page.getByLabel("New password").fill(PASSWORD);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => !url.pathname.startsWith("/sign-in/link"));
    await person.signInIfAsked(page);
    return person;
  }

  constructor(browser, name, window) {
    Object.assign(this, { browser, name, window, keys: 0 });
  }

  async signInIfAsked(page) {
    if (!(await page.getByLabel("Password").count())) return;
    await page.getByLabel("Name").fill(this.name);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.pathname !== "/sign-in");
  }

  // The same person in another browser.
  async elsewhere() {
    const other = new Person(this.browser, this.name, await this.browser.window(this.name));
    other.page = await other.window.newPage();
    await other.page.goto("/sign-in");
    await other.signInIfAsked(other.page);
    return other;
  }

  // Presses keys one after the other, and counts them.
  async press(...keys) {
    for (const key of keys) {
      this.keys += 1;
      await this.page.keyboard.press(key);
    }
  }

  // Presses a key and waits for the page that it leads to; `then` is what that page's address has.
  async go(key, then) {
    await Promise.all([this.page.waitForURL(then), this.press(key)]);
  }

  // Opens a page, which must answer so.
  async open(path, status = 200) {
    const answer = await this.browser.expecting(status, () => this.page.goto(path));
    assert.equal(answer.status(), status, `${this.name} opens ${path}`);
    return this.page;
  }

  // What the API answers them.
  async ask(path) {
    const answer = await this.window.request.get(path, { headers: { accept: "application/json" } });
    return { status: answer.status(), text: await answer.text() };
  }

  async status() {
    return (await this.page.locator('main [role="status"]').first().textContent()).trim();
  }

  async heading() {
    return (await this.page.locator("main h1").textContent()).trim();
  }

  async leave() {
    await this.window.close();
  }
}
