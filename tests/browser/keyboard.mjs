// Whether a page can be used with the keyboard alone: Tab reaches every control, the focus can be seen and is not hidden, also at
// 400 % zoom, in forced colours; and single keys do nothing where they are switched off.

import assert from "node:assert/strict";

// 1280 x 1024 at 400 %.
const ZOOMED = { width: 320, height: 256 };
const WIDE = { width: 1280, height: 800 };
// Of a long table the first rows are enough in short.
const STOPS = { short: 40, long: 400 };

// In the page: gives every control a number, and begins where the page begins. A group of radio buttons is one stop; behind an open
// dialog there is none.
const number = () => {
  const stops = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  const groups = new Set();
  let count = 0;
  for (const element of (document.querySelector("dialog[open]") ?? document).querySelectorAll(stops)) {
    if (element.disabled || !element.checkVisibility({ visibilityProperty: true })) continue;
    if (element.type === "radio") {
      const group = `${element.form?.action} ${element.name}`;
      if (groups.has(group)) continue;
      groups.add(group);
      element.closest("fieldset, form").dataset.stop = String(count);
    } else {
      element.dataset.stop = String(count);
    }
    count += 1;
  }
  const heading = document.querySelector("dialog[open] [autofocus]");
  if (heading) {
    heading.focus();
    return count;
  }
  // Where what had the focus is gone, Tab goes on from its place.
  const start = document.createElement("span");
  start.tabIndex = -1;
  document.body.prepend(start);
  start.focus();
  start.remove();
  return count;
};

// In the page: what has the focus now, and what is wrong with how it is seen.
const focused = () => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const faults = [];
  if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) faults.push("no outline");
  const [left, top] = [Math.max(box.left, 0), Math.max(box.top, 0)];
  const [right, bottom] = [Math.min(box.right, innerWidth), Math.min(box.bottom, innerHeight)];
  if (right - left < 1 || bottom - top < 1) {
    faults.push("outside the window");
  } else {
    // Of what is larger than a letter, the middle of the part that is in the window; of a link in two lines, its first box.
    const first = element.getClientRects()[0];
    const isTall = box.height > innerHeight;
    const x = isTall ? left + 4 : Math.min(Math.max((first.left + first.right) / 2, 0), innerWidth - 1);
    const y = isTall ? Math.max(top, 0) + 4 : Math.min(Math.max((first.top + first.bottom) / 2, 0), innerHeight - 1);
    const above = document.elementFromPoint(x, y);
    const label = element.labels?.[0];
    if (!(element.contains(above) || above?.contains(element) || label?.contains(above))) faults.push(`hidden by ${above?.outerHTML.slice(0, 80)}`);
  }
  const stop = (element.type === "radio" ? element.closest("fieldset, form") : element).dataset.stop;
  return { stop: stop ?? null, faults, html: element.outerHTML.slice(0, 120) };
};

// Walks through a page by Tab; gives how many stops there were, and what was wrong.
const walk = async (page, faults, name, most) => {
  const count = await page.evaluate(number);
  const wanted = Math.min(count, most);
  const reached = new Set();
  let before = null;
  for (let step = 0; reached.size < wanted && step < wanted + 20; step += 1) {
    await page.keyboard.press("Tab");
    const now = await page.evaluate(focused);
    if (!now) break;
    // A date has several stops of its own.
    if (now.stop !== null && now.stop !== before && reached.has(now.stop)) break;
    before = now.stop;
    // A heading to which a dialog leads is no control.
    if (now.stop === null) continue;
    reached.add(now.stop);
    for (const fault of now.faults) faults.push(`${name}: ${fault}: ${now.html}`);
  }
  if (reached.size < wanted) {
    const missed = await page.evaluate(
      (known) => [...document.querySelectorAll("[data-stop]")].filter((element) => !known.includes(element.dataset.stop)).map((element) => element.outerHTML.slice(0, 120)),
      [...reached],
    );
    faults.push(`${name}: Tab reaches ${reached.size} of ${count}: ${missed.slice(0, 3).join(" ")}`);
  }
  return count;
};

// The page of a person, as it stands.
export const by_tab = async (page, name, faults, isLong) => {
  const most = isLong ? STOPS.long : STOPS.short;
  let stops = await walk(page, faults, name, most);
  if (isLong) {
    await page.setViewportSize(ZOOMED);
    stops += await walk(page, faults, `${name} at 400 %`, most);
    await page.setViewportSize(WIDE);
    await page.emulateMedia({ forcedColors: "active" });
    stops += await walk(page, faults, `${name} in forced colours`, most);
    await page.emulateMedia({ forcedColors: null });
  }
  const moving = await (async () => {
    await page.emulateMedia({ reducedMotion: "reduce" });
    const found = await page.evaluate(() =>
      [...document.querySelectorAll("*")].filter((element) => {
        const style = getComputedStyle(element);
        return style.animationName !== "none" || style.transitionDuration.split(", ").some((time) => parseFloat(time) > 0);
      }).length,
    );
    await page.emulateMedia({ reducedMotion: null });
    return found;
  })();
  if (moving > 0) faults.push(`${name}: ${moving} elements move for somebody who wants no motion`);
  return stops;
};

// Single keys, switched off in the settings: they do nothing, and nothing is printed on a button. Then on again.
export const without_single_keys = async (person) => {
  const { page } = person;
  const choose = async (keys) => {
    await person.open("/settings");
    await page.locator(`input[name="keys"][value="${keys}"]`).check();
    await page.locator("main form button").click();
    await page.waitForURL(/done=settings-kept/);
  };
  await choose("off");
  await person.open("/desk");
  for (const key of ["c", "?", "g", "t", "/"]) await page.keyboard.press(key);
  await page.waitForTimeout(300);
  assert.equal(new URL(page.url()).pathname, "/desk", "a single key leads nowhere");
  assert.equal(await page.locator("dialog[open]").count(), 0);
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "BODY");
  assert.equal(await page.locator("main kbd:visible").count(), 0, "no key is printed that does nothing");
  await choose("on");
};
