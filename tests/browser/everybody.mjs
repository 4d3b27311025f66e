// Whether pages are for everybody: axe finds nothing on any page, the keyboard alone is enough, and so is a browser without script;
// prints one line of figures.
//
//   node everybody.mjs PLAN.json [FOLDER FOR PICTURES]
//
// PLAN is what tests/tests/promises/pages_are_for_everybody.rs writes.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { Album } from "./album.mjs";
import { Judge, LONG, SHORT } from "./axe.mjs";
import { Browser } from "./browser.mjs";
import { by_tab, without_single_keys } from "./keyboard.mjs";
import { Atlas, by_forms, settle } from "./pages.mjs";
import { Person } from "./people.mjs";
import * as without_script from "./without_script.mjs";

const ROLES = ["clerk", "specialist", "lead", "owner", "approver", "auditor", "keeper"];

const [planFile, folder] = process.argv.slice(2);
const plan = JSON.parse(readFileSync(planFile, "utf8"));
const album = new Album(folder);
const browser = await Browser.start(plan.browser, plan.address);
const judge = new Judge(plan.browser, plan.long ? LONG : SHORT);
const atlas = new Atlas(plan.routes, plan.long ? 2 : 1);
const faults = [];
const figures = { pages: 0, stops: 0 };

const look = async (person, name) => {
  figures.pages += 1;
  await album.keep(person.page, name.replace(/[^a-z0-9]+/gi, "-").slice(0, 80));
  await judge.look(person.page, name);
  // A sheet that lies above the page keeps the focus, and the walk would leave what was typed.
  figures.stops += await by_tab(person.page, name, faults, plan.long);
};

const timed = async (name, what) => {
  const began = performance.now();
  await what();
  figures[name] = Math.round((performance.now() - began) / 100) / 10;
};

try {
  const people = {};
  for (const role of ROLES) people[role] = await Person.arrive(browser, role, plan.people[role]);
  const stranger = new Person(browser, "stranger", await browser.window("stranger"));
  stranger.page = await stranger.window.newPage();

  // Figures and clusters are counted beside the console.
  await settle(people.lead, "/quality", "main a[href^='/quality/cases']");
  await settle(people.lead, "/radar", "main a[href^='/radar/']");
  await timed("explore_s", async () => {
    for (const role of ROLES) await atlas.explore(people[role], look);
  });
  await timed("forms_s", () => by_forms({ ...people, stranger }, { plan, atlas, look }));
  figures.routes = atlas.close();
  await without_single_keys(people.clerk);
  await timed("without_script_s", async () => {
    figures.flows_without_script = await without_script.work(people, plan);
  });
  for (const report of plan.reports) {
    await stranger.page.goto(`file://${report}`);
    await look(stranger, report.split("/").at(-1));
  }
  assert.deepEqual([...judge.lines(), ...faults], [], "pages are not for everybody");
  assert.deepEqual(browser.faults, [], "a page is at fault");
  console.log(JSON.stringify({ ...figures, axe_runs: judge.runs, violations: 0, pictures: album.kept }));
} catch (error) {
  for (const fault of [...judge.lines(), ...faults, ...browser.faults]) console.error(fault);
  console.error(JSON.stringify({ ...figures, axe_runs: judge.runs }));
  throw error;
} finally {
  await browser.stop();
}
