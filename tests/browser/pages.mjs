// Every page, with something on it: what each person reaches by links, and what only a form leads to. A page of the table of rights
// (crates/launch/src/guard/right.rs) at which nobody arrives is a fault.

import assert from "node:assert/strict";

import { explain, open_one } from "./explain.mjs";

// What is no page: the stream of events, and downloads.
const NO_PAGES = ["/events", "/teams/{team}/export", "/complaints/{complaint_id}/dossier"];
// What of an address makes another kind of page.
const KINDS = ["tab", "go", "chosen", "read", "examine", "flag"];

const shape = (pattern, url) => {
  const named = [...url.searchParams].map(([name, value]) => (KINDS.includes(name) ? `${name}=${value}` : name));
  return `${pattern}?${named.sort().join("&")}`;
};

export class Atlas {
  // `routes` are the paths of pages, as the table of rights writes them. Pages of one kind that differ by what they are about look
  // alike: `ofKind` of each are enough.
  constructor(routes, ofKind) {
    this.ofKind = ofKind;
    this.patterns = routes.filter((route) => !NO_PAGES.includes(route)).map((route) => {
      const within = route.replace(/\{[^}]+\}/g, "[^/]+");
      return { route, matches: new RegExp(`^${within}$`) };
    });
    this.visited = new Set();
    this.seen = new Map();
  }

  route(path) {
    return this.patterns.find(({ matches }) => matches.test(path))?.route;
  }

  // Marks the page at `address` as visited.
  arrive(address) {
    const route = this.route(new URL(address).pathname);
    if (route) this.visited.add(route);
    return route;
  }

  // Follows all links of `person` from their first page on; does `look` at each page of a kind that nobody has seen.
  async explore(person, look) {
    const ahead = ["/"];
    const known = new Set(ahead);
    while (ahead.length > 0) {
      const path = ahead.shift();
      const url = new URL(path, person.browser.address);
      const route = this.route(url.pathname);
      if (!route) continue;
      const kind = shape(route, url);
      const alike = this.seen.get(kind) ?? 0;
      // The first page is another for each.
      if (alike >= this.ofKind && path !== "/") continue;
      this.seen.set(kind, alike + 1);
      await person.open(path);
      this.visited.add(route);
      this.arrive(person.page.url());
      if (path !== "/") await look(person, path);
      const links = await person.page.$$eval("a[href]", (all) => all.map((link) => link.href));
      for (const link of links.map((href) => new URL(href))) {
        const next = link.pathname + link.search;
        if (link.origin !== url.origin || known.has(next)) continue;
        known.add(next);
        ahead.push(next);
      }
    }
  }

  // Nothing is left out.
  close() {
    const missed = this.patterns.map(({ route }) => route).filter((route) => !this.visited.has(route));
    assert.deepEqual(missed, [], "nobody has visited these pages");
    return this.visited.size;
  }
}

// Loads a page again until it has what is counted beside the console; the test has a bound of its own.
export const settle = async (person, path, selector) => {
  await person.open(path);
  while (!(await person.page.locator(selector).count())) {
    await person.page.waitForTimeout(250);
    await person.page.reload();
  }
};

// Sends the form that `within` finds as it is, whatever the browser says of its fields; returns when the answer is there, as a page
// or in place of what was there.
export const send = async (page, within, button = "button") => {
  const form = page.locator(within).first();
  await form.evaluate((element) => {
    element.noValidate = true;
    for (const details of document.querySelectorAll("main details")) details.open = true;
    document.querySelector("main").dataset.before = "";
  });
  await form.locator(button).first().click();
  await page.waitForFunction(() => document.readyState === "complete" && !document.querySelector("main[data-before]"));
};

// Pages that only a form leads to, or somebody who may not; `look` sees each of them.
export const by_forms = async ({ clerk, specialist, lead, owner, approver, keeper, stranger }, { plan, atlas, look }) => {
  const at = async (person, name) => {
    atlas.arrive(person.page.url());
    await look(person, name);
  };

  // What is asked for here is refused on purpose.
  for (const status of [401, 403, 404, 422]) clerk.browser.expected.add(status);

  // Before a sign-in, and after a wrong one.
  await stranger.open("/sign-in");
  await at(stranger, "sign-in");
  await stranger.page.getByLabel("Name").fill("nobody");
  await stranger.page.getByLabel("Password").fill("wrong");
  await stranger.page.keyboard.press("Enter");
  await stranger.page.locator(".problem").first().waitFor();
  await at(stranger, "sign-in-wrong");
  await stranger.open("/sign-in/link?token=00", 404);
  await at(stranger, "sign-in-no-link");
  await stranger.open(plan.unused_link);
  await at(stranger, "sign-in-link");
  await stranger.page.getByLabel("New password").fill("short");
  await send(stranger.page, "main form");
  await at(stranger, "sign-in-link-short");

  // Refused, and not found.
  await clerk.open("/health", 403);
  await at(clerk, "refused");
  await clerk.open("/complaints/there-is-none", 404);
  await at(clerk, "not-found");
  await clerk.open("/complaints?q=there-is-none");
  await at(clerk, "found-nothing");
  await clerk.open("/complaints?q=customer-7");
  await at(clerk, "found");

  // The desk, the sheet of keys, a decision that lacks its team.
  await clerk.open("/desk");
  await send(clerk.page, "main form[action='/desk/next']");
  await clerk.page.locator("main[data-renew]").waitFor();
  await at(clerk, "desk-complaint");
  await clerk.page.keyboard.press("?");
  await at(clerk, "keys");
  await clerk.page.keyboard.press("Escape");
  await send(clerk.page, "main form:has(#to-team)");
  await clerk.page.locator("main .problem:visible").first().waitFor();
  await at(clerk, "desk-problem");

  // A team: nothing chosen, not ours without a reason, many at once and asked, then undone.
  await clerk.open(`/teams/${plan.team}`);
  await send(clerk.page, "main form:has(table)", "[data-key=a]");
  await at(clerk, "team-none-chosen");
  await clerk.open(`/teams/${plan.team}?chosen=all`);
  await send(clerk.page, "main form:has(table)", "[data-key=x]");
  await at(clerk, "team-not-ours");
  await send(clerk.page, "main form[action$='/not-ours']");
  await at(clerk, "team-not-ours-problem");
  await clerk.open(`/teams/${plan.team}?after=nowhere`, 422);
  await at(clerk, "team-filter-problem");
  await clerk.open(`/teams/${plan.team}?product=nothing-like-it`);
  await at(clerk, "team-empty");
  await clerk.open(`/teams/${plan.team}?chosen=all`);
  await send(clerk.page, "main form:has(table)", "[data-key=a]");
  await at(clerk, "team-bulk");

  // A complaint: an answer without what it needs.
  await clerk.open(`/teams/${plan.team}`);
  await clerk.page.locator("main tr[data-row] a").first().click();
  await clerk.page.waitForURL("**/complaints/**");
  await send(clerk.page, "main form[action$='/lease']");
  await at(clerk, "complaint-taken");
  await send(clerk.page, "main form:has(#final_response-outcome)");
  await at(clerk, "complaint-problem");
  await send(clerk.page, "main form[action$='/lease']", "button[value=release]");

  // Why it was answered so.
  await explain(await open_one(clerk, plan.team));
  await at(clerk, "complaint-explained");

  // The vulnerability desk: what can't both be.
  await specialist.open("/vulnerable?go=next");
  await specialist.page.locator('input[name="caused"][value="yes"]').check();
  await send(specialist.page, "main form[action^='/vulnerable/']", "[data-key=r]");
  await at(specialist, "vulnerable-problem");

  // The sample: a question, an answer that lacks something, and what stands beside one's own.
  await lead.open("/sample?go=next");
  await at(lead, "sample-question");
  await send(lead.page, "main form[action^='/sample/']");
  await at(lead, "sample-problem");
  await lead.open("/sample?go=next");
  await send(lead.page, "main form[action^='/sample/']", "button[value=no-complaint]");
  await at(lead, "sample-compared");

  // A change: its page without a reason, then asked for, and before whom it waits.
  await owner.open("/strategy");
  const canary = "main form:has(input[name=change][value=canary]):has(select)";
  await send(owner.page, canary);
  await at(owner, "strategy-change");
  await send(owner.page, "main form[method=post]");
  await at(owner, "strategy-change-problem");
  await owner.page.getByLabel("Reason").fill("Try it on a tenth");
  await send(owner.page, "main form[method=post]");
  await at(owner, "strategy-asked");
  await approver.open("/strategy/requests");
  await at(approver, "strategy-requests");
  await send(approver.page, "main form[action$='/approve']");
  await at(approver, "strategy-published");
  await owner.open("/strategy/history");
  await at(owner, "strategy-history");

  // Dead letters, none chosen.
  await keeper.open("/health");
  await at(keeper, "health-letters");
  await send(keeper.page, "main form[action='/health/redrive']");
  await at(keeper, "health-none-chosen");
};
